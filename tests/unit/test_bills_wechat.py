"""Bills of WeChat Pay: both kinds, their summaries, empty days, and files that are none of theirs."""

import gzip
import io
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ledger.bills import BillKind, Difference, open_bill
from ledger.bills.files import Source, lines_of
from ledger.bills.values import Broken
from ledger.domain import limits
from ledger.domain.errors import BillFileUnsuitable
from tests.unit.bill_files import (
    DATA,
    PAID,
    REFUNDED,
    TRADE_NAMES,
    read,
    reasons_of,
    rows_of,
    trade_bill,
)

TRADES: BillKind = "wechat_trades"
FLOW: BillKind = "wechat_fund_flow"
SUMMARY = ("2", "12.34", "12.34", "0.00", "0.00000", "12.34", "12.34")


def test_a_day_of_trades_is_read_with_its_refund_and_agrees_with_its_summary() -> None:
    with open_bill(DATA / "wxpay_tradebill.csv", TRADES) as bill:
        rows = rows_of(bill)
    assert [(row.line, row.kind, row.reference, row.value_fen, row.fee_fen) for row in rows] == [
        (2, "use", "ORD-0001", 1234, 7),
        (3, "use", "ORD-0002", 600, 4),
        (4, "use", "ORD-0003", 800, 5),
        (5, "refund", "ORD-0001", -1234, -7),
    ]
    refund = rows[3]
    assert (refund.own_reference, refund.refund_reference, refund.payment_reference) == (
        "5030000001",
        "REF-0001",
        "4200000001",
    )
    assert not refund.is_final
    assert rows[1].note == "面包\\ 咖啡"
    # A second before midnight in Beijing is the same day there, and an earlier hour in UTC.
    assert refund.happened_on == date(2024, 5, 6)
    assert refund.happened_at == datetime(2024, 5, 6, 15, 59, 59, tzinfo=UTC)
    totals = bill.totals
    assert (totals.rows, totals.value_fen, totals.fee_fen, totals.is_agreed) == (4, 1400, 9, True)
    assert (totals.of_kind["use"].rows, totals.of_kind["refund"].value_fen) == (3, -1234)


def test_a_day_of_movements_is_read_and_agrees_with_its_summary() -> None:
    bill = open_bill(DATA / "wxpay_fundflow.csv", FLOW)
    rows = rows_of(bill)
    assert [(row.kind, row.reference, row.own_reference, row.value_fen) for row in rows] == [
        ("use", "ORD-0001", "FL1", 1234),
        ("fee", "ORD-0001", "FL2", -7),
        ("use", "ORD-0002", "FL3", 600),
        ("fee", "ORD-0002", "FL4", -4),
    ]
    assert {row.payment_reference for row in rows} == {"4200000001", "4200000002"}
    assert (bill.totals.is_agreed, bill.totals.value_fen) == (True, 1823)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("is_packed", [False, True])
def test_marks_line_ends_and_packing_make_no_difference(
    tmp_path: Path, mark: str, ends: str, *, is_packed: bool
) -> None:
    text = trade_bill([PAID, REFUNDED], SUMMARY, mark=mark, ends=ends)
    outcomes, totals = read(tmp_path, TRADES, text, is_packed=is_packed)
    assert len(rows_of(outcomes)) == 2
    assert totals.is_agreed


def test_columns_are_found_by_their_names_in_any_order(tmp_path: Path) -> None:
    names = ",".join(reversed(TRADE_NAMES.split(",")))
    outcomes, _ = read(tmp_path, TRADES, trade_bill([PAID], names=names))
    (row, missing) = outcomes
    assert rows_of([row])[0].value_fen == 1234
    assert reasons_of([missing]) == [(2, "summary_missing")]


def test_names_of_older_bills_are_known(tmp_path: Path) -> None:
    names = (
        TRADE_NAMES.replace("应结订单金额", "总金额").replace(",订单金额", "").replace(",申请退款金额", "")
    )
    text = trade_bill([PAID | {"总金额": "12.34"}], names=names)
    text += (
        "总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额\r\n`1,`12.34,`0.00,`0.00,`0.07\r\n"
    )
    _, totals = read(tmp_path, TRADES, text)
    assert (totals.value_fen, totals.is_agreed) == (1234, True)


