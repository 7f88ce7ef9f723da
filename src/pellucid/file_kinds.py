"""A file kind is what a file is by its first bytes, for those who give another than is read."""

from __future__ import annotations

STARTS = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "packed with gzip",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow (Feather) file",
    b"SQLite format 3": "an SQLite database",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x7fELF": "a program",
} | dict.fromkeys(
    (b"\x80\2", b"\x80\3", b"\x80\4", b"\x80\5"), "a pickle, which can run code and is never read"
)
"""How files begin."""

TEXTS = {
    b"version https://git-lfs": "a pointer of Git LFS (git lfs pull fetches the file)",
    b"<!doctype html": "a web page (HTML)",
    b"<html": "a web page (HTML)",
    b"{": "JSON",
    b"[": "JSON",
    b"": "text",
}
"""How texts begin, in lower case."""

ONNX_FIELDS = b"\x12\x1a\x22\x2a\x3a\x42"
"""What may follow the version in a file of ONNX's, by the number of its field."""


def kind_of(start: bytes) -> str | None:
    """What a file that begins with `start` is; None where that tells nothing.

    Examples
    --------
    >>> kind_of(b"PK" + bytes([3, 4]))
    'a zip archive'
    >>> kind_of(b"name,age")
    'text'
    """
    if not start:
        return "empty"
    if start[5:9] == b"\0\0\0{":  # a safetensors file, whatever the length of its header is
        return None
    if start.startswith(b"PK") and b"/data.pkl" in start:
        return "a file of PyTorch's"
    for known, kind in STARTS.items():
        if start.startswith(known):
            return kind
    if len(start) > 2 and start[0] == 8 and start[1] < 32 and start[2] in ONNX_FIELDS:
        return "an ONNX file (pellucid.from_onnx reads it)"
    if not _is_text(start):
        return None
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next(kind for known, kind in TEXTS.items() if text.startswith(known))


def _is_text(start: bytes) -> bool:
    """Whether it is UTF-8 without control characters, perhaps cut within its last character."""
    for cut in range(4):
        try:
            words = start[: len(start) - cut].decode()
        except UnicodeDecodeError:
            continue
        return all(letter.isprintable() or letter in "\t\r\n\f" for letter in words)
    return False
