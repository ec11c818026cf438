"""The ledger against a second one: whatever is sent, in whatever order, both answer and hold the same.

Two writers take turns on one database, so that now the fence holds, now it fails; their clocks
differ, and move over midnights and ends of months in Shanghai. `HYPOTHESIS_PROFILE=soak` looks
for minutes instead of seconds.
"""

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ledger import replay
from ledger.domain.activity import RecordActivity
from ledger.domain.adjustment import AdjustCredits
from ledger.domain.claiming import ClaimCredits, LapseCredits, Pending
from ledger.domain.conversion import CreditsPerGrams
from ledger.domain.donation import DonateCredits
from ledger.domain.errors import BulkNotApplied, ContentDiffers, LedgerError
from ledger.domain.expiry import CompleteExpiry, ExpireCredits, RunExpiry, StartExpiry
from ledger.domain.fund import CommitMoney
from ledger.domain.instants import ExpiryPolicy
from ledger.domain.messages import Command
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
from ledger.domain.review import Held
from ledger.domain.rules import PublishMethodology, PublishScenario
from ledger.domain.sink import AddSinkUnits, OpenSinkProject, Sink
from ledger.domain.transfer import TransferCredits
from ledger.domain.visibility import EraseParticipant, HideParticipant, ShowParticipant
from ledger.expiry_run import run_expiry
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.writer import Outcome, Recorded, Writer
from tests.property import activity_drafts as acts
from tests.property.activity_drafts import mostly
from tests.property.examples import PROFILE
from tests.property.reference_model import Model, Prediction, key_of

COMMON: Final[dict[str, Any]] = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.generate, Phase.shrink),
}
settings.register_profile("fast", max_examples=60, stateful_step_count=50, derandomize=True, **COMMON)
settings.register_profile("soak", max_examples=1_500, stateful_step_count=60, **COMMON)

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
BEGIN: Final = datetime(2026, 11, 30, 15, 59, 59, 999_999, tzinfo=UTC)
"""The last microsecond of November in Shanghai."""

CLOCKS_LAG: Final = (timedelta(0), timedelta(seconds=90))
PARTICIPANTS: Final = ("p0", "p1", "p2", "p3")
HOLDERS: Final = (*(f"participant:{own_id}" for own_id in PARTICIPANTS), "org:o0", "merchant:m0")
FUNDS: Final = ("f0", "f1", "f2")
ALTERABLE: Final = [
    *("credits", "value_fen", "face_value_fen", "fee_fen", "offer_id", "deadline_at", "transferable"),
    *("units", "last_serial", "credits_per_unit", "from_account"),
    *("reason", "approver", "store_id", "to_account", "participant_id", "fund_id", "sponsor_id", "name_zh"),
]

Draft = Callable[["LedgerMachine"], Command]
"""A command but for what only the run knows: its id, the time, what is left in an account."""

numbers = iter(range(10**9))


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    with Database(database) as opened:
        yield opened


@pytest.mark.timeout(0 if PROFILE == "soak" else 300)
def test_the_ledger_and_the_model_agree_whatever_is_sent(opened: Database) -> None:
    run_state_machine_as_test(
        lambda: LedgerMachine(opened),  # type: ignore[arg-type]  # it only calls it
        settings=settings.get_profile(PROFILE),
    )


# --- What may be sent ---------------------------------------------------------------------------


participants, holders, funds = st.sampled_from(PARTICIPANTS), st.sampled_from(HOLDERS), st.sampled_from(FUNDS)
amounts = mostly(st.integers(1, 9), st.sampled_from(["all", "one too many", "with expired"]))
gifts = mostly(amounts, st.sampled_from(["quota", "over quota"]))


def transfers() -> st.SearchStrategy[Draft]:
    def draft(giver: str | int, receiver: str | int, amount: int | str) -> Draft:
        def build(m: LedgerMachine) -> Command:
            source = m.spender(giver)
            return TransferCredits(
                id=m.new_id(),
                from_account=source,
                to_account=receiver if isinstance(receiver, str) else next_after(source, receiver),
                credits=m.amount_of(source, amount),
                occurred_at=m.now,
            )

        return build

    givers = mostly(st.integers(0, 4), holders | st.just("participant:nobody"))
    return st.builds(draft, givers, mostly(st.integers(1, 4), holders), gifts)


def next_after(holder: str, steps: int) -> str:
    """Give another holder, never one who is frozen or closed in most runs."""
    others = [other for other in HOLDERS if other != holder]
    return others[steps % len(others)]


