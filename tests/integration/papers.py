"""A month of a market, and the files that its merchants, WeChat Pay and its bank would send of it."""

import csv
import io
import itertools
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ledger.reconciling import Filter, Reconciliation
from ledger.reconciling.shapes import Break, Imported, Run, Scope, Settings
from ledger.store.database import Database
from ledger.store.log import Log
from tests.integration.market import Market

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
OCTOBER: Final = Scope(date(2026, 10, 1), date(2026, 11, 1))
NOVEMBER: Final = Scope(date(2026, 11, 1), date(2026, 12, 1))
MONTH_BEGINS_AT: Final = datetime(2026, 9, 30, 16, tzinfo=UTC)
"""The first instant of October in Shanghai."""

MAPPING: Final[dict[str, Any]] = {
    "format": "csv",
    "reference": "order",
    "value": {"column": "amount", "unit": "fen"},
    "happened": {"column": "day", "form": "%Y-%m-%d"},
    "fee": {"column": "fee", "unit": "fen"},
    "own_reference": "own",
    "store": "store",
}


_numbers = itertools.count(1)


@contextmanager
def filing_database(server: str, template: str) -> Iterator[Database]:
    """A migrated database for the markets of many tests, each of which has a programme of its own."""
    name = f"papers_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(made.format(sql.Identifier(name), sql.Identifier(template)))
        with Database(make_conninfo(server, dbname=name), connections_max=12) as database:
            yield database
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


class Row(NamedTuple):
    """A row of a merchant's file."""

    order: str
    amount: int
    day: int | date
    """Of October, or any."""
    fee: int | None = None
    own: str = ""
    store: str = ""


class Trade(NamedTuple):
    """A row of a trade bill, in whole 分."""

    number: str
    order: str
    amount: int
    day: int = 1
    fee: int = 0
    refund: str = ""
    status: str = "SUCCESS"
    refund_status: str = "SUCCESS"


class Flow(NamedTuple):
    """A movement of the fund flow."""

    own: str
    payment: str
    amount: int
    day: int = 1
    sort: str = "交易"
    voucher: str = ""


class Entry(NamedTuple):
    """An entry of a bank's statement."""

    own: str
    reference: str
    amount: int
    day: int | date = 1
    is_reversal: bool = False


def on(day: int | date) -> date:
    """A day of October, or any."""
    return day if isinstance(day, date) else date(2026, 10, day)


