"""CSV read so that no row is lost: each record is a row, or counted as malformed.

A file that keeps every record on one line and every quote in its place is parsed by
pyarrow. Any other is parsed by Python's csv reader, which is slower and can resume at
the next line after a record that it cannot parse. Both give the same rows.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from features.door.files.csv_records import read_records
from features.door.files.formats import encode_as_utf8, guess_encoding
from features.errors import TableError

DELIMITERS = ",;\t|"
BLOCK_BYTES = 1 << 16
"""A longer line is left to the careful reader, as pyarrow reads by the block."""
CHUNK_BYTES = 1 << 22
ROWS_PER_TABLE = 1 << 18
ROWS_PER_LIST = 1 << 11

ROW = "row"
"""The column that holds the line where a record begins; the header is on line 1."""


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file whose encoding and header are known.

    Parameters
    ----------
    path : Path
        The file.
    delimiter : str
        The character between cells.
    header : tuple of str
        The column names, in order, without the blanks around them.
    regular : bool
        Whether pyarrow may parse it.
    """

    path: Path
    delimiter: str
    header: tuple[str, ...]
    regular: bool

    def find_positions(self, theirs: Mapping[str, str]) -> dict[str, int]:
        """Return which cell of a record each of our columns is, where it has one."""
        return {
            ours: self.header.index(name)
            for ours, name in theirs.items()
            if name in self.header
        }


@dataclass(frozen=True, slots=True)
class CsvRows:
    """Some rows of a CSV file.

    Parameters
    ----------
    cells : Table
        Text columns named by their position in the header, and ``row``.
    malformed : tuple of int
        The lines of the records that have not as many cells as the header.
    """

    cells: pa.Table
    malformed: tuple[int, ...]


def open_csv(path: Path) -> CsvFile:
    """Find the delimiter and the header, and check that all of the file is UTF-8.

    Raises
    ------
    TableError
        If it is not UTF-8, or its first line cannot be parsed.
    """
    headers = {delimiter: _header(path, delimiter) for delimiter in DELIMITERS}
    delimiter = max(headers, key=lambda candidate: len(headers[candidate]))
    regular = _check_bytes(path, delimiter)
    if not headers[delimiter]:
        raise TableError(
            f"The first line of {path} cannot be made out: a quote is left open.",
            needed="A first line of column names.",
            todo="Correct the first line.",
        )
    header = tuple(name.strip() for name in headers[delimiter])
    return CsvFile(path, delimiter, header, regular)


def read_rows(file: CsvFile, positions: Sequence[int]) -> Iterator[CsvRows]:
    """Yield the rows below the header, with the columns at ``positions`` only."""
    used = sorted(set(positions))
    parts = _read_regular(file, used) if file.regular else _read_carefully(file, used)
    tables: list[pa.Table] = []
    malformed: list[int] = []
    n_rows = 0
    for table, bad in parts:
        tables.append(table)
        malformed += bad
        n_rows += table.num_rows + len(bad)
        if n_rows >= ROWS_PER_TABLE:
            yield CsvRows(pa.concat_tables(tables), tuple(malformed))
            tables, malformed, n_rows = [], [], 0
    if n_rows:
        yield CsvRows(pa.concat_tables(tables), tuple(malformed))


def _header(path: Path, delimiter: str) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as handle:
        _, cells = next(read_records(handle, delimiter), (1, None))
    return cells or []


def _check_bytes(path: Path, delimiter: str) -> bool:
    """Check the encoding to the last byte; return whether the file is regular."""
    quotes = _quotes_in_place(delimiter)
    regular, carry, n_lines = True, b"", 0
    for chunk in _utf8_chunks(path):
        n_lines += chunk.count(b"\n")
        lines, end, unfinished = (carry + chunk).rpartition(b"\n")
        regular = regular and _is_regular(lines + end, quotes)
        carry = unfinished if regular else b""
        regular = regular and len(carry) < BLOCK_BYTES
    return regular and n_lines > 0 and _is_regular(carry, quotes)


def _utf8_chunks(path: Path) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    n_bytes = 0
    with path.open("rb") as handle:
        chunk = handle.read(CHUNK_BYTES)
        while chunk:
            ahead = handle.read(CHUNK_BYTES)
            try:
                decoder.decode(chunk, final=not ahead)
            except UnicodeDecodeError as error:
                raise _not_utf8(path, n_bytes + error.start) from error
            yield chunk
            n_bytes += len(chunk)
            chunk = ahead


