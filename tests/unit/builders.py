"""A programme in memory, and one good command of every kind to vary.

Commands go the way they go in production: what a row reads is loaded, `decide` decides, the state
applies. The book is kept whole, so that conservation can be asked of it at any time.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any, Self, TypeVar

import msgspec
import pytest

from ledger.domain import addresses
from ledger.domain.activity import RecordActivity
from ledger.domain.adjustment import AdjustCredits
from ledger.domain.book import Account, Leg, Status
from ledger.domain.conversion import CreditsPerGrams
from ledger.domain.decisions import ROWS, decide, stream_of
from ledger.domain.donation import DonateCredits
from ledger.domain.errors import LedgerError
from ledger.domain.expiry import CompleteExpiry, ExpireCredits, RunExpiry, StartExpiry
from ledger.domain.fund import CommitMoney
from ledger.domain.fund_alarms import crossings, funds_moved, watched
from ledger.domain.fund_registers import Fund
from ledger.domain.identifiers import StreamId, stream_id
from ledger.domain.instants import ExpiryPolicy
from ledger.domain.messages import Command, Event
from ledger.domain.methodology import Factor, Measured
from ledger.domain.owners import (
    CloseParticipant,
    FreezeParticipant,
    OpenFund,
    OpenMerchant,
    OpenOrganisation,
    OpenParticipant,
    UnfreezeParticipant,
)
from ledger.domain.programme import OpenProgramme
from ledger.domain.redemption import (
    CancelRedemption,
    FulfilRedemption,
    FundWeight,
    HoldRedemption,
    RefundRedemption,
    ReleaseHold,
)
from ledger.domain.registers import Kept
from ledger.domain.rules import PublishMethodology, PublishScenario
from ledger.domain.sink import AddSinkUnits, OpenSinkProject
from ledger.domain.state import FactKey, ProgrammeState, evolve_fact
from ledger.domain.transfer import TransferCredits
from ledger.domain.visibility import EraseParticipant, HideParticipant, ShowParticipant

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
"""Noon in Shanghai."""
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
YESTERDAY, TODAY, TOMORROW, LATER = "2026-11-21", "2026-11-22", "2026-11-23", "2027-11-22"

ADA, BO, SCHOOL, CAFE = "participant:ada", "participant:bo", "org:school", "merchant:cafe"
CITY, BANK = "fund:city", "fund:bank"

PER_KM = Factor(name="per_km", value="26.9", unit="g/km", region="全国", year=2022, source="a test")

OPEN_PROGRAMME = OpenProgramme(
    occurred_at=NOW,
    id="green-city",
    name_zh="绿色城市",
    name_en="Green City",
    level="city",
    time_zone="Asia/Shanghai",
    transferable=True,
    expiry=ExpiryPolicy(kind="months", months=12),
)
PUBLISH_METHODOLOGY = PublishMethodology(
    occurred_at=NOW,
    id="ride",
    version=1,
    name_zh="公交出行",
    name_en="Bus rides",
    formula="distance",
    factors=(PER_KM,),
)
PUBLISH_SCENARIO = PublishScenario(
    occurred_at=NOW,
    id="bus",
    version=1,
    name_zh="乘公交",
    name_en="Take the bus",
    methodology_id="ride",
    methodology_version=1,
    rule=CreditsPerGrams(credits=1, per_g=100),
    valid_from=datetime(2026, 1, 1, tzinfo=UTC),
)
RECORD_ACTIVITY = RecordActivity(
    occurred_at=NOW,
    id="trip-1",
    source="bus-card",
    participant_id="ada",
    scenario_id="bus",
    measured=Measured(distance_km="10"),
)
TRANSFER = TransferCredits(occurred_at=NOW, id="gift-1", from_account=ADA, to_account=BO, credits=10)
COMMIT_MONEY = CommitMoney(
    occurred_at=NOW, id="grant-1", fund_id="city", sponsor_id="council", value_fen=10_000
)
HOLD = HoldRedemption(
    occurred_at=NOW,
    id="coffee-1",
    participant_id="ada",
    merchant_id="cafe",
    credits=10,
    face_value_fen=900,
    funds=(FundWeight(fund_id="city", weight=2), FundWeight(fund_id="bank", weight=1)),
    deadline_at=NOW + timedelta(days=7),
)
FULFIL = FulfilRedemption(occurred_at=NOW, redemption_id="coffee-1", store_id="gate")
CANCEL = CancelRedemption(occurred_at=NOW, redemption_id="coffee-1", reason="改主意了")
REFUND = RefundRedemption(occurred_at=NOW, redemption_id="coffee-1", reason="咖啡凉了")
RELEASE = ReleaseHold(occurred_at=NOW, run_id="night-1", redemption_id="coffee-1")
ADJUST = AdjustCredits(
    occurred_at=NOW, id="fix-1", account=ADA, credits=10, approver="王芳", reason="the platform was down"
)
OPEN_SINK = OpenSinkProject(
    occurred_at=NOW,
    id="forest",
    name_zh="高原碳汇林",
    name_en="Highland forest",
    unit="tree",
    location="四川省凉山州",
    reference="CCER 2026-014",
    credits_per_unit=20,
    vintage_year=2026,
)
ADD_UNITS = AddSinkUnits(
    occurred_at=NOW,
    id="delivery-1",
    project_id="forest",
    first_serial=101,
    last_serial=200,
    reference="planting report 7",
)
DONATE = DonateCredits(occurred_at=NOW, id="donation-1", from_account=ADA, project_id="forest", units=2)
EXPIRE = ExpireCredits(
    occurred_at=NOW, run_id="night-1", account=ADA, up_to=datetime.fromisoformat(YESTERDAY).date()
)

OPEN_PARTICIPANT = OpenParticipant(occurred_at=NOW, id="ada", organisation_id="school")
OPEN_ORGANISATION = OpenOrganisation(
    occurred_at=NOW, id="school", name_zh="学校", name_en="School", parent_id="district"
)
OPEN_MERCHANT = OpenMerchant(occurred_at=NOW, id="cafe", name_zh="咖啡馆", name_en="Café")
OPEN_FUND = OpenFund(occurred_at=NOW, id="city", name_zh="市级资金", name_en="City fund")
FREEZE = FreezeParticipant(occurred_at=NOW, id="freeze-1", participant_id="ada", reason="a lost phone")
UNFREEZE = UnfreezeParticipant(occurred_at=NOW, id="thaw-1", participant_id="ada", reason="a found phone")
CLOSE = CloseParticipant(occurred_at=NOW, id="close-1", participant_id="ada", reason="moved away")
HIDE = HideParticipant(occurred_at=NOW, id="hide-1", participant_id="ada", reason="would rather not")
SHOW = ShowParticipant(occurred_at=NOW, id="show-1", participant_id="ada", reason="would like to after all")
ERASE = EraseParticipant(occurred_at=NOW, id="erase-1", participant_id="ada", reason="asked for it")
RUN_EXPIRY = RunExpiry(occurred_at=NOW, id="night-1", up_to=EXPIRE.up_to)
START_EXPIRY = StartExpiry(occurred_at=NOW, id="night-1", up_to=EXPIRE.up_to)
COMPLETE_EXPIRY = CompleteExpiry(
    occurred_at=NOW, id="night-1", up_to=EXPIRE.up_to, credits=10, accounts=1, holds_released=1
)

CommandType = TypeVar("CommandType", bound=Command)


def but(command: CommandType, **changes: Any) -> CommandType:
    """Give the same command with some fields changed."""
    return msgspec.structs.replace(command, **changes)


def converted(command: CommandType, **changes: Any) -> CommandType:
    """Read the command with some fields changed, as a request is read.

    Raises:
        msgspec.ValidationError: a field is not within the bounds of its type.
    """
    return msgspec.convert(msgspec.to_builtins(command) | changes, type(command))


class World:
    """One programme whose whole book is in memory.

    As in production a decision finds what its row names and nothing else: accounts, entries of
    registers and the fact it is about, which is folded from its stream.
    """

    def __init__(self, **terms: Any) -> None:
        self.state = ProgrammeState(OPEN_PROGRAMME.id)
        self.streams: dict[StreamId, list[Event]] = {}
        self.told: list[tuple[Command, tuple[Event, ...]]] = []
        self.alarms: list[Event] = []
        """Those of funds that the last command raised and cleared."""
        self.do(but(OPEN_PROGRAMME, **terms))

    def put(self, accounts: Mapping[str, Account]) -> Self:
        """Set addresses up as if the log had led there."""
        self.state.accounts.load(accounts)
        return self

    def decide(self, command: Command, at: datetime = NOW) -> tuple[Event, ...]:
        """Decide and change nothing."""
        self._load(command)
        before = self._picture(command)
        try:
            return decide(command, self.state, at).events
        finally:
            assert self._picture(command) == before, "deciding changes nothing"

    def do(self, *commands: Command, at: datetime = NOW) -> Sequence[Any]:
        """Decide and apply commands one after the other; give the events of the last one."""
        events: tuple[Event, ...] = ()
        for command in commands:
            events = self.decide(command, at)
            self.alarms = self._alarms(events)
            for event in events:
                assert unbalanced(event.legs) == {}
                self.streams.setdefault(stream_of(command, self.state.programme_id), []).append(event)
                self.state.apply(event)
            for alarm in self.alarms:
                self.state.apply(alarm)
            self.told.append((command, (*events, *self.alarms)))
        return events

    def _alarms(self, events: Sequence[Event]) -> list[Event]:
        registers, moved = self.state.registers, funds_moved(events)
        registers.load(dict.fromkeys(registers.missing((Fund, fund_id) for fund_id in moved)))
        funds = watched(events, moved, registers)
        for fund_id in funds:
            self.account(addresses.available(fund_id))
        return [alarm for _, alarm in crossings(events, moved, funds, self.state.accounts)]

    def refusal(self, command: Command, at: datetime = NOW) -> LedgerError:
        """Give what deciding the command is refused with."""
        with pytest.raises(LedgerError) as caught:
            self.decide(command, at)
        return caught.value

    def lots(self, address: str) -> dict[str, int]:
        """Credits by lot, empty lots left out."""
        return dict(self.account(address).lots_in_order())

    def fen(self, address: str) -> int:
        """Money at an address."""
        return self.account(address).total(addresses.CNY)

    def account(self, address: str) -> Account:
        """Everything ever posted to an address, whether it was loaded or not."""
        if address not in self.state.accounts:
            self.state.accounts.load({address: Account()})
        return self.state.accounts[address]

    def fact(self, key: FactKey, command: Command) -> Any:
        """What has become of a fact, from the events of the command's stream alone."""
        return self._folded(key, stream_of(command, self.state.programme_id))

    def entries(self, register: type[Kept]) -> dict[str, Kept]:
        """Everything that stands in a register, by its key."""
        entries = self.state.registers.entries().items()
        return {
            key: entry for (kept, key), entry in entries if kept is register and isinstance(entry, register)
        }

    def _folded(self, key: FactKey, stream: StreamId) -> Any:
        fact = None
        for event in self.streams.get(stream, ()):
            fact = evolve_fact(key, fact, event)
        return fact

    def _load(self, command: Command) -> None:
        row = ROWS[type(command)]
        if row.fact is not None and (key := row.fact(command)) not in self.state.facts:
            self.state.facts[key] = self.fact(key, command)
        for key in row.also(command) if row.also is not None else ():
            if key not in self.state.facts:
                self.state.facts[key] = self._folded(key, stream_id(self.state.programme_id, *key))
        for address in row.reads(command, self.state):
            if address not in self.state.accounts:
                self.state.accounts.load({address: Account()})
        # Twice, as in production: an entry may lead to others.
        for _ in range(2 if row.registers is not None else 0):
            named = row.registers(command, self.state) if row.registers is not None else ()
            self.state.registers.load(dict.fromkeys(self.state.registers.missing(named)))

    def _picture(self, command: Command) -> bytes:
        read = ROWS[type(command)].reads(command, self.state)
        accounts = {address: self.state.accounts[address] for address in read}
        facts = list(self.state.facts.items())
        registers = [
            (kept.register, key, entry) for (kept, key), entry in self.state.registers.entries().items()
        ]
        picture = (accounts, facts, registers, self.state.position, self.state.recorded_at)
        return msgspec.json.encode(picture)


