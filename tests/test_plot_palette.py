import numpy as np
import pytest
from matplotlib.colors import to_rgb

from pellucid.plots import THEMES, side_by_side, theme
from pellucid.plots.palette import contrast

# Machado, Oliveira and Fernandes (2009): what each kind of eye without one of the three cones
# sees, in linear RGB.
EYES = {
    "all cones": np.eye(3),
    "no red (protanopia)": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "no green (deuteranopia)": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}


def lab(colour, eye):
    """CIE L*a*b* (D65) of what that eye sees of the colour."""
    from matplotlib.colors import to_rgb

    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(eye @ linear, 0, 1)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    f = np.cbrt(np.maximum(to_xyz @ seen / [0.9505, 1.0, 1.089], 1e-4))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("style", THEMES)
def test_every_colour_stands_out_from_its_ground_and_words_can_be_read(style):
    colours = THEMES[style]
    for colour in colours.colours:
        assert contrast(colour, colours.ground) >= 3, colour
    for words in (colours.ink, colours.muted):
        assert contrast(words, colours.ground) >= 4.5, words


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("style", THEMES)
def test_every_eye_tells_the_colours_apart(style, eye):
    ground = np.array(to_rgb(THEMES[style].ground))
    for opacity, least in ((1.0, 15), (0.5, 9)):  # points, and regions; 2.3 is just noticed
        parts = [np.array(to_rgb(colour)) for colour in THEMES[style].colours]
        seen = [lab(tuple(ground + opacity * (rgb - ground)), EYES[eye]) for rgb in parts]
        distances = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
        assert min(distances) > least, (opacity, min(distances))


@pytest.mark.parametrize("style", THEMES)
def test_the_colormaps_run_from_the_ground_to_what_stands_out(style):
    colours = THEMES[style]
    light = [lab(colours.sequential(x), np.eye(3))[0] for x in np.linspace(0, 1, 32)]
    steps = np.diff(light)
    assert (steps < 0).all() if style == "light" else (steps > 0).all()
    assert contrast(colours.diverging(0.5), colours.ground) < 1.1
    assert min(contrast(colours.diverging(x), colours.ground) for x in (0.0, 1.0)) > 7


@pytest.mark.parametrize("k", [2, 10, 26, 100])
def test_no_two_classes_look_alike(k):
    styles = THEMES["light"].styles(k)
    assert len(set(styles)) == k
    assert len({marker for _, marker in styles[:17]}) == min(k, 17)  # without any colour too


def test_auto_goes_by_the_ground_of_the_axes():
    _, (dark,) = side_by_side(1, style="dark")
    _, (light,) = side_by_side(1)
    assert (theme("auto", dark).name, theme("auto", light).name, theme().name) == (
        "dark",
        "light",
        "light",
    )
    with pytest.raises(ValueError, match="style is 'dim': expected one of 'auto', 'light', 'dark'"):
        theme("dim")
