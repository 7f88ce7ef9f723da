"""Importing makes pellucid's models of networks that were made elsewhere, with the same numbers."""

from pellucid.importing.door import import_model
from pellucid.importing.onnx_files import from_onnx
from pellucid.importing.skops_files import from_skops
from pellucid.importing.torch_modules import from_torch

__all__ = ["from_onnx", "from_skops", "from_torch", "import_model"]
