"""Opening, freezing and closing those who hold accounts."""

from typing import Any

import pytest

from ledger.domain.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotEmpty,
    AccountNotFound,
    AccountStatusUnsuitable,
    LedgerError,
)
from ledger.domain.messages import Command
from ledger.domain.owners import (
    FundOpened,
    MerchantOpened,
    OrganisationOpened,
    ParticipantOpened,
    require_open,
)
from tests.unit.builders import (
    ADA,
    BANK,
    CAFE,
    CITY,
    CLOSE,
    FREEZE,
    HOLD,
    LATER,
    OPEN_FUND,
    OPEN_MERCHANT,
    OPEN_ORGANISATION,
    OPEN_PARTICIPANT,
    RECORD_ACTIVITY,
    SCHOOL,
    TRANSFER,
    UNFREEZE,
    YESTERDAY,
    World,
    but,
    holding,
    one_fault,
    two_faults,
    with_rules,
    with_shop,
)

DISTRICT = "org:district"
STEPS: tuple[Any, ...] = (FREEZE, UNFREEZE, CLOSE)

# ── Opening ──────────────────────────────────────────────────────────────────────────────────


def test_each_kind_of_owner_opens_under_its_own_address() -> None:
    world = World()
    world.do(but(OPEN_ORGANISATION, id="district", parent_id=None))
    opened = [
        world.do(command)[0] for command in (OPEN_ORGANISATION, OPEN_PARTICIPANT, OPEN_MERCHANT, OPEN_FUND)
    ]
    kinds = [OrganisationOpened, ParticipantOpened, MerchantOpened, FundOpened]
    assert [type(event) for event in opened] == kinds
    for address in (DISTRICT, SCHOOL, ADA, CAFE, CITY):
        assert world.account(address).status == "open"
    assert world.account(BANK).status is None


def refused_opening(*, status: Any = None, organisation: Any = "open") -> LedgerError:
    world = World().put({ADA: holding(status=status), SCHOOL: holding(status=organisation)})
    return world.refusal(OPEN_PARTICIPANT)


OPENING_FAULTS: list[Any] = [
    ({"status": "closed"}, AccountClosed),
    ({"organisation": None}, AccountNotFound),
    ({"organisation": "closed"}, AccountClosed),
]


@pytest.mark.parametrize(("settings", "expected"), one_fault(OPENING_FAULTS))
def test_opening_a_participant_is_refused_for_each_fault(
    settings: dict[str, Any], expected: type[LedgerError]
) -> None:
    refusal = refused_opening(**settings)
    assert type(refusal) is expected
    assert refusal.details() == {"account": ADA if "status" in settings else SCHOOL}


