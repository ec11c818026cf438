"""A merchant's statement and its payouts: one good command of every kind to vary."""

from datetime import date, timedelta

from ledger.domain.payout import ConfirmPayout, FailPayout, InstructPayout, ReturnPayout
from ledger.domain.statement import ApproveStatement, CloseStatement, DisputeLine, ResolveDispute
from tests.unit.builders import FULFIL, HOLD, NOW, World, but
from tests.unit.money_commands import CHECKER, MAKER

TOMORROW = NOW + timedelta(days=1)
ENDS_ON = date(2026, 11, 23)
CAFE_STATEMENT = f"cafe:{ENDS_ON}"

CLOSE_STATEMENT = CloseStatement(occurred_at=NOW, merchant_id="cafe", ends_on=ENDS_ON, by=MAKER)
DISPUTE = DisputeLine(
    occurred_at=NOW,
    statement_id=CAFE_STATEMENT,
    redemption_id="coffee-1",
    line="use",
    reason="顾客没有来",
    by=MAKER,
)
AMEND = ResolveDispute(
    occurred_at=NOW,
    statement_id=CAFE_STATEMENT,
    redemption_id="coffee-1",
    line="use",
    outcome="amended",
    reason="只用了一半",
    amended_fen=450,
    by=CHECKER,
)
UPHOLD = but(AMEND, outcome="upheld", reason="有小票", amended_fen=None)
APPROVE = ApproveStatement(occurred_at=NOW, statement_id=CAFE_STATEMENT, is_early=True, by=CHECKER)
INSTRUCT = InstructPayout(occurred_at=NOW, id="PAY-1", statement_id=CAFE_STATEMENT, by=MAKER)
CONFIRM = ConfirmPayout(
    occurred_at=NOW,
    statement_id=CAFE_STATEMENT,
    payout_id="PAY-1",
    bank_reference="2026112300017",
    by=MAKER,
)
FAIL = FailPayout(
    occurred_at=NOW, statement_id=CAFE_STATEMENT, payout_id="PAY-1", reason="账号有误", by=MAKER
)
RETURN = ReturnPayout(
    occurred_at=NOW, statement_id=CAFE_STATEMENT, payout_id="PAY-1", reason="收款行退回", by=MAKER
)


def used(world: World, *redemption_ids: str, **changes: object) -> None:
    """Hold and use redemptions at the merchant."""
    for redemption_id in redemption_ids:
        hold = but(HOLD, id=redemption_id, **changes)
        world.do(hold, but(FULFIL, redemption_id=redemption_id))


def tell_of_statements(world: World) -> None:
    """Settle a day: one line disputed, one payout failed, one returned, and the rest paid."""
    used(world, "pie-1", "pie-2", face_value_fen=450, credits=1)
    on_pie = {"redemption_id": "pie-1"}
    world.do(
        CLOSE_STATEMENT,
        but(DISPUTE, **on_pie),
        but(AMEND, amended_fen=300, **on_pie),
        but(DISPUTE, redemption_id="pie-2"),
        but(UPHOLD, redemption_id="pie-2"),
        APPROVE,
        INSTRUCT,
        FAIL,
        but(INSTRUCT, id="PAY-2"),
        but(CONFIRM, payout_id="PAY-2"),
        but(RETURN, payout_id="PAY-2"),
        but(INSTRUCT, id="PAY-3"),
        but(CONFIRM, payout_id="PAY-3"),
        at=TOMORROW,
    )
