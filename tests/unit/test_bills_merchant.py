"""A merchant's own file by its mapping: CSV in both encodings, XLSX with its dates and numbers."""

import io
import json
import zipfile
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, ClassVar

import openpyxl
import pytest

from ledger.bills import BillKind, BillTotals, Difference, Outcome, open_bill, read_mapping
from ledger.bills.sheets import sheet_rows
from ledger.bills.values import Broken
from ledger.domain import limits
from ledger.domain.errors import BillFileUnsuitable, BillMappingUnsuitable
from tests.unit.bill_files import DATA, LINE, MAPPING, NAMES, merchant_file, read, reasons_of, rows_of

MERCHANT: BillKind = "merchant"


def read_csv(
    folder: Path, content: str | bytes, mapping: dict[str, Any] | None = None, *, is_packed: bool = False
) -> tuple[list[Outcome], BillTotals]:
    return read(folder, MERCHANT, content, mapping=MAPPING | (mapping or {}), is_packed=is_packed)


def line(**changed: str) -> list[str]:
    return list((dict(zip(NAMES, LINE, strict=True)) | changed).values())


def sheet(rows: list[list[Any]], title: str = "明细", **more: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    active = book.active
    assert active is not None
    active.title = title
    for row in rows:
        active.append(row)
    for name, others in more.items():
        other = book.create_sheet(name)
        for row in others:
            other.append(row)
    stored = io.BytesIO()
    book.save(stored)
    return stored.getvalue()


def read_xlsx(
    folder: Path, content: bytes, mapping: dict[str, Any] | None = None
) -> tuple[list[Outcome], BillTotals]:
    return read(folder, MERCHANT, content, mapping=MAPPING | {"format": "xlsx"} | (mapping or {}))


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("is_packed", [False, True])
def test_a_file_is_read_as_its_mapping_says(
    tmp_path: Path, encoding: str, delimiter: str, *, is_packed: bool
) -> None:
    refund = line(类型="退款", 金额="-30.00", 手续费="-0.18", 订单号="\tR-1 ", 流水号="S-2", 门店="")
    data = merchant_file([LINE, refund], delimiter=delimiter).replace("\tR-1 ", " R-1 ").encode(encoding)
    outcomes, totals = read_csv(
        tmp_path,
        data,
        {"encoding": encoding.removesuffix("-sig"), "delimiter": delimiter},
        is_packed=is_packed,
    )
    first, second = rows_of(outcomes)
    assert (first.line, first.kind, first.reference, first.own_reference) == (2, "use", "R-1", "S-1")
    assert (first.value_fen, first.fee_fen, first.store_id, first.note) == (3000, 18, "01", "面包")
    assert first.happened_on == date(2024, 5, 6)
    assert first.happened_at == datetime(2024, 5, 6, 0, 12, 3, tzinfo=UTC)
    assert (second.kind, second.reference, second.value_fen, second.fee_fen, second.store_id) == (
        "refund",
        "R-1",
        -3000,
        -18,
        None,
    )
    assert (totals.rows, totals.value_fen, totals.fee_fen, totals.is_agreed) == (2, 0, 0, None)


def test_refunds_without_a_sign_go_back_and_so_do_their_fees(tmp_path: Path) -> None:
    (row,) = rows_of(read_csv(tmp_path, merchant_file([line(类型="退款")]))[0])
    assert (row.value_fen, row.fee_fen) == (-3000, -18)


def test_the_sign_may_tell_what_a_row_is(tmp_path: Path) -> None:
    lines = [LINE, line(金额="-1.00"), line(金额="+1"), line(手续费="")]
    rows = rows_of(read_csv(tmp_path, merchant_file(lines), {"kind": {"by": "sign"}})[0])
    assert [(row.kind, row.value_fen, row.fee_fen) for row in rows] == [
        ("use", 3000, 18),
        ("refund", -100, 18),
        ("use", 100, 18),
        ("use", 3000, None),
    ]


def test_words_may_mean_that_a_row_is_something_else_or_does_not_count(tmp_path: Path) -> None:
    kind = MAPPING["kind"] | {"other": ["调账"], "passed_over": ["未支付"]}
    lines = [line(类型="调账", 金额="-3"), line(类型="未支付", 金额="?")]
    outcomes, totals = read_csv(tmp_path, merchant_file(lines), {"kind": kind})
    assert [(row.kind, row.value_fen) for row in rows_of(outcomes)] == [("other", -300)]
    assert totals.passed_over == 1


def test_amounts_may_be_whole_fen_or_have_commas_between_thousands(tmp_path: Path) -> None:
    names = [*NAMES]
    fen = {"value": {"column": "金额", "unit": "fen"}, "fee": {"column": "手续费", "unit": "fen"}}
    (row,) = rows_of(read_csv(tmp_path, merchant_file([line(金额="3000", 手续费="18.00")], names), fen)[0])
    assert (row.value_fen, row.fee_fen) == (3000, 18)
    grouped = {"value": {"column": "金额", "unit": "yuan", "is_grouped": True}}
    lines = [line(金额=f'"{text}"') for text in ("1,234,567.80", "-1,000", "100.5", "1,23", ",1", "1,234,5")]
    outcomes, _ = read_csv(tmp_path, merchant_file(lines), grouped | {"kind": {"by": "sign"}})
    assert [row.value_fen for row in rows_of(outcomes[:3])] == [123_456_780, -100_000, 10_050]
    assert reasons_of(outcomes) == [(number, "value_malformed") for number in (5, 6, 7)]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"类型": "?"}, "kind_unknown"),
        ({"金额": "30.005"}, "value_not_whole_fen"),
        ({"金额": ""}, "value_malformed"),
        ({"金额": "¥30"}, "value_malformed"),
        ({"金额": "NaN"}, "value_malformed"),
        ({"金额": "-30"}, "sign_unsuitable"),
        ({"手续费": "0.185"}, "value_not_whole_fen"),
        ({"时间": "2024-05-06"}, "time_malformed"),
        ({"时间": ""}, "time_malformed"),
        ({"时间": "2024-5-6 8:12:03"}, None),
        ({"订单号": "x" * 128}, None),
        ({"订单号": "x" * 129}, "reference_unsuitable"),
        ({"订单号": ""}, None),
        ({"备注": "x" * 4_096}, None),
        ({"备注": "x" * 4_097}, "field_too_long"),
        ({"备注": "x" * 70_000}, "line_too_long"),
        ({"备注": '"'}, "line_malformed"),
        ({"备注": "a,b"}, "columns_differ"),
        ({"备注": '"a,b"'}, None),
        ({"备注": '"a""b"'}, None),
        ({"备注": '"a\nb\n\nc"'}, None),
        ({"备注": '5" Brot'}, None),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_the_next_one_is_read(
    tmp_path: Path, changed: dict[str, str], reason: str | None
) -> None:
    outcomes, totals = read_csv(tmp_path, merchant_file([line(**changed), LINE]))
    assert rows_of(outcomes[-1:])[0].reference == "R-1"
    assert reasons_of(outcomes) == ([] if reason is None else [(2, reason)])
    assert (len(outcomes), totals.unreadable) == (2, reason is not None)


