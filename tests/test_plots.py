import numpy as np
import pytest

from pellucid import Network, classification_report, plots
from pellucid.history import History

HISTORY = History(
    loss=[2.0, 0.5, 0.01],
    validation_loss=[2.1, 0.7, 0.2],
    validation_score=[0.3, 0.8, 0.9],
    learning_rate=[0.1] * 3,
    seconds=[0.1, 0.2, 0.3],
    best_epoch=3,
)


def test_the_learning_curve_shows_the_history_and_takes_a_log_scale_when_it_spans_decades():
    ax = plots.learning_curve(HISTORY, score_name="accuracy")
    training, validation = ax.lines[:2]
    assert training.get_ydata().tolist() == HISTORY.loss
    assert validation.get_ydata().tolist() == HISTORY.validation_loss
    assert ax.get_yscale() == "log"
    assert plots.learning_curve(History(loss=[1.0, 0.9])).get_yscale() == "linear"


def test_a_history_without_epochs_gives_an_empty_plot():
    assert plots.learning_curve(History()).lines[0].get_ydata().size == 0


def test_the_confusion_matrix_writes_its_counts():
    report = classification_report([0, 0, 1, 1], [0, 1, 1, 1], ["cat", "dog"])
    ax = plots.confusion_matrix(report)
    assert {(t.get_position(), t.get_text()) for t in ax.texts} == {
        ((0, 0), "1"), ((1, 0), "1"), ((1, 1), "2")
    }  # fmt: skip
    assert [t.get_text() for t in ax.get_yticklabels()] == ["cat", "dog"]


@pytest.mark.parametrize("outputs", [1, 2])
def test_the_ground_is_coloured_by_what_is_predicted_there(outputs):
    X, y = np.array([[-1.0, 0.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1])

    def predict(points):
        right = (points[:, :1] > 0).astype(float)
        return right if outputs == 1 else np.hstack([1 - right, right])

    ax = plots.decision_boundary(predict, X, y, title="20 hidden units", resolution=10)
    mesh, points = ax.collections
    ground = np.asarray(mesh.get_array()).reshape(10, 10)
    assert (ground[:, :5] == 0).all()
    assert (ground[:, 5:] == 1).all()
    assert points.get_offsets().tolist() == X.tolist()
    assert ax.get_title() == "20 hidden units"


def test_only_planes_have_a_boundary_to_draw():
    with pytest.raises(ValueError, match=r"\(2, 3\)"):
        plots.decision_boundary(Network([3, 1]).predict, np.zeros((2, 3)), [0, 1])


@pytest.mark.parametrize(("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_pictures_are_written_in_the_format_of_their_name(tmp_path, ending, start):
    figure, (left, right) = plots.side_by_side(2)
    plots.learning_curve(HISTORY, left)
    plots.predicted_against_true([1.0, 2.0], [1.5, 2.5], right, "score")
    plots.save(figure, tmp_path / f"p.{ending}")
    assert (tmp_path / f"p.{ending}").read_bytes().startswith(start)
