"""Rows a second over HTTP are measured, and the page shows what was written down."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import serving


def test_both_servers_answer_and_are_measured():
    results = serving.run(0.05)
    measures = results["measures"]
    assert len(measures) == len(serving.SERVERS) * len(serving.CLIENTS)
    for one in measures:
        of_requests = one["rows"] * one["requests_per_second"]
        assert one["rows_per_second"] == pytest.approx(of_requests)
        assert of_requests > 0
        assert (one["rows_per_pass"] is None) == (one["server"] == "plain")
        if one["server"] == "pellucid":
            assert one["rows"] <= one["rows_per_pass"] <= one["rows"] * one["clients"]
    assert [row[0] for row in serving.table(results).rows] == ["1", "100", "1,000"]


def test_the_page_shows_the_results_that_are_kept():
    results = json.loads(serving.RESULTS.read_text())
    page = serving.PAGE.read_text()
    assert serving.written(page, results) == page
    with pytest.raises(ValueError, match="to write between"):
        serving.written("no marks", results)