def test_a_row_runs_over_as_many_lines_as_are_read_and_not_over_one_more(tmp_path: Path) -> None:
    most = limits.BILL_ROW_LINES_MAX
    note = '"' + "\n".join(["a"] * most) + '"'
    outcomes, _ = read_csv(tmp_path, merchant_file([line(备注=note), LINE]))
    assert [row.line for row in rows_of(outcomes)] == [2, 2 + most]
    assert rows_of(outcomes)[0].note == " ".join(["a"] * most)
    outcomes, _ = read_csv(tmp_path, merchant_file([line(备注=note.replace("a", "a\na", 1)), LINE]))
    assert reasons_of(outcomes)[0] == (2, "line_malformed")
    assert rows_of(outcomes[-1:])


def test_bytes_that_are_no_text_cost_their_own_line(tmp_path: Path) -> None:
    data = merchant_file([LINE, LINE]).encode().replace("面包".encode(), b"\xff\xfe", 1)
    outcomes, _ = read_csv(tmp_path, data)
    assert reasons_of(outcomes) == [(2, "encoding_unknown")]
    assert rows_of(outcomes[1:])


def test_empty_lines_are_passed_over_and_titles_may_stand_above_the_header(tmp_path: Path) -> None:
    text = "2024年5月对账单\n\n" + merchant_file([LINE, [""] * 8]) + "\n,,\n"
    outcomes, _ = read_csv(tmp_path, text, {"header_row": 3})
    assert [row.line for row in rows_of(outcomes)] == [4]


