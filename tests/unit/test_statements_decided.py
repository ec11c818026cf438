"""Statements and payouts, decision by decision: what is refused, in which order, and what moves."""

from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Final

import msgspec
import pytest

from ledger.domain import limits
from ledger.domain.errors import (
    AccountNotFound,
    AlreadyRecorded,
    AmendmentUnsuitable,
    DisputeNotFound,
    InsufficientFund,
    LedgerError,
    LineDisputed,
    LineNotFound,
    NothingToPay,
    NothingToSettle,
    ObjectionsClosed,
    ObjectionsOpen,
    PayoutExists,
    PayoutNotFound,
    PayoutStatusUnsuitable,
    PeriodNotOver,
    PeriodSettled,
    PeriodTooLong,
    RedemptionStatusUnsuitable,
    RegisterIncomplete,
    SecondKeyNeeded,
    StatementNotFound,
    StatementStatusUnsuitable,
    TooManyDisputes,
    TooManyPayouts,
)
from ledger.domain.payout import PayoutOf
from ledger.domain.redemption import Disputed
from ledger.domain.settling import Unsettled, UnsettledDay
from ledger.domain.statement import Dispute, Statement
from ledger.domain.statement_digest import digest_of
from tests.unit.builders import (
    ADA,
    FULFIL,
    HOLD,
    NOW,
    REFUND,
    World,
    but,
    converted,
    holding,
    with_shop,
)
from tests.unit.money_commands import CHECKER, MAKER
from tests.unit.statement_commands import (
    AMEND,
    APPROVE,
    CAFE_STATEMENT,
    CLOSE_STATEMENT,
    CONFIRM,
    DISPUTE,
    ENDS_ON,
    FAIL,
    INSTRUCT,
    RETURN,
    TOMORROW,
    UPHOLD,
)

DAY: Final = timedelta(days=1)
PAYABLE, SETTLING, PAID = (f"merchant:cafe:{place}" for place in ("payable", "settling", "paid"))
CLAIMS: Final = ("fund:city:recoverable", "fund:bank:recoverable")
FREE: Final = ("fund:city:available", "fund:bank:available")
MIDNIGHT: Final = TOMORROW.replace(hour=16) - DAY
"""At which the 23rd begins in Shanghai."""


def used_once(**changes: Any) -> World:
    """Coffee for 900 分 used on the 22nd: 600 of the city, 300 of the bank."""
    world = with_shop()
    world.do(but(HOLD, **changes), FULFIL)
    return world


def closed(**changes: Any) -> World:
    world = used_once()
    world.do(but(CLOSE_STATEMENT, **changes), at=TOMORROW)
    return world


def approved() -> World:
    world = closed()
    world.do(APPROVE, at=TOMORROW)
    return world


def statement(world: World, statement_id: str = CAFE_STATEMENT) -> Statement:
    known: Statement = world.state.facts["statement", statement_id]
    return known


def places(world: World, *addresses: str) -> tuple[int, ...]:
    return tuple(world.fen(address) for address in addresses)


# ── Closing ──────────────────────────────────────────────────────────────────────────────────


def test_a_period_is_closed_from_its_last_midnight_on() -> None:
    world = used_once()
    early = world.refusal(CLOSE_STATEMENT, at=MIDNIGHT - timedelta(microseconds=1))
    assert isinstance(early, PeriodNotOver)
    assert early.details() == {"field": "ends_on", "value": ENDS_ON, "today": ENDS_ON - DAY}
    (issued,) = world.do(CLOSE_STATEMENT, at=MIDNIGHT)
    assert (issued.statement_id, issued.number) == (CAFE_STATEMENT, "cafe-000001")
    assert (issued.starts_on, issued.ends_on) == (NOW.date(), ENDS_ON)
    assert (issued.uses, issued.used_face_value_fen, issued.due_fen) == (1, 900, 900)
    assert places(world, PAYABLE, SETTLING) == (0, 900)


def test_a_statement_says_what_each_fund_bears_and_its_part_of_the_fees() -> None:
    world = used_once(fee_fen=31)
    (issued,) = world.do(CLOSE_STATEMENT, at=TOMORROW)
    told = [(fund.fund_id, fund.face_value_fen, fund.fee_fen) for fund in issued.funds]
    assert told == [("bank", 300, 10), ("city", 600, 21)]
    assert (issued.total_fen, issued.due_fen) == (869, 869)


