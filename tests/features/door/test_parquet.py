"""Parquet is read by its types; what cannot be the table is refused whole."""

from datetime import UTC, date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from features.errors import TableError
from tests.features.small_files import (
    GOOD,
    HEADER,
    at,
    read_transactions,
    report_on,
    rows_of,
    write_bytes,
    write_parquet,
    write_text,
)

NOON = at("2024-05-01 12:00")


def sales(n_rows: int = 1, **columns: Any) -> dict[str, Any]:
    base = {
        "customer_id": ["c1"] * n_rows,
        "occurred_at": [NOON] * n_rows,
        "amount": [9.5] * n_rows,
    }
    return base | columns


@pytest.mark.parametrize(
    "instants",
    [
        pa.array([NOON], pa.timestamp("ns")),
        pa.array([NOON], pa.timestamp("us")),
        pa.array([NOON], pa.timestamp("ms")),
        pa.array([NOON.replace(tzinfo=UTC)], pa.timestamp("us", "UTC")),
        pa.array([NOON.replace(tzinfo=UTC)], pa.timestamp("ns", "Asia/Shanghai")),
        pa.array(["2024-05-01T20:00:00+08:00"]),
        pa.array(["2024-05-01 12:00"]).dictionary_encode(),
    ],
    ids=lambda instants: str(instants.type),
)
def test_every_type_of_instant_becomes_utc(instants: pa.Array, tmp_path: Path) -> None:
    path = write_parquet(tmp_path, sales(occurred_at=instants))
    with read_transactions(path) as log:
        assert rows_of(log, "transactions", "occurred_at") == [(NOON,)]


def test_a_date_is_its_first_instant(tmp_path: Path) -> None:
    path = write_parquet(tmp_path, sales(occurred_at=[date(2024, 5, 1)]))
    with read_transactions(path) as log:
        assert rows_of(log, "transactions", "occurred_at") == [(at("2024-05-01"),)]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (pa.array(["007"]), "007"),
        (pa.array([13085]), "13085"),
        (pa.array([13085.0]), "13085"),
        (pa.array([Decimal("13085.00")]), "13085"),
        (pa.array([2**63], pa.uint64()), "9223372036854775808"),
        (pa.array(["c1"]).dictionary_encode(), "c1"),
    ],
)
def test_an_id_is_text_as_a_person_writes_it(
    ids: pa.Array, expected: str, tmp_path: Path
) -> None:
    with read_transactions(write_parquet(tmp_path, sales(customer_id=ids))) as log:
        assert rows_of(log, "transactions", "customer_id") == [(expected,)]


def test_an_id_lost_among_floats_is_missing(tmp_path: Path) -> None:
    columns = sales(2, customer_id=[13085.0, float("nan")])
    report = report_on(write_parquet(tmp_path, columns))
    assert report.rejected == {"missing_customer_id": 1}


@pytest.mark.parametrize(
    "amounts", [[9], [Decimal("9.00")], ["9.0"], pa.array([9], pa.float32())]
)
def test_an_amount_is_any_number(amounts: Any, tmp_path: Path) -> None:
    with read_transactions(write_parquet(tmp_path, sales(amount=amounts))) as log:
        assert rows_of(log, "transactions", "amount") == [(9.0,)]


def test_optional_columns_may_be_all_null(tmp_path: Path) -> None:
    columns = sales(known_at=pa.nulls(1), quantity=pa.nulls(1), channel=pa.nulls(1))
    with read_transactions(write_parquet(tmp_path, columns)) as log:
        assert rows_of(log, "transactions", "known_at", "quantity") == [(None, None)]


@pytest.mark.parametrize(
    ("columns", "message", "todo"),
    [
        (sales(occurred_at=[1714521600]), "'occurred_at' as BIGINT", "not guessed at"),
        (sales(occurred_at=[1714521600.0]), "'occurred_at' as DOUBLE", "timestamps"),
        (sales(amount=[True]), "'amount' as BOOLEAN", "Convert"),
        (sales(amount=[NOON]), "'amount' as TIMESTAMP", "Convert"),
        (sales(customer_id=[b"c1"]), "'customer_id' as BLOB", "Convert"),
        (sales(customer_id=[["c1"]]), r"'customer_id' as VARCHAR\[\]", "Convert"),
        (sales(customer_id=[NOON]), "'customer_id' as TIMESTAMP", "Convert"),
        (sales(known_at=[5]), "'known_at' as BIGINT", "not guessed at"),
    ],
)
def test_a_column_of_the_wrong_type_is_refused(
    columns: dict[str, Any], message: str, todo: str, tmp_path: Path
) -> None:
    with pytest.raises(TableError, match=message) as caught:
        report_on(write_parquet(tmp_path, columns))
    assert todo in caught.value.todo


