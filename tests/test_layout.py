"""Theta's map: where each array lies, that views are views, and settings by name."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid import Network
from pellucid.architecture import Architecture
from pellucid.layout import Layout


@st.composite
def architectures(draw):
    sizes = draw(st.lists(st.integers(1, 6), min_size=2, max_size=5))
    bias = draw(st.lists(st.booleans(), min_size=len(sizes) - 1, max_size=len(sizes) - 1))
    return Architecture.of(sizes, "tanh", "identity", bias, draw(st.booleans()))


def test_the_order_is_w_row_major_then_b_first_layer_first():
    layout = Layout(Architecture.of([2, 3, 1]))
    parts = [(s.name, s.start, s.stop, s.shape) for s in layout.segments]
    assert parts == [
        ("layer1.W", 0, 6, (2, 3)),
        ("layer1.b", 6, 9, (3,)),
        ("layer2.W", 9, 12, (3, 1)),
        ("layer2.b", 12, 13, (1,)),
    ]
    W = layout.named(np.arange(13.0))["layer1.W"]
    assert W.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_layer_without_bias_has_no_segment_for_one():
    layout = Layout(Architecture.of([2, 3, 1], bias=[False, True]))
    assert [s.name for s in layout.segments] == ["layer1.W", "layer2.W", "layer2.b"]
    assert layout.size == 6 + 3 + 1


def test_a_scale_layer_is_layer_1_and_its_factor_a_segment():
    layout = Layout(Architecture.of([2, 3], scale_inputs=True))
    assert [(s.name, s.shape) for s in layout.segments] == [
        ("layer1.s", (2,)), ("layer2.W", (2, 3)), ("layer2.b", (3,)),
    ]  # fmt: skip


@given(architectures())
@settings(max_examples=60)
def test_segments_tile_theta_without_gap_or_overlap(architecture):
    layout = Layout(architecture)
    ends = [0, *(s.stop for s in layout.segments)]
    assert [s.start for s in layout.segments] == ends[:-1]
    assert ends[-1] == layout.size
    for s in layout.segments:
        assert s.stop - s.start == np.prod(s.shape)


@given(architectures(), st.sampled_from([np.float32, np.float64]))
@settings(max_examples=60)
def test_theta_survives_the_way_through_its_views_and_they_share_its_memory(architecture, dtype):
    layout = Layout(architecture)
    theta = np.arange(layout.size, dtype=dtype)
    views = layout.views(theta)
    flat = [view.ravel() for layer in views for view in layer]
    assert np.array_equal(np.concatenate(flat), theta)
    for layer in views:
        for view in layer:
            assert np.shares_memory(view, theta)
            assert view.dtype == dtype
            view[...] = -1
    assert np.all(theta == -1)


def test_writing_to_a_networks_views_changes_its_theta():
    network = Network([2, 3, 1], seed=0)
    network.weights[1][2, 0] = 42.0
    network.biases[0][1] = 7.0
    assert network.theta[9 + 2] == 42.0
    assert network.theta[6 + 1] == 7.0


def test_settings_go_to_the_segments_a_pattern_names_and_later_ones_win():
    layout = Layout(
        Architecture.of([2, 3, 1]),
        {
            "*": {"learning_rate": 0.5},
            "*.b": {"learning_rate": 0.1, "decay": 1.0},
            "layer2.b": {"frozen": True},
        },
    )
    found = {s.name: (s.learning_rate, s.decay, s.frozen) for s in layout.segments}
    assert found == {
        "layer1.W": (0.5, 1.0, False),
        "layer1.b": (0.1, 1.0, False),
        "layer2.W": (0.5, 1.0, False),
        "layer2.b": (0.1, 1.0, True),
    }


def test_factors_are_spread_over_the_parameters_they_are_for():
    layout = Layout(
        Architecture.of([1, 2, 1]),
        {"layer1.W": {"learning_rate": 3.0}, "layer2.*": {"frozen": True}},
    )
    assert layout.learning_rates().tolist() == [3, 3, 1, 1, 0, 0, 0]
    assert layout.decays().tolist() == [1, 1, 0, 0, 1, 1, 0]


def test_no_factors_at_all_are_none():
    layout = Layout(Architecture.of([2, 3], bias=False))
    assert layout.learning_rates() is None
    assert layout.decays() is None


def test_biases_and_scales_carry_no_decay_unless_asked_to():
    layout = Layout(Architecture.of([2, 3], scale_inputs=True))
    assert {s.name: s.decay for s in layout.segments} == {
        "layer1.s": 0.0, "layer2.W": 1.0, "layer2.b": 0.0,
    }  # fmt: skip


def test_each_segment_is_drawn_from_its_own_initializer():
    layout = Layout(
        Architecture.of([2, 3, 1], scale_inputs=True),
        {
            "layer2.W": {"initializer": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]},
            "*.b": {"initializer": 0.5},
            "layer3.W": {"initializer": "zeros"},
        },
    )
    theta = layout.draw(np.random.default_rng(0))
    assert theta.tolist() == [1, 1, 1, 2, 3, 4, 5, 6, 0.5, 0.5, 0.5, 0, 0, 0, 0.5]


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        ({"layer3.W": {"frozen": True}}, "no segment of theta is called 'layer3.W'.*layer2.W"),
        ({"layer1.w": {"frozen": True}}, "'layer1.w': did you mean .*layer1.W"),
        ({"*.s": {"frozen": True}}, "no segment of theta is called"),
        ({"*.W": {"learn_rate": 2.0}}, "segment setting 'learn_rate': did you mean learning_rate"),
        ({"*.W": {"name": "x"}}, "unknown segment setting 'name'"),
        ({"*.W": {"initializer": "gloro"}}, "unknown initializer 'gloro'"),
        ({"*.W": {"initializer": [1.0, 2.0]}}, r"shape \(2,\), the layer needs \(2, 3\)"),
    ],
)
def test_what_does_not_exist_is_refused_with_near_names(segments, message):
    with pytest.raises(ValueError, match=message) as error:
        Network([2, 3, 1], segments=segments)
    assert "\n" not in str(error.value)