class TestTheRowOfSums:
    SUMMARY: ClassVar = {"summary": {"column": "订单号", "word": "合计"}}

    @pytest.mark.parametrize(
        ("value", "fee", "differences"),
        [
            ("60.00", "0.36", ()),
            ("60.00", "", ()),
            ("60.01", "0.36", (Difference("value", "fen", 6001, 6000),)),
            ("60.00", "0.3", (Difference("fee", "fen", 30, 36),)),
        ],
    )
    def test_it_is_held_against_the_rows(
        self, tmp_path: Path, value: str, fee: str, differences: tuple[Difference, ...]
    ) -> None:
        total = ["合计", "", "", value, fee, "", "", ""]
        outcomes, totals = read_csv(tmp_path, merchant_file([LINE, LINE, total]), self.SUMMARY)
        assert len(rows_of(outcomes)) == 2
        assert (totals.differences, totals.is_agreed) == (differences, not differences)

    def test_one_that_is_missing_is_named(self, tmp_path: Path) -> None:
        outcomes, totals = read_csv(tmp_path, merchant_file([LINE]), self.SUMMARY)
        assert reasons_of(outcomes) == [(2, "summary_missing")]
        assert totals.is_agreed is False

    def test_one_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        total = ["合计", "", "", "?", "", "", "", ""]
        outcomes, totals = read_csv(tmp_path, merchant_file([LINE, total]), self.SUMMARY)
        assert reasons_of(outcomes) == [(3, "value_malformed")]
        assert totals.is_agreed is False


@pytest.mark.parametrize(
    ("content", "mapping", "told"),
    [
        ("", {}, "before the header"),
        (merchant_file([LINE]), {"header_row": 3}, "before the header"),
        (merchant_file([LINE]), {"reference": "单号"}, "lacks 单号"),
        (merchant_file([LINE], [*NAMES[:-1], "金额"]), {}, "has twice 金额"),
        (merchant_file([LINE]).encode("gb18030"), {}, "encoding_unknown"),
        (merchant_file([LINE]), {"delimiter": ";"}, "lacks"),
        ('"' + merchant_file([]), {}, "line_malformed"),
        (merchant_file([], [*NAMES, *(f"c{n}" for n in range(249))]), {}, "more than 256 columns"),
        (b"\x1f\x8b", {}, "breaks off"),
    ],
)
def test_a_file_that_the_mapping_does_not_fit_is_told_at_once(
    tmp_path: Path, content: str | bytes, mapping: dict[str, Any], told: str
) -> None:
    with pytest.raises(BillFileUnsuitable) as refused:
        read_csv(tmp_path, content, mapping)
    assert told in refused.value.reason


def test_as_many_columns_as_are_read_are_read(tmp_path: Path) -> None:
    more = limits.BILL_COLUMNS_MAX - len(NAMES)
    names = [*NAMES, *(f"c{n}" for n in range(more))]
    assert rows_of(read_csv(tmp_path, merchant_file([[*LINE, *[""] * more]], names))[0])


