"""The estimators on PyTorch tensors, under scikit-learn's array API dispatch."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
import warnings
warnings.simplefilter("ignore")
import numpy as np
import sklearn
import torch
from sklearn.datasets import load_iris
import pellucid
X, y = load_iris(return_X_y=True)
X = ((X - X.mean(0)) / X.std(0)).astype(sys.argv[1])
tensors = torch.tensor(X), torch.tensor(y)
with sklearn.config_context(array_api_dispatch=True):
    for kind, settings in (
        ("MLPClassifier", {}), ("MLPClassifier", {"early_stopping": True, "dropout": 0.1}),
        ("MLPClassifier", {"solver": "lbfgs"}), ("MLPRegressor", {"loss": "huber"}),
        ("MLPRegressor", {"loss": "quantile", "quantile": [0.1, 0.9]}),
    ):
        settings |= {"max_iter": 10, "random_state": 0}
        model = getattr(pellucid, kind)(**settings).fit(*tensors)
        plain = getattr(pellucid, kind)(**settings, engine="reference").fit(X, y)
        assert isinstance(model.coefs_[0], torch.Tensor)
        assert model.coefs_[0].dtype == tensors[0].dtype
        close = 1e-8 if sys.argv[1] == "float64" else 1e-3
        np.testing.assert_allclose(model.coefs_[0].numpy(), plain.coefs_[0], atol=close)
        predicted = model.predict(tensors[0])
        assert isinstance(predicted, torch.Tensor)
        np.testing.assert_allclose(predicted.numpy(), plain.predict(X), atol=100 * close)
        assert isinstance(model.transform(tensors[0]), torch.Tensor)
        again = model.set_params(warm_start=True).fit(*tensors)
        assert len(again.loss_curve_) > len(plain.loss_curve_)
print("all is well")
"""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tensors_stay_tensors_and_give_the_reference_engines_numbers(dtype):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, dtype],
        env=os.environ | {"SCIPY_ARRAY_API": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.strip() == "all is well", done.stderr
