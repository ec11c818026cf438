"""Projectors killed at random moments under a load: every view is what a rebuild from zero gives.

`LEDGER_KILLS` says how often; `make soak` kills fifty times.
"""

import dataclasses
import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from bench.programme import PROGRAMME
from bench.town import Town
from ledger import config
from ledger.domain.activity import RecordActivity
from ledger.domain.adjustment import AdjustCredits
from ledger.domain.campaign import Multiplier, PublishCampaign
from ledger.domain.fund_alarms import SetFundAlarms
from ledger.domain.instants import local_date
from ledger.domain.limits import VALUE_FEN_MAX
from ledger.domain.messages import Command
from ledger.domain.methodology import Measured
from ledger.domain.money import ApproveProposal, ProposeMoney
from ledger.domain.owners import CloseParticipant, OpenParticipant
from ledger.domain.payout import ConfirmPayout, InstructPayout
from ledger.domain.redemption import FulfilRedemption, FundWeight, HoldRedemption, RefundRedemption
from ledger.domain.sponsor import OpenSponsor
from ledger.domain.statement import ApproveStatement, CloseStatement, DisputeLine, ResolveDispute
from ledger.domain.visibility import EraseParticipant, HideParticipant, ShowParticipant
from ledger.following import Follower
from ledger.projections.registry import VIEWS
from ledger.projector import system_clock
from ledger.store.database import Database
from ledger.store.following import standing

KILLS = int(os.environ.get("LEDGER_KILLS", "6"))
IS_LONG = KILLS > 10
PARTICIPANTS = 12_000 if IS_LONG else 300
OF_LARGE_BOARDS = {"leaderboard_scores", "leaderboard_counts"}
"""Boards grow large with the 10,001st participant, for which a short run has no time."""
WAIT_S = 300.0
TABLES = [table.name for view in VIEWS.values() for table in view.tables]


