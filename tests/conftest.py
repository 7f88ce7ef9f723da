"""Settings for every test: hypothesis draws the same examples each time and on any machine."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the larger real data, which is not part of the repository."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("PELLUCID_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}: set PELLUCID_DATA to its folder")
    return folder
