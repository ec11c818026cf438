"""Documents of statements read again, as whoever opens them sees them."""

import csv
import io
import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, get_args

import msgspec
import openpyxl
import pypdf

from ledger.documents.statement import Statement, StatementLine
from ledger.documents.summary import RowName, summary_of
from ledger.documents.words import Words
from ledger.documents.writing import Format

Row = tuple[Decimal, ...]


def money_of(lines: Iterable[StatementLine]) -> list[Row]:
    """Face value, fee and what is earned of each line, in yuan."""
    return [
        tuple(Decimal(fen) / 100 for fen in (one.face_value_fen, one.fee_fen, one.earned_fen))
        for one in lines
    ]


def sums_of(of: Statement) -> dict[str, Decimal]:
    """What each row of the summary comes to, in yuan."""
    return {row.name: Decimal(row.earned_fen) / 100 for row in summary_of(of)}


def csv_rows(document: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(document.decode("utf-8-sig"), newline="")))


def text_of_pdf(document: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(document)).pages
    return "\n".join(page.extract_text() for page in pages)


def sheets(document: bytes) -> list[list[tuple[Any, ...]]]:
    """Every sheet of a workbook as it shows its cells without computing."""
    book = openpyxl.load_workbook(io.BytesIO(document), data_only=True)
    return [list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets]


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("¥", "").replace("\N{MINUS SIGN}", "-"))


def money_of_lines(document: bytes, form: Format) -> list[Row]:
    """Face value, fee and what is earned of each line, in yuan."""
    match form:
        case "json":
            names = ("face_value_fen", "fee_fen", "earned_fen")
            lines = json.loads(document)["lines"]
            return [tuple(Decimal(one[name]) / 100 for name in names) for one in lines]
        case "csv":
            rows = [row for row in csv_rows(document)[1:] if row[3]]
            return [tuple(map(Decimal, row[9:12])) for row in rows]
        case "xlsx":
            rows_of_lines = [row for row in sheets(document)[3][1:] if isinstance(row[0], int)]
            return [tuple(Decimal(str(cell)) for cell in row[8:11]) for row in rows_of_lines]
        case "pdf":
            found = re.findall(
                r"(?m)^\d+ 2026-03-.* (\S+\.\d\d) (\S+\.\d\d) (\S+\.\d\d)$", text_of_pdf(document)
            )
            return [tuple(map(amount, row)) for row in found]


def sums(document: bytes, form: Format, words: Words) -> dict[str, Decimal]:
    """What the rows of the summary say is due, in yuan, by the name of the row where it is shown."""
    names = {words[name]: name for name in get_args(RowName)} | {words["total_due"]: "total"}
    match form:
        case "json":
            of = msgspec.json.decode(json.dumps(json.loads(document)["statement"]), type=Statement)
            return sums_of(of)
        case "csv":
            rows = [row for row in csv_rows(document)[1:] if not row[3]]
            return {names[row[2]]: Decimal(row[11]) for row in rows}
        case "xlsx":
            first = sheets(document)[0]
            return {
                names[row[0]]: Decimal(str(row[4])) for row in first if row[0] in names and row[4] is not None
            }
        case "pdf":
            texts = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
            found = re.findall(
                rf"(?m)^({texts}) (?:.+ )?(\S+\.\d\d)$", text_of_pdf(document).split(words["funds"])[0]
            )
            return {names[name]: amount(text) for name, text in found}