def unbalanced(legs: Sequence[Leg]) -> dict[str, int]:
    """Sum legs by asset, and leave out those that sum to zero."""
    sums: dict[str, int] = {}
    for leg in legs:
        sums[leg.asset] = sums.get(leg.asset, 0) + leg.amount
    return {asset: amount for asset, amount in sums.items() if amount}


def holding(
    lots: Mapping[str, int] | None = None, *, status: Status | None = "open", fen: int = 0
) -> Account:
    """An account with credits by lot, and money."""
    return Account(status=status, lots=dict(lots or {}), others={addresses.CNY: fen})


def with_rules(**terms: Any) -> World:
    """A programme with a bus scenario: 26.9 g/km, one credit per 100 g."""
    world = World(**terms)
    world.do(PUBLISH_METHODOLOGY, PUBLISH_SCENARIO)
    return world


def with_shop(**terms: Any) -> World:
    """A programme in which Ada holds 100 credits, a café sells and two funds have 10,000 分 each."""
    return World(**terms).put(
        {
            ADA: holding({LATER: 100}),
            BO: holding(),
            CAFE: holding(),
            CITY: holding(),
            BANK: holding(),
            f"{CITY}:available": holding(status=None, fen=10_000),
            f"{BANK}:available": holding(status=None, fen=10_000),
        }
    )


Fault = tuple[dict[str, Any], type[LedgerError]]
"""What is wrong, as settings of a case, and what is told about it."""


def one_fault(faults: Sequence[Fault]) -> list[Any]:
    """Give each fault alone, with what is told about it."""
    return [pytest.param(settings, expected, id=_told(settings)) for settings, expected in faults]


def two_faults(faults: Sequence[Fault]) -> list[Any]:
    """Pair the faults of a decision, listed in documented order, where both can be had at once."""
    return [
        pytest.param(earlier, later, id=f"{_told(earlier)}-{_told(later)}")
        for (earlier, _), (later, _) in combinations(faults, 2)
        if not earlier.keys() & later.keys()
    ]


def _told(settings: Mapping[str, Any]) -> str:
    return ",".join(settings)
