import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from pellucid import MLPClassifier, MLPRegressor, Network, classification_report, datasets
from pellucid.plots import ConfusionMatrixDisplay, side_by_side
from pellucid.plots.labels import SMALLEST
from pictures import assert_readable

LONG = ("a rather long class name", "Class", "never-married", "W", "Ärzt_in $5^2$ {x}")


@pytest.mark.parametrize("style", ["light", "dark"])
@pytest.mark.parametrize("k", [2, 3, 10, 26, 100])
def test_it_can_be_read_for_any_number_of_classes(k, style):
    draws = np.random.default_rng(k)
    true = draws.integers(0, k, 300 * k)
    taken = np.where(draws.random(len(true)) < 0.8, true, draws.integers(0, k, len(true)))
    names = [f"{LONG[i % len(LONG)]} {i}" for i in range(k)]
    display = ConfusionMatrixDisplay.from_predictions(
        true, taken, labels=range(k), display_labels=names, style=style
    )
    assert_readable(display.figure_, style)
    written = {at: text.get_text() for at, text in np.ndenumerate(display.text_) if text}
    counts = confusion_matrix(true, taken)
    assert written == {at: str(counts[at]) for at in written}
    assert len(written) == (0 if k == 100 else np.count_nonzero(counts))
    assert np.asarray(display.im_.get_array()) == pytest.approx(
        counts / counts.sum(axis=1, keepdims=True)
    )


def test_a_model_file_is_drawn_with_the_labels_it_predicts(tmp_path):
    digits = datasets.load("digits")
    X = digits.X / 16
    model = MLPClassifier((16,), solver="lbfgs", max_iter=2000, random_state=0)
    names = np.array([f"digit {label}" for label in digits.y])
    model.fit(X[:1000], names[:1000])
    X, y = X[1000:], names[1000:]
    model.save(tmp_path / "digits.safetensors")
    for given in (model, tmp_path / "digits.safetensors"):
        display = ConfusionMatrixDisplay.from_estimator(given, X, y)
        assert (display.confusion_matrix == confusion_matrix(y, model.predict(X))).all()
        assert display.display_labels == [f"digit {i}" for i in range(10)]
    assert display.ax_.get_title().endswith(f"accuracy {model.score(X, y):.3f}")
    some = ConfusionMatrixDisplay.from_estimator(
        model, X, y, labels=["digit 3", "digit 5"], normalize="true", colorbar=False
    )
    expected = confusion_matrix(
        y, model.predict(X), labels=["digit 3", "digit 5"], normalize="true"
    )
    assert some.confusion_matrix == pytest.approx(expected)
    assert some.colorbar_ is None
    assert some.text_[0, 0].get_text() == f"{expected[0, 0]:.2f}"


def test_a_network_and_a_report_are_drawn_too():
    moons = datasets.load("moons")
    network = Network([2, 6, 2], "tanh", "softmax", seed=0)
    network.train(moons.X, np.eye(2)[moons.y], solver="lbfgs", epochs=50)
    taken = network.predict(moons.X).argmax(axis=1)
    display = ConfusionMatrixDisplay.from_estimator(network, moons.X, moons.y)
    report = classification_report(moons.y, taken, ["upper", "lower"])
    assert (display.confusion_matrix == report.confusion).all()
    _, (_, right) = side_by_side(2, style="dark")
    other = ConfusionMatrixDisplay.from_report(report, ax=right)
    assert other.ax_ is right
    assert other.display_labels == ["upper", "lower"]
    assert_readable(other.figure_, "dark")


def test_long_names_that_begin_and_end_alike_stay_different():
    names = [f"class number {i} with a quite long name" for i in range(100)]
    display = ConfusionMatrixDisplay(np.eye(100, dtype=int), display_labels=names).plot()
    for labels in (display.ax_.get_xticklabels(), display.ax_.get_yticklabels()):
        written = [label.get_text() for label in labels]
        assert len(set(written)) == len(written) > 30
        assert written[0] == "class number 0…"


def test_numbers_that_do_not_fit_are_left_to_the_shade():
    counts = np.full((26, 26), 3)
    counts[4, 4] = 12_345_678
    display = ConfusionMatrixDisplay(counts).plot()
    assert display.text_[4, 4] is None
    assert display.text_[4, 5].get_text() == "3"
    assert display.text_[4, 5].get_fontsize() >= SMALLEST
    assert not any(ConfusionMatrixDisplay(counts).plot(include_values=False).text_.ravel())


def test_what_makes_no_confusion_matrix_is_refused():
    X = np.arange(12.0).reshape(6, 2)
    numbers = MLPRegressor(hidden_layer_sizes=(2,), solver="lbfgs").fit(X, X[:, 0])
    with pytest.raises(ValueError, match=r"this MLPRegressor predicts numbers"):
        ConfusionMatrixDisplay.from_estimator(numbers, X, X[:, 0])
    with pytest.raises(ValueError, match=r"shape \(2, 3\)"):
        ConfusionMatrixDisplay(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="3 display_labels: expected one for each of 2"):
        ConfusionMatrixDisplay(np.eye(2), display_labels="abc")
    for bad in (-5, np.nan):
        with pytest.raises(ValueError, match=f"confusion_matrix holds {bad}.*: expected counts"):
            ConfusionMatrixDisplay(np.array([[bad, 1], [0, 2]]))
    with pytest.raises(ValueError, match="normalize is 'rows': expected one of None, 'true'"):
        ConfusionMatrixDisplay.from_predictions([0, 1], [0, 1], normalize="rows")
    network = Network([2, 2], output_activation="softmax")
    with pytest.raises(ValueError, match="y holds 7: expected one of 0, 1"):
        ConfusionMatrixDisplay.from_estimator(network, X, [7] * 6)