@pytest.mark.parametrize("goods", ["a,b,c", '"', "面包\\ 咖啡", ",", "'; --", "", "`"])
def test_goods_may_have_odd_names(tmp_path: Path, goods: str) -> None:
    outcomes, _ = read(tmp_path, TRADES, trade_bill([PAID | {"商品名称": goods}], SUMMARY))
    assert rows_of(outcomes)[0].note == goods


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"手续费": "0.07400"}, "value_not_whole_fen"),
        ({"应结订单金额": "12.345"}, "value_not_whole_fen"),
        ({"应结订单金额": ""}, "value_malformed"),
        ({"手续费": ""}, "value_malformed"),
        ({"应结订单金额": "1e3"}, "value_malformed"),
        ({"应结订单金额": "1_000"}, "value_malformed"),
        ({"应结订单金额": "１２.34"}, "value_malformed"),
        ({"应结订单金额": "12."}, "value_malformed"),
        ({"应结订单金额": "-12.34"}, "sign_unsuitable"),
        ({"应结订单金额": "100000000000.00"}, None),
        ({"应结订单金额": "100000000000.01"}, "value_out_of_bounds"),
        ({"货币种类": "USD"}, "currency_unsuitable"),
        ({"交易状态": "支付"}, "kind_unknown"),
        ({"微信订单号": ""}, "reference_missing"),
        ({"商户订单号": "x" * 128}, None),
        ({"商户订单号": "x" * 129}, "reference_unsuitable"),
        ({"商户订单号": "a\x00b"}, "reference_unsuitable"),
        ({"交易时间": "2024-02-30 08:00:00"}, "time_malformed"),
        ({"交易时间": "٢٠٢٤-05-06 08:12:03"}, "time_malformed"),
        ({"商品名称": "x" * 4096}, None),
        ({"商品名称": "x" * 4097}, "field_too_long"),
        ({"商品名称": "a,`b"}, "columns_differ"),
        ({"商品名称": "a\nb"}, "columns_differ"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_the_next_one_is_read(
    tmp_path: Path, changed: dict[str, str], reason: str | None
) -> None:
    outcomes, totals = read(tmp_path, TRADES, trade_bill([PAID | changed, REFUNDED], SUMMARY))
    assert rows_of(outcomes[-1:])[0].kind == "refund"
    if reason is None:
        assert len(rows_of(outcomes)) == 2
    else:
        assert reasons_of(outcomes)[0] == (2, reason)
        assert totals.unreadable >= 1
        assert totals.is_agreed is False


def test_the_longest_line_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    names = TRADE_NAMES + "".join(f",其他{n}" for n in range(20))
    row = PAID | {f"其他{n}": "x" * 3_000 for n in range(19)}
    bare = trade_bill([row], names=names, mark="", ends="\n").splitlines()[1]
    row["其他19"] = "x" * (limits.BILL_LINE_BYTES_MAX - len(bare.encode()) - 1)
    assert len(row["其他19"]) > limits.BILL_FIELD_CHARS_MAX
    row["商户数据包"] = "x" * 4_000
    row["付款银行"] = "x" * 4_000
    row["其他19"] = row["其他19"][8_000:]
    for more, found in (("", []), ("x", [(2, "line_too_long")])):
        outcomes, _ = read(
            tmp_path, TRADES, trade_bill([row | {"设备号": more}], SUMMARY, names=names, mark="", ends="\n")
        )
        assert reasons_of(outcomes) == found


@pytest.mark.parametrize(
    ("status", "kind", "value_fen", "is_final"),
    [
        ("SUCCESS", "refund", -1234, True),
        ("PROCESSING", "refund", -1234, False),
        ("CHANGE", "refund", -1234, False),
        ("FAIL", "other", 0, True),
    ],
)
def test_a_refund_counts_by_its_state_and_the_summary_by_its_rows(
    tmp_path: Path, status: str, kind: str, value_fen: int, *, is_final: bool
) -> None:
    outcomes, totals = read(tmp_path, TRADES, trade_bill([PAID, REFUNDED | {"退款状态": status}], SUMMARY))
    row = rows_of(outcomes)[1]
    assert (row.kind, row.value_fen, row.is_final) == (kind, value_fen, is_final)
    assert totals.is_agreed


def test_a_bill_of_refunds_alone_takes_the_day_on_which_they_were_done(tmp_path: Path) -> None:
    row = REFUNDED | {"退款申请时间": "2024-05-06 23:59:00", "退款成功时间": "2024-05-07 00:00:01"}
    names = TRADE_NAMES + ",退款申请时间,退款成功时间"
    outcomes, _ = read(tmp_path, TRADES, trade_bill([row], ("1", *SUMMARY[1:]), names=names))
    assert rows_of(outcomes)[0].happened_on == date(2024, 5, 7)


class TestTheSummary:
    @pytest.mark.parametrize(
        ("place", "value", "difference"),
        [
            (0, "3", Difference("总交易单数", "rows", 3, 2)),
            (1, "12.35", Difference("应结订单总金额", "fen", 1235, 1234)),
            (2, "0.00", Difference("退款总金额", "fen", 0, 1234)),
            (3, "1.00", Difference("充值券退款总金额", "fen", 100, 0)),
            (4, "0.01000", Difference("手续费总金额", "fen", 1, 0)),
            (5, "0.00", Difference("订单总金额", "fen", 0, 1234)),
            (6, "0.00", Difference("申请退款总金额", "fen", 0, 1234)),
        ],
    )
    def test_every_number_of_it_is_held_against_the_rows(
        self, tmp_path: Path, place: int, value: str, difference: Difference
    ) -> None:
        summary = [*SUMMARY[:place], value, *SUMMARY[place + 1 :]]
        _, totals = read(tmp_path, TRADES, trade_bill([PAID, REFUNDED], summary))
        assert totals.differences == (difference,)
        assert totals.is_agreed is False

    @pytest.mark.parametrize("flow", ["5,2,18.34,2,0.11", "4,2,18.35,2,0.11", "4,2,18.34,3,0.11"])
    def test_so_it_is_of_the_fund_flow(self, tmp_path: Path, flow: str) -> None:
        lines = (DATA / "wxpay_fundflow.csv").read_text(encoding="utf-8").splitlines()[:-1]
        _, totals = read(tmp_path, FLOW, "\n".join([*lines, "`" + flow.replace(",", ",`")]))
        assert totals.is_agreed is False
        assert len(totals.differences) == 1

    @pytest.mark.parametrize(
        ("summary", "reason"),
        [
            (("x", *SUMMARY[1:]), "summary_malformed"),
            (("2.5", *SUMMARY[1:]), "summary_malformed"),
            (SUMMARY[:-1], "summary_malformed"),
            (("2", "12,34", *SUMMARY[2:]), "summary_malformed"),
        ],
    )
    def test_one_that_cannot_be_read_is_named(
        self, tmp_path: Path, summary: tuple[str, ...], reason: str
    ) -> None:
        outcomes, totals = read(tmp_path, TRADES, trade_bill([PAID, REFUNDED], summary))
        assert reasons_of(outcomes) == [(5, reason)]
        assert totals.is_agreed is False

    def test_a_bill_that_breaks_off_before_it_is_named(self, tmp_path: Path) -> None:
        text = trade_bill([PAID, REFUNDED], SUMMARY)
        whole = text.splitlines(keepends=True)
        for cut in (whole[:3], whole[:4]):
            outcomes, totals = read(tmp_path, TRADES, "".join(cut))
            assert [reason for _, reason in reasons_of(outcomes)] == ["summary_missing"]
            assert totals.is_agreed is False

    def test_nothing_stands_after_it(self, tmp_path: Path) -> None:
        text = trade_bill([PAID, REFUNDED], SUMMARY) + "\r\n" + trade_bill([PAID], mark="").splitlines()[1]
        outcomes, totals = read(tmp_path, TRADES, text)
        assert reasons_of(outcomes) == [(7, "line_malformed")]
        assert totals.is_agreed is False


@pytest.mark.parametrize(
    "answer",
    [
        '{"code":"NO_STATEMENT_EXIST","message":"账单文件不存在"}',
        "<xml><return_code>FAIL</return_code>\n<return_msg><![CDATA[No Bill Exist]]></return_msg></xml>",
        '\ufeff\n{\n  "code": "NO_STATEMENT_EXIST"\n}\n',
    ],
)
@pytest.mark.parametrize("kind", [TRADES, FLOW])
def test_the_answer_that_there_is_no_bill_is_an_empty_one(
    tmp_path: Path, kind: BillKind, answer: str
) -> None:
    outcomes, totals = read(tmp_path, kind, answer)
    assert outcomes == []
    assert (totals.rows, totals.is_agreed, totals.first_on) == (0, None, None)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        ('{"code":"SIGN_ERROR"}', "no bill"),
        ("<html><body>login</body></html>", "no bill"),
        (b"\xff\xfe" + TRADE_NAMES.encode("utf-16-le"), "encoding_unknown"),
        (TRADE_NAMES.encode("gb18030"), "encoding_unknown"),
        (TRADE_NAMES.replace(",手续费", ",费"), "lacks 手续费"),
        ("a" * 100_000, "line_too_long"),
        (DATA / "wxpay_fundflow.csv", "lacks 交易时间"),
        (DATA / "camt053.xml", "no bill"),
        (b"\x1f\x8b\x08", "breaks off"),
        (b"\x1f\x8bnothing", "breaks off"),
        (",".join([TRADE_NAMES] + ["其他"] * (256 - 26)), "more than 256 columns"),
    ],
)
def test_a_file_of_another_kind_is_told_at_once(
    tmp_path: Path, content: str | bytes | Path, told: str
) -> None:
    data = content.read_bytes() if isinstance(content, Path) else content
    with pytest.raises(BillFileUnsuitable) as refused:
        read(tmp_path, TRADES, data)
    assert told in refused.value.reason
    assert refused.value.kind == TRADES


