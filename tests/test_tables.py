"""Files of every kind and arrays become tables; what cannot is named."""

import gzip

import numpy as np
import polars as pl
import pytest

from pellucid.tables import find_column, read_table, table_of


@pytest.fixture
def read(tmp_path):
    def read_content(content, name="table"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path)

    return read_content


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
    (tmp_path / "a-labels-idx1.gz").write_bytes(gzip.compress(labels, mtime=0))
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
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-4], "damaged gzip"),
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
