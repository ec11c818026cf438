"""Books for other tools: names of accounts, amounts, days and sums, without a log or a tool."""

import inspect
import re
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.books import ASSETS, NOTATIONS, PLACES, Wanted, address_of, name_of
from ledger.books.accounts import CAPITALISED, PLAIN
from ledger.books.book import Entry, entries_of
from ledger.books.journal import Journal
from ledger.books.notation import amount_text
from ledger.books.reading import Calendar, naming_field
from ledger.domain import addresses
from ledger.domain.book import Leg
from ledger.domain.instants import local_date
from ledger.domain.topics import EVENTS

DAY = timedelta(days=1)
FIRST = date(2026, 11, 22)


# ── Names of accounts ────────────────────────────────────────────────────────────────────────


def _addresses() -> Iterator[str]:
    """Every address that the ledger builds for something that has a balance."""
    for name, build in inspect.getmembers(addresses, inspect.isfunction):
        parameters = list(inspect.signature(build).parameters)
        if name in {"fund", "sponsor", "fund_of_available"}:  # a status, or no address
            continue
        yield build("participant:x" if parameters == ["holder"] else "x")
    yield from (addresses.NATURE, addresses.ISSUANCE, addresses.ADJUSTED, addresses.REDEEMED)
    yield from (addresses.EXPIRED, addresses.LAPSED, addresses.FEES)


def test_every_address_of_the_ledger_has_its_place() -> None:
    built = {address.replace(":x", ":{id}") for address in _addresses()}
    assert built - PLACES.keys() == set()


@pytest.mark.parametrize("address", [*PLACES, "pool:{id}", "pool", "fund:{id}", "a:{id}:b:c"])
@pytest.mark.parametrize("own_id", ["cafe", "Cafe", "4", "tea.house", "Own", "a-_b."])
@pytest.mark.parametrize("spelling", [PLAIN, CAPITALISED], ids=["plain", "capitalised"])
def test_an_address_is_read_back_from_its_name(address: str, own_id: str, spelling: object) -> None:
    assert isinstance(spelling, type(PLAIN))
    there = address.replace("{id}", own_id)
    assert address_of(name_of(there, spelling), spelling) == there


@pytest.mark.parametrize(
    ("own_id", "written"),
    [
        ("cafe", "Cafe"),
        ("Cafe", "Cafe-"),
        ("tea-house", "Tea-house"),
        ("lvxing.dept-2", "Lvxing--dept-2"),
        ("park_gate", "Park---gate"),
        ("0198c2f4-7a2e-7c11", "0198c2f4-7a2e-7c11"),
        ("R0-1", "R0-1-"),
        ("tea-", "Tea----h-"),
        ("Tea-", "Tea----hc-"),
        ("a.", "A--"),
        ("a_", "A---"),
        ("a._-b", "A----duh-b"),
    ],
)
def test_an_id_is_written_with_a_capital_and_hyphens(own_id: str, written: str) -> None:
    assert CAPITALISED.written(own_id) == written
    assert CAPITALISED.read(written) == own_id


@pytest.mark.parametrize(
    "name",
    [
        *("Equity:Opening", "Assets", "", "Equity:Other", "Equity:Other:", "Income:Fees:X"),
        *("Assets:Funds:X", "Assets:Funds::Available", "Equity:Other:Fund:X:Available"),
        *("Assets:Funds:cafe:Available", "Assets:Funds:A-----b:Available", "Assets:Funds:A----h-b:Available"),
    ],
)
def test_a_name_that_no_address_has_is_not_read(name: str) -> None:
    with pytest.raises(ValueError, match="no address has the name"):
        address_of(name, CAPITALISED)


def test_no_account_stands_below_another_that_has_postings() -> None:
    names = [name.replace("{id}", "x") for name in PLACES.values()]
    assert [(one, other) for one in names for other in names if other.startswith(f"{one}:")] == []
    assert len(set(names)) == len(names)


# ── Amounts, days, ids ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "0.00"), (1, "0.01"), (-1, "-0.01"), (-100, "-1.00"), (12_345, "123.45"), (-99, "-0.99")],
)
def test_money_is_written_in_yuan_with_two_decimals(fen: int, text: str) -> None:
    assert amount_text("CNY", fen) == text
    assert amount_text("CREDIT", fen) == str(fen)


