import base64
import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import validation_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pellucid import (
    MLPClassifier,
    MLPRegressor,
    Network,
    TabularRegressor,
    compare,
    datasets,
    plots,
    tune,
)
from pellucid.history import History
from pellucid.plots import (
    CalibrationDisplay,
    ConfusionMatrixDisplay,
    LossCurveDisplay,
    PredictionErrorDisplay,
    QuantileDisplay,
    ValidationCurveDisplay,
)
from pictures import assert_readable

HISTORY = History(
    loss=[2.0, 0.5, 0.01],
    validation_loss=[2.1, 0.7, 0.2],
    validation_score=[0.3, 0.8, 0.9],
    learning_rate=[0.1] * 3,
    seconds=[0.1, 0.2, 0.3],
    best_epoch=3,
)
STYLES = ("light", "dark")
LONG = "median_household_income_in_ten_thousand_dollars"


@pytest.fixture(scope="module")
def digits():
    data = datasets.load("digits")
    X = data.X / 16
    model = MLPClassifier(
        (24,),
        early_stopping=True,
        max_iter=200,
        n_iter_no_change=3,
        random_state=0,
        learning_rate_init=0.01,
    )
    return model.fit(X[:1200], data.y[:1200]), X[1200:], data.y[1200:]


@pytest.fixture(scope="module")
def diabetes():
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    return X * 20, y


# --- every display ---------------------------------------------------------------------------


def test_a_display_draws_where_it_is_told_and_shows_and_saves_itself(tmp_path):
    figure, (left, right) = plots.side_by_side(2, style="dark")
    display = LossCurveDisplay.from_history(HISTORY, ax=left)
    assert (display.ax_, display.figure_) == (left, figure)
    assert display.lines_["training loss"].get_color() == plots.theme("dark").training
    again = display.plot(right)
    assert again is display
    assert display.ax_ is right
    for ending, start in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        for name in ("one", "two"):
            LossCurveDisplay.from_history(HISTORY).save(tmp_path / f"{name}.{ending}")
        written = (tmp_path / f"one.{ending}").read_bytes()
        assert written.startswith(start)
        assert written == (tmp_path / f"two.{ending}").read_bytes()
    with pytest.raises(ValueError, match=r"'p\.gif' does not end in \.png, \.svg or \.pdf"):
        display.save("p.gif")


def test_a_display_shows_itself_in_html_light_and_dark_without_another_file():
    display = LossCurveDisplay(curves={"loss": [2.0, 1.0]})
    shown = display._repr_html_()
    assert shown.count("<img") == 1
    both = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", display.to_html())
    grounds = []
    for encoded in both:
        text = base64.b64decode(encoded).decode()
        assert ElementTree.fromstring(text).tag.endswith("svg")
        assert not re.findall(r"(?:href|src)=\"(?!#)", text)  # refers to nothing outside of it
        grounds.append(re.search(r"fill: (#[0-9a-f]{6})", text)[1])
    assert grounds == [plots.THEMES[name].ground for name in ("dark", "light")]


def test_a_display_is_told_in_words_and_numbers_too():
    display = LossCurveDisplay.from_history(HISTORY)
    assert str(display) == "Loss curve, validation loss best in epoch 3: 0.2"
    assert repr(display) == f"<LossCurveDisplay: {display}>"
    told = json.loads(json.dumps(display.to_dict(), allow_nan=False))
    assert told["curves"] == {"training loss": HISTORY.loss, "validation loss": [2.1, 0.7, 0.2]}
    assert told["best_epochs"] == {"validation loss": 3}
    assert LossCurveDisplay({"loss": [np.inf]}).to_dict()["curves"] == {"loss": [None]}
    matrix = ConfusionMatrixDisplay([[2, 1], [0, 2]]).to_dict()
    assert matrix["title"] == "Confusion matrix, accuracy 0.800"
    assert matrix["confusion_matrix"] == [[2, 1], [0, 2]]