def _quotes_in_place(delimiter: str) -> re.Pattern[bytes]:
    """Match a cell in quotes: one opens it, one closes it in the line, others pair.

    Without possessive quantifiers: Python 3.11.2 loses the last byte by them.
    """
    edge = rb"[\r\n" + re.escape(delimiter.encode()) + rb"]"
    opens, closes = rb"(?:\A|(?<=" + edge + rb"))", rb"(?=" + edge + rb"|\Z)"
    cell = rb'"[^"\r\n]*(?:""[^"\r\n]*)*"'
    return re.compile(opens + cell + closes)


def _is_regular(lines: bytes, quotes: re.Pattern[bytes]) -> bool:
    ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == ord("\n"))
    longest = int(np.diff(ends, prepend=-1, append=len(lines)).max())
    return (
        longest < BLOCK_BYTES
        and not lines.startswith((b"\n", b"\r"))
        and b"\n\n" not in lines
        and b"\n\r" not in lines
        and lines.count(b"\r") == lines.count(b"\r\n")
        and (b'"' not in lines or b'"' not in quotes.sub(b"", lines))
    )


def _not_utf8(path: Path, position: int) -> TableError:
    with path.open("rb") as handle:
        line = handle.read(position).count(b"\n") + 1
        handle.seek(max(position - 64, 0))
        encoding = guess_encoding(handle.read(1 << 12))
    return TableError(
        f"{path} is not UTF-8: line {line} is probably {encoding}.",
        needed="A CSV file in UTF-8.",
        todo=encode_as_utf8(encoding.split(" or ")[0]),
    )


def _read_regular(
    file: CsvFile, positions: Sequence[int]
) -> Iterator[tuple[pa.Table, list[int]]]:
    bad: list[int] = []

    def set_aside(row: pc.InvalidRow) -> str:
        bad.append(row.number)
        return "skip"

    names = [str(position) for position in range(len(file.header))]
    used = [str(position) for position in positions]
    reader = pc.open_csv(
        file.path,
        read_options=pc.ReadOptions(
            use_threads=False, column_names=names, skip_rows=1, block_size=BLOCK_BYTES
        ),
        parse_options=pc.ParseOptions(
            delimiter=file.delimiter, invalid_row_handler=set_aside
        ),
        convert_options=pc.ConvertOptions(
            column_types=dict.fromkeys(used, pa.string()),
            include_columns=used,
            strings_can_be_null=False,
        ),
    )
    n_read, n_reported = 0, 0
    for batch in reader:
        rows = np.arange(n_read, n_read + batch.num_rows)
        n_read += batch.num_rows
        malformed = bad[n_reported:]
        n_reported += len(malformed)
        table = pa.Table.from_batches([batch])
        yield table.append_column(ROW, pa.array(_line_numbers(rows, bad))), malformed
    yield _table(positions, [], []), bad[n_reported:]


def _line_numbers(rows: np.ndarray, bad: Sequence[int]) -> np.ndarray:
    """Return the line of each well-formed row, counted from 0 after the header."""
    before = np.asarray(bad, dtype=np.int64) - 2 - np.arange(len(bad))
    lines: np.ndarray = rows + 2 + np.searchsorted(before, rows, side="right")
    return lines


def _read_carefully(
    file: CsvFile, positions: Sequence[int]
) -> Iterator[tuple[pa.Table, list[int]]]:
    width = len(file.header)
    with file.path.open(encoding="utf-8-sig", newline="") as handle:
        records = read_records(handle, file.delimiter)
        next(records)
        while records_read := list(islice(records, ROWS_PER_LIST)):
            good = [
                (line, row) for line, row in records_read if row and len(row) == width
            ]
            bad = [line for line, row in records_read if not row or len(row) != width]
            rows, lines = [row for _, row in good], [line for line, _ in good]
            yield _table(positions, rows, lines), bad


def _table(
    positions: Sequence[int], rows: Sequence[Sequence[str]], lines: Sequence[int]
) -> pa.Table:
    cells = [pa.array([row[at] for row in rows], pa.string()) for at in positions]
    return pa.table(
        [*cells, pa.array(lines, pa.int64())], names=[*map(str, positions), ROW]
    )
