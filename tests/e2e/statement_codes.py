"""Requests about statements and payouts that deserve a refusal, each by its code."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.e2e.month import STATEMENTS, Month
from tests.e2e.town import Answer, Town

Produce = Callable[[Town], Answer]


def drunk_yesterday(town: Town, uses: int = 2) -> Month:
    """The day after some cups of tea were drunk."""
    month = Month(town.ledger, town.programme_id, beside=town, at=datetime.now(UTC))
    month.expect(month.earn("ann", 100, "earned"))
    for number in range(1, uses + 1):
        month.use(f"r-{number}")
    month.clock.wait(days=1)
    return month


def a_statement(town: Town) -> tuple[Month, str]:
    """The statement of two cups of tea."""
    month = drunk_yesterday(town)
    return month, month.closed()


def _next_day(then: Callable[[Month], Answer], *, uses: int = 2) -> Produce:
    """What happens on the day after some cups of tea were drunk."""
    return lambda town: then(drunk_yesterday(town, uses))


def _closed(then: Callable[[Month, str], Answer], *before: Callable[[Month, str], Answer]) -> Produce:
    """What happens after the close of a day and some steps more."""

    def produce(town: Town) -> Answer:
        month, statement_id = a_statement(town)
        for step in before:
            month.expect(step(month, statement_id))
        return then(month, statement_id)

    return produce


def _approve(month: Month, statement_id: str) -> Answer:
    return month.approve(statement_id)


def _dispute(month: Month, statement_id: str) -> Answer:
    return month.dispute(statement_id)


def _pay(month: Month, statement_id: str) -> Answer:
    return month.pay(statement_id)


def _too_late(month: Month, statement_id: str) -> Answer:
    month.clock.wait(days=8)
    return month.dispute(statement_id)


def _of_another_statement(month: Month, _: str) -> Answer:
    month.use("r-8")
    month.clock.wait(days=1)
    later = month.closed()
    month.expect(month.approve(later))
    return month.pay(later)


def _refunded_since(month: Month, statement_id: str) -> Answer:
    return month.post("finance", "/redemptions/r-1/refund", reason=f"disputed in {statement_id}")


def _much_later(month: Month) -> Answer:
    month.clock.wait(days=401)
    return month.close()


STATEMENT_PRODUCERS: Final[dict[str, Produce]] = {
    "statement_not_found": lambda town: town.post("finance", f"{STATEMENTS}/tea:2026-01-01/approval"),
    "period_not_over": _next_day(
        lambda month: month.close(ends_on=(month.today() + timedelta(days=1)).isoformat())
    ),
    "nothing_to_settle": _next_day(lambda month: month.close(), uses=0),
    "period_settled": _closed(
        lambda month, _: month.close(ends_on=(month.today() - timedelta(days=1)).isoformat())
    ),
    "period_too_long": _next_day(_much_later),
    "line_not_found": _closed(lambda month, of: month.dispute(of, "r-9")),
    "dispute_not_found": _closed(lambda month, of: month.resolve(of)),
    "amendment_unsuitable": _closed(lambda month, of: month.resolve(of, outcome="amended"), _dispute),
    "line_disputed": _closed(_refunded_since, _dispute),
    "objections_closed": _closed(_too_late),
    "objections_open": _closed(lambda month, of: month.approve(of, is_early=False)),
    "statement_status_unsuitable": _closed(_pay),
    "nothing_to_pay": _closed(lambda month, of: month.pay(of, "p-2"), _approve, _pay),
    "payout_not_found": _closed(lambda month, of: month.confirm(of), _approve),
    "payout_exists": _closed(_of_another_statement, _approve, _pay),
    "payout_status_unsuitable": _closed(
        lambda month, of: month.do(of, "payouts/p-1/return", reason="r"), _approve, _pay
    ),
}
