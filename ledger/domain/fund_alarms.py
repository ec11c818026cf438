"""Alarms of funds: who is told when little is left.

Rule of the room: Events → State → Decide → Evolve; all pure. Whatever moves a fund's available money
may cross a threshold, so crossings are looked for after every decision, by its legs alone; they are
events of their own, in the fund's own stream, right after what crossed it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final

import msgspec

from ledger.domain import addresses
from ledger.domain.addresses import CNY
from ledger.domain.book import Accounts
from ledger.domain.errors import ThresholdNamedTwice
from ledger.domain.fund_registers import Fund
from ledger.domain.identifiers import CommandId, EntityId
from ledger.domain.instants import utc
from ledger.domain.limits import FUND_THRESHOLDS_MAX, VALUE_FEN_MAX
from ledger.domain.messages import Event, SignedCommand
from ledger.domain.owners import require_known
from ledger.domain.registers import Registers

STREAM: Final = "fund_alarms"
"""Kind of the stream in which a fund's alarms stand, under the fund's id."""

Threshold = Annotated[int, msgspec.Meta(ge=1, le=VALUE_FEN_MAX)]


class SetFundAlarms(SignedCommand, frozen=True, kw_only=True, tag_field="kind", tag="fund.set_alarms"):
    """Say below which amounts of available money a fund's alarms are raised; none for no alarm."""

    id: CommandId
    fund_id: EntityId
    thresholds_fen: Annotated[tuple[Threshold, ...], msgspec.Meta(max_length=FUND_THRESHOLDS_MAX)]
    margin_fen: Annotated[int, msgspec.Meta(ge=0, le=VALUE_FEN_MAX)] = 0
    """How far above its threshold available money must rise before an alarm is cleared."""


# --- Events -------------------------------------------------------------------------------------


class FundAlarmsSet(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A fund's thresholds were set, in place of those before."""

    topic: ClassVar[str] = "fund.alarms_set"

    id: str
    fund_id: str
    thresholds_fen: tuple[int, ...]
    by: str
    margin_fen: int = 0


class FundAlarmRaised(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A fund's available money fell below a threshold, by the event before."""

    topic: ClassVar[str] = "fund.alarm_raised"

    fund_id: str
    threshold_fen: int
    available_fen: int


class FundAlarmCleared(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A fund's available money rose to a threshold and its margin again, by the event before."""

    topic: ClassVar[str] = "fund.alarm_cleared"

    fund_id: str
    threshold_fen: int
    available_fen: int


Alarm = FundAlarmRaised | FundAlarmCleared
ALARMS: Final = (FundAlarmRaised, FundAlarmCleared)

# --- Decide -------------------------------------------------------------------------------------


def set_alarms(command: SetFundAlarms, accounts: Accounts, recorded_at: datetime) -> FundAlarmsSet:
    """Decide a fund's thresholds.

    Raises, in this order:
        ThresholdNamedTwice,
        AccountNotFound: nobody opened the fund.
    """
    if len(set(command.thresholds_fen)) != len(command.thresholds_fen):
        raise ThresholdNamedTwice(field="thresholds_fen", thresholds_fen=list(command.thresholds_fen))
    fund = addresses.fund(command.fund_id)
    require_known(accounts[fund], fund)
    return FundAlarmsSet(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        id=command.id,
        fund_id=command.fund_id,
        thresholds_fen=command.thresholds_fen,
        by=command.by,
        margin_fen=command.margin_fen,
    )


def funds_moved(events: Iterable[Event]) -> dict[str, int]:
    """Give the funds whose alarms a decision may raise or clear, and what it adds to each."""
    moved: dict[str, int] = {}
    for event in events:
        for account, asset, _, amount_fen in event.legs:
            if asset == CNY and (fund_id := addresses.fund_of_available(account)) is not None:
                moved[fund_id] = moved.get(fund_id, 0) + amount_fen
        if type(event) is FundAlarmsSet:
            moved.setdefault(event.fund_id, 0)
    return moved


def watched(events: Iterable[Event], moved: Iterable[str], registers: Registers) -> dict[str, Fund]:
    """Give those of the funds that have thresholds, with the thresholds that a decision leaves them.

    Args:
        events: what was decided.
        moved: the funds that `funds_moved` gives of them.
        registers: with those funds' entries.
    """
    terms = {fund_id: registers.get(Fund, fund_id) for fund_id in moved}
    for event in events:
        if type(event) is FundAlarmsSet:
            terms[event.fund_id] = _with_thresholds(terms[event.fund_id], event)
    return {fund_id: fund for fund_id, fund in terms.items() if fund is not None and fund.thresholds_fen}


def crossings(
    events: Sequence[Event], moved: Mapping[str, int], funds: Mapping[str, Fund], accounts: Accounts
) -> list[tuple[int, Alarm]]:
    """Give the alarms that a decision raises and clears, before it is applied.

    Args:
        events: what was decided.
        moved: what `funds_moved` gives of them.
        funds: those that are `watched`.
        accounts: with those funds' available money.

    Returns:
        Each with its place in the stream of its fund's alarms.
    """
    alarms: list[tuple[int, Alarm]] = []
    for fund_id, fund in funds.items():
        available_fen = accounts[addresses.available(fund_id)].total(CNY) + moved[fund_id]
        crossed = _crossed(fund_id, fund, available_fen, events[-1])
        alarms += enumerate(crossed, fund.alarms + 1)
    return alarms


def _crossed(fund_id: str, fund: Fund, available_fen: int, cause: Event) -> list[Alarm]:
    """Alarms as money falls, the highest threshold first; as it rises the lowest first."""
    raised = [
        threshold_fen
        for threshold_fen in fund.thresholds_fen
        if available_fen < threshold_fen and threshold_fen not in fund.raised_fen
    ]
    cleared = [
        threshold_fen
        for threshold_fen in reversed(fund.raised_fen)
        if available_fen >= threshold_fen + fund.margin_fen
    ]
    if not raised and not cleared:
        return []
    told: dict[str, Any] = {
        "occurred_at": cause.occurred_at,
        "recorded_at": cause.recorded_at,
        "fund_id": fund_id,
        "available_fen": available_fen,
    }
    return [
        *(FundAlarmCleared(**told, threshold_fen=threshold_fen) for threshold_fen in cleared),
        *(FundAlarmRaised(**told, threshold_fen=threshold_fen) for threshold_fen in raised),
    ]


# --- Evolve -------------------------------------------------------------------------------------


def evolve(fund: Fund | None, event: Event) -> Fund | None:
    """Give a fund's entry after its thresholds were set, or an alarm was raised or cleared."""
    if isinstance(event, FundAlarmsSet):
        after = _with_thresholds(fund, event)
        return None if after == Fund() else after
    if fund is None or not isinstance(event, ALARMS):
        return fund
    raised = {*fund.raised_fen, event.threshold_fen}
    if isinstance(event, FundAlarmCleared):
        raised.discard(event.threshold_fen)
    return msgspec.structs.replace(fund, raised_fen=_highest_first(raised), alarms=fund.alarms + 1)


def _with_thresholds(fund: Fund | None, event: FundAlarmsSet) -> Fund:
    """An alarm of a threshold that is kept goes on; one of a threshold that is not is no more."""
    before = fund or Fund()
    return msgspec.structs.replace(
        before,
        thresholds_fen=_highest_first(event.thresholds_fen),
        margin_fen=event.margin_fen,
        raised_fen=_highest_first({*before.raised_fen} & {*event.thresholds_fen}),
    )


def _highest_first(thresholds_fen: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(thresholds_fen, reverse=True))
