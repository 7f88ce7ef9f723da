"""A script repeats a run exactly: the same data, seed and network, and in the end the same bits."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from inspect import signature
from io import BytesIO
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import datasets
from pellucid.recipe import Recipe
from pellucid.studios.experiment import Experiment
from pellucid.studios.given import plain_name
from pellucid.studios.material import learnt_from
from pellucid.tables import read_table
from pellucid.version import __version__

if TYPE_CHECKING:
    import polars

    from pellucid.studios.session import Session
    from pellucid.studios.view import View

MOST_WEIGHTS = 20_000
"""Weights to begin with that a script has room for."""

HEAD = '''\
"""Repeats a run of the studio: {data}, {epochs}, and in the end the same numbers.

Made by pellucid {version}. {beside}Run it with `python {name}.py`.
"""
'''

END = """
{result}loss = history.loss[-1]
print(f"epoch {{len(history)}}: training loss {{loss!r}}")
{measured}digest = sha256(network.theta.tobytes()).hexdigest()
if not isclose(loss, {loss!r}, rel_tol=1e-9){and_weights}:
    raise SystemExit("these are not the studio's numbers: another version, or another machine?")
print("{same}")
"""


def script_of(session: Session, view: View, name: str) -> str:
    """The script of a run up to the epoch that is shown.

    Parameters
    ----------
    name : what the files of the run are called, but for their endings.

    Raises
    ------
    ValueError
        If nothing was trained yet, or the run is one that nothing repeats.

    Examples
    --------
    >>> from pellucid.studios.session import Session
    >>> from pellucid.studios.shelf import Shelf
    >>> session = Session(Shelf(), "data=xor&epochs=5")
    >>> session.run.forward(epochs=2)
    >>> made = script_of(session, session.view(), "xor")
    >>> 'datasets.load("xor").table()' in made, "event.epoch == 2" in made
    (True, True)
    >>> session.close()
    """
    run, epoch = view.run, view.epoch
    losses = run.history.loss
    if run.touched:
        raise ValueError("weights were set by hand in this run: rewind it, and play it once more")
    if not epoch:
        raise ValueError("the run is at its start: there is nothing to repeat before an epoch")
    if epoch > len(losses) or not isfinite(losses[epoch - 1]):
        raise ValueError("the run has diverged: go back to an epoch before that on the slider")
    continued = session.opened is not None or "start" in session.settings
    parts = [_data(session, view, name)]
    parts.append(_continued(session, view, name) if continued else _anew(session, view))
    exact = view.live and not view.standing.steps % view.standing.steps_an_epoch
    theta = view.theta if exact or not view.live else None
    files = [f"{name}.safetensors"] if continued else []
    files += [data_name(session, name)] if _from_file(session, view.experiment) else []
    beside = f"It reads {' and '.join(files)}, which must lie beside it. " if files else ""
    head = HEAD.format(
        data=plain_name(session.data_name).replace('"', "'"),
        epochs="1 epoch" if epoch == 1 else f"{epoch} epochs", version=__version__,
        beside=beside, name=name,
    )  # fmt: skip
    weights = "" if theta is None else f' or \\\n        digest != "{_digest(theta)}"'
    end = END.format(
        result="" if continued else "history, network = fit.history, fit.predictor.network\n",
        measured="" if continued else "print(fit.report)\n",
        loss=losses[epoch - 1],
        and_weights=weights,
        same="the same loss as in the studio"
        if theta is None
        else "the same weights as in the studio, to the last bit",
    )
    imports = _imports(continued, bool(files), _from_file(session, view.experiment))
    return head + imports + "\n".join(parts) + end


def data_name(session: Session, name: str) -> str:
    """What the file of the data is called, by what they can be kept in exactly."""
    return f"{name}.{'csv' if _keeps(learnt_by(session)) else 'parquet'}"


def data_bytes(session: Session) -> bytes:
    """The table as the run has it, with its noise, before it is divided: CSV, or else Parquet."""
    frame, made = learnt_by(session), BytesIO()
    if _keeps(frame):
        return _csv(frame)
    frame.write_parquet(made)
    return made.getvalue()


def learnt_by(session: Session) -> polars.DataFrame:
    """All rows of the data, with noise if they have any, and all of the columns."""
    experiment = session.experiment.changed(features=())
    return learnt_from(experiment, session.shelf.get(experiment.data))[0].frame


def _csv(frame: polars.DataFrame) -> bytes:
    return frame.write_csv().encode()


def _keeps(frame: polars.DataFrame) -> bool:
    """Whether text in columns gives the same table again."""
    import polars as pl

    with TemporaryDirectory() as folder:
        path = Path(folder, "data.csv")
        path.write_bytes(_csv(frame))
        try:
            again = read_table(path).frame
        except ValueError:
            return False
    if again.columns != frame.columns or again.height != frame.height:
        return False
    for one, other in zip(frame, again, strict=True):
        kind = pl.Float64 if one.dtype.is_numeric() else pl.String
        if one.dtype.is_numeric() != other.dtype.is_numeric():
            return False
        if not one.cast(kind).equals(other.cast(kind), null_equal=True):
            return False
    return True


def _from_file(session: Session, experiment: Experiment) -> bool:
    """Whether the script reads the data: all but the built-in sets without noise of their own."""
    maker, _ = datasets.DATASETS.get(experiment.data, (None, ""))
    if maker is None:
        return True
    return bool(experiment.noise) and "noise" not in signature(maker).parameters


def _imports(continued: bool, files: bool, reads: bool) -> str:
    lines = ["from hashlib import sha256", "from math import isclose"]
    if continued:
        lines += ["from base64 import b64decode"]
    if files:
        lines += ["from pathlib import Path"]
    lines = [*sorted(lines), ""]
    if continued:
        lines += ["import numpy as np", ""]
    lines += [f"from pellucid import Predictor, Recipe{'' if reads else ', datasets'}"]
    if continued:
        lines += ["from pellucid.rows import divide"]
    lines += [f"from pellucid.tables import Table{', read_table' if reads else ''}"]
    return "\n" + "\n".join(lines) + "\n\n"


def _data(session: Session, view: View, name: str) -> str:
    """The lines that make the table."""
    experiment, material = view.experiment, view.material
    if _from_file(session, experiment):
        source = f'read_table(Path(__file__).with_name("{data_name(session, name)}"))'
    else:
        maker, _ = datasets.DATASETS[experiment.data]
        options = ""
        if "noise" in signature(maker).parameters:
            options = f", seed={experiment.seed}"
            options += "" if experiment.noise is None else f", noise={experiment.noise!r}"
        source = f'datasets.load("{experiment.data}"{options}).table()'
    aim = material.target_name
    picked = [column for column in material.trained.columns if column != aim] + [aim]
    return (
        f"table = {source}\n"
        f"columns = {repr(picked) if len(repr(picked)) < 88 else _listed(picked)}\n"
        "table = Table(table.frame.select(columns))\n"
    )


def _listed(names: list[str]) -> str:
    """A list over as many lines as it takes; each name whole, however it is written."""
    lines, line = [], "   "
    for name in names:
        item = f" {name!r},"
        if len(line) + len(item) > 98 and line.strip():
            lines.append(line)
            line = "   "
        line += item
    return "[\n" + "\n".join([*lines, line]) + "\n]"


def _recipe(session: Session, view: View) -> str:
    """The recipe with all that is not as by default, and with how columns are scaled."""
    table, _ = learnt_from(view.experiment, session.shelf.get(view.experiment.data))
    numbers = view.material.task == "regression"
    recipe, plain = replace(
        view.experiment.recipe(),
        scaling=view.material.encoder.scaling,
        target_scaling=(table.target_scaling or "standard") if numbers else None,
    ), Recipe()  # fmt: skip
    lines = [
        f"    {name}={getattr(recipe, name)!r},"
        for name in Recipe.__dataclass_fields__
        if name != "settings" and getattr(recipe, name) != getattr(plain, name)
    ]
    chosen = dict(recipe.settings)
    if view.experiment.batch_size >= len(view.material.X):
        chosen["batch_size"] = "full"
    settings = [f"        {name!r}: {value!r}," for name, value in chosen.items()]
    lines += ["    settings={", *settings, "    },"]
    return "recipe = Recipe(\n" + "\n".join(lines) + "\n)\n"


def _stop(epoch: int) -> str:
    return (
        "\n\ndef at_the_epoch_shown(event):\n"
        f'    """Stop where the studio was."""\n    return event.epoch == {epoch}\n\n\n'
    )


def _anew(session: Session, view: View) -> str:
    material = view.material
    return _recipe(session, view) + _stop(view.epoch) + (
        "fit = Predictor.fit(\n"
        f"    table, {material.target_name!r}, recipe, task={material.task!r},\n"
        "    callbacks=[at_the_epoch_shown],\n"
        ")"
    )  # fmt: skip


def _continued(session: Session, view: View, name: str) -> str:
    """From the weights that a model had: they are in the script, its columns in the model file."""
    theta = np.asarray(view.run.start, "<f8")
    if len(theta) > MOST_WEIGHTS:
        raise ValueError(
            f"the run goes on from {len(theta):,} weights: a script has room for {MOST_WEIGHTS:,}"
        )
    material, experiment = view.material, view.experiment
    text = b64encode(theta.tobytes()).decode()
    start = "\n".join(f'    "{text[i : i + 88]}"' for i in range(0, len(text), 88))
    return _recipe(session, view) + _stop(view.epoch) + (
        f"# The weights that the run began with; how columns are read is in {name}.safetensors.\n"
        f"START = (\n{start}\n)\n"
        f'model = Predictor.load(Path(__file__).with_name("{name}.safetensors"))\n'
        f"rows = divide(table, {material.target_name!r}, recipe, {material.task!r}, None)\n"
        "X = model.inputs(rows.trained)\n"
        f"y = model.target.encode(rows.trained[{material.target_name!r}])\n"
        f"network = recipe.network({material.task!r}, X.shape[1], y.shape[1], "
        f"{experiment.alpha!r})\n"
        'network.theta = np.frombuffer(b64decode(START), "<f8").copy()\n'
        "history = network.train(X, y, callbacks=[at_the_epoch_shown], **recipe.settings)"
    )  # fmt: skip


def _digest(theta: Any) -> str:
    return sha256(np.ascontiguousarray(theta, np.float64).tobytes()).hexdigest()
