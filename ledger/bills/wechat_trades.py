"""The trade bill of WeChat Pay (交易账单): a row for each payment, and one for each refund."""

from collections.abc import Mapping
from typing import Final

from ledger.bills.bill import Reading
from ledger.bills.files import Source
from ledger.bills.rows import BillKind, BillRow
from ledger.bills.values import Amounts, Fault, reference_of, text_of
from ledger.bills.wechat import Column, Sum, Texts, moments, named, read_wechat

TRADES: Final = (
    Column(("交易时间",), is_needed=True),
    Column(("商户号",)),
    Column(("特约商户号", "子商户号")),
    Column(("设备号",)),
    Column(("微信订单号",), is_needed=True),
    Column(("商户订单号",), is_needed=True),
    Column(("交易状态",), is_needed=True),
    Column(("货币种类",), is_needed=True),
    Column(("应结订单金额", "总金额"), is_needed=True),
    Column(("微信退款单号",)),
    Column(("商户退款单号",)),
    Column(("退款金额",)),
    Column(("充值券退款金额", "代金券或立减优惠退款金额", "企业红包退款金额")),
    Column(("退款状态",)),
    Column(("商品名称",)),
    Column(("手续费",), is_needed=True),
    Column(("订单金额",)),
    Column(("申请退款金额",)),
    Column(("退款申请时间",)),
    Column(("退款成功时间",)),
)

SUMMARY: Final[Mapping[str, tuple[str, ...]]] = {
    "总交易单数": (),
    "应结订单总金额": ("总交易额", "总金额"),
    "退款总金额": ("总退款金额",),
    "充值券退款总金额": ("总代金券或立减优惠退款金额", "总企业红包退款金额"),
    "手续费总金额": (),
    "订单总金额": (),
    "申请退款总金额": (),
}

UNDER_WAY: Final = frozenset({"PROCESSING", "CHANGE"})
"""States of a refund that may still end otherwise; CHANGE waits for another account of the payer."""


class Trades:
    """Makes rows of trades."""

    kind: BillKind = "wechat_trades"
    columns: tuple[Column, ...] = TRADES
    summary: Mapping[str, tuple[str, ...]] = SUMMARY

    def __init__(self) -> None:
        self._moments = moments()
        self._amounts = Amounts()
        self._rows = 0
        self._settled_fen = self._refund_fen = self._coupon_refund_fen = 0
        self._fee_fen = self._order_fen = self._applied_fen = 0

    def row(self, line: int, texts: Texts) -> BillRow:
        """Make a row of a payment or a refund, whose value is what the merchant gets or gives back."""
        (
            at, merchant, sub_merchant, device, order_id, order_number, status, currency, settled,
            refund_id, refund_number, refund, coupon_refund, refund_status, goods, fee, order, applied,
            applied_at, refunded_at,
        ) = texts  # fmt: skip
        if currency != "CNY":
            raise Fault("currency_unsuitable", currency)
        is_refund = status != "SUCCESS"
        settled_fen = self._fen(settled) if is_refund else self._amounts[settled]
        refund_fen = self._amounts[refund] if is_refund else self._fen(refund)
        fee_fen, order_fen = self._amounts[fee], self._fen(order)
        coupon_refund_fen, applied_fen = self._fen(coupon_refund), self._fen(applied)
        if settled_fen < 0 or refund_fen < 0:
            raise Fault("sign_unsuitable", settled if settled_fen < 0 else refund)
        if is_refund and status not in {"REFUND", "REVOKED"}:
            raise Fault("kind_unknown", status)
        own_reference = reference_of(named(refund_id) if is_refund else order_id)
        if not own_reference:
            raise Fault("reference_missing", order_number)
        has_failed = is_refund and refund_status == "FAIL"
        happened_on, happened_at = self._moments[(is_refund and (refunded_at or applied_at)) or at]
        row = BillRow(
            line=line,
            kind="other" if has_failed else "refund" if is_refund else "use",
            reference=reference_of(order_number),
            own_reference=own_reference,
            value_fen=0 if has_failed else -refund_fen if is_refund else settled_fen,
            fee_fen=fee_fen,
            happened_on=happened_on,
            happened_at=happened_at,
            store_id=reference_of(device) or None,
            counterparty=None,
            part_of=None,
            note=text_of(f"{goods} 退款状态 {refund_status}" if is_refund and refund_status else goods),
            refund_reference=reference_of(named(refund_number)) if is_refund else "",
            payment_reference=reference_of(order_id),
            merchant_reference=reference_of(named(sub_merchant) or merchant),
            is_final=not (is_refund and refund_status in UNDER_WAY),
        )
        self._rows += 1
        self._settled_fen += settled_fen
        self._refund_fen += refund_fen
        self._coupon_refund_fen += coupon_refund_fen
        self._fee_fen += fee_fen
        self._order_fen += order_fen
        self._applied_fen += applied_fen
        return row

    def sums(self) -> Mapping[str, Sum]:
        """Give what the summary must say."""
        return {
            "总交易单数": Sum("rows", self._rows),
            "应结订单总金额": Sum("fen", self._settled_fen),
            "退款总金额": Sum("fen", self._refund_fen),
            "充值券退款总金额": Sum("fen", self._coupon_refund_fen),
            "手续费总金额": Sum("fen", self._fee_fen),
            "订单总金额": Sum("fen", self._order_fen),
            "申请退款总金额": Sum("fen", self._applied_fen),
        }

    def _fen(self, text: str) -> int:
        return self._amounts[text] if text else 0


def read_wechat_trades(source: Source) -> Reading:
    """Read a trade bill of any of its types; see `read_wechat`."""
    return read_wechat(source, Trades())
