"""Files as merchants and WeChat Pay send them, written by other means than those that read them."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import xlsxwriter  # type: ignore[import-untyped]  # it ships none

from bench.month_flows import Movement
from bench.month_plan import STARTS_ON, Line, Merchant, Shape
from bench.month_sides import Row, Side

HALF: Final = (STARTS_ON + timedelta(days=14), STARTS_ON + timedelta(days=17))
"""Of two files of a month, the days on which the second begins and the first ends (exclusive)."""

STAMP: Final = "%Y-%m-%d %H:%M:%S"


class File(NamedTuple):
    """A file, and as what it is to be imported."""

    name: str
    kind: str
    merchant_id: str | None = None
    rows: int = 0


def yuan(fen: int) -> str:
    """Write an amount in yuan."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def _grouped(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02}"


class Form(NamedTuple):
    """How a merchant's file is written, and the mapping by which it is read."""

    header: Sequence[str]
    values: Callable[[Row], Sequence[str]]
    mapping: dict[str, Any]


def _happened(column: str, form: str = STAMP) -> dict[str, str]:
    return {"column": column, "form": form}


_AMOUNT: Final = {"column": "金额", "unit": "yuan"}
_FEE: Final = {"column": "手续费", "unit": "yuan"}
_WORDS: Final = {"use": "核销", "refund": "退款"}

FORMS: Final[dict[Shape, Form]] = {
    "yuan": Form(
        ["订单号", "金额", "手续费", "时间"],
        lambda row: (row.reference, yuan(row.value_fen), yuan(row.fee_fen), row.at.strftime(STAMP)),
        {
            "format": "csv",
            "reference": "订单号",
            "value": _AMOUNT,
            "fee": _FEE,
            "happened": _happened("时间"),
        },
    ),
    "words": Form(
        ["流水号", "订单号", "类型", "金额", "手续费", "时间", "门店"],
        lambda row: (
            row.own,
            row.reference,
            _WORDS[row.kind],
            yuan(abs(row.value_fen)),
            yuan(abs(row.fee_fen)),
            row.at.strftime(STAMP),
            row.store,
        ),
        {
            "format": "csv",
            "encoding": "gb18030",
            "reference": "订单号",
            "own_reference": "流水号",
            "kind": {
                "by": "words",
                "column": "类型",
                "use": ["核销"],
                "refund": ["退款"],
                "passed_over": ["未支付"],
            },
            "value": _AMOUNT,
            "fee": _FEE,
            "happened": _happened("时间"),
            "store": "门店",
        },
    ),
    "grouped": Form(
        ["时间", "单号", "自编号", "金额"],
        lambda row: (f"{row.at:%Y年%m月%d日 %H:%M:%S}", row.reference, row.own, _grouped(row.value_fen)),
        {
            "format": "csv",
            "delimiter": ";",
            "reference": "单号",
            "own_reference": "自编号",
            "value": {**_AMOUNT, "is_grouped": True},
            "happened": _happened("时间", "%Y年%m月%d日 %H:%M:%S"),
        },
    ),
    "numbers": Form(
        ["order", "amount", "time", "store"],
        lambda row: (row.reference, str(row.value_fen), f"{row.at.isoformat()}+0800", row.store),
        {
            "format": "csv",
            "delimiter": "\t",
            "reference": "order",
            "value": {"column": "amount", "unit": "fen"},
            "happened": _happened("time", "%Y-%m-%dT%H:%M:%S%z"),
            "store": "store",
        },
    ),
    "days": Form(
        ["日期", "订单号", "金额"],
        lambda row: (f"{row.on:%Y%m%d}", row.reference, yuan(row.value_fen)),
        {
            "format": "csv",
            "encoding": "gb18030",
            "reference": "订单号",
            "value": _AMOUNT,
            "happened": _happened("日期", "%Y%m%d"),
            "summary": {"column": "日期", "word": "合计"},
        },
    ),
}
FORMS["sheet"] = Form(
    FORMS["words"].header,
    FORMS["words"].values,
    {name: value for name, value in FORMS["words"].mapping.items() if name != "encoding"}
    | {"format": "xlsx"},
)
FORMS["halves"] = Form(
    [*FORMS["yuan"].header, "门店"],
    lambda row: (*FORMS["yuan"].values(row), row.store),
    {**FORMS["yuan"].mapping, "store": "门店"},
)
FORMS["sums"] = Form(
    ["单号", "日期", "门店", "金额"],
    lambda row: ("", f"{row.on:%Y/%m/%d}", row.store, yuan(row.value_fen)),
    {
        "format": "csv",
        "reference": "单号",
        "value": _AMOUNT,
        "happened": _happened("日期", "%Y/%m/%d"),
        "store": "门店",
    },
)


def write_merchant(folder: Path, merchant: Merchant, rows: Iterable[Row]) -> Iterator[File]:
    """Write a merchant's own file, or two of them that overlap."""
    form, told = FORMS[merchant.shape], list(rows)
    if merchant.shape == "sheet":
        yield _sheet(folder, merchant, form, told)
    elif merchant.shape == "halves":
        begin, end = HALF
        yield _csv(folder, merchant, form, [row for row in told if row.on < end], "-1")
        yield _csv(folder, merchant, form, [row for row in told if row.on >= begin], "-2")
    else:
        yield _csv(folder, merchant, form, told)


