"""Every example runs as a learner would run it, meets its figures and leaves what it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
LEAVES = {
    "digits.py": set(),
    "exam_scores.py": {"exam_by_hand.safetensors", "exam_weights"},
    "house_prices.py": {"prices.png"},
    "income.py": set(),
    "many_categories.py": set(),
    "mnist.py": set(),
    "moons.py": {"moons_hidden.png", "moons_lambda.png"},
    "query_and_train.py": set(),
    "sums_and_gates.py": set(),
}
FEW = ["--rows", "1000", "--steps", "50"]
WITH_DATA = {
    "house_prices.py": ["tabular/california-housing.csv.gz", *FEW, "--plot", "prices.png"],
    "income.py": ["tabular", *FEW],
    "many_categories.py": ["tabular/california-housing.csv.gz", *FEW],
    "mnist.py": ["mnist"],
}
"""What lies in the folder of real data, and what makes it go fast."""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def test_no_example_is_left_out():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(LEAVES)
    page = (EXAMPLES / "README.md").read_text()
    assert all(name in page for name in LEAVES)


@pytest.mark.parametrize("name", LEAVES)
def test_an_example_meets_its_figures_without_a_warning(name, tmp_path, request):
    words = []
    if name in WITH_DATA:
        place, *words = WITH_DATA[name]
        words = [request.getfixturevalue("real_data") / place, *words]
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name, *words],
        cwd=tmp_path, env=os.environ | ONE_THREAD, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert "MISSED" not in done.stdout
    assert ": met\n" in done.stdout
    assert done.stderr == ""
    assert {path.name for path in tmp_path.iterdir()} == LEAVES[name]


@pytest.mark.parametrize("name", WITH_DATA)
def test_an_example_without_its_data_says_what_to_name(name, tmp_path):
    done = subprocess.run(
        [sys.executable, EXAMPLES / name], capture_output=True, text=True,
        env=os.environ | {"PELLUCID_DATA": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("no ")
    assert str(tmp_path / WITH_DATA[name][0].split("/")[0]) in done.stdout


def test_the_weights_that_the_exam_leaves_are_text_with_their_shapes(tmp_path):
    subprocess.run(
        [sys.executable, EXAMPLES / "exam_scores.py", "--out", tmp_path],
        env=os.environ | ONE_THREAD, check=True, capture_output=True,
    )  # fmt: skip
    shapes = {p.name: p.read_text().split("\n")[0] for p in (tmp_path / "exam_weights").iterdir()}
    assert shapes == {"layer1.txt": "# W, shape 2 3", "layer2.txt": "# W, shape 3 1"}


@pytest.mark.parametrize("name", LEAVES)
def test_an_example_says_what_it_takes(name):
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, "--help"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("usage: " + name)
