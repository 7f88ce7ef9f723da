"""A studio is a page on which a network is watched as it learns.

    browser tab <- Page (page.py) <- Panels (panels/) <- View <- Session -> Run -> the engine

How a part of the page is made is told in `pellucid.studios.panels`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.studios.window import Window

__all__ = ["studio"]


def studio(model_or_data: Any = None, *, height: int = 900) -> Window:
    """The studio, shown in a notebook; needs `pip install 'pellucid[studio]'`.

    Parameters
    ----------
    model_or_data : a built-in set by name, a fitted model, a frame, the file of a model or of data,
        or nothing.
    height : of what the notebook shows, in pixels.

    Returns
    -------
    What a notebook shows as the page itself; its `url` opens in any browser of this machine.
    """
    from pellucid.studios.window import Window

    return Window(model_or_data, height)
