"""A saved tabular model: the same answers back, the same bytes out, and nothing else let in."""

import copy
import json
import pickle
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import save_file

import pellucid
from attacks import model_files
from pellucid import Network, Predictor, TabularClassifier, TabularRegressor, model_file
from pellucid.tabular.calibration import MOST, Residuals, thinned

N = 240
SMALL = {"hidden_layer_sizes": (6, 5), "min_steps": 20, "bag": 2, "bins": 4, "random_state": 0}


def columns(n=N):
    """One of every kind: numbers with gaps, few and many levels, dates, booleans, a constant."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=n)
    a[::17] = np.nan
    return {
        "a": a,
        "hue": [None if i % 13 == 0 else "rgb"[i % 3] for i in range(n)],
        "place": [f"p{i % 40}" for i in range(n)],
        "day": [f"2011-{1 + i % 12:02d}-{1 + i % 28:02d} {i % 24:02d}:00" for i in range(n)],
        "wet": rng.integers(2, size=n).astype(bool),
        "same": np.ones(n),
    }


TABLE = pl.DataFrame(columns())
NUMBER = np.nan_to_num(TABLE["a"].to_numpy()) + TABLE["wet"].to_numpy()
KIND = np.where(NUMBER > 0.5, "big", np.where(NUMBER < -0.5, "small", "middling"))


@pytest.fixture(scope="module")
def models():
    return {
        "classes": TabularClassifier(**SMALL).fit(TABLE, KIND),
        "numbers": TabularRegressor(**SMALL).fit(TABLE, NUMBER),
    }


def saved(model, tmp_path):
    path = tmp_path / "m.safetensors"
    model.save(path)
    return path, pellucid.load(path)


def answers(model, X):
    """All that it can be asked."""
    if isinstance(model, TabularRegressor):
        return [model.predict(X), model.predict_interval(X), model.predict_interval(X, 0.5)]
    return [model.predict(X), model.predict_proba(X), model.predict_set(X, 0.8)]


# --- there and back ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_a_loaded_model_answers_to_the_bit_as_the_saved_one(models, tmp_path, kind):
    model = models[kind]
    path, loaded = saved(model, tmp_path)
    assert type(loaded) is type(model)
    new = pl.DataFrame(columns(60)).with_columns(pl.lit("unheard of").alias("hue"))
    for X in (TABLE, new):
        for mine, its in zip(answers(model, X), answers(loaded, X), strict=True):
            assert mine.dtype == its.dtype
            assert mine.tobytes() == its.tobytes() or mine.tolist() == its.tolist()
    assert loaded.unseen(new) == model.unseen(new) == ["rows whose 'hue' is new: 60"]
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_what_is_known_of_a_model_is_kept(models, tmp_path, kind):
    model, loaded = models[kind], saved(models[kind], tmp_path)[1]
    assert loaded.get_params() == model.get_params()
    assert loaded.schema_ == model.schema_
    assert loaded.notes_ == model.notes_
    assert any("the same in every row: 'same'" in note for note in loaded.notes_)
    assert loaded.oob_score_ == model.oob_score_
    assert loaded.target_name_ == model.target_name_
    assert loaded.n_features_in_ == model.n_features_in_
    assert loaded.feature_names_in_.tolist() == model.feature_names_in_.tolist()
    for name, column in loaded.leaderboard_.items():
        assert column.tolist() == model.leaderboard_[name].tolist()
    assert list(loaded.leaderboard_) == [n for n in model.leaderboard_ if n != "seconds"]
    assert loaded.fit(TABLE, KIND if kind == "classes" else NUMBER).oob_score_ == model.oob_score_


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        model = TabularRegressor(**SMALL | {"random_state": seed}).fit(TABLE, NUMBER)
        model.save(tmp_path / name)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b
    assert a != c


@pytest.mark.parametrize(
    "labels",
    [
        np.array([3, 1, 2]), np.array([3, 1, 2], np.int8), np.array([True, False]),
        np.array(["a", "é", "long"]), np.array(["a", "b", "c"], object), np.array([1.0, 2.0, 5.0]),
        np.array([10**6, 2, 5], np.uint64),
    ],
    ids=lambda labels: labels.dtype.name,
)  # fmt: skip
def test_classes_come_back_as_what_they_were(tmp_path, labels):
    X = np.random.default_rng(0).normal(size=(60, 2))
    model = TabularClassifier(**SMALL).fit(X, labels[np.arange(60) % len(labels)])
    loaded = saved(model, tmp_path)[1]
    assert not hasattr(loaded, "feature_names_in_")
    assert loaded.classes_.tolist() == model.classes_.tolist()
    assert loaded.predict(X).dtype == model.predict(X).dtype
    assert loaded.predict(X).tolist() == model.predict(X).tolist()


def test_parameters_that_are_data_are_kept_and_others_are_as_by_default(tmp_path):
    chosen = {
        "class_weight": {0: 1.0, 1: 2.5}, "column_types": {"x1": "category"}, "validation_fraction":
        np.float64(0.5), "activation": ["relu", "tanh"], "schedule": lambda t: 1.0 - t,
    }  # fmt: skip
    X = np.random.default_rng(0).integers(3, size=(60, 2))
    model = TabularClassifier(**SMALL | chosen, callbacks=[print], n_jobs=1, engine="reference")
    model.set_params(callbacks=[lambda step: None], random_state=np.random.RandomState(0))
    loaded = saved(model.fit(X, np.arange(60) % 2), tmp_path)[1]
    got = loaded.get_params()
    assert (got["callbacks"], got["n_jobs"], got["engine"]) == ((), None, "auto")
    assert (got["schedule"], got["random_state"]) == ("coslog4", None)
    for name in ("class_weight", "column_types", "validation_fraction", "activation"):
        assert got[name] == chosen[name]
    np.testing.assert_allclose(loaded.predict_proba(X), model.predict_proba(X), atol=1e-6)


def test_ones_own_activation_and_strange_classes_are_refused_and_no_file_is_made(tmp_path):
    own = pellucid.Activation("own", np.sin, lambda da, z, a: da * np.cos(z))
    X = np.random.default_rng(0).normal(size=(40, 2))
    model = TabularRegressor(**SMALL | {"activation": own}).fit(X, -X[:, 0])
    with pytest.raises(ValueError, match="activation 'own' is your own code"):
        model.save(tmp_path / "m")
    classes = TabularClassifier(**SMALL).fit(X, np.repeat(["a", "b"], 20))
    classes.classes_ = np.array([b"a", b"b"])
    with pytest.raises(ValueError, match="class b'a' is of type bytes, which"):
        classes.save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_not_fitted_is_refused(tmp_path):
    with pytest.raises(ValueError, match="not fitted"):
        TabularClassifier().save(tmp_path / "m")


def test_few_rows_hold_none_out_and_the_scores_that_are_no_numbers_come_back(tmp_path):
    model = TabularRegressor(**SMALL).fit({"a": [1, 2, 3, 4]}, [1, 2, 3, 5])
    loaded = saved(model, tmp_path)[1]
    assert np.isnan(loaded.oob_score_)
    with pytest.raises(ValueError, match="0 rows were held out"):
        loaded.predict_interval({"a": [1]})


def test_errors_on_rows_held_out_are_thinned_evenly_and_cover_as_well():
    rng = np.random.default_rng(0)
    predicted = rng.normal(size=60_000)
    y = predicted + rng.normal(size=60_000) * (1 + np.abs(predicted))
    residuals = Residuals.of(predicted[:50_000], y[:50_000])
    assert len(residuals.off) == MOST
    assert residuals.predicted[[0, -1]].tolist() == [
        predicted[:50_000].min(), predicted[:50_000].max()
    ]  # fmt: skip
    low, high = residuals.interval(predicted[50_000:], 0.9).T
    assert np.mean((low <= y[50_000:]) & (y[50_000:] <= high)) == pytest.approx(0.9, abs=0.01)
    assert thinned(np.arange(5)).tolist() == [0, 1, 2, 3, 4]


# --- the file ----------------------------------------------------------------------------------


def test_the_file_holds_theta_of_all_networks_data_and_no_code(models, tmp_path):
    path, _ = saved(models["classes"], tmp_path)
    tensors, header = model_file.read_tensors(path)
    thetas = [member.theta for member in models["classes"]._bag.members]
    assert tensors["theta"].tobytes() == b"".join(theta.tobytes() for theta in thetas)
    assert header["format_version"] == 3
    assert header["tabular"]["classes"]["labels"] == ["big", "middling", "small"]
    assert "seconds" not in json.dumps(header)
    assert {name.partition("_")[0] for name in tensors} == {
        "theta", "means", "probabilities", "course",
    }  # fmt: skip
    member = Network.from_file(thetas[1], {k: v for k, v in header.items() if k != "test_vectors"})
    vectors = header["test_vectors"]
    np.testing.assert_allclose(member.predict(vectors["inputs"]), vectors["outputs"][1], atol=1e-6)


def test_more_can_join_the_header(models, tmp_path):
    models["numbers"].save(tmp_path / "m", about={"by": "Ada"})
    assert model_file.read(tmp_path / "m")[1]["about"] == {"by": "Ada"}


def test_each_loader_says_what_it_found_instead_of_what_it_reads(models, tmp_path):
    path, _ = saved(models["numbers"], tmp_path)
    with pytest.raises(ValueError, match=r"holds a TabularRegressor: read it with pellucid\.load"):
        Predictor.load(path)
    with pytest.raises(ValueError, match=r"numbers for .* parameters"):
        Network.load(path)


def test_another_process_predicts_the_same(models, tmp_path):
    path, _ = saved(models["numbers"], tmp_path)
    TABLE.write_parquet(tmp_path / "t.parquet")
    code = ("import pellucid, sys; print(pellucid.load(sys.argv[1]).predict(sys.argv[2])"
            ".tobytes().hex())")  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code, path, tmp_path / "t.parquet"], capture_output=True, text=True
    )
    assert done.stdout.strip() == models["numbers"].predict(TABLE).tobytes().hex()


# --- what is no model --------------------------------------------------------------------------


def written(path, tensors, header):
    save_file(tensors, path, metadata={"pellucid": json.dumps(header)})
    path.write_bytes(model_files.sealed(path.read_bytes()))
    return path


def places(node, path=()):
    """The path to every value in nested lists and dicts, long lists cut."""
    yield path
    if isinstance(node, dict):
        for key in node:
            yield from places(node[key], (*path, key))
    elif isinstance(node, list):
        for i in range(min(len(node), 2)):
            yield from places(node[i], (*path, i))


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_a_header_damaged_anywhere_is_one_clear_error_or_does_no_harm(models, tmp_path, kind):
    """Whatever value is taken out, or replaced: a ValueError in one line, or a model that works."""
    path, _ = saved(models[kind], tmp_path)
    tensors, header = model_file.read_tensors(path)
    refused = 0
    for place in [p for p in places(header["tabular"]) if p]:
        for wrong in ("gone", None, -1, "?", [], {}, 1e308):
            damaged = copy.deepcopy(header)
            node = damaged["tabular"]
            for key in place[:-1]:
                node = node[key]
            if wrong == "gone":
                del node[place[-1]]
            else:
                node[place[-1]] = wrong
            written(path, tensors, damaged)
            message = ""
            try:
                loaded = pellucid.load(path)
            except ValueError as error:
                message = str(error)
                refused += 1
            else:
                with np.errstate(all="ignore"):
                    str(loaded.schema_), loaded.predict(TABLE[:3])
            assert not message or (str(path) in message and "\n" not in message)
    assert refused > 300


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_a_tensor_that_is_gone_or_of_another_shape_is_one_clear_error(models, tmp_path, kind):
    path, _ = saved(models[kind], tmp_path)
    tensors, header = model_file.read_tensors(path)
    for name, tensor in tensors.items():
        wrongs = (
            None,
            tensor[:-1],
            tensor.reshape(1, -1),
            np.zeros(3),
            np.full_like(tensor, np.nan),
        )
        for wrong in wrongs:
            left = {k: v for k, v in tensors.items() if k != name}
            if wrong is not None:
                left[name] = wrong
            shortened = wrong is not None and wrong.size < tensor.size and name == "probabilities"
            if shortened:  # fewer rows held out are no damage
                continue
            with pytest.raises(ValueError, match=r"safetensors|damaged|numbers|expected|shape"):
                pellucid.load(written(path, left, header))


def test_numbers_that_were_changed_do_not_give_the_outputs_that_the_file_says(models, tmp_path):
    path, _ = saved(models["classes"], tmp_path)
    tensors, header = model_file.read_tensors(path)
    theta = tensors["theta"].copy()
    theta[-1] += 0.1  # of the last network
    with pytest.raises(ValueError, match="test vectors do not come out"):
        pellucid.load(written(path, {**tensors, "theta": theta}, header))


def test_a_description_too_long_for_a_file_is_refused_with_the_cure(tmp_path):
    with pytest.raises(ValueError, match="leave out columns of text with very many different"):
        model_file.write(tmp_path / "m", np.zeros(3), {"levels": ["x" * 2**25]})
    assert list(tmp_path.iterdir()) == []


def test_a_pickle_holds_no_rows():
    rng = np.random.default_rng(0)
    sizes = []
    for n in (4000, 16_000):
        X = {"a": rng.normal(size=n), "b": rng.choice(["x", "y"], n)}
        y = X["a"] + (X["b"] == "x")
        model = TabularRegressor(bag=2, min_steps=20, random_state=0).fit(X, y)
        again = pickle.loads(pickle.dumps(model))
        assert (again.predict(X) == model.predict(X)).all()
        assert again.oob_score_ == model.oob_score_
        del again.oob_prediction_  # a number a row, which is the user's own to drop
        sizes.append(len(pickle.dumps(again)) - 16 * len(model._residuals.off))
    assert sizes[1] - sizes[0] < 2000
