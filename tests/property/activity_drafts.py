"""What may be sent about acts: reported with doubts, looked at, claimed, corrected, computed anew.

Rule of the room: a draft is a command but for what only the run knows; `m` is the machine that runs.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st

from ledger.domain.activity import RecordActivity
from ledger.domain.budget import Budget
from ledger.domain.caps import Caps
from ledger.domain.claiming import ClaimCredits
from ledger.domain.conversion import CreditsPerGrams
from ledger.domain.correction import CorrectActivity, RecomputeActivity
from ledger.domain.exclusion import ExclusionRule
from ledger.domain.messages import Command
from ledger.domain.methodology import Measured
from ledger.domain.policy import PublishPolicy
from ledger.domain.review import DismissActivity, ReleaseActivity
from ledger.domain.rules import PublishScenario

Draft = Callable[[Any], Command]

CARS: Final = ("a" * 64, "b" * 64)
QUALITY: Final[dict[Any, str]] = {"late": "accept", "gap": "0.5", "jump": "hold", "rollback": "reject"}
CAPS: Final = (
    Caps(event_credits=40, day_acts=3, day_credits=60, month_credits=100),
    Caps(day_credits=30),
    Caps(event_credits=9),
    None,
)
RULES: Final[tuple[tuple[ExclusionRule, ...], ...]] = (
    (ExclusionRule(group="car", subject="vehicle", shared=True),),
    (ExclusionRule(group="car", subject="vehicle", span="local_day"),),
)
HOUR: Final = timedelta(hours=1)


def mostly(usual: st.SearchStrategy[Any], rare: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Nine times in ten what can succeed, so that runs come far."""
    # Bounds are drawn more often than what lies between them.
    return st.integers(0, 9).flatmap(lambda n: rare if n == 6 else usual)


def scenarios_of(m: Any) -> list[Command]:
    """The scenarios besides the plain one, as a run begins."""
    return [car_scenario(m, 1, 1, 0, 0), ripe_scenario(m)]


def car_scenario(m: Any, version: int, methodology_version: int, caps: int, rules: int) -> Command:
    return PublishScenario(
        id="car",
        version=version,
        name_zh="驾车",
        name_en="Drive",
        methodology_id="ride",
        methodology_version=methodology_version,
        rule=CreditsPerGrams(credits=1, per_g=46),
        valid_from=m.now - timedelta(days=60),
        exclusion=RULES[rules],
        caps=CAPS[caps],
        occurred_at=m.now,
    )


def ripe_scenario(m: Any) -> Command:
    return PublishScenario(
        id="ripe",
        version=1,
        name_zh="公交",
        name_en="Bus",
        methodology_id="ride",
        methodology_version=1,
        rule=CreditsPerGrams(credits=1, per_g=46),
        valid_from=m.now - timedelta(days=60),
        evidence={"proof": "0.8"},
        caps=Caps(month_credits=90),
        budget=Budget(fund_id="f2", fen_per_credit=2),
        ripens_after_h=24,
        claim_within_h=48,
        occurred_at=m.now,
    )


def publishing() -> st.SearchStrategy[Draft]:
    def policy(ahead: int, year_credits: int | None, partners: tuple[str, ...]) -> Draft:
        return lambda m: PublishPolicy(
            version=len(m.model.policies) + ahead,
            year_credits=year_credits,
            partners=partners,
            occurred_at=m.now,
        )

    def scenario(ahead: int, methodology_version: int, caps: int, rules: int) -> Draft:
        def build(m: Any) -> Command:
            version = len(m.model.scenarios.get("car", [])) + ahead
            return car_scenario(m, version, methodology_version, caps, rules)

        return build

    versions = mostly(st.just(1), st.just(2))
    return st.one_of(
        st.builds(
            policy,
            versions,
            st.sampled_from([None, 50, 200]),
            mostly(st.sampled_from([(), ("elsewhere",)]), st.just(("elsewhere", "elsewhere"))),
        ),
        st.builds(scenario, versions, mostly(st.just(1), st.just(2)), st.integers(0, 3), st.integers(0, 1)),
    )