# ── days and times ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("form", "zone", "text", "on", "at"),
    [
        ("%Y/%m/%d", "Asia/Shanghai", "2024/5/6", date(2024, 5, 6), None),
        ("%Y年%m月%d日", "Asia/Shanghai", "2024年05月06日", date(2024, 5, 6), None),
        ("%Y%m%d", "Asia/Shanghai", "20240506", date(2024, 5, 6), None),
        (
            "%d.%m.%Y %H:%M",
            "Europe/Berlin",
            "31.05.2024 23:30",
            date(2024, 5, 31),
            datetime(2024, 5, 31, 21, 30, tzinfo=UTC),
        ),
        (
            "%Y-%m-%dT%H:%M:%S%z",
            "Asia/Shanghai",
            "2024-05-31T23:30:00-07:00",
            date(2024, 5, 31),
            datetime(2024, 6, 1, 6, 30, tzinfo=UTC),
        ),
        (
            "%Y-%m-%dT%H:%M:%S",
            "Asia/Shanghai",
            "2024-06-01T00:00:00",
            date(2024, 6, 1),
            datetime(2024, 5, 31, 16, 0, tzinfo=UTC),
        ),
        # When clocks are put back the first of the two hours is meant.
        (
            "%Y-%m-%d %H:%M:%S",
            "Europe/Berlin",
            "2024-10-27 02:30:00",
            date(2024, 10, 27),
            datetime(2024, 10, 27, 0, 30, tzinfo=UTC),
        ),
        ("%Y-%m-%d %H:%M:%S", "Europe/Berlin", "2024-03-31 02:30:00", None, None),
        ("%Y/%m/%d", "Asia/Shanghai", "2024/13/6", None, None),
        ("%Y/%m/%d", "Asia/Shanghai", "２０２４/5/6", None, None),
        ("%Y-%m-%d %H:%M:%S", "Asia/Shanghai", "0001-01-01 00:00:00", None, None),
    ],
)
def test_days_and_times_are_read_in_the_form_and_zone_of_the_mapping(
    tmp_path: Path, form: str, zone: str, text: str, on: date | None, at: datetime | None
) -> None:
    happened = {"happened": {"column": "时间", "form": form, "zone": zone}}
    outcomes, _ = read_csv(tmp_path, merchant_file([line(时间=text)]), happened)
    if on is None:
        assert reasons_of(outcomes)[0][1] in {"time_malformed", "day_malformed"}
    else:
        (row,) = rows_of(outcomes)
        assert (row.happened_on, row.happened_at) == (on, at)


# ── XLSX ─────────────────────────────────────────────────────────────────────────────────────


def test_a_sheet_is_read_with_its_dates_and_numbers(tmp_path: Path) -> None:
    at = datetime(2024, 5, 6, 8, 12, 3)  # noqa: DTZ001
    rows: list[list[Any]] = [
        [1001, "S-1", "核销", 0.1 + 0.2 - 0.2 + 2.99, 0.07, at, 7, "面包"],
        ["R-2", None, "退款", 12, None, "2024-05-06 08:12:03", None, None],
        [None] * 8,
        ["R-3", "S-3", "核销", 1.1, 0, at.replace(hour=23, minute=59, second=59), "01", True],
    ]
    outcomes, totals = read_xlsx(tmp_path, sheet([["标题"], NAMES, *rows]), {"header_row": 2})
    found = rows_of(outcomes)
    assert [(row.line, row.reference, row.value_fen, row.fee_fen) for row in found] == [
        (3, "1001", 309, 7),
        (4, "R-2", -1200, None),
        (6, "R-3", 110, 0),
    ]
    assert found[0].happened_at == found[1].happened_at == datetime(2024, 5, 6, 0, 12, 3, tzinfo=UTC)
    assert found[2].happened_at == datetime(2024, 5, 6, 15, 59, 59, tzinfo=UTC)
    assert (found[0].store_id, found[1].store_id, found[2].note) == ("7", None, "True")
    assert totals.rows == 3


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (3, 12.3 * 3, "value_not_whole_fen"),
        (3, 12.345, "value_not_whole_fen"),
        (3, 1e22, "digits_lost"),
        (3, None, "value_malformed"),
        (3, "#DIV/0!", "value_malformed"),
        (3, True, "value_malformed"),
        (0, 123456789012345, None),
        (0, 1234567890123456, "digits_lost"),
        (0, 1.2345678901234567e17, "digits_lost"),
        (5, time(8, 12, 3), "time_malformed"),
        (5, 45418.34, "time_malformed"),
        (7, "x" * 4_096, None),
        (7, "x" * 4_097, "field_too_long"),
    ],
)
def test_cells_that_cannot_be_read_are_named(
    tmp_path: Path, place: int, value: object, reason: str | None
) -> None:
    cells: list[Any] = ["R-1", "S-1", "核销", 3.5, 0, datetime(2024, 5, 6), "01", ""]  # noqa: DTZ001
    wrong = [*cells[:place], value, *cells[place + 1 :]]
    outcomes, _ = read_xlsx(tmp_path, sheet([NAMES, wrong, cells]))
    assert reasons_of(outcomes) == ([] if reason is None else [(2, reason)])
    assert rows_of(outcomes[-1:])[0].value_fen == 350


