"""Adding up a page of events for settlements: the fee of a redemption is split as its face value is."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.messages import Event
from ledger.domain.money import MoneyTransferred, MoneyWithdrawn
from ledger.domain.quantities import split_by_largest_remainder
from ledger.domain.redemption import FundShare, FundWeight, RedemptionFulfilled, RedemptionHeld
from ledger.projections.settlement_fold import (
    SettlementFold,
    Terms,
    redemptions_named,
    shares_of,
)
from ledger.projections.settlement_standing import due_parts, named_in
from ledger.projections.settlement_sums import Share
from ledger.projections.view import Entry
from tests.contract.money_examples import MONEY_EVENTS
from tests.contract.settlement_examples import MERCHANT, SETTLEMENT_EVENTS, STATEMENT
from tests.unit.builders import NOW
from tests.unit.story import story

WEIGHTS = st.lists(st.integers(1, 10_000), min_size=1, max_size=8)


def held(face_value_fen: int, fee_fen: int, weights: list[int]) -> RedemptionHeld:
    values = split_by_largest_remainder(face_value_fen, weights)
    return RedemptionHeld(
        occurred_at=NOW,
        recorded_at=NOW,
        id="tea",
        participant_id="ada",
        merchant_id="cafe",
        credits=1,
        face_value_fen=face_value_fen,
        funds=tuple(FundWeight(fund_id=f"f{n}", weight=weight) for n, weight in enumerate(weights)),
        deadline_at=NOW,
        shares=tuple(FundShare(fund_id=f"f{n}", value_fen=value) for n, value in enumerate(values)),
        fee_fen=fee_fen,
    )


def entries(*events: Event, after: int = 0) -> list[Entry]:
    return [
        Entry(position, UUID(int=position), 1, event.topic, b"", event)
        for position, event in enumerate(events, start=after + 1)
    ]


@given(face=st.integers(1, 10**11), part=st.integers(0, 1_000), weights=WEIGHTS)
def test_the_shares_of_a_fee_sum_to_it_and_none_exceeds_its_funds_share(
    face: int, part: int, weights: list[int]
) -> None:
    event = held(face, face * part // 1_000, weights)
    shares = shares_of(event)
    assert sum(share.fee_fen for share in shares) == event.fee_fen
    assert sum(share.value_fen for share in shares) == face
    assert all(0 <= share.fee_fen <= share.value_fen for share in shares)


def test_withdrawn_and_transferred_money_is_no_longer_committed_where_it_was() -> None:
    named = {type(event): event for event in MONEY_EVENTS}
    fold = SettlementFold("Asia/Shanghai", {})
    for entry in entries(named[MoneyWithdrawn], named[MoneyTransferred]):
        fold.add(entry)
    assert fold.sums.funds == {
        "huimin-2026": [-3_700_000, -3_700_000, *[0] * 7, 2],
        "green-travel-2027": [2_500_000, 2_500_000, *[0] * 7, 2],
    }


def test_only_redemptions_of_earlier_pages_are_asked_for() -> None:
    use = RedemptionFulfilled(occurred_at=NOW, recorded_at=NOW, redemption_id="tea")
    earlier = RedemptionFulfilled(occurred_at=NOW, recorded_at=NOW, redemption_id="coffee")
    assert redemptions_named(entries(held(900, 0, [1]), use, earlier)) == {"coffee"}


def test_a_use_in_a_later_page_is_a_change_and_in_the_same_page_a_part_of_the_row() -> None:
    hold, use = (
        held(900, 100, [1]),
        RedemptionFulfilled(occurred_at=NOW, recorded_at=NOW, redemption_id="tea", store_id="gate"),
    )
    together = SettlementFold("Asia/Shanghai", {})
    for entry in entries(hold, use):
        together.add(entry)
    assert together.uses == []
    assert together.held["tea"].use is not None
    alone = SettlementFold("Asia/Shanghai", {"tea": Terms("cafe", 900, 100, (Share("f0", 900, 100),))})
    for entry in entries(use, after=1):
        alone.add(entry)
    assert [step.redemption_id for step in alone.uses] == ["tea"]
    assert alone.sums.lines == together.sums.lines
    assert alone.sums.days == together.sums.days
    assert alone.sums.funds == {"f0": [0, 0, -900, 800, 100, *[0] * 4, 2]}
    assert together.sums.funds == {"f0": [0, -900, 0, 800, 100, *[0] * 4, 2]}


def test_a_whole_story_leaves_every_fund_with_what_was_committed() -> None:
    fold = SettlementFold("Asia/Shanghai", {})
    for entry in entries(*(event for _, events in story().told for event in events)):
        fold.add(entry)
    assert set(fold.sums.funds) == {"city", "bank", "grants"}
    for committed, *places, _ in fold.sums.funds.values():
        assert committed == sum(places) > 0
    assert list(fold.erased) == ["cy"]


def test_a_whole_story_of_statements_leaves_each_as_it_ended() -> None:
    fold = SettlementFold("Asia/Shanghai", {})
    for entry in entries(*(event for _, events in story().told for event in events)):
        fold.add(entry)
    (row,) = fold.statements.statements.values()
    assert (row.status, row.held_back_fen, row.moved_fen, row.under_way_fen) == ("settled", 0, 450, 0)
    assert row.paid_fen + row.moved_fen == row.due_fen
    payouts = fold.statements.payouts.values()
    assert [payout.status for payout in payouts] == ["failed", "returned", "confirmed"]
    assert {sum(payout.share_fen) for payout in payouts} == {row.paid_fen}
    disputes = fold.statements.disputes.values()
    assert [(dispute.outcome, sum(dispute.share_fen)) for dispute in disputes] == [
        ("amended", 450),
        ("upheld", 450),
    ]
    (amendment,) = (line for line in fold.sums.lines if line.kind == "amendment")
    assert (amendment.face_value_fen, amendment.fee_fen) == (300, 0)
    assert sum(share.value_fen for share in amendment.shares or ()) == 300


def test_a_page_names_what_has_begun_before_it() -> None:
    named = {event.topic: event for event in SETTLEMENT_EVENTS}
    issued, *others = entries(*(named[topic] for topic in named))
    assert named_in([issued, *others]) == ([], [MERCHANT])
    assert named_in(others) == ([STATEMENT], [])
    assert named_in([]) == ([], [])


@pytest.mark.parametrize(
    ("due_fen", "totals_fen", "parts_fen"),
    [
        (150, [100, 50], [100, 50]),
        (50, [100, -50], [100, -50]),
        (0, [100, -100], [0, 0]),
        (0, [-10, -20], [0, 0]),
        (40, [100, -50, 20], [33, 0, 7]),
        (0, [], []),
    ],
)
def test_funds_bear_all_of_a_statement_nothing_of_it_or_a_part_by_what_is_above_zero(
    due_fen: int, totals_fen: list[int], parts_fen: list[int]
) -> None:
    assert due_parts(due_fen, totals_fen) == parts_fen
