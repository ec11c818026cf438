"""One realistic event of every topic, as the code of today builds it.

Rule of the room: an example never changes once its golden file is written; a new topic gets a new
one. Every field that may be left out is given here, so that its stored name is seen.
"""

from datetime import UTC, date, datetime

import msgspec

from ledger.domain.activity import ReductionRecorded
from ledger.domain.adjustment import CreditsAdjusted
from ledger.domain.book import Leg
from ledger.domain.conversion import CreditsPerGrams
from ledger.domain.donation import CreditsDonated, RetiredSerials
from ledger.domain.earning import CreditsIssued
from ledger.domain.expiry import CreditsExpired, ExpiryCompleted, ExpiryStarted
from ledger.domain.fund import MoneyCommitted
from ledger.domain.instants import ExpiryPolicy
from ledger.domain.messages import Event
from ledger.domain.methodology import Factor, Measured
from ledger.domain.owners import (
    FundOpened,
    MerchantOpened,
    OrganisationOpened,
    ParticipantClosed,
    ParticipantFrozen,
    ParticipantOpened,
    ParticipantUnfrozen,
)
from ledger.domain.programme import ProgrammeOpened
from ledger.domain.redemption import (
    FundShare,
    FundWeight,
    RedemptionCancelled,
    RedemptionFulfilled,
    RedemptionHeld,
    RedemptionRefunded,
    RedemptionReleased,
)
from ledger.domain.rules import MethodologyPublished, ScenarioPublished
from ledger.domain.sink import SinkOpened, SinkUnitsAdded
from ledger.domain.transfer import CreditsTransferred
from ledger.domain.visibility import ParticipantErased, ParticipantHidden, ParticipantShown
from tests.contract.campaign_examples import CAMPAIGN_EVENTS, bonus_fields
from tests.contract.carbon_examples import CARBON_EVENTS, added_fields
from tests.contract.money_examples import MONEY_EVENTS, approved_fields
from tests.contract.offer_examples import OFFER_EVENTS, voucher_fields
from tests.contract.settlement_examples import SETTLEMENT_EVENTS, amended_fields

OCCURRED = datetime(2026, 11, 22, 3, 59, 30, tzinfo=UTC)
RECORDED = datetime(2026, 11, 22, 4, 0, 0, 123_456, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 22, 16, tzinfo=UTC)

PARTICIPANT = "participant:0198c2f4-7a2e-7c11"
LOT, EARLIER_LOT = "2027-11-30", "2026-12-31"