@pytest.mark.parametrize(
    ("mapping", "told"),
    [({"sheet": "别的"}, "no such sheet"), ({"header_row": 9}, "lacks"), ({"store": "店"}, "lacks 店")],
)
def test_a_sheet_that_the_mapping_does_not_fit_is_told_at_once(
    tmp_path: Path, mapping: dict[str, Any], told: str
) -> None:
    with pytest.raises(BillFileUnsuitable) as refused:
        read_xlsx(tmp_path, sheet([NAMES, LINE]), mapping)
    assert told in refused.value.reason


def test_a_sheet_is_found_by_its_name(tmp_path: Path) -> None:
    outcomes, _ = read_xlsx(tmp_path, sheet([["其他"]], 明细二=[NAMES, LINE]), {"sheet": "明细二"})
    assert rows_of(outcomes)[0].value_fen == 3000


def repacked(data: bytes, **changed: str) -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as new:
        members = {name: old.read(name).decode() for name in old.namelist()}
        for name, text in (members | changed).items():
            new.writestr(name, text)
    return stored.getvalue()


def with_shared(texts: str, part: str = "xl/sharedStrings.xml") -> bytes:
    data = sheet([NAMES, LINE])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        types = archive.read(TYPES).decode()
        cells = archive.read(SHEET).decode()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/{part}" ContentType="{kind}"/></Types>'
    cells = cells.replace('t="inlineStr"><is><t>面包</t></is>', 't="s"><v>0</v>')
    return repacked(data, **{TYPES: types.replace("</Types>", override), SHEET: cells, part: texts})


TYPES = "[Content_Types].xml"
SHEET = "xl/worksheets/sheet1.xml"
BOOK = "xl/workbook.xml"
SHARED = "<sst xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><si><t>?</t></si></sst>"
LAUGHS = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04nothing",
        merchant_file([LINE]).encode(),
        (DATA / "camt053.xml").read_bytes(),
        sheet([NAMES, LINE])[:-200],
        repacked(sheet([NAMES, LINE]), **{BOOK: LAUGHS + "<workbook>&b;</workbook>"}),
        repacked(sheet([NAMES, LINE]), **{BOOK: "<workbook"}),
        repacked(sheet([NAMES, LINE]), **{SHEET: LAUGHS + "<worksheet>&b;</worksheet>"}),
        repacked(sheet([NAMES, LINE]), **{TYPES: LAUGHS + "<Types>&b;</Types>"}),
        with_shared(LAUGHS + "<sst><si><t>&b;</t></si></sst>"),
        with_shared(SHARED.replace("?", " " * limits.BILL_SHARED_TEXT_BYTES_MAX)),
        with_shared(SHARED.replace("?", " " * limits.BILL_SHARED_TEXT_BYTES_MAX), "xl/worksheets/x.xml"),
    ],
    ids=range(12),
)
def test_what_is_no_sheet_or_attacks_is_told_at_once(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BillFileUnsuitable):
        read_xlsx(tmp_path, content)


def test_texts_that_cells_share_are_read(tmp_path: Path) -> None:
    outcomes, _ = read_xlsx(tmp_path, with_shared(SHARED.replace("?", "牛奶")))
    assert rows_of(outcomes)[0].note == "牛奶"