def adjustments() -> st.SearchStrategy[Draft]:
    def draft(account: str, sign: int, amount: int | str, lot_in_days: int | None) -> Draft:
        def build(m: LedgerMachine) -> Command:
            lot = None if lot_in_days is None else m.today() + timedelta(days=lot_in_days)
            return AdjustCredits(
                id=m.new_id(),
                account=account,
                credits=sign * m.amount_of(account, amount),
                lot=lot if sign >= 0 or lot_in_days == 0 else None,
                approver="Li",
                reason="by hand",
                occurred_at=m.now,
            )

        return build

    lots = mostly(st.sampled_from([None, 0, 1, 2, 31]), st.sampled_from([-1, 3_652, 3_653, 4_000]))
    return st.builds(draft, holders, mostly(st.sampled_from([1, 1, -1]), st.just(0)), amounts, lots)


def activities() -> st.SearchStrategy[Draft]:
    def draft(own_id: str, scenario: str, distance_km: str | None, ago_s: int) -> Draft:
        return lambda m: RecordActivity(
            id=m.new_id(),
            source="cars",
            participant_id=own_id,
            scenario_id=scenario,
            measured=Measured(distance_km=distance_km),
            occurred_at=m.now - timedelta(seconds=ago_s),
        )

    distances = mostly(
        st.sampled_from(["25.0", "3", "1234.5", "0", "0.000000001"]),
        st.sampled_from(["10000.1", "07", "x", None]),
    )
    ago_s = mostly(st.sampled_from([0, 3_600, -299]), st.sampled_from([86_400 * 40, -301]))
    scenarios = mostly(st.just("bus"), st.just("tram"))
    return st.builds(draft, mostly(participants, st.just("p9")), scenarios, distances, ago_s)


def holds() -> st.SearchStrategy[Draft]:
    def draft(
        who: str | int,
        amount: int | str,
        fens: tuple[int, int],
        named: list[str],
        weights: list[int],
        lasts_s: int,
    ) -> Draft:
        def build(m: LedgerMachine) -> Command:
            own_id = m.spender(who, of=HOLDERS[:3]).removeprefix("participant:")
            return HoldRedemption(
                id=m.new_id(),
                participant_id=own_id,
                merchant_id="m0",
                credits=m.amount_of(f"participant:{own_id}", amount),
                face_value_fen=fens[0],
                fee_fen=fens[1],
                offer_id="coffee" if fens[1] else None,
                funds=tuple(FundWeight(fund_id=f, weight=w) for f, w in zip(named, weights, strict=False)),
                deadline_at=m.now + timedelta(seconds=lasts_s),
                occurred_at=m.now,
            )

        return build

    return st.builds(
        draft,
        mostly(st.integers(0, 3), participants),
        amounts,
        mostly(
            st.sampled_from([(1, 0), (2, 2), (20, 0), (21, 4)]),
            st.sampled_from([(500, 7), (50_000, 0), (2, 3)]),
        ),
        mostly(st.permutations(FUNDS).map(lambda f: f[:2]), st.sampled_from([["f0", "f0"], ["f9"], ["f0"]])),
        st.lists(st.sampled_from([1, 2, 3, 7]), min_size=2, max_size=2),
        mostly(
            st.sampled_from([91, 600, 86_400, 86_400 * 40]), st.sampled_from([86_400 * 366, 86_400 * 367, -1])
        ),
    )


def redemption_steps() -> st.SearchStrategy[Draft]:
    def draft(kind: Callable[..., Command], status: str, back: int, instead: Draft) -> Draft:
        def build(m: LedgerMachine) -> Command:
            if back and m.redemption(status, back) is None:
                return instead(m)
            told = {} if kind is FulfilRedemption else {"reason": "asked for"}
            return kind(redemption_id=m.redemption(status, back) or "never-held", occurred_at=m.now, **told)

        return build

    steps: list[tuple[type[Command], str]] = [
        (FulfilRedemption, "held"),
        (CancelRedemption, "held"),
        (RefundRedemption, "fulfilled"),
    ]
    out_of_turn = [(kind, status) for kind, _ in steps for status in ("held", "fulfilled", "refunded")]
    return mostly(st.sampled_from(steps), st.sampled_from(out_of_turn)).flatmap(
        lambda step: st.builds(draft, st.just(step[0]), st.just(step[1]), st.integers(0, 9), holds())
    )


def ownership() -> st.SearchStrategy[Draft]:
    def change(kind: Callable[..., Command], own_id: str) -> Draft:
        return lambda m: kind(id=m.new_id(), participant_id=own_id, reason="asked for", occurred_at=m.now)

    def open_participant(own_id: str, organisation_id: str | None) -> Draft:
        return lambda m: OpenParticipant(id=own_id, organisation_id=organisation_id, occurred_at=m.now)

    def open_organisation(own_id: str, parent_id: str | None) -> Draft:
        return lambda m: OpenOrganisation(
            id=own_id, name_zh="组", name_en="Unit", parent_id=parent_id, occurred_at=m.now
        )

    organisations = st.sampled_from([None, "o0", "o1", "o2"])
    return st.one_of(
        st.builds(
            change,
            st.sampled_from([FreezeParticipant, UnfreezeParticipant, UnfreezeParticipant, CloseParticipant]),
            mostly(st.sampled_from(["p2", "p3"]), participants),
        ),
        st.builds(
            change,
            st.sampled_from([HideParticipant, ShowParticipant, EraseParticipant]),
            mostly(participants, st.just("p9")),
        ),
        st.builds(open_participant, st.sampled_from([*PARTICIPANTS, "p8", "p9"]), organisations),
        st.builds(open_organisation, st.sampled_from(["o1", "o2"]), organisations),
    )


