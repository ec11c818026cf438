"""Finance closes a month: statements, a dispute, two keys, payouts, and the files that must agree.

Rule of the room: everything is asked over HTTP. The files are what the bank and a shop would send of
this very month; two things are wrong in the shop's first one, and the ledger has to find these two.
"""

from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from rich.markup import escape

from ledger.bootstrap import Ledger
from ledger.demo.caller import Callers, DemoFailed
from ledger.demo.past_month import FUND, SHOPS, SPONSORS, TIME_ZONE, PastMonth
from ledger.demo.sent_files import FORGOTTEN, MAPPING, MISTYPED, bank_statement, shop_file
from ledger.demo.telling import Teller, breaks_table, statements_table, yuan

DISPUTED: Final = "grocery-04"
GROCERY: Final = SHOPS[0].merchant_id


class Closing:
    """A finance person, and a second one who checks."""

    def __init__(
        self,
        *,
        teller: Teller,
        ledger: Ledger,
        callers: Callers,
        programme_id: str,
        now: datetime,
        folder: Path,
    ) -> None:
        """Name the programme; nothing is written yet.

        Args:
            teller: tells the story.
            ledger: of the same database as the server.
            callers: with keys for the programme.
            programme_id: of the programme that is made.
            now: the month before is closed.
            folder: where the documents go.
        """
        self._teller = teller
        self._callers = callers
        self._month = PastMonth(ledger, programme_id, now)
        self._now = now
        self._folder = folder
        self._path = f"/v1/programmes/{programme_id}"
        self._statements: dict[str, dict[str, Any]] = {}

    def tell(self) -> Path:
        """Tell the chapter; give where the statement lies.

        Raises:
            DemoFailed: An answer was not what the story says.
        """
        self._teller.chapter("Finance closes a month, and every 分 is traced")
        self._month.write()
        self._say_what_was()
        self._close()
        self._dispute()
        self._approve()
        payouts = self._instruct()
        self._compare(payouts)
        self._confirm(payouts)
        return self._document()

    # --- parts ------------------------------------------------------------------------------------

    def _say_what_was(self) -> None:
        month = self._month
        teller = self._teller
        teller.done(
            f"programme [bold]{month.programme_id}[/] of the template community, kept from "
            f"{month.begins_on} on by a writer whose clock stood then: {len(month.uses())} uses, "
            "one of them taken back"
        )
        money = self._seen(f"{self._path}/funds/{FUND}/money")
        committed = " and ".join(f"{sponsor} {yuan(fen)} 元" for sponsor, fen in SPONSORS.items())
        teller.done(f"its fund has {committed}: proposed by one person, approved by another")
        if money["committed_fen"] != sum(SPONSORS.values()):
            raise DemoFailed(f"the fund says {money}")

    def _close(self) -> None:
        """Close every merchant's month, and close it again."""
        path, command = (
            f"{self._path}/settlement/statements/close",
            self._command(ends_on=f"{self._month.ends_on}"),
        )
        finance, teller = self._callers.finance, self._teller
        first = finance.try_post(path, command)
        again = finance.try_post(path, command)
        if first.status != HTTPStatus.OK or first.body != again.body:
            raise DemoFailed(f"closing was answered {first.body!r}, and again {again.body!r}")
        found = self._listed()
        self._statements = {one["merchant_id"]: one for one in found}
        teller.say(f"\nEvery merchant's month is closed: [bold]POST {path}[/]")
        teller.table(statements_table(found))
        teller.done("closed a second time: the same statements, byte for byte")

    def _dispute(self) -> None:
        """Hold a line back, and uphold it."""
        own = self._statements[GROCERY]["statement_id"]
        line = {"redemption_id": DISPUTED, "line": "use"}
        self._callers.finance.post(
            f"{self._of(own)}/disputes", self._command(**line, reason="the guest says it was served twice")
        )
        held_back = sum(one["held_back_fen"] for one in self._listed())
        self._callers.checker.post(
            f"{self._of(own)}/resolutions",
            self._command(**line, outcome="upheld", reason="two guests, two receipts"),
        )
        self._teller.done(
            f"line {DISPUTED} is disputed: {yuan(held_back)} 元 held back; upheld by somebody else"
        )

    def _approve(self) -> None:
        own = self._statements[GROCERY]["statement_id"]
        refused = self._callers.finance.try_post(f"{self._of(own)}/approval", self._command(is_early=True))
        if refused.document().get("code") != "second_key_needed":
            raise DemoFailed(f"the key that closed a statement approved it: {refused.body!r}")
        for one in self._statements.values():
            self._callers.checker.post(
                f"{self._of(one['statement_id'])}/approval", self._command(is_early=True)
            )
        self._teller.done(
            "the key that closed them may not approve them (second_key_needed); a second key does"
        )

    def _instruct(self) -> dict[str, int]:
        """Instruct the payouts; give the amount of each."""
        amounts = {}
        for merchant_id, one in self._statements.items():
            payout_id = f"PAY-{one['number']}"
            answer = self._callers.finance.post(
                f"{self._of(one['statement_id'])}/payouts", self._command(id=payout_id)
            )
            amounts[payout_id] = answer.document()["events"][0]["data"]["value_fen"]
            self._statements[merchant_id]["payout_id"] = payout_id
        self._teller.done(
            f"payouts instructed: {', '.join(f'{key} {yuan(fen)} 元' for key, fen in amounts.items())}"
        )
        return amounts

    def _compare(self, payouts: dict[str, int]) -> None:
        """Import what the shop and the bank send, and find what is wrong in it."""
        finance, checker, teller = self._callers.finance, self._callers.checker, self._teller
        here = f"{self._path}/reconciliation"
        finance.post(f"{here}/mappings/{GROCERY}", MAPPING)
        day = self._now.astimezone(ZoneInfo(TIME_ZONE)).date()
        finance.post_file(f"{here}/files?kind=camt053&name=bank.xml", bank_statement(payouts, day))
        shop = f"{here}/files?kind=merchant&merchant={GROCERY}"
        uses = [use for use in self._month.uses() if use.shop.merchant_id == GROCERY]
        sent = finance.post_file(f"{shop}&name=october.csv", shop_file(uses, with_mistakes=True)).document()
        run = self._run()
        breaks = finance.get(f"{here}/breaks?status=open").document()["breaks"]
        teller.say(
            f"\nThe shop's file and the bank's statement against the ledger: [bold]POST {here}/runs[/]"
        )
        teller.table(breaks_table(breaks))
        found = {(one["code"], one["item"]) for one in breaks}
        if found != {("missing_at_merchant", FORGOTTEN), ("amount_differs", MISTYPED)}:
            raise DemoFailed(f"the breaks are {found} in {run}")
        finance.post_for(
            f"{here}/files/{sent['file_id']}/withdraw", {"reason": "the shop sends a better one"}
        )
        finance.post_file(f"{shop}&name=october-2.csv", shop_file(uses, with_mistakes=False))
        for one in breaks:
            finance.post_for(
                f"{here}/breaks/{one['break_id']}/resolve",
                {"resolution": "resent", "note": "the shop's second file has it right"},
            )
            if finance.get(f"{here}/breaks/{one['break_id']}").document()["status"] != "resolved":
                checker.post_for(f"{here}/breaks/{one['break_id']}/confirm", {"note": "seen"})
        run = self._run()
        left = finance.get(f"{here}/breaks?status=open").document()["breaks"]
        if left or not run["ties"]:
            raise DemoFailed(f"after the better file are left {left} in {run}")
        teller.done("two mistakes and nothing else; the shop's better file and the bank's agree to the 分")

    def _run(self) -> dict[str, Any]:
        month = self._month
        period = {"starts_on": f"{month.begins_on}", "ends_on": f"{month.ends_on}"}
        answer = self._callers.finance.post(f"{self._path}/reconciliation/runs", period)
        found: dict[str, Any] = answer.document()
        return found

    def _confirm(self, payouts: dict[str, int]) -> None:
        for one in self._statements.values():
            path = f"{self._of(one['statement_id'])}/payouts/{one['payout_id']}/confirmation"
            self._callers.finance.post(path, self._command(bank_reference=f"BK-{one['payout_id']}"))
        settled = self._listed()
        if any(one["status"] != "settled" for one in settled):
            raise DemoFailed(f"not every statement is settled: {settled}")
        paid = self._seen(f"{self._path}/funds/{FUND}/money")["paid_fen"]
        if paid != sum(payouts.values()):
            raise DemoFailed(f"the fund has paid {paid}, the payouts are {payouts}")
        self._teller.done(
            f"the bank has paid: every statement is settled; the fund has paid {yuan(paid)} 元 in all"
        )

    def _document(self) -> Path:
        """Keep a statement as people get it."""
        one = self._statements[GROCERY]
        self._folder.mkdir(parents=True, exist_ok=True)
        for form in ("xlsx", "csv", "json", "pdf"):
            answer = self._callers.finance.get(
                f"{self._of(one['statement_id'])}/document?format={form}&language=zh"
            )
            path = self._folder / f"{self._month.programme_id}-{one['number']}.{form}"
            path.write_bytes(answer.body)
        self._teller.done(
            f"statement {one['number']} as PDF, XLSX, CSV and JSON in {escape(str(self._folder))}"
        )
        return path

    # --- asking -----------------------------------------------------------------------------------

    def _listed(self) -> list[dict[str, Any]]:
        path = f"{self._path}/settlement/statements?to={self._month.ends_on}"
        found: list[dict[str, Any]] = self._seen(path)["statements"]
        return found

    def _seen(self, path: str) -> dict[str, Any]:
        """Read what a view shows once it has come as far as the log."""
        position = self._callers.auditor.get(self._path).document()["position"]
        separator = "&" if "?" in path else "?"
        answer = self._callers.finance.get(f"{path}{separator}min_position={position}")
        found: dict[str, Any] = answer.document()
        return found

    def _of(self, statement_id: str) -> str:
        return f"{self._path}/settlement/statements/{quote(statement_id)}"

    def _command(self, **fields: Any) -> dict[str, Any]:
        return {"occurred_at": self._now.isoformat(), **fields}
