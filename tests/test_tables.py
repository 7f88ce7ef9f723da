"""Tables from files that people have: hand-written, made by other programs, damaged, and real."""

import csv
import gzip
import io
import os
import string
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pellucid.tables import MISSING, find_column, read_table, table_of


@pytest.fixture(scope="module")
def tabular() -> Path:
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("PELLUCID_DATA", beside)) / "tabular"
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}: set PELLUCID_DATA to the one that holds tabular/")
    return folder


@pytest.fixture
def read(tmp_path):
    def read_content(content, name="table"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path)

    return read_content


# --- text -------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("content", ["", "\n", " \n\t\n", gzip.compress(b"")])
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


WORDS = st.text(string.ascii_letters + string.digits + " .,;|\t\n\"'ßÅ?-", max_size=8)


def as_read(value):
    value = value.strip()
    return None if value in MISSING else value


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


PLAIN = st.text(string.ascii_lowercase + string.digits + " .-?", min_size=1, max_size=5)


@given(st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=20))
def test_text_with_and_without_quotes_is_the_same_table(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("csv")
    for name, quoting in (("plain", csv.QUOTE_MINIMAL), ("quoted", csv.QUOTE_ALL)):
        with (folder / name).open("w", newline="") as file:
            csv.writer(file, quoting=quoting).writerows([("x", "y"), *rows])
    plain, quoted = read_table(folder / "plain"), read_table(folder / "quoted")
    assert plain.frame.equals(quoted.frame)
    assert plain.notes == quoted.notes


# --- other kinds ------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
def test_parquet(tmp_path, packed):
    frame = pl.DataFrame(
        {
            "small": pl.Series([1, None], dtype=pl.Int8),
            "real": pl.Series([0.5, float("nan")], dtype=pl.Float32),
            "huge": pl.Series([1, 2], dtype=pl.UInt64),
            "kind": pl.Series([" a", "?"], dtype=pl.Categorical),
            "flag": [True, False],
            "day": pl.Series(["2011-01-01", None]).str.to_date(),
            "both": [[1, 2], [3]],
        }
    )
    path = tmp_path / "table.csv"  # the name says nothing
    frame.write_parquet(path)
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    table = read_table(path)
    assert table.frame.to_dict(as_series=False) == {
        "small": [1, None],
        "real": [0.5, None],
        "huge": [1.0, 2.0],
        "kind": ["a", None],
        "flag": [True, False],
        "day": ["2011-01-01", None],
    }
    assert table.notes == ("column 'both' holds neither numbers nor text, and is left out",)


@pytest.mark.parametrize(
    ("inputs", "targets"), [("X", "y"), ("x", "y"), ("x_train", "y_train"), ("data", "target")]
)
def test_npz(tmp_path, inputs, targets):
    path = tmp_path / "arrays"
    X, y = np.array([[1.0, np.nan], [3.0, 4.0]], ">f4"), np.array(["no", "yes"])
    with path.open("wb") as file:
        np.savez_compressed(file, **{inputs: X, targets: y, "x_test": X})
    table = read_table(path)
    assert table.frame.rows() == [(1.0, None, "no"), (3.0, 4.0, "yes")]
    assert table.target == targets
    assert table.notes == (f"read {inputs} and {targets}, and left out x_test",)


def test_npz_of_images(tmp_path):
    X = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.savez(tmp_path / "images.npz", x=X, y=[[5], [6]])
    table = read_table(tmp_path / "images.npz")
    assert table.frame.columns[:5] == [
        "pixel_0_0",
        "pixel_0_1",
        "pixel_0_2",
        "pixel_0_3",
        "pixel_1_0",
    ]
    assert table.frame["pixel_2_3"].to_list() == [11, 23]
    assert table.frame["y"].to_list() == [5, 6]
    assert table.scaling == "shared_maximum"


def test_npz_with_names(tmp_path):
    np.savez(tmp_path / "named.npz", X=[[1, 2]], y=[3], feature_names=["a", "b"])
    assert read_table(tmp_path / "named.npz").frame.columns == ["a", "b", "y"]


def test_npz_that_does_not_fit(tmp_path):
    path = tmp_path / "arrays.npz"
    np.savez(path, X=np.ones((2, 3)), y=np.ones(3))
    with pytest.raises(ValueError, match=r"X has shape \(2, 3\) and y \(3,\)"):
        read_table(path)
    np.savez(path, inputs=np.ones((2, 3)))
    with pytest.raises(ValueError, match="holds inputs: expected two arrays called X and y"):
        read_table(path)


def test_no_pickle_is_read(tmp_path):
    path = tmp_path / "arrays.npz"
    np.savez(path, X=np.array([[{}]], dtype=object), y=np.ones(1))
    with pytest.raises(ValueError, match="cannot be read as NPZ"):
        read_table(path)


def test_an_idx_pair(tmp_path):
    images = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 255, 3, 4])
    labels = bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9])
    (tmp_path / "a-images-idx3").write_bytes(images)
    (tmp_path / "a-labels-idx1.gz").write_bytes(gzip.compress(labels))
    for name in ("a-images-idx3", "a-labels-idx1.gz"):
        table = read_table(tmp_path / name)
        assert table.frame.columns == ["pixel_0_0", "pixel_1_0", "label"]
        assert table.frame.rows() == [(0, 255, 7), (3, 4, 9)]
        assert (table.target, table.scaling) == ("label", "shared_maximum")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PAR1 and no more", "damaged Parquet"),
        (b"PK\x03\x04 and no more", "cannot be read as NPZ"),
        (b"\x1f\x8b and no more", "damaged gzip"),
        (gzip.compress(b"a,b\n1,2\n")[:-4], "damaged gzip"),
        (b"\x80\x04\x95", "a pickle, which can run code"),
        (b"SQLite format 3\0", "SQLite"),
        (b"\x93NUMPY\x01\0", "single NumPy array"),
        (b"\x01\x02\x03\0\0", "binary file of an unknown kind"),
    ],
)
def test_kinds_that_are_not_read(read, content, kind):
    with pytest.raises(ValueError, match=kind):
        read(content, "table.csv")


