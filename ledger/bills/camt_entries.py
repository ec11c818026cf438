"""Entries of a bank's statement as rows: one for each, or one for each part of a batch that adds up."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

from ledger.bills.rows import BillRow, Outcome, Reason, RowKind, unreadable
from ledger.bills.values import Fault, fen_of, reference_of, text_of
from ledger.domain.limits import BILL_BATCH_PARTS_MAX, BILL_FIELD_CHARS_MAX

Fields = Mapping[str, str]
"""Texts by their paths, and the currency of an amount by its path and ``@``."""

TOO_LONG: Final = "!"
"""Under it stands the path of a text that was longer than is read."""

CURRENCY: Final = "CNY"

ENTRY_FIELDS: Final = frozenset(
    f"Ntry/{path}"
    for path in (
        "NtryRef",
        "Amt",
        "CdtDbtInd",
        "RvslInd",
        "Sts",
        "Sts/Cd",
        "BookgDt/Dt",
        "BookgDt/DtTm",
        "AcctSvcrRef",
        "BkTxCd/Domn/Fmly/SubFmlyCd",
        "AddtlNtryInf",
    )
)
PART_FIELDS: Final = frozenset(
    f"TxDtls/{path}"
    for path in (
        "Refs/EndToEndId",
        "Refs/AcctSvcrRef",
        "Refs/TxId",
        "Refs/InstrId",
        "Amt",
        "AmtDtls/TxAmt/Amt",
        "CdtDbtInd",
        "RltdPties/Dbtr/Nm",
        "RltdPties/Dbtr/Pty/Nm",
        "RltdPties/Cdtr/Nm",
        "RltdPties/Cdtr/Pty/Nm",
        "RmtInf/Ustrd",
        "AddtlTxInf",
    )
)
FEES: Final = frozenset({"CHRG", "FEES", "COMM", "COME", "COMI", "COMT"})
"""Sub-families of bank transactions that are charges. Source: ISO 20022 external code sets."""

_NO_REFERENCE: Final = frozenset({"NOTPROVIDED", "NONREF"})


def is_booked(entry: Fields) -> bool:
    """Tell whether an entry counts: pending and information entries do not.

    Raises:
        Fault: it does not say.
    """
    status = entry.get("Ntry/Sts/Cd") or entry.get("Ntry/Sts")
    if not status:
        raise Fault("field_missing", "Sts")
    return status == "BOOK"


def rows_of_entry(
    line: int, account: str, entry: Fields, parts: Sequence[Fields], parts_count: int
) -> Iterator[Outcome]:
    """Give the rows of a booked entry.

    Args:
        line: where it begins.
        account: whose it is.
        entry: its fields.
        parts: its details, up to `BILL_BATCH_PARTS_MAX`.
        parts_count: how many there were.

    Raises:
        Fault: the entry cannot be read.
    """
    whole = _Whole(line, account, entry, parts[0] if parts_count == 1 else {})
    if parts_count > 1:
        reason: Reason = "parts_too_many" if parts_count > BILL_BATCH_PARTS_MAX else "parts_differ"
        rows = whole.split(parts) if parts_count <= BILL_BATCH_PARTS_MAX else None
        if rows is not None:
            yield from rows
            return
        yield unreadable(line, reason, f"{whole.own_reference} {parts_count}")
    yield whole.row()


def signed_fen(fields: Fields, amount: str, indicator: str, default: str = "") -> int:
    """Read an amount and its sign.

    Args:
        fields: where they stand.
        amount: path of the amount.
        indicator: path of CRDT or DBIT.
        default: what it is where that is missing.

    Raises:
        Fault
    """
    if amount not in fields:
        raise Fault("field_missing", amount)
    text, currency = fields[amount], fields.get(f"{amount}@", "")
    if currency != CURRENCY:
        raise Fault("currency_unsuitable", currency)
    if text[:1] in {"-", "+"}:
        raise Fault("sign_unsuitable", text)
    fen = fen_of(text)
    direction = fields.get(indicator, default)
    if direction not in {"CRDT", "DBIT"}:
        raise Fault("field_missing", indicator)
    return fen if direction == "CRDT" else -fen


class _Whole:
    """An entry as a whole."""

    def __init__(self, line: int, account: str, entry: Fields, detail: Fields) -> None:
        for fields in (entry, detail):
            if TOO_LONG in fields:
                raise Fault("field_too_long", fields[TOO_LONG])
        self.line = line
        self._account = account
        self._entry = entry
        self._detail = detail
        self.value_fen = signed_fen(entry, "Ntry/Amt", "Ntry/CdtDbtInd")
        self.own_reference = reference_of(entry.get("Ntry/AcctSvcrRef") or entry.get("Ntry/NtryRef", ""))
        self._is_reversal = entry.get("Ntry/RvslInd") in {"true", "1"}
        self._happened_on, self._happened_at = _moment(entry)
        sub_family = entry.get("Ntry/BkTxCd/Domn/Fmly/SubFmlyCd", "")
        self._kind: RowKind = "fee" if sub_family in FEES else "payment"

    def row(self) -> BillRow:
        """Give it as one row."""
        own_reference = self.own_reference or _own_reference(self._detail)
        return self._row(self._detail, own_reference, self.value_fen, None)

    def split(self, parts: Sequence[Fields]) -> list[BillRow] | None:
        """Give a row for each part; None where they do not add up to the entry."""
        direction = "CRDT" if self.value_fen >= 0 else "DBIT"
        try:
            rows = [
                self._row(
                    part,
                    _own_reference(part) or f"{self.own_reference}/{place}",
                    _part_fen(part, direction),
                    self.own_reference,
                )
                for place, part in enumerate(parts, 1)
            ]
        except Fault:
            return None
        return rows if sum(row.value_fen for row in rows) == self.value_fen else None

    def _row(self, part: Fields, own_reference: str, value_fen: int, part_of: str | None) -> BillRow:
        reference = reference_of(part.get("TxDtls/Refs/EndToEndId", ""))
        return BillRow(
            line=self.line,
            kind=self._kind,
            reference="" if reference in _NO_REFERENCE else reference,
            own_reference=own_reference,
            value_fen=value_fen,
            fee_fen=None,
            happened_on=self._happened_on,
            happened_at=self._happened_at,
            store_id=None,
            counterparty=_counterparty(part, value_fen, is_reversal=self._is_reversal),
            part_of=part_of,
            note=_note(self._entry, part),
            merchant_reference=self._account,
            is_reversal=self._is_reversal,
        )


def _part_fen(part: Fields, direction: str) -> int:
    if TOO_LONG in part:
        raise Fault("field_too_long", part[TOO_LONG])
    amount = "TxDtls/Amt" if "TxDtls/Amt" in part else "TxDtls/AmtDtls/TxAmt/Amt"
    return signed_fen(part, amount, "TxDtls/CdtDbtInd", direction)


def _own_reference(part: Fields) -> str:
    for path in ("TxDtls/Refs/AcctSvcrRef", "TxDtls/Refs/TxId", "TxDtls/Refs/InstrId"):
        if path in part:
            return reference_of(part[path])
    return ""


def _counterparty(part: Fields, value_fen: int, *, is_reversal: bool) -> str | None:
    """Name the other side: who pays what comes in, and gets what goes out; turned round by a reversal."""
    party = "Dbtr" if (value_fen >= 0) != is_reversal else "Cdtr"
    name = part.get(f"TxDtls/RltdPties/{party}/Pty/Nm") or part.get(f"TxDtls/RltdPties/{party}/Nm", "")
    return text_of(name) or None


def _note(entry: Fields, part: Fields) -> str:
    texts = (
        part.get("TxDtls/RmtInf/Ustrd"),
        part.get("TxDtls/AddtlTxInf"),
        entry.get("Ntry/AddtlNtryInf"),
    )
    return text_of(" ".join(filter(None, texts))[:BILL_FIELD_CHARS_MAX])


def _moment(entry: Fields) -> tuple[date, datetime | None]:
    """Read when it was booked; a time without an offset is a day only."""
    day, time = entry.get("Ntry/BookgDt/Dt"), entry.get("Ntry/BookgDt/DtTm")
    if time:
        try:
            at = datetime.fromisoformat(time)
            return at.date(), None if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, OverflowError):
            raise Fault("time_malformed", time) from None
    return day_of(day or ""), None


def day_of(text: str) -> date:
    """Read a day, which may have an offset after it.

    Raises:
        Fault
    """
    try:
        if text[10:] and text[10] not in "Z+-":
            raise Fault("day_malformed", text)
        return date.fromisoformat(text[:10])
    except ValueError:
        raise Fault("day_malformed", text) from None
