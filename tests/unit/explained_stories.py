"""Stories whose explanations are kept as texts in `tests/data/explained`.

`python -m tests.unit.explained_stories` writes the texts anew, to be looked at before they are committed.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from ledger.domain.book import Account, Accounts
from ledger.domain.caps import Caps
from ledger.domain.decisions import stream_of
from ledger.domain.grounds import Grounds
from ledger.domain.identifiers import StreamId
from ledger.domain.methodology import Measured
from ledger.domain.policy import PolicyPublished
from ledger.domain.registers import Registers
from ledger.domain.sink import SinkOpened
from ledger.explaining.before import AWARDS, budget_of, registers_before, rulebook_at
from ledger.explaining.language import TONGUES, Tongue
from ledger.explaining.lots import lot_stories
from ledger.explaining.saying import speaker_of
from ledger.explaining.steps import Case, Step, Told
from ledger.explaining.topics import explain_stream
from ledger.reference_data import grid_factor, petrol_factors
from tests.unit.builders import (
    ADJUST,
    COMMIT_MONEY,
    FULFIL,
    HOLD,
    NOW,
    OPEN_FUND,
    OPEN_MERCHANT,
    OPEN_PARTICIPANT,
    REFUND,
    TRANSFER,
    World,
    but,
)
from tests.unit.carbon_commands import (
    CORRECT,
    LAPSE,
    PUBLISH_DRIVE,
    PUBLISH_DRIVING,
    RECOMPUTE,
    RECORD_DRIVE,
    RELEASE_ACTIVITY,
    VOID,
    drive,
    with_drives,
)

TEXTS: Final = Path(__file__).parents[1] / "data" / "explained"


def told_by(world: World) -> list[Told]:
    """Give every event of a world at its position."""
    events = [event for _, made in world.told for event in made]
    return [Told(number, event) for number, event in enumerate(events, 1)]


def streams_of(world: World) -> list[list[Told]]:
    """Give the same, stream by stream."""
    streams: dict[StreamId, list[Told]] = {}
    position = 0
    for command, made in world.told:
        for event in made:
            position += 1
            own = stream_of(command, world.state.programme_id)
            streams.setdefault(own, []).append(Told(position, event))
    return list(streams.values())


def case_of(world: World) -> Case:
    """Give what the explanations of a world's events stand on."""
    told, state = told_by(world), world.state
    policies = [one for one in told if isinstance(one.event, PolicyPublished)]
    return Case(
        programme=state.opened(),
        rulebook=state.rulebook,
        projects={one.event.id: one.event for one in told if isinstance(one.event, SinkOpened)},
        grounds={
            one.position: Grounds(
                state.opened(),
                rulebook_at(state.rulebook, policies, one.position),
                _accounts_before(world, told, one),
                _registers(world, one),
            )
            for one in told
            if isinstance(one.event, AWARDS)
        },
    )


def _registers(world: World, award: Told) -> Registers:
    participant_id = award.event.participant_id  # type: ignore[attr-defined]
    own = [
        stream
        for stream in streams_of(world)
        if stream[0].event.topic.startswith(("reduction.", "activity."))
        and stream[0].event.participant_id == participant_id  # type: ignore[attr-defined]
    ]
    return registers_before(world.state, participant_id, own, {award.position})[award.position]


def _accounts_before(world: World, told: list[Told], award: Told) -> Accounts:
    accounts = Accounts()
    if (budget := budget_of(world.state.rulebook, award.event)) is not None:
        fund = f"fund:{budget.fund_id}:available"
        free = sum(
            leg.amount
            for one in told
            if one.position < award.position
            for leg in one.event.legs
            if leg.account == fund
        )
        accounts.load({fund: Account(others={"CNY": free})})
    return accounts


def explained(world: World, *topics: str) -> list[Step]:
    """Explain every stream that has an event of one of some topics."""
    case = case_of(world)
    chosen = [stream for stream in streams_of(world) if any(told.event.topic in topics for told in stream)]
    return [step for stream in chosen for step in explain_stream(case, stream)]