def test_the_digests_are_made_as_the_documents_say() -> None:
    world = used_once(fee_fen=30)
    first = world.state.position
    world.do(but(HOLD, id="tea-1"), but(FULFIL, redemption_id="tea-1"), at=MIDNIGHT)
    second = world.state.position
    (issued,) = world.do(but(CLOSE_STATEMENT, ends_on=ENDS_ON + DAY), at=MIDNIGHT + DAY)
    days = [
        ("2026-11-22", sha256(f"{first}\tuse\tcoffee-1\t900\t30\n".encode()).hexdigest()),
        ("2026-11-23", sha256(f"{second}\tuse\ttea-1\t900\t0\n".encode()).hexdigest()),
    ]
    text = "".join(f"{day}\t{digest}\n" for day, digest in days)
    assert issued.lines_digest == sha256(text.encode()).hexdigest()
    names = set(issued.__struct_fields__) - {"occurred_at", "recorded_at", "legs", "by", "digest"}
    fields = {name: msgspec.to_builtins(getattr(issued, name)) for name in names}
    body = msgspec.json.encode(fields, order="sorted")
    assert issued.digest == sha256(body).hexdigest() == digest_of(issued)


def test_the_next_statement_goes_on_where_the_last_one_ended_and_days_without_lines_are_skipped() -> None:
    world = closed()
    world.do(but(HOLD, id="tea-1"), but(FULFIL, redemption_id="tea-1"), at=NOW + 5 * DAY)
    ends_on = ENDS_ON + 10 * DAY
    (issued,) = world.do(but(CLOSE_STATEMENT, ends_on=ends_on), at=NOW + 20 * DAY)
    assert (issued.number, issued.starts_on, issued.ends_on) == ("cafe-000002", ENDS_ON, ends_on)
    assert world.entries(UnsettledDay) == {}
    assert world.entries(Unsettled)["cafe"] == Unsettled(statements=2, closed_until="2026-12-03")


def test_days_after_the_period_stay_with_the_merchant_each_under_its_own_key() -> None:
    world = used_once()
    for n in range(1, 4):
        world.do(but(HOLD, id=f"tea-{n}"), but(FULFIL, redemption_id=f"tea-{n}"), at=NOW + n * DAY)
    assert sorted(world.entries(UnsettledDay)) == [f"cafe\n2026-11-2{n}" for n in (2, 3, 4)]
    world.do(but(CLOSE_STATEMENT, ends_on=ENDS_ON + DAY), at=NOW + 3 * DAY)
    entry = world.entries(Unsettled)["cafe"]
    assert sorted(world.entries(UnsettledDay)) == ["cafe\n2026-11-24"]
    assert (entry.first_day, entry.day, entry.balance_fen) == ("2026-11-24", "2026-11-25", 1_800)


def test_a_refund_after_the_period_is_not_paid_first_and_taken_back_later() -> None:
    world = used_once()
    world.do(CLOSE_STATEMENT, at=TOMORROW)
    world.do(but(HOLD, id="tea-1"), but(FULFIL, redemption_id="tea-1"), at=TOMORROW)
    world.do(REFUND, at=TOMORROW + DAY)  # of the use that is settled; the tea pays for it
    assert places(world, PAYABLE, *CLAIMS) == (0, 0, 0)
    (issued,) = world.do(but(CLOSE_STATEMENT, ends_on=ENDS_ON + DAY), at=TOMORROW + 2 * DAY)
    assert (issued.total_fen, issued.due_fen, issued.carried_out_fen) == (900, 0, 900)
    (last,) = world.do(but(CLOSE_STATEMENT, ends_on=ENDS_ON + 2 * DAY), at=TOMORROW + 2 * DAY)
    assert (last.carried_in_fen, last.total_fen, last.refunds) == (900, 0, 1)