def projector(conninfo: str) -> "subprocess.Popen[bytes]":
    settings = dataclasses.replace(config.load({}), database_url=conninfo)
    return subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", "project"],
        env=config.environment(settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def load_until(town: Town, over: threading.Event) -> None:
    rounds = 0
    while not over.is_set() or not rounds:
        rounds += 1
        town.fill(town.position + (2_000 if IS_LONG else 500))
        town.record(rarer(rounds, town.now))
        town.record(money(rounds, town.now))
        town.now += timedelta(days=1)
        town.record(settled(rounds, town.now))
        over.wait(0.2)


def campaign(now: datetime) -> Command:
    """Half as many credits again for riding the metro, so that views of bonuses have something to show."""
    return PublishCampaign(
        id="metro-days",
        version=1,
        name_zh="地铁日",
        name_en="Metro days",
        scenario_ids=("metro",),
        valid_from=now - timedelta(days=2),
        bonus=Multiplier(multiplier="1.5"),
        occurred_at=now,
    )


def rarer(number: int, now: datetime) -> list[Command]:
    """Somebody comes, is hidden and shown, acts, redeems, is refunded, and goes without a trace."""
    person, hold = f"x{number}", f"x-hold-{number}"
    about: dict[str, Any] = {"participant_id": person, "reason": "as asked", "occurred_at": now}
    account = f"participant:{person}"
    return [
        OpenParticipant(id=person, organisation_id="o1", occurred_at=now),
        RecordActivity(
            id=f"x-act-{number}",
            source="test",
            participant_id=person,
            scenario_id="bus",
            measured=Measured(distance_km="40"),
            occurred_at=now,
        ),
        HideParticipant(id=f"x-hide-{number}", **about),
        ShowParticipant(id=f"x-show-{number}", **about),
        HideParticipant(id=f"x-hide-again-{number}", **about),
        HoldRedemption(
            id=hold,
            participant_id=person,
            merchant_id="m1",
            credits=3,
            face_value_fen=301,
            fee_fen=7,
            offer_id="tea",
            funds=(FundWeight(fund_id="f0", weight=2), FundWeight(fund_id="f1", weight=1)),
            deadline_at=now + timedelta(days=1),
            occurred_at=now,
        ),
        FulfilRedemption(redemption_id=hold, occurred_at=now),
        RefundRedemption(redemption_id=hold, reason="broken", occurred_at=now),
        AdjustCredits(
            id=f"x-all-{number}", account=account, credits=-16, approver="Wu", reason="gone", occurred_at=now
        ),
        CloseParticipant(id=f"x-close-{number}", **about),
        EraseParticipant(id=f"x-erase-{number}", **about),
    ]


def money(number: int, now: datetime) -> list[Command]:
    """A sponsor's money comes by two keys, and little of it is left."""
    proposal, sponsor = f"p-{number}", f"s-{number}"
    return [
        OpenSponsor(id=sponsor, name_zh="出资方", name_en="Sponsor", occurred_at=now),
        SetFundAlarms(
            id=f"a-{number}", fund_id="f0", thresholds_fen=(VALUE_FEN_MAX,), by="maker", occurred_at=now
        ),
        ProposeMoney(
            id=proposal,
            movement="commit",
            fund_id="f0",
            sponsor_id=sponsor,
            value_fen=1_000,
            by="maker",
            occurred_at=now,
        ),
        ApproveProposal(proposal_id=proposal, by="checker", occurred_at=now),
        OpenParticipant(id=f"y{number}", occurred_at=now),
        AdjustCredits(
            id=f"y-all-{number}",
            account=f"participant:y{number}",
            credits=3,
            approver="Wu",
            reason="for a cup",
            occurred_at=now,
        ),
        HoldRedemption(
            id=f"y-{number}",
            participant_id=f"y{number}",
            merchant_id="m1",
            credits=3,
            face_value_fen=301,
            fee_fen=7,
            funds=(FundWeight(fund_id="f0", weight=1),),
            deadline_at=now + timedelta(days=1),
            occurred_at=now,
        ),
        FulfilRedemption(redemption_id=f"y-{number}", occurred_at=now),
    ]


def settled(number: int, now: datetime) -> list[Command]:
    """The day before is closed, a line of it disputed and amended, and the statement paid."""
    ends_on = local_date(now, "Asia/Shanghai")
    statement = f"m1:{ends_on}"
    signed: dict[str, Any] = {"occurred_at": now, "by": "checker"}
    line: dict[str, Any] = {"redemption_id": f"y-{number}", "line": "use", "statement_id": statement}
    payout = f"pay-{number}"
    return [
        CloseStatement(merchant_id="m1", ends_on=ends_on, by="maker", occurred_at=now),
        DisputeLine(reason="half a cup", **line, **signed),
        ResolveDispute(outcome="amended", amended_fen=200, reason="so it was", **line, **signed),
        ApproveStatement(statement_id=statement, is_early=True, **signed),
        InstructPayout(id=payout, statement_id=statement, **signed),
        ConfirmPayout(statement_id=statement, payout_id=payout, bank_reference="b", **signed),
    ]


def rebuilt_differs(conninfo: str) -> dict[str, int]:
    """Rows that differ between each live table and one built from position 1."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA zero")
        for table in map(sql.Identifier, TABLES):
            connection.execute(
                sql.SQL("CREATE TABLE zero.{} (LIKE views.{} INCLUDING ALL)").format(table, table)
            )
        with Database(conninfo) as opened:
            follower = Follower(opened, PROGRAMME, clock=system_clock, schema="zero", prefix="zero:")
            for name in VIEWS:
                at = 0
                while taken := follower.step({name: at}):
                    at += taken
        differing: dict[str, int] = {}
        for name in TABLES:
            table = sql.Identifier(name)
            for one, other in (("views", "zero"), ("zero", "views")):
                query = sql.SQL("SELECT count(*) FROM (TABLE {}.{} EXCEPT TABLE {}.{}) AS rows").format(
                    sql.Identifier(one), table, sql.Identifier(other), table
                )
                [count] = connection.execute(query).fetchone() or (0,)
                differing[name] = differing.get(name, 0) + count
            [rows] = connection.execute(
                sql.SQL("SELECT count(*) FROM views.{}").format(table)
            ).fetchone() or (0,)
            assert rows or (name in OF_LARGE_BOARDS and not IS_LONG), f"{name} is empty"
    return differing


@pytest.mark.timeout(0 if IS_LONG else 300)
def test_however_often_projectors_are_killed_every_view_equals_a_rebuild_from_zero(database: str) -> None:
    chance = random.Random(KILLS)
    running = [projector(database) for _ in range(2)]
    over = threading.Event()
    try:
        with Town(database, participants=PARTICIPANTS) as town:
            town.record([campaign(town.now)])
            load = threading.Thread(target=load_until, args=(town, over))
            load.start()
            for _ in range(KILLS):
                time.sleep(chance.uniform(0.3, 2.0))
                victim = running.pop(chance.randrange(2))
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                running.append(projector(database))
            over.set()
            load.join()
            with Database(database) as opened:
                deadline = time.monotonic() + WAIT_S
                while any(view.lag_events for view in standing(opened, list(VIEWS))):
                    assert time.monotonic() < deadline, standing(opened, list(VIEWS))
                    time.sleep(0.1)
    finally:
        over.set()
        for process in running:
            process.terminate()
            process.wait()
    assert rebuilt_differs(database) == dict.fromkeys(TABLES, 0)
