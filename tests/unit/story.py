"""A programme's life in which everything happens that can happen."""

from datetime import timedelta
from functools import lru_cache

from ledger.domain.messages import Command
from tests.unit.builders import (
    ADD_UNITS,
    ADJUST,
    BO,
    CANCEL,
    CLOSE,
    COMMIT_MONEY,
    COMPLETE_EXPIRY,
    DONATE,
    ERASE,
    EXPIRE,
    FREEZE,
    FULFIL,
    HIDE,
    HOLD,
    NOW,
    OPEN_FUND,
    OPEN_MERCHANT,
    OPEN_ORGANISATION,
    OPEN_PARTICIPANT,
    OPEN_SINK,
    RECORD_ACTIVITY,
    REFUND,
    RELEASE,
    SECOND,
    SHOW,
    START_EXPIRY,
    TRANSFER,
    UNFREEZE,
    World,
    but,
    with_rules,
)
from tests.unit.campaign_commands import tell_of_campaigns
from tests.unit.carbon_commands import tell_of_drives, tell_of_the_day_after
from tests.unit.money_commands import tell_of_money
from tests.unit.offer_commands import tell_of_offers
from tests.unit.statement_commands import tell_of_statements


@lru_cache(maxsize=1)
def story() -> World:
    """A programme's life in which everything happens that can happen; not to be changed."""
    world = with_rules(transfer_quota_credits=50)
    world.do(
        but(OPEN_ORGANISATION, id="district", parent_id=None),
        OPEN_ORGANISATION,
        OPEN_PARTICIPANT,
        but(OPEN_PARTICIPANT, id="bo", organisation_id=None),
        OPEN_MERCHANT,
        OPEN_FUND,
        but(OPEN_FUND, id="bank"),
        COMMIT_MONEY,
        but(COMMIT_MONEY, id="grant-2", fund_id="bank"),
        RECORD_ACTIVITY,
        but(ADJUST, credits=90),
        but(ADJUST, id="fix-2", lot=NOW.date()),
        but(ADJUST, id="fix-3", credits=-3),
        TRANSFER,
        HOLD,
        FULFIL,
        REFUND,
        but(HOLD, id="tea-1"),
        but(CANCEL, redemption_id="tea-1"),
        but(HOLD, id="tea-2", deadline_at=NOW + SECOND),
        but(HOLD, id="tea-3", offer_id="green-tea", fee_fen=30),
        but(FULFIL, redemption_id="tea-3"),
        OPEN_SINK,
        ADD_UNITS,
        but(DONATE, units=1),
        but(FREEZE, participant_id="bo"),
        but(UNFREEZE, participant_id="bo"),
        HIDE,
        SHOW,
        but(OPEN_PARTICIPANT, id="cy"),
        but(CLOSE, participant_id="cy"),
        but(ERASE, participant_id="cy"),
    )
    tell_of_drives(world)
    tell_of_campaigns(world)
    tell_of_money(world)
    tell_of_offers(world)
    tell_of_statements(world)
    today = NOW.date()
    world.do(
        but(START_EXPIRY, up_to=today),
        but(RELEASE, redemption_id="tea-2"),
        but(EXPIRE, up_to=today),
        but(EXPIRE, account=BO, up_to=today),
        but(COMPLETE_EXPIRY, up_to=today),
        at=NOW + timedelta(days=1),
    )
    tell_of_the_day_after(world, NOW + timedelta(days=1))
    return world


def good_commands() -> list[Command]:
    """One accepted command of every kind in the story."""
    return list({type(command): command for command, _ in story().told}.values())
