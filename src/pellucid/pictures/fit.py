"""Fit is whether a picture can be of a model: each function says why not, or nothing."""

from __future__ import annotations

from pellucid.export.program import NUMBER
from pellucid.pictures.scene import Scene


def exclusive(scene: Scene) -> str:
    """Of models whose rows have one class."""
    return "" if scene.subject.exclusive else "its rows may have several classes at once"


def trained(scene: Scene) -> str:
    """Of models that know how their training went."""
    history, model = scene.subject.history, scene.subject.model
    members = getattr(getattr(model, "_bag", None), "members", ())
    known = (history is not None and len(history)) or any(each.held_out_losses for each in members)
    return "" if known else "nothing is known of its training"


def gives_quantiles(scene: Scene) -> str:
    """Of bags, and of networks trained for several quantiles, with a column of numbers."""
    from pellucid.plots.answers import levels_of

    if not (levels_of(scene.subject) or hasattr(scene.subject.model, "predict_interval")):
        return "it predicts no quantiles, as a bag or the loss quantile does"
    return "" if numbers(scene) else "it has no column of numbers"


def has_a_plane(scene: Scene) -> str:
    """Of models with two columns of numbers."""
    if scene.subject.classes is not None and not scene.subject.exclusive:
        return exclusive(scene)
    n = len(numbers(scene))
    if n < 2:
        return f"it has {n} columns of numbers, and two make a plane"
    if scene.X is None or scene.features or len(scene.subject.columns) == 2:
        return ""
    from pellucid.plots.columns import columns_of
    from pellucid.plots.plane import ends_of

    columns = columns_of(scene.subject, scene.X)
    differ = ends_of({name: columns[name] for name in numbers(scene)})
    return "" if len(differ) >= 2 else "no two columns of numbers differ among these rows"


def sees_pixels(scene: Scene) -> str:
    """Of models whose inputs are a square of pixels."""
    from pellucid.plots.first_layer import pixels_of

    try:
        pixels_of(scene.subject, None)
    except ValueError as error:
        return str(error)
    return ""


def is_estimator(scene: Scene) -> str:
    """Of models that scikit-learn can train anew."""
    if hasattr(scene.subject.model, "get_params"):
        known = scene.subject.model.get_params()
        alpha = any(name.rpartition("__")[2] == "alpha" for name in known)
        return "" if alpha or scene.over else "it has no alpha: name another setting to go over"
    return f"a {scene.subject.kind} cannot be trained anew with another setting, as estimators can"


def numbers(scene: Scene) -> list[str]:
    """The columns of numbers that a model takes."""
    taken = scene.subject.taken
    return [column.name for column in taken if column.kind == NUMBER and not column.boolean]
