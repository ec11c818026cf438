"""Statements of banks in camt.053: every version, batches, reversals, balances, and documents that attack."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ledger.bills import REASONS, Balance, BillKind, BillTotals, Difference, Outcome, open_bill
from ledger.domain import limits
from ledger.domain.errors import BillFileUnsuitable
from tests.unit.bill_files import (
    DATA,
    balance,
    document,
    entry,
    read,
    reasons_of,
    rows_of,
    statement,
)

CAMT: BillKind = "camt053"


def read_camt(folder: Path, content: str | bytes) -> tuple[list[Outcome], BillTotals]:
    return read(folder, CAMT, content)


def detail(reference: str = "E-1", value: str | None = None, more: str = "") -> str:
    amount = "" if value is None else f"<Amt Ccy='CNY'>{value}</Amt>"
    return f"<TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs>{amount}{more}</TxDtls>"


def details(*parts: str) -> str:
    return f"<NtryDtls>{''.join(parts)}</NtryDtls>"


def test_a_day_of_an_account_is_read_and_its_balances_hold_together() -> None:
    bill = open_bill(DATA / "camt053.xml", CAMT)
    rows = rows_of(bill)
    assert [(row.line, row.kind, row.reference, row.own_reference, row.value_fen) for row in rows] == [
        (6, "payment", "SETTLE-2024-05-M001", "BK0001", -128_460),
        (8, "payment", "FUND-SPONSOR-7", "BK0002", 5_000_000),
    ]
    assert rows[0].note == "merchant M001 2024-05"
    assert rows[0].merchant_reference == "5100123456"
    day = date(2024, 5, 31)
    assert (rows[0].happened_on, rows[0].happened_at) == (day, None)
    assert bill.totals.is_agreed
    assert bill.totals.balances == (
        Balance("STMT-1", "OPBD", 10_000_000, day),
        Balance("STMT-1", "CLBD", 14_871_540, day),
    )


@pytest.mark.parametrize("version", ["01", "02", "06", "08", "13"])
@pytest.mark.parametrize("prefix", ["", "ns0:"])
def test_names_count_whatever_the_version_and_the_prefix(tmp_path: Path, version: str, prefix: str) -> None:
    text = document(statement(entry("5.00", details=details(detail())), closing="105.00"), version=version)
    if prefix:
        text = text.replace("</", "</ns0:").replace("<", "<ns0:").replace("<ns0:/ns0:", "</ns0:")
        text = text.replace("<ns0:?", "<?").replace("xmlns=", "xmlns:ns0=")
    outcomes, totals = read_camt(tmp_path, text)
    assert [row.reference for row in rows_of(outcomes)] == ["E-1"]
    assert totals.is_agreed


def test_a_status_is_read_as_old_and_as_new_versions_write_it_and_only_booked_entries_count(
    tmp_path: Path,
) -> None:
    entries = (
        entry("1.00", status="<Sts>BOOK</Sts>")
        + entry("2.00", status="<Sts>PDNG</Sts>")
        + entry("4.00", status="<Sts>\n <Cd>PDNG</Cd></Sts>")
        + entry("8.00", status="<Sts><Cd>INFO</Cd></Sts>")
        + entry("16.00", status="<Sts>\n <Cd>BOOK</Cd>\n</Sts>")
    )
    outcomes, totals = read_camt(tmp_path, document(statement(entries, closing="117.00")))
    assert [row.value_fen for row in rows_of(outcomes)] == [100, 1600]
    assert (totals.passed_over, totals.is_agreed) == (3, True)


class TestBatches:
    def test_every_part_with_its_own_amount_is_a_row_of_the_batch(self, tmp_path: Path) -> None:
        parts = details(
            "<Btch><NbOfTxs>2</NbOfTxs></Btch>", detail("E-1", "2.00"), detail("E-2", "3.00")
        ) + details(detail("E-3", "5.00", "<Refs><TxId>T-3</TxId></Refs>"))
        outcomes, totals = read_camt(
            tmp_path, document(statement(entry("10.00", "DBIT", parts), closing="90.00"))
        )
        rows = rows_of(outcomes)
        assert [(row.reference, row.own_reference, row.value_fen) for row in rows] == [
            ("E-1", "BK-7/1", -200),
            ("E-2", "BK-7/2", -300),
            ("E-3", "T-3", -500),
        ]
        assert {row.part_of for row in rows} == {"BK-7"}
        assert (totals.rows, totals.is_agreed) == (3, True)

    def test_a_part_may_go_the_other_way_and_have_its_amount_among_details(self, tmp_path: Path) -> None:
        amount = "<AmtDtls><TxAmt><Amt Ccy='CNY'>4.00</Amt></TxAmt></AmtDtls><CdtDbtInd>CRDT</CdtDbtInd>"
        parts = details(detail("E-1", "14.00"), detail("E-2", None, amount))
        outcomes, totals = read_camt(
            tmp_path, document(statement(entry("10.00", "DBIT", parts), closing="90.00"))
        )
        assert [row.value_fen for row in rows_of(outcomes)] == [-1400, 400]
        assert totals.is_agreed

    @pytest.mark.parametrize(
        "second",
        [
            detail("E-2", "5.01"),
            detail("E-2"),
            detail("E-2", "5.001"),
            detail("E-2", "5.00").replace("CNY", "USD"),
            detail("E" * 129, "5.00"),
            detail("E-2", "5.00", f"<RmtInf><Ustrd>{'x' * 4_097}</Ustrd></RmtInf>"),
        ],
    )
    def test_parts_that_do_not_add_up_are_named_and_the_batch_stays_one_row(
        self, tmp_path: Path, second: str
    ) -> None:
        batch = entry("10.00", details=details(detail("E-1", "5.00"), second))
        outcomes, totals = read_camt(tmp_path, document(statement(batch, closing="110.00")))
        assert [reason for _, reason in reasons_of(outcomes)] == ["parts_differ"]
        (row,) = rows_of(outcomes[1:])
        assert (row.value_fen, row.own_reference, row.part_of) == (1000, "BK-7", None)
        assert totals.is_agreed

    def test_one_detail_is_the_entry_itself(self, tmp_path: Path) -> None:
        batch = entry("10.00", details=details(detail("E-1", "10.50")))
        outcomes, _ = read_camt(tmp_path, document(statement(batch, closing="110.00")))
        assert [(row.reference, row.value_fen, row.part_of) for row in rows_of(outcomes)] == [
            ("E-1", 1000, None)
        ]

    def test_as_many_parts_as_are_read_are_rows_and_one_more_make_one(self, tmp_path: Path) -> None:
        most = limits.BILL_BATCH_PARTS_MAX
        batches = "".join(
            entry(f"{count}.00", details=details(*[detail("E", "1.00")] * count))
            for count in (most, most + 1)
        )
        outcomes, totals = read_camt(tmp_path, document(statement(batches, closing=f"{101 + 2 * most}.00")))
        assert len(rows_of(outcomes[:most])) == most
        assert reasons_of(outcomes[most:]) == [(3, "parts_too_many")]
        assert rows_of(outcomes[-1:])[0].value_fen == 100 * (most + 1)
        assert totals.is_agreed


def test_a_payout_that_comes_back_is_a_reversal_in_favour(tmp_path: Path) -> None:
    names = "<RltdPties><Dbtr><Pty><Nm>城市</Nm></Pty></Dbtr><Cdtr><Nm>商户</Nm></Cdtr></RltdPties>"
    text = entry("3.00", "DBIT", details(detail(more=names)))
    text += entry("3.00", "CRDT", details(detail(more=names)), more="<RvslInd>true</RvslInd>")
    outcomes, totals = read_camt(tmp_path, document(statement(text)))
    rows = rows_of(outcomes)
    assert [(row.value_fen, row.is_reversal, row.counterparty) for row in rows] == [
        (-300, False, "商户"),
        (300, True, "商户"),
    ]
    assert totals.is_agreed


@pytest.mark.parametrize("code", ["CHRG", "FEES", "COMM"])
def test_charges_of_the_bank_are_fees(tmp_path: Path, code: str) -> None:
    sort = f"<BkTxCd><Domn><Fmly><SubFmlyCd>{code}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    outcomes, _ = read_camt(tmp_path, document(statement(entry("3.00", "DBIT", sort), closing="97.00")))
    assert rows_of(outcomes)[0].kind == "fee"


def test_what_names_nothing_has_no_reference_and_remarks_are_joined(tmp_path: Path) -> None:
    more = "<RmtInf><Ustrd>a</Ustrd><Ustrd>b\nc</Ustrd></RmtInf><AddtlTxInf>d</AddtlTxInf>"
    text = statement(entry("3.00", details=details(detail("NOTPROVIDED", more=more))), closing="103.00")
    (row,) = rows_of(read_camt(tmp_path, document(text))[0])
    assert (row.reference, row.note) == ("", "a b c d")


@pytest.mark.parametrize(
    ("day", "on", "at"),
    [
        ("<Dt>2024-05-31+08:00</Dt>", date(2024, 5, 31), None),
        (
            "<DtTm>2024-06-01T00:30:00+08:00</DtTm>",
            date(2024, 6, 1),
            datetime(2024, 5, 31, 16, 30, tzinfo=UTC),
        ),
        ("<DtTm>2024-06-01T00:30:00</DtTm>", date(2024, 6, 1), None),
    ],
)
def test_the_day_is_the_one_on_which_it_was_booked(
    tmp_path: Path, day: str, on: date, at: datetime | None
) -> None:
    text = statement(entry("3.00", day=f"<BookgDt>{day}</BookgDt>"), closing="103.00")
    (row,) = rows_of(read_camt(tmp_path, document(text))[0])
    assert (row.happened_on, row.happened_at) == (on, at)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (entry("3.00", currency="USD"), "currency_unsuitable"),
        (entry("3.00").replace(" Ccy='CNY'", ""), "currency_unsuitable"),
        (entry("3.001"), "value_not_whole_fen"),
        (entry("3,00"), "value_malformed"),
        (entry("-3.00"), "sign_unsuitable"),
        (entry("3.00", "BOTH"), "field_missing"),
        (entry("3.00", status=""), "field_missing"),
        (entry("3.00", day=""), "day_malformed"),
        (entry("3.00", day="<BookgDt><Dt>2024-02-30</Dt></BookgDt>"), "day_malformed"),
        (entry("3.00", day="<BookgDt><Dt>2024-05-31x</Dt></BookgDt>"), "day_malformed"),
        (entry("3.00", day="<BookgDt><DtTm>noon</DtTm></BookgDt>"), "time_malformed"),
        (entry("3.00", details=details(detail("E" * 129))), "reference_unsuitable"),
        (
            entry("3.00", details=f"<AddtlNtryInf>{'x' * (limits.BILL_FIELD_CHARS_MAX + 1)}</AddtlNtryInf>"),
            "field_too_long",
        ),
    ],
)
def test_an_entry_that_cannot_be_read_is_named_and_the_balances_miss_it(
    tmp_path: Path, wrong: str, reason: str
) -> None:
    outcomes, totals = read_camt(tmp_path, document(statement(wrong + entry("5.00"), closing="108.00")))
    assert reasons_of(outcomes) == [(3, reason)]
    assert rows_of(outcomes[1:])[0].value_fen == 500
    assert totals.is_agreed is False


def test_the_longest_text_is_read(tmp_path: Path) -> None:
    text = f"<AddtlNtryInf>{'x' * limits.BILL_FIELD_CHARS_MAX}</AddtlNtryInf>"
    outcomes, _ = read_camt(tmp_path, document(statement(entry("3.00", details=text), closing="103.00")))
    assert len(rows_of(outcomes)[0].note) == limits.BILL_FIELD_CHARS_MAX


class TestBalances:
    def test_an_account_may_be_overdrawn(self, tmp_path: Path) -> None:
        text = statement(entry("150.00", "DBIT"), closing="50.00", sign="DBIT")
        _, totals = read_camt(tmp_path, document(text))
        assert totals.is_agreed
        assert totals.balances[1].value_fen == -5000

    def test_a_closing_balance_that_the_entries_do_not_lead_to_is_named(self, tmp_path: Path) -> None:
        _, totals = read_camt(tmp_path, document(statement(entry("5.00"), closing="106.00")))
        assert totals.differences == (Difference("S-1 CLBD", "fen", 10_600, 10_500),)
        assert totals.is_agreed is False

    def test_several_statements_are_held_together_one_by_one(self, tmp_path: Path) -> None:
        first = statement(entry("5.00"), closing="105.00")
        second = statement(entry("5.00"), opening="105.00", closing="111.00").replace("S-1", "S-2")
        outcomes, totals = read_camt(tmp_path, document(first, second))
        assert len(rows_of(outcomes)) == 2
        assert [difference.name for difference in totals.differences] == ["S-2 CLBD"]
        assert len(totals.balances) == 4

    @pytest.mark.parametrize("code", ["PRCD", "ITBD"])
    def test_another_balance_may_be_the_opening_one(self, tmp_path: Path, code: str) -> None:
        text = statement(entry("5.00"), closing="105.00").replace("OPBD", code)
        outcomes, totals = read_camt(tmp_path, document(text))
        assert rows_of(outcomes)
        assert totals.is_agreed

    def test_pages_are_joined_by_interim_balances(self, tmp_path: Path) -> None:
        pages = [
            f"<Stmt><Id>P-1</Id>{balance('OPBD', '1.00')}{balance('ITBD', '6.00')}{entry('5.00')}</Stmt>",
            f"<Stmt><Id>P-2</Id>{balance('ITBD', '6.00')}{balance('ITBD', '11.00')}{entry('5.00')}</Stmt>",
            f"<Stmt><Id>P-3</Id>{balance('ITBD', '11.00')}{balance('CLBD', '16.00')}{entry('5.00')}</Stmt>",
        ]
        outcomes, totals = read_camt(tmp_path, document(*pages))
        assert len(rows_of(outcomes)) == 3
        assert totals.is_agreed

    def test_what_the_day_before_ended_with_is_what_the_day_begins_with(self, tmp_path: Path) -> None:
        text = statement(balance("PRCD", "99.00"), closing="100.00")
        _, totals = read_camt(tmp_path, document(text))
        assert totals.differences == (Difference("S-1 PRCD", "fen", 9_900, 10_000),)

    @pytest.mark.parametrize("code", ["OPBD", "CLBD"])
    def test_one_that_is_missing_is_named(self, tmp_path: Path, code: str) -> None:
        text = statement(entry("5.00"), closing="105.00").replace(code, "CLAV")
        outcomes, totals = read_camt(tmp_path, document(text))
        assert reasons_of(outcomes) == [(3, "balance_missing")]
        assert totals.is_agreed is False

    @pytest.mark.parametrize(
        ("wrong", "reason"),
        [
            (balance("CLBD", "100.00", currency="EUR"), "currency_unsuitable"),
            (balance("CLBD", "100.001"), "value_not_whole_fen"),
            (balance("CLBD", "100.00", sign="?"), "field_missing"),
            (balance("CLBD", "100.00").replace("2024-05-31", "soon"), "day_malformed"),
        ],
    )
    def test_one_that_cannot_be_read_is_named(self, tmp_path: Path, wrong: str, reason: str) -> None:
        text = f"<Stmt><Id>S-1</Id>{balance('OPBD', '100.00')}{wrong}</Stmt>"
        outcomes, totals = read_camt(tmp_path, document(text))
        assert reasons_of(outcomes)[0] == (3, reason)
        assert totals.is_agreed is False

    @pytest.mark.parametrize(
        ("path", "stated", "found"),
        [
            ("TtlNtries/NbOfNtries", 3, 2),
            ("TtlCdtNtries/NbOfNtries", 2, 1),
            ("TtlDbtNtries/NbOfNtries", 0, 1),
            ("TtlCdtNtries/Sum", 501, 500),
            ("TtlDbtNtries/Sum", 0, 500),
        ],
    )
    def test_the_sums_of_its_entries_are_held_against_them(
        self, tmp_path: Path, path: str, stated: int, found: int
    ) -> None:
        above, name = path.split("/")
        text = f"{stated / 100:.2f}" if name == "Sum" else str(stated)
        sums = f"<TxsSummry><{above}><{name}>{text}</{name}></{above}></TxsSummry>"
        entries = entry("5.00") + entry("5.00", "DBIT")
        outcomes, totals = read_camt(tmp_path, document(statement(entries, more=sums)))
        assert len(rows_of(outcomes)) == 2
        assert [(one.name, one.stated, one.found) for one in totals.differences] == [
            (f"S-1 {path}", stated, found)
        ]

    def test_sums_that_cannot_be_read_are_named(self, tmp_path: Path) -> None:
        sums = "<TxsSummry><TtlNtries><NbOfNtries>two</NbOfNtries></TtlNtries></TxsSummry>"
        outcomes, totals = read_camt(tmp_path, document(statement("", more=sums)))
        assert reasons_of(outcomes) == [(3, "summary_malformed")]
        assert totals.is_agreed is False


@pytest.mark.parametrize("encoding", ["GBK", "gb2312", "GB18030", "UTF-8", "UTF-16", "ISO-8859-1"])
def test_documents_of_chinese_banks_are_read_in_their_encodings(tmp_path: Path, encoding: str) -> None:
    note = "cafe" if encoding == "ISO-8859-1" else "商户结算" * 20_000
    text = statement(
        entry("3.00", details=f"<AddtlNtryInf>五月</AddtlNtryInf><X>{note}</X>"), closing="103.00"
    )
    text = text if encoding != "ISO-8859-1" else text.replace("五月", "mai")
    data = document(text).replace("UTF-8", encoding).encode(encoding)
    (row,) = rows_of(read_camt(tmp_path, data)[0])
    assert row.note in {"五月", "mai"}


LAUGHS = "".join(
    f'<!ENTITY l{n} "{"".join(f"&l{n - 1};" for _ in range(10)) if n else "lol"}">' for n in range(10)
)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "before it is complete"),
        ("{}", "no row of this bill"),
        ("<html></html>", "camt.053"),
        ("<Document><BkToCstmrAcctRpt><Rpt/></BkToCstmrAcctRpt></Document>", "camt.053"),
        (document("", head=f"<!DOCTYPE Document [{LAUGHS}]>"), "document_type_refused"),
        (document("", head="<!DOCTYPE a SYSTEM 'file:///etc/passwd'>"), "document_type_refused"),
        (document("<Stmt><Id>&lol;</Id></Stmt>"), "no row of this bill"),
        (document(f"<Stmt a='{'x' * 2_000_000}'/>"), "longer"),
        (document("<!--" + "x" * 2_000_000 + "-->"), "longer"),
        (document(f"<{'x' * 101}/>"), "no row of this bill"),
        (document("<a>" * 30 + "</a>" * 30), None),
        (document("<a>" * 31 + "</a>" * 31), "no row of this bill"),
        (document(statement("")).encode("gb18030").replace(b"UTF-8", b"GB18030") + b"\x81", "encoding"),
        (document("").replace("UTF-8", "x-nothing"), "encoding"),
        (document("").replace("UTF-8", "big5"), "encoding"),
    ],
)
def test_a_document_that_is_none_or_attacks_is_told_at_once(
    tmp_path: Path, content: str | bytes, told: str | None
) -> None:
    if told is None:
        assert read_camt(tmp_path, content)[0] == []
        return
    with pytest.raises(BillFileUnsuitable) as refused:
        read_camt(tmp_path, content)
    assert REASONS.get(told, told) in refused.value.reason  # type: ignore[call-overload]


@pytest.mark.parametrize(("cut", "reason"), [(-30, "file_truncated"), (-200, "file_truncated")])
def test_a_document_that_breaks_off_gives_its_rows_and_says_so(tmp_path: Path, cut: int, reason: str) -> None:
    whole = document(statement(entry("1.00\n") * 2_000, closing="2100.00"))
    outcomes, totals = read_camt(tmp_path, whole[:cut])
    assert len(rows_of(outcomes[:-1])) >= 1_900
    assert reasons_of(outcomes[-1:])[0][1] == reason
    assert totals.is_agreed is False


def test_a_tag_that_is_not_closed_ends_the_reading(tmp_path: Path) -> None:
    whole = document(statement(entry("1.00\n") * 2_000 + "</Oops>", closing="2100.00"))
    outcomes, totals = read_camt(tmp_path, whole)
    assert reasons_of(outcomes)[-1][1] == "line_malformed"
    assert totals.is_agreed is False


def test_as_many_statements_as_are_read_are_read_and_one_more_is_told(tmp_path: Path) -> None:
    most = limits.BILL_STATEMENTS_MAX
    _, totals = read_camt(tmp_path, document(*[statement("")] * most))
    assert (totals.is_agreed, len(totals.balances)) == (True, 2 * most)
    outcomes, totals = read_camt(tmp_path, document(*[statement(entry("0.00"))] * (most + 1)))
    assert reasons_of(outcomes)[-1][1] == "statements_too_many"
    assert totals.is_agreed is False


def test_a_document_without_statements_is_empty(tmp_path: Path) -> None:
    outcomes, totals = read_camt(tmp_path, document())
    assert (outcomes, totals.rows, totals.is_agreed) == ([], 0, None)