def lots_of(world: World, account: str) -> list[Step]:
    """Tell the lots of an account."""
    own = [one for one in told_by(world) if any(leg.account == account for leg in one.event.legs)]
    redemptions = {
        stream[0].event.id: stream  # type: ignore[attr-defined]
        for stream in streams_of(world)
        if stream[0].event.topic == "redemption.held"
    }
    balance = sum(
        leg.amount for one in own for leg in one.event.legs if leg.account == account and leg.lot is not None
    )
    return [step for story in lot_stories(account, own, redemptions, balance) for step in story.steps]


# --- the stories --------------------------------------------------------------------------------


def trip_in_sichuan() -> list[Step]:
    """NEV-BEV-SICHUAN of the worked examples: 3532 g and 35 credits."""
    world = World()
    world.do(
        but(
            PUBLISH_DRIVING,
            formula="trip_against_petrol",
            factors=(*petrol_factors(), grid_factor("四川", 2022)),
        ),
        PUBLISH_DRIVE,
        but(RECORD_DRIVE, measured=Measured(distance_km="25.0", energy_kwh="3.75")),
    )
    return explained(world, "credits.issued")


def corrected() -> list[Step]:
    """An act corrected, recomputed and voided after its credits were given away."""
    world = with_drives()
    world.do(
        OPEN_MERCHANT,
        drive(flags=("gap",), evidence="proof"),
        CORRECT,
        RECOMPUTE,
        but(TRANSFER, from_account="participant:dora", to_account="merchant:cafe", credits=2),
        but(VOID, id="restated-2"),
    )
    return explained(world, "credits.issued")


def held_and_released() -> list[Step]:
    """An act that somebody had to look at first."""
    world = with_drives()
    world.do(drive(flags=("jump", "manual", "estimated")), RELEASE_ACTIVITY)
    return explained(world, "activity.held")


def clipped() -> list[Step]:
    """The second act of a day, of which the day's cap leaves less than it desires."""
    world = with_drives(caps=Caps(event_credits=12, day_acts=3, day_credits=15, month_credits=100))
    world.do(drive("d1", "10"), drive("d2", "10"))
    *_, second = streams_of(world)
    return explain_stream(case_of(world), second)


def lapsed() -> list[Step]:
    """Credits that nobody claimed."""
    world = with_drives(ripens_after_h=1, claim_within_h=1)
    world.do(drive())
    world.do(LAPSE, at=NOW + timedelta(days=1))
    return explained(world, "credits.lapsed")


def spent_and_refunded() -> list[Step]:
    """Credits used at a merchant, and given back with their lots and the funds' money."""
    world = World()
    world.do(
        OPEN_MERCHANT,
        OPEN_FUND,
        but(OPEN_FUND, id="bank"),
        COMMIT_MONEY,
        but(COMMIT_MONEY, id="grant-2", fund_id="bank"),
        but(OPEN_PARTICIPANT, organisation_id=None),
        but(ADJUST, credits=6, lot=NOW.date()),
        but(ADJUST, id="fix-2", credits=20),
        but(HOLD, fee_fen=30, offer_id="green-tea"),
        FULFIL,
        REFUND,
    )
    return [*explained(world, "redemption.held"), *lots_of(world, "participant:ada")]


STORIES: Final[Mapping[str, Callable[[], list[Step]]]] = {
    "trip_in_sichuan": trip_in_sichuan,
    "corrected": corrected,
    "held_and_released": held_and_released,
    "clipped": clipped,
    "lapsed": lapsed,
    "spent_and_refunded": spent_and_refunded,
}


def text_of(steps: list[Step], tongue: Tongue) -> str:
    """Give the sentences, one on a line."""
    speaker = speaker_of(tongue, "Asia/Shanghai")
    return "".join(f"{speaker.say(step)}\n" for step in steps)


def main() -> None:
    """Write the texts anew."""
    for name, story in STORIES.items():
        steps = story()
        for tongue in TONGUES:
            (TEXTS / f"{name}.{tongue}.txt").write_text(text_of(steps, tongue), encoding="utf-8")


if __name__ == "__main__":
    main()
