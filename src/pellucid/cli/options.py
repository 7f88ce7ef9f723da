"""An option is what `pellucid train` can be told: its type, its help, and the panel it stands in.

Those of the panels `TABLES` and `PLAIN` are for that preset alone, and choose it if none is named.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from pellucid.activations import ACTIVATIONS
from pellucid.engines import ENGINES
from pellucid.initializers import INITIALIZERS
from pellucid.losses import LOSSES
from pellucid.optimizers import OPTIMIZERS
from pellucid.scaling import SCALERS
from pellucid.schedules import SCHEDULES
from pellucid.solvers import SOLVERS

DATA, BOTH, OUTPUT = "Data", "Training", "Output"
TABLES = "Of --preset tables"
NETWORK, STEPS = "Of --preset plain: the network", "Of --preset plain: its training"


def _among(names: Any) -> str:
    return ", ".join(names)


Preset: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="tables: a bag of networks that needs nothing chosen, the default for CSV, TSV and "
        "Parquet files and standard input. plain: one network, as chosen below; the default for "
        "all else.",
        rich_help_panel=BOTH,
    ),
]
Test: TypeAlias = Annotated[
    float, typer.Option(help="Part of the rows to test on.", rich_help_panel=DATA)
]
MaxTime: TypeAlias = Annotated[
    float | None,
    typer.Option(help="Seconds to train for at the most, to an epoch.", rich_help_panel=BOTH),
]
Seed: TypeAlias = Annotated[
    int, typer.Option(help="All randomness comes from it.", rich_help_panel=BOTH)
]
Engine: TypeAlias = Annotated[
    str,
    typer.Option(
        help=f"Who does the arithmetic: {_among(['auto', *ENGINES])}.", rich_help_panel=BOTH
    ),
]
Threads: TypeAlias = Annotated[
    int | None,
    typer.Option(help="Threads for that; by default as many as help.", rich_help_panel=BOTH),
]

Checkpoint: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        help="A file to write where training stands to, as it goes on and at its end.",
        rich_help_panel=BOTH,
    ),
]
CheckpointEpochs: TypeAlias = Annotated[
    int | None,
    typer.Option(help="Write it after each so many epochs.", min=1, rich_help_panel=BOTH),
]
CheckpointSeconds: TypeAlias = Annotated[
    float | None,
    typer.Option(
        help="Write it so many seconds after the last time, at an epoch's end; by default 10.",
        rich_help_panel=BOTH,
    ),
]
Resume: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on from the checkpoint, to the same end as if training had never been stopped; "
        "begin if there is none yet.",
        rich_help_panel=BOTH,
    ),
]

Bag: TypeAlias = Annotated[
    int, typer.Option(help="Networks in the bag.", min=1, rich_help_panel=TABLES)
]
Refit: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--refit",
        help="Train the networks once more, on the rows too that were held out to find when to "
        "stop.",
        rich_help_panel=TABLES,
    ),
]
ColumnType: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=KIND",
        help="What a column holds, where it shall not be told from its values: number, boolean, "
        "category, date or ignored; give it again for more.",
        rich_help_panel=TABLES,
    ),
]
Compare: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--compare",
        help="Train LightGBM too, with its defaults, on the same rows, and test it on the same.",
        rich_help_panel=TABLES,
    ),
]

Validation: TypeAlias = Annotated[
    float, typer.Option(help="Part of the rows to validate on.", rich_help_panel=STEPS)
]
Scaling: TypeAlias = Annotated[
    str | None,
    typer.Option(help=f"Of number columns: {_among(SCALERS)}.", rich_help_panel=STEPS),
]
TargetScaling: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="Of a number to predict: standard, maximum, none, or a number to divide by.",
        rich_help_panel=STEPS,
    ),
]
Hidden: TypeAlias = Annotated[
    str,
    typer.Option(
        help="Units of each hidden layer, as in 100,50; none for a linear model.",
        rich_help_panel=NETWORK,
    ),
]
Activation: TypeAlias = Annotated[
    str,
    typer.Option(
        help=f"Of the hidden layers, one or as many: {_among(ACTIVATIONS)}.",
        rich_help_panel=NETWORK,
    ),
]
OutputActivation: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="By default softmax or sigmoid for classes, identity for numbers.",
        rich_help_panel=NETWORK,
    ),
]
Loss: TypeAlias = Annotated[
    str | None, typer.Option(help=f"One of {_among(LOSSES)}.", rich_help_panel=NETWORK)
]
Quantile: TypeAlias = Annotated[
    float | None,
    typer.Option(help="Which one, for the loss quantile.", rich_help_panel=NETWORK),
]
Delta: TypeAlias = Annotated[
    float | None,
    typer.Option(help="Where it turns straight, for the loss huber.", rich_help_panel=NETWORK),
]
Bias: TypeAlias = Annotated[
    bool, typer.Option(help="Whether layers have biases.", rich_help_panel=NETWORK)
]
Initializer: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help=f"One of {_among(INITIALIZERS)}; uniform:0.3 gives it its number.",
        rich_help_panel=NETWORK,
    ),
]
Dtype: TypeAlias = Annotated[
    str | None, typer.Option(help="float32 or float64 (default).", rich_help_panel=NETWORK)
]
Solver: TypeAlias = Annotated[
    str,
    typer.Option(help=f"One of {_among([*OPTIMIZERS, *SOLVERS])}.", rich_help_panel=STEPS),
]
LearningRate: TypeAlias = Annotated[
    float | None, typer.Option(help="By default the solver's own.", rich_help_panel=STEPS)
]
Schedule: TypeAlias = Annotated[
    str, typer.Option(help=f"Of the learning rate: {_among(SCHEDULES)}.", rich_help_panel=STEPS)
]
Momentum: TypeAlias = Annotated[
    float | None,
    typer.Option(help="Of the solvers momentum and nesterov.", rich_help_panel=STEPS),
]
WeightDecay: TypeAlias = Annotated[
    float | None, typer.Option(help="Of the solver adamw.", rich_help_panel=STEPS)
]
Epochs: TypeAlias = Annotated[
    int, typer.Option(help="Passes over the data at the most.", rich_help_panel=STEPS)
]
BatchSize: TypeAlias = Annotated[
    str, typer.Option(help="Rows a step: a number, full, or auto.", rich_help_panel=STEPS)
]
Alpha: TypeAlias = Annotated[
    str,
    typer.Option(
        help="Strength of the L2 penalty; of several, as in 0.001,0.01,0.1, the best on the "
        "validation rows is kept.",
        rich_help_panel=STEPS,
    ),
]
L1: TypeAlias = Annotated[
    float, typer.Option(help="Strength of the L1 penalty.", rich_help_panel=STEPS)
]
Dropout: TypeAlias = Annotated[
    str,
    typer.Option(
        help="Part of hidden units silenced, one or a list as in 0.1,0.2.", rich_help_panel=STEPS
    ),
]
LabelSmoothing: TypeAlias = Annotated[
    float, typer.Option(help="For losses of classes.", rich_help_panel=STEPS)
]
ClipNorm: TypeAlias = Annotated[
    float | None, typer.Option(help="The gradient's greatest length.", rich_help_panel=STEPS)
]
EarlyStopping: TypeAlias = Annotated[
    bool,
    typer.Option(
        help="Stop when the validation loss no longer falls, and keep the best weights.",
        rich_help_panel=STEPS,
    ),
]
NoChange: TypeAlias = Annotated[
    int, typer.Option(help="Epochs to wait for that.", rich_help_panel=STEPS)
]

Out: TypeAlias = Annotated[
    Path, typer.Option(help="The model file to write.", rich_help_panel=OUTPUT)
]
Plot: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        help="A picture to write (.png, .svg, .pdf): the course of training beside the confusion "
        "matrix, or beside predicted against true values.",
        rich_help_panel=OUTPUT,
    ),
]
Quiet: TypeAlias = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="No progress and no report.", rich_help_panel=OUTPUT),
]
