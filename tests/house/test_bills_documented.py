"""The document of bills says what the readers take: fields, columns, mappings, reasons, bounds."""

import json
import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from ledger.bills import REASONS, BillKind, BillRow, BillTotals, Mapping, read_mapping
from ledger.bills.camt_entries import FEES
from ledger.bills.values import DIRECTIVES
from ledger.bills.wechat import NO_BILL, Column
from ledger.bills.wechat_fund_flow import FUND_FLOW, KINDS
from ledger.bills.wechat_fund_flow import SUMMARY as FUND_FLOW_SUMMARY
from ledger.bills.wechat_trades import SUMMARY as TRADES_SUMMARY
from ledger.bills.wechat_trades import TRADES
from ledger.domain import limits

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/bills.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", TEXT))


@pytest.mark.parametrize("column", [*TRADES, *FUND_FLOW], ids=lambda column: column.names[0])
def test_every_column_of_a_payment_service_stands_in_the_document(column: Column) -> None:
    older = ", ".join(f"`{name}`" for name in column.names[1:])
    assert f"| `{column.names[0]}` | {older} | {'yes' if column.is_needed else ''} | " in TEXT


def test_every_number_of_a_summary_stands_in_the_document_with_its_older_names() -> None:
    for summary in (TRADES_SUMMARY, FUND_FLOW_SUMMARY):
        for name, older in summary.items():
            assert {name, *older} <= NAMED


def test_every_reason_stands_in_the_document_and_is_tried() -> None:
    tests = "".join(path.read_text() for path in (ROOT / "tests/unit").glob("test_bills_*.py"))
    for reason, meaning in REASONS.items():
        assert f"| `{reason}` | {meaning} |\n" in TEXT
        assert f'"{reason}"' in tests


def test_every_field_of_a_row_and_of_the_totals_and_every_kind_stand_in_the_document() -> None:
    assert {field.name for field in msgspec.structs.fields(BillRow)} <= NAMED
    assert {field.name for field in msgspec.structs.fields(BillTotals)} <= NAMED
    for kind in get_args(BillKind):
        assert kind in TEXT
    for words, row_kind in KINDS:
        assert f"| {words} | `{row_kind}` |\n" in TEXT


def test_every_field_of_a_mapping_stands_in_the_document_and_its_example_is_read() -> None:
    for field in msgspec.structs.fields(Mapping):
        assert f"| `{field.name}` | {'needed' if field.required else ''}" in TEXT
    (example,) = re.findall(r"(?s)```json\n(.+?)```", TEXT)
    mapping = read_mapping(example.encode())
    assert set(json.loads(example)) <= {field.name for field in msgspec.structs.fields(Mapping)}
    assert mapping.header_row == 1


def test_every_directive_sub_family_and_answer_stands_in_the_document() -> None:
    assert {f"%{directive}" for directive in DIRECTIVES - {"%"}} <= NAMED
    assert set(FEES) <= NAMED
    assert set(NO_BILL) <= NAMED


@pytest.mark.parametrize(
    "bound",
    [
        f"{limits.BILL_LINE_BYTES_MAX:,} bytes in a line",
        f"{limits.BILL_FIELD_CHARS_MAX:,} characters in a value",
        f"{limits.BILL_REFERENCE_CHARS_MAX} in an id",
        f"{limits.BILL_COLUMNS_MAX} columns",
        f"{limits.BILL_VALUE_FEN_MAX:,} 分 in an amount",
        f"{limits.BILL_BYTES_MAX:,} bytes in a file",
        f"{limits.BILL_SHEET_ROWS_MAX:,} rows in a sheet",
        f"share at most {limits.BILL_SHARED_TEXT_BYTES_MAX:,} bytes",
        f"{limits.BILL_STATEMENTS_MAX:,} statements",
        f"{limits.BILL_XML_DEPTH_MAX} elements within each other",
        f"{limits.BILL_XML_TOKEN_BYTES_MAX:,} bytes of one tag",
        f"{limits.BILL_MAPPING_BYTES_MAX:,} bytes in a mapping",
        f"more than {limits.BILL_BATCH_PARTS_MAX:,}",
        f"up to {limits.BILL_ROW_LINES_MAX} lines",
        f"up to {limits.BILL_HEADER_ROW_MAX} |",
    ],
)
def test_the_document_names_the_bounds_as_they_are(bound: str) -> None:
    assert bound in TEXT.replace("\n", " ")