def test_a_sheet_that_breaks_off_gives_its_rows_and_says_so(tmp_path: Path) -> None:
    data = sheet([NAMES, *[LINE] * 3_000])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read(SHEET).decode()
    outcomes, totals = read_xlsx(tmp_path, repacked(data, **{SHEET: text[: len(text) // 2]}))
    assert len(rows_of(outcomes[:-1])) > 1_000
    assert reasons_of(outcomes)[-1][1] == "file_truncated"
    assert totals.is_agreed is False


def test_as_many_rows_as_a_sheet_may_have_are_read_and_one_more_is_told(tmp_path: Path) -> None:
    path = tmp_path / "bill"
    mapping = read_mapping(MAPPING | {"format": "xlsx"})
    for rows, last in ((3, 3), (4, None)):
        path.write_bytes(sheet([NAMES, *[LINE] * (rows - 1)]))
        found = sheet_rows(path, mapping, ["订单号"], rows_max=3)
        assert [next(found), next(found)] == [(2, ["R-1"]), (3, ["R-1"])]
        if last is None:
            with pytest.raises(Broken) as broken:
                next(found)
            assert (broken.value.reason, broken.value.line) == ("file_too_long", 4)
        else:
            assert list(found) == []


def test_rows_far_below_are_found_whatever_size_the_sheet_says_of_itself(tmp_path: Path) -> None:
    data = sheet([NAMES, LINE])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read(SHEET).decode()
    moved = text.replace('<row r="2"', '<row r="2000"').replace('2" t="', '2000" t="')
    assert 'ref="A1:H2"' in moved
    outcomes, _ = read_xlsx(tmp_path, repacked(data, **{SHEET: moved}))
    assert [row.line for row in rows_of(outcomes)] == [2000]


# ── mappings ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"format": "pdf"}, "$.format"),
        ({"reference": ""}, "$.reference"),
        ({"columns": {}}, "columns"),
        ({"kind": {"by": "colour"}}, "$.kind"),
        ({"kind": {"by": "words", "column": "类型", "use": []}}, "no word"),
        ({"kind": {"by": "words", "column": "类型", "use": ["a"], "refund": ["a"]}}, "'a' stands twice"),
        ({"kind": {"by": "words", "column": "类型", "use": ["a"] * 51}}, "$.kind.use"),
        ({"value": {"column": "金额", "unit": "cent"}}, "$.value.unit"),
        ({"happened": {"column": "时间", "form": "%Y-%m"}}, "%d"),
        ({"happened": {"column": "时间", "form": "%Y-%m-%d %M"}}, "needs %H"),
        ({"happened": {"column": "时间", "form": "%Y-%m-%d %Y"}}, "each once"),
        ({"happened": {"column": "时间", "form": "%d %b %Y"}}, "%b"),
        ({"happened": {"column": "时间", "form": "%Y%m%d%"}}, "is not read"),
        ({"happened": {"column": "时间", "form": "%Y%m%d", "zone": "Mars/Olympus"}}, "IANA"),
        ({"happened": {"column": "时间", "form": "%Y%m%d", "zone": "../etc"}}, "IANA"),
        ({"header_row": 0}, "$.header_row"),
        ({"header_row": 101}, "$.header_row"),
        ({"encoding": "utf-16"}, "$.encoding"),
        ({"delimiter": "::"}, "$.delimiter"),
        ({"note": "x" * 201}, "$.note"),
    ],
)
def test_a_mapping_that_does_not_fit_is_told_with_its_place(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(BillMappingUnsuitable) as refused:
        read_mapping(MAPPING | changed)
    assert told in refused.value.reason


@pytest.mark.parametrize("document", [b"", b"[]", b"\xff", b"[" * 60_000, b" " * 65_537])
def test_what_is_no_mapping_is_told(document: bytes) -> None:
    with pytest.raises(BillMappingUnsuitable):
        read_mapping(document)


def test_the_longest_mapping_is_read() -> None:
    document = json.dumps(MAPPING | {"header_row": limits.BILL_HEADER_ROW_MAX}).encode()
    assert read_mapping(document.ljust(limits.BILL_MAPPING_BYTES_MAX)).header_row == 100


def test_only_a_merchants_own_file_is_read_by_a_mapping() -> None:
    with pytest.raises(BillMappingUnsuitable):
        open_bill(DATA / "camt053.xml", MERCHANT)
    with pytest.raises(BillMappingUnsuitable):
        open_bill(DATA / "camt053.xml", "camt053", read_mapping(MAPPING))
