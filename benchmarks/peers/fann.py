"""FANN, the C library, by way of ctypes: incremental training, which is online gradient descent.

A call trains a whole epoch (`fann_train` on every row, in C), so no time of ctypes is counted
against it. Its one difference: a sigmoid's derivative is taken as if the output were within 0.01
and 0.99, so losses agree to a little less than those of the others.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from ctypes import CDLL, POINTER, c_float, c_int, c_uint, c_void_p
from ctypes.util import find_library
from pathlib import Path
from typing import Any

import numpy as np

from work import Array, NotOfferedError, Work

INCREMENTAL, SIGMOID, LINEAR_ERROR = 0, 3, 0  # fann_data.h
ROW_MAKER = ctypes.CFUNCTYPE(None, c_uint, c_uint, c_uint, POINTER(c_float), POINTER(c_float))


class Connection(ctypes.Structure):
    """A weight and the two neurons it joins."""

    _fields_ = (("from_neuron", c_uint), ("to_neuron", c_uint), ("weight", c_float))


class FannModel:
    """A `struct fann` and its `struct fann_train_data`, both made anew for every run."""

    def __init__(self, library: CDLL, work: Work) -> None:
        self.library, self.work = library, work
        self.X, self.Y = np.ascontiguousarray(work.X), np.ascontiguousarray(work.Y)
        self.first = self._first()
        self.network: Any = None
        self.data: Any = None
        self.reset(seed=0)

    def reset(self, seed: int) -> None:
        """Back to the first weights and the first order of the rows."""
        if self.network is not None:
            self.library.fann_destroy(self.network)
            self.library.fann_destroy_train(self.data)
        self.network = self._copy()
        CDLL(None).srand(seed)  # FANN shuffles with the C library's numbers
        width, height = self.X.shape[1], self.Y.shape[1]

        def fill(i: int, _: int, __: int, x: Any, y: Any) -> None:
            ctypes.memmove(x, self.X[i].ctypes.data, 4 * width)
            ctypes.memmove(y, self.Y[i].ctypes.data, 4 * height)

        make = self.library.fann_create_train_from_callback
        self.data = make(len(self.X), width, height, ROW_MAKER(fill))

    def train(self, epochs: int, shuffle: bool) -> float:
        """Incremental training; the mean squared error is per output, and not halved."""
        library, network, data, mse = self.library, self.network, self.data, 0.0
        for _ in range(epochs):
            if shuffle:
                library.fann_shuffle_train_data(data)
            mse = library.fann_train_epoch(network, data)
        return 0.5 * mse * self.work.sizes[-1]

    def predictor(self, X: Array) -> Callable[[], Any]:
        """Row by row, as there is no other way."""
        rows, k = np.ascontiguousarray(np.atleast_2d(X), np.float32), self.work.sizes[-1]
        run = self.library.fann_run
        pointers = [row.ctypes.data_as(POINTER(c_float)) for row in rows]
        return lambda: np.array([run(self.network, p)[:k] for p in pointers])

    def _copy(self) -> Any:
        """A copy of the first network with all settings, of which `fann_copy` forgets some."""
        library, network = self.library, self.library.fann_copy(self.first)
        library.fann_set_training_algorithm(network, INCREMENTAL)
        library.fann_set_train_error_function(network, LINEAR_ERROR)
        library.fann_set_activation_function_hidden(network, SIGMOID)
        library.fann_set_activation_function_output(network, SIGMOID)
        library.fann_set_activation_steepness_hidden(network, 0.5)  # 1 / (1 + exp(-2 s x))
        library.fann_set_activation_steepness_output(network, 0.5)
        library.fann_set_learning_rate(network, self.work.learning_rate)
        return network

    def _first(self) -> Any:
        """The network with the work's first weights. Each layer is followed by a bias neuron."""
        library, sizes = self.library, self.work.sizes
        network = library.fann_create_standard_array(len(sizes), (c_uint * len(sizes))(*sizes))
        joined: list[Connection] = []
        start = 0
        for W, b in zip(self.work.weights, self.work.biases, strict=True):
            after = start + W.shape[0] + 1
            for (i, j), weight in np.ndenumerate(np.vstack([W, b])):
                joined.append(Connection(start + i, after + j, weight))
            start = after
        array = (Connection * len(joined))(*joined)
        library.fann_set_weight_array(network, array, len(joined))
        return network


class Fann:
    """FANN for single precision."""

    def __init__(self) -> None:
        name = find_library("floatfann") or find_library("fann")
        if name is None:
            raise OSError("no libfloatfann and no libfann")
        self.library = library = CDLL(name)
        library.fann_create_standard_array.argtypes = [c_uint, POINTER(c_uint)]
        library.fann_create_train_from_callback.argtypes = [c_uint, c_uint, c_uint, ROW_MAKER]
        library.fann_run.argtypes = [c_void_p, POINTER(c_float)]
        library.fann_run.restype = POINTER(c_float)
        library.fann_train_epoch.argtypes = [c_void_p, c_void_p]
        library.fann_train_epoch.restype = c_float
        library.fann_set_weight_array.argtypes = [c_void_p, POINTER(Connection), c_uint]
        for word in ("create_standard_array", "create_train_from_callback", "copy"):
            getattr(library, f"fann_{word}").restype = c_void_p
        for word in ("copy", "destroy", "destroy_train", "shuffle_train_data"):
            getattr(library, f"fann_{word}").argtypes = [c_void_p]
        for word in ("training_algorithm", "train_error_function", "activation_function_hidden",
                     "activation_function_output"):  # fmt: skip
            getattr(library, f"fann_set_{word}").argtypes = [c_void_p, c_int]
        for word in ("activation_steepness_hidden", "activation_steepness_output",
                     "learning_rate"):  # fmt: skip
            getattr(library, f"fann_set_{word}").argtypes = [c_void_p, c_float]
        self.version = _version(name)

    def model(self, work: Work) -> FannModel:
        """The network of `work`, if it is online learning with sigmoid units."""
        wanted = (work.hidden, work.output, work.loss, work.solver, work.batch, bool(work.biases))
        if wanted != ("sigmoid", "sigmoid", "squared_error", "sgd", 1, True):
            raise NotOfferedError("compared in online learning alone")
        return FannModel(self.library, work)


def _version(name: str) -> str:
    """The version in the name of the file that was loaded, as far as it is known."""
    try:
        found = re.search(r"fann\.so\.([\d.]+)", Path("/proc/self/maps").read_text())
    except OSError:
        found = None
    return found[1] if found else name


def start(threads: int | None) -> Fann:
    """Load FANN, which has one thread."""
    return Fann()
