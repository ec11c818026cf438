"""Four processes write one programme at once: nothing is lost, doubled or overdrawn.

Every process sends commands of its own, and again those of the others; the answers of all of them
are then held against the log. The same is done with the locks taken away, where it must be seen.
"""

import multiprocessing
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
import psycopg
import pytest

from ledger import replay
from ledger.domain.activity import RecordActivity
from ledger.domain.adjustment import AdjustCredits
from ledger.domain.errors import InsufficientCredits, LedgerError
from ledger.domain.fund import CommitMoney
from ledger.domain.messages import Command
from ledger.domain.methodology import Measured
from ledger.domain.owners import (
    FreezeParticipant,
    OpenFund,
    OpenMerchant,
    OpenOrganisation,
    OpenParticipant,
    UnfreezeParticipant,
)
from ledger.domain.redemption import (
    CancelRedemption,
    FulfilRedemption,
    FundWeight,
    HoldRedemption,
    RefundRedemption,
)
from ledger.domain.transfer import TransferCredits
from ledger.store import append
from ledger.store.database import Database
from ledger.writer import Outcome, Recorded, Writer
from tests.unit.builders import OPEN_PROGRAMME, PUBLISH_METHODOLOGY, PUBLISH_SCENARIO, but

PROGRAMME: Final = OPEN_PROGRAMME.id
PROCESSES: Final = 4
THREADS: Final = 3
QUOTA_CREDITS: Final = 60
BEGUN_AT: Final = datetime(2026, 9, 1, tzinfo=UTC)

PEOPLE: Final = [f"p{n}" for n in range(16)]
HOLDERS: Final = [
    *(f"participant:{name}" for name in PEOPLE),
    "org:o0",
    "org:o1",
    "merchant:m0",
    "merchant:m1",
]
COUNTER_ACCOUNTS: Final = ("nature", "issuance", "adjusted", "sponsor:bank:external")

OPENING: Final = [
    but(OPEN_PROGRAMME, transfer_quota_credits=QUOTA_CREDITS, occurred_at=BEGUN_AT),
    but(PUBLISH_METHODOLOGY, occurred_at=BEGUN_AT),
    but(PUBLISH_SCENARIO, occurred_at=BEGUN_AT),
    *(OpenParticipant(id=name, occurred_at=BEGUN_AT) for name in PEOPLE),
    *(OpenOrganisation(id=f"o{n}", name_zh="组", name_en="Unit", occurred_at=BEGUN_AT) for n in range(2)),
    *(OpenMerchant(id=f"m{n}", name_zh="店", name_en="Shop", occurred_at=BEGUN_AT) for n in range(2)),
    *(OpenFund(id=f"f{n}", name_zh="资金", name_en="Fund", occurred_at=BEGUN_AT) for n in range(2)),
    *(
        AdjustCredits(
            id=f"first {holder}", account=holder, credits=15, approver="Li", reason="x", occurred_at=BEGUN_AT
        )
        for holder in HOLDERS
    ),
]

REFUSALS: Final = {
    "account_frozen",
    "account_status_unsuitable",
    "bulk_not_applied",
    "insufficient_credits",
    "insufficient_fund",
    "redemption_not_found",
    "redemption_status_unsuitable",
    "transfer_quota_exceeded",
}
"""What may rightly be answered; anything else is a problem."""


class Answer(NamedTuple):
    """What one process was told about one command."""

    fact: str
    """Names the command for everybody."""
    code: str
    """recorded, repeated, or what was refused."""
    body: bytes


# --- What the processes do ----------------------------------------------------------------------


def command_of(turn: int, deadline_at: datetime) -> Command:
    """Give the same command for the same turn in every process."""
    draw = random.Random(turn)
    told: dict[str, Any] = {"id": f"c{turn}", "occurred_at": BEGUN_AT}
    step: dict[str, Any] = {
        "occurred_at": BEGUN_AT,
        "redemption_id": f"c{turn // 10 * 10 - 10 * draw.randrange(4)}",
    }
    giver, receiver = draw.sample(HOLDERS, 2)
    command: Command
    match turn % 10:
        case 0:
            command = HoldRedemption(
                participant_id=draw.choice(PEOPLE),
                merchant_id=draw.choice(["m0", "m1"]),
                credits=draw.randint(1, 6),
                face_value_fen=draw.randint(1, 90),
                funds=(FundWeight(fund_id="f0", weight=2), FundWeight(fund_id="f1", weight=1)),
                deadline_at=deadline_at,
                **told,
            )
        case 1 | 2:
            command = FulfilRedemption(**step)
        case 3:
            command = draw.choice([CancelRedemption, RefundRedemption])(reason="asked for", **step)
        case 4:
            command = RecordActivity(
                source="bus-card",
                participant_id=draw.choice(PEOPLE),
                scenario_id="bus",
                measured=Measured(distance_km=str(draw.randint(1, 20))),
                **told,
            )
        case 5:
            sign = draw.choice([1, -1, -1])
            command = AdjustCredits(
                account=giver, credits=sign * draw.randint(1, 9), approver="Li", reason="x", **told
            )
        case 6 if turn % 40 == 6:
            kind = draw.choice([FreezeParticipant, UnfreezeParticipant, UnfreezeParticipant])
            command = kind(participant_id="p15", reason="x", **told)
        case 6:
            command = CommitMoney(fund_id=draw.choice(["f0", "f1"]), sponsor_id="bank", value_fen=100, **told)
        case _:
            command = TransferCredits(
                from_account=giver, to_account=receiver, credits=draw.randint(1, 25), **told
            )
    return command


