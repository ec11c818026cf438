"""One account, explained: what it holds, lot by lot, and how its newest entries came about."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ledger.domain.addresses import CNY, CREDIT
from ledger.domain.errors import EntryNotFound
from ledger.domain.redemption import RedemptionHeld
from ledger.explained.grounds import case_of
from ledger.explained.reader import Reader
from ledger.explaining.lots import LotStory, lot_stories
from ledger.explaining.steps import Case, Step, Told, checked, checked_fen
from ledger.explaining.topics import explain_stream
from ledger.projections.explaining import credit_positions
from ledger.projections.snapshot import Snapshot
from ledger.projections.statement_balances import held_at, participant_of, require_shown
from ledger.projections.statement_pages import Place, StatementEntry, Total, Wanted, read_statement
from ledger.projections.statements import QUERIES
from ledger.store.log import Log


class Asked(NamedTuple):
    """What is to be explained."""

    account: str
    assets: tuple[str, ...]
    """In order."""
    limit: int
    """Entries at most."""
    after: Place | None = None
    """Where the page before ended."""
    at_position: int | None = None
    """The one event that is asked for; None for the newest entries."""


class ExplainedEntry(NamedTuple):
    """An entry, or an event that entered nothing, and the chain that leads to it."""

    position: int
    topic: str
    entry: StatementEntry | None
    steps: list[Step]


class Explanation(NamedTuple):
    """An account, explained."""

    account: str
    position: int
    time_zone: str
    balances: list[Step]
    lots: list[LotStory] | None
    """None where they are not asked for, or too many entries would have to be told."""
    entries: list[ExplainedEntry]
    next_place: Place | None

    @property
    def is_proven(self) -> bool:
        """Whether every number that was computed again is the one that was recorded."""
        steps = [*self.balances, *(step for entry in self.entries for step in entry.steps)]
        steps += [step for story in self.lots or () for step in story.steps]
        return all(step.check is None or step.check.is_equal for step in steps)


def explain_account(log: Log, snapshot: Snapshot, programme_id: str, asked: Asked) -> Explanation:
    """Explain what an account holds, lot by lot, and its newest entries; or one event that concerns it.

    Args:
        log: of the programme.
        snapshot: of the statements view, at the position of `asked.after` or a later one.
        programme_id: whose account.
        asked: which account and which of its entries.

    Raises:
        AccountNotFound: there is nothing to show of the account.
        EntryNotFound: the event asked for has nothing to do with it, or is not there yet.
    """
    require_shown(snapshot, asked.account)
    position = snapshot.position if asked.after is None else asked.after.position
    reader = Reader(log, snapshot, programme_id, position)
    wanted = Wanted(asked.account, asked.assets)
    if asked.at_position is not None:
        wanted = wanted._replace(first_position=asked.at_position, last_position=asked.at_position)
    page = read_statement(snapshot, wanted, limit=asked.limit, after=asked.after)
    positions = {entry.position for entry in page.entries}
    if asked.at_position is not None:
        positions.add(asked.at_position)
    streams = {told.position: stream for stream in reader.streams(positions) for told in stream}
    if asked.at_position is not None and not _concerns(asked, bool(page.entries), streams):
        raise EntryNotFound(account=asked.account, position=asked.at_position)
    case = case_of(reader, [streams[at] for at in positions if at in streams])
    erased = _erased(snapshot, [told for stream in streams.values() for told in stream])
    return Explanation(
        account=asked.account,
        position=position,
        time_zone=case.programme.time_zone,
        balances=_balances(asked, position, page.totals) if _is_first_of_balance(asked) else [],
        lots=_lots(reader, asked, streams, erased),
        entries=_entries(case, asked, page.entries, streams, erased),
        next_place=None if asked.at_position is not None else page.next_place,
    )


def _is_first_of_balance(asked: Asked) -> bool:
    return asked.after is None and asked.at_position is None


def _concerns(asked: Asked, has_entry: bool, streams: Mapping[int, Sequence[Told]]) -> bool:  # noqa: FBT001 - found or not
    """Whether an event has to do with an account: by a leg, or because it is about its participant."""
    if has_entry:
        return True
    participant_id = participant_of(asked.account)
    stream = streams.get(asked.at_position or 0, ())
    return participant_id is not None and any(
        getattr(told.event, "participant_id", None) == participant_id for told in stream
    )


def _erased(snapshot: Snapshot, told: Iterable[Told]) -> frozenset[str]:
    """Give those of the participants named who were erased."""
    named = sorted({participant_id for one in told for participant_id in _participants(one)})
    if not named:
        return frozenset()
    return frozenset(row[0] for row in snapshot.rows(QUERIES["erased"], {"participant_ids": named}))


def _participants(told: Told) -> set[str]:
    event: Any = told.event
    named = {participant_of(leg.account) for leg in event.legs}
    named.add(getattr(event, "participant_id", None))
    return {participant_id for participant_id in named if participant_id is not None}


# --- what is shown ------------------------------------------------------------------------------


def _balances(asked: Asked, position: int, totals: Sequence[Total] | None) -> list[Step]:
    return [
        Step(
            kind=f"balance.{total.asset}",
            position=position,
            topic="",
            facts={"account": asked.account, "asset": total.asset, "amount": total.closing_amount},
        )
        for total in totals or ()
    ]


def _entries(
    case: Case,
    asked: Asked,
    entries: Sequence[StatementEntry],
    streams: Mapping[int, Sequence[Told]],
    erased: frozenset[str],
) -> list[ExplainedEntry]:
    """Explain entries one by one; of one event also what came after it in its stream."""
    if asked.at_position is not None and not entries:
        stream = streams[asked.at_position]
        (told,) = (one for one in stream if one.position == asked.at_position)
        header = Step(
            kind="entry.none",
            position=told.position,
            topic=told.event.topic,
            facts={"account": asked.account},
        )
        steps = [header, *_chain(case, stream, erased)]
        return [ExplainedEntry(told.position, told.event.topic, None, steps)]
    older = _balances_before(entries)
    explained = []
    for number, entry in enumerate(entries):
        stream = streams[entry.position]
        until = [told for told in stream if asked.at_position is not None or told.position <= entry.position]
        (own,) = (told for told in stream if told.position == entry.position)
        header = _header(asked.account, entry, own, older[number])
        steps = [header, *_chain(case, until, erased)]
        explained.append(ExplainedEntry(entry.position, entry.topic, entry, steps))
    return explained


def _chain(case: Case, stream: Sequence[Told], erased: frozenset[str]) -> list[Step]:
    """Explain a stream; nothing of it where a participant it names was erased."""
    if any(_participants(told) & erased for told in stream):
        last = stream[-1]
        return [Step(kind="entry.erased", position=last.position, topic=last.event.topic, facts={})]
    return explain_stream(case, stream)


def _balances_before(entries: Sequence[StatementEntry]) -> list[int | None]:
    """Give the balance before each of some entries, newest first, where the one before is among them."""
    before: list[int | None] = [None] * len(entries)
    newer: dict[str, int] = {}
    for number, entry in enumerate(entries):
        if entry.asset in newer:
            before[newer[entry.asset]] = entry.balance
        newer[entry.asset] = number
    return before


def _header(account: str, entry: StatementEntry, own: Told, balance_before: int | None) -> Step:
    moved = sum(leg.amount for leg in own.event.legs if (leg.account, leg.asset) == (account, entry.asset))
    balance = entry.balance - entry.amount + moved if balance_before is None else balance_before + moved
    compare = checked_fen if entry.asset == CNY else checked
    return Step(
        kind=f"entry.{entry.asset}",
        position=entry.position,
        topic=entry.topic,
        facts={
            "account": account,
            "asset": entry.asset,
            "amount": entry.amount,
            "balance": entry.balance,
            "occurred_at": entry.occurred_at,
            "recorded_at": entry.recorded_at,
        },
        check=compare(entry.balance, balance),
    )


def _lots(
    reader: Reader, asked: Asked, streams: Mapping[int, Sequence[Told]], erased: frozenset[str]
) -> list[LotStory] | None:
    """Tell the lots of an account; of one event those that it moved."""
    if CREDIT not in asked.assets or asked.after is not None:
        return None
    positions = credit_positions(reader.snapshot, asked.account, reader.until)
    if positions is None:
        return None
    told = sorted(
        {one.position: one for stream in reader.streams(positions) for one in stream}.values(),
        key=lambda one: one.position,
    )
    moving = set(positions)
    own = [one for one in told if one.position in moving]
    redemptions: dict[str, list[Told]] = {}
    for one in told:
        event: Any = one.event
        own_id = event.id if isinstance(event, RedemptionHeld) else getattr(event, "redemption_id", None)
        if own_id is not None:
            redemptions.setdefault(own_id, []).append(one)
    balance = held_at(reader.snapshot, asked.account, reader.until, (CREDIT,)).get(CREDIT, 0)
    hidden = erased | _erased(reader.snapshot, own)
    stories = lot_stories(asked.account, own, redemptions, balance, hidden)
    if asked.at_position is None:
        return stories
    moved = {
        leg.lot
        for one in streams.get(asked.at_position, ())
        if one.position == asked.at_position
        for leg in one.event.legs
        if leg.account == asked.account
    }
    return [story for story in stories if story.lot in moved]
