"""Bills as texts, for tests to read."""

import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from ledger.bills import BillKind, BillRow, BillTotals, Outcome, Unreadable, open_bill, read_mapping

DATA: Final = Path(__file__).parents[1] / "data"

TRADE_NAMES: Final = (DATA / "wxpay_tradebill.csv").read_text(encoding="utf-8-sig").splitlines()[0]
TRADE_SUMMARY: Final = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
PAID: Final = {
    "交易时间": "2024-05-06 08:12:03",
    "商户号": "1900000001",
    "特约商户号": "0",
    "微信订单号": "4200000001",
    "商户订单号": "ORD-0001",
    "交易状态": "SUCCESS",
    "货币种类": "CNY",
    "应结订单金额": "12.34",
    "代金券金额": "0.00",
    "微信退款单号": "0",
    "商户退款单号": "0",
    "退款金额": "0.00",
    "充值券退款金额": "0.00",
    "商品名称": "兑换券",
    "手续费": "0.07000",
    "费率": "0.60%",
    "订单金额": "12.34",
    "申请退款金额": "0.00",
}
REFUNDED: Final = PAID | {
    "交易状态": "REFUND",
    "应结订单金额": "0.00",
    "微信退款单号": "5030000001",
    "商户退款单号": "REF-0001",
    "退款金额": "12.34",
    "退款状态": "SUCCESS",
    "手续费": "-0.07000",
    "订单金额": "0.00",
    "申请退款金额": "12.34",
}

MAPPING: Final[dict[str, Any]] = {
    "format": "csv",
    "reference": "订单号",
    "own_reference": "流水号",
    "kind": {"by": "words", "column": "类型", "use": ["核销"], "refund": ["退款"]},
    "value": {"column": "金额", "unit": "yuan"},
    "fee": {"column": "手续费", "unit": "yuan"},
    "happened": {"column": "时间", "form": "%Y-%m-%d %H:%M:%S"},
    "store": "门店",
    "note": "备注",
}
NAMES: Final = ["订单号", "流水号", "类型", "金额", "手续费", "时间", "门店", "备注"]
LINE: Final = ["R-1", "S-1", "核销", "30.00", "0.18", "2024-05-06 08:12:03", "01", "面包"]


def trade_bill(
    rows: Iterable[dict[str, str]],
    summary: Sequence[str] | None = None,
    *,
    names: str = TRADE_NAMES,
    ends: str = "\r\n",
    mark: str = "\ufeff",
) -> str:
    columns = names.split(",")
    lines = [names, *(",".join("`" + row.get(name, "") for name in columns) for row in rows)]
    if summary is not None:
        lines += [TRADE_SUMMARY, ",".join("`" + value for value in summary)]
    return mark + ends.join(lines) + ends


def statement(
    entries: str, *, opening: str = "100.00", closing: str = "100.00", sign: str = "CRDT", more: str = ""
) -> str:
    return (
        f"<Stmt><Id>S-1</Id><Acct><Id><Othr><Id>5100</Id></Othr></Id></Acct>"
        f"{balance('OPBD', opening)}{entries}{balance('CLBD', closing, sign)}{more}</Stmt>"
    )


def balance(code: str, value: str, sign: str = "CRDT", currency: str = "CNY") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{value}</Amt>"
        f"<CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>2024-05-31</Dt></Dt></Bal>"
    )


def entry(
    value: str,
    sign: str = "CRDT",
    details: str = "",
    *,
    status: str = "<Sts><Cd>BOOK</Cd></Sts>",
    day: str = "<BookgDt><Dt>2024-05-31</Dt></BookgDt>",
    currency: str = "CNY",
    more: str = "",
) -> str:
    return (
        f"<Ntry><NtryRef>7</NtryRef><Amt Ccy='{currency}'>{value}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{more}"
        f"{status}{day}<AcctSvcrRef>BK-7</AcctSvcrRef>{details}</Ntry>"
    )


def document(*statements: str, version: str = "08", head: str = "") -> str:
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>{head}\n"
        f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}'><BkToCstmrStmt>\n"
        + "\n".join(statements)
        + "\n</BkToCstmrStmt></Document>"
    )


def merchant_file(lines: Iterable[Sequence[str]], names: Sequence[str] = NAMES, delimiter: str = ",") -> str:
    return "".join(delimiter.join(line) + "\n" for line in (names, *lines))


def read(
    folder: Path,
    kind: BillKind,
    content: str | bytes,
    *,
    mapping: dict[str, Any] | None = None,
    is_packed: bool = False,
) -> tuple[list[Outcome], BillTotals]:
    path = folder / "bill"
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if is_packed else data)
    asked = None if mapping is None else read_mapping(json.dumps(mapping).encode())
    bill = open_bill(path, kind, asked)
    outcomes = list(bill)
    return outcomes, bill.totals


def rows_of(outcomes: Iterable[Outcome]) -> list[BillRow]:
    found = list(outcomes)
    assert all(isinstance(one, BillRow) for one in found), found
    return [one for one in found if isinstance(one, BillRow)]


def reasons_of(outcomes: Iterable[Outcome]) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for one in outcomes if isinstance(one, Unreadable)]
