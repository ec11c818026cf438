"""Examples of what happens between an act and a credit: doubts, claims, caps, ripening, corrections.

Rule of the room: as in `examples.py`, of which this is a part.
"""

from datetime import UTC, datetime

import msgspec

from ledger.domain.activity import ActivityHeld, ActivityRejected, ReductionRecorded
from ledger.domain.book import Leg
from ledger.domain.budget import Budget
from ledger.domain.caps import Caps
from ledger.domain.claiming import CreditsClaimed, CreditsLapsed
from ledger.domain.correction import CreditsCorrected, ReductionCorrected, ReductionRecomputed
from ledger.domain.earning import CreditsIssued
from ledger.domain.exclusion import BlockingClaim, ExclusionRule
from ledger.domain.lapse import LapseCompleted, LapseStarted
from ledger.domain.messages import Event
from ledger.domain.methodology import Measured
from ledger.domain.policy import PolicyPublished
from ledger.domain.review import ActivityDismissed, ActivityReleased
from ledger.domain.rules import MethodologyPublished, ScenarioPublished

OCCURRED = datetime(2026, 11, 22, 3, 59, 30, tzinfo=UTC)
RECORDED = datetime(2026, 11, 22, 4, 0, 0, 123_456, tzinfo=UTC)
BEGAN, ENDED = datetime(2026, 11, 22, 3, tzinfo=UTC), datetime(2026, 11, 22, 3, 59, 30, tzinfo=UTC)
RIPENS = datetime(2026, 11, 24, 4, 0, 0, 123_456, tzinfo=UTC)
CLAIM_BY = datetime(2026, 12, 1, 4, 0, 0, 123_456, tzinfo=UTC)

OWN_ID = "0198c2f4-7a2e-7c11"
PARTICIPANT = f"participant:{OWN_ID}"
PENDING, DEBT = f"{PARTICIPANT}:pending", f"{PARTICIPANT}:debt"
LOT, EARLIER_LOT = "2027-11-30", "2026-12-31"
VEHICLE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

STANDING = BlockingClaim(
    group="vehicle-day",
    programme_id="lvxing-staff",
    source="charging-stations",
    id="ACN/2026-11-22/17",
    begins_at=BEGAN,
    ends_at=ENDED,
)

CARBON_EVENTS: tuple[Event, ...] = (
    PolicyPublished(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        version=2,
        year_credits=20_000,
        partners=("lvxing-staff", "tianfu-campus"),
    ),
    ActivityHeld(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="LSVXX0001/2026-11-22/2",
        source="gbt32960",
        participant_id=OWN_ID,
        scenario_id="nev-trip",
        measured=Measured(distance_km="25.0", energy_kwh="3.75"),
        flags=("late", "jump"),
        evidence="proof",
        began_at=BEGAN,
        ended_at=ENDED,
        subjects={"vehicle": VEHICLE},
        reasons=("jump", "cross_check"),
        share="0.8",
        scenario_version=2,
    ),
    ActivityRejected(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="LSVXX0001/2026-11-22/3",
        source="gbt32960",
        participant_id=OWN_ID,
        scenario_id="nev-trip",
        measured=Measured(distance_km="25.0", energy_kwh="3.75"),
        flags=("overlap",),
        evidence="self_declared",
        began_at=BEGAN,
        ended_at=ENDED,
        subjects={"vehicle": VEHICLE},
        reasons=("claimed",),
        standing=STANDING,
        scenario_version=2,
    ),
    ActivityReleased(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        source="gbt32960",
        activity_id="LSVXX0001/2026-11-22/2",
        clears="cross_check",
        approver="王芳",
        reason="合作方均未登记同一行程",
    ),
    ActivityDismissed(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        source="gbt32960",
        activity_id="LSVXX0001/2026-11-22/4",
        scenario_id="nev-trip",
        act_occurred_at=ENDED,
        approver="王芳",
        reason="企业项目已登记",
        standing=STANDING,
    ),
    CreditsClaimed(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg(PENDING, "CREDIT", LOT, -35),
            Leg("issuance", "CREDIT", LOT, 5),
            Leg("issuance", "CREDIT", EARLIER_LOT, -5),
            Leg(DEBT, "CREDIT", EARLIER_LOT, 5),
            Leg(PARTICIPANT, "CREDIT", LOT, 30),
        ),
        source="gbt32960",
        activity_id="LSVXX0001/2026-11-22/1",
        participant_id=OWN_ID,
        credits=35,
        debt_credits=5,
    ),
    CreditsLapsed(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg(PENDING, "CREDIT", LOT, -35),
            Leg("lapsed", "CREDIT", LOT, 35),
            Leg("fund:bank-2026:available", "CNY", None, 70),
            Leg("fund:bank-2026:backing", "CNY", None, -70),
        ),
        run_id="lapse-2026-12-01",
        source="gbt32960",
        activity_id="LSVXX0001/2026-11-22/5",
        participant_id=OWN_ID,
        credits=35,
    ),
    ReductionCorrected(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(Leg("nature", "gCO2e", None, 707), Leg(PARTICIPANT, "gCO2e", None, -707)),
        id="reissue 2026-11-25/1",
        source="gbt32960",
        activity_id="LSVXX0001/2026-11-22/1",
        participant_id=OWN_ID,
        scenario_id="nev-trip",
        measured=Measured(distance_km="20.0", energy_kwh="3.00"),
        reason="平台补发",
        approver="王芳",
        exact_g="2825.6121378",
        amount_g=2825,
        delta_g=-707,
        act_occurred_at=ENDED,
        share="0.8",
    ),
    ReductionRecomputed(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(Leg("nature", "gCO2e", None, 45), Leg(PARTICIPANT, "gCO2e", None, -45)),
        run_id="factors-2023",
        source="gbt32960",
        activity_id="LSVXX0001/2026-11-22/1",
        participant_id=OWN_ID,
        scenario_id="nev-trip",
        methodology_version=2,
        reason="电网因子更新",
        approver="王芳",
        exact_g="2780.4",
        amount_g=2780,
        delta_g=-45,
        act_occurred_at=ENDED,
        share="0.8",
    ),
    CreditsCorrected(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg(PENDING, "CREDIT", LOT, -4),
            Leg(PARTICIPANT, "CREDIT", EARLIER_LOT, -2),
            Leg(DEBT, "CREDIT", LOT, -1),
            Leg("issuance", "CREDIT", LOT, 5),
            Leg("issuance", "CREDIT", EARLIER_LOT, 2),
            Leg("fund:bank-2026:available", "CNY", None, 14),
            Leg("fund:bank-2026:backing", "CNY", None, -14),
        ),
        participant_id=OWN_ID,
        scenario_id="nev-trip",
        scenario_version=2,
        desired_credits=28,
        awarded_credits=20,
        delta_credits=-7,
        clipped_by="day_credits",
        pending_credits=20,
        owed_credits=1,
        debt_credits=1,
        lot=LOT,
        ripens_at=RIPENS,
        claim_by=CLAIM_BY,
        in_year_cap=True,
        act_occurred_at=ENDED,
        share="0.8",
    ),
    LapseStarted(occurred_at=OCCURRED, recorded_at=RECORDED, id="lapse-2026-12-01", up_to=CLAIM_BY),
    LapseCompleted(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="lapse-2026-12-01",
        up_to=CLAIM_BY,
        credits=35,
        activities=1,
    ),
)


