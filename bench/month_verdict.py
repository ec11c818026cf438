"""Whether what was found is what was injected, and whether the books say the same as everybody."""

import csv
import subprocess
from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from bench.month_bank import Account
from bench.month_plan import FUNDS
from bench.month_sides import Injected
from bench.month_write import PROGRAMME
from ledger.books import Wanted, address_of, export_books
from ledger.books.accounts import PLAIN
from ledger.domain import addresses
from ledger.projections.balances import table_balances
from ledger.reconciling.shapes import BREAK_CODES, Finding
from ledger.reconciling.sums import Summary
from ledger.store.database import Database

if TYPE_CHECKING:
    from bench.month_close import Told
    from bench.month_setup import Month

HLEDGER: Final = "/usr/bin/hledger"
SHOWN_MAX: Final = 20
UNPAID: Final = {"missing_payment", "amount_differs", "came_back_unknown"}
"""Courses after which nothing is confirmed: the bank has not paid, has paid otherwise, or has it back."""


class Found(msgspec.Struct):
    """What was found of one code."""

    injected: int
    found: int
    both: int

    @property
    def precision(self) -> float:
        """Of what was found, the share that was injected."""
        return self.both / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Of what was injected, the share that was found."""
        return self.both / self.injected if self.injected else 1.0


def compare(
    told: "Told", injected: Sequence[Injected], findings: Sequence[Finding], summary: Summary
) -> None:
    """Hold what was found against what was injected, each with its amounts, by code."""
    wanted, found = Counter(injected), Counter(map(_known_as, findings))
    for code in BREAK_CODES:
        told.found[code] = Found(
            injected=sum(n for one, n in wanted.items() if one.code == code),
            found=sum(n for one, n in found.items() if one.code == code),
            both=sum(n for one, n in (wanted & found).items() if one.code == code),
        )
    codes: defaultdict[str, set[str]] = defaultdict(set)
    for one in found:
        codes[one.relation].add(one.code)
    told.relations = {relation: sorted(of) for relation, of in sorted(codes.items())}
    told.problems += [f"missed: {one}" for one in list((wanted - found).elements())[:SHOWN_MAX]]
    told.problems += [f"invented: {one}" for one in list((found - wanted).elements())[:SHOWN_MAX]]
    if not summary.ties:
        told.problems.append("the report does not tie out")
    if summary.unreadable_lines:
        told.problems.append(f"{summary.unreadable_lines} lines could not be read")
    for relation in summary.relations:
        for rule, (count, _) in relation.matched.items():
            told.matched[f"{relation.relation}: {rule}"] = count


def _known_as(finding: Finding) -> Injected:
    return Injected(
        finding.code,
        finding.relation,
        finding.kind,
        finding.merchant_id or None,
        finding.item or finding.reference,
        finding.difference_fen,
    )


# --- books ------------------------------------------------------------------------------------------


def hold_against_hledger(told: "Told", database: Database, folder: Path) -> None:
    """Export the books by day, and let hledger check them and say what stands in every account."""
    journal = folder / "month.journal"
    wanted = Wanted(programme_id=PROGRAMME, detail="day", assets=(addresses.CNY,))
    export_books(database, wanted, "hledger", journal)
    if said := _hledger(journal, "check", "--strict"):
        told.problems.append(f"hledger: {said}")
    options = ("--flat", "--no-total", "--empty", "--layout=bare", "--output-format=csv")
    lines = csv.reader(_hledger(journal, "balance", *options).splitlines()[1:])
    theirs = {address_of(name, PLAIN): int(Decimal(amount) * 100) for name, _, amount in lines}
    _, balances = table_balances(database, PROGRAMME)
    ours = {account: fen for (account, asset, _), fen in balances.items() if asset == addresses.CNY}
    told.accounts = len(ours)
    for account in sorted(ours.keys() | theirs.keys()):
        if ours.get(account, 0) != theirs.get(account, 0):
            told.problems.append(f"{account}: {ours.get(account)} here, {theirs.get(account)} in hledger")


def _hledger(journal: Path, *arguments: str) -> str:
    said = subprocess.run(  # noqa: S603 - the command is ours
        [HLEDGER, "-f", journal, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
    )
    return said.stdout + said.stderr


def must_be(told: "Told", database: Database, month: "Month") -> None:
    """Hold balances against what whoever made the month has counted."""
    _, balances = table_balances(database, PROGRAMME)
    ours = {account: fen for (account, asset, _), fen in balances.items() if asset == addresses.CNY}
    expected: Counter[str] = Counter()
    for account in month.accounts:
        expected.update(_of(account))
    fees_fen = month.fees_fen
    for merchant_id, earned_fen, fee_fen in month.earned_fen.values():
        expected[addresses.payable(merchant_id)] -= earned_fen
        fees_fen -= fee_fen
    expected[addresses.FEES] = fees_fen
    spent_fen = sum(expected.values())
    expected["encumbered"] = month.encumbered_fen
    expected["free"] = month.committed_fen * len(FUNDS) - spent_fen - month.encumbered_fen
    for fund_id in FUNDS:
        ours["encumbered"] = ours.get("encumbered", 0) + ours.pop(addresses.encumbered(fund_id), 0)
        for place in (addresses.available, addresses.recoverable):
            ours["free"] = ours.get("free", 0) + ours.pop(place(fund_id), 0)
    for name, fen in expected.items():
        if ours.get(name, 0) != fen:
            told.problems.append(f"{name}: {ours.get(name, 0)} in the ledger, {fen} was counted")
    told.settled = sum(not ours.get(addresses.settling(one), 0) for one in month.merchant_ids)


def _of(account: Account) -> dict[str, int]:
    amended_fen = sum(one.amended_fen or 0 for one in account.disputes)
    paid_fen = 0 if account.course in UNPAID else account.payout_fen
    return {
        addresses.payable(account.merchant_id): account.payable_fen - account.due_fen + amended_fen,
        addresses.settling(account.merchant_id): account.payout_fen - paid_fen,
        addresses.paid(account.merchant_id): paid_fen,
    }
