"""A database and a programme full of participants, for the benchmarks to work on."""

import random
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger import config
from ledger.domain.adjustment import AdjustCredits
from ledger.domain.instants import ExpiryPolicy
from ledger.domain.messages import Command
from ledger.domain.owners import OpenMerchant, OpenParticipant
from ledger.domain.programme import OpenProgramme
from ledger.domain.transfer import TransferCredits
from ledger.embedded import EmbeddedPostgres
from ledger.store import migrations
from ledger.store.database import Database
from ledger.writer import Recorded, Writer

PROGRAMME = "demo-city"
PARTICIPANTS = 10_000
BATCH = 1_000
MERCHANT = "merchant:m-0001"
NOW = datetime.now(UTC).replace(microsecond=0)


@contextmanager
def server() -> Iterator[str]:
    """Give a server's connection string: the one of `DATABASE_URL`, or an embedded one of our own."""
    given = config.load().database_url
    if given is not None:
        yield given
        return
    with (
        tempfile.TemporaryDirectory(prefix="ledger-bench-") as folder,
        EmbeddedPostgres(Path(folder)) as embedded,
    ):
        yield embedded.dsn


@contextmanager
def new_database(server_conninfo: str) -> Iterator[str]:
    """Give the connection string of a migrated database that is dropped afterwards."""
    name = f"bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    conninfo = make_conninfo(server_conninfo, dbname=name)
    migrations.migrate(conninfo)
    try:
        yield conninfo
    finally:
        with psycopg.connect(server_conninfo, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


class Programme:
    """A city with 10,000 participants who hold plenty of credits, and the transfers between them."""

    def __init__(self, conninfo: str, *, quota_credits: int | None = None, seed: int = 20_261_122) -> None:
        self.conninfo = conninfo
        self._quota_credits = quota_credits
        self.database = Database(conninfo)
        self.writer = Writer(self.database)
        self._random = random.Random(seed)
        self._transfers = 0

    def __enter__(self) -> Self:
        self.writer.submit(PROGRAMME, city(self._quota_credits))
        self.writer.submit(
            PROGRAMME, OpenMerchant(occurred_at=NOW, id="m-0001", name_zh="商户", name_en="Merchant")
        )
        for begin in range(0, PARTICIPANTS, BATCH):
            ids = [f"p{n:05d}" for n in range(begin, begin + BATCH)]
            self.record([OpenParticipant(occurred_at=NOW, id=own_id) for own_id in ids])
            self.record([gift(own_id) for own_id in ids])
        return self

    def __exit__(self, *_: object) -> None:
        self.writer.close()
        self.database.close()

    def record(self, commands: list[Command]) -> None:
        """Record a batch; every command of a benchmark must be accepted."""
        for outcome in self.writer.submit_many(PROGRAMME, commands):
            assert isinstance(outcome, Recorded), outcome
            assert not outcome.replayed

    def transfers(self, count: int = BATCH, *, to_one_merchant: float = 0.0) -> list[Command]:
        """Make transfers between random participants, some of them to the one merchant instead."""
        made: list[Command] = []
        for _ in range(count):
            giver, receiver = self._random.sample(range(PARTICIPANTS), 2)
            self._transfers += 1
            is_merchant = self._random.random() < to_one_merchant
            made.append(
                TransferCredits(
                    occurred_at=NOW,
                    id=f"t-{self._transfers:09d}",
                    from_account=f"participant:p{giver:05d}",
                    to_account=MERCHANT if is_merchant else f"participant:p{receiver:05d}",
                    credits=1,
                )
            )
        return made


def city(quota_credits: int | None = None) -> OpenProgramme:
    """The terms of the benchmarks' programme; with a quota, each giver's month is counted too."""
    return OpenProgramme(
        occurred_at=NOW,
        id=PROGRAMME,
        name_zh="示范城市",
        name_en="Demo city",
        level="city",
        time_zone="Asia/Shanghai",
        transferable=True,
        transfer_quota_credits=quota_credits,
        expiry=ExpiryPolicy(kind="months", months=24),
    )


def gift(participant_id: str) -> AdjustCredits:
    """Plenty of credits."""
    return AdjustCredits(
        occurred_at=NOW,
        id=f"g-{participant_id}",
        account=f"participant:{participant_id}",
        credits=1_000_000,
        approver="benchmark",
        reason="credits to give away",
    )
