"""Files that PyTorch writes are called what they are when they are taken for a model."""

import pytest
import torch

import pellucid


@pytest.mark.parametrize(("in_zip", "kind"), [(True, "a file of PyTorch's"), (False, "a pickle")])
def test_what_pytorch_saves_is_no_model_file(tmp_path, in_zip, kind):
    path = tmp_path / "model.pt"
    torch.save({"W": torch.zeros(2)}, path, _use_new_zipfile_serialization=in_zip)
    with pytest.raises(ValueError, match=kind):
        pellucid.load(path)
