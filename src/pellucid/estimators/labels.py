"""Labels are the classes of a classifier's target, and how outputs of a network stand for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import type_of_target, unique_labels

from pellucid import fields
from pellucid.activations import Activation, activation, softmax, softmax_backward
from pellucid.arrays import Array, namespace
from pellucid.losses import Loss, binary_cross_entropy, cross_entropy
from pellucid.plain import labels_from_dict, labels_to_dict

if TYPE_CHECKING:
    from numpy.typing import NDArray


MULTILABEL = "multilabel-indicator"
"""Any number of labels at once, in scikit-learn's words."""


class Labels:
    """One target: two classes (one output), several (one each), or any number at once (one each).

    Parameters
    ----------
    y : (n,) classes, or (n, k) of 0 and 1 for any number at once; or the classes themselves; or a
        fitted LabelBinarizer that knows them.

    Examples
    --------
    >>> labels = Labels(["no", "yes", "no"])
    >>> labels.encode(["yes", "no"]).tolist(), labels.decode(np.array([[0.9], [0.2]])).tolist()
    ([[True], [False]], ['yes', 'no'])
    """

    curve_divisor = 1

    def __init__(self, y: Any) -> None:
        if not isinstance(y, LabelBinarizer) and type_of_target(y) in ("binary", "multiclass"):
            self.classes: NDArray[Any] = np.unique(columns_of(np.asarray(y))[0])
            self.kind = "multiclass" if len(self.classes) > 2 else "binary"
        else:  # or scikit-learn's own word on why that cannot be
            self._known = y if isinstance(y, LabelBinarizer) else LabelBinarizer().fit(y)
            self.classes, self.kind = self._known.classes_, self._known.y_type_

    @property
    def binarizer(self) -> LabelBinarizer:
        """scikit-learn's way to encode the same labels."""
        return self._known if hasattr(self, "_known") else LabelBinarizer().fit(self.classes)

    @property
    def one_of_several(self) -> bool:
        """Whether a row has just one class, out of more than two."""
        return self.kind == "multiclass"

    @property
    def n_outputs(self) -> int:
        """Outputs that stand for the classes."""
        return 1 if self.kind == "binary" else len(self.classes)

    @property
    def output_activation(self) -> Activation:
        """Of the network."""
        return activation("softmax" if self.one_of_several else "sigmoid")

    def loss(self, label_smoothing: float) -> Loss:
        """That goes with it."""
        return (cross_entropy if self.one_of_several else binary_cross_entropy)(label_smoothing)

    def encode(self, y: Any) -> NDArray[Any]:
        """The targets (n, n_outputs): 0 and 1."""
        if self.kind.startswith("multilabel"):
            return np.asarray(self.binarizer.transform(y))
        y = columns_of(np.asarray(y))[0]
        places = np.minimum(np.searchsorted(self.classes, y), len(self.classes) - 1)
        if (self.classes[places] != y).any():
            refuse_unknown(np.asarray(y), self.classes)
        if self.one_of_several:
            return places[:, None] == np.arange(len(self.classes))
        return (places == len(self.classes) - 1)[:, None] & (len(self.classes) > 1)

    def decode(self, output: NDArray[Any]) -> NDArray[Any]:
        """The labels (n,), or (n, k) of 0 and 1, that outputs (n, n_outputs) stand for."""
        if self.one_of_several:
            return self.classes[output.argmax(axis=1)]
        chosen = output > 0.5
        if self.kind != "binary":
            return chosen.astype(int)
        if len(self.classes) == 1:
            return np.repeat(self.classes, len(output))
        return self.classes[chosen[:, 0].astype(int)]

    def probabilities(self, output: NDArray[Any]) -> NDArray[Any]:
        """The probability of each class (n, n_classes)."""
        if output.shape[1] > 1:
            return output
        return namespace(output).concat([1.0 - output, output], axis=1)

    def right(self, output: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether each row's outputs stand for its labels (n,)."""
        right = self.decode(output) == y
        return right if right.ndim == 1 else right.all(axis=1)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the model file; ValueError if a label is none."""
        return {"kind": self.kind, "classes": labels_to_dict(np.asarray(self.classes))}

    @classmethod
    def from_dict(cls, about: Mapping[str, Any]) -> Labels:
        """The inverse of `to_dict`; ValueError if it makes no labels."""
        kind = fields.choice(about["kind"], ("binary", "multiclass", MULTILABEL))
        made = cls.__new__(cls)
        made.kind, made.classes = kind, labels_from_dict(about["classes"])
        n = len(made.classes)
        if not {"binary": 1 <= n <= 2, "multiclass": n > 2, MULTILABEL: n > 1}[kind]:
            raise ValueError(f"{n} classes of a target that is {kind}")
        if kind == MULTILABEL:
            rows = np.zeros((2, n), int)
            rows[0, 0], rows[1, 1] = 1, 1
            made._known = LabelBinarizer().fit(rows)
            if made.classes.tolist() != made._known.classes_.tolist():
                raise ValueError("the classes of a target of several labels count from 0")
        return made


class MixedLabels:
    """Several targets, each with two or more classes of its own: one softmax for each.

    Parameters
    ----------
    columns : the classes of each target.

    Examples
    --------
    >>> labels = MixedLabels.of(np.array([["red", "big"], ["blue", "big"], ["red", "small"]]))
    >>> labels.encode(np.array([["blue", "big"]])).tolist()
    [[1.0, 0.0, 1.0, 0.0]]
    """

    kind = "multiclass-multioutput"
    one_of_several = False
    curve_divisor = 1

    def __init__(self, columns: list[NDArray[Any]]) -> None:
        self.classes = columns
        self.blocks = Blocks([len(column) for column in columns])

    @classmethod
    def of(cls, y: NDArray[Any]) -> MixedLabels:
        """Those in the columns of y (n, n_targets)."""
        return cls([np.unique(column) for column in columns_of(y)])

    @classmethod
    def knowing(cls, classes: Any, n_targets: int) -> MixedLabels:
        """Those of a list with the classes of each target."""
        if len(classes) != n_targets or not all(np.ndim(of_one) == 1 for of_one in classes):
            raise ValueError(
                f"classes is {classes!r}: expected a list with the classes of each of the "
                f"{n_targets} targets"
            )
        return cls([np.unique(of_one) for of_one in classes])

    @property
    def n_outputs(self) -> int:
        """Classes of all targets together."""
        return self.blocks.ends[-1]

    @property
    def output_activation(self) -> Activation:
        """Of the network."""
        return self.blocks.activation()

    def loss(self, label_smoothing: float) -> Loss:
        """The sum of the targets' cross-entropies."""
        return self.blocks.loss(label_smoothing)

    def encode(self, y: Any) -> NDArray[Any]:
        """The targets (n, n_outputs): a 1 for the class of each target."""
        y = np.asarray(y)
        if y.ndim != 2 or y.shape[1] != len(self.classes):
            raise ValueError(f"y has shape {y.shape}: expected (n, {len(self.classes)})")
        pieces = []
        for j, (classes, column) in enumerate(zip(self.classes, columns_of(y), strict=True)):
            unknown = [label for label in np.unique(column) if label not in classes]
            if len(unknown):
                raise ValueError(
                    f"y has {unknown[0]!r} in column {j}, a class that was not there before: "
                    f"expected one of {classes.tolist()}"
                )
            pieces.append(column[:, None] == classes)
        return np.hstack(pieces).astype(float)

    def decode(self, output: NDArray[Any]) -> NDArray[Any]:
        """The labels (n, n_targets) that outputs (n, n_outputs) stand for."""
        pairs = zip(self.classes, self.blocks.split(output), strict=True)
        columns = [classes[part.argmax(axis=1)] for classes, part in pairs]
        of_one_kind = len({column.dtype.kind for column in columns}) == 1
        if of_one_kind:
            return np.stack(columns, axis=1)
        labels = np.empty((len(output), len(columns)), object)
        for j, column in enumerate(columns):  # numbers stay numbers beside words
            labels[:, j] = column
        return labels

    def probabilities(self, output: NDArray[Any]) -> list[NDArray[Any]]:
        """For each target the probability of each of its classes (n, n_classes)."""
        return self.blocks.split(output)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the model file; ValueError if a label is none."""
        return {"kind": self.kind, "classes": [labels_to_dict(one) for one in self.classes]}

    @classmethod
    def from_dict(cls, about: Mapping[str, Any]) -> MixedLabels:
        """The inverse of `to_dict`; ValueError if it makes no labels."""
        fields.choice(about["kind"], (cls.kind,))
        columns = [labels_from_dict(one) for one in fields.sequence(about["classes"])]
        if not columns or not all(map(len, columns)):
            raise ValueError("several targets are none, or one has no classes")
        return cls(columns)

    def right(self, output: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether all labels of a row are right (n,)."""
        return np.asarray((self.decode(output) == y).all(axis=1))


def columns_of(y: NDArray[Any]) -> list[NDArray[Any]]:
    """The targets in y (n,) or (n, n_targets), each in a dtype of its own."""
    columns = [y] if y.ndim == 1 else list(y.T)
    return [np.array(c.tolist()) if c.dtype == object else c for c in columns]


def is_mixed(y: Any) -> bool:
    """Whether y is several targets with classes of their own, not any number of labels at once."""
    y = np.asarray(y)
    if y.ndim != 2 or y.shape[1] < 2:
        return False
    if y.dtype == object:
        return all(type_of_target(column) in ("binary", "multiclass") for column in columns_of(y))
    return type_of_target(y) == "multiclass-multioutput"


def weights_by_class(
    chosen: Any, y: NDArray[Any], sample_weight: NDArray[Any] | None
) -> list[dict[Any, float]]:
    """For each target the weight of each class in y, for what was chosen: "balanced" or dicts."""
    columns = columns_of(y)
    each = chosen if isinstance(chosen, list) else [chosen] * len(columns)
    if len(each) != len(columns):
        raise ValueError(
            f"class_weight has {len(each)} items for {len(columns)} targets: give one for each"
        )
    found = []
    for of_one, column in zip(each, columns, strict=True):
        classes = np.unique(column)
        weights = compute_class_weight(
            of_one, classes=classes, y=column, sample_weight=sample_weight
        )
        found.append(dict(zip(classes.tolist(), weights.tolist(), strict=True)))
    return found


def refuse_unknown(y: NDArray[Any], classes: NDArray[Any]) -> None:
    """Raise ValueError, in scikit-learn's words, if y holds a class that is none of `classes`."""
    present = unique_labels(y)
    if len(np.setdiff1d(present, classes, assume_unique=True)):
        raise ValueError(
            f"`y` has classes not in `self.classes_`. `self.classes_` has {classes}. "
            f"'y' has {present}."
        )


class Blocks:
    """Neighbouring outputs that belong together: a softmax and a cross-entropy for each block.

    Parameters
    ----------
    sizes : outputs of each block.
    """

    name = "softmax_blocks"

    def __init__(self, sizes: list[int], label_smoothing: float = 0.0) -> None:
        self.sizes = sizes
        self.ends = np.cumsum(sizes).tolist()
        self.parts = [cross_entropy(label_smoothing) for _ in sizes]

    def split(self, array: Array) -> list[Array]:
        """The columns of each block."""
        begins = [0, *self.ends[:-1]]
        return [array[:, b:e] for b, e in zip(begins, self.ends, strict=True)]

    def activation(self) -> Activation:
        """A softmax over each block; rows add up to the number of blocks."""
        return Activation(self.name, self._forward, self._backward, 0.0, 1.0)

    def loss(self, label_smoothing: float) -> Loss:
        """The sum of the blocks' cross-entropies."""
        b = Blocks(self.sizes, label_smoothing)
        return Loss(
            "cross_entropy_blocks", b._value, b._gradient, self.name, b._raw_value,
            b._raw_gradient, 0.0, 1.0, False, 0.0, 1.0,
        )  # fmt: skip

    def _forward(self, z: Array) -> Array:
        return namespace(z).concat([softmax(part) for part in self.split(z)], axis=1)

    def _backward(self, da: Array, z: Array, a: Array) -> Array:
        parts = zip(self.split(da), self.split(z), self.split(a), strict=True)
        return namespace(z).concat([softmax_backward(*part) for part in parts], axis=1)

    def _sum(self, of: str, outputs: Array, y: Array) -> Array:
        parts = zip(self.parts, self.split(outputs), self.split(y), strict=True)
        return sum(getattr(loss, of)(a, b) for loss, a, b in parts)

    def _each(self, of: str, outputs: Array, y: Array) -> Array:
        parts = zip(self.parts, self.split(outputs), self.split(y), strict=True)
        return namespace(y).concat([getattr(loss, of)(a, b) for loss, a, b in parts], axis=1)

    def _value(self, a: Array, y: Array) -> Array:
        return self._sum("value", a, y)

    def _gradient(self, a: Array, y: Array) -> Array:
        return self._each("gradient", a, y)

    def _raw_value(self, z: Array, y: Array) -> Array:
        return self._sum("raw_value", z, y)

    def _raw_gradient(self, z: Array, y: Array) -> Array:
        return self._each("raw_gradient", z, y)
