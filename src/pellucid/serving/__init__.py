"""Serving is answering requests over HTTP from one model, for as long as anyone asks.

`application` makes the ASGI application that `pellucid serve` runs; needs
`pip install 'pellucid[serve]'`.
"""

from pellucid.serving.app import application
from pellucid.serving.limits import Limits

__all__ = ["Limits", "application"]
