"""What tests ask of every picture: texts that can be read, each for itself."""

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text

from pellucid.plots.labels import SMALLEST
from pellucid.plots.palette import contrast, theme

SLACK = 1.0
"""Pixels by which the boxes of two texts may touch: a box is a little larger than its ink."""


class Noting(RendererAgg):
    """Draws a figure, and notes each text that it draws."""

    def __init__(self, figure):
        super().__init__(figure.bbox.width, figure.bbox.height, figure.dpi)
        self.texts = []

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        if s.strip() and mtext is not None:  # None for a line of several, which are added below
            self.texts.append(mtext)
        super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)


def drawn_texts(figure):
    """(text, box in pixels) of all that is written on a figure, as it is drawn."""
    renderer = Noting(figure)
    figure.draw(renderer)
    # Texts of several lines, and those with an outline, reach the renderer as something else.
    for text in figure.findobj(Text):
        if text.get_visible() and ("\n" in text.get_text() or text.get_path_effects()):
            renderer.texts.append(text)
    return [(text, text.get_window_extent(renderer)) for text in renderer.texts]


def assert_readable(figure, style="light"):
    """No two texts overlap, none is cut off or too small, and all stand out from the ground."""
    texts = drawn_texts(figure)
    assert texts
    ground = theme(style).ground
    width, height = figure.bbox.width, figure.bbox.height
    for i, (text, box) in enumerate(texts):
        words = text.get_text()
        assert text.get_fontsize() >= SMALLEST - 1e-9, (words, text.get_fontsize())
        assert min(box.x0, box.y0) > -SLACK, (words, box)
        assert max(box.x1 - width, box.y1 - height) < SLACK, (words, box)
        if text.axes is None or text not in text.axes.texts:  # those stand on what was drawn
            assert contrast(text.get_color(), ground) >= 4.5, (words, text.get_color())
        for other, that in texts[:i]:
            across = min(box.x1, that.x1) - max(box.x0, that.x0)
            up = min(box.y1, that.y1) - max(box.y0, that.y0)
            assert min(across, up) <= SLACK, (words, other.get_text(), box, that)
