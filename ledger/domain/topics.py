"""Every event by its frozen topic.

Rule of the room: a topic is added, never changed, never used for anything else.
"""

from typing import Final

from ledger.domain import (
    activity_life,
    adjustment,
    campaign,
    donation,
    expiry,
    fund,
    fund_alarms,
    lapse,
    merchant_store,
    money,
    offer,
    owners,
    policy,
    programme,
    redemption,
    rules,
    sink,
    sponsor,
    transfer,
    visibility,
)
from ledger.domain.messages import Event

EVENTS: Final[tuple[type[Event], ...]] = (
    programme.ProgrammeOpened,
    rules.MethodologyPublished,
    rules.ScenarioPublished,
    owners.ParticipantOpened,
    owners.ParticipantFrozen,
    owners.ParticipantUnfrozen,
    owners.ParticipantClosed,
    visibility.ParticipantHidden,
    visibility.ParticipantShown,
    visibility.ParticipantErased,
    owners.OrganisationOpened,
    owners.MerchantOpened,
    owners.FundOpened,
    sponsor.SponsorOpened,
    fund.MoneyCommitted,
    money.MoneyProposed,
    money.ProposalApproved,
    money.ProposalRejected,
    money.MoneyWithdrawn,
    money.MoneyTransferred,
    fund_alarms.FundAlarmsSet,
    fund_alarms.FundAlarmRaised,
    fund_alarms.FundAlarmCleared,
    policy.PolicyPublished,
    campaign.CampaignPublished,
    *activity_life.EVENTS,
    transfer.CreditsTransferred,
    merchant_store.StoreOpened,
    merchant_store.StoreClosed,
    offer.OfferPublished,
    redemption.RedemptionHeld,
    redemption.RedemptionFulfilled,
    redemption.RedemptionCancelled,
    redemption.RedemptionReleased,
    redemption.RedemptionRefunded,
    sink.SinkOpened,
    sink.SinkUnitsAdded,
    donation.CreditsDonated,
    adjustment.CreditsAdjusted,
    expiry.CreditsExpired,
    expiry.ExpiryStarted,
    expiry.ExpiryCompleted,
    lapse.LapseStarted,
    lapse.LapseCompleted,
)

BY_TOPIC: Final[dict[str, type[Event]]] = {event.topic: event for event in EVENTS}