def test_pictures_leave_matplotlibs_global_state_alone():
    program = """
import sys, matplotlib
def settings():  # but for the backend, which is chosen, and brings pyplot, once it is asked for
    return {name: matplotlib.rcParams[name] for name in matplotlib.rcParams if name != "backend"}
before = settings()
from pellucid.plots import LossCurveDisplay
LossCurveDisplay({"loss": [2.0, 1.0]}).plot(style="dark").to_html()
assert "matplotlib.pyplot" not in sys.modules
assert settings() == before
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_panels_take_the_place_of_an_axes():
    figure, (left, _) = plots.side_by_side(2)
    made = plots.panels(left, 2, 3)
    assert made.shape == (2, 3)
    assert not left.axison
    figure.draw_without_rendering()
    assert max(ax.get_position().x1 for ax in made.ravel()) < 0.5


# --- loss curves -----------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_a_loss_curve_shows_the_history_and_marks_the_best_epoch(style):
    display = LossCurveDisplay.from_history(HISTORY, score_name="accuracy", style=style)
    lines = display.lines_
    assert lines["training loss"].get_xydata().tolist() == [[1, 2.0], [2, 0.5], [3, 0.01]]
    assert lines["validation loss"].get_ydata().tolist() == HISTORY.validation_loss
    assert display.best_["validation loss"].get_xydata().tolist() == [[3, 0.2]]
    assert display.score_line_.get_ydata().tolist() == HISTORY.validation_score
    assert display.ax_.get_yscale() == "log"
    assert_readable(display.figure_, style)
    flat = LossCurveDisplay.from_history(History(loss=[1.0, 0.9]))
    assert flat.ax_.get_yscale() == "linear"


@pytest.mark.parametrize("loss", [[], [1.0], [1.0, np.nan, np.inf]])
def test_short_and_broken_courses_are_drawn(loss):
    display = LossCurveDisplay.from_history(History(loss=loss))
    assert display.lines_["training loss"].get_ydata().size == len(loss)
    assert_readable(display.figure_)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("n", [2, 4, 30])
def test_the_networks_of_a_bag_are_drawn_with_the_best_of_each(n, style):
    courses = {i: np.abs(np.random.default_rng(i).normal(1, 0.1, 50)).tolist() for i in range(n)}
    display = LossCurveDisplay.from_courses(courses, style=style)
    for i, course in courses.items():
        best = display.best_[f"network {i}"].get_xydata().tolist()
        assert best == [[int(np.argmin(course)) + 1, min(course)]]
    assert_readable(display.figure_, style)


def test_the_training_of_an_estimator_is_known_and_of_an_untrained_network_not(digits):
    model = digits[0]
    display = LossCurveDisplay.from_estimator(model)
    assert display.curves["training loss"] == model.loss_curve_
    assert display.curves["validation loss"] == model.validation_loss_curve_
    assert display.score == model.validation_scores_
    assert display.best_epochs == {"validation loss": model.best_iter_}
    with pytest.raises(ValueError, match="nothing is known of the training of this Network"):
        LossCurveDisplay.from_estimator(Network([2, 1]))
    with pytest.raises(TypeError, match="history is a list: expected the History"):
        LossCurveDisplay.from_history([1, 2])


# --- calibration -----------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_calibration_is_scikit_learns_curve_with_the_rows_of_each_bin(strategy, style):
    draws = np.random.default_rng(0)
    said = draws.beta(0.7, 0.7, 3000)
    so = draws.random(3000) < said**1.5
    display = CalibrationDisplay.from_predictions(
        so, said, strategy=strategy, of=f"class {LONG}", style=style
    )
    true, mean = calibration_curve(so, said, n_bins=10, strategy=strategy)
    assert display.line_.get_xydata().tolist() == np.column_stack([mean, true]).tolist()
    bars = [bar.get_height() for bar in display.counts_]
    assert sum(bars) == 3000
    if strategy == "quantile":
        assert bars == [300] * 10
    else:
        assert bars == np.histogram(said, 10, (0, 1))[0].tolist()
    assert display.error == pytest.approx(np.average(np.abs(true - mean), weights=bars))
    assert_readable(display.figure_, style)


def test_of_more_classes_it_is_how_often_the_likeliest_is_right(digits):
    model, X, y = digits
    display = CalibrationDisplay.from_estimator(model, X, y)
    sure = model.predict_proba(X).max(axis=1)
    right = model.predict(X) == y
    in_last = sure > 0.9
    assert display.counts[-1] == in_last.sum()
    assert display.prob_true[-1] == pytest.approx(right[in_last].mean())
    assert_readable(display.figure_)


def test_labels_of_any_kind_are_set_beside_their_probabilities():
    p = np.random.default_rng(0).dirichlet([1, 1, 1], 100)
    found = p.argmax(axis=1)
    expected = 1 - p.max(axis=1).mean()  # all are right
    for y, classes in (
        (found, None),
        (found + 1, [1, 2, 3]),
        (np.array([*"abc"])[found], [*"abc"]),
    ):
        display = CalibrationDisplay.from_predictions(y, p, classes=classes)
        assert display.error == pytest.approx(expected)
    for y, label in ((found + 1, "3"), (np.array([*"abc"])[found], "'[abc]'")):
        message = f"y holds {label}: expected one of 0, 1, 2; else give classes"
        with pytest.raises(ValueError, match=message):
            CalibrationDisplay.from_predictions(y, p)
    with pytest.raises(ValueError, match="y_prob holds nan: expected probabilities from 0 to 1"):
        CalibrationDisplay.from_predictions([0, 1], [0.5, np.nan])
    for wrong in ({"n_bins": 0}, {"strategy": "even"}):
        with pytest.raises(ValueError, match="expected 1 or more bins, 'uniform' or 'quantile'"):
            CalibrationDisplay.from_predictions([0, 1], [0.2, 0.7], **wrong)


def test_of_two_classes_it_is_of_the_second():
    moons = datasets.load("moons")
    names = np.array(["upper", "lower"])[moons.y]
    model = MLPClassifier((8,), solver="lbfgs", alpha=1.0, random_state=0, max_iter=5000).fit(
        moons.X, names
    )
    display = CalibrationDisplay.from_estimator(model, moons.X, names, n_bins=4)
    expected = calibration_curve(names == "upper", model.predict_proba(moons.X)[:, 1], n_bins=4)
    assert np.stack([display.prob_true, display.prob_pred]) == pytest.approx(np.stack(expected))
    assert display.counts_ax_.get_xlabel() == "probability of class upper"


# --- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_errors_are_points_off_the_diagonal_or_off_zero(diabetes, style):
    X, y = diabetes
    model = make_pipeline(
        StandardScaler(),
        MLPRegressor(
            hidden_layer_sizes=(4,), solver="lbfgs", alpha=1.0, random_state=0, max_iter=5000
        ),
    ).fit(X, y)
    predicted = model.predict(X)
    display = PredictionErrorDisplay.from_estimator(model, X, y, name=LONG, style=style)
    assert np.asarray(display.scatter_.get_offsets()) == pytest.approx(
        np.column_stack([predicted, y])
    )
    x, diagonal = display.line_.get_data()
    assert (x == diagonal).all()
    assert display.ax_.get_title().endswith(f"R² {model.score(X, y):.3f}")
    assert_readable(display.figure_, style)
    display.plot(kind="residual_vs_predicted", style=style)
    assert np.asarray(display.scatter_.get_offsets()) == pytest.approx(
        np.column_stack([predicted, y - predicted])
    )
    assert (display.line_.get_ydata() == 0).all()
    assert str(display) == display.ax_.get_title() == display.to_dict()["title"]
    assert str(display).startswith("Residuals, RMSE ")
    for wrong in (np.append(y, y), np.column_stack([y, y])):
        with pytest.raises(ValueError, match=r"y has shape .*: expected \(442,\), as is predicted"):
            PredictionErrorDisplay.from_estimator(model, X, wrong)
    assert_readable(display.figure_, style)


def test_what_is_no_pair_of_numbers_is_refused(digits):
    with pytest.raises(ValueError, match="2 true numbers, 1 predictions"):
        PredictionErrorDisplay(y_true=[1, 2], y_pred=[1])
    with pytest.raises(ValueError, match="y_pred holds nan"):
        PredictionErrorDisplay(y_true=[1.0], y_pred=[np.nan])
    with pytest.raises(ValueError, match="y_true holds what is no number"):
        PredictionErrorDisplay(y_true=["a"], y_pred=[1.0])
    with pytest.raises(ValueError, match="kind is 'qq': expected 'actual_vs_predicted' or"):
        PredictionErrorDisplay.from_predictions([1.0], [1.0], kind="qq")
    with pytest.raises(ValueError, match="this MLPClassifier tells classes apart"):
        PredictionErrorDisplay.from_estimator(*digits)


def test_of_several_targets_each_has_its_own_column():
    network = Network([2, 2], output_activation="identity", seed=0)
    X = np.random.default_rng(0).normal(size=(20, 2))
    Y = network.predict(X)
    display = PredictionErrorDisplay.from_estimator(network, X, Y, output=1)
    assert str(display) == "Predicted and true, R² 1.000"
    with pytest.raises(ValueError, match=r"y has shape \(20,\): expected \(20, 2\)"):
        PredictionErrorDisplay.from_estimator(network, X, Y[:, 0], output=1)


def test_numbers_whose_squares_overflow_have_their_errors():
    display = PredictionErrorDisplay(y_true=[1e300, 2e300, 3e300], y_pred=[1e300, 2e300, 4e300])
    assert str(display) == "Predicted and true, R² 0.500"


# --- quantiles -------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_bands_lie_between_the_quantiles_of_a_network(diabetes, style):
    X, y = diabetes
    model = MLPRegressor(
        "quantile", (8,), "tanh", solver="lbfgs", quantile=[0.95, 0.05, 0.5], alpha=1.0,
        random_state=0, max_iter=20_000,
    ).fit(X[:, [2, 8]], y)  # fmt: skip
    display = QuantileDisplay.from_estimator(model, X[:, [2, 8]], y, feature=1, style=style)
    rows = np.column_stack([np.full(len(display.x), np.median(X[:, 2])), display.x])
    expected = np.sort(model.predict(rows), axis=1)
    assert display.levels == [0.05, 0.5, 0.95]
    assert display.quantiles == pytest.approx(expected)
    assert display.line_.get_ydata() == pytest.approx(expected[:, 1])
    (band,) = display.bands_
    corners = band.get_paths()[0].vertices
    for place in (expected[3, 0], expected[3, 2]):
        assert np.abs(corners - [display.x[3], place]).sum(axis=1).min() < 1e-6
    low, _, high = np.sort(model.predict(X[:, [2, 8]]), axis=1).T
    assert display.coverage == np.mean((low <= y) & (y <= high))
    # Each row has a band of its own, which is not the one drawn: rows are no points on it.
    assert display.scatter_ is None
    assert display.rug_.get_xdata() == pytest.approx(X[:, 8])
    assert "of rows lie in a 90% band of their own" in display.ax_.get_title()
    with pytest.raises(ValueError, match=f"9 true numbers for {len(X)} rows"):
        QuantileDisplay.from_estimator(model, X[:, [2, 8]], y[:9])
    errors = PredictionErrorDisplay.from_estimator(model, X[:, [2, 8]], y)
    assert errors.y_pred == pytest.approx(model.predict(X[:, [2, 8]])[:, 2])  # of the median
    assert_readable(display.figure_, style)


def test_a_bag_gives_bands_of_any_column_of_a_table_with_the_rest_held(diabetes, tmp_path):
    import polars

    X, y = diabetes
    sex = np.where(X[:, 1] > 0, "m", "f")
    frame = polars.DataFrame({LONG: X[:, 2], "sex": sex, "bp": X[:, 3]})
    model = TabularRegressor(hidden_layer_sizes=(16,), max_epochs=12, random_state=0, bag=2)
    model.fit(frame, y)
    display = QuantileDisplay.from_estimator(model, frame, y, feature=LONG)
    assert display.levels == [0.05, 0.25, 0.5, 0.75, 0.95]
    usual = polars.DataFrame(
        {LONG: display.x, "sex": ["f"] * 120, "bp": [float(np.median(X[:, 3]))] * 120}
    )
    assert display.quantiles[:, [0, 4]] == pytest.approx(model.predict_interval(usual, 0.9))
    assert display.quantiles[:, 2] == pytest.approx(model.predict(usual))
    assert_readable(display.figure_)
    curves = LossCurveDisplay.from_estimator(model)
    assert list(curves.lines_) == [
        "network 1", "network 2", "network 1, in training", "network 2, in training"
    ]  # fmt: skip
    member = model._bag.members[0]
    assert curves.lines_["network 1"].get_ydata().tolist() == member.held_out_losses
    assert curves.lines_["network 1, in training"].get_ydata().tolist() == member.losses
    legend = [text.get_text() for text in curves.ax_.get_legend().get_texts()]
    assert legend == ["network 1", "network 2", "in training", "best epoch"]
    assert_readable(curves.figure_)
    for refused, message in (("sex", "'sex' has no numbers"), ("age", "feature is 'age'")):
        with pytest.raises(ValueError, match=message):
            QuantileDisplay.from_estimator(model, frame, feature=refused)


def test_a_model_without_quantiles_has_no_bands(diabetes):
    X, y = diabetes
    model = MLPRegressor(
        hidden_layer_sizes=(2,), solver="lbfgs", alpha=1.0, random_state=0, max_iter=5000
    )
    with pytest.raises(ValueError, match="this MLPRegressor gives no quantiles"):
        QuantileDisplay.from_estimator(model.fit(X, y), X)
    display = QuantileDisplay.from_predictions([2, 1], [[5, 3], [4, 2]], [0.9, 0.1], y_true=[4, 5])
    assert display.quantiles.tolist() == [[2, 4], [3, 5]]
    assert display.coverage == 0.5
    assert display.scatter_.get_offsets().tolist() == [[2, 4], [1, 5]]


# --- validation curves -----------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_a_validation_curve_is_scikit_learns(style):
    wine = datasets.load("iris")
    model = MLPClassifier((4,), solver="lbfgs", max_iter=2000, random_state=0)
    chosen = {"param_name": "alpha", "param_range": [0.1, 1.0, 10.0, 100.0], "cv": 3}
    display = ValidationCurveDisplay.from_estimator(model, wine.X, wine.y, **chosen, style=style)
    train, test = validation_curve(model, wine.X, wine.y, **chosen)
    for line, scores in zip(display.lines_, (train, test), strict=True):
        assert line.get_ydata() == pytest.approx(scores.mean(axis=1))
    best = int(np.argmax(test.mean(axis=1)))
    assert display.best_.get_xydata() == pytest.approx(
        np.array([[chosen["param_range"][best], test.mean(axis=1)[best]]])
    )
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_xticks().tolist() == chosen["param_range"]
    for band, scores in zip(display.fill_between_, (train, test), strict=True):
        heights = band.get_paths()[0].vertices[:, 1]
        assert scores.min() <= heights.min() <= heights.max() <= scores.max()
    assert_readable(display.figure_, style)


def test_values_that_cannot_be_scored_are_refused_and_fits_cut_short_are_counted():
    moons = datasets.load("moons")
    model = MLPClassifier((2,), max_iter=2, random_state=0)
    given = {"X": moons.X, "y": moons.y, "param_name": "alpha", "cv": 2}
    with pytest.raises(ValueError, match="alpha"):
        ValidationCurveDisplay.from_estimator(model, param_range=["a", "b"], **given)
    with pytest.raises(ValueError, match="param_range is empty"):
        ValidationCurveDisplay.from_estimator(model, param_range=[], **given)
    with pytest.raises(ValueError, match="no value of alpha has a score"):
        ValidationCurveDisplay(
            param_name="alpha", param_range=[1.0], train_scores=[[0.5]], test_scores=[[np.nan]]
        )
    with pytest.warns(ConvergenceWarning) as warned:
        display = ValidationCurveDisplay.from_estimator(model, param_range=[0.1, 1.0], **given)
    (one,) = warned
    assert str(one.message).startswith("4 fits stopped before they had converged")
    display = ValidationCurveDisplay(
        param_name="hidden_layer_sizes", param_range=[(1,), (5,), (20,)],
        train_scores=np.ones((3, 2)), test_scores=np.eye(3, 2),
    ).plot()  # fmt: skip
    assert [tick.get_text() for tick in display.ax_.get_xticklabels()] == ["1", "5", "20"]


@pytest.mark.parametrize("style", STYLES)
def test_a_search_and_a_comparison_have_their_curves(style):
    moons = datasets.load("moons")
    sizes = [(20,), (5, 5), (), (1,), (10, 10, 10, 10, 10), (7, 7, 7, 7, 7, 7), (300, 200)]
    model = MLPClassifier(solver="lbfgs", alpha=0.1, max_iter=2000, random_state=0)
    tuning = tune(
        moons.X, moons.y, {"hidden_layer_sizes": sizes[:4], "alpha": [0.1, 10.0]}, estimator=model
    )
    display = ValidationCurveDisplay.from_tuning(tuning, style=style)
    assert display.test_scores.mean(axis=1).max() == pytest.approx(tuning.validation_score)
    named = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert named == ["20", "5 + 5", "none", "1"]
    assert_readable(display.figure_, style)
    other = ValidationCurveDisplay.from_tuning(tuning, "alpha", style=style)
    assert other.param_range == [0.1, 10.0]
    assert_readable(other.figure_, style)
    networks = {k: Network([2, k, 2], "tanh", "softmax", seed=0) for k in (1, 2, 4)}
    compared = compare(networks, moons.X, np.eye(2)[moons.y], solver="lbfgs", folds=2, epochs=30)
    losses = ValidationCurveDisplay.from_comparison(compared, "hidden size", style=style)
    expected = [candidate.validation_loss for candidate in compared.candidates]
    assert losses.lines_[1].get_xydata() == pytest.approx(np.column_stack([[1, 2, 4], expected]))
    assert losses.param_range[losses.best] == compared.best
    assert_readable(losses.figure_, style)
    many = ValidationCurveDisplay(
        param_name="hidden_layer_sizes", param_range=sizes,
        train_scores=np.ones((7, 2)), test_scores=np.arange(14.0).reshape(7, 2),
    ).plot(style=style)  # fmt: skip
    assert_readable(many.figure_, style)


def test_a_confusion_matrix_keeps_its_options_when_it_is_shown_in_another_style():
    display = ConfusionMatrixDisplay([[2, 1], [0, 2]]).plot(include_values=False)
    assert display.again("dark").text_.tolist() == [[None, None], [None, None]]
