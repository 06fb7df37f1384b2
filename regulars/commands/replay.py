"""``regulars replay``: make a past score again, and compare every byte."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

from features.errors import ConfigError
from regulars.bundles import bundle_source
from regulars.console import Steps, print_json, print_table, say
from regulars.log import open_log
from serving.errors import UnknownCustomerError, UnknownRunError
from serving.predict.replay import PastScore, Replay, past_score
from serving.predict.replay import replay as make_again
from serving.store import open_store

if TYPE_CHECKING:
    from regulars.settings.settings import Settings
    from serving.store import Store

EQUAL, DIFFERS = 0, 1
WIDTH = 60


def replay(
    settings: Settings, *, customer_id: str, run_id: str | None, as_json: bool
) -> int:
    """Replay one score; 1 if it is not the one that was served."""
    with Steps() as step, closing(open_store(settings.store.url)) as store:
        past = find(store, customer_id, run_id=run_id)
        step("Reading the log")
        with open_log(settings) as log:
            step(f"Scoring again with version {past.run.model_version}")
            replayed = make_again(store, bundle_source(settings), log, past)
    if as_json:
        print_json(replayed.to_dict())
    else:
        show_differences(replayed)
        say(in_words(replayed))
    return EQUAL if replayed.equal else DIFFERS


def find(store: Store, customer_id: str, *, run_id: str | None) -> PastScore:
    """Return the score as it was served.

    Raises
    ------
    ConfigError
        If the customer or the run is unknown.
    """
    try:
        return past_score(store, customer_id, run_id=run_id)
    except (UnknownCustomerError, UnknownRunError) as exc:
        raise ConfigError(exc.problem, needed=exc.needed, todo=exc.todo) from exc


def show_differences(replayed: Replay) -> None:
    """Print the columns that differ, as they were and as they are."""
    if not replayed.differs or replayed.body is None:
        return
    old, new = json.loads(replayed.past.body), json.loads(replayed.body)
    rows = [(name, clip(old[name]), clip(new.get(name))) for name in replayed.differs]
    columns = {"column": "left", "as it was served": "left", "replayed": "left"}
    print_table("What is not the same", columns, rows)


def clip(value: object) -> str:
    """Return a value as JSON, the end of a long one left out."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}…"


def in_words(replayed: Replay) -> str:
    """Say what was compared and what came of it."""
    run = replayed.past.run
    score = (
        f"{replayed.past.customer_id} in run {run.run_id}, as of {run.as_of:%Y-%m-%d}, "
        f"version {run.model_version}"
    )
    if replayed.equal:
        n_columns = len(json.loads(replayed.past.body))
        return f"{score}: all {n_columns} columns are the same, bit for bit."
    if replayed.body is None:
        difference = "the log now has no purchase of this customer before then"
    else:
        difference = f"{len(replayed.differs)} columns are not the same"
    return "\n".join([f"{score}: {difference}.", *replayed.why])
