"""Commands about what stands between an act and a credit: one good one of every kind, to vary.

A drive avoids 100 g/km and desires a credit for every 100 g, so kilometres and credits are the same
number; by the second version of its methodology it is 90 g/km.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ledger.domain.activity import RecordActivity
from ledger.domain.budget import Budget
from ledger.domain.caps import Caps
from ledger.domain.claiming import ClaimCredits, LapseCredits
from ledger.domain.conversion import CreditsPerGrams
from ledger.domain.correction import CorrectActivity, RecomputeActivity
from ledger.domain.exclusion import ExclusionRule
from ledger.domain.lapse import CompleteLapse, StartLapse
from ledger.domain.methodology import Measured
from ledger.domain.policy import PublishPolicy
from ledger.domain.review import DismissActivity, ReleaseActivity
from ledger.domain.rules import PublishMethodology, PublishScenario
from tests.unit.builders import COMMIT_MONEY, NOW, OPEN_FUND, OPEN_PARTICIPANT, PER_KM, World, but

HOUR = timedelta(hours=1)
CAR, VAN, PERSON = "a" * 64, "b" * 64, "0" * 64
DORA, PENDING, DEBT = "participant:dora", "participant:dora:pending", "participant:dora:debt"

PUBLISH_DRIVING = PublishMethodology(
    occurred_at=NOW,
    id="drive",
    version=1,
    name_zh="新能源汽车",
    name_en="Electric cars",
    formula="distance",
    factors=(msgspec.structs.replace(PER_KM, value="100"),),
    quality={"late": "accept", "gap": "0.5", "estimated": "0.8", "jump": "hold", "rollback": "reject"},
)
PUBLISH_DRIVING_ANEW = but(PUBLISH_DRIVING, version=2, factors=(msgspec.structs.replace(PER_KM, value="90"),))
PUBLISH_DRIVE = PublishScenario(
    occurred_at=NOW,
    id="drive",
    version=1,
    name_zh="新能源汽车出行",
    name_en="Drive electric",
    methodology_id="drive",
    methodology_version=1,
    rule=CreditsPerGrams(credits=1, per_g=100),
    valid_from=datetime(2020, 1, 1, tzinfo=UTC),
)
PUBLISH_POLICY = PublishPolicy(occurred_at=NOW, version=1, year_credits=1_000, partners=("blue-city",))
RECORD_DRIVE = RecordActivity(
    occurred_at=NOW,
    id="d1",
    source="cars",
    participant_id="dora",
    scenario_id="drive",
    measured=Measured(distance_km="10"),
)
RELEASE_ACTIVITY = ReleaseActivity(
    occurred_at=NOW, source="cars", activity_id="d1", approver="王芳", reason="the odometer was replaced"
)
DISMISS_ACTIVITY = DismissActivity(
    occurred_at=NOW, source="cars", activity_id="d1", approver="王芳", reason="nobody drives that far"
)
CLAIM = ClaimCredits(occurred_at=NOW, source="cars", activity_id="d1")
LAPSE = LapseCredits(occurred_at=NOW, run_id="lapse-1", source="cars", activity_id="d1")
CORRECT = CorrectActivity(
    occurred_at=NOW,
    id="restated-1",
    source="cars",
    activity_id="d1",
    measured=Measured(distance_km="8"),
    reason="re-sent",
)
VOID = but(CORRECT, id="void-1", measured=None, is_void=True, reason="not driven", approver="王芳")
START_LAPSE = StartLapse(occurred_at=NOW, id="lapse-1", up_to=NOW + timedelta(days=1))
COMPLETE_LAPSE = CompleteLapse(
    occurred_at=NOW, id="lapse-1", up_to=START_LAPSE.up_to, credits=5, activities=1
)
RECOMPUTE = RecomputeActivity(
    occurred_at=NOW,
    run_id="factors-2",
    source="cars",
    activity_id="d1",
    methodology_version=2,
    reason="a newer grid factor",
    approver="王芳",
)


def drive(own_id: str = "d1", km: str = "10", **changes: Any) -> RecordActivity:
    """Give a drive; as many credits as kilometres."""
    return but(RECORD_DRIVE, id=own_id, measured=Measured(distance_km=km), **changes)


def driven(own_id: str, begin_h: int, end_h: int, **changes: Any) -> RecordActivity:
    """Give a drive of the car that claims an interval, in hours before now."""
    claims: dict[str, Any] = {
        "began_at": NOW - begin_h * HOUR,
        "ended_at": NOW - end_h * HOUR,
        "subjects": {"vehicle": CAR},
    }
    return drive(own_id, **(claims | changes))


def corrected(
    km: str, own_id: str = "restated-1", activity_id: str = "d1", **changes: Any
) -> CorrectActivity:
    """Give a correction to so many kilometres, and as many credits."""
    measured = Measured(distance_km=km)
    return but(CORRECT, id=own_id, activity_id=activity_id, measured=measured, **changes)


def with_drives(*, terms: dict[str, Any] | None = None, **rules: Any) -> World:
    """A programme in which driving earns, by a scenario with these rules; two funds have 10,000 分."""
    world = World(**(terms or {}))
    world.do(
        OPEN_FUND,
        but(OPEN_FUND, id="bank"),
        COMMIT_MONEY,
        but(COMMIT_MONEY, id="grant-2", fund_id="bank"),
        but(OPEN_PARTICIPANT, id="dora", organisation_id=None),
        PUBLISH_DRIVING,
        PUBLISH_DRIVING_ANEW,
        but(PUBLISH_DRIVE, **rules),
    )
    return world


def tell_of_drives(world: World) -> None:
    """Let everything happen that can happen to activities before a day is over."""
    world.do(
        PUBLISH_POLICY,
        PUBLISH_DRIVING,
        PUBLISH_DRIVING_ANEW,
        but(
            PUBLISH_DRIVE,
            exclusion=(ExclusionRule(group="car", subject="vehicle"),),
            caps=Caps(day_credits=40),
            budget=Budget(fund_id="city", fen_per_credit=2),
            ripens_after_h=1,
        ),
        but(PUBLISH_DRIVE, id="charge", ripens_after_h=1, claim_within_h=1),
        driven("d1", 2, 1),
        driven("d2", 2, 1),
        driven("d3", 4, 3, flags=("jump",)),
        driven("d4", 6, 5, flags=("jump",)),
        drive("d5", "5", scenario_id="charge"),
        but(RELEASE_ACTIVITY, activity_id="d3"),
        but(DISMISS_ACTIVITY, activity_id="d4"),
        CORRECT,
        RECOMPUTE,
    )


def tell_of_the_day_after(world: World, at: datetime) -> None:
    """Let pending credits be claimed, and lapse."""
    world.do(CLAIM, START_LAPSE, but(LAPSE, activity_id="d5"), COMPLETE_LAPSE, at=at)
