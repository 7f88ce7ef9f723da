"""IDX files written byte by byte, whole, packed, cut off and lying; and MNIST itself."""

import gzip
import struct

import numpy as np
import pytest

from pellucid.idx import MOST_PACKED, TYPES, find_pair, read_idx, read_idx_pair, read_images

IMAGES = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255])
LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9])


@pytest.mark.parametrize("packed", [False, True])
def test_images_by_hand(tmp_path, packed):
    path = tmp_path / "images"
    path.write_bytes(gzip.compress(IMAGES) if packed else IMAGES)
    images = read_idx(path)
    assert images.tolist() == [[[1, 2, 3]], [[4, 5, 255]]]
    assert images.dtype == np.uint8


@pytest.mark.parametrize(
    ("code", "letter", "numbers"),
    [
        (0x08, "B", [0, 255]),
        (0x09, "b", [-128, 127]),
        (0x0B, "h", [-32768, 258]),
        (0x0C, "i", [-(2**31), 16909060]),
        (0x0D, "f", [-0.5, 2.0**100]),
        (0x0E, "d", [1e300, -0.1]),
    ],
)
def test_every_type_is_big_endian(tmp_path, code, letter, numbers):
    path = tmp_path / "numbers"
    path.write_bytes(bytes([0, 0, code, 1, 0, 0, 0, 2]) + struct.pack(f">2{letter}", *numbers))
    array = read_idx(path)
    assert array.tolist() == numbers
    assert array.dtype.isnative
    assert code in TYPES


@pytest.mark.parametrize("packed", [False, True])
def test_cut_off_anywhere_is_refused(tmp_path, packed):
    whole = gzip.compress(IMAGES) if packed else IMAGES
    path = tmp_path / "images"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="images"):
            read_idx(path)


def test_more_than_the_header_says_is_refused(tmp_path):
    path = tmp_path / "labels"
    path.write_bytes(LABELS + b"\0")
    with pytest.raises(ValueError, match="should hold 2 numbers, 2 bytes, and more follow"):
        read_idx(path)


@pytest.mark.parametrize("packed", [False, True])
def test_a_header_that_lies_allocates_nothing(tmp_path, packed):
    lie = bytes([0, 0, 0x0E, 3]) + b"\xff" * 12 + bytes(64)  # 8 * (2**32 - 1)**3 bytes
    path = tmp_path / "huge"
    path.write_bytes(gzip.compress(lie) if packed else lie)
    with pytest.raises(ValueError, match="4294967295 x 4294967295 x 4294967295 numbers"):
        read_idx(path)


def test_the_bound_on_packing_holds_for_zeros(tmp_path):
    n = 3_000_000
    path = tmp_path / "zeros.gz"
    path.write_bytes(gzip.compress(bytes([0, 0, 8, 1]) + n.to_bytes(4, "big") + bytes(n), 9))
    assert path.stat().st_size * MOST_PACKED > n
    assert read_idx(path).shape == (n,)


@pytest.mark.parametrize(
    "start",
    [b"\0\0\x07\x01", b"\0\0\x0a\x01", b"\1\0\x08\x01", b"\0\0\x08\0", b"PK\x03\x04"],
)
def test_another_magic_is_refused(tmp_path, start):
    path = tmp_path / "other"
    path.write_bytes(start + bytes(8))
    with pytest.raises(ValueError, match="is not an IDX file: it begins with"):
        read_idx(path)


def test_more_dimensions_than_numpy_has(tmp_path):
    path = tmp_path / "deep"
    path.write_bytes(bytes([0, 0, 8, 255]) + bytes([0, 0, 0, 1]) * 255 + b"\1")
    with pytest.raises(ValueError, match="255 dimensions"):
        read_idx(path)


def test_no_rows(tmp_path):
    path = tmp_path / "none"
    path.write_bytes(bytes([0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28]))
    assert read_idx(path).shape == (0, 28, 28)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        read_idx(tmp_path / "absent")


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
        ("t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"),
        ("letters-images", "letters-labels"),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"),
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"),
    ],
)
def test_either_file_finds_the_other(tmp_path, images, labels):
    for name, data in ((images, IMAGES), (labels, LABELS)):
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    for given in (images, labels):
        assert find_pair(tmp_path / given) == (tmp_path / images, tmp_path / labels)
        X, y = read_idx_pair(tmp_path / given)
        assert X.tolist() == [[1, 2, 3], [4, 5, 255]]
        assert y.tolist() == [7, 9]
        assert read_images(tmp_path / given)[0].shape == (2, 1, 3)


def test_folders_called_images_are_left_alone(tmp_path):
    folder = tmp_path / "images-idx3"
    folder.mkdir()
    (folder / "a-images-idx3").write_bytes(IMAGES)
    (folder / "a-labels-idx1").write_bytes(LABELS)
    assert read_idx_pair(folder / "a-labels-idx1")[0].shape == (2, 3)


def test_the_missing_one_is_named(tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(IMAGES)
    with pytest.raises(FileNotFoundError, match="no file 'train-labels-idx1-ubyte'"):
        read_idx_pair(tmp_path / "train-images-idx3-ubyte")
    with pytest.raises(FileNotFoundError, match=r"no file .*t10k-labels-idx1"):
        read_idx_pair(tmp_path / "t10k-labels-idx1")
    with pytest.raises(ValueError, match="neither 'images' nor 'labels'"):
        read_idx_pair(tmp_path / "digits.idx")


def test_files_that_are_no_pair(tmp_path):
    images, labels = tmp_path / "a-images", tmp_path / "a-labels"
    images.write_bytes(IMAGES)
    labels.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    with pytest.raises(ValueError, match="holds 2 images and 'a-labels' 3 labels"):
        read_idx_pair(images)
    labels.write_bytes(IMAGES)
    with pytest.raises(ValueError, match="'a-labels' has 3"):
        read_idx_pair(images)


def test_mnist_as_published(mnist):
    X, y = read_idx_pair(mnist / "t10k-labels-idx1-ubyte.gz")
    assert X.shape == (10_000, 784)
    assert X.max() == 255
    assert y[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    # Class counts of the test set, from the database's own description.
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(y).tolist() == counts