class Papers:
    """A market whose month is compared with files."""

    def __init__(self, database: Database, folder: Path, programme_id: str | None = None) -> None:
        """Open a market, under a name of its own where none is given."""
        programme_id = programme_id or f"market-{next(_numbers)}"
        self.database = database
        self.folder = folder
        self.market = Market(database, programme_id, at=MONTH_BEGINS_AT - timedelta(days=60))
        self.market.do(
            self.market.give("participant:ada", 500_000),
            self.market.commit(50_000_000),
            self.market.commit(50_000_000, "bank"),
        )
        self.now = datetime(2026, 12, 1, tzinfo=UTC)
        self.work = Reconciliation(database, Log(database), lambda: self.now, view_wait_ms_max=0)
        self._files = 0
        self._followed = 0
        for merchant_id in ("cafe", "shop"):
            self.work.mappings.save(programme_id, merchant_id, MAPPING, by="key_a")

    @property
    def programme_id(self) -> str:
        return self.market.programme_id

    # --- the ledger -----------------------------------------------------------------------------

    def at(self, day: int | date, hour: int = 12) -> None:
        """Let it be some hour of a day of October, or of any day."""
        self.market.at = datetime(on(day).year, on(day).month, on(day).day, hour, tzinfo=SHANGHAI)

    def hold(self, own_id: str, face_fen: int = 900, **fields: Any) -> None:
        """Hold a redemption, now."""
        self.market.do(self.market.hold(own_id, credits=1, face_value_fen=face_fen, **fields))

    def use(
        self, own_id: str, face_fen: int = 900, *, day: int | date = 1, store: str = "", **fields: Any
    ) -> None:
        """Hold and use a redemption on a day."""
        self.at(day)
        self.hold(own_id, face_fen, **fields)
        self.market.do(self.market.use(own_id, **({"store_id": store} if store else {})))

    def refund(self, own_id: str, *, day: int | date = 1) -> int:
        """Refund a redemption on a day; give the position."""
        self.at(day, 13)
        self.market.do(self.market.refund(own_id))
        return self.market.position

    def payout(self, own_id: str, value_fen: int, *, day: int | date = 5, **columns: Any) -> None:
        """Put a payout where runs find those of the log."""
        row = {
            "programme_id": self.programme_id,
            "payout_id": own_id,
            "statement_id": "cafe:2026-11-01",
            "merchant_id": "cafe",
            "value_fen": value_fen,
            "statement_on": None,
            "instructed_on": on(day),
            "position": 1,
            **columns,
        }
        names = ", ".join(row)
        places = ", ".join(f"%({name})s" for name in row)
        statement = f"INSERT INTO reconciliation.payouts ({names}) VALUES ({places})"
        with self.database.connection() as connection:
            connection.execute(statement.encode(), row)

    # --- files ----------------------------------------------------------------------------------

    def path(self) -> Path:
        self._files += 1
        return self.folder / f"{self.programme_id}-{self._files}"

    def told(self, rows: Iterable[Row], merchant_id: str = "cafe") -> Imported:
        """Import a merchant's file of some rows."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["order", "amount", "day", "fee", "own", "store"])
        for row in rows:
            fee = "" if row.fee is None else row.fee
            writer.writerow([row.order, row.amount, on(row.day).isoformat(), fee, row.own, row.store])
        path = self.path()
        path.write_text(text.getvalue(), encoding="utf-8")
        return self.add(path, merchant_id=merchant_id)

    def trades(self, rows: Sequence[Trade], merchant_id: str | None = None) -> Imported:
        """Import a trade bill."""
        head = (
            "交易时间,微信订单号,商户订单号,交易状态,货币种类,应结订单金额,"
            "微信退款单号,商户退款单号,退款金额,退款状态,手续费"
        )
        lines = ["".join(f",`{value}" for value in _trade(row))[1:] for row in rows]
        path = self.path()
        path.write_text("\n".join(["\ufeff" + head, *lines, f"总交易单数\n`{len(rows)}"]), encoding="utf-8")
        return self.add(path, kind="wechat_trades", merchant_id=merchant_id)

    def flows(self, rows: Sequence[Flow]) -> Imported:
        """Import a fund flow."""
        head = (
            "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),备注,业务凭证号"
        )
        lines = [
            f"`{on(row.day)} 08:00:05,`{row.payment},`{row.own},`{row.sort},`{row.sort},"
            f"`{'收入' if row.amount >= 0 else '支出'},`{yuan(abs(row.amount))},`,`{row.voucher}"
            for row in rows
        ]
        path = self.path()
        path.write_text("\n".join([head, *lines, f"资金流水总笔数\n`{len(rows)}"]), encoding="utf-8")
        return self.add(path, kind="wechat_fund_flow")

    def bank(self, rows: Sequence[Entry], until: int | date = 31) -> Imported:
        """Import a bank's statement up to a day."""
        opening, closing = 100_000_000, 100_000_000 + sum(row.amount for row in rows)
        entries = "".join(
            f'<Ntry><Amt Ccy="CNY">{yuan(abs(row.amount))}</Amt>'
            f"<CdtDbtInd>{'CRDT' if row.amount > 0 else 'DBIT'}</CdtDbtInd>"
            f"{'<RvslInd>true</RvslInd>' if row.is_reversal else ''}<Sts><Cd>BOOK</Cd></Sts>"
            f"<BookgDt><Dt>{on(row.day)}</Dt></BookgDt><AcctSvcrRef>{row.own}</AcctSvcrRef>"
            f"<NtryDtls><TxDtls><Refs><EndToEndId>{row.reference or 'NOTPROVIDED'}</EndToEndId></Refs>"
            "</TxDtls></NtryDtls></Ntry>"
            for row in rows
        )
        path = self.path()
        path.write_text(
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
            f"<GrpHdr><MsgId>{path.name}</MsgId></GrpHdr><Stmt><Id>S</Id>"
            "<Acct><Id><Othr><Id>51</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
            f"{balance('OPBD', opening, until)}{entries}{balance('CLBD', closing, until)}"
            "</Stmt></BkToCstmrStmt></Document>",
            encoding="utf-8",
        )
        return self.add(path, kind="camt053")

    def add(
        self, path: Path, kind: Any = "merchant", merchant_id: str | None = None, by: str = "key_a"
    ) -> Imported:
        return self.work.files.add(
            self.programme_id, path, kind=kind, name=path.name, by=by, merchant_id=merchant_id
        )

    # --- runs -----------------------------------------------------------------------------------

    def follow(self) -> None:
        """Bring the view of settlement up with the log."""
        self._followed = self.market.follow("settlement", after=self._followed)

    def run(self, scope: Scope = OCTOBER, **settings: Any) -> Run:
        """Compare a period as of now; whatever is found ties out."""
        self.follow()
        run = self.work.runs.make(self.programme_id, scope, by="key_a", settings=Settings(**settings))
        assert run.summary.ties, run.summary
        return run

    def breaks(self, *statuses: Any) -> list[Break]:
        """Breaks as they stand."""
        return self.work.breaks.page(
            self.programme_id, Filter(statuses=statuses or ("open",)), after="", limit=1_000
        )

    def found(self, run: Run) -> list[tuple[str, str | None]]:
        """The breaks of a run: each with the redemption or payout, or else the reference of the row."""
        findings = self.work.runs.findings(self.programme_id, run.run_id, after="", limit=100_000)
        return sorted((one.code, one.item or one.reference) for one in findings)

    def matched(self, run: Run) -> list[tuple[str, str]]:
        """What a run brought together and found to agree: each with its rule."""
        matches = self.work.runs.matches(self.programme_id, run.run_id, after=0, limit=100_000)
        return sorted((one.rule, one.item) for one in matches if one.code is None)


def _trade(row: Trade) -> tuple[object, ...]:
    """The values of a row of a trade bill."""
    is_refund = bool(row.refund)
    return (
        *(f"{on(row.day)} 08:00:00", row.number, row.order, "REFUND" if is_refund else row.status, "CNY"),
        *(yuan(0 if is_refund else row.amount), row.refund or 0, row.refund or 0),
        *(yuan(-row.amount if is_refund else 0), row.refund_status if is_refund else "", yuan(row.fee)),
    )


def yuan(fen: int) -> str:
    """An amount as bills write it."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def balance(code: str, value_fen: int, day: int | date) -> str:
    """A balance of a bank's statement."""
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{yuan(value_fen)}</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{on(day)}</Dt></Dt></Bal>"
    )
