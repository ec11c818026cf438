"""Many donors at once, through two writers that do not know of each other: no tree is given twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final

import pytest

from ledger.domain.donation import CreditsDonated, DonateCredits
from ledger.domain.errors import InsufficientUnits, LedgerError
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.verify import verify
from ledger.writer import Outcome, Recorded, Writer
from tests.unit.builders import ADD_UNITS, ADJUST, OPEN_PARTICIPANT, OPEN_PROGRAMME, OPEN_SINK, but

PROGRAMME: Final = OPEN_PROGRAMME.id
TREES: Final = 100
THREADS: Final = 6
DONATIONS: Final = 72
BEGUN_AT: Final = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def planted(database: str) -> Iterator[Database]:
    with Database(database) as opened:
        writer = Writer(opened)
        commands = (
            OPEN_PROGRAMME,
            but(OPEN_PARTICIPANT, organisation_id=None),
            but(ADJUST, credits=1_000),
            but(OPEN_SINK, credits_per_unit=3),
            but(ADD_UNITS, first_serial=1, last_serial=TREES // 2),
            but(ADD_UNITS, id="delivery-2", first_serial=1_001, last_serial=1_000 + TREES // 2),
        )
        for outcome in writer.submit_many(PROGRAMME, [but(one, occurred_at=BEGUN_AT) for one in commands]):
            assert isinstance(outcome, Recorded), outcome
        writer.close()
        yield opened


def donation(number: int) -> DonateCredits:
    return DonateCredits(
        id=f"d-{number}",
        from_account="participant:ada",
        project_id="forest",
        units=1 + number % 3,
        occurred_at=BEGUN_AT,
    )


def test_every_tree_goes_to_one_donor_and_none_is_left_out(planted: Database) -> None:
    writers = [Writer(planted), Writer(planted)]

    def donate(number: int) -> Outcome:
        try:
            return writers[number % 2].submit(PROGRAMME, donation(number))
        except LedgerError as refused:
            return refused

    with ThreadPoolExecutor(THREADS) as threads:
        outcomes = list(threads.map(donate, range(DONATIONS)))
    for writer in writers:
        writer.close()
    refused = [outcome for outcome in outcomes if not isinstance(outcome, Recorded)]
    assert refused, "more was asked for than there is"
    assert all(isinstance(outcome, InsufficientUnits) for outcome in refused), refused
    events = [event for event in read(planted) if isinstance(event, CreditsDonated)]
    serials = [
        serial
        for event in events
        for one in event.serials
        for serial in range(one.first_serial, one.last_serial + 1)
    ]
    trees = [*range(1, TREES // 2 + 1), *range(1_001, 1_001 + TREES // 2)]
    assert serials == trees[: len(serials)], "each once, the lowest first, in the order of the log"
    assert len(serials) == sum(event.units for event in events) > TREES - 3
    numbers = [int(event.certificate.rpartition("/")[2].partition("-")[0]) for event in events]
    assert numbers == list(range(1, len(events) + 1))
    (report,) = verify(planted, programme_id=PROGRAMME, views={})
    assert report.is_equal, report.findings


def read(database: Database) -> list[object]:
    log = Log(database)
    return [log.decode(logged) for page in log.pages(PROGRAMME) for logged in page]
