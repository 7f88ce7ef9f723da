import numpy as np
import pytest

from pellucid import Network, plots


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