def test_what_a_merchant_owes_is_carried_and_funds_get_their_claims_when_it_has_earned_them() -> None:
    world = closed()
    world.do(REFUND, at=TOMORROW)
    assert places(world, PAYABLE, *CLAIMS) == (-900, 600, 300)
    (owing,) = world.do(but(CLOSE_STATEMENT, ends_on=ENDS_ON + DAY), at=TOMORROW + DAY)
    assert (owing.total_fen, owing.due_fen, owing.carried_out_fen, owing.legs) == (-900, 0, -900, ())
    world.do(but(HOLD, id="tea-1", face_value_fen=600), but(FULFIL, redemption_id="tea-1"), at=TOMORROW + DAY)
    assert places(world, PAYABLE, *CLAIMS) == (-300, 600, 300)
    (partly,) = world.do(but(CLOSE_STATEMENT, ends_on=ENDS_ON + 2 * DAY), at=TOMORROW + 2 * DAY)
    assert (partly.carried_in_fen, partly.total_fen, partly.due_fen) == (-900, -300, 0)
    assert places(world, PAYABLE, *CLAIMS) == (-300, 200, 100)
    world.do(but(HOLD, id="tea-2"), but(FULFIL, redemption_id="tea-2"), at=TOMORROW + 2 * DAY)
    (whole,) = world.do(but(CLOSE_STATEMENT, ends_on=ENDS_ON + 3 * DAY), at=TOMORROW + 3 * DAY)
    assert (whole.carried_in_fen, whole.total_fen, whole.due_fen) == (-300, 600, 600)
    assert places(world, PAYABLE, *CLAIMS) == (0, 0, 0)


def test_closing_again_is_the_same_request_whoever_asks_and_whenever() -> None:
    world = closed()
    again = but(CLOSE_STATEMENT, by=CHECKER, occurred_at=TOMORROW)
    assert isinstance(world.refusal(again, at=TOMORROW + DAY), AlreadyRecorded)


def test_what_cannot_be_closed_says_why() -> None:
    world = used_once()
    assert isinstance(world.refusal(but(CLOSE_STATEMENT, merchant_id="deli"), at=TOMORROW), AccountNotFound)
    nothing = world.refusal(but(CLOSE_STATEMENT, ends_on=NOW.date()), at=TOMORROW)
    assert isinstance(nothing, NothingToSettle)
    world.do(CLOSE_STATEMENT, at=TOMORROW)
    settled = world.refusal(but(CLOSE_STATEMENT, ends_on=NOW.date()), at=TOMORROW)
    assert isinstance(settled, PeriodSettled)
    assert settled.closed_until == ENDS_ON
    later = but(CLOSE_STATEMENT, ends_on=ENDS_ON + DAY)
    assert isinstance(world.refusal(later, at=TOMORROW + DAY), NothingToSettle)


def test_uses_that_the_register_does_not_know_keep_a_period_open() -> None:
    world = used_once()
    world.account(PAYABLE).add("CNY", None, 1)
    told = world.refusal(CLOSE_STATEMENT, at=TOMORROW)
    assert isinstance(told, RegisterIncomplete)
    assert told.details() == {"merchant_id": "cafe", "payable_fen": 901, "register_fen": 900}


def test_a_statement_covers_four_hundred_days_from_its_first_line_and_no_more() -> None:
    world = used_once()
    ends_on = NOW.date() + limits.SETTLED_DAYS_MAX * DAY
    at = NOW + (limits.SETTLED_DAYS_MAX + 1) * DAY
    world.put({ADA: holding({"2030-01-01": 10})})
    world.do(but(HOLD, id="tea-1", deadline_at=at), but(FULFIL, redemption_id="tea-1"), at=at - 2 * DAY)
    too_long = world.refusal(but(CLOSE_STATEMENT, ends_on=ends_on + DAY), at=at)
    assert isinstance(too_long, PeriodTooLong)
    assert too_long.first_on == NOW.date()
    (issued,) = world.do(but(CLOSE_STATEMENT, ends_on=ends_on), at=at)
    assert issued.uses == 2


@pytest.mark.parametrize("days", [0, limits.OBJECTION_DAYS_MAX])
def test_objections_may_be_made_for_none_to_ninety_days(days: int) -> None:
    assert converted(CLOSE_STATEMENT, objection_days=days).objection_days == days
    beyond = days - 1 if days == 0 else days + 1
    with pytest.raises(msgspec.ValidationError):
        converted(CLOSE_STATEMENT, objection_days=beyond)
    assert CLOSE_STATEMENT.objection_days == limits.OBJECTION_DAYS_DEFAULT


def test_a_payout_id_has_up_to_thirty_five_characters_that_banks_carry() -> None:
    assert converted(INSTRUCT, id="P" * limits.PAYOUT_ID_CHARS_MAX).id
    for wrong in ("P" * (limits.PAYOUT_ID_CHARS_MAX + 1), "-P", "P_1", "P.1", ""):
        with pytest.raises(msgspec.ValidationError):
            converted(INSTRUCT, id=wrong)


# ── Objections ───────────────────────────────────────────────────────────────────────────────


