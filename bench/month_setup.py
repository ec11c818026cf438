"""Everything that is there before the month is closed: the log, the files, and what must be found in them."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from bench import month_defects, month_flows
from bench.month_bank import Account, Bank, accounts_of
from bench.month_camt import write_bank
from bench.month_files import FORMS, File, sums_of, write_flows, write_merchant, write_trades
from bench.month_flows import Flows
from bench.month_plan import ENDS_ON, Line, Merchant, Plan, Used, lines_of, merchants_of
from bench.month_sides import Injected, Relation, Side
from bench.month_write import FUND_FEN, PROGRAMME, write
from ledger.following import Follower
from ledger.projections.settlement import Settlement
from ledger.store.database import Database

NAME: Final = "month.json"


class Month(msgspec.Struct):
    """What those who close the month are given, and what they must come to."""

    merchant_ids: list[str]
    mappings: dict[str, dict[str, Any]]
    files: list[File]
    injected: list[Injected]
    accounts: list[Account]
    earned_fen: dict[str, tuple[str, int, int]]
    """Of redemptions that were refunded at the till: merchant, what it earned, and the fee."""
    fees_fen: int
    """Withheld of all lines."""
    encumbered_fen: int
    """Set aside for redemptions that are held to this day."""
    committed_fen: int
    view_position: int
    commands_per_s: float
    lines: int


def prepare(conninfo: str, folder: Path, plan: Plan, progress: Callable[[str], None] = print) -> Month:
    """Write the log and the files; keep in the folder what whoever closes the month is given."""
    merchants = merchants_of(plan)
    with Database(conninfo) as database:
        redemptions, commands_per_s = write(database, plan, merchants, progress)
        progress(f"{len(redemptions):,} redemptions, {commands_per_s:,.0f} commands/s")
        position = follow(database, 0)
    lines = list(lines_of(redemptions, merchants))
    month = Month(
        merchant_ids=[one.id for one in merchants],
        mappings={one.id: FORMS[one.shape].mapping for one in merchants if one.shape != "none"},
        files=[],
        injected=[],
        accounts=accounts_of(plan, merchants, lines),
        earned_fen={},
        fees_fen=sum(line.fee_fen for line in lines),
        encumbered_fen=sum(
            one.face_fen for one in redemptions if one.used_on is None and not one.is_cancelled
        ),
        committed_fen=FUND_FEN,
        view_position=position,
        commands_per_s=commands_per_s,
        lines=len(lines),
    )
    _Telling(plan, merchants, lines, redemptions).tell(folder, month)
    (folder / NAME).write_bytes(msgspec.json.encode(month))
    progress(f"{len(month.files)} files, {len(month.injected)} breaks in them")
    return month


def follow(database: Database, after: int) -> int:
    """Bring the view of settlement up with the log; give how far that is."""
    follower = Follower(
        database, PROGRAMME, clock=lambda: datetime.now(UTC), views={Settlement.name: Settlement}
    )
    while taken := follower.step({Settlement.name: after}):
        after += taken
    return after


class _Telling:
    """Lets everybody tell of the month."""

    def __init__(
        self, plan: Plan, merchants: list[Merchant], lines: list[Line], redemptions: list[Used]
    ) -> None:
        self._plan = plan
        self._merchants = merchants
        self._lines: defaultdict[str, list[Line]] = defaultdict(list)
        for line in lines:
            self._lines[line.merchant_id].append(line)
        self._unused: defaultdict[str, list[Used]] = defaultdict(list)
        for one in redemptions:
            if one.used_on is None:
                self._unused[merchants[one.merchant].id].append(one)

    def tell(self, folder: Path, month: Month) -> None:
        plan = self._plan
        own = [self._side("merchant", one) for one in self._merchants if one.shape not in {"sums", "none"}]
        trades = [self._side("trades", one) for one in self._merchants if one.is_wechat]
        for sides, relation in ((own, "merchant"), (trades, "trades")):
            month_defects.with_others_references(sides, plan.defects, f"{plan.seed} {relation} others")
            month.injected += month_defects.make_wrong(sides, plan.defects, f"{plan.seed} {relation}")
            self._keep_till_refunds(month, sides)
        flows = Flows(trades, f"{plan.seed} flows")
        month_flows.make_wrong(flows, plan.defects)
        bank = Bank(plan, month.accounts)
        month.injected += [*flows.injected, *bank.injected]
        for side in own:
            month.files += write_merchant(folder, side.merchant, side.told())
        for number, merchant in enumerate(self._merchants):
            if merchant.shape == "sums":
                within = [line for line in self._lines[merchant.id] if line.on < ENDS_ON]
                rows = sums_of(within, by_store=number // 20 % 2 == 0)
                month.files += write_merchant(folder, merchant, rows)
        month.files += [write_trades(folder, side) for side in trades]
        month.files.append(write_flows(folder, flows.told()))
        month.files += write_bank(folder, bank.entries)

    def _side(self, relation: Relation, merchant: Merchant) -> Side:
        lines, unused = self._lines[merchant.id], self._unused[merchant.id]
        return Side(relation, merchant, lines, unused, f"{self._plan.seed} {relation} {merchant.id}")

    def _keep_till_refunds(self, month: Month, sides: list[Side]) -> None:
        """Keep what refunds at the till take back, once the ledger is told of them."""
        for side in sides:
            for one in side.injected:
                line = side.lines.get(("use", one.name))
                if one.code == "refund_unmatched" and one.difference_fen < 0 and line is not None:
                    month.earned_fen[one.name] = (
                        side.merchant.id,
                        line.value_fen - line.fee_fen,
                        line.fee_fen,
                    )
