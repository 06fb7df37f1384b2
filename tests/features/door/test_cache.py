"""A log of which some files are known is the log that is read whole."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from inspect import getfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from features.door import table_reader
from features.door.cache import ReadCache, hash_code
from features.door.files import formats
from features.door.log_files import Log, LogSource, TableSource, read_log
from features.purchases.build import build_features
from features.purchases.plan import plan_features
from tests.features.small_files import GOOD, HEADER, write_text
from tests.features.sqllog import NOW, is_known, queries, transactions

AS_OF = NOW.replace(tzinfo=UTC)
TODAY = AS_OF + timedelta(days=90)
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("customer_id", "order_id", "product_id")),
        *((name, pa.string()) for name in ("category", "channel")),
        *((name, pa.timestamp("us")) for name in ("occurred_at", "known_at")),
        *((name, pa.float64()) for name in ("amount", "quantity", "discount", "cost")),
    ]
)
Rows = list[dict[str, Any]]


def read(folder: Path, cache: ReadCache | None = None, *, now: datetime = TODAY) -> Log:
    source = LogSource(TableSource(str(folder / "log-*")), not_products=("fee",))
    return read_log(source, now=now, cache=cache)


def features_of(log: Log) -> pa.Table:
    plan = plan_features(log, as_of=AS_OF, horizon=timedelta(days=30))
    return build_features(log, plan, as_of=[AS_OF])


def sorted_rows(log: Log) -> pa.Table:
    return log.con.sql("from transactions order by all").to_arrow_table()


def write(folder: Path, night: int, rows: Rows) -> None:
    path = folder / f"log-{night}.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nights")


@settings(queries, max_examples=5)
@given(
    nights=st.lists(transactions(max_size=10), min_size=2, max_size=4),
    altered=transactions(max_size=4),
    at=st.integers(0, 3),
)
def test_night_after_night_gives_the_bytes_of_a_full_rebuild(
    folder: Path, nights: list[Rows], altered: Rows, at: int
) -> None:
    assume(any(is_known(row) and row["amount"] > 0 for row in nights[0]))
    for path in folder.glob("log-*"):
        path.unlink()
    cache_folder = folder / "kept"
    for number, rows in enumerate([*nights, altered]):
        # The last night alters an earlier file, but for the first.
        write(folder, 1 + at % (len(nights) - 1) if rows is altered else number, rows)
        with (
            read(folder, ReadCache(cache_folder)) as cached,
            read(folder) as fresh,
        ):
            assert cached.reports == fresh.reports
            assert sorted_rows(cached).equals(sorted_rows(fresh))
            if rows is altered:
                assert features_of(cached).equals(features_of(fresh))


def test_only_new_and_changed_files_are_read(tmp_path: Path) -> None:
    for name in ("log-1.csv", "log-2.csv"):
        write_text(tmp_path, HEADER, GOOD, name=name)
    first = ReadCache(tmp_path / "kept")
    read(tmp_path, first).close()
    write_text(tmp_path, HEADER, GOOD, "c2,2024-05-02,1", name="log-2.csv")
    write_text(tmp_path, HEADER, GOOD, name="log-3.csv")

    second = ReadCache(tmp_path / "kept")
    with read(tmp_path, second) as log:
        assert log.reports["transactions"].rows_accepted == 4

    # Files of the same bytes are one.
    assert (first.n_read, first.n_cached) == (2, 0)
    assert (second.n_read, second.n_cached) == (1, 2)


def test_full_reads_every_file_again(tmp_path: Path) -> None:
    write_text(tmp_path, HEADER, GOOD, name="log-1.csv")
    read(tmp_path, ReadCache(tmp_path / "kept")).close()

    again = ReadCache(tmp_path / "kept", full=True)
    read(tmp_path, again).close()

    assert (again.n_read, again.n_cached) == (1, 0)


def test_rows_set_aside_are_counted_and_shown_as_if_read_now(tmp_path: Path) -> None:
    bad = ["c1,2024-05-01,much", ",2024-05-01,1", "c1,yesterday,1", "c1,2024-05-01"]
    for number in range(3):
        write_text(tmp_path, HEADER, GOOD, *bad, *bad, name=f"log-{number}.csv")
        with (
            read(tmp_path, ReadCache(tmp_path / "kept")) as cached,
            read(tmp_path) as fresh,
        ):
            assert cached.reports == fresh.reports


def test_a_row_of_the_future_is_taken_when_its_time_has_come(tmp_path: Path) -> None:
    write_text(tmp_path, HEADER, GOOD, "c1,2025-01-01,1", name="log-1.csv")
    counts = []
    for now in (TODAY, TODAY + timedelta(days=300)):
        with read(tmp_path, ReadCache(tmp_path / "kept"), now=now) as log:
            counts.append(log.reports["transactions"].rows_accepted)

    assert counts == [1, 2]


def test_a_clock_that_was_set_back_is_believed(tmp_path: Path) -> None:
    write_text(tmp_path, HEADER, GOOD, "c1,2024-08-29,1", name="log-1.csv")
    read(tmp_path, ReadCache(tmp_path / "kept")).close()

    with read(tmp_path, ReadCache(tmp_path / "kept"), now=AS_OF) as log:
        assert log.reports["transactions"].rejected == {"future_occurred_at": 1}


@pytest.mark.parametrize("harm", ["rows", "facts", "half"])
def test_what_was_harmed_is_read_again(tmp_path: Path, harm: str) -> None:
    write_text(tmp_path, HEADER, GOOD, name="log-1.csv")
    read(tmp_path, ReadCache(tmp_path / "kept")).close()
    [rows] = (tmp_path / "kept").rglob("*.parquet")
    [facts] = (tmp_path / "kept").rglob("*.json")
    if harm == "rows":
        rows.write_bytes(rows.read_bytes()[:-1] + b"?")
    elif harm == "facts":
        facts.write_text(json.dumps({"sha256": ""}))
    else:
        rows.unlink()

    cache = ReadCache(tmp_path / "kept")
    with read(tmp_path, cache) as log:
        assert log.reports["transactions"].rows_accepted == 1
    assert cache.n_read == 1


def test_what_no_file_holds_any_more_is_let_go(tmp_path: Path) -> None:
    write_text(tmp_path, HEADER, GOOD, name="log-1.csv")
    read(tmp_path, ReadCache(tmp_path / "kept")).close()
    write_text(tmp_path, HEADER, GOOD, GOOD, name="log-1.csv")
    read(tmp_path, ReadCache(tmp_path / "kept")).close()

    assert len(list((tmp_path / "kept").rglob("*.parquet"))) == 1


def test_a_log_with_currencies_is_read_whole(tmp_path: Path) -> None:
    # Which currency is accepted depends on all rows.
    write_text(tmp_path, f"{HEADER},currency", f"{GOOD},GBP", name="log-1.csv")
    for _ in range(2):
        cache = ReadCache(tmp_path / "kept")
        read(tmp_path, cache).close()
        assert (cache.n_read, cache.n_cached) == (1, 0)


def test_what_other_code_has_read_is_read_again(tmp_path: Path) -> None:
    write_text(tmp_path, HEADER, GOOD, name="log-1.csv")
    for code, n_cached in (("1", 0), ("1", 1), ("2", 0)):
        log = ReadCache(tmp_path / "kept", code=code)
        read(tmp_path, log).close()
        assert log.n_cached == n_cached, code


def test_a_change_to_any_module_of_the_reading_code_is_other_code(
    tmp_path: Path,
) -> None:
    door = Path(getfile(ReadCache)).parent
    assert {door, door / "files"} == {
        Path(getfile(module)).parent for module in (table_reader, formats)
    }
    copy = tmp_path / "door"
    assert ReadCache(tmp_path).code == hash_code(door)
    shutil.copytree(door, copy)
    codes = {hash_code(door), hash_code(copy)}
    assert len(codes) == 1
    for n_changed, path in enumerate(sorted(copy.rglob("*.py")), start=1):
        with path.open("a") as file:
            file.write("# changed\n")
        codes.add(hash_code(copy))
        assert len(codes) == 1 + n_changed, path.name
