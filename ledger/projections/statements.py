"""The statements view: every entry of every account, with the balance after it.

Rule of the room: one row for each event, account and asset; lots, counterparts and the time of
recording stand in the event, which is one lookup away, and are not kept a second time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple

from ledger.domain.addresses import participant
from ledger.domain.book import Leg
from ledger.domain.visibility import ParticipantErased
from ledger.projections.view import Page, Table
from ledger.store.arrays import (
    Int8Array,
    TextArray,
    TimestampArray,
    microseconds_since_2000,
    packed_text,
)
from ledger.store.copying import INT8_BYTES, beginning, copy_packed, int8s
from ledger.store.queries import load

QUERIES: Final = load(Path(__file__).parent / "sql" / "statements.sql")

Holding = tuple[str, str]
"""Account and asset."""
Line = tuple[int, int, int, bytes]
"""Position, amount, when it occurred in microseconds since 2000; topic and that instant, packed."""

BALANCES_REMEMBERED_MAX: Final = 50_000
"""Running balances of one programme kept in memory, some 15 MB; others are read again."""

PARTICIPANTS: Final = participant("")
"""How the addresses begin of accounts without daily sums: the migration's index says the same."""

HOUR_US: Final = 3_600_000_000
HOURS_PER_DAY: Final = 24

PAIR: Final = 2

_COLUMNS: Final = 8
_NUMBERS: Final = int8s(3)
_INSTANT: Final = int8s(1)


class Sum(NamedTuple):
    """What some entries of one account and asset come to."""

    amount: int
    first_position: int
    position: int
    """Of the last."""


SumKey = tuple[str, str, str, int]
"""Account, asset, span, and its beginning in microseconds since 2000."""


class Statements:
    """Entries with running balances, and daily and hourly sums of the accounts that many share."""

    name: ClassVar[str] = "statements"
    tables: ClassVar[tuple[Table, ...]] = (
        Table("entries", ("programme_id", "account", "asset", "position")),
        Table("entry_sums", ("programme_id", "account", "asset", "span", "begins_at")),
        Table("entry_erasures", ("programme_id", "participant_id")),
    )

    def __init__(self) -> None:
        self._balances: dict[Holding, int] = {}

    def write(self, page: Page, connection: Any) -> None:
        """Add the entries of a page; see `ledger.projections.view.View.write`."""
        lines = lines_of(page)
        if lines:
            self._load(connection, page.programme_id, [key for key in lines if key not in self._balances])
            copy_packed(connection, QUERIES["copy_entries"], self._rows(page.programme_id, lines))
            self._forget()
            _add_sums(connection, page.programme_id, sums_of(lines))
        for entry in page.entries:
            if isinstance(entry.event, ParticipantErased):
                erased = {"participant_id": entry.event.participant_id, "position": entry.position}
                connection.execute(QUERIES["erase"], {"programme_id": page.programme_id, **erased})

    def _rows(self, programme_id: str, lines: Mapping[Holding, list[Line]]) -> Iterator[bytearray]:
        """Give the rows of each account and asset, with running balances, in the order of the key."""
        balances, pack = self._balances, _NUMBERS.pack
        first_column = beginning(_COLUMNS, programme_id)
        for key in sorted(lines):
            account, asset = key
            key_columns = first_column + packed_text(account) + packed_text(asset)
            # Taken out and put back, so that what was used last stands last.
            balance = balances.pop(key)
            rows = bytearray()
            for position, amount, _, last_columns in lines[key]:
                balance += amount
                rows += key_columns
                rows += pack(INT8_BYTES, position, INT8_BYTES, amount, INT8_BYTES, balance)
                rows += last_columns
            balances[key] = balance
            yield rows

    def _load(self, connection: Any, programme_id: str, missing: list[Holding]) -> None:
        """Remember what accounts held before this page."""
        if not missing:
            return
        self._balances.update(dict.fromkeys(missing, 0))
        accounts, assets = zip(*missing, strict=True)
        stored = connection.execute(
            QUERIES["last_balances"],
            {
                "programme_id": programme_id,
                "accounts": TextArray.of_texts(accounts),
                "assets": TextArray.of_texts(assets),
            },
            # A plan made when the table was tiny would read all of it for every account.
            prepare=False,
        )
        self._balances.update({(account, asset): balance for account, asset, balance in stored})

    def _forget(self) -> None:
        """Let go of the balances that were used longest ago."""
        surplus = len(self._balances) - BALANCES_REMEMBERED_MAX
        if surplus > 0:
            for key in list(self._balances)[:surplus]:
                del self._balances[key]


