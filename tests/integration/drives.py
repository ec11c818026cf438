"""A market in which driving earns by rules: quality, caps, budgets, claims in time, campaigns, donations."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

from ledger.domain.activity import Activity, RecordActivity, activity_key
from ledger.domain.activity_life import EVENTS, evolve
from ledger.domain.budget import Budget
from ledger.domain.campaign import FirstTime, Multiplier
from ledger.domain.caps import Caps
from ledger.domain.claiming import ClaimCredits, LapseCredits
from ledger.domain.conversion import CreditsPerGrams
from ledger.domain.correction import CorrectActivity, RecomputeActivity
from ledger.domain.donation import DonateCredits
from ledger.domain.identifiers import StreamId, stream_id
from ledger.domain.instants import local_date
from ledger.domain.messages import Command
from ledger.domain.methodology import Measured, read_share
from ledger.domain.review import DismissActivity, ReleaseActivity
from ledger.store.database import Database
from ledger.store.log import Log
from tests.integration.market import ACTS, PEOPLE, Market, happen
from tests.unit.builders import ADD_UNITS, OPEN_SINK, but
from tests.unit.campaign_commands import campaign
from tests.unit.carbon_commands import PUBLISH_DRIVE, PUBLISH_DRIVING, PUBLISH_DRIVING_ANEW, PUBLISH_POLICY

DRIVES: Final = range(1, 9)
FLAGS: Final = ("", "", "", "gap", "jump", "rollback")
"""A drive with a gap is halved, one with a jump is held, one with a rollback is rejected."""
SCENARIOS: Final = ("drive", "charge", "coach")

BEGIN: Final = datetime(2020, 1, 1, tzinfo=UTC)
END: Final = datetime(2040, 1, 1, tzinfo=UTC)


class Drives(Market):
    """The same market, with rules for driving."""

    def __init__(self, database: Database, programme_id: str = "drives", **terms: Any) -> None:
        """Publish the rules; two funds have little money."""
        super().__init__(database, programme_id, **terms)
        at, budget = self.at, Budget(fund_id="city", fen_per_credit=3)
        half_more = campaign(Multiplier(multiplier="1.5"), "half-more", budget=budget)
        self.do(
            self.commit(600, "city"),
            self.commit(3_000, "bank"),
            but(PUBLISH_POLICY, occurred_at=at, partners=()),
            but(PUBLISH_DRIVING, occurred_at=at),
            but(PUBLISH_DRIVING_ANEW, occurred_at=at),
            but(PUBLISH_DRIVE, occurred_at=at, budget=budget, caps=Caps(day_credits=40)),
            but(PUBLISH_DRIVE, occurred_at=at, id="charge", ripens_after_h=1, claim_within_h=12),
            but(
                PUBLISH_DRIVE,
                occurred_at=at,
                id="coach",
                budget=Budget(fund_id="bank", fen_per_credit=2),
                rule=CreditsPerGrams(credits=2, per_g=100),
                evidence={"self_declared": "0.4"},
                ripens_after_h=1,
                claim_within_h=48,
            ),
            but(half_more, occurred_at=at, valid_from=BEGIN, valid_to=END),
            but(campaign(FirstTime(credits=7), "welcome"), occurred_at=at, valid_from=BEGIN, valid_to=END),
            but(OPEN_SINK, occurred_at=at, credits_per_unit=2),
            but(ADD_UNITS, occurred_at=at),
        )

    def drive(
        self,
        number: int,
        km: int,
        participant_id: str = "ada",
        scenario_id: str = "drive",
        flag: str = "",
        **changes: Any,
    ) -> Command:
        """Give a drive; on the coach nobody but the passenger vouches for it."""
        fields: dict[str, Any] = {
            "occurred_at": self.at,
            "id": f"d{number}",
            "source": "cars",
            "participant_id": participant_id,
            "scenario_id": scenario_id,
            "measured": Measured(distance_km=str(km)),
            "flags": (flag,) if flag else (),
            "evidence": "self_declared" if scenario_id == "coach" else "platform",
        }
        return RecordActivity(**(fields | changes))

    def about(self, kind: type[Command], number: int, **fields: Any) -> Command:
        """Give a command about a drive."""
        named: dict[str, Any] = {"source": "cars", "activity_id": f"d{number}", **fields}
        return kind(occurred_at=self.at, **named)

    def correct(self, number: int, km: int | None) -> Command:
        """Give a correction of a drive; None for one that did not happen."""
        measured = None if km is None else Measured(distance_km=str(km))
        fields = {"id": self.name(), "measured": measured, "is_void": km is None, "reason": "a test"}
        return self.about(CorrectActivity, number, **fields)

    def recompute(self, number: int, version: int) -> Command:
        fields = {"run_id": self.name(), "methodology_version": version, "reason": "a test"}
        return self.about(RecomputeActivity, number, approver="王芳", **fields)

    def release(self, number: int) -> Command:
        return self.about(ReleaseActivity, number, approver="王芳", reason="a test")

    def dismiss(self, number: int) -> Command:
        return self.about(DismissActivity, number, approver="王芳", reason="a test")

    def claim(self, number: int) -> Command:
        return self.about(ClaimCredits, number)

    def lapse(self, number: int) -> Command:
        return self.about(LapseCredits, number, run_id=self.name())

    def donate(self, account: str, units: int) -> Command:
        return DonateCredits(
            occurred_at=self.at, id=self.name(), from_account=account, project_id="forest", units=units
        )

    def acts(self, until: int) -> list["Act"]:
        """Give what has become of every activity up to a position, by the function that decisions use."""
        log, found = Log(self.database), dict[StreamId, Activity | None]()
        for page in log.pages(self.programme_id, until=until):
            for logged in page:
                if isinstance(event := log.decode(logged), EVENTS):
                    stream = StreamId(logged.originator_id.bytes)
                    found[stream] = evolve(found.get(stream), event)
        for stream, activity in found.items():
            assert activity is not None
            key = activity_key(activity.source, activity.id)
            assert stream == stream_id(self.programme_id, "activity", key)
        return [Act(activity) for activity in found.values() if activity is not None]


class Act(NamedTuple):
    """An activity as it stands."""

    activity: Activity

    @property
    def on(self) -> date:
        """The local day of the act."""
        return local_date(self.activity.reported.occurred_at, "Asia/Shanghai")

    @property
    def scenario_id(self) -> str:
        return self.activity.reported.scenario_id

    @property
    def verdict(self) -> str:
        """What became of it."""
        return self.counted if self.activity.status == "accepted" else self.activity.status

    @property
    def counted(self) -> str:
        """How it counts, or would."""
        return "accepted" if read_share(self.activity.share) == 1 else "discounted"

    @property
    def has_counted(self) -> bool:
        """Whether it ever avoided anything."""
        return self.activity.status in {"accepted", "void"}

    @property
    def credits(self) -> int:
        """What it has earned, by campaigns as well."""
        return self.activity.awarded_credits + self.activity.bonus_credits

    @property
    def bonuses(self) -> Mapping[str, int]:
        """What it has earned by each campaign."""
        return {own_id: bonus.awarded_credits for own_id, bonus in self.activity.bonuses.items()}


# --- A life made up ------------------------------------------------------------------------------

_NUMBERS = st.sampled_from(DRIVES)

RULED_ACTS = st.one_of(
    st.tuples(
        st.just("drive"),
        _NUMBERS,
        st.integers(0, 25),
        st.sampled_from(PEOPLE),
        st.sampled_from(SCENARIOS),
        st.sampled_from(FLAGS),
        st.integers(0, 30),
    ),
    st.tuples(st.just("correct"), _NUMBERS, st.one_of(st.integers(0, 30), st.just(None))),
    st.tuples(st.just("recompute"), _NUMBERS, st.sampled_from([1, 2])),
    st.tuples(st.sampled_from(["release", "dismiss", "claim", "lapse"]), _NUMBERS),
    st.tuples(st.just("donate"), st.sampled_from(PEOPLE), st.integers(1, 5)),
    st.tuples(st.just("wait"), st.sampled_from([3_600, 7_200, 13 * 3_600])),
    ACTS,
)
"""Something that may happen where there are rules; whatever the ledger refuses does not."""

LIVES = st.lists(RULED_ACTS, min_size=20, max_size=80)


def drive_on(market: Drives, act: tuple[Any, ...]) -> None:
    """Have one act happen, as far as the ledger allows it."""
    match act:
        case "drive", number, km, person, scenario, flag, hours_ago:
            occurred_at = market.at - timedelta(hours=hours_ago)
            market.offer(market.drive(number, km, person, scenario, flag, occurred_at=occurred_at))
        case "correct", number, km:
            market.offer(market.correct(number, km))
        case "recompute", number, version:
            market.offer(market.recompute(number, version))
        case ("release" | "dismiss" | "claim" | "lapse") as kind, number:
            market.offer(getattr(market, kind)(number))
        case "donate", person, units:
            market.offer(market.donate(f"participant:{person}", units))
        case _:
            happen(market, act)


def live(market: Drives) -> None:
    """Have every event of the rules happen, each at least once."""
    market.do(
        market.drive(1, 10),
        market.drive(2, 10, flag="gap"),
        market.drive(3, 10, flag="jump"),
        market.drive(4, 10, flag="jump"),
        market.drive(5, 10, flag="rollback"),
        market.drive(6, 10, "bo", "charge"),
        market.drive(7, 10, "bo", "coach"),
        market.drive(8, 10, "cy", "charge"),
        market.release(3),
        market.dismiss(4),
        market.donate("participant:ada", 5),
        market.correct(1, 4),
        market.recompute(2, 2),
        market.correct(8, 12),
        market.correct(3, None),
    )
    market.wait(timedelta(hours=2))
    market.do(market.claim(6), market.correct(6, 25), market.drive(9, 40, "ada"))
    market.wait(timedelta(hours=13))
    market.do(market.lapse(8), market.correct(7, 2), market.correct(8, None))
    # What was given away cannot be taken back, and is owed.
    market.do(market.donate("participant:ada", 20), market.correct(9, 0))