def test_a_disputed_line_is_held_back_and_paid_when_it_is_upheld() -> None:
    world = closed()
    (disputed,) = world.do(DISPUTE, at=TOMORROW)
    assert (disputed.earned_fen, disputed.held_back_fen, disputed.legs) == (900, 900, ())
    world.do(APPROVE, at=TOMORROW)
    assert isinstance(world.refusal(INSTRUCT, at=TOMORROW), NothingToPay)
    (upheld,) = world.do(UPHOLD, at=TOMORROW)
    assert (upheld.amendment_fen, upheld.shares, upheld.legs) == (0, (), ())
    assert world.entries(Disputed) == {}
    assert world.do(INSTRUCT, at=TOMORROW)[0].value_fen == 900


@pytest.mark.parametrize(
    ("amended_fen", "free", "changes"),
    [
        (0, (10_000, 10_000), (-600, -300)),
        (450, (9_700, 9_850), (-300, -150)),
        (899, (9_401, 9_700), (-1, 0)),
        (901, (9_399, 9_700), (1, 0)),
        (1_200, (9_200, 9_600), (200, 100)),
    ],
)
def test_an_amended_line_is_in_no_payout_and_comes_with_the_next_statement(
    amended_fen: int, free: tuple[int, int], changes: tuple[int, int]
) -> None:
    world = closed()
    world.do(DISPUTE, but(APPROVE), at=TOMORROW)
    events = world.do(but(AMEND, amended_fen=amended_fen), at=TOMORROW)
    assert [event.topic for event in events] == ["statement.dispute_resolved", "statement.settled"]
    assert (events[0].amendment_fen, events[1].paid_fen, events[1].moved_fen) == (amended_fen, 0, 900)
    assert tuple(change.value_fen for change in events[0].changes) == changes
    assert places(world, *FREE) == free
    assert places(world, PAYABLE, SETTLING) == (amended_fen, 0)
    (issued,) = world.do(but(CLOSE_STATEMENT, ends_on=ENDS_ON + DAY), at=TOMORROW + DAY)
    assert (issued.amendments, issued.amended_fen, issued.total_fen) == (1, amended_fen, amended_fen)


def test_a_refund_of_an_amended_use_gives_back_what_the_funds_bear_after_all() -> None:
    world = used_once(fee_fen=30)
    world.do(CLOSE_STATEMENT, DISPUTE, but(AMEND, amended_fen=435), at=TOMORROW)
    assert places(world, PAYABLE, "fees", *FREE) == (435, 30, 9_690, 9_845)
    (refunded,) = world.do(REFUND, at=TOMORROW)
    assert refunded.face_value_fen == 465
    assert places(world, PAYABLE, "fees", *FREE) == (0, 0, 10_000, 10_000)


def test_a_disputed_refund_holds_nothing_back_and_may_be_given_up_to_the_merchant() -> None:
    world = used_once()
    world.do(REFUND, but(HOLD, id="tea-1"), but(FULFIL, redemption_id="tea-1"))
    world.do(CLOSE_STATEMENT, at=TOMORROW)
    (disputed,) = world.do(but(DISPUTE, line="refund"), at=TOMORROW)
    assert (disputed.earned_fen, disputed.held_back_fen) == (-900, 0)
    (resolved,) = world.do(but(AMEND, line="refund", amended_fen=-300), at=TOMORROW)
    assert resolved.amendment_fen == 600
    assert places(world, PAYABLE, *FREE) == (600, 9_000, 9_500)


def test_more_than_the_funds_have_free_cannot_be_amended() -> None:
    world = closed()
    world.do(DISPUTE, at=TOMORROW)
    assert isinstance(world.refusal(but(AMEND, amended_fen=20_000), at=TOMORROW), InsufficientFund)


@pytest.mark.parametrize(
    ("line", "outcome", "amended_fen"),
    [
        ("use", "amended", None),
        ("use", "amended", 900),
        ("use", "amended", -1),
        ("use", "upheld", 900),
        ("refund", "amended", 1),
        ("refund", "amended", -901),
        ("refund", "amended", -900),
    ],
)
def test_an_amendment_says_an_amount_within_its_bounds_that_differs(
    line: str, outcome: str, amended_fen: int | None
) -> None:
    world = used_once()
    if line == "refund":
        world.do(REFUND)
    world.do(CLOSE_STATEMENT, but(DISPUTE, line=line), at=TOMORROW)
    command = but(AMEND, line=line, outcome=outcome, amended_fen=amended_fen)
    assert isinstance(world.refusal(command, at=TOMORROW), AmendmentUnsuitable)


