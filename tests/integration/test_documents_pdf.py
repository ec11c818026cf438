"""Statements as PDF: numbers, pages, fonts, and what does not fit."""

import io
import logging
import re
from datetime import timedelta, timezone
from functools import cache
from typing import get_args

import msgspec
import pypdf
import pytest

from ledger import logs
from ledger.documents import pdf_lines
from ledger.documents.summary import LinesDifferError
from ledger.documents.words import Language, Words
from ledger.documents.writing import write_statement
from ledger.domain.limits import NAME_CHARS_MAX, PDF_LINES_MAX
from tests.unit.documents_read import money_of, money_of_lines, sums, sums_of, text_of_pdf
from tests.unit.statement_samples import (
    BELOW_ZERO,
    EMPTY,
    SAMPLES,
    USUAL,
    USUAL_LINES,
    line,
    statement,
    written,
)

LANGUAGES: tuple[Language, ...] = get_args(Language)
SHOWN_ALWAYS = {"uses", "refunds", "amendments", "carried_in", "total", "held_back", "paid", "payable_now"}


@cache
def pdf_of(sample: str, language: Language) -> bytes:
    of, lines = SAMPLES[sample]
    return written(of, lines, "pdf", language)


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pdf_has_the_numbers_of_the_statement(sample: str, language: Language) -> None:
    of, lines = SAMPLES[sample]
    document = pdf_of(sample, language)
    assert money_of_lines(document, "pdf") == money_of(lines)
    found = sums(document, "pdf", Words(language))
    assert found.items() <= sums_of(of).items()
    assert found.keys() >= SHOWN_ALWAYS
    text = text_of_pdf(document)
    for shown in (of.number, of.merchant_id, of.lines_digest, of.digest, "2026-03-01", "2026-03-31"):
        assert shown in text
    for payout in of.payouts:
        assert payout.bank_reference is None or payout.bank_reference in text


def test_a_statement_below_zero_pays_nothing_and_says_what_is_carried() -> None:
    text = text_of_pdf(pdf_of("below zero", "en"))
    assert BELOW_ZERO.total_fen == -2_485
    assert "\N{MINUS SIGN}¥24.85" in text
    assert "Less carried to the next statement 24.85" in text
    assert Words("en")["nothing_due"] in text


def test_the_same_statement_is_the_same_bytes_wherever_its_instants_were_read() -> None:
    elsewhere = timezone(timedelta(hours=-8))
    lines = [
        msgspec.structs.replace(one, recorded_at=one.recorded_at.astimezone(elsewhere)) for one in USUAL_LINES
    ]
    of = msgspec.structs.replace(USUAL, issued_at=USUAL.issued_at.astimezone(elsewhere))
    document = pdf_of("usual", "zh")
    assert written(of, lines, "pdf") == document
    told = pypdf.PdfReader(io.BytesIO(document)).metadata
    assert told is not None
    assert told.creation_date == USUAL.issued_at
    assert told.title == "商户结算对账单 teahouse-000003"


def test_every_page_says_what_its_columns_are_and_which_of_how_many_it_is() -> None:
    lines = [line(number) for number in range(100)]
    pages = pypdf.PdfReader(io.BytesIO(written(statement(lines), lines, "pdf", "en"))).pages
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        text = page.extract_text()
        assert f"Page {number} of {len(pages)}" in text
        assert "No. Recorded at Kind Redemption Offer / store Face value Fee Due" in text
        assert text.count("teahouse-000003") == 2
    counted = re.findall(r"(?m)^(\d+) 2026-03", "\n".join(page.extract_text() for page in pages))
    assert counted == [str(number) for number in range(1, 101)]


def test_lines_beyond_the_limit_are_counted_and_said_to_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_lines, "PDF_LINES_MAX", 5)
    six = [line(number) for number in range(6)]
    at, past = (text_of_pdf(written(statement(six[:count]), six[:count], "pdf", "en")) for count in (5, 6))
    assert "CSV" not in at
    assert "These are the first 5 lines; 1 more are in the CSV and XLSX files." in past
    assert six[4].redemption_id in past
    assert six[5].redemption_id not in past
    assert "Total 180.00 1.08 178.92" in past


def test_as_many_lines_as_the_limit_allows_are_printed() -> None:
    lines = [line(number, face_value_fen=1 + number) for number in range(PDF_LINES_MAX)]
    document = written(statement(lines), lines, "pdf", "en")
    assert len(document) < 1_000_000
    last = pypdf.PdfReader(io.BytesIO(document)).pages[-1].extract_text()
    assert lines[-1].redemption_id in last
    assert "CSV" not in last


def test_nothing_is_written_of_lines_that_are_not_the_statements() -> None:
    out = io.BytesIO()
    with pytest.raises(LinesDifferError, match="uses"):
        write_statement(USUAL, USUAL_LINES[1:], "pdf", "zh", out)
    assert out.getvalue() == b""


def test_a_rare_character_is_printed_and_one_that_no_font_has_leaves_a_square() -> None:
    of = msgspec.structs.replace(EMPTY, merchant_name_zh="䶮喆糌粑铺", programme_name_zh="绿色出行🚲项目")
    text = text_of_pdf(written(of, (), "pdf"))
    assert "䶮喆糌粑铺" in text
    assert "绿色出行□项目" in text


def test_the_longest_names_and_ids_are_printed_whole() -> None:
    name = "糌粑餐饮管理有限责任公司" * 10
    assert len(name) == NAME_CHARS_MAX
    redemption_id = "wx-mini-programme-" + "x" * 78
    lines = [line(1, redemption_id=redemption_id, store_id="s" * 48, face_value_fen=10**11)]
    of = msgspec.structs.replace(statement(lines), merchant_name_zh=name, merchant_name_en="Tea " * 30)
    text = re.sub(r"\s", "", text_of_pdf(written(of, lines, "pdf")))
    assert name in text
    assert redemption_id in text
    assert "s" * 48 in text
    assert "¥994,000,000.00" in text


def test_a_name_that_one_language_lacks_is_given_in_the_other() -> None:
    of = msgspec.structs.replace(EMPTY, merchant_name_en="")
    assert EMPTY.merchant_name_zh in text_of_pdf(written(of, (), "pdf", "en"))


def test_a_pdf_leaves_no_trace_in_the_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root, fonts = logging.getLogger(), logging.getLogger("fontTools")
    monkeypatch.setattr(root, "handlers", root.handlers)
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setattr(fonts, "level", fonts.level)
    logs.configure("INFO")
    written(EMPTY, (), "pdf")
    assert capsys.readouterr().err == ""
