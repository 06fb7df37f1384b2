"""`regulars promote` moves the champion, says why, and servers follow."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from regulars.cli import main
from serving.store import create_key, open_store
from tests.regulars.conftest import ROOT
from tests.regulars.shop import SOUND, SPOILT, Shop, open_shop, stock
from training.champion import CHAMPION, alias_version

if TYPE_CHECKING:
    from tests.buyers import Rows
    from tests.conftest import Registry


@pytest.fixture(scope="module")
def shop(
    rows: Rows, registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    """Open a shop whose champion is version 1 and whose newest fit is version 2."""
    opened = open_shop(tmp_path_factory.mktemp("shop"), rows)
    stock(opened, registry)
    return opened


@pytest.fixture(autouse=True)
def first_is_champion(shop: Shop) -> None:
    """Begin each test with version 1."""
    main(["promote", "1", "-c", str(shop.config)], {})


def promote(
    shop: Shop, capsys: pytest.CaptureFixture[str], *args: str
) -> tuple[int, dict[str, Any]]:
    """Run the command; return its exit code and its JSON."""
    capsys.readouterr()
    code = main(["promote", "-c", str(shop.config), "--json", *args], {})
    return code, json.loads(capsys.readouterr().out)


def champion(shop: Shop) -> str | None:
    """Return the version that the registry calls champion."""
    return alias_version(shop.registry(), CHAMPION)


def test_the_newest_fit_is_promoted_and_taken_back(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = promote(shop, capsys, "--reason", "better before Christmas")
    assert (code, told["version"], told["changed"]) == (0, SOUND, True)
    assert told["promotion"]["reason"] == "better before Christmas"
    assert told["promotion"]["previous"] == "1"
    assert champion(shop) == SOUND
    code, told = promote(shop, capsys, "--rollback")
    assert (code, told["promotion"]["action"]) == (0, "roll back")
    assert champion(shop) == "1"


def test_it_says_that_the_next_scoring_publishes_with_it(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["promote", SOUND, "-c", str(shop.config)], {}) == 0
    out = capsys.readouterr().out
    assert "Version 2 is the champion; before: version 1." in out
    assert "The next `regulars score` publishes with it" in out


def test_the_champion_itself_is_left_as_it_is(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = promote(shop, capsys, "1")
    assert (code, told["changed"], told["promotion"]) == (0, False, None)


@pytest.mark.parametrize("version", [SPOILT, "99"])
def test_a_version_whose_bundle_does_not_check_is_refused(
    shop: Shop, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    code, told = promote(shop, capsys, version)
    assert (code, told["error"]["kind"]) == (1, "BundleError")
    assert champion(shop) == "1"


@pytest.mark.parametrize("args", [("v2",), ("../2",), ("2", "--rollback")])
def test_what_cannot_be_meant_is_bad_usage(
    shop: Shop, capsys: pytest.CaptureFixture[str], args: tuple[str, ...]
) -> None:
    code, told = promote(shop, capsys, *args)
    assert (code, told["error"]["kind"]) == (2, "ConfigError")


@contextmanager
def server(shop: Shop) -> Iterator[str]:
    """Serve on a free port in a process of its own; yield its address."""
    args = ["-m", "regulars", "serve", "-c", str(shop.config), "--port", "0"]
    log = shop.config.with_name("server.log")
    with (
        log.open("w") as sink,
        subprocess.Popen(
            [sys.executable, *args],
            stdout=sink,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        ) as process,
    ):
        assert process.stderr is not None
        announced = re.search(r"http://\S+:\d+", process.stderr.readline())
        drain = threading.Thread(target=process.stderr.read)
        drain.start()
        try:
            assert announced is not None
            yield announced[0]
        finally:
            process.kill()
            drain.join()


def call(address: str, secret: str) -> httpx2.Client:
    """Return a client with a key."""
    return httpx2.Client(base_url=address, headers={"X-API-Key": secret}, timeout=120)


class Caller(threading.Thread):
    """Ask for a page, a look-up and a fresh score, over and over."""

    def __init__(self, client: httpx2.Client, *, body: dict[str, Any]) -> None:
        super().__init__()
        self.client = client
        self.body = body
        self.answers: list[dict[str, Any]] = []
        self.statuses: set[int] = set()
        self.enough = threading.Event()

    def ask(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Ask once for a page and once for scores."""
        page = self.client.get("/v1/customers", params={"limit": 5})
        scored = self.client.post("/v1/predict", json=self.body)
        self.statuses |= {page.status_code, scored.status_code}
        found = (page.json(), scored.json())
        self.answers += found
        return found

    def run(self) -> None:
        """Ask until it is enough."""
        while not self.enough.is_set():
            self.ask()


def versions(answer: dict[str, Any]) -> set[str]:
    """Return every version that an answer names."""
    scores = [item.get("score", item) for item in answer["items"]]
    return {answer["model_version"], *(score["model_version"] for score in scores)}


def test_a_running_server_switches_whole(
    shop: Shop, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before, during and after, no answer names two versions."""
    assert main(["score", "-c", str(shop.config)], {}) == 0
    with closing(open_store(shop.store_url)) as store:
        key = create_key(store, name="test", scopes=["read", "predict"])
    names = sorted({row["customer_id"] for row in rows.transactions})[:4]
    events = [
        {
            "occurred_at": row["occurred_at"].isoformat(),
            "amount": row["amount"],
            "order_id": row["order_id"],
        }
        for row in rows.of(names[0]).transactions
    ]
    asked = [{"customer_id": names[0], "transactions": events}]
    asked += [{"customer_id": name} for name in names[1:]]
    with server(shop) as address, call(address, key.secret) as client:
        caller = Caller(client, body={"customers": asked})
        before = caller.ask()
        caller.start()
        code, told = promote(shop, capsys, SOUND, "--score")
        caller.enough.set()
        caller.join()
        after = caller.ask()
    assert code == 0
    assert told["published"]["model_version"] == SOUND
    assert caller.statuses == {200}
    assert [versions(answer) for answer in before] == [{"1"}, {"1"}]
    assert [versions(answer) for answer in after] == [{SOUND}, {SOUND}]
    assert after[0]["run_id"] == after[1]["run_id"] == told["published"]["run_id"]
    assert all(len(versions(answer)) == 1 for answer in caller.answers)
