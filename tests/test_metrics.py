import numpy as np
import pytest
from sklearn import metrics

from pellucid import classification_report, regression_report

RNG = np.random.default_rng(3)


def test_the_table_is_scikit_learns():
    true, predicted = RNG.integers(4, size=200), RNG.integers(4, size=200)
    ours = classification_report(true, predicted, list("abcd"))
    theirs = metrics.classification_report(
        true, predicted, target_names=list("abcd"), output_dict=True
    )
    for i, name in enumerate("abcd"):
        assert ours.precision[i] == theirs[name]["precision"]
        assert ours.recall[i] == theirs[name]["recall"]
        assert ours.f1[i] == pytest.approx(theirs[name]["f1-score"])
        assert ours.support[i] == theirs[name]["support"]
    assert ours.accuracy == theirs["accuracy"]
    mean = next(line for line in str(ours).splitlines() if line.startswith("mean")).split()
    assert float(mean[1]) == pytest.approx(theirs["weighted avg"]["precision"], abs=6e-4)
    assert ours.confusion.sum() == 200


def test_one_hot_rows_and_probabilities_count_as_their_largest_class():
    one_hot, probabilities = np.eye(3)[[0, 2]], np.array([[0.5, 0.3, 0.2], [0.1, 0.5, 0.4]])
    report = classification_report(one_hot, probabilities)
    assert report.confusion.tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 0]]
    assert report.accuracy == 0.5


def test_a_class_that_never_comes_has_zeros_and_no_warning():
    report = classification_report([0, 0], [0, 0], ["here", "never"])
    assert (report.precision[1], report.recall[1], report.support[1]) == (0, 0, 0)


def test_regression_by_hand_and_by_scikit_learn():
    report = regression_report([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    assert (report.r2, report.mae) == (0.5, 1 / 3)
    assert report.rmse == pytest.approx(np.sqrt(1 / 3))
    y, p = RNG.normal(size=(50, 2)), RNG.normal(size=(50, 2))
    both = regression_report(y, p)
    assert both.rmse == pytest.approx(np.sqrt(metrics.mean_squared_error(y, p)))
    assert both.mae == pytest.approx(metrics.mean_absolute_error(y, p))
    assert both.r2 == pytest.approx(metrics.r2_score(y, p, multioutput="variance_weighted"))


def test_r2_of_a_constant_target_is_not_a_number_and_null_in_json():
    assert regression_report([2.0, 2.0], [1.0, 3.0]).to_dict()["r2"] is None


@pytest.mark.parametrize("report", [classification_report, regression_report])
def test_pairs_that_do_not_match_are_refused(report):
    with pytest.raises(ValueError, match="expected pairs"):
        report([0, 1, 1], [0, 1])
    with pytest.raises(ValueError, match="expected pairs"):
        report([], [])