def test_lines_can_be_disputed_until_the_days_are_over() -> None:
    last = MIDNIGHT + 7 * DAY - timedelta(microseconds=1)
    world = closed()
    assert world.decide(DISPUTE, last)
    late = world.refusal(DISPUTE, at=MIDNIGHT + 7 * DAY)
    assert isinstance(late, ObjectionsClosed)
    assert late.objections_end_on == date(2026, 11, 30)
    waiting = but(APPROVE, is_early=False)
    assert isinstance(world.refusal(waiting, at=last), ObjectionsOpen)
    assert world.decide(waiting, MIDNIGHT + 7 * DAY)


def test_a_use_that_is_disputed_cannot_be_refunded_before_it_is_resolved() -> None:
    world = closed()
    world.do(DISPUTE, at=TOMORROW)
    assert isinstance(world.refusal(REFUND, at=TOMORROW), LineDisputed)
    world.do(UPHOLD, at=TOMORROW)
    world.do(REFUND, at=TOMORROW)


DISPUTE_FAULTS: list[tuple[Callable[[], World], dict[str, Any], type[LedgerError]]] = [
    (used_once, {}, StatementNotFound),
    (approved, {}, StatementStatusUnsuitable),
    (closed, {"redemption_id": "tea-9"}, LineNotFound),
    (closed, {"line": "refund"}, LineNotFound),
]


@pytest.mark.parametrize(("world", "changes", "expected"), DISPUTE_FAULTS)
def test_an_objection_is_refused_for_each_fault(
    world: Callable[[], World], changes: dict[str, Any], expected: type[LedgerError]
) -> None:
    assert isinstance(world().refusal(but(DISPUTE, **changes), at=TOMORROW), expected)


def test_a_line_of_another_statement_or_merchant_is_no_line_of_this_one() -> None:
    world = used_once()
    world.put({"merchant:deli": holding()})
    world.do(but(HOLD, id="deli-1", merchant_id="deli"), but(FULFIL, redemption_id="deli-1"))
    world.do(CLOSE_STATEMENT, at=TOMORROW)
    world.do(but(HOLD, id="tea-1"), but(FULFIL, redemption_id="tea-1"), at=TOMORROW)
    for own_id in ("deli-1", "tea-1"):
        assert isinstance(world.refusal(but(DISPUTE, redemption_id=own_id), at=TOMORROW), LineNotFound)


def test_a_use_that_was_taken_back_is_disputed_by_its_refund() -> None:
    world = closed()
    world.do(REFUND, at=TOMORROW)
    assert isinstance(world.refusal(DISPUTE, at=TOMORROW), RedemptionStatusUnsuitable)


def test_a_dispute_that_nobody_made_is_not_resolved() -> None:
    assert isinstance(closed().refusal(AMEND, at=TOMORROW), DisputeNotFound)
    assert isinstance(used_once().refusal(AMEND, at=TOMORROW), StatementNotFound)


def test_a_dispute_is_made_and_resolved_once() -> None:
    world = closed()
    world.do(DISPUTE, at=TOMORROW)
    assert isinstance(world.refusal(DISPUTE, at=TOMORROW), AlreadyRecorded)
    world.do(UPHOLD, at=TOMORROW)
    for command in (DISPUTE, UPHOLD, AMEND):
        assert isinstance(world.refusal(command, at=TOMORROW), AlreadyRecorded)


# ── Approving and paying ─────────────────────────────────────────────────────────────────────


def test_another_key_approves_and_once() -> None:
    world = closed()
    assert isinstance(world.refusal(but(APPROVE, by=MAKER), at=TOMORROW), SecondKeyNeeded)
    world.do(APPROVE, at=TOMORROW)
    assert isinstance(world.refusal(but(APPROVE, by="key_third"), at=TOMORROW), AlreadyRecorded)


def test_a_statement_that_pays_nothing_is_settled_when_it_is_approved() -> None:
    world = used_once()
    world.do(REFUND)
    world.do(CLOSE_STATEMENT, at=TOMORROW)
    events = world.do(APPROVE, at=TOMORROW)
    assert [event.topic for event in events] == ["statement.approved", "statement.settled"]