def fact_of(command: Command) -> str:
    tag = command.__struct_config__.tag
    return f"{tag} {getattr(command, 'redemption_id', None) or getattr(command, 'id', None)}"


def work(
    conninfo: str, number: int, seconds: float, deadline_at: datetime, *, locks_head: bool
) -> list[Answer]:
    """Be one process: send for some seconds, and give what was answered."""
    if not locks_head:
        query = append._LOG["lock_head"]
        append._LOG["lock_head"] = query.replace("FOR UPDATE", "")
        assert append._LOG["lock_head"] != query
    answers: list[Answer] = []
    indexes = iter(range(10**9))
    end_s = time.monotonic() + seconds
    with Database(conninfo) as database:
        writer = Writer(database)

        def send(draw: random.Random) -> None:
            own = [next(indexes) for _ in range(draw.choice([1, 1, 1, 12]))]
            turns = [index * PROCESSES + number for index in own]
            others = range(draw.choice([0, 1, 1, 3]))
            turns += [max(0, turns[-1] + draw.randint(-30 * PROCESSES, 5 * PROCESSES)) for _ in others]
            draw.shuffle(turns)
            commands = [command_of(turn, deadline_at) for turn in turns]
            outcomes: Sequence[Outcome | Exception]
            try:
                outcomes = writer.submit_many(PROGRAMME, commands, atomic=draw.random() < 0.02)
            except Exception as failed:  # noqa: BLE001 - whatever it is, it is a problem to be told
                outcomes = [failed] * len(commands)
            answers.extend(map(answer_of, commands, outcomes))

        def keep_sending(thread: int) -> None:
            draw = random.Random(f"{number} {thread}")
            while time.monotonic() < end_s:
                send(draw)

        threads = [threading.Thread(target=keep_sending, args=(n,)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        writer.close()
    return answers


def answer_of(command: Command, outcome: Outcome | Exception) -> Answer:
    match outcome:
        case Recorded():
            return Answer(fact_of(command), "repeated" if outcome.replayed else "recorded", outcome.body)
        case LedgerError():
            return Answer(fact_of(command), outcome.code, b"")
        case _:
            return Answer(fact_of(command), f"failed with {outcome!r}", b"")


# --- What must be so afterwards -----------------------------------------------------------------


def problems(conninfo: str, answers: Sequence[Answer]) -> Iterator[str]:
    """Tell everything that is not as it must be."""
    unexpected = Counter(answer.code for answer in answers) - Counter()
    for code in sorted(unexpected.keys() - REFUSALS - {"recorded", "repeated"}):
        yield f"answers: {unexpected[code]} times {code}"
    yield from problems_of_the_tables(conninfo)
    with psycopg.connect(conninfo) as connection:
        stored = connection.execute("SELECT position, state FROM events ORDER BY position").fetchall()
    yield from problems_of_the_log(answers, stored)
    with Database(conninfo) as database:
        report = replay.check(database, PROGRAMME)
        if not report.is_equal:
            yield f"replay: {report}"


def problems_of_the_tables(conninfo: str) -> Iterator[str]:
    with psycopg.connect(conninfo) as connection:
        [places] = connection.execute(
            "SELECT count(*), count(DISTINCT position), min(position), max(position) FROM events"
        ).fetchall()
        [(head,)] = connection.execute("SELECT position FROM heads").fetchall()
        if places != (head, head, 1, head):
            yield f"positions: {places}, and the head at {head}"
        for account, asset, amount in connection.execute(
            "SELECT account, asset, amount FROM balances WHERE amount < 0 AND NOT account = ANY (%s)",
            [list(COUNTER_ACCOUNTS)],
        ):
            yield f"below zero: {account} holds {amount} {asset}"
        for asset, total in connection.execute("SELECT asset, sum(amount) FROM balances GROUP BY asset"):
            if total:
                yield f"sums: {asset} sums to {total}"
        given: Counter[str] = Counter()
        for (state,) in connection.execute("SELECT state FROM events WHERE topic = 'credits.transferred'"):
            event = msgspec.json.decode(state)
            given[event["from_account"]] += event["credits"]
        for account, given_credits in connection.execute("SELECT account, given_credits FROM owners"):
            expected = given[account] if account.startswith("participant:") else 0
            if given_credits != expected or given_credits > QUOTA_CREDITS:
                yield f"quota: {account} has given {given_credits}, in the log {expected}"


def problems_of_the_log(answers: Sequence[Answer], stored: Sequence[tuple[int, bytes]]) -> Iterator[str]:
    """Hold what was answered against what stands in the log, both ways."""
    bodies: dict[str, set[bytes]] = {}
    first: Counter[str] = Counter()
    for answer in answers:
        if answer.body:
            bodies.setdefault(answer.fact, set()).add(answer.body)
            first[answer.fact] += answer.code == "recorded"
    states = dict(stored)
    acknowledged: Counter[int] = Counter()
    for fact, told in bodies.items():
        if len(told) != 1 or first[fact] != 1:
            yield f"answers: {fact} was recorded {first[fact]} times, with {len(told)} outcomes"
        for event in msgspec.json.decode(next(iter(told)))["events"]:
            acknowledged[event["position"]] += 1
            if msgspec.json.decode(states.get(event["position"], b"null")) != event["data"]:
                yield f"lost: {fact} does not stand at {event['position']}"
    expected = Counter(position for position, _ in stored if position > len(OPENING))
    if acknowledged != expected:
        yield f"doubled or unacknowledged: {len(acknowledged - expected)} and {len(expected - acknowledged)}"


# --- The tests ----------------------------------------------------------------------------------


@pytest.fixture
def opened(database: str) -> str:
    with Database(database) as own:
        writer = Writer(own)
        assert all(isinstance(outcome, Recorded) for outcome in writer.submit_many(PROGRAMME, OPENING))
    return database


def run(conninfo: str, *, seconds: float, locks_head: bool = True) -> list[Answer]:
    """Run all processes and put their answers together."""
    deadline_at = datetime.now(UTC) + timedelta(days=1)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=spawn) as processes:
        started = [
            processes.submit(work, conninfo, number, seconds, deadline_at, locks_head=locks_head)
            for number in range(PROCESSES)
        ]
        return [answer for process in started for answer in process.result()]


def change_append(conninfo: str, pattern: str, replacement: str) -> None:
    """Change the function that appends, in this test's own database."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        [(text,)] = connection.execute("SELECT pg_get_functiondef('append_events'::regproc)").fetchall()
        changed, times = re.subn(pattern, replacement, text)
        assert times == 1
        connection.execute(changed)


def drop_fence(conninfo: str) -> None:
    change_append(conninfo, r" AND position = p_expected", "")


def drop_every_net(conninfo: str) -> None:
    drop_fence(conninfo)
    change_append(conninfo, r"IF overdrawn IS NOT NULL", "IF false")
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("ALTER TABLE events DROP CONSTRAINT events_programme_id_position_key")


def test_four_processes_lose_double_and_overdraw_nothing(opened: str) -> None:
    answers = run(opened, seconds=10)
    assert list(problems(opened, answers)) == []
    codes = Counter(answer.code for answer in answers)
    kinds = Counter(answer.fact.split()[0] for answer in answers if answer.code == "recorded")
    assert len(kinds) == 10, kinds
    assert min(kinds.values()) >= 3, kinds
    assert codes["repeated"] > 100, codes
    assert codes["insufficient_credits"] > 20, codes


def test_the_index_on_positions_is_a_second_fence(opened: str) -> None:
    drop_fence(opened)
    assert list(problems(opened, run(opened, seconds=3))) == []


def test_without_locks_the_same_checks_fail(opened: str) -> None:
    drop_every_net(opened)
    found = list(problems(opened, run(opened, seconds=3, locks_head=False)))
    kinds = {problem.partition(":")[0] for problem in found}
    assert kinds >= {"positions", "quota", "lost", "replay"}, found[:20]


def test_without_locks_two_writers_spend_the_same_credits(opened: str) -> None:
    spend = [
        TransferCredits(
            id=f"all {n}", from_account="org:o0", to_account="org:o1", credits=15, occurred_at=BEGUN_AT
        )
        for n in range(2)
    ]
    with Database(opened) as database:
        writers = [Writer(database), Writer(database)]
        for writer in writers:
            with pytest.raises(InsufficientCredits):  # now both remember the account
                writer.submit(PROGRAMME, but(spend[0], id="too much", credits=16))
        drop_every_net(opened)
        answers = [
            answer_of(command, writer.submit(PROGRAMME, command))
            for writer, command in zip(writers, spend, strict=True)
        ]
    assert [answer.code for answer in answers] == ["recorded", "recorded"]
    kinds = {problem.partition(":")[0] for problem in problems(opened, answers)}
    assert kinds >= {"positions", "below zero", "lost", "replay"}