def money() -> st.SearchStrategy[Draft]:
    def draft(fund_id: str, value_fen: int) -> Draft:
        return lambda m: CommitMoney(
            id=m.new_id(), fund_id=fund_id, sponsor_id="bank", value_fen=value_fen, occurred_at=m.now
        )

    return st.builds(draft, mostly(funds, st.just("f9")), st.integers(1, 3_000))


def sinks() -> st.SearchStrategy[Draft]:
    def project(own_id: str, credits_per_unit: int) -> Draft:
        return lambda m: m.sink(own_id, credits_per_unit)

    def delivery(project_id: str, first: int, more: int) -> Draft:
        return lambda m: AddSinkUnits(
            id=m.new_id(),
            project_id=project_id,
            first_serial=first,
            last_serial=first + more,
            reference="report",
            occurred_at=m.now,
        )

    def donation(project_id: str, donor: str | int, units: int) -> Draft:
        return lambda m: DonateCredits(
            id=m.new_id(),
            from_account=m.spender(donor),
            project_id=project_id,
            units=units,
            occurred_at=m.now,
        )

    projects = mostly(st.sampled_from(["s0", "s0", "s1"]), st.just("s9"))
    donors = mostly(st.integers(0, 4), holders | st.just("participant:nobody"))
    return st.one_of(
        st.builds(project, st.sampled_from(["s0", "s1"]), st.sampled_from([1, 3])),
        st.builds(delivery, projects, st.integers(1, 60), mostly(st.integers(0, 6), st.just(-1))),
        st.builds(donation, projects, donors, mostly(st.integers(1, 4), st.sampled_from([12, 80]))),
    )


def rules() -> st.SearchStrategy[Draft]:
    def methodology(version: int, per_km: str) -> Draft:
        return lambda m: m.methodology(version, per_km)

    def scenario(version: int, methodology_version: int, per_g: int, valid_days: int | None) -> Draft:
        return lambda m: m.scenario(version, methodology_version, per_g, valid_days)

    versions = st.integers(1, 4)
    return st.one_of(
        st.builds(methodology, versions, st.sampled_from(["46.5", "120", "0.333333333"])),
        st.builds(
            scenario, versions, versions, st.sampled_from([1, 10, 100]), st.sampled_from([None, 0, 30])
        ),
    )


def earlier() -> st.SearchStrategy[Draft]:
    return st.builds(lambda back: lambda m: m.sent_before(back), st.integers(0, 40))


def altered() -> st.SearchStrategy[Draft]:
    def draft(back: int, field: str | None, *, other_time: bool) -> Draft:
        def build(m: LedgerMachine) -> Command:
            command = m.sent_before(back)
            changes: dict[str, Any] = {}
            if field in command.__struct_fields__:
                changes[str(field)] = another(getattr(command, str(field)))
            if other_time or not changes:
                changes["occurred_at"] = another(command.occurred_at)
            return msgspec.structs.replace(command, **changes)

        return build

    fields = st.none() | st.sampled_from(ALTERABLE)
    return st.builds(draft, st.integers(0, 40), fields, other_time=st.booleans())


def is_default(command: Command, name: str) -> bool:
    """Whether a field was left as it is by default, so that its event does not store it."""
    field = next(field for field in msgspec.structs.fields(command) if field.name == name)
    has_factory = field.default_factory is not msgspec.NODEFAULT
    made = field.default_factory() if has_factory else field.default
    return bool(getattr(command, name) == made)


