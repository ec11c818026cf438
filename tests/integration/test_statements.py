"""Statements in a real database, held against the legs of the log added up one by one."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple, TypeVar

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain.adjustment import AdjustCredits
from ledger.domain.book import Leg
from ledger.domain.errors import AccountNotFound, DatabaseUnavailable
from ledger.domain.limits import LOTS_ENTRIES_MAX, STATEMENT_SCANNED_MAX
from ledger.domain.messages import Command, Event
from ledger.domain.owners import OpenParticipant
from ledger.domain.transfer import TransferCredits
from ledger.following import Follower
from ledger.projections import statements
from ledger.projections.statement_balances import (
    MICROSECOND,
    held_at,
    lots_at,
    occurred_by,
    position_at,
    require_shown,
)
from ledger.projections.statement_pages import Order, Place, Statement, Wanted, read_statement
from ledger.projections.statements import Statements
from ledger.projections.view import Page
from ledger.reading import Reading, reading
from ledger.store.database import Database
from ledger.store.following import standing
from ledger.store.log import Log, LoggedEvent
from ledger.writer import Recorded, Writer
from tests.integration.told import PROGRAMME, tell
from tests.unit.builders import ADA, BO, NOW, but

ASSETS = ("CNY", "CREDIT", "gCO2e")
TABLES = [table.name for table in Statements.tables]
BOUNDARIES = [
    datetime(2026, 11, 21, 16, tzinfo=UTC),  # midnight in Shanghai
    datetime(2026, 11, 22, tzinfo=UTC),
    datetime(2026, 11, 22, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),  # summer time ends in Berlin
    datetime(2025, 12, 31, 16, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2024, 2, 29, tzinfo=UTC),
    datetime(2024, 3, 1, tzinfo=UTC),
]


Read = TypeVar("Read")


class Told(NamedTuple):
    """A leg where it stands in the log."""

    position: int
    topic: str
    leg: Leg
    occurred_at: datetime
    recorded_at: datetime


class Books:
    """A log, its view, and the sums of its legs."""

    def __init__(self, conninfo: str) -> None:
        self.database = Database(conninfo)
        self.now = NOW + timedelta(days=1)
        self._writer = Writer(self.database, clock=lambda: self.now)
        self._log = Log(self.database)

    def close(self) -> None:
        self._writer.close()
        self.database.close()

    def record(self, *commands: Command) -> None:
        for outcome in self._writer.submit_many(PROGRAMME, commands):
            assert isinstance(outcome, Recorded), outcome

    def follow(self, page_events_max: int = 20_000, view: type[Statements] = Statements) -> None:
        views = {Statements.name: view}
        follower = Follower(
            self.database, PROGRAMME, clock=lambda: NOW, views=views, page_events_max=page_events_max
        )
        while behind := self._behind():
            assert follower.step({Statements.name: behind[0]})

    def _behind(self) -> list[int]:
        """Where the view stands, if that is behind the log."""
        (found,) = standing(self.database, [Statements.name], PROGRAMME)
        assert found.stopped_error is None
        return [found.position] if found.lag_events else []

    def forget(self) -> None:
        """Take everything away that the view has written."""
        with self.database.connection() as connection:
            for table in TABLES:
                connection.execute(f"DELETE FROM {table}")
            connection.execute("DELETE FROM tracking")

    def rows(self) -> list[list[Any]]:
        with self.database.connection() as connection:
            return [
                connection.execute(f"SELECT t::text FROM {table} t ORDER BY 1").fetchall() for table in TABLES
            ]

    def read(self, question: Callable[[Reading], Read]) -> Read:
        with reading(self.database, PROGRAMME, Statements.name) as snapshot:
            return question(snapshot)

    def recorded(self) -> list[tuple[datetime, int]]:
        """When every event of the log was recorded."""
        return [(event.recorded_at, logged.position) for logged, event in self._events()]

    def _events(self) -> list[tuple[LoggedEvent, Event]]:
        return [(one, self._log.decode(one)) for page in self._log.pages(PROGRAMME) for one in page]

    def told(self) -> list[Told]:
        """Every leg of the log."""
        return [
            Told(logged.position, logged.topic, leg, event.occurred_at, event.recorded_at)
            for logged, event in self._events()
            for leg in event.legs
        ]

    def page(self, wanted: Wanted, limit: int, after: Place | None = None) -> Statement:
        """One page."""
        return self.read(lambda snapshot: read_statement(snapshot, wanted, limit=limit, after=after))

    def statement(self, wanted: Wanted, limit: int) -> tuple[list[Any], list[Statement]]:
        """A whole chain of pages: its entries, and the pages."""
        pages = [self.page(wanted, limit)]
        while (place := pages[-1].next_place) is not None:
            pages.append(self.page(wanted, limit, place))
        return [entry for page in pages for entry in page.entries], pages


@pytest.fixture
def books(database: str) -> Iterator[Books]:
    """The story of the builders, and gifts that are told in no order of time."""
    tell(database)
    opened = Books(database)
    chance = random.Random(20_261_122)
    opened.record(*(but(OpenParticipant(occurred_at=NOW, id=f"p{n}")) for n in range(5)))
    opened.record(*(_gift(n, f"participant:p{n % 5}", at) for n, at in enumerate(_edges())))
    for number in range(40):
        opened.now += timedelta(seconds=chance.choice([0, 0, 1, 3600]))
        giver, taker = chance.sample(["participant:p0", "participant:p1", "org:school", "merchant:cafe"], 2)
        at = chance.choice(_edges())
        opened.record(
            _gift(1_000 + number, giver, at, credits=20),
            TransferCredits(
                occurred_at=at, id=f"move-{number}", from_account=giver, to_account=taker, credits=1
            ),
        )
    opened.follow()
    yield opened
    opened.close()


def _gift(number: int, account: str, at: datetime, *, credits: int = 100) -> AdjustCredits:  # noqa: A002
    return AdjustCredits(
        occurred_at=at,
        id=f"gift-{number}",
        account=account,
        credits=credits,
        lot=(NOW + timedelta(days=30 + number % 3)).date(),
        approver="王芳",
        reason="a test",
    )


def _edges() -> list[datetime]:
    return [edge + step * MICROSECOND for edge in BOUNDARIES for step in (-1, 0, 1)]


def _sums(told: list[Told], account: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for one in told:
        if one.leg.account == account:
            sums[one.leg.asset] = sums.get(one.leg.asset, 0) + one.leg.amount
    return sums


def _accounts(told: list[Told]) -> list[str]:
    return sorted({one.leg.account for one in told})


# --- Balances at a moment ----------------------------------------------------------------------


def test_after_every_position_every_account_holds_the_sum_of_its_legs(books: Books) -> None:
    told = books.told()
    head = max(one.position for one in told)

    def check(snapshot: Reading) -> None:
        for account in _accounts(told):
            for position in range(head + 1):
                expected = _sums([one for one in told if one.position <= position], account)
                assert held_at(snapshot, account, position) == expected, (account, position)

    books.read(check)


def test_by_every_instant_every_account_holds_the_sum_of_what_had_occurred(books: Books) -> None:
    told = books.told()
    instants = {one.occurred_at for one in told}
    instants |= {at + step * MICROSECOND for at in instants for step in (-1, 1)}
    instants |= {
        NOW + timedelta(days=9_000),
        datetime(1999, 12, 31, tzinfo=UTC),
        datetime(2, 1, 1, tzinfo=UTC),
    }

    def check(snapshot: Reading) -> None:
        for account in _accounts(told):
            for at in instants:
                expected = _sums([one for one in told if one.occurred_at <= at], account)
                assert occurred_by(snapshot, account, at) == expected, (account, at)

    books.read(check)


def test_the_position_at_an_instant_is_that_of_the_last_event_recorded_by_then(books: Books) -> None:
    recorded = books.recorded()
    for at in {at for at, _ in recorded}:
        assert position_at(books.database, PROGRAMME, at) == max(p for r, p in recorded if r <= at)
        before = position_at(books.database, PROGRAMME, at - MICROSECOND)
        assert before < min(p for r, p in recorded if r == at)
    assert position_at(books.database, PROGRAMME, NOW - timedelta(days=1)) == 0
    assert position_at(books.database, PROGRAMME, NOW + timedelta(days=9_000)) == recorded[-1][1]
    assert position_at(books.database, "nobody", NOW) == 0


def test_lots_are_the_sums_of_their_legs(books: Books) -> None:
    told = books.told()

    def expected(account: str, counted: list[Told]) -> list[tuple[str, int]]:
        lots: dict[str, int] = {}
        for one in counted:
            if one.leg.account == account and one.leg.lot is not None:
                lots[one.leg.lot] = lots.get(one.leg.lot, 0) + one.leg.amount
        return sorted((lot, amount) for lot, amount in lots.items() if amount)

    def check(snapshot: Reading) -> None:
        for account in _accounts(told):
            for position in (0, 20, 60, snapshot.position):
                until = [one for one in told if one.position <= position]
                assert lots_at(snapshot, account, position) == expected(account, until)
                occurred = [one for one in until if one.occurred_at <= BOUNDARIES[1]]
                assert lots_at(snapshot, account, position, BOUNDARIES[1]) == expected(account, occurred)

    books.read(check)


def test_lots_of_too_many_entries_are_not_added_up(books: Books) -> None:
    gifts = [_gift(10_000 + number, BO, NOW, credits=1) for number in range(LOTS_ENTRIES_MAX)]
    already = len({one.position for one in books.told() if one.leg.account == BO})
    books.record(*gifts[already:])
    books.follow()
    lots = books.read(lambda snapshot: lots_at(snapshot, BO, snapshot.position))
    assert lots is not None
    assert sum([lot.amount for lot in lots]) == books.read(lambda s: held_at(s, BO, s.position))["CREDIT"]
    books.record(gifts[0])
    books.follow()
    assert books.read(lambda snapshot: lots_at(snapshot, BO, snapshot.position)) is None
    assert books.read(lambda snapshot: lots_at(snapshot, BO, snapshot.position - 1)) == lots


# --- Statements --------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["oldest", "newest"])
@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_a_chain_of_pages_has_every_entry_once_and_each_balance_follows(
    books: Books, order: Order, limit: int
) -> None:
    told = books.told()
    for account in [ADA, "issuance", "adjusted", "fund:city:available", "org:school"]:
        entries, pages = books.statement(Wanted(account, ASSETS, order=order), limit)
        assert all(len(page.entries) <= limit for page in pages)
        in_order = entries if order == "oldest" else entries[::-1]
        nets: dict[tuple[int, str], int] = {}
        for one in told:
            if one.leg.account == account:
                key = one.position, one.leg.asset
                nets[key] = nets.get(key, 0) + one.leg.amount
        assert [((e.position, e.asset), e.amount) for e in in_order] == sorted(nets.items())
        for asset in ASSETS:
            own = [entry for entry in in_order if entry.asset == asset]
            assert all(later.balance == earlier.balance + later.amount for earlier, later in pairwise(own))
        closing = [(total.asset, total.closing_amount) for total in pages[0].totals or []]
        assert closing == sorted(_sums(told, account).items())
        assert all(page.totals == pages[0].totals for page in pages)


def test_an_entry_shows_its_lots_counterparts_and_both_times(books: Books) -> None:
    entries, _ = books.statement(Wanted(ADA, ASSETS, topics=("redemption.held",), order="oldest"), 10)
    told = [one for one in books.told() if one.position == entries[0].position]
    assert entries[0].counterparts == [f"{ADA}:held"]
    assert [tuple(lot) for lot in entries[0].lots] == [
        (one.leg.lot, one.leg.amount) for one in told if one.leg.account == ADA
    ]
    assert msgspec.convert(entries[0].occurred_at, datetime) == told[0].occurred_at
    assert msgspec.convert(entries[0].recorded_at, datetime) == told[0].recorded_at
    money, _ = books.statement(Wanted("fund:city:available", ASSETS, topics=("redemption.held",)), 1)
    assert money[0].counterparts == ["fund:bank:encumbered", "fund:city:encumbered"]
    assert money[0].lots is None


@pytest.mark.parametrize("account", ["participant:p0", "org:school", "adjusted"])
@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_a_period_of_occurrence_holds_what_its_totals_say(books: Books, account: str, order: Order) -> None:
    told = books.told()
    edges = [None, *_edges()]
    for begin in edges:
        for end in edges:
            if begin is not None and end is not None and begin >= end:
                continue
            wanted = Wanted(account, ASSETS, order=order, occurred_from=begin, occurred_to=end)
            entries, pages = books.statement(wanted, 1000)
            within = [
                one
                for one in told
                if one.leg.account == account
                and (begin is None or one.occurred_at >= begin)
                and (end is None or one.occurred_at < end)
            ]
            assert {entry.position for entry in entries} == {one.position for one in within}
            opening = _sums([one for one in told if begin is not None and one.occurred_at < begin], account)
            closing = _sums([one for one in told if end is None or one.occurred_at < end], account)
            for total in pages[0].totals or []:
                assert total.opening_amount == opening.get(total.asset, 0)
                assert total.closing_amount == closing.get(total.asset, 0)
            assert {total.asset for total in pages[0].totals or []} >= closing.keys()


def test_a_period_of_recording_is_a_stretch_of_the_log(books: Books) -> None:
    told = books.told()
    for first, last in [(1, 10), (20, 20), (21, 60), (60, 10_000), (10_000, 20_000), (1, 0)]:
        wanted = Wanted("participant:p0", ASSETS, first_position=first, last_position=last)
        entries, (page,) = books.statement(wanted, 1000)
        assert [entry.position for entry in entries] == sorted(
            {o.position for o in told if o.leg.account == wanted.account and first <= o.position <= last},
            reverse=True,
        )
        for total in page.totals or []:
            before = _sums([one for one in told if one.position < first], wanted.account)
            after = _sums([one for one in told if one.position <= last], wanted.account)
            assert total == (total.asset, before.get(total.asset, 0), after.get(total.asset, 0))


def test_periods_of_both_kinds_have_no_totals(books: Books) -> None:
    own = [one for one in books.told() if one.leg.account == "adjusted"]
    since, (first, last) = BOUNDARIES[0], (own[3].position, own[-3].position)
    wanted = Wanted("adjusted", ASSETS, occurred_from=since, first_position=first, last_position=last)
    entries, (page,) = books.statement(wanted, 1000)
    assert page.totals is None
    assert {entry.position for entry in entries} == {
        one.position for one in own if first <= one.position <= last and one.occurred_at >= since
    }
    assert 0 < len(entries) < len(own)


@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_what_is_written_between_two_pages_is_not_in_the_chain(books: Books, order: Order) -> None:
    wanted = Wanted("participant:p0", ASSETS, order=order)
    whole, _ = books.statement(wanted, 1000)
    seen: list[Any] = []
    place: Place | None = None
    for number in range(100):
        page = books.page(wanted, 2, place)
        seen += page.entries
        if (place := page.next_place) is None:
            break
        books.record(_gift(20_000 + number, "participant:p0", BOUNDARIES[number % len(BOUNDARIES)]))
        books.follow()
    assert seen == whole


def test_a_page_that_finds_nothing_for_long_ends_early_and_goes_on(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert STATEMENT_SCANNED_MAX > 2
    wanted = Wanted("adjusted", ASSETS, topics=("credits.adjusted",), order="oldest")
    expected, _ = books.statement(wanted, 1000)
    monkeypatch.setattr("ledger.projections.statement_pages.STATEMENT_SCANNED_MAX", 2)
    for topics in (("credits.adjusted",), ("credits.issued",)):
        for order in ("oldest", "newest"):
            asked = wanted._replace(topics=topics, order=order)
            entries, pages = books.statement(asked, 1000)
            assert len(pages) > len(expected) // 2
            in_order = entries if order == "oldest" else entries[::-1]
            assert in_order == (expected if topics == wanted.topics else [])


# --- Whom nothing is shown of ------------------------------------------------------------------


def test_accounts_that_nobody_opened_or_that_were_erased_are_not_there(books: Books) -> None:
    for account in ("participant:nobody", "participant:cy", "participant:cy:held", "org:nobody", ""):
        with pytest.raises(AccountNotFound):
            books.read(partial(require_shown, account=account))
    for account in (ADA, f"{ADA}:held", "fund:city", "fund:city:available", "org:district", "nature"):
        books.read(partial(require_shown, account=account))


# --- Nothing but the log -----------------------------------------------------------------------


class Crashing(Statements):
    """Written, and then lost before the commit."""

    crashes: ClassVar[list[bool]] = []

    def write(self, page: Page, connection: Any) -> None:
        super().write(page, connection)
        if self.crashes and self.crashes.pop():
            raise DatabaseUnavailable(reason="a test")


@pytest.fixture(scope="module")
def long_books(server: str, migrated_template: str) -> Iterator[tuple[Books, list[list[Any]]]]:
    """A log, and what the view makes of it in one page."""
    name = f"{migrated_template}_statements"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
        conninfo = psycopg.conninfo.make_conninfo(server, dbname=name)
        tell(conninfo)
        opened = Books(conninfo)
        for number, at in enumerate(_edges()):
            account = ("participant:ada", "org:school", "merchant:cafe")[number % 3]
            opened.record(_gift(number, account, at))
        opened.follow()
        yield opened, opened.rows()
        opened.close()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    page_events_max=st.integers(1, 25),
    crashes=st.lists(st.booleans(), max_size=20),
    remembered=st.integers(0, 12),
)
def test_wherever_pages_end_and_whatever_crashes_the_rows_are_the_same(
    long_books: tuple[Books, list[list[Any]]], page_events_max: int, crashes: list[bool], remembered: int
) -> None:
    books, expected = long_books
    books.forget()
    Crashing.crashes = list(crashes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statements, "BALANCES_REMEMBERED_MAX", remembered)
        while True:
            try:
                books.follow(page_events_max, Crashing)
            except DatabaseUnavailable:
                continue
            break
    assert books.rows() == expected
