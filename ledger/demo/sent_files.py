"""What a shop and the bank would send of the demonstration's month."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from ledger.demo.past_month import Use
from ledger.demo.telling import yuan

FORGOTTEN: Final = "grocery-07"
"""A use that the shop's first file leaves out."""
MISTYPED: Final = "grocery-09"
"""A use that the shop's first file has with another amount."""
MISTYPED_BY_FEN: Final = -50

MAPPING: Final = {
    "format": "csv",
    "reference": "order",
    "value": {"column": "amount", "unit": "yuan"},
    "happened": {"column": "day", "form": "%Y-%m-%d"},
}
"""How the shop's file is read."""

CAMT: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


def shop_file(uses: Iterable[Use], *, with_mistakes: bool) -> bytes:
    """Give the list that a shop would send of its uses, by hand and so not always right."""
    lines = ["order,day,amount"]
    for use in uses:
        value_fen = use.shop.face_value_fen
        if with_mistakes and use.redemption_id == FORGOTTEN:
            continue
        if with_mistakes and use.redemption_id == MISTYPED:
            value_fen += MISTYPED_BY_FEN
        lines.append(f"{use.redemption_id},{use.on},{yuan(value_fen)}")
    return "\n".join((*lines, "")).encode()


def bank_statement(payouts: Mapping[str, int], on: date) -> bytes:
    """Give the statement of the bank (ISO 20022 camt.053) that shows the payouts of a day."""
    opening_fen = sum(payouts.values()) + 100_000
    entries = "".join(
        f'<Ntry><NtryRef>{number}</NtryRef><Amt Ccy="CNY">{_plain(fen)}</Amt><CdtDbtInd>DBIT</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{on}</Dt></BookgDt><AcctSvcrRef>BK-{payout_id}</AcctSvcrRef>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{payout_id}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
        for number, (payout_id, fen) in enumerate(payouts.items(), 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="{CAMT}"><BkToCstmrStmt><GrpHdr><MsgId>DEMO</MsgId>'
        f"<CreDtTm>{on}T20:00:00+08:00</CreDtTm></GrpHdr><Stmt><Id>DEMO-1</Id><Acct><Id><Othr><Id>5100123456</Id>"
        f"</Othr></Id><Ccy>CNY</Ccy></Acct>{_balance('OPBD', opening_fen, on)}{entries}"
        f"{_balance('CLBD', opening_fen - sum(payouts.values()), on)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def _balance(code: str, value_fen: int, on: date) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{_plain(value_fen)}</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{on}</Dt></Dt></Bal>"
    )


def _plain(value_fen: int) -> str:
    return yuan(value_fen).replace(",", "")