def another(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case datetime():
            return value - timedelta(microseconds=1)
        case _:
            return f"{value or ''}x"


anything: Final = st.one_of(
    *(transfers(), holds(), redemption_steps(), activities(), adjustments()),
    *(ownership(), money(), sinks(), rules(), acts.reports(), acts.steps(), acts.publishing()),
)
anything_again: Final = st.sampled_from([anything, anything, earlier(), altered()]).flatmap(lambda kind: kind)


# --- The machine --------------------------------------------------------------------------------


class LedgerMachine(RuleBasedStateMachine):
    """One programme, two writers, one model."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.programme_id = f"p{next(numbers)}"
        self.model = Model()
        self.clock = BEGIN
        self.latest_recorded = BEGIN - timedelta(days=1)
        self.now = BEGIN
        """When the command at hand will be recorded, if it is."""
        self.ids = count(1)
        self.sent: list[Command] = []
        self.bodies: dict[tuple[Any, ...], bytes] = {}
        self.batches: list[list[Command]] = []
        self.runs: list[RunExpiry] = []
        self.writers = [self.new_writer(0), self.new_writer(1)]

    def new_writer(self, number: int, *, accounts_cached_max: int = 200_000) -> Writer:
        return Writer(
            self.database,
            accounts_cached_max=accounts_cached_max,
            clock=lambda: self.clock - CLOCKS_LAG[number],
        )

    # --- what a draft may ask for

    def new_id(self) -> str:
        return f"c{next(self.ids)}"

    def today(self) -> date:
        return self.now.astimezone(SHANGHAI).date()

    def amount_of(self, account: str, amount: int | str) -> int:
        if isinstance(amount, int):
            return amount
        if amount in {"quota", "over quota"}:
            given = self.model.given[account, f"{self.today():%Y-%m}"]
            quota = self.model.terms.transfer_quota_credits or given + 1
            return max(1, quota - given + (amount == "over quota"))
        everything = sum(n for (at, _, lot), n in self.model.balances.items() if at == account and lot)
        spendable = self.spendable(account)
        return max(1, {"all": spendable, "one too many": spendable + 1}.get(amount, everything))

    def redemption(self, status: str, back: int) -> str | None:
        found = [own_id for own_id, r in self.model.redemptions.items() if r["status"] == status]
        return found[-1 - back % len(found)] if found else None

    def act(self, status: str, back: int) -> tuple[str, str] | None:
        """Name an act of a status, or one whose credits wait."""
        acts = self.model.acts.items()
        found = [key for key, act in acts if (act.pending if status == "pending" else act.status == status)]
        return found[-1 - back % len(found)] if found else None

    def spender(self, who: str | int, *, of: Sequence[str] = HOLDERS) -> str:
        """Give an account as named, or one of those that can spend."""
        if isinstance(who, str):
            return who if ":" in who else f"participant:{who}"
        able = [
            account for account in of if self.model.status.get(account) == "open" and self.spendable(account)
        ]
        return able[who % len(able)] if able else of[who % len(of)]

    def spendable(self, account: str) -> int:
        lots = {lot: n for (at, _, lot), n in self.model.balances.items() if at == account and lot}
        return sum(n for lot, n in lots.items() if lot >= self.today().isoformat())

    def sent_before(self, back: int) -> Command:
        return self.sent[-1 - back % len(self.sent)]

    def methodology(self, version: int, per_km: str) -> Command:
        factor = Factor(name="per_km", value=per_km, unit="g/km", region="四川", year=2022, source="test")
        return PublishMethodology(
            id="ride",
            version=version,
            name_zh="出行",
            name_en="Ride",
            formula="distance",
            factors=(factor,),
            quality=acts.QUALITY,
            occurred_at=self.now,
        )

    def scenario(self, version: int, methodology_version: int, per_g: int, valid_days: int | None) -> Command:
        return PublishScenario(
            id="bus",
            version=version,
            name_zh="公交",
            name_en="Bus",
            methodology_id="ride",
            methodology_version=methodology_version,
            rule=CreditsPerGrams(credits=3, per_g=per_g),
            valid_from=BEGIN - timedelta(days=20),
            valid_to=None if valid_days is None else BEGIN + timedelta(days=valid_days - 20),
            occurred_at=self.now,
        )

    def sink(self, own_id: str, credits_per_unit: int) -> Command:
        return OpenSinkProject(
            id=own_id,
            name_zh="林",
            name_en="Forest",
            unit="tree",
            location="四川",
            reference="test",
            credits_per_unit=credits_per_unit,
            vintage_year=2026,
            occurred_at=self.now,
        )

    # --- sending

    def at_writer(self, number: int) -> Writer:
        self.now = max(self.clock - CLOCKS_LAG[number], self.latest_recorded)
        return self.writers[number]

    def commands(self, drafts: Sequence[Draft]) -> list[Command]:
        made = [draft(self) for draft in drafts]
        self.sent += made
        return made

    def send(self, writer: Writer, commands: list[Command]) -> None:
        predicted = self.predict(self.model, commands)
        self.compare(commands, predicted, writer.submit_many(self.programme_id, commands))

    def predict(self, model: Model, commands: Sequence[Command]) -> list[tuple[Prediction, int]]:
        return [(model.predict(command, self.now), model.position) for command in commands]

    def compare(
        self,
        commands: Sequence[Command],
        predicted: Sequence[tuple[Prediction, int]],
        outcomes: Sequence[Outcome],
    ) -> None:
        assert len(outcomes) == len(commands)
        for command, (prediction, position), outcome in zip(commands, predicted, outcomes, strict=True):
            match prediction:
                case Prediction("refused", code):
                    assert isinstance(outcome, LedgerError), (command, prediction, outcome)
                    assert outcome.code == code, (command, prediction, outcome)
                case Prediction("differs", fields):
                    assert isinstance(outcome, ContentDiffers), (command, prediction, outcome)
                    assert outcome.fields == fields, (command, prediction, outcome)
                case Prediction("repeated", key):
                    assert isinstance(outcome, Recorded), (command, prediction, outcome)
                    assert outcome.replayed, (command, prediction, outcome)
                    assert outcome.body == self.bodies[key]
                case Prediction("recorded", events):
                    assert isinstance(outcome, Recorded), (command, prediction, outcome)
                    self.require_recorded(command, outcome, position, events)
                    self.bodies[key_of(command)] = outcome.body

    def require_recorded(self, command: Command, outcome: Recorded, position: int, events: int) -> None:
        told = msgspec.json.decode(outcome.body)
        if not events:
            assert (told, outcome.replayed) == ({"position": position, "events": []}, False)
            return
        asked = msgspec.json.decode(msgspec.json.encode(command))
        said = told["events"][0]["data"]
        given = {name for name in asked if name != "kind" and not is_default(command, name)}
        assert {name: said.get(name) for name in given} == {name: asked[name] for name in given}
        if isinstance(command, DonateCredits):
            self.require_donated(command, said)
        assert datetime.fromisoformat(said["recorded_at"]) == self.now
        assert (outcome.position, outcome.replayed) == (position, False)
        assert told["position"] == position
        assert [event["position"] for event in told["events"]] == list(
            range(position - events + 1, position + 1)
        )
        self.latest_recorded = self.now

    def require_donated(self, command: DonateCredits, said: dict[str, Any]) -> None:
        serials, number = self.model.donations[command.id]
        deliveries = self.model.sinks[command.project_id].delivered
        told = [
            (serial, one["delivery_id"])
            for one in said["serials"]
            for serial in range(one["first_serial"], one["last_serial"] + 1)
        ]
        assert told == [(serial, deliveries[serial]) for serial in serials]
        assert said["certificate"][:-2] == f"{self.programme_id}/{command.project_id}/{number:06d}"

    # --- rules

    @initialize(
        expiry=st.builds(
            ExpiryPolicy,
            kind=st.sampled_from(["months", "month_end", "year_end"]),
            months=st.integers(0, 2),
        ),
        quota=st.sampled_from([None, 5, 20]),
        transferable=mostly(st.just(True), st.just(False)),  # noqa: FBT003 - a value, not a flag
        writer=st.integers(0, 1),
    )
    def open(self, expiry: ExpiryPolicy, quota: int | None, *, transferable: bool, writer: int) -> None:
        at = self.at_writer(writer)
        self.send(at, self.commands([lambda m: m.methodology(1, "46.5")]))  # before there is a programme
        programme = OpenProgramme(
            id=self.programme_id,
            name_zh="城市",
            name_en="City",
            level="city",
            time_zone="Asia/Shanghai",
            transferable=transferable,
            transfer_quota_credits=quota,
            expiry=expiry,
            occurred_at=self.now,
        )
        named: dict[str, Any] = {"name_zh": "名", "name_en": "Name", "occurred_at": self.now}
        self.send(
            at,
            [
                programme,
                self.methodology(1, "46.5"),
                self.methodology(2, "40"),
                self.scenario(1, 1, 100, None),
                *(OpenParticipant(id=own_id, occurred_at=self.now) for own_id in PARTICIPANTS),
                OpenOrganisation(id="o0", **named),
                OpenMerchant(id="m0", **named),
                *(OpenFund(id=fund_id, **named) for fund_id in FUNDS),
                CommitMoney(id="m", fund_id="f0", sponsor_id="bank", value_fen=900, occurred_at=self.now),
                CommitMoney(id="n", fund_id="f1", sponsor_id="bank", value_fen=300, occurred_at=self.now),
                CommitMoney(id="o", fund_id="f2", sponsor_id="bank", value_fen=90, occurred_at=self.now),
                *acts.scenarios_of(self),
                self.sink("s0", 2),
                AddSinkUnits(
                    id="u",
                    project_id="s0",
                    first_serial=20,
                    last_serial=31,
                    reference="r",
                    occurred_at=self.now,
                ),
                *(self.gift(account, n) for n, account in enumerate(HOLDERS) if account != "participant:p3"),
            ],
        )
        self.sent.append(programme)

    def gift(self, account: str, number: int) -> Command:
        return AdjustCredits(
            id=f"gift{number}",
            account=account,
            credits=40,
            lot=self.today() + timedelta(days=10 * number),
            approver="Li",
            reason="to begin with",
            occurred_at=self.now,
        )

    @rule(writer=st.integers(0, 1), draft=transfers())
    def give(self, writer: int, draft: Draft) -> None:
        self.send(self.at_writer(writer), self.commands([draft]))

    @rule(writer=st.integers(0, 1), draft=holds())
    def hold(self, writer: int, draft: Draft) -> None:
        self.send(self.at_writer(writer), self.commands([draft]))

    @rule(writer=st.integers(0, 1), draft=redemption_steps())
    def redeem(self, writer: int, draft: Draft) -> None:
        self.send(self.at_writer(writer), self.commands([draft]))

    @rule(writer=st.integers(0, 1), draft=sinks())
    def donate(self, writer: int, draft: Draft) -> None:
        self.send(self.at_writer(writer), self.commands([draft]))

    @rule(writer=st.integers(0, 1), draft=activities() | adjustments())
    def earn(self, writer: int, draft: Draft) -> None:
        self.send(self.at_writer(writer), self.commands([draft]))

    @rule(writer=st.integers(0, 1), draft=acts.reports())
    def report(self, writer: int, draft: Draft) -> None:
        self.send(self.at_writer(writer), self.commands([draft]))

    @rule(writer=st.integers(0, 1), draft=acts.steps())
    def go_on_with_an_act(self, writer: int, draft: Draft) -> None:
        self.send(self.at_writer(writer), self.commands([draft]))

    @precondition(lambda self: self.act("pending", 0))
    @rule(
        writer=st.integers(0, 1),
        back=st.integers(0, 3),
        microseconds=st.sampled_from([-1, 0, 1]),
        kind=st.sampled_from([ClaimCredits, LapseCredits]),
    )
    def wait_until_it_is_ripe_or_too_late(
        self, writer: int, back: int, microseconds: int, kind: Callable[..., Command]
    ) -> None:
        """Stop at, just before or just after the instant from which credits can be claimed, or no longer."""
        source, own_id = self.act("pending", back) or ("", "")
        act = self.model.acts[source, own_id]
        until = (act.claim_by if kind is LapseCredits else act.ripens_at) or self.clock
        self.clock = max(self.clock, until + CLOCKS_LAG[writer] + timedelta(microseconds=microseconds))
        at = self.at_writer(writer)
        run = {"run_id": self.new_id()} if kind is LapseCredits else {}
        self.send(at, [kind(source=source, activity_id=own_id, occurred_at=self.now, **run)])

    @rule(writer=st.integers(0, 1), draft=st.one_of(ownership(), money(), rules(), acts.publishing()))
    def look_after(self, writer: int, draft: Draft) -> None:
        self.send(self.at_writer(writer), self.commands([draft]))

    @rule(writer=st.integers(0, 1), draft=earlier() | altered())
    def send_again(self, writer: int, draft: Draft) -> None:
        self.send(self.at_writer(writer), self.commands([draft]))

    @rule(writer=st.integers(0, 1), drafts=st.lists(anything_again, min_size=2, max_size=12))
    def send_batch(self, writer: int, drafts: list[Draft]) -> None:
        at = self.at_writer(writer)
        commands = self.commands(drafts)
        self.batches.append(commands)
        self.send(at, commands)

    @rule(
        writer=st.integers(0, 1), drafts=st.lists(anything, min_size=1, max_size=4), times=st.integers(2, 3)
    )
    def send_batch_of_repeats(self, writer: int, drafts: list[Draft], times: int) -> None:
        at = self.at_writer(writer)
        self.send(at, self.commands(drafts) * times)

    @precondition(lambda self: self.batches)
    @rule(writer=st.integers(0, 1), random=st.randoms(use_true_random=False))
    def send_batch_in_other_order(self, writer: int, random: Any) -> None:
        at = self.at_writer(writer)
        commands = list(self.batches[-1])
        random.shuffle(commands)
        self.send(at, commands)

    @rule(writer=st.integers(0, 1), drafts=st.lists(anything_again, min_size=1, max_size=6))
    def send_atomic_batch(self, writer: int, drafts: list[Draft]) -> None:
        at = self.at_writer(writer)
        commands = self.commands(drafts)
        trial = copy.deepcopy(self.model)
        predicted = self.predict(trial, commands)
        outcomes = at.submit_many(self.programme_id, commands, atomic=True)
        refused = [i for i, (p, _) in enumerate(predicted) if p.kind in {"refused", "differs"}]
        if not refused:
            self.model = trial
            self.compare(commands, predicted, outcomes)
            return
        for i, outcome in enumerate(outcomes):
            if i in refused:
                self.compare([commands[i]], [predicted[i]], [outcome])
            else:
                assert isinstance(outcome, BulkNotApplied), outcome
                assert outcome.refused_index == refused[0]

    @precondition(lambda self: self.model.status["participant:p1"] == "open")
    @rule(writer=st.integers(0, 1))
    def close_while_everything_is_held(self, writer: int) -> None:
        at = self.at_writer(writer)
        hold = HoldRedemption(
            id=self.new_id(),
            participant_id="p1",
            merchant_id="m0",
            credits=self.amount_of("participant:p1", "all"),
            face_value_fen=1,
            funds=(FundWeight(fund_id="f0", weight=1),),
            deadline_at=self.now + timedelta(seconds=600),
            occurred_at=self.now,
        )
        close = CloseParticipant(id=self.new_id(), participant_id="p1", reason="left", occurred_at=self.now)
        self.sent += [hold, close]
        self.send(at, [hold, close])

    @precondition(lambda self: self.model.held())
    @rule(writer=st.integers(0, 1), microseconds=st.sampled_from([-1, 0, 1]), fulfils=st.booleans())
    def wait_until_a_deadline(self, writer: int, microseconds: int, *, fulfils: bool) -> None:
        """Stop at, just before or just after the instant until which a hold can be used."""
        own_id, deadline_at = min(self.model.held().items(), key=lambda held: held[1])
        until = deadline_at + CLOCKS_LAG[writer] + timedelta(microseconds=microseconds)
        self.clock = max(self.clock, until)
        at = self.at_writer(writer)
        if fulfils:
            fulfil = FulfilRedemption(redemption_id=own_id, occurred_at=self.now)
            self.sent.append(fulfil)
            self.send(at, [fulfil])

    @rule(
        writer=st.integers(0, 1),
        days_ago=st.sampled_from([0, 1, 1, 1, 2, 30]),
        stages_done=st.integers(0, 4),
        back=st.none() | st.integers(0, 2),
        altered=st.sampled_from([False, False, True]),
    )
    def run_expiry(
        self, writer: int, days_ago: int, stages_done: int, back: int | None, *, altered: bool
    ) -> None:
        """Run, perhaps after an attempt that was interrupted; or send an earlier run again."""
        at = self.at_writer(writer)
        if back is not None and back < len(self.runs):
            run = self.runs[-1 - back]
            run = msgspec.structs.replace(run, up_to=run.up_to - timedelta(days=altered))
        else:
            up_to = self.today() - timedelta(days=days_ago)
            run = RunExpiry(id=self.new_id(), up_to=up_to, occurred_at=self.now)
            self.runs.append(run)
        clock = self.clock - CLOCKS_LAG[writer]
        self.interrupt(at, self.stages(run, clock)[:stages_done])
        completion, expected = self.predict_run(run, clock)
        try:
            outcome: Outcome = run_expiry(
                database=self.database,
                log=Log(self.database),
                writer=at,
                programme_id=self.programme_id,
                command=run,
                clock=lambda: clock,
            )
        except LedgerError as refused:
            outcome = refused
        if isinstance(outcome, Recorded) and not outcome.replayed:
            self.latest_recorded = self.now
        self.compare([completion], [(expected, self.model.position)], [outcome])

    def stages(self, run: RunExpiry, clock: datetime) -> list[Command]:
        told: dict[str, Any] = {"occurred_at": run.occurred_at, "run_id": run.id}
        return [
            StartExpiry(id=run.id, up_to=run.up_to, occurred_at=run.occurred_at),
            *(ReleaseHold(redemption_id=own_id, **told) for own_id in self.model.overdue(clock)),
            *(ExpireCredits(account=owner, up_to=run.up_to, **told) for owner in self.model.due(run.up_to)),
        ]

    def interrupt(self, writer: Writer, stages: Sequence[Command]) -> None:
        """Carry a new run through its first stages only."""
        if not stages or key_of(stages[0]) in self.model.recorded:
            return
        if self.model.predict(stages[0], self.now).kind == "recorded":
            for stage in stages[1:]:
                self.model.predict(stage, self.now)
            outcomes = writer.submit_many(self.programme_id, stages)
            assert all(isinstance(outcome, Recorded) for outcome in outcomes), outcomes
            self.latest_recorded = self.now

    def predict_run(self, run: RunExpiry, clock: datetime) -> tuple[Command, Prediction]:
        """Give the command that must stand at the run's end, and what the run must be answered."""
        start, *_ = self.stages(run, clock)
        begun = self.model.predict(start, self.now)
        done = ("expiry.complete", run.id)
        if begun.kind in {"refused", "differs"}:
            return start, begun
        if done in self.model.recorded:
            return start, Prediction("repeated", done)
        for release in self.stages(run, clock)[1:]:
            if isinstance(release, ReleaseHold):
                self.model.predict(release, self.now)
        for expire in self.stages(run, clock)[1:]:
            self.model.predict(expire, self.now)
        completion = CompleteExpiry(
            id=run.id,
            up_to=run.up_to,
            occurred_at=run.occurred_at,
            credits=self.model.expired_by_run[run.id],
            accounts=len([key for key in self.model.recorded if key[:2] == ("credits.expire", run.id)]),
            holds_released=self.model.released_by_run[run.id],
        )
        return completion, self.model.predict(completion, self.now)

    @rule(number=st.integers(0, 1), accounts_cached_max=st.sampled_from([200_000, 3, 0]))
    def drop_writer(self, number: int, accounts_cached_max: int) -> None:
        self.writers[number].close()
        self.writers[number] = self.new_writer(number, accounts_cached_max=accounts_cached_max)

    @rule(seconds=st.sampled_from([0, 1, 60, 89, 90, 91, 600, 3_600, 43_200]))
    def wait(self, seconds: int) -> None:
        self.clock += timedelta(seconds=seconds)

    @rule(days=st.sampled_from([1, 1, 2, 15, 31]), microseconds=st.sampled_from([-1, 0, 1]))
    def wait_until_midnight(self, days: int, microseconds: int) -> None:
        """Stop at, just before or just after a midnight in Shanghai."""
        day = self.clock.astimezone(SHANGHAI).date() + timedelta(days=days)
        midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)
        self.clock = max(self.clock, midnight + timedelta(microseconds=microseconds))

    # --- what must always hold

    @invariant()
    def tables_are_as_the_model_says(self) -> None:
        with self.database.connection() as connection:
            rows = connection.execute(
                "SELECT account, asset, lot, amount FROM balances WHERE programme_id = %s AND amount <> 0",
                [self.programme_id],
            ).fetchall()
            owners = connection.execute(
                "SELECT account, status, given_month, given_credits FROM owners WHERE programme_id = %s",
                [self.programme_id],
            ).fetchall()
            held = connection.execute(
                "SELECT redemption_id FROM holds WHERE programme_id = %s", [self.programme_id]
            ).fetchall()
            [positions] = connection.execute(
                "SELECT count(*), min(position), max(position) FROM events WHERE programme_id = %s",
                [self.programme_id],
            ).fetchall()
            head = connection.execute(
                "SELECT position, recorded_at FROM heads WHERE programme_id = %s", [self.programme_id]
            ).fetchone()
        balances = {(account, asset, lot or None): amount for account, asset, lot, amount in rows}
        assert balances == self.model.nonzero()
        for asset in ("gCO2e", "CREDIT", "CNY"):
            assert sum(amount for key, amount in balances.items() if key[1] == asset) == 0
        overdrawn = {account for (account, _, _), amount in balances.items() if amount < 0}
        may_be = "nature|issuance|adjusted|sponsor:.*:external|participant:.*:debt"
        assert all(re.fullmatch(may_be, name) for name in overdrawn)
        assert {account: status for account, status, _, _ in owners} == self.model.status
        for account, _, month, given in owners:
            assert given == self.model.given[account, month]
        assert {own_id for (own_id,) in held} == self.model.held().keys()
        last = self.model.position
        assert positions == ((last, 1, last) if last else (0, None, None))
        assert head == ((last, self.latest_recorded) if last else None)

    @invariant()
    def registers_are_as_the_model_says(self) -> None:
        with self.database.connection() as connection:
            rows = connection.execute(
                "SELECT register, key, value FROM registers"
                " WHERE programme_id = %s AND register IN ('sinks', 'pending', 'held')",
                [self.programme_id],
            ).fetchall()
        of: dict[str, dict[str, bytes]] = {"sinks": {}, "pending": {}, "held": {}}
        for register, key, value in rows:
            of[register][key] = value
        self.require_projects({key: msgspec.json.decode(v, type=Sink) for key, v in of["sinks"].items()})
        pending = {key: msgspec.json.decode(v, type=Pending).credits for key, v in of["pending"].items()}
        held = {key: set(msgspec.json.decode(v, type=Held).waits_for) for key, v in of["held"].items()}
        assert pending == self.model.pending()
        assert held == self.model.waiting_for()

    def require_projects(self, entries: dict[str, Sink]) -> None:
        assert entries.keys() == self.model.sinks.keys()
        for key, entry in entries.items():
            sink = self.model.sinks[key]
            counts = entry.credits_per_unit, entry.units, entry.free_units, entry.certificates
            delivered, free = len(sink.delivered), len(sink.free)
            assert counts == (sink.credits_per_unit, delivered, free, sink.certificates)
            for one in entry.deliveries:
                serials = range(one.first_serial, one.last_serial + 1)
                assert all(sink.delivered[serial] == one.id for serial in serials)
                assert {s for s in serials if s >= one.next_serial} == sink.free.intersection(serials)

    @invariant()
    def replay_gives_the_same(self) -> None:
        if self.model.position:
            assert replay.check(self.database, self.programme_id).is_equal

    def teardown(self) -> None:
        for writer in self.writers:
            writer.close()