_EVENTS: tuple[Event, ...] = (
    ProgrammeOpened(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="chengdu-tanhui",
        name_zh="成都碳惠天府",
        name_en="Chengdu Carbon Benefit",
        level="city",
        time_zone="Asia/Shanghai",
        transferable=True,
        transfer_quota_credits=500,
        expiry=ExpiryPolicy(kind="month_end", months=12),
    ),
    MethodologyPublished(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="walking",
        version=1,
        name_zh="步行出行方法学",
        name_en="Walking",
        formula="steps_block",
        parameters={"block_steps": "500"},
        factors=(
            Factor(
                name="per_block",
                value="8.2",
                unit="g/block",
                region="四川",
                year=2022,
                source="示例数值，未经发布",
                published_on="2024-12-20",
                illustrative=True,
            ),
        ),
    ),
    ScenarioPublished(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="nev-trip",
        version=2,
        name_zh="新能源汽车出行",
        name_en="New-energy vehicle trips",
        methodology_id="trip",
        methodology_version=1,
        rule=CreditsPerGrams(credits=1, per_g=100),
        valid_from=datetime(2026, 12, 31, 16, tzinfo=UTC),
        valid_to=datetime(2027, 12, 31, 16, tzinfo=UTC),
    ),
    ParticipantOpened(
        occurred_at=OCCURRED, recorded_at=RECORDED, id="0198c2f4-7a2e-7c11", organisation_id="lvxing.dept-2"
    ),
    ParticipantFrozen(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="freeze 2026/7",
        participant_id="0198c2f4-7a2e-7c11",
        reason="疑似刷分，待核实",
    ),
    ParticipantUnfrozen(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="unfreeze 2026/7",
        participant_id="0198c2f4-7a2e-7c11",
        reason="核实无误",
    ),
    ParticipantClosed(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="close 2026/8",
        participant_id="0198c2f4-7a2e-7c11",
        reason="本人申请注销",
    ),
    ParticipantHidden(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="hide 2026/9",
        participant_id="0198c2f4-7a2e-7c11",
        reason="本人不愿上榜",
    ),
    ParticipantShown(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="show 2026/9",
        participant_id="0198c2f4-7a2e-7c11",
        reason="本人同意上榜",
    ),
    ParticipantErased(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="erase 2026/10",
        participant_id="0198c2f4-7a2e-7c11",
        reason="本人申请删除",
    ),
    OrganisationOpened(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="lvxing.dept-2",
        name_zh="绿行科技研发二部",
        name_en="Lvxing Technology, R&D 2",
        parent_id="lvxing",
    ),
    MerchantOpened(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="kuanzhai-cafe",
        name_zh="宽窄巷子咖啡馆",
        name_en="Café in Kuanzhai Alley",
    ),
    FundOpened(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="bank-2026",
        name_zh="绿色金融专项资金",
        name_en="Green finance fund",
    ),
    MoneyCommitted(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg("sponsor:city-bank:external", "CNY", None, -50_000_000),
            Leg("fund:bank-2026:available", "CNY", None, 50_000_000),
        ),
        id="pledge-2026-11",
        fund_id="bank-2026",
        sponsor_id="city-bank",
        value_fen=50_000_000,
    ),
    ReductionRecorded(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(Leg("nature", "gCO2e", None, -3532), Leg(PARTICIPANT, "gCO2e", None, 3532)),
        id="LSVXX0001/2026-11-22/1",
        source="gbt32960",
        participant_id="0198c2f4-7a2e-7c11",
        scenario_id="nev-trip",
        measured=Measured(distance_km="25.0", energy_kwh="3.75"),
        scenario_version=2,
        methodology_id="trip",
        methodology_version=1,
        exact_g="3532.01517225",
        amount_g=3532,
    ),
    CreditsIssued(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(Leg("issuance", "CREDIT", LOT, -35), Leg(PARTICIPANT, "CREDIT", LOT, 35)),
        participant_id="0198c2f4-7a2e-7c11",
        scenario_id="nev-trip",
        scenario_version=2,
        desired_credits=35,
        awarded_credits=35,
        lot=LOT,
    ),
    CreditsTransferred(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg(PARTICIPANT, "CREDIT", EARLIER_LOT, -20),
            Leg(PARTICIPANT, "CREDIT", LOT, -5),
            Leg("org:lvxing", "CREDIT", EARLIER_LOT, 20),
            Leg("org:lvxing", "CREDIT", LOT, 5),
        ),
        id="gift-7f3a",
        from_account=PARTICIPANT,
        to_account="org:lvxing",
        credits=25,
    ),
    RedemptionHeld(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg(PARTICIPANT, "CREDIT", LOT, -30),
            Leg(f"{PARTICIPANT}:held", "CREDIT", LOT, 30),
            Leg("fund:bank-2026:available", "CNY", None, -667),
            Leg("fund:city-2026:available", "CNY", None, -333),
            Leg("fund:bank-2026:encumbered", "CNY", None, 667),
            Leg("fund:city-2026:encumbered", "CNY", None, 333),
        ),
        id="R-20261122-0001",
        participant_id="0198c2f4-7a2e-7c11",
        merchant_id="kuanzhai-cafe",
        credits=30,
        face_value_fen=1000,
        funds=(FundWeight(fund_id="bank-2026", weight=2), FundWeight(fund_id="city-2026", weight=1)),
        deadline_at=datetime(2026, 11, 29, 15, 59, 59, tzinfo=UTC),
        shares=(
            FundShare(fund_id="bank-2026", value_fen=667),
            FundShare(fund_id="city-2026", value_fen=333),
        ),
    ),
    RedemptionFulfilled(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg(f"{PARTICIPANT}:held", "CREDIT", LOT, -30),
            Leg("redeemed", "CREDIT", LOT, 30),
            Leg("fund:bank-2026:encumbered", "CNY", None, -667),
            Leg("fund:city-2026:encumbered", "CNY", None, -333),
            Leg("merchant:kuanzhai-cafe:payable", "CNY", None, 667),
            Leg("merchant:kuanzhai-cafe:payable", "CNY", None, 333),
        ),
        redemption_id="R-20261122-0001",
        store_id="store-03",
    ),
    RedemptionCancelled(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg(f"{PARTICIPANT}:held", "CREDIT", LOT, -30),
            Leg(PARTICIPANT, "CREDIT", LOT, 30),
            Leg("fund:bank-2026:encumbered", "CNY", None, -1000),
            Leg("fund:bank-2026:available", "CNY", None, 1000),
        ),
        redemption_id="R-20261122-0002",
        reason="用户取消",
    ),
    RedemptionReleased(
        occurred_at=MIDNIGHT,
        recorded_at=RECORDED,
        legs=(
            Leg(f"{PARTICIPANT}:held", "CREDIT", LOT, -30),
            Leg(PARTICIPANT, "CREDIT", LOT, 30),
            Leg("fund:bank-2026:encumbered", "CNY", None, -1000),
            Leg("fund:bank-2026:available", "CNY", None, 1000),
        ),
        run_id="expiry-2026-11-21",
        redemption_id="R-20261114-0009",
    ),
    RedemptionRefunded(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg("redeemed", "CREDIT", LOT, -30),
            Leg(PARTICIPANT, "CREDIT", LOT, 30),
            Leg("merchant:kuanzhai-cafe:payable", "CNY", None, -1000),
            Leg("fund:bank-2026:available", "CNY", None, 1000),
        ),
        redemption_id="R-20261122-0003",
        reason="商品缺货，退回积分",
    ),
    SinkOpened(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="liangshan-2026",
        name_zh="凉山州碳汇造林",
        name_en="Liangshan afforestation",
        unit="tree",
        location="四川省凉山彝族自治州昭觉县",
        reference="CCER-14-001-V01 造林碳汇，登记号 2026-014",
        credits_per_unit=200,
        vintage_year=2026,
    ),
    SinkUnitsAdded(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        id="delivery 2026/3",
        project_id="liangshan-2026",
        first_serial=10_001,
        last_serial=12_000,
        reference="栽植验收报告 2026-03",
    ),
    CreditsDonated(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg(PARTICIPANT, "CREDIT", EARLIER_LOT, -150),
            Leg(PARTICIPANT, "CREDIT", LOT, -250),
            Leg("retired:liangshan-2026", "CREDIT", EARLIER_LOT, 150),
            Leg("retired:liangshan-2026", "CREDIT", LOT, 250),
        ),
        id="donation-91c2",
        from_account=PARTICIPANT,
        project_id="liangshan-2026",
        units=2,
        credits=400,
        serials=(
            RetiredSerials(delivery_id="delivery 2026/2", first_serial=10_000, last_serial=10_000),
            RetiredSerials(delivery_id="delivery 2026/3", first_serial=10_001, last_serial=10_001),
        ),
        certificate="chengdu-tanhui/liangshan-2026/000317-3",
    ),
    CreditsAdjusted(
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        legs=(
            Leg("adjusted", "CREDIT", EARLIER_LOT, -12),
            Leg(PARTICIPANT, "CREDIT", EARLIER_LOT, 12),
        ),
        id="adj-2026-114",
        account=PARTICIPANT,
        credits=12,
        lot=date(2026, 12, 31),
        approver="王芳",
        reason="平台故障补发",
    ),
    CreditsExpired(
        occurred_at=MIDNIGHT,
        recorded_at=RECORDED,
        legs=(Leg(PARTICIPANT, "CREDIT", "2026-11-21", -8), Leg("expired", "CREDIT", "2026-11-21", 8)),
        run_id="expiry-2026-11-21",
        account=PARTICIPANT,
        up_to=date(2026, 11, 21),
        credits=8,
    ),
    ExpiryStarted(
        occurred_at=MIDNIGHT, recorded_at=RECORDED, id="expiry-2026-11-21", up_to=date(2026, 11, 21)
    ),
    ExpiryCompleted(
        occurred_at=MIDNIGHT,
        recorded_at=RECORDED,
        id="expiry-2026-11-21",
        up_to=date(2026, 11, 21),
        credits=8,
        accounts=1,
        holds_released=1,
    ),
)

EXAMPLES: dict[str, Event] = {
    event.topic: event
    for event in (
        *_EVENTS,
        *CARBON_EVENTS,
        *CAMPAIGN_EVENTS,
        *MONEY_EVENTS,
        *OFFER_EVENTS,
        *SETTLEMENT_EVENTS,
    )
}

_HELD = EXAMPLES["redemption.held"]

LATER_EXAMPLES: dict[str, Event] = {
    "redemption.held+fee": msgspec.structs.replace(_HELD, offer_id="latte-2026", fee_fen=30),
    **added_fields(EXAMPLES),
    **bonus_fields(EXAMPLES),
    **voucher_fields(EXAMPLES),
    **approved_fields(EXAMPLES),
    **amended_fields(EXAMPLES),
}
"""Examples of fields that were added after their topic was frozen, named `{topic}+{what was added}`."""

ALL_EXAMPLES = EXAMPLES | LATER_EXAMPLES


def topic_of(name: str) -> str:
    """Give the topic of a named example."""
    return name.partition("+")[0]
