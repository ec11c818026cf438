"""Spending at a merchant: hold, fulfil, cancel, release and refund, in credits and in money."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.book import Leg
from ledger.domain.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotFound,
    DeadlineOutOfBounds,
    FeeAboveFaceValue,
    FundNamedTwice,
    HoldExpired,
    InsufficientCredits,
    InsufficientFund,
    LedgerError,
    LineDisputed,
    LotsExpired,
    RedemptionNotFound,
    RedemptionStatusUnsuitable,
)
from ledger.domain.messages import Command
from ledger.domain.redemption import (
    Disputed,
    FundShare,
    FundWeight,
    Redemption,
    RedemptionCancelled,
    RedemptionFulfilled,
    RedemptionHeld,
    RedemptionRefunded,
    RedemptionReleased,
    evolve,
)
from tests.unit.builders import (
    ADA,
    BANK,
    CAFE,
    CANCEL,
    CITY,
    EXPIRE,
    FREEZE,
    FULFIL,
    HOLD,
    LATER,
    MICROSECOND,
    NOW,
    REFUND,
    RELEASE,
    TODAY,
    TOMORROW,
    TRANSFER,
    YESTERDAY,
    World,
    but,
    converted,
    holding,
    one_fault,
    two_faults,
    with_shop,
)

HELD, PAYABLE = f"{ADA}:held", f"{CAFE}:payable"
CITY_FREE, CITY_BOUND = f"{CITY}:available", f"{CITY}:encumbered"
BANK_FREE, BANK_BOUND = f"{BANK}:available", f"{BANK}:encumbered"


def money(world: World) -> dict[str, int]:
    """Where the money of the shop stands, in 分."""
    return {
        address: world.fen(address)
        for address in (CITY_FREE, CITY_BOUND, BANK_FREE, BANK_BOUND, PAYABLE, "fees")
        if world.fen(address)
    }


def funds(*weights: int) -> tuple[FundWeight, ...]:
    return tuple(FundWeight(fund_id=f"f{place}", weight=weight) for place, weight in enumerate(weights))


# ── Hold ─────────────────────────────────────────────────────────────────────────────────────


def test_a_hold_sets_credits_and_each_funds_share_aside() -> None:
    world = with_shop()
    (event,) = world.do(HOLD)
    assert event == RedemptionHeld(
        occurred_at=NOW,
        recorded_at=NOW,
        legs=(
            Leg(ADA, "CREDIT", LATER, -10),
            Leg(HELD, "CREDIT", LATER, 10),
            Leg(CITY_FREE, "CNY", None, -600),
            Leg(BANK_FREE, "CNY", None, -300),
            Leg(CITY_BOUND, "CNY", None, 600),
            Leg(BANK_BOUND, "CNY", None, 300),
        ),
        id="coffee-1",
        participant_id="ada",
        merchant_id="cafe",
        credits=10,
        face_value_fen=900,
        funds=HOLD.funds,
        deadline_at=NOW + timedelta(days=7),
        shares=(FundShare(fund_id="city", value_fen=600), FundShare(fund_id="bank", value_fen=300)),
    )
    assert money(world) == {CITY_FREE: 9_400, CITY_BOUND: 600, BANK_FREE: 9_700, BANK_BOUND: 300}
    assert (world.lots(ADA), world.lots(HELD)) == ({LATER: 90}, {LATER: 10})


GOOD_CASE = {
    "deadline_at": HOLD.deadline_at,
    "fund_weights": HOLD.funds,
    "fee_fen": 900,
    "participant": "open",
    "lots": {LATER: 10},
    "merchant": "open",
    "city": "open",
    "city_fen": 600,
    "bank": "open",
    "bank_fen": 300,
}


def refused_hold(**faults: Any) -> LedgerError:
    case: dict[str, Any] = GOOD_CASE | faults
    world = World().put(
        {
            ADA: holding(case["lots"], status=case["participant"]),
            CAFE: holding(status=case["merchant"]),
            CITY: holding(status=case["city"]),
            BANK: holding(status=case["bank"]),
            CITY_FREE: holding(status=None, fen=case["city_fen"]),
            BANK_FREE: holding(status=None, fen=case["bank_fen"]),
        }
    )
    asked = {"deadline_at": case["deadline_at"], "funds": case["fund_weights"], "fee_fen": case["fee_fen"]}
    return world.refusal(but(HOLD, **asked))


HOLD_FAULTS: list[Any] = [
    ({"deadline_at": NOW}, DeadlineOutOfBounds),
    ({"fund_weights": HOLD.funds + HOLD.funds[:1]}, FundNamedTwice),
    ({"fee_fen": 901}, FeeAboveFaceValue),
    ({"participant": None}, AccountNotFound),
    ({"participant": "closed"}, AccountClosed),
    ({"participant": "frozen"}, AccountFrozen),
    ({"merchant": None}, AccountNotFound),
    ({"merchant": "closed"}, AccountClosed),
    ({"merchant": "frozen"}, AccountFrozen),
    ({"lots": {YESTERDAY: 10}}, LotsExpired),
    ({"lots": {}}, InsufficientCredits),
    ({"city": None}, AccountNotFound),
    ({"city": "closed"}, AccountClosed),
    ({"city_fen": 599}, InsufficientFund),
    ({"bank": None}, AccountNotFound),
    ({"bank": "closed"}, AccountClosed),
    ({"bank_fen": 299}, InsufficientFund),
]


@pytest.mark.parametrize(("settings", "expected"), one_fault(HOLD_FAULTS))
def test_a_hold_is_refused_for_each_fault(settings: dict[str, Any], expected: type[LedgerError]) -> None:
    assert type(refused_hold(**settings)) is expected


@pytest.mark.parametrize(("earlier", "later"), two_faults(HOLD_FAULTS))
def test_of_two_faults_of_a_hold_the_first_documented_is_told(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    alone, both = refused_hold(**earlier), refused_hold(**later, **earlier)
    assert (type(both), both.details()) == (type(alone), alone.details())


@pytest.mark.parametrize(
    ("settings", "details"),
    [
        ({"fund_weights": HOLD.funds * 2}, {"field": "funds", "fund_ids": ["city", "bank", "city", "bank"]}),
        ({"fee_fen": 901}, {"field": "fee_fen", "value": 901, "face_value_fen": 900}),
        ({"participant": "frozen"}, {"account": ADA}),
        ({"merchant": None}, {"account": CAFE}),
        ({"city": None}, {"account": CITY}),
        ({"bank_fen": 299}, {"fund_id": "bank", "needed_fen": 300, "available_fen": 299}),
    ],
)
def test_a_refused_hold_says_which_account_and_how_much(
    settings: dict[str, Any], details: dict[str, Any]
) -> None:
    assert refused_hold(**settings).details() == details


def test_a_deadline_lies_after_now_and_within_a_year() -> None:
    latest = NOW + limits.HOLD_LASTS_MAX
    for number, deadline_at in enumerate((NOW + MICROSECOND, latest)):
        with_shop().do(but(HOLD, id=f"coffee-{number}", deadline_at=deadline_at))
    for wrong in (NOW - MICROSECOND, NOW, latest + MICROSECOND):
        refusal = refused_hold(deadline_at=wrong)
        assert isinstance(refusal, DeadlineOutOfBounds)
        assert refusal.details() == {"field": "deadline_at", "value": wrong, "after": NOW, "latest": latest}


def test_the_last_free_fen_of_a_fund_can_be_promised() -> None:
    world = with_shop()
    single = (FundWeight(fund_id="city", weight=1),)
    world.do(but(HOLD, face_value_fen=10_000, funds=single))
    refusal = world.refusal(but(HOLD, id="coffee-2", face_value_fen=1, funds=single))
    assert refusal.details() == {"fund_id": "city", "needed_fen": 1, "available_fen": 0}


def test_the_first_fund_that_is_short_is_named_in_declared_order() -> None:
    world = with_shop().put({CITY_FREE: holding(status=None), BANK_FREE: holding(status=None)})
    assert world.refusal(HOLD).details()["fund_id"] == "city"
    assert world.refusal(but(HOLD, funds=HOLD.funds[::-1])).details()["fund_id"] == "bank"


@pytest.mark.parametrize(
    ("face_value_fen", "weights", "shares"),
    [
        (900, (2, 1), [600, 300]),
        (1000, (1, 1, 1), [334, 333, 333]),
        (1001, (1, 1, 1), [334, 334, 333]),
        (1, (1, 1), [1, 0]),
        (1, (1, 2), [0, 1]),
        (100, (1, 1, 1, 1, 1, 1, 1), [15, 15, 14, 14, 14, 14, 14]),
        (10, (3, 3, 1), [4, 4, 2]),
        (999, (10_000,), [999]),
        (5, (1, 10_000), [0, 5]),
    ],
)
def test_the_face_value_is_split_by_largest_remainder_with_ties_in_declared_order(
    face_value_fen: int, weights: tuple[int, ...], shares: list[int]
) -> None:
    world = with_shop()
    for fund in funds(*weights):
        world.put(
            {
                f"fund:{fund.fund_id}": holding(),
                f"fund:{fund.fund_id}:available": holding(status=None, fen=1000),
            }
        )
    (event,) = world.do(but(HOLD, face_value_fen=face_value_fen, funds=funds(*weights)))
    assert [share.value_fen for share in event.shares] == shares
    assert sum(shares) == face_value_fen
    bound = [world.fen(f"fund:{fund.fund_id}:encumbered") for fund in funds(*weights)]
    assert bound == shares
    assert all(leg.amount for leg in event.legs), "a fund that bears nothing has no leg"


def test_a_fund_whose_share_is_nothing_needs_no_money_but_must_be_open() -> None:
    world = with_shop().put({BANK_FREE: holding(status=None)})
    one_fen = but(HOLD, face_value_fen=1)
    world.do(one_fen)
    world.put({BANK: holding(status=None)})
    assert world.refusal(but(one_fen, id="coffee-2")).details() == {"account": BANK}


def test_a_hold_takes_the_earliest_spendable_lots() -> None:
    world = with_shop().put({ADA: holding({YESTERDAY: 5, TODAY: 3, TOMORROW: 4, LATER: 50})})
    world.do(HOLD)
    assert world.lots(HELD) == {TODAY: 3, TOMORROW: 4, LATER: 3}
    assert world.lots(ADA) == {YESTERDAY: 5, LATER: 47}


def test_amounts_of_a_hold_are_taken_at_their_bounds_and_refused_one_past_them() -> None:
    for field, bound in (("credits", limits.CREDITS_MAX), ("face_value_fen", limits.VALUE_FEN_MAX)):
        for amount in (1, bound):
            assert getattr(converted(HOLD, **{field: amount}), field) == amount
        for wrong in (0, bound + 1):
            with pytest.raises(msgspec.ValidationError):
                converted(HOLD, **{field: wrong})


def test_a_fee_is_taken_at_its_bounds_and_refused_one_past_them() -> None:
    for fee_fen in (0, limits.VALUE_FEN_MAX):
        assert converted(HOLD, fee_fen=fee_fen).fee_fen == fee_fen
    for wrong in (-1, limits.VALUE_FEN_MAX + 1):
        with pytest.raises(msgspec.ValidationError):
            converted(HOLD, fee_fen=wrong)


def test_funds_of_a_hold_are_taken_at_their_bounds_and_refused_one_past_them() -> None:
    fund = {"fund_id": "city", "weight": 1}
    for number in (1, limits.FUNDS_PER_REDEMPTION_MAX):
        assert len(converted(HOLD, funds=[fund] * number).funds) == number
    for wrong_number in (0, limits.FUNDS_PER_REDEMPTION_MAX + 1):
        with pytest.raises(msgspec.ValidationError):
            converted(HOLD, funds=[fund] * wrong_number)
    for weight in (1, limits.WEIGHT_MAX):
        assert converted(HOLD, funds=[fund | {"weight": weight}]).funds[0].weight == weight
    for wrong_weight in (0, limits.WEIGHT_MAX + 1, 0.5):
        with pytest.raises(msgspec.ValidationError):
            converted(HOLD, funds=[fund | {"weight": wrong_weight}])


# ── The steps after it ───────────────────────────────────────────────────────────────────────


def test_a_use_ends_the_credits_and_makes_the_merchant_owed() -> None:
    world = with_shop()
    world.do(HOLD)
    (event,) = world.do(FULFIL)
    assert event == RedemptionFulfilled(
        occurred_at=NOW,
        recorded_at=NOW,
        legs=(
            Leg(HELD, "CREDIT", LATER, -10),
            Leg("redeemed", "CREDIT", LATER, 10),
            Leg(CITY_BOUND, "CNY", None, -600),
            Leg(BANK_BOUND, "CNY", None, -300),
            Leg(PAYABLE, "CNY", None, 600),
            Leg(PAYABLE, "CNY", None, 300),
        ),
        redemption_id="coffee-1",
        store_id="gate",
    )
    assert money(world) == {CITY_FREE: 9_400, BANK_FREE: 9_700, PAYABLE: 900}
    assert world.lots(HELD) == {}


@pytest.mark.parametrize(("step", "kind"), [(CANCEL, RedemptionCancelled), (RELEASE, RedemptionReleased)])
def test_giving_up_a_hold_puts_everything_back_where_it_came_from(step: Command, kind: Any) -> None:
    world = with_shop().put({ADA: holding({TODAY: 3, LATER: 50})})
    world.do(HOLD)
    (event,) = world.do(step, at=HOLD.deadline_at + MICROSECOND)
    assert isinstance(event, kind)
    assert event.redemption_id == "coffee-1"
    assert (world.lots(ADA), world.lots(HELD)) == ({TODAY: 3, LATER: 50}, {})
    assert money(world) == {CITY_FREE: 10_000, BANK_FREE: 10_000}


def test_a_refund_restores_the_very_lots_also_those_that_have_run_out_since() -> None:
    world = with_shop().put({ADA: holding({TODAY: 3, TOMORROW: 4, LATER: 50})})
    world.do(HOLD, FULFIL)
    week_later = NOW + timedelta(days=7)
    (event,) = world.do(REFUND, at=week_later)
    assert isinstance(event, RedemptionRefunded)
    assert world.lots(ADA) == {TODAY: 3, TOMORROW: 4, LATER: 50}
    assert money(world) == {CITY_FREE: 10_000, BANK_FREE: 10_000}
    assert isinstance(world.refusal(but(TRANSFER, credits=51), at=week_later), LotsExpired)
    world.do(but(EXPIRE, up_to=(NOW + timedelta(days=6)).date()), at=week_later)
    assert world.lots(ADA) == {LATER: 50}


@pytest.mark.parametrize("step", [FULFIL, CANCEL])
def test_a_hold_can_be_fulfilled_and_cancelled_at_its_very_deadline(step: Command) -> None:
    world = with_shop()
    world.do(HOLD)
    world.do(step, at=HOLD.deadline_at)


def test_a_hold_past_its_deadline_can_be_cancelled_but_not_fulfilled() -> None:
    world = with_shop()
    world.do(HOLD)
    past = HOLD.deadline_at + MICROSECOND
    refusal = world.refusal(FULFIL, at=past)
    assert isinstance(refusal, HoldExpired)
    assert refusal.details() == {"redemption_id": "coffee-1", "deadline_at": HOLD.deadline_at}
    world.do(CANCEL, at=past)


def test_only_an_overdue_hold_is_released_and_anything_else_is_left_alone() -> None:
    world = with_shop()
    past = HOLD.deadline_at + MICROSECOND
    assert world.do(RELEASE, at=past) == (), "there is no such redemption"
    world.do(HOLD)
    assert world.do(RELEASE, at=HOLD.deadline_at) == (), "it can be used at its very deadline"
    assert len(world.do(RELEASE, at=past)) == 1
    assert world.do(but(RELEASE, run_id="night-2"), at=past) == (), "it is not held any more"


def test_a_frozen_participant_can_cancel_and_be_refunded_but_not_use() -> None:
    world = with_shop()
    world.do(HOLD, but(HOLD, id="tea-1"), but(FULFIL, redemption_id="tea-1"), FREEZE)
    refusal = world.refusal(FULFIL)
    assert isinstance(refusal, AccountFrozen)
    assert refusal.details() == {"account": ADA}
    world.do(CANCEL, but(REFUND, redemption_id="tea-1"))
    assert world.lots(ADA) == {LATER: 100}


def refused_step(
    step: Command,
    *,
    before: tuple[Command, ...] = (HOLD,),
    at: Any = NOW,
    status: Any = "open",
    disputed: bool = False,
) -> LedgerError:
    world = with_shop()
    world.do(*before)
    world.account(ADA).status = status
    if disputed:
        world.state.registers.put(
            Disputed, "coffee-1", Disputed(statement_id="cafe:2026-12-01", is_open=True)
        )
    return world.refusal(step, at=at)


PAST = HOLD.deadline_at + MICROSECOND
FULFIL_FAULTS: list[Any] = [
    ({"before": ()}, RedemptionNotFound),
    ({"before": (HOLD, CANCEL)}, RedemptionStatusUnsuitable),
    ({"at": PAST}, HoldExpired),
    ({"status": "closed"}, AccountClosed),
    ({"status": "frozen"}, AccountFrozen),
]
REFUND_FAULTS: list[Any] = [
    ({"before": ()}, RedemptionNotFound),
    ({"before": (HOLD,)}, RedemptionStatusUnsuitable),
    ({"status": "closed"}, AccountClosed),
    ({"disputed": True}, LineDisputed),
]


@pytest.mark.parametrize(("settings", "expected"), one_fault(FULFIL_FAULTS))
def test_a_use_is_refused_for_each_fault(settings: dict[str, Any], expected: type[LedgerError]) -> None:
    assert type(refused_step(FULFIL, **settings)) is expected


@pytest.mark.parametrize(("earlier", "later"), two_faults(FULFIL_FAULTS))
def test_of_two_faults_of_a_use_the_first_documented_is_told(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    alone, both = refused_step(FULFIL, **earlier), refused_step(FULFIL, **later, **earlier)
    assert (type(both), both.details()) == (type(alone), alone.details())


def refused_refund(**settings: Any) -> LedgerError:
    return refused_step(REFUND, **({"before": (HOLD, FULFIL)} | settings))


FEE = but(HOLD, fee_fen=30, offer_id="latte")


def test_a_hold_keeps_the_fee_and_the_offer_and_moves_no_money_for_them() -> None:
    world = with_shop()
    (plain,), (event,) = with_shop().do(HOLD), world.do(FEE)
    assert (event.fee_fen, event.offer_id, event.earned_fen) == (30, "latte", 870)
    assert (plain.fee_fen, plain.offer_id, plain.earned_fen) == (0, None, 900)
    assert event.legs == plain.legs


@pytest.mark.parametrize(
    ("fee_fen", "withheld"),
    [
        (0, []),
        (1, [Leg(PAYABLE, "CNY", None, -1), Leg("fees", "CNY", None, 1)]),
        (900, [Leg(PAYABLE, "CNY", None, -900), Leg("fees", "CNY", None, 900)]),
    ],
)
def test_a_use_pays_the_merchant_the_face_value_less_the_fee(fee_fen: int, withheld: list[Leg]) -> None:
    world, without = with_shop(), with_shop()
    world.do(but(HOLD, fee_fen=fee_fen))
    without.do(HOLD)
    (event,), (plain,) = world.do(FULFIL), without.do(FULFIL)
    assert event.legs == (*plain.legs, *withheld)
    assert (world.fen(PAYABLE), world.fen("fees")) == (900 - fee_fen, fee_fen)


def test_a_refund_takes_the_fee_back_too() -> None:
    world = with_shop()
    world.do(FEE, FULFIL)
    assert money(world) == {CITY_FREE: 9_400, BANK_FREE: 9_700, PAYABLE: 870, "fees": 30}
    world.do(REFUND)
    assert money(world) == {CITY_FREE: 10_000, BANK_FREE: 10_000}


@pytest.mark.parametrize("step", [CANCEL, RELEASE])
def test_of_a_hold_that_is_given_up_no_fee_is_withheld(step: Command) -> None:
    world = with_shop()
    world.do(FEE)
    world.do(step, at=PAST)
    assert money(world) == {CITY_FREE: 10_000, BANK_FREE: 10_000}


@pytest.mark.parametrize(
    ("paid_fen", "claims"),
    [
        (0, {}),
        (1, {"city": 1}),
        (2, {"city": 1, "bank": 1}),
        (869, {"city": 579, "bank": 290}),
        (870, {"city": 580, "bank": 290}),
    ],
)
def test_what_the_merchant_has_been_paid_funds_have_to_claim_and_cannot_promise(
    paid_fen: int, claims: dict[str, int]
) -> None:
    world = with_shop()
    world.do(FEE, FULFIL)
    world.account(PAYABLE).add("CNY", None, -paid_fen)
    world.do(REFUND)
    assert {fund: world.fen(f"fund:{fund}:recoverable") for fund in claims} == claims
    assert world.fen(PAYABLE) == -paid_fen
    assert world.fen(CITY_FREE) == 10_000 - claims.get("city", 0)
    assert world.fen(BANK_FREE) == 10_000 - claims.get("bank", 0)
    assert sum(claims.values()) == paid_fen


def test_a_merchant_who_owes_already_covers_nothing_of_a_refund() -> None:
    world = with_shop()
    world.do(HOLD, FULFIL)
    world.account(PAYABLE).add("CNY", None, -1_000)
    world.do(REFUND)
    assert (world.fen(PAYABLE), world.fen(CITY_FREE), world.fen(BANK_FREE)) == (-1_000, 9_400, 9_700)
    assert [world.fen(f"fund:{fund}:recoverable") for fund in ("city", "bank")] == [600, 300]


@pytest.mark.parametrize(("settings", "expected"), one_fault(REFUND_FAULTS))
def test_a_refund_is_refused_for_each_fault(settings: dict[str, Any], expected: type[LedgerError]) -> None:
    assert type(refused_refund(**settings)) is expected


@pytest.mark.parametrize(("earlier", "later"), two_faults(REFUND_FAULTS))
def test_of_two_faults_of_a_refund_the_first_documented_is_told(
    earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    alone, both = refused_refund(**earlier), refused_refund(**later, **earlier)
    assert (type(both), both.details()) == (type(alone), alone.details())


STEPS: dict[str, tuple[Any, ...]] = {
    "held": (HOLD,),
    "fulfilled": (HOLD, FULFIL),
    "cancelled": (HOLD, CANCEL),
    "refunded": (HOLD, FULFIL, REFUND),
}


@pytest.mark.parametrize("status", STEPS)
@pytest.mark.parametrize(("step", "needed"), [(FULFIL, "held"), (CANCEL, "held"), (REFUND, "fulfilled")])
def test_each_step_starts_from_one_status_only(step: Any, needed: str, status: str) -> None:
    if status == needed:
        return
    refusal = refused_step(step, before=STEPS[status])
    assert isinstance(refusal, RedemptionStatusUnsuitable)
    assert refusal.details() == {"redemption_id": "coffee-1", "status": status, "needed": needed}


@pytest.mark.parametrize("step", [FULFIL, CANCEL, REFUND])
def test_no_step_is_taken_for_a_redemption_that_nobody_held(step: Command) -> None:
    refusal = refused_step(step, before=())
    assert isinstance(refusal, RedemptionNotFound)
    assert refusal.details() == {"redemption_id": "coffee-1"}


def test_a_redemption_counts_the_events_of_its_stream() -> None:
    world = with_shop()
    steps = zip(STEPS["refunded"], ("held", "fulfilled", "refunded"), strict=True)
    for version, (step, status) in enumerate(steps, 1):
        world.do(step)
        redemption = world.state.facts["redemption", "coffee-1"]
        assert redemption is not None
        assert (redemption.version, redemption.status) == (version, status)


def test_a_step_without_its_hold_changes_nothing() -> None:
    world = with_shop()
    hold, use, gift = (world.do(command)[0] for command in (HOLD, FULFIL, TRANSFER))
    assert evolve(None, use) is None
    redemption = evolve(None, hold)
    assert redemption == Redemption(held=hold)
    assert evolve(redemption, gift) is redemption, "an event of something else"
