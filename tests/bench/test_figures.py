"""Each benchmark writes its own section of the figures, and no other."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from tests.bench.__main__ import BENCHES, SIZED, section_of
from tests.bench.figures import FIGURES, Section, seeds_table, write_section
from tests.bench.rows import Row

OTHERS = ("quality", "sample", "labels", "contracts")
DOCUMENT = """\
# Figures

Prose of the first.

<!-- begin first -->
<!-- end first -->

<!-- begin second -->
`EVENTS=3000000 ONLY=second make bench`, 2026-01-02, 2 cores.

| a |
<!-- end second -->
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a document with two sections."""
    file = tmp_path / "figures.md"
    file.write_text(DOCUMENT)
    return file


def section(name: str, *, command: str = "make bench-quality") -> Section:
    return Section(name, command, "| new |", date(2026, 3, 4), "8 cores")


def test_a_section_says_its_command_its_date_and_its_machine(path: Path) -> None:
    assert write_section(section("first"), path)
    assert path.read_text() == DOCUMENT.replace(
        "<!-- begin first -->\n",
        "<!-- begin first -->\n`make bench-quality`, 2026-03-04, 8 cores.\n\n| new |\n",
    )


def test_a_section_written_twice_is_there_once(path: Path) -> None:
    write_section(section("first"), path)
    once = path.read_text()
    write_section(section("first"), path)
    assert path.read_text() == once


def test_a_smaller_log_does_not_replace_a_larger_one(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    smaller = section("second", command="EVENTS=1000000 ONLY=second make bench")
    assert not write_section(smaller, path)
    assert path.read_text() == DOCUMENT
    assert "keeps the second of a larger log" in capsys.readouterr().err


def test_an_equal_or_larger_log_replaces_it(path: Path) -> None:
    for events in (3_000_000, 10_000_000):
        command = f"EVENTS={events} ONLY=second make bench"
        assert write_section(section("second", command=command), path)
        assert command in path.read_text()


def test_a_section_without_a_place_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="begin third"):
        write_section(section("third"), path)


def test_seeds_stand_side_by_side_with_their_mean() -> None:
    assert seeds_table([{"AUC": 0.5}, {"AUC": 0.75}]).splitlines() == [
        "| figure | seed 0 | seed 1 | mean |",
        "| --- | --- | --- | --- |",
        "| AUC | 0.500 | 0.750 | 0.625 |",
    ]


@pytest.mark.parametrize("name", [*BENCHES, *OTHERS])
def test_each_benchmark_has_a_section_that_it_could_write(
    name: str, tmp_path: Path
) -> None:
    copy = tmp_path / "figures.md"
    copy.write_text(FIGURES.read_text())
    command = "EVENTS=1000000000000 make bench"
    assert write_section(section(name, command=command), copy)


@pytest.mark.parametrize("name", BENCHES)
def test_the_figures_in_place_have_the_form_that_is_written(name: str) -> None:
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
    text = FIGURES.read_text().split(begin)[1].split(end)[0]
    rows = [Row("what", "against", 1.0, 2.0, "2x", "1x", "3x", met=True)]
    expected = section_of(name, rows, events=1_000_000)
    head, blank, *table = text.splitlines()
    command, _, measured = head.partition("`, ")
    assert re.sub(r"EVENTS=\d+", "EVENTS=1000000", command[1:]) == expected.command
    assert re.match(r"\d{4}-\d\d-\d\d, \d+ cores, Python \d", measured)
    assert blank == ""
    assert table[:2] == expected.body.splitlines()[:2]
    assert {line.count(" | ") for line in table} == {8}
    assert ("EVENTS" in command) == (name in SIZED)
