"""Documents of a statement: the same numbers and the same bytes, whatever they are opened with."""

import io
import re
import string
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, BinaryIO, cast, get_args

import msgspec
import openpyxl
import pytest

from ledger.documents import workbook_lines
from ledger.documents.as_csv import IN_LINES
from ledger.documents.digests import digest_of
from ledger.documents.statement import StatementLine
from ledger.documents.summary import LinesDifferError, RowName
from ledger.documents.words import TEXTS as WORDS
from ledger.documents.words import Language, Words
from ledger.documents.writing import MEDIA_TYPES, Format, file_name, write_statement
from ledger.domain.limits import SHEET_LINES_MAX
from ledger.domain.settling import Line, Lines, lines_digest, with_line
from tests.unit.documents_read import csv_rows, money_of, money_of_lines, sums, sums_of
from tests.unit.statement_samples import (
    BELOW_ZERO,
    BELOW_ZERO_LINES,
    KEPT,
    SAMPLES,
    TEXTS,
    USUAL,
    USUAL_LINES,
    line,
    statement,
    written,
)

FORMATS: tuple[Format, ...] = ("json", "csv", "xlsx")
"""All but PDF, which takes its time and stands in the integration tests."""
LANGUAGES: tuple[Language, ...] = get_args(Language)
ROWS: tuple[RowName, ...] = get_args(RowName)


# --- Numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_the_numbers_of_the_statement(sample: str, language: Language, form: Format) -> None:
    of, lines = SAMPLES[sample]
    document = written(of, lines, form, language)
    assert money_of_lines(document, form) == money_of(lines)
    assert set(ROWS) - (IN_LINES if form == "csv" else set()) == sums(document, form, Words(language)).keys()
    assert sums(document, form, Words(language)).items() <= sums_of(of).items()


# --- Bytes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "language"), KEPT)
def test_a_document_is_the_text_that_is_kept(form: Format, language: Language) -> None:
    kept = (TEXTS / file_name(USUAL, form, language)).read_bytes()
    assert written(USUAL, USUAL_LINES, form, language) == kept


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_statement_is_the_same_bytes_wherever_its_instants_were_read(form: Format) -> None:
    elsewhere = timezone(timedelta(hours=-8))
    lines = [
        msgspec.structs.replace(one, recorded_at=one.recorded_at.astimezone(elsewhere)) for one in USUAL_LINES
    ]
    of = msgspec.structs.replace(USUAL, issued_at=USUAL.issued_at.astimezone(elsewhere))
    assert written(of, lines, form) == written(USUAL, USUAL_LINES, form)


def test_files_are_named_after_their_statement_and_language() -> None:
    assert [file_name(USUAL, form, "zh") for form in MEDIA_TYPES] == [
        "teahouse-000003.zh.pdf",
        "teahouse-000003.zh.xlsx",
        "teahouse-000003.zh.csv",
        "teahouse-000003.json",
    ]


# --- Lines that are not the statement's ---------------------------------------------------------


