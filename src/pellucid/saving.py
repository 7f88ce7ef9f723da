"""Saving puts a fitted model of any kind into one file, and loading gives it back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

from pellucid import model_file
from pellucid.model import Network

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from pellucid.estimators import MLPClassifier, MLPRegressor
    from pellucid.predictor import Predictor
    from pellucid.tabular import TabularClassifier, TabularRegressor

    Model: TypeAlias = (
        Network
        | Predictor
        | TabularClassifier
        | TabularRegressor
        | MLPClassifier
        | MLPRegressor
        | Pipeline
    )


def save(model: Model, path: str | os.PathLike[str], **more: Any) -> None:
    """Write a fitted model to one file, all of it or nothing; `load` gives it back.

    The file is safetensors with a JSON header: data, no code. `docs/model-file.md` describes it.

    Parameters
    ----------
    model : a `Network`, `Predictor`, `TabularClassifier`, `TabularRegressor`, `MLPClassifier`,
        `MLPRegressor`, or a scikit-learn `Pipeline` of one of the latter two behind a
        `TableEncoding` or scalers of numbers.
    more : what else shall be in the header, plain data by name.

    Raises
    ------
    TypeError, ValueError
        If it is another kind of model, not fitted, or has a part that no file of data can hold.

    Examples
    --------
    >>> from pellucid import MLPRegressor
    >>> model = MLPRegressor(solver="lbfgs", random_state=0).fit([[0.0], [1.0]], [0.0, 1.0])
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     save(model, f"{folder}/model.safetensors")
    ...     again = load(f"{folder}/model.safetensors")
    >>> again.predict([[0.5]]).tolist() == model.predict([[0.5]]).tolist()
    True
    """
    own = getattr(model, "save", None)
    if type(model).__module__.startswith("pellucid.") and callable(own):
        own(path, **more)
    elif type(model).__name__ == "Pipeline" and hasattr(model, "steps"):
        from pellucid.pipelines import save as save_pipeline

        save_pipeline(model, path, **more)
    else:
        kind, module = type(model).__name__, type(model).__module__
        expected = (
            "expected a Network, Predictor, TabularClassifier, TabularRegressor, MLPClassifier, "
            "MLPRegressor, or a Pipeline that ends in one of the latter two"
        )
        if module.startswith("sklearn.neural_network.") and kind.startswith("MLP"):
            expected = f"pellucid.from_sklearn makes a pellucid.{kind} of it, which can"
        raise TypeError(f"a {module}.{kind} is no model that can be saved: {expected}")


def load(path: str | os.PathLike[str]) -> Model:
    """What a model file holds, of the kind that was saved; it predicts what that one did.

    Nothing in a file is run, whatever it holds.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it is not a model, or damaged.
    """
    tensors, header = model_file.read_tensors(path)
    with model_file.named(path):
        return restored(tensors, header)


def restored(tensors: Any, header: Any) -> Model:
    """The model of the tensors and the header of a file, or a ValueError says why there is none."""
    kind = model_file.kind(header)
    if kind == "Network":
        return Network.from_file(tensors["theta"], header, tensors)
    if kind == "Predictor":
        from pellucid.predictor import Predictor

        return Predictor.from_file(tensors["theta"], header, tensors)
    if kind == "Pipeline":
        from pellucid import pipelines

        return pipelines.load(tensors, header)
    if kind.startswith("Tabular"):
        from pellucid.tabular.saving import restore

        return restore(tensors, header)
    from pellucid.estimators import saving

    return saving.load(tensors, header)
