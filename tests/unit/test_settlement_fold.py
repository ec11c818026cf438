"""Adding up a page of events for settlements: the fee of a redemption is split as its face value is."""

from uuid import UUID

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
from ledger.projections.settlement_sums import Share
from ledger.projections.view import Entry
from tests.contract.money_examples import MONEY_EVENTS
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