class Written(io.BytesIO):
    """A file that knows how many lines had been asked for when each part of it was written."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.seen: list[int] = []

    def write(self, data: Any) -> int:
        self.seen.append(self.asked)
        return super().write(data)

    def lines(self, count: int) -> Iterator[StatementLine]:
        for number in range(count):
            self.asked += 1
            yield line(number)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("lines", "differs"),
    [
        (USUAL_LINES[:-1], "amendments"),
        ((*USUAL_LINES[:3], *USUAL_LINES[4:]), "uses"),
        ((*USUAL_LINES, line(8, "refund", -100)), "refunds"),
        (
            (*USUAL_LINES[:6], msgspec.structs.replace(USUAL_LINES[6], position=1), USUAL_LINES[7]),
            "lines_digest",
        ),
    ],
)
def test_lines_that_are_not_the_statements_are_told(
    form: Format, lines: tuple[StatementLine, ...], differs: str
) -> None:
    out = io.BytesIO()
    with pytest.raises(LinesDifferError, match=differs):
        write_statement(USUAL, lines, form, "zh", out)
    if form == "xlsx":
        assert out.getvalue() == b""
    else:
        assert Words("zh")["payable_now"].encode() not in out.getvalue()
        assert not out.getvalue().endswith(b"]}\n")


def test_numbers_of_the_summary_that_do_not_add_up_are_told() -> None:
    of = msgspec.structs.replace(USUAL, payable_now_fen=USUAL.payable_now_fen + 1)
    with pytest.raises(LinesDifferError, match="payable_now"):
        written(of, USUAL_LINES, "json")


@pytest.mark.parametrize("form", ["csv", "json"])
def test_lines_are_written_as_they_come(form: Format) -> None:
    out = Written()
    of = statement([line(number) for number in range(50)])
    write_statement(of, out.lines(50), form, "en", cast("BinaryIO", out))
    assert set(range(1, 51)) <= set(out.seen)


# --- Texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "12345678901234567890"])
def test_no_text_becomes_a_formula_or_loses_digits_in_a_spreadsheet(text: str) -> None:
    lines = [line(1, redemption_id=text, offer_id='a,"b"')]
    of = statement(lines)
    row = csv_rows(written(of, lines, "csv"))[1]
    assert row[6] == f"'{text}"
    assert row[7] == 'a,"b"'
    book = openpyxl.load_workbook(io.BytesIO(written(of, lines, "xlsx")))
    cell = book.worksheets[3]["F2"]
    assert (cell.data_type, cell.value) == ("s", text)


def test_an_amount_below_zero_stays_a_number_in_csv() -> None:
    rows = csv_rows(written(BELOW_ZERO, BELOW_ZERO_LINES, "csv"))
    assert rows[2][9:12] == ["-30.00", "-0.18", "-29.82"]


def test_csv_ends_lines_as_the_standard_says_and_begins_with_the_mark() -> None:
    document = written(USUAL, USUAL_LINES, "csv")
    assert document.startswith(b"\xef\xbb\xbf")
    assert document.count(b"\r\n") == document.count(b"\n") == 1 + 8 + 8


def test_every_text_says_the_same_in_both_languages() -> None:
    for name, (zh, en) in WORDS.items():
        assert zh, name
        assert en, name
        parsed = (string.Formatter().parse(text) for text in (zh, en))
        fields = [{field for _, field, _, _ in parts if field} for parts in parsed]
        assert fields[0] == fields[1], name
        assert not re.search("[\u4e00-\u9fff]", en), name


def test_the_digest_of_lines_is_the_one_that_the_ledger_recorded() -> None:
    days: dict[str, Lines] = {}
    for one in USUAL_LINES:
        told = Line(one.kind, one.redemption_id, one.face_value_fen, one.fee_fen, ())
        day = one.local_day.isoformat()
        days[day] = with_line(days.get(day, Lines()), one.position, told)
    assert len(days) > 1
    assert digest_of(USUAL_LINES) == lines_digest((day, lines.digest) for day, lines in days.items())
    assert digest_of(()) == lines_digest(())


# --- Workbooks ----------------------------------------------------------------------------------


def test_a_workbook_computes_its_sums_and_shows_ours_before_it_has() -> None:
    book = openpyxl.load_workbook(io.BytesIO(written(USUAL, USUAL_LINES, "xlsx", "en")))
    assert book.sheetnames == ["Summary", "Shares by fund", "Payouts", "Lines"]
    summary, funds, payouts, lines = book.worksheets
    rows = {row[0].value: [cell.value for cell in row[4:]] for row in summary.iter_rows(min_row=18)}
    of_uses = """=ROUND(SUMIFS('Lines'!$K$2:$K$9,'Lines'!$B$2:$B$9,"Use"),2)"""
    assert rows["Uses"] == [6080.53, of_uses, "=ROUND(E19-F19,2)"]
    assert rows["Total"][:2] == ["=ROUND(SUM(E19:E22),2)", "=ROUND(SUM(F19:F22),2)"]
    assert rows["Due with this statement"][0] == "=ROUND(SUM(E23:E24),2)"
    assert rows["Payable now"][0] == "=ROUND(SUM(E25:E28),2)"
    assert funds["E4"].value == "=ROUND(SUM(E2:E3),2)"
    assert lines["K10"].value == "=ROUND(SUBTOTAL(109,$K$2:$K$9),2)"
    assert [sheet.freeze_panes for sheet in (funds, payouts, lines)] == ["A2"] * 3
    assert (lines["C2"].value, lines["C2"].is_date) == (datetime(2026, 3, 1), True)  # noqa: DTZ001 - a cell
    assert lines["D3"].value == datetime(2026, 3, 1, 7)  # noqa: DTZ001 - as its clocks show it
    assert lines["K2"].number_format.startswith("#,##0.00")


def test_lines_go_on_on_another_sheet_when_one_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_lines, "SHEET_LINES_MAX", 3)
    lines = [line(number) for number in range(7)]
    for count, expected in ((6, ["明细", "明细 2"]), (7, ["明细", "明细 2", "明细 3"])):
        document = written(statement(lines[:count]), lines[:count], "xlsx")
        book = openpyxl.load_workbook(io.BytesIO(document))
        assert book.sheetnames[3:] == expected
        assert book[expected[-1]]["A2"].value == 1 + 3 * (len(expected) - 1)
        assert str(book.worksheets[0]["F19"].value).count("SUMIFS") == len(expected)
    assert SHEET_LINES_MAX + 2 <= 1_048_576
