"""Several writers hand out one offer's vouchers at once: never more than there are.

The same is done with the fence taken away, where it must be seen.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing

import psycopg
import pytest

from ledger.domain.errors import LedgerError
from ledger.domain.messages import Command
from ledger.domain.owners import OpenMerchant
from ledger.store.database import Database
from ledger.verify import verify
from ledger.writer import Recorded, Writer
from tests.integration.test_many_writers import drop_every_net
from tests.unit.builders import ADJUST, COMMIT_MONEY, NOW, OPEN_FUND, OPEN_PARTICIPANT, OPEN_PROGRAMME, but
from tests.unit.offer_commands import GATE, OFFER, PARK, take

PROGRAMME = OPEN_PROGRAMME.id
STOCK, PER_PARTICIPANT = 30, 7
TAKERS = 6
WRITERS, THREADS, TRIES = 3, 3, 8
"""Writers as processes have them, and the threads of each; every thread tries so often."""


def opening() -> list[Command]:
    """A café with an offer, and people with more credits than they can spend."""
    people = [f"p{number}" for number in range(TAKERS)]
    return [
        OPEN_PROGRAMME,
        OpenMerchant(occurred_at=NOW, id="cafe", name_zh="咖啡馆", name_en="Café"),
        *(but(OPEN_FUND, id=own_id) for own_id in ("city", "bank")),
        *(
            but(COMMIT_MONEY, id=f"g-{own_id}", fund_id=own_id, value_fen=10**8)
            for own_id in ("city", "bank")
        ),
        *(but(OPEN_PARTICIPANT, id=own_id, organisation_id=None) for own_id in people),
        *(
            but(ADJUST, id=f"gift-{own_id}", account=f"participant:{own_id}", credits=10_000)
            for own_id in people
        ),
        GATE,
        PARK,
        but(OFFER, stock=STOCK, per_participant=PER_PARTICIPANT),
    ]


@pytest.fixture
def opened(database: str) -> str:
    """A database with the café."""
    with Database(database) as own, closing(Writer(own, clock=lambda: NOW)) as writer:
        outcomes = writer.submit_many(PROGRAMME, opening())
        assert all(isinstance(outcome, Recorded) for outcome in outcomes), outcomes
    return database


@pytest.fixture
def writers(opened: str) -> Iterator[list[Writer]]:
    """Writers that know nothing of each other, each with connections of its own."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(closing(Writer(stack.enter_context(Database(opened)), clock=lambda: NOW)))
            for _ in range(WRITERS)
        ]


def taken(conninfo: str) -> list[str]:
    """Whose vouchers stand in the log."""
    with psycopg.connect(conninfo) as connection:
        rows = connection.execute(
            "SELECT convert_from(state, 'UTF8')::json ->> 'participant_id' FROM events"
            " WHERE topic = 'redemption.held'"
        )
        return [row[0] for row in rows]


def test_several_writers_hand_out_every_voucher_and_not_one_more(opened: str, writers: list[Writer]) -> None:
    codes: list[str] = []
    together = threading.Barrier(WRITERS * THREADS)

    def try_all(writer: Writer, first: int) -> None:
        together.wait(30)
        for number in range(first, first + TRIES):
            # The last of the people asks as often as four others.
            command = take(number, participant_id=f"p{min(number % 9, TAKERS - 1)}")
            (outcome,) = writer.submit_many(PROGRAMME, [command])
            codes.append(outcome.code if isinstance(outcome, LedgerError) else "taken")

    threads = [
        threading.Thread(target=try_all, args=(writer, 100 + (n * THREADS + thread) * TRIES))
        for n, writer in enumerate(writers)
        for thread in range(THREADS)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert codes.count("taken") == STOCK
    assert set(codes) == {"taken", "offer_sold_out", "offer_limit_reached"}, set(codes)
    people = taken(opened)
    assert len(people) == STOCK
    assert max(map(people.count, people)) <= PER_PARTICIPANT
    with Database(opened, connections_max=4, statement_ms_max=0) as database:
        [report] = verify(database, views={})
    assert report.findings == []


def last_voucher(writers: list[Writer]) -> list[object]:
    """Let two writers that both remember one voucher left take it, one after the other."""
    first, second, _ = writers
    assert isinstance(first.submit(PROGRAMME, take(1, participant_id="p0")), Recorded)
    before = [take(number, participant_id=f"p{number % TAKERS}") for number in range(2, STOCK)]
    assert all(isinstance(one, Recorded) for one in second.submit_many(PROGRAMME, before))
    third = but(GATE, id="harbour")
    for writer in (first, second):  # so that each remembers the offer as it stands now
        writer.submit_many(PROGRAMME, [take(900, participant_id="p1", offer_version=9), third])
    return [
        writer.submit_many(PROGRAMME, [take(1_000 + number, participant_id=f"p{number}")])[0]
        for number, writer in enumerate((second, first))
    ]


def test_the_last_voucher_goes_to_one_of_two_who_both_remember_it(opened: str, writers: list[Writer]) -> None:
    outcomes = last_voucher(writers)
    assert isinstance(outcomes[0], Recorded)
    assert isinstance(outcomes[1], LedgerError)
    assert outcomes[1].code == "offer_sold_out"
    assert len(taken(opened)) == STOCK


def test_without_the_fence_the_last_voucher_is_handed_out_twice(opened: str, writers: list[Writer]) -> None:
    """The least that must be seen: both remember one voucher, and one has not seen the other's taking."""
    first, second, _ = writers
    before = [take(number, participant_id=f"p{number % TAKERS}") for number in range(1, STOCK)]
    assert all(isinstance(one, Recorded) for one in first.submit_many(PROGRAMME, before))
    assert isinstance(first.submit(PROGRAMME, but(GATE, id="harbour")), Recorded)
    look = take(900, participant_id="p1", offer_version=9)
    second.submit_many(PROGRAMME, [look])
    drop_every_net(opened)
    for number, writer in enumerate((first, second)):
        outcome = writer.submit(PROGRAMME, take(1_000 + number, participant_id=f"p{number}"))
        assert isinstance(outcome, Recorded)
    assert len(taken(opened)) == STOCK + 1