def lines_of(page: Page) -> Mapping[Holding, list[Line]]:
    """Give what the events of a page did, in order, by account and asset."""
    lines: defaultdict[Holding, list[Line]] = defaultdict(list)
    for entry in page.entries:
        event = entry.event
        if not event.legs:
            continue
        position, occurred_us = entry.position, microseconds_since_2000(event.occurred_at)
        last_columns = packed_text(entry.topic) + _INSTANT.pack(INT8_BYTES, occurred_us)
        for key, amount in nets(event.legs):
            lines[key].append((position, amount, occurred_us, last_columns))
    return lines


def nets(legs: Sequence[Leg]) -> Iterable[tuple[Holding, int]]:
    """Give what legs come to by account and asset, every lot together; 0 where lots were exchanged."""
    if len(legs) == PAIR:  # nearly all are: twice as fast as below
        (giver, asset, _, given), (taker, also, _, taken) = legs
        if giver != taker:
            return ((giver, asset), given), ((taker, also), taken)
    summed: dict[Holding, int] = {}
    for account, asset, _, amount in legs:
        key = (account, asset)
        summed[key] = summed.get(key, 0) + amount
    return summed.items()


def sums_of(lines: Mapping[Holding, list[Line]]) -> dict[SumKey, Sum]:
    """Add lines up by hour and by day, those of participants left out."""
    sums: dict[SumKey, Sum] = {}
    for (account, asset), own in lines.items():
        if account.startswith(PARTICIPANTS):
            continue
        by_day: dict[int, Sum] = {}
        for hour, of_hour in _hours_of(own).items():
            sums[account, asset, "hour", hour * HOUR_US] = of_hour
            _add(by_day, hour // HOURS_PER_DAY, of_hour)
        for day, of_day in by_day.items():
            sums[account, asset, "day", day * HOURS_PER_DAY * HOUR_US] = of_day
    return sums


def _hours_of(lines: Iterable[Line]) -> dict[int, Sum]:
    """Add up lines that stand in the order of the log, by hours since 2000."""
    amounts: defaultdict[int, int] = defaultdict(int)
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for position, amount, occurred_us, _ in lines:
        hour = occurred_us // HOUR_US
        amounts[hour] += amount
        first.setdefault(hour, position)
        last[hour] = position
    return {hour: Sum(amount, first[hour], last[hour]) for hour, amount in amounts.items()}


def _add(sums: dict[int, Sum], key: int, more: Sum) -> None:
    found = sums.get(key)
    sums[key] = (
        more
        if found is None
        else Sum(
            found.amount + more.amount,
            min(found.first_position, more.first_position),
            max(found.position, more.position),
        )
    )


def _add_sums(connection: Any, programme_id: str, sums: dict[SumKey, Sum]) -> None:
    if not sums:
        return
    keys = sorted(sums)
    values = [sums[key] for key in keys]
    connection.execute(
        QUERIES["add_sums"],
        {
            "programme_id": programme_id,
            "accounts": TextArray.of_texts([account for account, _, _, _ in keys]),
            "assets": TextArray.of_texts([asset for _, asset, _, _ in keys]),
            "spans": TextArray.of_texts([span for _, _, span, _ in keys]),
            "begins": TimestampArray.of([begins_us for _, _, _, begins_us in keys]),
            "amounts": Int8Array.of([value.amount for value in values]),
            "first_positions": Int8Array.of([value.first_position for value in values]),
            "positions": Int8Array.of([value.position for value in values]),
        },
    )
