"""A file of another kind is called what it is, and not a damaged model."""

import gzip
import json
import pickle

import joblib
import numpy as np
import polars as pl
import pytest

import pellucid
from pellucid import Network


@pytest.mark.parametrize("path", [None, 3, b"m.safetensors", "", "a\0b"])
def test_a_path_that_is_none_is_said_so(path):
    error = TypeError if not isinstance(path, str) else ValueError
    with pytest.raises(error, match=r"path is .*: expected the path of a model file"):
        pellucid.load(path)


def other_kinds(folder):
    """Files that somebody may take for a model, as the programs make them that make such."""
    import onnx

    Network([2, 1]).train(np.eye(2), np.eye(2)[:, :1], epochs=1, checkpoint=folder / "checkpoint")
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [])), folder / "onnx")
    (folder / "pickle").write_bytes(pickle.dumps({"a": 1}))
    joblib.dump({"a": 1}, folder / "joblib")
    np.savez(folder / "npz", a=np.zeros(3))
    np.save(folder / "npy", np.zeros(3))
    pl.DataFrame({"a": [1.5, 2.5]}).write_csv(folder / "csv")
    pl.DataFrame({"a": [1.5, 2.5]}).write_parquet(folder / "parquet")
    (folder / "gzip").write_bytes(gzip.compress(b"1,2,3"))
    (folder / "html").write_text("\n<!DOCTYPE html><html><body>Not found</body></html>")
    (folder / "json").write_text(json.dumps({"theta": [0.0]}))
    (folder / "utf8").write_text("name,größe\nÅsa,3\n" + "ä" * 500, encoding="utf-8")
    (folder / "empty").write_bytes(b"")


def test_a_file_of_another_kind_is_called_what_it_is(tmp_path):
    other_kinds(tmp_path)
    expected = {
        "checkpoint": "a checkpoint, not a model file: go on .* resume=True, or --resume",
        "onnx": r"an ONNX file \(pellucid\.from_onnx reads it\)",
        "pickle": "a pickle", "joblib": "a pickle", "npz": "a zip archive", "npy": "a NumPy array",
        "csv": "text", "parquet": "a Parquet file", "gzip": "packed with gzip",
        "html": "a web page", "json": "JSON", "utf8": "text", "empty": "empty",
    }  # fmt: skip
    for name, kind in expected.items():
        path = next(tmp_path.glob(f"{name}*"))
        with pytest.raises(ValueError, match=f"{path.name}' is {kind}.*, not a model file|{kind}"):
            pellucid.load(path)
