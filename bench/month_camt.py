"""A bank's statements as camt.053, written by other means than those that read them."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from bench.month_bank import UNTIL_ON, Entry
from bench.month_files import File, yuan
from bench.month_plan import ENDS_ON, STARTS_ON

OPENING_FEN: Final = 90_000_000_000
_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">\n<BkToCstmrStmt>\n'
)
_SUB_FAMILY: Final = {"payment": "ESCT", "fee": "CHRG", "income": "ESCT"}


def write_bank(folder: Path, entries: Sequence[Entry]) -> list[File]:
    """Write the statement of the month, and that of the month after as far as it has come."""
    within = [one for one in entries if one.on < ENDS_ON]
    after = [one for one in entries if one.on >= ENDS_ON]
    middle_fen = OPENING_FEN + sum(one.value_fen for one in within)
    return [
        _write(folder, "bank-10.xml", within, OPENING_FEN, (STARTS_ON, ENDS_ON - timedelta(days=1))),
        _write(folder, "bank-11.xml", after, middle_fen, (ENDS_ON, UNTIL_ON)),
    ]


def _write(
    folder: Path, name: str, entries: Sequence[Entry], opening_fen: int, days: tuple[date, date]
) -> File:
    closing_fen = opening_fen + sum(one.value_fen for one in entries)
    with (folder / name).open("w", encoding="utf-8") as file:
        file.write(f"{_HEAD}<GrpHdr><MsgId>{name}</MsgId></GrpHdr>\n<Stmt><Id>{name}</Id>\n")
        file.write("<Acct><Id><Othr><Id>5100123456</Id></Othr></Id><Ccy>CNY</Ccy></Acct>\n")
        file.write(_balance("OPBD", opening_fen, days[0]) + _balance("CLBD", closing_fen, days[1]))
        file.writelines(_entry(name, number, one) for number, one in enumerate(entries, 1))
        file.write("</Stmt>\n</BkToCstmrStmt>\n</Document>\n")
    return File(name, "camt053", None, len(entries))


def _balance(code: str, value_fen: int, on: date) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{yuan(value_fen)}</Amt>'
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{on}</Dt></Dt></Bal>\n"
    )


def _entry(name: str, number: int, entry: Entry) -> str:
    return (
        f'<Ntry><Amt Ccy="CNY">{yuan(abs(entry.value_fen))}</Amt>'
        f"<CdtDbtInd>{'CRDT' if entry.value_fen > 0 else 'DBIT'}</CdtDbtInd>"
        f"{'<RvslInd>true</RvslInd>' if entry.is_reversal else ''}<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{entry.on}</Dt></BookgDt><AcctSvcrRef>{name[5:7]}{number:06}</AcctSvcrRef>"
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>{_SUB_FAMILY[entry.sort]}</SubFmlyCd>"
        "</Fmly></Domn></BkTxCd>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{entry.reference or 'NOTPROVIDED'}</EndToEndId></Refs></TxDtls>"
        "</NtryDtls></Ntry>\n"
    )