def test_a_workbook_is_called_one(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "book.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    with pytest.raises(ValueError, match="Excel workbook"):
        read_table(tmp_path / "book.xlsx")


def test_no_such_file(tmp_path):
    (tmp_path / "housing.csv").write_text("a\n1\n")
    with pytest.raises(FileNotFoundError, match=r"no file .*houses.csv'.*did you mean housing.csv"):
        read_table(tmp_path / "houses.csv")
    with pytest.raises(FileNotFoundError, match="no file"):
        read_table(tmp_path / "no folder" / "houses.csv")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        read_table(tmp_path)


# --- arrays and columns -----------------------------------------------------------------------


def test_tables_of_arrays():
    table = table_of(np.array([[1.0, np.nan]]), np.array([True]), ["a", "b"], "c")
    assert table.frame.rows(named=True) == [{"a": 1.0, "b": None, "c": True}]
    assert table.target == "c"
    assert table_of([1, 2]).frame.rows() == [(1,), (2,)]
    mixed = table_of(np.array([[1, "x"], [None, 2]], dtype=object)).frame
    assert mixed.rows() == [(1, "x"), (None, "2")]
    assert mixed["x1"].dtype == pl.Int64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1, 2]], [1, 2]), r"y has shape \(2,\): expected one target for each of 1 rows"),
        (([[1, 2]], [1], ["a"]), "1 feature names for 2 columns"),
        (([[1, 2]], [1], ["a", "target"]), "'target' is the name of two columns"),
        ((np.ones((1, 2, 3)),), "expected rows of columns"),
    ],
)
def test_arrays_that_do_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        table_of(*arguments)


def test_a_column_that_is_not_there():
    frame = table_of(np.ones((1, 30)), [1], target_name="income").frame
    assert find_column(frame, "income").to_list() == [1]
    with pytest.raises(ValueError, match="no column 'incom': did you mean income") as caught:
        find_column(frame, "incom")
    assert "31 columns" in str(caught.value)
    assert len(str(caught.value)) < 200


# --- real files -------------------------------------------------------------------------------


def test_california(tabular):
    table = read_table(tabular / "california-housing.csv.gz")
    assert table.frame.shape == (20_640, 10)
    assert table.frame["total_bedrooms"].null_count() == 207
    assert table.frame["median_house_value"].dtype == pl.Float64
    assert table.frame["ocean_proximity"].n_unique() == 5
    assert table.notes == ()


def test_adult(tabular):
    train, test = (read_table(tabular / f"adult.{part}.gz") for part in ("data", "test"))
    assert train.frame.shape == (32_561, 15)
    assert test.frame.shape == (16_281, 15)
    assert train.frame.schema == test.frame.schema
    assert train.notes == ("there is no header line: columns are called column_1 .. column_15",)
    assert test.notes[0] == "line 1 is skipped: it has 1 field, and the rest has 15"
    # The set's own description: 30 162 and 15 060 rows without unknown values.
    assert train.frame.drop_nulls().height == 30_162
    assert test.frame.drop_nulls().height == 15_060
    assert train.frame["column_15"].unique().sort().to_list() == ["<=50K", ">50K"]


def test_bikes(tabular):
    frame = read_table(tabular / "bike-hourly.csv.gz").frame
    assert frame.shape == (17_379, 17)
    assert (frame["casual"] + frame["registered"]).equals(frame["cnt"])
    assert [c.name for c in frame if c.dtype == pl.String] == ["dteday"]