def added_fields(examples: dict[str, Event]) -> dict[str, Event]:
    """Give examples of fields that older topics were given for this, and of what may be left out."""
    with_quality = examples["methodology.published"]
    with_rules = examples["scenario.published"]
    reduction, issued = examples["reduction.recorded"], examples["credits.issued"]
    assert isinstance(with_quality, MethodologyPublished)
    assert isinstance(with_rules, ScenarioPublished)
    assert isinstance(reduction, ReductionRecorded)
    assert isinstance(issued, CreditsIssued)
    replace = msgspec.structs.replace
    return {
        "methodology.published+quality": replace(
            with_quality, quality={"late": "accept", "gap": "0.8", "jump": "hold", "rollback": "reject"}
        ),
        "scenario.published+rules": replace(
            with_rules,
            evidence={"self_declared": "0.4", "proof": "0.9"},
            exclusion=(
                ExclusionRule(group="vehicle-day", subject="vehicle", span="local_day", shared=True),
                ExclusionRule(group="ride", subject="person"),
            ),
            caps=Caps(event_credits=50, day_acts=4, day_credits=100, month_credits=1_500),
            budget=Budget(fund_id="bank-2026", fen_per_credit=2),
            ripens_after_h=48,
            claim_within_h=168,
        ),
        "reduction.recorded+doubts": replace(
            reduction,
            legs=(Leg("nature", "gCO2e", None, -1766), Leg(PARTICIPANT, "gCO2e", None, 1766)),
            exact_g="1766.007586125",
            amount_g=1766,
            flags=("late",),
            evidence="self_declared",
            began_at=BEGAN,
            ended_at=ENDED,
            subjects={"vehicle": VEHICLE, "person": VEHICLE[::-1]},
            share="0.5",
        ),
        "credits.issued+pending": replace(
            issued,
            legs=(
                Leg("issuance", "CREDIT", LOT, -30),
                Leg(PENDING, "CREDIT", LOT, 30),
                Leg("fund:bank-2026:available", "CNY", None, -60),
                Leg("fund:bank-2026:backing", "CNY", None, 60),
            ),
            awarded_credits=30,
            clipped_by="year_credits",
            ripens_at=RIPENS,
            claim_by=CLAIM_BY,
            in_year_cap=True,
        ),
        "credits.issued+debt": replace(
            issued,
            legs=(
                Leg("issuance", "CREDIT", EARLIER_LOT, -5),
                Leg("issuance", "CREDIT", LOT, -30),
                Leg(DEBT, "CREDIT", EARLIER_LOT, 5),
                Leg(PARTICIPANT, "CREDIT", LOT, 30),
            ),
            debt_credits=5,
            share="0.8",
        ),
        "reduction.corrected+void": replace(
            examples["reduction.corrected"],
            legs=(Leg("nature", "gCO2e", None, 3532), Leg(PARTICIPANT, "gCO2e", None, -3532)),
            measured=None,
            is_void=True,
            approver=None,
            exact_g="0",
            amount_g=0,
            delta_g=-3532,
        ),
    }