def test_a_payout_goes_its_ways_and_the_money_with_it() -> None:
    world = approved()
    (instructed,) = world.do(INSTRUCT, at=TOMORROW)
    assert (instructed.value_fen, instructed.legs) == (900, ())
    world.do(FAIL, but(INSTRUCT, id="PAY-2"), at=TOMORROW)
    confirmed = world.do(but(CONFIRM, payout_id="PAY-2"), at=TOMORROW)
    assert [event.topic for event in confirmed] == ["payout.confirmed", "statement.settled"]
    assert places(world, SETTLING, PAID) == (0, 900)
    assert statement(world).status == "settled"
    world.do(but(RETURN, payout_id="PAY-2"), at=TOMORROW)
    assert places(world, SETTLING, PAID) == (900, 0)
    assert (statement(world).status, statement(world).payable_fen) == ("approved", 900)
    world.do(but(INSTRUCT, id="PAY-3"), but(CONFIRM, payout_id="PAY-3"), at=TOMORROW)
    assert statement(world).status == "settled"
    assert set(world.entries(PayoutOf)) == {"PAY-1", "PAY-2", "PAY-3"}


def test_a_payout_is_instructed_for_what_is_left_and_refused_where_nothing_is() -> None:
    world = closed()
    assert isinstance(world.refusal(INSTRUCT, at=TOMORROW), StatementStatusUnsuitable)
    world.do(APPROVE, INSTRUCT, at=TOMORROW)
    again = world.refusal(but(INSTRUCT, id="PAY-2"), at=TOMORROW)
    assert isinstance(again, NothingToPay)
    assert (again.held_back_fen, again.under_way_fen) == (0, 900)
    assert isinstance(world.refusal(INSTRUCT, at=TOMORROW), AlreadyRecorded)


def test_a_payout_id_is_of_one_statement() -> None:
    world = approved()
    world.do(INSTRUCT, CONFIRM, at=TOMORROW)
    world.do(but(HOLD, id="tea-1"), but(FULFIL, redemption_id="tea-1"), at=TOMORROW)
    other = f"cafe:{ENDS_ON + DAY}"
    world.do(but(CLOSE_STATEMENT, ends_on=ENDS_ON + DAY), at=TOMORROW + DAY)
    world.do(but(APPROVE, statement_id=other), at=TOMORROW + DAY)
    told = world.refusal(but(INSTRUCT, statement_id=other), at=TOMORROW + DAY)
    assert isinstance(told, PayoutExists)
    assert told.statement_id == CAFE_STATEMENT


@pytest.mark.parametrize(
    ("before", "step", "expected"),
    [
        ((), CONFIRM, PayoutNotFound),
        ((INSTRUCT,), RETURN, PayoutStatusUnsuitable),
        ((INSTRUCT, CONFIRM), FAIL, PayoutStatusUnsuitable),
        ((INSTRUCT, CONFIRM), CONFIRM, AlreadyRecorded),
        ((INSTRUCT, CONFIRM, RETURN), CONFIRM, AlreadyRecorded),
        ((INSTRUCT, CONFIRM, RETURN), RETURN, AlreadyRecorded),
        ((INSTRUCT, CONFIRM, RETURN), FAIL, PayoutStatusUnsuitable),
        ((INSTRUCT, FAIL), FAIL, AlreadyRecorded),
        ((INSTRUCT, FAIL), CONFIRM, PayoutStatusUnsuitable),
        ((INSTRUCT, FAIL), RETURN, PayoutStatusUnsuitable),
    ],
)
def test_what_the_bank_says_fits_the_payout(
    before: tuple[Any, ...], step: Any, expected: type[LedgerError]
) -> None:
    world = approved()
    world.do(*before, at=TOMORROW)
    assert isinstance(world.refusal(step, at=TOMORROW), expected)


def test_a_statement_has_no_more_payouts_than_it_may() -> None:
    world = approved()
    for n in range(limits.PAYOUTS_MAX):
        world.do(but(INSTRUCT, id=f"P{n}"), but(FAIL, payout_id=f"P{n}"), at=TOMORROW)
    assert isinstance(world.refusal(INSTRUCT, at=TOMORROW), TooManyPayouts)


def test_a_statement_has_no_more_disputes_than_it_may() -> None:
    world = closed()
    known, dispute = statement(world), Dispute(earned_fen=0, held_back_fen=0, outcome="upheld")
    for disputes, refused in ((limits.DISPUTES_MAX - 1, False), (limits.DISPUTES_MAX, True)):
        disputed = {f"use\ntea-{n}": dispute for n in range(disputes)}
        world.state.facts["statement", CAFE_STATEMENT] = msgspec.structs.replace(known, disputes=disputed)
        if refused:
            assert isinstance(world.refusal(DISPUTE, at=TOMORROW), TooManyDisputes)
        else:
            assert world.decide(DISPUTE, TOMORROW)
