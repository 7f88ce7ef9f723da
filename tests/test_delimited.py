"""Delimited text, as people and programs write it, becomes the table they meant."""

import csv
import gzip
import io
import string

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pellucid.delimited import MISSING
from pellucid.tables import read_table


@pytest.fixture
def read(tmp_path):
    def read_content(content, name="table"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path)

    return read_content


WORDS = st.text(string.ascii_letters + string.digits + " .,;|\t\n\"'ßÅ?-", max_size=8)


def as_read(value):
    value = value.strip()
    return None if value in MISSING else value


PLAIN = st.text(string.ascii_lowercase + string.digits + " .-?", min_size=1, max_size=5)


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_packing_and_line_ends(read, mark, packed, end):
    lines = [["name", "age", "height"], ["Ada", "36", "1.6"], ["Alan", "41", "1.8"]]
    text = end.join(mark.join(line) for line in lines).encode()
    frame = read(gzip.compress(text) if packed else text).frame
    assert frame.rows() == [("Ada", 36, 1.6), ("Alan", 41, 1.8)]
    assert frame.schema == {"name": pl.String, "age": pl.Int64, "height": pl.Float64}


def test_commas_within_tabs_and_semicolons_within_quotes(read):
    assert read("a\tb\nx, y, z\t1\nu, v\t2\n").frame.rows() == [("x, y, z", 1), ("u, v", 2)]
    assert read('a,b\n"x;y;z",1\n"u;v",2\n').frame.rows() == [("x;y;z", 1), ("u;v", 2)]


def test_decimal_commas_among_semicolons(read):
    table = read("width;kind\n1,5;a\n2;b\n-,25;a\n")
    assert table.frame["width"].to_list() == [1.5, 2.0, -0.25]
    assert "commas in column 'width' are taken for decimal points" in table.notes


def test_a_column_of_nothing_is_not_numbers(read):
    frame = read("a,b\n?,1\n,2\n").frame
    assert frame.schema == {"a": pl.String, "b": pl.Int64}
    assert frame["a"].null_count() == 2


def test_quoted_fields(read):
    table = read('a,b\n"x, ""y""\nz",1\n w , "2"\n')
    assert table.frame.rows() == [('x, "y"\nz', 1), ("w", 2)]


def test_quotes_inside_a_field_are_letters(read):
    assert read('pipe,cost\n3" steel,5\n4" lead,6\n').frame["pipe"].to_list() == [
        '3" steel',
        '4" lead',
    ]


@pytest.mark.parametrize("token", MISSING)
@pytest.mark.parametrize("quote", ["", '"'])
def test_missing_values(read, token, quote):
    value = f"{quote}{token}{quote}"
    frame = read(
        f"a,b\n1,x\n {value} , {value}\n3,z\n" if not quote else f"a,b\n1,x\n{value},{value}\n3,z\n"
    ).frame
    assert frame.rows() == [(1, "x"), (None, None), (3, "z")]
    assert frame.schema == {"a": pl.Int64, "b": pl.String}


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["1", "-2", "+3"], pl.Int64),
        (["1", "2.5"], pl.Float64),
        (["1e3", ".5", "-1.", "2E-4"], pl.Float64),
        (["99999999999999999999", "1"], pl.Float64),
        (["1", "two"], pl.String),
        (["true", "false"], pl.String),
        (["1_000", "2"], pl.String),
        (["0x10", "2"], pl.String),
        (["1/2/11", "2/2/11"], pl.String),
    ],
)
def test_a_column_is_numbers_if_all_of_it_is(read, values, dtype):
    column = read("\n".join(["c,d", *(f"{value},x" for value in values)])).frame["c"]
    assert column.dtype == dtype
    if dtype.is_numeric():
        assert column.to_list() == [float(value) for value in values]
    else:
        assert column.to_list() == values


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,b\n1,2\n3,4\n", ["a", "b"]),
        ("5,b\n1,2\n3,4\n", ["column_1", "column_2"]),
        ("1,2\n3,4\n", ["column_1", "column_2"]),
        ("0,1,2\n1,2,3\n", ["column_1", "column_2", "column_3"]),
        ("0,1,label\n5,6,7\n8,9,1\n", ["0", "1", "label"]),  # a data frame without names
        (",a,b\n0,1,2\n1,3,4\n", ["column_1", "a", "b"]),  # with its row numbers
        ("39,Private,?\n50,Public,x\n", ["column_1", "column_2", "column_3"]),
        ("?,Private\n50,Public\n40,Private\n", ["column_1", "column_2"]),
        ("p,x\ne,x\np,y\n", ["column_1", "column_2"]),  # mushrooms: text comes again
        ("class,shape\ne,x\np,y\n", ["class", "shape"]),
        ("y\n1\n2\n", ["y"]),
    ],
)
def test_header_or_none(read, text, names):
    table = read(text)
    assert table.frame.columns == names
    none = names[:2] == ["column_1", "column_2"]
    assert any("no header" in note for note in table.notes) == none
    assert table.frame.height == text.count("\n") - (not none)


