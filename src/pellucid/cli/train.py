"""`pellucid train`: from a table to a model file, with the score on rows it has not seen."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from pellucid.cli import options as o
from pellucid.cli.data import (
    Data,
    Exclude,
    ReportAsJson,
    Target,
    Task,
    TestData,
    open_data,
    refuse_to_overwrite,
)
from pellucid.cli.keeping import refuse_unkept
from pellucid.cli.plain import train_plain
from pellucid.cli.preset import choose


def train(
    context: typer.Context,
    data: Data,
    target: Target = None,
    task: Task = None,
    exclude: Exclude = None,
    test_data: TestData = None,
    test: o.Test = 0.15,
    preset: o.Preset = None,
    max_time: o.MaxTime = None,
    seed: o.Seed = 0,
    engine: o.Engine = "auto",
    threads: o.Threads = None,
    checkpoint: o.Checkpoint = None,
    checkpoint_epochs: o.CheckpointEpochs = None,
    checkpoint_seconds: o.CheckpointSeconds = None,
    resume: o.Resume = False,
    bag: o.Bag = 4,
    refit: o.Refit = False,
    column_type: o.ColumnType = None,
    compare: o.Compare = False,
    hidden: o.Hidden = "100",
    activation: o.Activation = "relu",
    output_activation: o.OutputActivation = None,
    loss: o.Loss = None,
    quantile: o.Quantile = None,
    delta: o.Delta = None,
    bias: o.Bias = True,
    initializer: o.Initializer = None,
    dtype: o.Dtype = None,
    validation: o.Validation = 0.15,
    scaling: o.Scaling = None,
    target_scaling: o.TargetScaling = None,
    solver: o.Solver = "adam",
    learning_rate: o.LearningRate = None,
    schedule: o.Schedule = "constant",
    momentum: o.Momentum = None,
    weight_decay: o.WeightDecay = None,
    epochs: o.Epochs = 200,
    batch_size: o.BatchSize = "auto",
    alpha: o.Alpha = "0.0001",
    l1: o.L1 = 0.0,
    dropout: o.Dropout = "0",
    label_smoothing: o.LabelSmoothing = 0.0,
    clip_norm: o.ClipNorm = None,
    early_stopping: o.EarlyStopping = True,
    n_iter_no_change: o.NoChange = 20,
    out: o.Out = Path("model.safetensors"),
    plot: o.Plot = None,
    quiet: o.Quiet = False,
    as_json: ReportAsJson = False,
) -> int:
    """Train networks on DATA, test them on rows held out, and write a model file.

    Text, numbers, dates and missing values are taken as they come; the model file remembers how, so
    that `pellucid predict` takes the same kind of table. For table files it is a bag of networks
    with nothing to choose; for built-in sets, arrays and images, or if any option of
    --preset plain is given, one network. Rows are held out to test on, classes in equal parts.
    """
    refuse_to_overwrite([out, plot, checkpoint], [data, test_data])  # better now than in an hour
    refuse_unkept(context.params)
    if plot is not None and plot.suffix not in (".png", ".svg", ".pdf"):
        raise ValueError(f"cannot draw '{plot}': expected a name ending in .png, .svg or .pdf")
    table = open_data(data)
    choice = choose(context, preset, table)
    loud = not (quiet or as_json)
    for note in [*table.notes, *choice.notes] if loud else ():  # worth knowing before the wait
        print(f"note: {note}", file=sys.stderr)
    own = open_data(test_data) if test_data else None
    known = set(table.notes)
    if choice.preset == "plain":
        return train_plain(table, own, choice, context.params, known)
    from pellucid.cli.bag import train_bag

    return train_bag(table, own, choice, context.params, known)