@pytest.mark.parametrize(("earlier", "later"), two_faults(OPENING_FAULTS))
def test_of_two_faults_of_an_opening_the_first_documented_is_told(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    alone, both = refused_opening(**earlier), refused_opening(**later, **earlier)
    assert (type(both), both.details()) == (type(alone), alone.details())


def test_an_organisation_stands_only_in_one_that_was_opened() -> None:
    world = World()
    refusal = world.refusal(OPEN_ORGANISATION)
    assert isinstance(refusal, AccountNotFound)
    assert refusal.details() == {"account": DISTRICT}
    world.put({DISTRICT: holding(status="closed")})
    assert isinstance(world.refusal(OPEN_ORGANISATION), AccountClosed)


def test_an_organisation_cannot_be_opened_inside_itself() -> None:
    refusal = World().refusal(but(OPEN_ORGANISATION, parent_id="school"))
    assert isinstance(refusal, AccountNotFound)


def test_a_participant_whom_an_activity_opened_is_registered_all_the_same() -> None:
    world = with_rules()
    world.do(RECORD_ACTIVITY)
    (event,) = world.do(but(OPEN_PARTICIPANT, organisation_id=None))
    assert isinstance(event, ParticipantOpened)
    assert world.account(ADA).status == "open"


def test_registering_a_frozen_participant_does_not_thaw_them() -> None:
    world = World().put({ADA: holding(status="frozen")})
    world.do(but(OPEN_PARTICIPANT, organisation_id=None))
    assert world.account(ADA).status == "frozen"


# ── Freezing, unfreezing, closing ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", STEPS)
def test_a_participant_who_is_not_there_has_no_status_to_change(command: Command) -> None:
    refusal = World().refusal(command)
    assert isinstance(refusal, AccountNotFound)
    assert refusal.details() == {"account": ADA}


@pytest.mark.parametrize("command", STEPS)
def test_a_closed_participant_stays_closed(command: Command) -> None:
    world = World().put({ADA: holding({LATER: 1}, status="closed")})
    refusal = world.refusal(command)
    assert isinstance(refusal, AccountClosed), "before anything about its credits or its status"
    assert refusal.details() == {"account": ADA}


@pytest.mark.parametrize(
    ("command", "status", "needed"), [(FREEZE, "frozen", "open"), (UNFREEZE, "open", "frozen")]
)
def test_a_change_that_was_made_already_is_refused(command: Command, status: Any, needed: str) -> None:
    refusal = World().put({ADA: holding(status=status)}).refusal(command)
    assert isinstance(refusal, AccountStatusUnsuitable)
    assert refusal.details() == {"account": ADA, "status": status, "needed": needed}


@pytest.mark.parametrize(
    ("command", "before", "after"),
    [
        (FREEZE, "open", "frozen"),
        (UNFREEZE, "frozen", "open"),
        (CLOSE, "open", "closed"),
        (CLOSE, "frozen", "closed"),
    ],
)
def test_each_change_leads_to_its_status(command: Command, before: Any, after: str) -> None:
    world = World().put({ADA: holding(status=before)})
    (event,) = world.do(command)
    assert (event.participant_id, event.reason, event.legs) == ("ada", command.reason, ())  # type: ignore[attr-defined]
    assert world.account(ADA).status == after


@pytest.mark.parametrize("status", ["open", "frozen"])
@pytest.mark.parametrize("lot", [YESTERDAY, LATER])
def test_a_participant_with_any_credits_left_cannot_be_closed(lot: str, status: Any) -> None:
    refusal = World().put({ADA: holding({lot: 1}, status=status)}).refusal(CLOSE)
    assert isinstance(refusal, AccountNotEmpty)
    assert refusal.details() == {"account": ADA, "credits_left": 1}


def test_credits_that_a_redemption_has_set_aside_keep_a_participant_from_being_closed() -> None:
    world = with_shop()
    world.do(but(HOLD, credits=60), but(TRANSFER, credits=40))
    assert world.lots(ADA) == {}
    refusal = world.refusal(CLOSE)
    assert isinstance(refusal, AccountNotEmpty)
    assert refusal.details() == {"account": ADA, "credits_left": 60}


def test_grams_do_not_keep_a_participant_from_being_closed() -> None:
    world = with_rules()
    world.do(but(RECORD_ACTIVITY, measured=type(RECORD_ACTIVITY.measured)(distance_km="1")))
    assert world.account(ADA).total("gCO2e") == 26
    world.do(CLOSE)


def test_a_frozen_participant_earns_and_does_not_spend() -> None:
    world = with_rules().put({ADA: holding({LATER: 100}, status="frozen"), "participant:bo": holding()})
    world.do(RECORD_ACTIVITY)
    assert world.lots(ADA) == {LATER: 102}
    assert world.account(ADA).status == "frozen"
    for command in (TRANSFER, but(TRANSFER, from_account="participant:bo", to_account=ADA), HOLD):
        refusal = world.refusal(command)
        assert isinstance(refusal, AccountFrozen)
        assert refusal.details() == {"account": ADA}


@pytest.mark.parametrize(
    ("status", "expected"), [(None, AccountNotFound), ("closed", AccountClosed), ("frozen", AccountFrozen)]
)
def test_only_an_open_account_may_give_receive_or_redeem(status: Any, expected: type[LedgerError]) -> None:
    require_open(holding(), ADA)
    with pytest.raises(expected):
        require_open(holding(status=status), ADA)