def test_a_nested_column_that_is_not_used_does_not_matter(tmp_path: Path) -> None:
    report = report_on(write_parquet(tmp_path, sales(tags=[["a"]])))
    assert report.rows_accepted == 1
    assert report.unused == ("tags",)


@pytest.mark.parametrize(
    "name", ["a[1].parquet", "a*b.parquet", "it's.parquet", "year=2024.parquet"]
)
def test_a_path_is_taken_as_it_stands(name: str, tmp_path: Path) -> None:
    write_parquet(tmp_path, sales(3), name="a1.parquet")
    write_parquet(tmp_path, sales(3), name="axb.parquet")
    assert report_on(write_parquet(tmp_path, sales(), name=name)).rows_in == 1


def test_folders_add_no_columns(tmp_path: Path) -> None:
    folder = tmp_path / "channel=shop"
    folder.mkdir()
    write_parquet(folder, sales())
    report = report_on(str(tmp_path / "**" / "*.parquet"))
    assert report.columns == ("customer_id", "occurred_at", "amount")


def test_columns_named_as_duckdbs_own_are_theirs(tmp_path: Path) -> None:
    path = write_parquet(tmp_path, sales(2, filename=["a", "b"], amount=[1.0, None]))
    report = report_on(path, order_id="filename")
    assert [(example.file, example.row) for example in report.examples] == [(path, 2)]


def test_files_of_different_schemas_are_one_table(tmp_path: Path) -> None:
    write_parquet(tmp_path, sales(customer_id=[7]), name="1.parquet")
    reordered = dict(reversed(sales(customer_id=["8"], order_id=["o"]).items()))
    write_parquet(tmp_path, reordered, name="2.parquet")
    write_parquet(tmp_path, sales(customer_id=[9]), name="3.parquet")
    write_text(tmp_path, HEADER, GOOD, name="4.csv")
    with read_transactions(str(tmp_path / "*")) as log:
        assert rows_of(log, "transactions", "customer_id", "order_id") == [
            ("7", None),
            ("8", "o"),
            ("9", None),
            ("c1", None),
        ]


def test_examples_name_the_right_file_of_many(tmp_path: Path) -> None:
    for number in range(5):
        amount = [None] if number == 3 else [1.0]
        columns = sales(amount=pa.array(amount, pa.float64()))
        if number % 2:
            columns["order_id"] = ["o"]
        write_parquet(tmp_path, columns, name=f"{number}.parquet")
    (example,) = report_on(str(tmp_path / "*")).examples
    assert Path(example.file).name == "3.parquet"


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    whole = Path(write_parquet(tmp_path, sales())).read_bytes()
    with pytest.raises(TableError, match="cut short"):
        report_on(write_bytes(tmp_path, whole[:-20], name="log.parquet"))


def test_a_file_damaged_inside_is_refused_by_name(tmp_path: Path) -> None:
    write_parquet(tmp_path, sales(), name="1.parquet")
    ids = [f"customer {number}" for number in range(5_000)]
    columns = sales(5_000, customer_id=ids)
    path = Path(write_parquet(tmp_path, columns, name="2.parquet"))
    content = bytearray(path.read_bytes())
    content[4:3_000] = bytes(2_996)
    path.write_bytes(content)
    with pytest.raises(TableError, match=r"2\.parquet cannot be read as Parquet"):
        report_on(str(tmp_path / "*.parquet"))


def test_a_file_with_a_damaged_index_is_refused(tmp_path: Path) -> None:
    path = Path(write_parquet(tmp_path, sales()))
    content = path.read_bytes()
    length = int.from_bytes(content[-8:-4], "little")
    path.write_bytes(content[: -8 - length] + bytes(length) + content[-8:])
    with pytest.raises(TableError, match="cannot be read as Parquet"):
        report_on(str(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{HEADER}\n{GOOD}\n".encode(), "no Parquet, whatever its name says"),
        (b"<html>", "HTML"),
        (b"PARE....PARE", "encrypted"),
    ],
)
def test_a_file_only_named_parquet_is_refused(
    content: bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(TableError, match=message):
        report_on(write_bytes(tmp_path, content, name="log.parquet"))


def test_parquet_is_known_by_its_bytes(tmp_path: Path) -> None:
    assert report_on(write_parquet(tmp_path, sales(), name="log.csv")).rows_in == 1


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    columns = {name: pa.array(values)[:0] for name, values in sales().items()}
    with pytest.raises(TableError, match="has a header but no rows"):
        report_on(write_parquet(tmp_path, columns))
