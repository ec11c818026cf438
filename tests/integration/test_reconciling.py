"""Reconciliation over a real database: every rule, every break, one for each defect and none besides."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ledger.store.database import Database
from tests.integration.papers import NOVEMBER, Entry, Flow, Papers, Row, Trade, filing_database


@pytest.fixture(scope="module")
def opened(server: str, migrated_template: str) -> Iterator[Database]:
    with filing_database(server, migrated_template) as made:
        yield made


@pytest.fixture
def papers(opened: Database, tmp_path: Path) -> Iterator[Papers]:
    made = Papers(opened, tmp_path)
    yield made
    made.market.writer.close()


def test_what_agrees_is_matched_by_its_reference_and_nothing_breaks(papers: Papers) -> None:
    papers.use("r1", 900, fee_fen=50)
    papers.use("r2", 1_200, day=31)
    papers.refund("r1", day=3)
    papers.told([Row("r1", 900, 1, 50), Row("r2", 1_200, 31, 0), Row("r1", -900, 3, -50)])
    run = papers.run()
    assert papers.found(run) == []
    assert papers.matched(run) == [("reference", "r1"), ("reference", "r1"), ("reference", "r2")]
    [relation] = run.summary.relations
    assert (relation.ledger_items, relation.ledger_fen, relation.other_rows, relation.other_fen) == (
        3,
        1_200,
        3,
        1_200,
    )


# --- Lines against a merchant's file: the codes --------------------------------------------------------


def test_another_amount_is_one_break__amount_differs(papers: Papers) -> None:
    papers.use("r1", 900)
    papers.told([Row("r1", 850, 1)])
    assert papers.found(papers.run()) == [("amount_differs", "r1")]
    [one] = papers.breaks()
    assert (one.item_fen, one.row_fen, one.difference_fen, one.kind) == (900, 850, -50, "use")
    assert (one.line, one.reference, one.status) == (2, "r1", "open")


def test_an_amount_that_differs_hides_a_fee_and_a_day_that_differ_too(papers: Papers) -> None:
    papers.use("r1", 900, fee_fen=50)
    papers.use("r2", 500, day=2)
    papers.told([Row("r1", 850, date(2026, 11, 1), 40), Row("r2", 500, 2)])
    assert papers.found(papers.run()) == [("amount_differs", "r1")]


def test_another_fee_is_one_break__fee_differs(papers: Papers) -> None:
    papers.use("r1", 900, fee_fen=50)
    papers.use("r2", 900, fee_fen=50)
    papers.refund("r2", day=2)
    papers.told([Row("r1", 900, 1, 40), Row("r2", 900, 1), Row("r2", -900, 2, -60)])
    run = papers.run()
    assert papers.found(run) == [("fee_differs", "r1"), ("fee_differs", "r2")]
    assert [one.kind for one in papers.breaks() if one.item == "r2"] == ["refund"]


def test_a_file_without_fees_says_nothing_of_them(papers: Papers) -> None:
    papers.use("r1", 900, fee_fen=50)
    papers.told([Row("r1", 900, 1)])
    assert papers.found(papers.run()) == []


def test_a_use_that_the_ledger_does_not_have_is_one_break__missing_in_ledger(papers: Papers) -> None:
    papers.at(1)
    papers.hold("held")
    papers.hold("cancelled")
    papers.market.do(papers.market.cancel("cancelled"))
    papers.told([Row("held", 900, 1), Row("cancelled", 900, 1), Row("", 700, 2)])
    assert papers.found(papers.run()) == [
        ("missing_in_ledger", ""),
        ("missing_in_ledger", "cancelled"),
        ("missing_in_ledger", "held"),
    ]


def test_a_use_that_the_merchant_does_not_have_is_one_break__missing_at_merchant(papers: Papers) -> None:
    papers.use("r1", 900)
    papers.use("r2", 800)
    papers.told([Row("r1", 900, 1)])
    assert papers.found(papers.run()) == [("missing_at_merchant", "r2")]
    [one] = papers.breaks()
    assert (one.difference_fen, one.file_id, one.row_fen) == (-800, None, None)


def test_a_merchant_without_a_file_is_told_of_and_has_no_breaks(papers: Papers) -> None:
    papers.use("r1", 900)
    papers.use("r2", 800, merchant_id="shop")
    papers.told([Row("r1", 900, 1)])
    run = papers.run()
    assert papers.found(run) == []
    assert (run.summary.told.uses, run.summary.untold.uses, run.summary.untold.used_fen) == (1, 1, 800)


@pytest.mark.parametrize(
    "twice", [[Row("r1", 900, 1), Row("r1", 900, 1)], [Row("r1", 900, 1), Row("r1", 850, 4)]]
)
def test_a_use_told_twice_is_one_break_whatever_the_second_says__duplicate(
    papers: Papers, twice: list[Row]
) -> None:
    papers.use("r1", 900)
    papers.told(twice)
    run = papers.run()
    assert papers.found(run) == [("duplicate", "r1")]
    assert papers.matched(run) == [("reference", "r1")]


def test_a_use_told_three_times_is_two_breaks(papers: Papers) -> None:
    papers.use("r1", 900)
    papers.told([Row("r1", 900, 1), Row("r1", 900, 2), Row("r1", 900, 1)])
    assert papers.found(papers.run()) == [("duplicate", "r1"), ("duplicate", "r1")]
    assert len(papers.breaks()) == 2


@pytest.mark.parametrize(
    ("ledger", "merchant"), [(31, date(2026, 11, 1)), (1, date(2026, 9, 30)), (31, date(2026, 11, 20))]
)
def test_a_use_that_one_side_counts_in_another_period_is_one_break__out_of_period(
    papers: Papers, ledger: int, merchant: date
) -> None:
    papers.use("r0", 500, day=15)
    papers.use("r1", 900, day=ledger)
    papers.told([Row("r0", 500, 2), Row("r0x", 500, 29), Row("r1", 900, merchant)])
    assert papers.found(papers.run()) == [("out_of_period", "r1"), ("unknown_reference", "r0x")]
    assert [one.difference_fen for one in papers.breaks() if one.item == "r1"] == [-900]


def test_a_day_that_differs_within_the_period_is_no_break(papers: Papers) -> None:
    papers.use("r1", 900, day=3)
    papers.told([Row("r1", 900, 29)])
    assert papers.found(papers.run()) == []


def test_the_month_after_finds_the_very_same_break_from_the_other_side(papers: Papers) -> None:
    papers.use("r1", 900, day=31)
    papers.use("r2", 900, day=date(2026, 11, 15))
    papers.told([Row("r0", 100, 1), Row("r1", 900, date(2026, 11, 1)), Row("r2", 900, date(2026, 11, 15))])
    assert ("out_of_period", "r1") in papers.found(papers.run())
    assert papers.found(papers.run(NOVEMBER)) == [("out_of_period", "r1")]
    assert [one.item for one in papers.breaks() if one.code == "out_of_period"] == ["r1"]


def test_a_duplicate_in_the_month_after_is_that_months_break_alone(papers: Papers) -> None:
    papers.use("r1", 900, day=31)
    papers.use("r2", 900, day=date(2026, 11, 15))
    papers.told([Row("r1", 900, 31)])
    papers.told([Row("r1", 900, date(2026, 11, 1)), Row("r2", 900, date(2026, 11, 15))])
    assert papers.found(papers.run()) == []
    assert papers.found(papers.run(NOVEMBER)) == [("duplicate", "r1")]


def test_a_refund_on_one_side_is_one_break__refund_unmatched(papers: Papers) -> None:
    for own_id in ("r1", "r2", "r3"):
        papers.use(own_id, 900)
    papers.refund("r1", day=2)
    papers.told(
        [Row("r1", 900, 1), Row("r2", 900, 1), Row("r3", 900, 1), Row("r2", -900, 2), Row("", -700, 3)]
    )
    assert papers.found(papers.run()) == [
        ("refund_unmatched", ""),
        ("refund_unmatched", "r1"),
        ("refund_unmatched", "r2"),
    ]


def test_a_reference_of_nothing_is_one_break__unknown_reference(papers: Papers) -> None:
    papers.use("r1", 900)
    papers.use("s1", 900, merchant_id="shop")
    papers.told([Row("r1", 900, 1), Row("zzz", 700, 1), Row("zzz", 700, 1), Row("s1", 900, 1)])
    assert papers.found(papers.run()) == [
        ("unknown_reference", "s1"),
        ("unknown_reference", "zzz"),
        ("unknown_reference", "zzz"),
    ]


def test_a_reference_written_wrongly_is_one_break_and_not_two(papers: Papers) -> None:
    papers.use("r1", 900, day=2)
    papers.use("r2", 800, day=2)
    papers.told([Row("rl", 900, 2), Row("r2", 800, 2)])
    run = papers.run()
    assert papers.found(run) == [("unknown_reference", "r1")]
    [one] = papers.breaks()
    assert (one.reference, one.difference_fen) == ("rl", 0)


def test_a_reference_written_wrongly_is_taken_for_nothing_of_another_day_or_amount(papers: Papers) -> None:
    papers.use("r1", 900, day=2)
    papers.told([Row("rl", 900, 3)])
    assert papers.found(papers.run()) == [("missing_at_merchant", "r1"), ("unknown_reference", "rl")]


# --- The rules ---------------------------------------------------------------------------------------


def test_a_merchants_own_column_may_have_the_reference__own_reference(papers: Papers) -> None:
    papers.use("r1", 900)
    papers.told([Row("A-17", 900, 1, own="r1")])
    run = papers.run()
    assert (papers.found(run), papers.matched(run)) == ([], [("own_reference", "r1")])


def test_several_rows_may_be_parts_of_one_line__parts(papers: Papers) -> None:
    papers.use("r1", 900)
    papers.told([Row("r1", 500, 1), Row("r1", 400, 2)])
    run = papers.run()
    assert (papers.found(run), papers.matched(run)) == ([], [("parts", "r1"), ("parts", "r1")])


def test_a_part_of_another_period_is_one_break_of_its_own_amount(papers: Papers) -> None:
    papers.use("r0", 100, day=2)
    papers.use("r1", 900, day=31)
    papers.told([Row("r0", 100, 2), Row("r1", 500, 31), Row("r1", 400, date(2026, 11, 1))])
    run = papers.run()
    assert papers.found(run) == [("out_of_period", "r1")]
    assert [one.difference_fen for one in papers.breaks()] == [-400]
    [relation] = run.summary.relations
    assert (relation.ledger_items, relation.other_rows, relation.matched["parts"]) == (2, 2, (1, 500))


def test_what_names_nothing_is_matched_by_amount_and_day__amount_and_day(papers: Papers) -> None:
    papers.use("r1", 900, day=5)
    papers.use("r2", 700, day=5)
    papers.told([Row("", 900, 5), Row("", 700, 8)])
    run = papers.run()
    assert papers.matched(run) == [("amount_and_day", "r1"), ("amount_and_day", "r2")]


def test_what_names_nothing_is_matched_within_so_many_days_and_not_one_more(papers: Papers) -> None:
    papers.use("r1", 900, day=5)
    papers.told([Row("", 900, 9)])
    assert len(papers.found(papers.run())) == 2
    assert papers.found(papers.run(near_days=4)) == []


def test_the_store_tells_equal_amounts_of_one_day_apart(papers: Papers) -> None:
    papers.use("r1", 900, day=5, store="gate")
    papers.use("r2", 900, day=5, store="hall")
    papers.told([Row("", 900, 5, store="hall"), Row("", 900, 5, store="gate")])
    run = papers.run()
    assert papers.matched(run) == [("amount_and_day", "r1"), ("amount_and_day", "r2")]


def test_a_tie_stays_unmatched(papers: Papers) -> None:
    papers.use("r1", 900, day=5)
    papers.use("r2", 900, day=6)
    papers.told([Row("", 900, 5), Row("", 900, 5)])
    run = papers.run()
    assert papers.matched(run) == []
    assert len(papers.found(run)) == 4


def test_the_nearest_day_is_looked_at_first(papers: Papers) -> None:
    papers.use("r1", 900, day=5)
    papers.use("r2", 900, day=6)
    papers.told([Row("", 900, 5), Row("", 900, 6)])
    assert papers.matched(papers.run()) == [("amount_and_day", "r1"), ("amount_and_day", "r2")]


def test_a_row_may_be_the_sum_of_a_stores_day__store_sum(papers: Papers) -> None:
    papers.use("r1", 900, day=5, store="gate")
    papers.use("r2", 800, day=5, store="gate")
    papers.use("r3", 700, day=5, store="hall")
    papers.use("r4", 600, day=5, store="hall")
    papers.told([Row("", 1_700, 5, store="gate"), Row("", 1_300, 5, store="hall")])
    run = papers.run()
    assert papers.matched(run) == [("store_sum", f"r{n}") for n in (1, 2, 3, 4)]
    assert papers.found(run) == []


def test_a_row_may_be_the_sum_of_a_day__day_sum(papers: Papers) -> None:
    papers.use("r1", 900, day=5)
    papers.use("r2", 900, day=5)
    papers.use("r3", 900, day=6)
    papers.told([Row("total of the day", 1_800, 5), Row("r3", 900, 6)])
    run = papers.run()
    assert papers.matched(run) == [("day_sum", "r1"), ("day_sum", "r2"), ("reference", "r3")]
    assert papers.found(run) == []


def test_a_row_may_be_a_days_uses_less_its_refunds__day_net(papers: Papers) -> None:
    papers.use("r1", 900, day=5)
    papers.use("r2", 800, day=5)
    papers.refund("r2", day=5)
    papers.use("r3", 400, day=5)
    papers.told([Row("", 1_300, 5)])
    run = papers.run()
    assert papers.matched(run) == [("day_net", "r1"), ("day_net", "r2"), ("day_net", "r2"), ("day_net", "r3")]


# --- Files -------------------------------------------------------------------------------------------


def test_a_row_that_two_files_tell_is_one_row(papers: Papers) -> None:
    papers.use("r1", 900, day=1)
    papers.use("r2", 800, day=9)
    papers.told([Row("r1", 900, 1)])
    papers.told([Row("r1", 900, 1), Row("r2", 800, 9)])
    assert papers.found(papers.run()) == []


def test_a_row_that_stands_twice_in_one_file_stands_there_twice_whatever_others_tell(papers: Papers) -> None:
    papers.use("r1", 900, day=1)
    papers.told([Row("r1", 900, 1)])
    papers.told([Row("r1", 900, 1), Row("r1", 900, 1)])
    assert papers.found(papers.run()) == [("duplicate", "r1")]


def test_a_stray_row_of_a_month_does_not_make_a_file_of_it(papers: Papers) -> None:
    papers.use("r1", 900, day=31)
    papers.use("n1", 900, day=date(2026, 11, 1))
    papers.use("n2", 900, day=date(2026, 11, 9))
    papers.told([Row("r0", 1, 1), Row("r1", 900, 31), Row("n1", 900, date(2026, 11, 1))])
    assert papers.found(papers.run(NOVEMBER)) == []


# --- Payouts against a bank's statement --------------------------------------------------------------


def test_a_payout_is_the_entry_that_names_it(papers: Papers) -> None:
    papers.payout("P1", 5_000)
    papers.bank([Entry("B1", "P1", -5_000, 6), Entry("B2", "", 700, 7)])
    run = papers.run()
    assert (papers.found(run), papers.matched(run)) == ([], [("reference", "P1")])
    [bank] = run.summary.relations
    assert (bank.relation, bank.ledger_fen, bank.other_fen) == ("bank", -5_000, -5_000)


def test_a_payout_that_the_bank_does_not_show_in_time_is_one_break__missing_payment(papers: Papers) -> None:
    papers.payout("P1", 5_000, day=10)
    papers.bank([Entry("B2", "", 700, 7)], until=12)
    run = papers.run()
    assert papers.found(run) == []
    assert run.summary.payouts_not_due == (1, 5_000)
    papers.bank([Entry("B3", "", 700, 13)], until=13)
    assert papers.found(papers.run()) == [("missing_payment", "P1")]
    assert [one.difference_fen for one in papers.breaks()] == [5_000]


def test_a_payout_that_was_confirmed_is_due_at_once(papers: Papers) -> None:
    papers.payout("P1", 5_000, day=10, confirmed_on=date(2026, 10, 11), confirmed_position=1)
    papers.bank([Entry("B2", "", 700, 7)], until=11)
    assert papers.found(papers.run()) == [("missing_payment", "P1")]


def test_another_amount_at_the_bank_is_one_break(papers: Papers) -> None:
    papers.payout("P1", 5_000)
    papers.bank([Entry("B1", "P1", -4_900, 6)])
    assert papers.found(papers.run()) == [("amount_differs", "P1")]


def test_a_payout_that_was_paid_twice_is_one_break(papers: Papers) -> None:
    papers.payout("P1", 5_000)
    papers.bank([Entry("B1", "P1", -5_000, 6), Entry("B2", "P1", -5_000, 7)])
    assert papers.found(papers.run()) == [("duplicate", "P1")]


def test_a_payment_that_the_bank_took_back_itself_is_none(papers: Papers) -> None:
    papers.payout("P1", 5_000)
    papers.bank(
        [
            Entry("B1", "P1", -5_000, 6),
            Entry("B2", "P1", -5_000, 7),
            Entry("B3", "P1", 5_000, 8, is_reversal=True),
        ]
    )
    assert papers.found(papers.run()) == []


def test_a_payout_may_be_paid_in_parts(papers: Papers) -> None:
    papers.payout("P1", 5_000)
    papers.bank([Entry("B1", "P1", -2_000, 6), Entry("B2", "P1", -3_000, 6)])
    assert papers.matched(papers.run()) == [("parts", "P1"), ("parts", "P1")]


def test_money_that_came_back_unknown_to_the_ledger_is_one_break(papers: Papers) -> None:
    papers.payout("P1", 5_000)
    papers.bank([Entry("B1", "P1", -5_000, 6), Entry("B2", "P1", 5_000, 8, is_reversal=True)])
    assert papers.found(papers.run()) == [("refund_unmatched", "P1")]


def test_money_that_came_back_is_the_return_of_a_payout(papers: Papers) -> None:
    papers.payout("P1", 5_000, returned_on=date(2026, 10, 8), returned_position=1)
    papers.bank([Entry("B1", "P1", -5_000, 6), Entry("B2", "P1", 5_000, 8, is_reversal=True)])
    run = papers.run()
    assert (papers.found(run), papers.matched(run)) == ([], [("reference", "P1"), ("reference", "P1")])


def test_a_return_that_the_bank_does_not_show_is_one_break(papers: Papers) -> None:
    papers.payout("P1", 5_000, returned_on=date(2026, 10, 8), returned_position=1)
    papers.payout("P2", 6_000, returned_on=date(2026, 10, 8), returned_position=1)
    papers.bank([Entry("B1", "P1", -5_000, 6)])
    assert papers.found(papers.run()) == [("missing_payment", "P2"), ("refund_unmatched", "P1")]


def test_a_payment_of_a_payout_that_failed_is_one_break(papers: Papers) -> None:
    papers.payout("P1", 5_000, failed_position=1)
    papers.payout("P2", 6_000, failed_position=1)
    papers.bank([Entry("B1", "P1", -5_000, 6)])
    assert papers.found(papers.run()) == [("missing_in_ledger", "P1")]


def test_a_payment_of_nothing_known_is_one_break(papers: Papers) -> None:
    papers.payout("P1", 5_000)
    papers.bank([Entry("B1", "P1", -5_000, 6), Entry("B2", "P9", -700, 6), Entry("B3", "", -800, 6)])
    assert papers.found(papers.run()) == [("unknown_reference", "B3"), ("unknown_reference", "P9")]


def test_an_end_to_end_id_written_wrongly_is_one_break_and_not_two(papers: Papers) -> None:
    papers.payout("P1", 5_000)
    papers.bank([Entry("B1", "Pl", -5_000, 7)])
    assert papers.found(papers.run()) == [("unknown_reference", "P1")]


def test_a_payment_without_a_reference_is_matched_by_amount_and_day(papers: Papers) -> None:
    papers.payout("P1", 5_000)
    papers.bank([Entry("B1", "", -5_000, 7)])
    run = papers.run()
    assert (papers.found(run), papers.matched(run)) == ([], [("amount_and_day", "P1")])


def test_one_entry_may_pay_all_payouts_of_a_statement__statement_sum(papers: Papers) -> None:
    papers.payout("P1", 5_000)
    papers.payout("P2", 600, day=6)
    papers.payout("P3", 600, statement_id="shop:2026-11-01", merchant_id="shop")
    papers.bank([Entry("B1", "", -5_600, 7), Entry("B3", "P3", -600, 7)])
    run = papers.run()
    assert papers.found(run) == []
    assert papers.matched(run) == [("reference", "P3"), ("statement_sum", "P1"), ("statement_sum", "P2")]


def test_one_entry_may_pay_all_payouts_of_a_day(papers: Papers) -> None:
    papers.payout("P1", 5_000)
    papers.payout("P3", 600, statement_id="shop:2026-11-01", merchant_id="shop")
    papers.bank([Entry("B1", "salaries and more", -5_600, 7)])
    run = papers.run()
    assert papers.matched(run) == [("day_sum", "P1"), ("day_sum", "P3")]


def test_a_payout_belongs_to_the_month_of_its_statement_whenever_it_is_paid(papers: Papers) -> None:
    papers.payout("P1", 5_000, day=date(2026, 11, 3), statement_on=date(2026, 10, 31))
    papers.bank([Entry("B1", "P1", -4_000, date(2026, 11, 4))], until=date(2026, 11, 30))
    assert papers.found(papers.run()) == [("amount_differs", "P1")]
    assert papers.found(papers.run(NOVEMBER)) == [("amount_differs", "P1")]
    assert len(papers.breaks()) == 1


def test_two_statements_of_the_bank_may_overlap(papers: Papers) -> None:
    papers.payout("P1", 5_000)
    papers.bank([Entry("B1", "P1", -5_000, 6)])
    papers.bank([Entry("B1", "P1", -5_000, 6), Entry("B4", "", 100, 9)])
    assert papers.found(papers.run()) == []


# --- WeChat Pay's bills ------------------------------------------------------------------------------


def test_trades_are_the_lines_whose_order_they_name_and_flows_are_the_trades(papers: Papers) -> None:
    papers.use("r1", 900)
    papers.trades([Trade("T1", "r1", 900, fee=5), Trade("T2", "r1", -900, 2, refund="T2", status="REFUND")])
    papers.refund("r1", day=2)
    papers.flows(
        [
            Flow("F1", "T1", 900),
            Flow("F2", "T1", -5, sort="扣除交易手续费"),
            Flow("F3", "T2", -900, 2, sort="退款"),
        ]
    )
    run = papers.run()
    assert papers.found(run) == []
    assert papers.matched(run) == [
        ("order_number", "T1"),
        ("order_number", "T2"),
        ("reference", "r1"),
        ("reference", "r1"),
    ]


def test_what_the_fund_flow_lacks_or_has_otherwise_is_one_break_each(papers: Papers) -> None:
    orders = [f"r{n}" for n in range(1, 7)]
    for order in orders:
        papers.use(order, 900)
    papers.trades([Trade(f"T{order[1]}", order, 900, fee=5) for order in orders])
    fee = "扣除交易手续费"
    papers.flows(
        [
            *(Flow("F1", "T1", 900), Flow("G1", "T1", -5, sort=fee)),
            Flow("G2", "T2", -5, sort=fee),
            *(Flow("F3", "T3", 800), Flow("G3", "T3", -5, sort=fee)),
            *(Flow("F4", "T4", 900), Flow("G4", "T4", -7, sort=fee)),
            *(Flow("F5", "T5", 900), Flow("H5", "T5", 900), Flow("G5", "T5", -5, sort=fee)),
            Flow("F6", "T6", 895),
            Flow("F9", "T9", 100),
            Flow("F8", "T8", -100, sort="退款"),
        ]
    )
    assert papers.found(papers.run()) == [
        ("amount_differs", "T3"),
        ("duplicate", "T5"),
        ("fee_differs", "T4"),
        ("missing_payment", "T2"),
        ("unknown_reference", "T8"),
        ("unknown_reference", "T9"),
    ]


def test_a_trade_bill_of_one_merchant_is_complete_and_one_of_many_is_not(papers: Papers) -> None:
    papers.use("r1", 900)
    papers.use("r2", 800)
    papers.use("s1", 800, merchant_id="shop")
    papers.trades([Trade("T1", "r1", 900), Trade("T3", "s1", 850)])
    assert papers.found(papers.run()) == [("amount_differs", "s1")]
    papers.trades([Trade("T1", "r1", 900), Trade("T4", "nothing", 100)], merchant_id="cafe")
    assert papers.found(papers.run()) == [
        ("amount_differs", "s1"),
        ("missing_at_merchant", "r2"),
        ("unknown_reference", "nothing"),
    ]


def test_a_refund_under_way_is_set_aside_and_still_matches(papers: Papers) -> None:
    papers.use("r1", 900)
    papers.use("r2", 900)
    papers.refund("r1", day=2)
    papers.trades(
        [
            Trade("T1", "r1", 900),
            Trade("T2", "r2", 900),
            Trade("T3", "r1", -900, 2, refund="T3", refund_status="PROCESSING"),
            Trade("T4", "r2", -900, 2, refund="T4", refund_status="PROCESSING"),
        ],
        merchant_id="cafe",
    )
    run = papers.run()
    assert papers.found(run) == []
    assert run.summary.relations[0].set_aside == (1, -900)
