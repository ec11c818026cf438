"""Every text of the documents, in Chinese and in English.

Rule of the room: a text stands here and nowhere else, in both languages beside each other, in the
words of the glossary; what is put into one is named in braces.
"""

from typing import Final, Literal

Language = Literal["zh", "en"]
"""The languages, by their ISO 639 names."""

TEXTS: Final[dict[str, tuple[str, str]]] = {
    # --- head ---------------------------------------------------------------------------------
    "statement": ("对账单", "Statement"),
    "title": ("商户结算对账单", "Settlement statement"),
    "programme": ("项目", "Programme"),
    "merchant": ("商户", "Merchant"),
    "merchant_id": ("商户标识", "Merchant id"),
    "number": ("对账单编号", "Statement number"),
    "statement_id": ("对账单标识", "Statement id"),
    "period": ("结算期间", "Period"),
    "period_days": ("{first} 至 {last}", "{first} to {last}"),
    "starts_on": ("起始日", "First day"),
    "ends_on": ("截止日（含）", "Last day"),
    "time_zone": ("时区", "Time zone"),
    "status": ("状态", "Status"),
    "issued_at": ("出具时间", "Issued at"),
    "issued_by": ("出具人", "Issued by"),
    "approved_at": ("批准时间", "Approved at"),
    "approved_by": ("批准人", "Approved by"),
    "objections_until": ("异议截止", "Objections until"),
    "not_yet": ("尚未", "Not yet"),
    # --- statuses -----------------------------------------------------------------------------
    "status.issued": ("已出具", "Issued"),
    "status.approved": ("已批准", "Approved"),
    "status.settled": ("已结清", "Settled"),
    "payout.instructed": ("打款中", "Instructed"),
    "payout.confirmed": ("已到账", "Confirmed"),
    "payout.failed": ("失败", "Failed"),
    "payout.returned": ("已退回", "Returned"),
    # --- numbers ------------------------------------------------------------------------------
    "summary": ("汇总", "Summary"),
    "item": ("款项", "Item"),
    "count": ("笔数", "Count"),
    "face_value": ("面值", "Face value"),
    "fee": ("手续费", "Fee"),
    "earned": ("应付金额", "Due"),
    "in_yuan": ("单位：人民币元（¥）", "Amounts in yuan (¥)"),
    "column_in_yuan": ("{name}（元）", "{name} (yuan)"),
    "column_in_zone": ("{name}（{zone}）", "{name} ({zone})"),
    "uses": ("核销", "Uses"),
    "refunds": ("退款", "Refunds"),
    "amendments": ("争议调整", "Amendments after disputes"),
    "carried_in": ("上期结转", "Carried in"),
    "total": ("本期合计", "Total"),
    "held_back": ("争议暂缓支付", "Held back under dispute"),
    "paid": ("已打款或打款中", "Paid or under way"),
    "carried_out": ("减：结转下期", "Less carried to the next statement"),
    "due": ("本期应付", "Due with this statement"),
    "moved": ("争议移至下期", "Moved to a later statement"),
    "total_due": ("本期应付合计", "Total due"),
    "payable_now": ("现可支付", "Payable now"),
    "nothing_due": (
        "合计为负，本期不支付，差额结转下期。",
        "The total is below zero: nothing is paid now, and it is carried to the next statement.",
    ),
    # --- funds and payouts --------------------------------------------------------------------
    "funds": ("资金池分担", "Shares by fund"),
    "fund": ("资金池", "Fund"),
    "fund_id": ("资金池标识", "Fund id"),
    "no_funds": ("本期无资金池分担。", "No fund has a share in this statement."),
    "sum": ("合计", "Total"),
    "payouts": ("打款", "Payouts"),
    "payout_id": ("打款编号", "Payout"),
    "instructed_at": ("指令时间", "Instructed at"),
    "confirmed_at": ("到账时间", "Confirmed at"),
    "bank_reference": ("银行流水号", "Bank reference"),
    "reason": ("原因", "Reason"),
    "reason_is": ("原因：{reason}", "Reason: {reason}"),
    "value": ("金额", "Amount"),
    "no_payouts": ("尚未打款。", "Nothing has been paid out yet."),
    # --- lines --------------------------------------------------------------------------------
    "lines": ("明细", "Lines"),
    "lines_continued": ("明细（续）", "Lines (continued)"),
    "line": ("序号", "No."),
    "position": ("账本位置", "Position"),
    "local_day": ("日期", "Day"),
    "recorded_at": ("记录时间", "Recorded at"),
    "kind": ("类型", "Kind"),
    "kind.use": ("核销", "Use"),
    "kind.refund": ("退款", "Refund"),
    "kind.amendment": ("争议调整", "Amendment"),
    "redemption_id": ("兑换编号", "Redemption"),
    "offer_id": ("兑换项", "Offer"),
    "store_id": ("门店", "Store"),
    "offer_store": ("兑换项 / 门店", "Offer / store"),
    "is_held_back": ("暂缓", "Held back"),
    "held_back_mark": ("{kind}（暂缓）", "{kind} (held)"),
    "yes": ("是", "Yes"),
    "no_lines": ("本期无明细。", "There are no lines in this period."),
    "lines_elsewhere": (
        "以上为前 {shown} 笔，其余 {rest} 笔见本对账单的 CSV 或 XLSX 文件；汇总已含全部明细。",
        "These are the first {shown} lines; {rest} more are in the CSV and XLSX files. The summary has all.",
    ),
    # --- proof --------------------------------------------------------------------------------
    "lines_digest": ("明细摘要", "Digest of the lines"),
    "digest": ("对账单摘要", "Digest of the statement"),
    "how_to_check": (
        "核对方法：按 docs/statements.md 所述步骤对 JSON 文件中的明细计算 SHA-256，结果应与明细摘要一致。",
        "To check: hash the lines of the JSON file as docs/statements.md shows, and compare their digest.",
    ),
    "page": ("第 {page} 页，共 {pages} 页", "Page {page} of {pages}"),
    # --- workbook -----------------------------------------------------------------------------
    "from_lines": ("按明细重算", "From the lines"),
    "difference": ("差额", "Difference"),
}
"""Texts by name: first the Chinese one, then the English one."""


class Words:
    """The texts of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._place = 0 if language == "zh" else 1

    def __getitem__(self, name: str) -> str:
        return TEXTS[name][self._place]

    def of(self, family: str, value: str) -> str:
        """Give the word for a value, or the value where there is none."""
        texts = TEXTS.get(f"{family}.{value}")
        return value if texts is None else texts[self._place]

    def pick(self, zh: str, en: str) -> str:
        """Choose the name in this language, or the other one where it is empty."""
        return (zh, en)[self._place] or zh or en