def test_names_that_are_empty_or_come_twice(read):
    table = read("a,,a,a_2,\n1,2,3,4,5\n")
    assert table.frame.columns == ["a", "column_2", "a_3", "a_2", "column_5"]
    assert len(table.notes) == 3
    assert "the second column called 'a' is called 'a_3'" in table.notes


def test_leading_lines_of_another_length_are_skipped(read):
    table = read("|1x3 Cross validator\n25, x, 1\n38, y, 2\n\n")
    assert table.frame.rows() == [(25, "x", 1), (38, "y", 2)]
    assert table.notes[0] == "line 1 is skipped: it has 1 field, and the rest has 3"


@pytest.mark.parametrize("quote", ["", '"'])
def test_ragged_rows_are_named(read, quote):
    text = f"a,b\n\n1,{quote}x{quote}\n3\n5,6\n7,8\n"
    with pytest.raises(ValueError, match=r"table', line 4: 1 field, expected 2"):
        read(text)
    with pytest.raises(ValueError, match=r"table', line 4: 3 fields, expected 2"):
        read(text.replace("\n3\n", "\n3,4,5\n"))


def test_a_quoted_line_break_counts_as_a_line(read):
    with pytest.raises(ValueError, match="line 4: 1 field"):
        read('a,b\n"x\ny",1\n2\n3,4\n5,6\n')


def test_a_quote_that_is_not_closed(read):
    with pytest.raises(ValueError, match="a quote is opened before it and not closed"):
        read('a,b\n1,2\n3,"x\n5,6\n')


def test_blank_lines_are_ignored(read):
    assert read("\n\na,b\n  \n1,2\n\n3,4\n\n").frame.rows() == [(1, 2), (3, 4)]


@pytest.mark.parametrize("content", ["", "\n", " \n\t\n", gzip.compress(b"", mtime=0)])
def test_an_empty_file(read, content):
    with pytest.raises(ValueError, match="is empty"):
        read(content)


def test_names_without_rows(read):
    with pytest.raises(ValueError, match="a header line and no rows"):
        read("a,b\n")


def test_encodings(read):
    text = "größe,ort\n1,Åbo\n2,Łódź\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        table = read(text.encode(encoding))
        assert table.frame.columns == ["größe", "ort"]
        assert table.frame["ort"].to_list() == ["Åbo", "Łódź"]
        assert not table.notes
    table = read("größe,ort\n1,Åbo\n".encode("latin-1"))
    assert table.frame.rows(named=True) == [{"größe": 1, "ort": "Åbo"}]
    assert table.notes == ("the text is not UTF-8, and is taken for Latin-1",)


@given(st.lists(st.tuples(WORDS, WORDS, st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=20))
@example([('"', "", 0)])
def test_what_python_writes_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([("first", "second", "third"), *rows])
    path.write_text(buffer.getvalue(), newline="")
    frame = read_table(path).frame
    assert frame.columns == ["first", "second", "third"]
    assert frame["third"].to_list() == [n for *_, n in rows]
    for i, name in enumerate(("first", "second")):
        expected = [as_read(row[i]) for row in rows]
        if frame[name].dtype.is_numeric():
            expected = [None if value is None else float(value) for value in expected]
        assert frame[name].to_list() == expected


@given(st.lists(st.lists(st.floats(allow_nan=False), min_size=3, max_size=3), min_size=1))
def test_floats_keep_their_last_bit(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    pl.DataFrame(rows, schema=["a", "b", "c"], orient="row").write_csv(path)
    assert read_table(path).frame.to_numpy().tolist() == rows


@given(st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=20))
def test_text_with_and_without_quotes_is_the_same_table(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("csv")
    for name, quoting in (("plain", csv.QUOTE_MINIMAL), ("quoted", csv.QUOTE_ALL)):
        with (folder / name).open("w", newline="") as file:
            csv.writer(file, quoting=quoting).writerows([("x", "y"), *rows])
    plain, quoted = read_table(folder / "plain"), read_table(folder / "quoted")
    assert plain.frame.equals(quoted.frame)
    assert plain.notes == quoted.notes
