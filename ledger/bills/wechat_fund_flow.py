"""The fund-flow bill of WeChat Pay (资金账单): a row for each movement of a merchant's account."""

from collections.abc import Mapping
from typing import Final

from ledger.bills.bill import Reading
from ledger.bills.files import Source
from ledger.bills.rows import BillKind, BillRow, RowKind
from ledger.bills.values import Amounts, Fault, reference_of, text_of
from ledger.bills.wechat import Column, Sum, Texts, moments, named, read_wechat

FUND_FLOW: Final = (
    Column(("记账时间",), is_needed=True),
    Column(("微信支付业务单号",), is_needed=True),
    Column(("资金流水单号",), is_needed=True),
    Column(("业务名称",)),
    Column(("业务类型",), is_needed=True),
    Column(("收支类型",), is_needed=True),
    Column(("收支金额(元)", "收支金额"), is_needed=True),
    Column(("备注",)),
    Column(("业务凭证号",), is_needed=True),
)

SUMMARY: Final[Mapping[str, tuple[str, ...]]] = {
    "资金流水总笔数": (),
    "收入笔数": (),
    "收入金额": ("收入金额(元)",),
    "支出笔数": (),
    "支出金额": ("支出金额(元)",),
}

KINDS: Final[tuple[tuple[str, RowKind], ...]] = (
    ("手续费", "fee"),
    ("退款", "refund"),
    ("交易", "use"),
    ("提现", "payment"),
    ("充值", "payment"),
    ("转账", "payment"),
)
"""Words in 业务类型, the first one found deciding; what has none of them is of kind other."""


class FundFlow:
    """Makes rows of movements."""

    kind: BillKind = "wechat_fund_flow"
    columns: tuple[Column, ...] = FUND_FLOW
    summary: Mapping[str, tuple[str, ...]] = SUMMARY

    def __init__(self) -> None:
        self._moments = moments()
        self._amounts = Amounts()
        self._in_rows = self._in_fen = self._out_rows = self._out_fen = 0

    def row(self, line: int, texts: Texts) -> BillRow:
        """Make a row of a movement, whose value is signed by 收支类型."""
        at, payment, own, name, sort, direction, amount, remark, voucher = texts
        value_fen = self._amounts[amount]
        if value_fen < 0:
            raise Fault("sign_unsuitable", amount)
        if direction not in {"收入", "支出"}:
            raise Fault("kind_unknown", direction)
        own_reference = reference_of(own)
        if not own_reference:
            raise Fault("reference_missing", voucher)
        is_in = direction == "收入"
        happened_on, happened_at = self._moments[at]
        row = BillRow(
            line=line,
            kind=_kind_of(sort),
            reference=reference_of(named(voucher)),
            own_reference=own_reference,
            value_fen=value_fen if is_in else -value_fen,
            fee_fen=None,
            happened_on=happened_on,
            happened_at=happened_at,
            store_id=None,
            counterparty=None,
            part_of=None,
            note=text_of(" ".join(filter(None, (name, sort, remark)))),
            payment_reference=reference_of(named(payment)),
        )
        if is_in:
            self._in_rows += 1
            self._in_fen += value_fen
        else:
            self._out_rows += 1
            self._out_fen += value_fen
        return row

    def sums(self) -> Mapping[str, Sum]:
        """Give what the summary must say."""
        return {
            "资金流水总笔数": Sum("rows", self._in_rows + self._out_rows),
            "收入笔数": Sum("rows", self._in_rows),
            "收入金额": Sum("fen", self._in_fen),
            "支出笔数": Sum("rows", self._out_rows),
            "支出金额": Sum("fen", self._out_fen),
        }


def _kind_of(sort: str) -> RowKind:
    return next((kind for word, kind in KINDS if word in sort), "other")


def read_wechat_fund_flow(source: Source) -> Reading:
    """Read a fund-flow bill; see `read_wechat`."""
    return read_wechat(source, FundFlow())
