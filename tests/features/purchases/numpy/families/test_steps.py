"""The steps that numpy works out by hand are known by what their SQL means."""

from sqlglot import parse_one

from features.purchases.numpy.families.steps import ROWS, changes, known_steps, pieces
from tests.features.purchases.numpy.families.shipped import shipped_steps


def test_the_steps_are_those_that_were_compared() -> None:
    assert known_steps() == shipped_steps(), (
        "A step of features/purchases/sql has changed that numpy works out by hand: "
        "change features/purchases/numpy/grains alike, run the tests of this folder, "
        "then write the digests anew with python -m " + shipped_steps.__module__
    )


def test_comments_and_blanks_are_no_pieces() -> None:
    plain = parse_one("select a + 1 as b from t where c > 2", read="duckdb")
    spaced = parse_one("-- x\nselect a  +\n1 as b -- y\nfrom t where c > 2", "duckdb")

    assert pieces(plain) == pieces(spaced)
    assert set(pieces(plain)) == {ROWS, "b"}


def test_the_texts_of_a_log_are_no_pieces() -> None:
    case = "select case when type = {} and way = {} then {} end as type_no from t"
    one = parse_one(case.format("'call'", "'in'", 1), read="duckdb")
    other = parse_one(case.format("'visit'", "''", 7), read="duckdb")

    assert pieces(one) == pieces(other)


def test_what_changed_is_named() -> None:
    query = "select customer_id, row_number() over (order by {}) as customer_no from"
    query += " transactions group by customer_id"

    assert changes("buyers", parse_one(query.format("customer_id"), "duckdb")) is None
    assert changes("buyers", parse_one(query.format("known_at"), "duckdb")) == (
        "customer_no of buyers is not what numpy works out"
    )
    assert changes("sellers", parse_one(query.format("1"), "duckdb")) == (
        "the step sellers is not known in numpy"
    )