def test_as_many_columns_as_are_read_are_read(tmp_path: Path) -> None:
    names = ",".join([TRADE_NAMES] + ["其他"] * (limits.BILL_COLUMNS_MAX - 27))
    outcomes, _ = read(tmp_path, TRADES, trade_bill([PAID], names=names))
    assert len(outcomes) == 2


def test_a_file_that_is_not_there_is_no_bill(tmp_path: Path) -> None:
    with pytest.raises(BillFileUnsuitable, match="No such file"):
        open_bill(tmp_path / "nothing", TRADES)


def test_a_packed_file_that_breaks_off_gives_its_rows_and_says_so(tmp_path: Path) -> None:
    rows = [PAID | {"商户订单号": f"ORD-{n}", "微信订单号": str(n * 7_919 % 10_007)} for n in range(3_000)]
    path = tmp_path / "bill.gz"
    path.write_bytes(gzip.compress(trade_bill(rows, SUMMARY).encode())[:-2_000])
    bill = open_bill(path, TRADES)
    outcomes = list(bill)
    assert len(rows_of(outcomes[:-1])) > 1_000
    assert reasons_of(outcomes[-1:]) == [(len(outcomes) + 1, "file_truncated")]
    assert bill.totals.is_agreed is False


def test_as_many_bytes_as_are_read_are_read_and_one_more_is_told() -> None:
    assert len(list(lines_of(Source(io.BytesIO(b"ab\ncd\n"), bytes_max=6)))) == 2
    with pytest.raises(Broken) as broken:
        list(lines_of(Source(io.BytesIO(b"ab\ncd\ne"), bytes_max=6)))
    assert (broken.value.reason, broken.value.line) == ("file_too_long", 3)


def test_totals_are_known_at_the_end_and_a_bill_may_be_closed_before() -> None:
    bill = open_bill(DATA / "wxpay_tradebill.csv", TRADES)
    assert next(iter(bill)).line == 2
    with pytest.raises(ValueError, match="last row"):
        _ = bill.totals
    bill.close()
    assert list(bill) == []