@pytest.mark.parametrize("time_zone", ["Asia/Shanghai", "America/New_York", "Asia/Beirut", "UTC"])
def test_days_are_the_local_ones_through_a_year(time_zone: str) -> None:
    calendar = Calendar(time_zone)
    for hours in range(24 * 366):
        instant = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours, seconds=-hours % 2)
        assert calendar.day_of(instant) == local_date(instant, time_zone)


def test_every_topic_that_has_ids_names_itself_by_one_of_them() -> None:
    for event in EVENTS:
        ids = [name for name in event.__struct_fields__ if name == "id" or name.endswith("_id")]
        assert naming_field(event.topic) in (ids or (None,))
    assert naming_field("redemption.released") == "redemption_id"
    assert naming_field("credits.expired") == "run_id"
    assert naming_field("a.later.one") == "id"


# ── Entries of a period ──────────────────────────────────────────────────────────────────────


def _committed(position: int, day: date, value_fen: int = 100) -> Entry:
    legs = (
        Leg("sponsor:s:external", "CNY", None, -value_fen),
        Leg("fund:f:available", "CNY", None, value_fen),
    )
    at = datetime.combine(day, datetime.min.time(), UTC)
    return Entry(position, at, day, "fund.committed", f"n{position}", legs)


def _wanted(**fields: object) -> Wanted:
    return Wanted(programme_id="town", **fields)  # type: ignore[arg-type]


def test_a_day_is_summed_and_legs_that_cancel_each_other_are_left_out() -> None:
    events = [
        _committed(1, FIRST, 300),
        _committed(2, FIRST, -200),
        _committed(3, FIRST + DAY, 5),
        _committed(4, FIRST + DAY, -5),
    ]
    [entry] = entries_of(events, _wanted(detail="day"))
    assert (entry.position, entry.topic, entry.own_id, entry.day) == (2, "day", "2 events", FIRST)
    assert entry.legs == (
        Leg("fund:f:available", "CNY", None, 100),
        Leg("sponsor:s:external", "CNY", None, -100),
    )


def test_nothing_beyond_the_period_is_read() -> None:
    def endless() -> Iterator[Entry]:
        for position in range(1, 10**9):
            assert position <= 5
            yield _committed(position, FIRST + position * DAY)

    read = list(entries_of(endless(), _wanted(begin=FIRST + 3 * DAY, end=FIRST + 5 * DAY)))
    assert [(entry.position, entry.topic) for entry in read] == [
        (2, "opening"),
        (3, "fund.committed"),
        (4, "fund.committed"),
    ]


def test_an_event_of_other_assets_makes_no_entry() -> None:
    assert list(entries_of([_committed(1, FIRST)], _wanted(assets=("CREDIT",)))) == []


@pytest.mark.parametrize("tool", NOTATIONS)
def test_books_without_an_entry_are_nothing_but_their_heading(tool: str) -> None:
    for wanted in (_wanted(), _wanted(begin=FIRST, end=FIRST + DAY)):
        text = "".join(Journal(NOTATIONS[tool](), wanted, "UTC").text([]))  # type: ignore[index]
        assert not re.search(r"(?m)^\d{4}-", text)


@pytest.mark.parametrize("tool", NOTATIONS)
@pytest.mark.parametrize("detail", ["event", "day"])
def test_memory_does_not_grow_with_the_events(tool: str, detail: str) -> None:
    wanted = _wanted(detail=detail)

    def most_bytes(count: int) -> int:
        tracemalloc.start()
        try:
            journal = Journal(NOTATIONS[tool](), wanted, "UTC")  # type: ignore[index]
            entries = entries_of((_committed(n, FIRST + n // 100 * DAY) for n in range(count)), wanted)
            assert sum(map(len, journal.text(entries))) > 0
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    most_bytes(100)
    assert most_bytes(8_000) < 1.5 * most_bytes(2_000) + 100_000


def test_assets_are_all_there_are() -> None:
    assert set(ASSETS) == {addresses.CNY, addresses.CREDIT, addresses.GRAMS}
