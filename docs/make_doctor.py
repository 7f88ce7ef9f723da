"""Write the table of findings in docs/doctor.md from the one in the code.

Run: python docs/make_doctor.py
"""

from pathlib import Path

from pellucid.diagnosis import table

PAGE = Path(__file__).resolve().parent / "doctor.md"
BEGIN, END = "<!-- table of findings -->\n", "<!-- end of table -->\n"


def page() -> str:
    """The page with the table as the code has it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return before + BEGIN + "\n" + table() + "\n" + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
