"""The page that derives backpropagation quotes the code as it stands."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_every_line_that_the_derivation_quotes_is_in_the_file_it_names():
    page = (ROOT / "docs" / "backpropagation.md").read_text()
    rows = re.findall(r"^\| (\(.*?) \| (\w+\.py) \| `(.*)` \|$", page, re.MULTILINE)
    assert {n for equations, _, _ in rows for n in re.findall(r"\((\d+)\)", equations)} == {
        str(n) for n in range(1, 12)
    }
    assert set(re.findall(r"\\tag\{(\d+)\}", page)) == {str(n) for n in range(1, 12)}
    for _, name, line in rows:
        text = (ROOT / "src" / "pellucid" / name).read_text()
        assert line in [each.strip() for each in text.splitlines()], line
