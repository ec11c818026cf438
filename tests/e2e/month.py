"""A tea house whose months are closed, over HTTP, on a clock that the test moves."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from api.app import create_app
from ledger.bootstrap import Ledger
from ledger.domain.instants import local_date
from ledger.writer import Writer
from tests.e2e.cafe import NOON, Clock
from tests.e2e.town import Answer, Town

STATEMENTS: Final = "/settlement/statements"


class Month(Town):
    """A town in which time passes when the test says so."""

    def __init__(
        self, ledger: Ledger, programme_id: str, *, beside: Town | None = None, at: datetime = NOON
    ) -> None:
        """Let it be `at` in a programme; `beside` shares its keys and not its application."""
        self.clock = Clock(at)
        writer = Writer(ledger.database, clock=self.clock)
        super().__init__(replace(ledger, writer=writer, clock=self.clock), programme_id, beside)
        if beside is not None:
            self.app = create_app(self.ledger)
            self.client = self.app.test_client()

    def furnish(self, **terms: Any) -> "Month":
        """Open the town, and give ann credits for a hundred cups."""
        self.open(occurred_at=self.now(), **terms)
        self.expect(self.post("poster", "/participants", id="cy"))
        self.expect(self.earn("ann", 1_000, "earned"))
        return self

    @staticmethod
    def expect(answer: Answer) -> Answer:
        """Refuse to go on with what was refused."""
        assert answer.status_code in (200, 201), answer.text
        return answer

    def now(self) -> str:
        """The time, as callers write it."""
        return self.clock().isoformat()

    def post(self, role: str, path: str, **fields: Any) -> Answer:
        """Post a command that happens now."""
        return super().post(role, path, **{"occurred_at": self.now(), **fields})

    def use(self, own_id: str, **fields: Any) -> Answer:
        """Take a cup of tea for 5.00 yuan, of which the platform withholds 0.20, and drink it."""
        deadline = (self.clock() + timedelta(days=30)).isoformat()
        self.expect(self.hold(own_id, **{"deadline_at": deadline, "fee_fen": 20, **fields}))
        return self.expect(self.post("poster", f"/redemptions/{own_id}/fulfil", store_id="gate"))

    def refund(self, own_id: str) -> Answer:
        """Give the credits of a cup back."""
        return self.expect(self.post("finance", f"/redemptions/{own_id}/refund", reason="cold"))

    def today(self, time_zone: str = "Asia/Shanghai") -> date:
        """The local day."""
        return local_date(self.clock(), time_zone)

    def close(self, merchant_id: str = "tea", role: str = "finance", **fields: Any) -> Answer:
        """Close the merchant's days before today."""
        terms = {"ends_on": self.today().isoformat(), **fields}
        return self.post(role, f"/merchants/{merchant_id}/statements", **terms)

    def closed(self, **fields: Any) -> str:
        """Close the merchant's days before today, and give the id of the statement."""
        event = self.expect(self.close(**fields)).json["events"][0]["data"]
        return str(event["statement_id"])

    def do(self, statement_id: str, step: str, role: str = "finance", **fields: Any) -> Answer:
        """Take a step of a statement, such as `approval` or `payouts/p-1/failure`."""
        return self.post(role, f"{STATEMENTS}/{statement_id}/{step}", **fields)

    def dispute(self, statement_id: str, redemption_id: str = "r-1", **fields: Any) -> Answer:
        """Object to the line of a use."""
        terms = {"redemption_id": redemption_id, "line": "use", "reason": "served twice", **fields}
        return self.do(statement_id, "disputes", **terms)

    def resolve(self, statement_id: str, redemption_id: str = "r-1", **fields: Any) -> Answer:
        """Say that a line is right, or what else it is."""
        terms = {"redemption_id": redemption_id, "line": "use", "outcome": "upheld", "reason": "agreed"}
        return self.do(statement_id, "resolutions", **(terms | fields))

    def approve(self, statement_id: str, role: str = "checker", **fields: Any) -> Answer:
        """Approve a statement, which the merchant has agreed to."""
        return self.do(statement_id, "approval", role, **{"is_early": True, **fields})

    def pay(self, statement_id: str, own_id: str = "p-1", role: str = "finance") -> Answer:
        """Instruct a payout."""
        return self.do(statement_id, "payouts", role, id=own_id)

    def confirm(self, statement_id: str, own_id: str = "p-1", **fields: Any) -> Answer:
        """Say that a payout has left."""
        return self.do(
            statement_id, f"payouts/{own_id}/confirmation", **{"bank_reference": f"bank-{own_id}", **fields}
        )

    def money(self, account: str) -> int:
        """What an account holds, in 分."""
        balances = self.get(f"/balances/{account}").json["balances"]
        return sum(one["amount"] for one in balances if one["asset"] == "CNY")
