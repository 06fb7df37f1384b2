"""The files that a path or glob names, and the format of each.

The format is told by a file's first bytes, not by its name.
"""

from __future__ import annotations

import glob
import re
from enum import StrEnum
from pathlib import Path

from features.errors import TableError
from features.suggest import did_you_mean

HEAD_BYTES = 4096
"""Bytes at the start of a file that are examined for its format."""

UTF8_BOM = b"\xef\xbb\xbf"

AS_TEXT = "Export it as CSV in UTF-8, or as Parquet."
UNPACK = "Unpack it and give the file inside."

FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive", AS_TEXT),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", AS_TEXT),
    (b"\x1f\x8b", "packed with gzip", UNPACK),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", UNPACK),
    (b"BZh", "packed with bzip2", UNPACK),
    (b"\xfd7zXZ", "packed with xz", UNPACK),
    (b"PARE", "an encrypted Parquet file", "Give it decrypted."),
    (b"SQLite format 3", "a SQLite database", AS_TEXT),
    (b"%PDF", "a PDF", AS_TEXT),
    (b"ORC", "an ORC file", AS_TEXT),
    (b"Obj\x01", "an Avro file", AS_TEXT),
    (b"ARROW1", "an Arrow file", AS_TEXT),
)
"""First bytes, the format that has them, what to do."""

NEEDED = "A table is a Parquet file or a CSV file in UTF-8."


class Format(StrEnum):
    """The two kinds of file that are read."""

    CSV = "csv"
    PARQUET = "parquet"


def find_files(path: str) -> tuple[Path, ...]:
    """Return the files that a path or glob names, sorted.

    Raises
    ------
    TableError
        If there is none, or one of them is no regular file.
    """
    if Path(path).exists():
        files = [Path(path)]
    else:
        names = sorted(glob.glob(path, recursive=True))
        files = [Path(name) for name in names if not Path(name).is_dir()]
    if not files:
        raise _nothing_found(path)
    for file in files:
        if not file.is_file():
            raise TableError(
                f"{file} is not a file.",
                needed=NEEDED,
                todo=f"To read every file of a folder, write {file}/*.parquet.",
            )
    return tuple(files)


def file_format(file: Path) -> Format:
    """Tell Parquet from CSV, and refuse anything else by its name.

    Raises
    ------
    TableError
        If the file is empty, unreadable, or known to be something else.
    """
    try:
        with file.open("rb") as handle:
            head = handle.read(HEAD_BYTES)
            handle.seek(-min(4, file.stat().st_size), 2)
            tail = handle.read()
    except OSError as error:
        raise TableError(
            f"{file} cannot be opened: {error.strerror}.",
            needed="A file that this user may read.",
            todo="Correct the path or the permission.",
        ) from error
    if head.startswith(b"PAR1"):
        _check_parquet(file, tail)
        return Format.PARQUET
    refusal = _not_a_table(head)
    if refusal is None and file.suffix.lower() in {".parquet", ".pq"}:
        refusal = "no Parquet, whatever its name says", "Name it .csv if it is CSV."
    if refusal is not None:
        raise TableError(f"{file} is {refusal[0]}.", needed=NEEDED, todo=refusal[1])
    return Format.CSV


def _nothing_found(path: str) -> TableError:
    folder, name = Path(path).parent, Path(path).name
    if glob.has_magic(path):
        return TableError(
            f"No file matches {path}.",
            needed="A glob that matches at least one file.",
            todo="Correct the glob. A relative one is relative to the config file.",
        )
    near = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    where = "" if folder.is_dir() else f" There is no folder {folder} either."
    return TableError(
        f"There is no file {path}.{where}",
        needed=NEEDED,
        todo=did_you_mean(name, near)
        or "Correct the path. A relative one is relative to the config file.",
    )


def _check_parquet(file: Path, tail: bytes) -> None:
    if tail != b"PAR1":
        raise TableError(
            f"{file} begins as Parquet but is cut short.",
            needed="A whole file: Parquet keeps its index at the end.",
            todo="Write or copy it again.",
        )


def _not_a_table(head: bytes) -> tuple[str, str] | None:
    for magic, what, todo in FOREIGN:
        if head.startswith(magic):
            return what, todo
    return _not_text(head) or _other_text(head)


def _not_text(head: bytes) -> tuple[str, str] | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _is_wide(head):
        return "text in UTF-16", encode_as_utf8("UTF-16")
    controls = len(re.findall(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]", head))
    if controls > len(head) * 0.02:
        return "binary, not text", AS_TEXT
    return None


def _is_wide(head: bytes) -> bool:
    """Tell UTF-16 without a mark: every other byte of plain text is NUL."""
    nuls = head.count(0)
    return nuls > len(head) * 0.3 and nuls in (head[::2].count(0), head[1::2].count(0))


def _other_text(head: bytes) -> tuple[str, str] | None:
    text = head.removeprefix(UTF8_BOM).strip(b" \t\r\n\0")
    if not text:
        return "empty", "Give a file that has a header and rows."
    if text.startswith(b"<"):
        return (
            "HTML or XML",
            "A download that asks to log in often saves a web page: fetch it again.",
        )
    if text.startswith((b"{", b"[")):
        return "JSON", "Export it as CSV in UTF-8, or as Parquet."
    return None


def encode_as_utf8(encoding: str) -> str:
    """Return how to bring a text file into UTF-8."""
    return (
        'Save it as "CSV UTF-8", or run: '
        f"iconv -f {encoding} -t UTF-8 old.csv > new.csv"
    )


def guess_encoding(sample: bytes) -> str:
    """Name what text that is not UTF-8 probably is.

    Chinese is written in pairs of high bytes; in European text they stand alone.

    Examples
    --------
    >>> guess_encoding("Müller, Düsseldorf".encode("latin-1"))
    'CP1252 or Latin-1'
    >>> guess_encoding("张三, 北京".encode("gbk"))
    'GBK'
    """
    runs = re.findall(rb"[\x80-\xff]+", sample)
    paired = sum(len(run) > 1 for run in runs)
    return "GBK" if paired * 2 > len(runs) else "CP1252 or Latin-1"