def reports() -> st.SearchStrategy[Draft]:
    """Acts of the scenarios that count, claim, cap or ripen."""

    def draft(
        own_id: str,
        scenario: str,
        km: str | None,
        flags: tuple[Any, ...],
        evidence: Any,
        claims: tuple[int, int | None, int | None],
    ) -> Draft:
        car, begin_h, length_h = claims

        def build(m: Any) -> Command:
            began_at = None if begin_h is None else m.now - begin_h * HOUR
            return RecordActivity(
                id=m.new_id(),
                source="cars",
                participant_id=own_id,
                scenario_id=scenario,
                measured=Measured(distance_km=km),
                flags=flags,
                evidence=evidence,
                began_at=began_at,
                ended_at=None if began_at is None or length_h is None else began_at + length_h * HOUR,
                subjects={} if car < 0 else {"vehicle": CARS[car]},
                occurred_at=began_at or m.now,
            )

        return build

    return st.builds(
        draft,
        mostly(st.sampled_from(["p0", "p1", "p2"]), st.sampled_from(["p3", "p9"])),
        st.sampled_from(["car", "car", "ripe"]),
        mostly(st.sampled_from(["25.0", "3", "8.7", "0.5"]), st.sampled_from(["10000.1", "x", None])),
        st.sampled_from([(), (), (), ("late",), ("gap",), ("jump",), ("rollback",), ("manual", "gap")]),
        st.sampled_from(["platform", "platform", "proof", "self_declared"]),
        mostly(
            st.tuples(st.integers(0, 1), st.sampled_from([1, 5, 30, 100]), st.sampled_from([1, 2, 9])),
            st.sampled_from([(0, None, None), (1, 5, None), (1, 5, 0), (-1, 5, 1), (0, 900, 745)]),
        ),
    )


Step = Callable[[Any, dict[str, Any]], Command]
"""What is done with the act that is named in fields."""

APPROVED: Final[dict[str, Any]] = {"approver": "Li", "reason": "looked at"}


def steps() -> st.SearchStrategy[Draft]:
    """What follows on an act; where there is none of that kind yet, one is reported."""

    def draft(step: Step, status: str, back: int, instead: Draft, *, is_unknown: bool) -> Draft:
        def build(m: Any) -> Command:
            found = m.act(status, back)
            if found is None and not is_unknown:
                return instead(m)
            source, own_id = found or ("cars", "never-reported")
            return step(m, {"source": source, "activity_id": own_id, "occurred_at": m.now})

        return build

    anything = st.sampled_from(["accepted", "held", "rejected", "dismissed", "void", "pending"])
    of_status = [
        (releases(), mostly(st.just("held"), anything)),
        (st.just(dismiss), mostly(st.just("held"), anything)),
        (st.just(claim), mostly(st.just("pending"), anything)),
        (corrections(), mostly(st.sampled_from(["accepted", "accepted", "pending"]), anything)),
        (recomputations(), mostly(st.just("accepted"), anything)),
    ]
    kinds = st.sampled_from([0, 1, 2, 3, 3, 3, 4])
    return kinds.flatmap(
        lambda kind: st.builds(
            draft,
            of_status[kind][0],
            of_status[kind][1],
            st.integers(0, 9),
            reports(),
            is_unknown=st.integers(0, 19).map(lambda n: n == 7),
        )
    )


def releases() -> st.SearchStrategy[Step]:
    def release(clears: Any) -> Step:
        return lambda _m, named: ReleaseActivity(clears=clears, **APPROVED, **named)

    return st.builds(release, st.sampled_from(["quality", "quality", "cross_check"]))


def dismiss(_m: Any, named: dict[str, Any]) -> Command:
    return DismissActivity(**APPROVED, **named)


def claim(_m: Any, named: dict[str, Any]) -> Command:
    return ClaimCredits(**named)


def corrections() -> st.SearchStrategy[Step]:
    def correct(km: str | None) -> Step:
        measured = None if km is None else Measured(distance_km=km)
        return lambda m, named: CorrectActivity(
            id=m.new_id(), measured=measured, is_void=km is None, reason="re-sent", **named
        )

    usual = st.sampled_from(["1", "12.5", "40", "0.1", "25.0", None])
    return st.builds(correct, mostly(usual, st.just("x")))


def recomputations() -> st.SearchStrategy[Step]:
    def recompute(version: int) -> Step:
        return lambda m, named: RecomputeActivity(
            run_id=m.new_id(), methodology_version=version, **APPROVED, **named
        )

    return st.builds(recompute, mostly(st.integers(1, 2), st.just(4)))