def _csv(folder: Path, merchant: Merchant, form: Form, rows: list[Row], part: str = "") -> File:
    mapping, name = form.mapping, f"{merchant.id}{part}.csv"
    with (folder / name).open("w", encoding=mapping.get("encoding", "utf-8"), newline="") as file:
        writer = csv.writer(file, delimiter=mapping.get("delimiter", ","))
        writer.writerow(form.header)
        writer.writerows(form.values(row) for row in rows)
        if "summary" in mapping:
            writer.writerow(["合计", "", yuan(sum(row.value_fen for row in rows))])
    return File(name, "merchant", merchant.id, len(rows))


def _sheet(folder: Path, merchant: Merchant, form: Form, rows: list[Row]) -> File:
    """Write a sheet as people keep one: amounts are numbers, that is binary floats, and times are times."""
    name = f"{merchant.id}.xlsx"
    with xlsxwriter.Workbook(folder / name, {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        sheet = book.add_worksheet("明细")
        sheet.write_row(0, 0, form.header)
        for number, row in enumerate(rows, 1):
            texts = dict(zip(form.header, form.values(row), strict=True))
            cells = {"金额": float(texts["金额"]), "手续费": float(texts["手续费"]), "时间": row.at}
            for place, cell in enumerate((texts | cells).values()):
                sheet.write(number, place, cell)
    return File(name, "merchant", merchant.id, len(rows))


def sums_of(lines: Iterable[Line], *, by_store: bool) -> Iterator[Row]:
    """Tell lines by their sums of a day, or of a store's day, uses and refunds apart: all that some keep."""
    sums: Counter[tuple[date, Literal["use", "refund"], str]] = Counter()
    for line in lines:
        sums[line.on, line.kind, line.store if by_store else ""] += line.value_fen
    for (on, kind, store), value_fen in sorted(sums.items()):
        yield Row(kind, "", "", value_fen, 0, datetime.combine(on, time(12)), store)


# --- WeChat Pay -----------------------------------------------------------------------------------

_TRADES: Final = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,交易状态,货币种类,应结订单金额,微信退款单号,"
    "商户退款单号,退款金额,充值券退款金额,退款状态,商品名称,手续费"
)
_FLOWS: Final = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),"
    "资金变更提交申请人,备注,业务凭证号"
)


def write_trades(folder: Path, side: Side) -> File:
    """Write a merchant's trade bill."""
    name, rows = f"{side.merchant.id}-trades.csv", list(side.told())
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        file.write(f"\ufeff{_TRADES}\r\n")
        file.writelines(_trade(side.merchant, row) for row in rows)
        file.write("总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额\r\n")
        used = sum(row.value_fen for row in rows if row.kind == "use")
        refunded = -sum(row.value_fen for row in rows if row.kind == "refund")
        fees = sum(row.fee_fen for row in rows)
        file.write(f"`{len(rows)},`{yuan(used)},`{yuan(refunded)},`0.00,`{yuan(fees)}\r\n")
    return File(name, "wechat_trades", side.merchant.id, len(rows))


def _trade(merchant: Merchant, row: Row) -> str:
    is_use = row.kind == "use"
    fields = (
        row.at.strftime(STAMP),
        "wx1",
        "1900000109",
        f"16{merchant.id[1:]}",
        row.store,
        row.own if is_use else row.payment,
        row.reference,
        "SUCCESS" if is_use else "REFUND",
        "CNY",
        yuan(row.value_fen if is_use else 0),
        "0" if is_use else row.own,
        "0" if is_use else f"T{row.own}",
        yuan(0 if is_use else -row.value_fen),
        "0.00",
        "" if is_use else "SUCCESS",
        "茶, 大杯",
        yuan(row.fee_fen) + "000",
    )
    return ",".join(f"`{field}" for field in fields) + "\r\n"


def write_flows(folder: Path, movements: Sequence[Movement]) -> File:
    """Write the fund flow of everybody."""
    name = "fund-flow.csv"
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        file.write(f"\ufeff{_FLOWS}\r\n")
        for one in movements:
            direction = "收入" if one.value_fen >= 0 else "支出"
            file.write(
                f"`{one.at.strftime(STAMP)},`{one.payment},`{one.own},`{one.sort},`{one.sort},`{direction},"
                f"`{yuan(abs(one.value_fen))},`system,`,`{one.voucher}\r\n"
            )
        came = [one.value_fen for one in movements if one.value_fen >= 0]
        went = [-one.value_fen for one in movements if one.value_fen < 0]
        file.write("资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n")
        file.write(f"`{len(movements)},`{len(came)},`{yuan(sum(came))},`{len(went)},`{yuan(sum(went))}\r\n")
    return File(name, "wechat_fund_flow", None, len(movements))
