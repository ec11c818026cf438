"""Funds as finance reads them: whose money is in each, where it is, and how long it lasts.

Rule of the room: where money is, is read from balances and registers, which are written with the
events; everything is read in one snapshot, and what a view adds says how far that view has come.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from ledger.domain import addresses
from ledger.domain.errors import AccountNotFound
from ledger.domain.fund_registers import Contribution, Fund
from ledger.domain.identifiers import StreamId, stream_id
from ledger.domain.owners import FundOpened
from ledger.projections.settlement import Settlement
from ledger.projections.settlement_queries import fund_places
from ledger.projections.snapshot import Snapshot
from ledger.projections.totals_queries import Burn, burn
from ledger.store.arrays import UuidArray
from ledger.store.database import Database
from ledger.store.log import LoggedEvent
from ledger.store.mapper import mapper
from ledger.store.queries import load
from ledger.store.recorder import LOG

QUERIES: Final = load(Path(__file__).parent / "sql" / "fund_reports.sql")

BURN_DAYS: Final = (7, 30, 90)
"""Local days over which it is told how fast a fund is promised away: a week, a month, a quarter."""

_contribution: Final = msgspec.json.Decoder(Contribution).decode
_terms: Final = msgspec.json.Decoder(Fund).decode


class SponsorPart(NamedTuple):
    """What one sponsor has in a fund."""

    sponsor_id: str
    contribution: Contribution


class FundReport(NamedTuple):
    """One fund at a position of the log."""

    fund_id: str
    status: str
    opening: LoggedEvent
    terms: Fund
    sponsors: tuple[SponsorPart, ...]
    """By id; those who ever put anything in."""
    available_fen: int
    encumbered_fen: int
    backing_fen: int
    recoverable_fen: int

    def sum_of(self, name: str) -> int:
        """Give what all sponsors together have done, by a field of a contribution."""
        return sum(getattr(part.contribution, name) for part in self.sponsors)

    @property
    def funded_fen(self) -> int:
        """What sponsors have put in and not taken out; spent or not."""
        return self.sum_of("part_fen")

    @property
    def used_fen(self) -> int:
        """What went to merchants and to the platform: the rest of what was funded."""
        return self.funded_fen - sum(self.places_fen.values())

    @property
    def places_fen(self) -> dict[str, int]:
        """What is still the fund's, by place."""
        return {
            "available_fen": self.available_fen,
            "encumbered_fen": self.encumbered_fen,
            "backing_fen": self.backing_fen,
            "recoverable_fen": self.recoverable_fen,
        }

    @property
    def name_zh(self) -> str:
        """As it was opened."""
        return self._opened.name_zh

    @property
    def name_en(self) -> str:
        """As it was opened."""
        return self._opened.name_en

    @property
    def _opened(self) -> FundOpened:
        event = mapper().event_of(self.opening.topic, self.opening.state)
        assert isinstance(event, FundOpened)
        return event


class WatchedFund(NamedTuple):
    """A fund that has thresholds."""

    programme_id: str
    fund_id: str
    raised_fen: tuple[int, ...]
    """The thresholds whose alarm stands."""


class Used(NamedTuple):
    """Where the used money of a fund is, as the settlement view has it."""

    position: int
    """How far that view has come."""
    payable_fen: int
    settling_fen: int
    paid_fen: int
    fees_fen: int


def head_position(reading: Snapshot) -> int:
    """Give where the log stands."""
    ((position,),) = reading.rows(QUERIES["head"], {})
    return int(position)


def fund_reports(reading: Snapshot, *, after: str, limit: int) -> list[FundReport]:
    """Give the next funds in order of their ids."""
    rows = reading.rows(QUERIES["funds"], {"after": after, "limit": limit})
    return _reports(reading, [(account.partition(":")[2], status) for account, status in rows])


def fund_report(reading: Snapshot, fund_id: str) -> FundReport:
    """Give one fund.

    Raises:
        AccountNotFound
    """
    account = addresses.fund(fund_id)
    rows = reading.rows(QUERIES["fund"], {"account": account})
    if not rows:
        raise AccountNotFound(account=account)
    (report,) = _reports(reading, [(fund_id, status) for _, status in rows])
    return report


def used_money(reading: Snapshot, fund_id: str) -> Used:
    """Give where the used money of a fund is."""
    ((position,),) = reading.rows(QUERIES["view_position"], {"view_name": Settlement.name})
    places = fund_places(reading, fund_id)._asdict()
    return Used(position, *(places.get(name, 0) for name in Used._fields[1:]))


def watched_funds(database: Database) -> list[WatchedFund]:
    """Give the funds of every programme that have thresholds."""
    with database.connection() as connection:
        rows = connection.execute(QUERIES["watched_funds"], {"register": Fund.register}).fetchall()
    found = [(programme_id, fund_id, _terms(value)) for programme_id, fund_id, value in rows]
    return [
        WatchedFund(programme_id, fund_id, terms.raised_fen)
        for programme_id, fund_id, terms in found
        if terms.thresholds_fen
    ]


def burns(reading: Snapshot, fund_id: str, on: date) -> list[Burn]:
    """Give how fast a fund was promised away over each of `BURN_DAYS` up to a local day.

    Args:
        reading: of the totals view.
        fund_id: which fund.
        on: the last local day.
    """
    return [burn(reading, fund_id, on=on, days=days) for days in BURN_DAYS]


def _reports(reading: Snapshot, funds: list[tuple[str, str]]) -> list[FundReport]:
    ids = [fund_id for fund_id, _ in funds]
    if not ids:
        return []
    money, parts = _money(reading, ids), _parts(reading, ids)
    terms = {
        key: _terms(value)
        for key, value in reading.rows(QUERIES["terms"], {"register": Fund.register, "keys": ids})
    }
    openings = _openings(reading, ids)
    return [
        FundReport(
            fund_id,
            status,
            openings[fund_id],
            terms.get(fund_id, Fund()),
            tuple(parts.get(fund_id, ())),
            *(money.get(place(fund_id), 0) for place in _PLACES),
        )
        for fund_id, status in funds
    ]


_PLACES: Final = (addresses.available, addresses.encumbered, addresses.backing, addresses.recoverable)


def _money(reading: Snapshot, fund_ids: Iterable[str]) -> Mapping[str, int]:
    accounts = [place(fund_id) for fund_id in fund_ids for place in _PLACES]
    return dict(reading.rows(QUERIES["balances"], {"accounts": accounts}))


def _parts(reading: Snapshot, fund_ids: list[str]) -> dict[str, list[SponsorPart]]:
    parts: dict[str, list[SponsorPart]] = {}
    bounds = {"first": fund_ids[0], "last": fund_ids[-1]}
    for key, value in reading.rows(QUERIES["contributions"], {"register": Contribution.register, **bounds}):
        fund_id, _, sponsor_id = key.partition("\n")
        parts.setdefault(fund_id, []).append(SponsorPart(sponsor_id, _contribution(value)))
    return parts


def _openings(reading: Any, fund_ids: Iterable[str]) -> dict[str, LoggedEvent]:
    ids = {stream_id(reading.programme_id, "fund", fund_id): fund_id for fund_id in fund_ids}
    found: dict[str, LoggedEvent] = {}
    for row in reading.rows(LOG["streams"], {"stream_ids": UuidArray.of(list(ids))}):
        logged = LoggedEvent(*row)
        found.setdefault(ids[StreamId(logged.originator_id.bytes)], logged)
    return found
