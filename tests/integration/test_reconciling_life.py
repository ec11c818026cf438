"""Files, runs and breaks over time: what is done twice, at once, again, and by whom."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.domain.errors import (
    BillFileUnsuitable,
    BreakStatusUnsuitable,
    CorrectingEventUnsuitable,
    FieldsInvalid,
    FileImportedOtherwise,
    ReconciliationRunning,
    SecondKeyNeeded,
)
from ledger.domain.limits import RECONCILIATION_EXAMPLES_MAX
from ledger.domain.payout import ConfirmPayout, FailPayout, InstructPayout, ReturnPayout
from ledger.domain.statement import ApproveStatement, CloseStatement
from ledger.reconciling.shapes import Scope
from ledger.store.database import Database
from tests.integration.papers import MAPPING, NOVEMBER, OCTOBER, Entry, Papers, Row, filing_database


@pytest.fixture(scope="module")
def opened(server: str, migrated_template: str) -> Iterator[Database]:
    with filing_database(server, migrated_template) as made:
        yield made


@pytest.fixture
def papers(opened: Database, tmp_path: Path) -> Iterator[Papers]:
    made = Papers(opened, tmp_path)
    yield made
    made.market.writer.close()


def rows_kept(papers: Papers) -> int:
    with papers.database.connection() as connection:
        row = connection.execute(
            "SELECT count(*) FROM reconciliation.rows WHERE programme_id = %s", [papers.programme_id]
        ).fetchone()
    assert row is not None
    return int(row[0])


# --- Files -------------------------------------------------------------------------------------------


def test_a_file_again_adds_nothing_under_whatever_name(papers: Papers, tmp_path: Path) -> None:
    first = papers.told([Row("r1", 900, 1)])
    other = tmp_path / "another name.csv"
    other.write_bytes((tmp_path / first.file.name).read_bytes())
    again = papers.add(other, merchant_id="cafe", by="key_b")
    assert (first.is_new, again.is_new) == (True, False)
    assert again.file == first.file
    assert rows_kept(papers) == 1


def test_two_imports_of_one_file_at_once_add_it_once(papers: Papers, tmp_path: Path) -> None:
    rows = "\n".join(f"r{number},900,2026-10-01,,," for number in range(3_000))
    path = tmp_path / "big.csv"
    path.write_text("order,amount,day,fee,own,store\n" + rows, encoding="utf-8")
    told: list[bool] = []
    start = threading.Barrier(4)

    def import_it(by: str) -> None:
        start.wait()
        told.append(papers.add(path, merchant_id="cafe", by=by).is_new)

    workers = [threading.Thread(target=import_it, args=[f"key_{number}"]) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(told) == [False, False, False, True]
    assert rows_kept(papers) == 3_000
    [file] = papers.work.files.page(papers.programme_id, after="", limit=10)
    assert [one.what for one in papers.work.files.history(papers.programme_id, file.file_id)] == ["imported"]


def test_a_content_that_counts_as_something_else_is_refused(papers: Papers, tmp_path: Path) -> None:
    first = papers.told([Row("r1", 900, 1)])
    path = tmp_path / first.file.name
    with pytest.raises(FileImportedOtherwise) as refused:
        papers.add(path, merchant_id="shop")
    assert (refused.value.file_id, refused.value.merchant_id) == (first.file.file_id, "cafe")
    papers.work.files.withdraw(papers.programme_id, first.file.file_id, by="key_a", reason="of the shop")
    assert papers.add(path, merchant_id="shop").is_new


def test_what_could_not_be_read_is_counted_and_the_first_of_it_kept(papers: Papers, tmp_path: Path) -> None:
    wrong = "\n".join(f"r{number},9.0x,2026-10-01,,," for number in range(RECONCILIATION_EXAMPLES_MAX + 5))
    path = tmp_path / "wrong.csv"
    path.write_text(f"order,amount,day,fee,own,store\nr1,900,2026-10-01,,,\n{wrong}\n", encoding="utf-8")
    file = papers.add(path, merchant_id="cafe").file
    assert (file.rows, file.totals.unreadable) == (1, RECONCILIATION_EXAMPLES_MAX + 5)
    assert len(file.totals.examples) == RECONCILIATION_EXAMPLES_MAX
    assert (file.totals.examples[0].line, file.totals.examples[0].reason) == (3, "value_malformed")
    assert papers.run().summary.unreadable_lines == RECONCILIATION_EXAMPLES_MAX + 5


def test_a_file_that_is_no_bill_leaves_nothing(papers: Papers, tmp_path: Path) -> None:
    path = tmp_path / "letter.csv"
    path.write_text("Dear Sirs\n", encoding="utf-8")
    with pytest.raises(BillFileUnsuitable):
        papers.add(path, merchant_id="cafe")
    assert rows_kept(papers) == 0
    assert papers.work.files.page(papers.programme_id, after="", limit=10) == []


def test_texts_with_every_character_that_copy_minds_stay_as_they_are(papers: Papers) -> None:
    nasty = ["a\\b", "\\N", "a\\tb", "=1+1", "茶", "\\.", "x\\"]
    papers.told([Row(name, 900, 1, own=name, store=name) for name in nasty])
    papers.run()
    assert sorted(one.reference for one in papers.breaks()) == sorted(nasty)


def test_a_mapping_told_twice_is_one_version_and_changes_are_further_ones(papers: Papers) -> None:
    mappings, own = papers.work.mappings, (papers.programme_id, "cafe")
    assert mappings.save(*own, MAPPING, by="key_b").version == 1
    assert mappings.save(*own, MAPPING | {"delimiter": ";"}, by="key_b").version == 2
    assert mappings.save(*own, MAPPING, by="key_b").version == 3
    assert mappings.read(*own, 2).mapping["delimiter"] == ";"
    assert mappings.read(*own).saved_by == "key_b"


# --- Runs --------------------------------------------------------------------------------------------


def test_the_same_inputs_give_the_same_run_and_the_same_bytes(papers: Papers, tmp_path: Path) -> None:
    papers.use("r1", 900)
    papers.use("r2", 800)
    papers.told([Row("r1", 850, 1), Row("zz", 1, 1), Row("", 3, 4)])
    first = papers.run()
    papers.now += timedelta(days=3)
    again = papers.run()
    assert again == first
    assert papers.work.runs.check(papers.programme_id, first.run_id)
    other = Papers(papers.database, tmp_path)
    other.use("r1", 900)
    other.use("r2", 800)
    other.told([Row("r1", 850, 1), Row("zz", 1, 1), Row("", 3, 4)])
    assert other.run().digest == first.digest


def test_the_order_in_which_files_were_imported_changes_nothing(papers: Papers, tmp_path: Path) -> None:
    other = Papers(papers.database, tmp_path)
    one = [Row("r1", 900, 1), Row("r1", 900, 2, own="x"), Row("", 5, 1)]
    two = [Row("r1", 900, 1), Row("", 5, 1), Row("r9", 4, 20)]
    for where, files in ((papers, (one, two)), (other, (two, one))):
        where.use("r1", 900)
        for rows in files:
            where.told(rows)
    assert papers.run().digest == other.run().digest


def test_a_run_that_does_not_come_out_the_same_is_found_out(papers: Papers) -> None:
    papers.use("r1", 900)
    papers.told([Row("r1", 850, 1)])
    run = papers.run()
    with papers.database.connection() as connection:
        connection.execute("UPDATE reconciliation.rows SET value_fen = 900")
    assert not papers.work.runs.check(papers.programme_id, run.run_id)
    assert len(papers.breaks()) == 1


def test_a_run_comes_out_the_same_whatever_has_happened_since(papers: Papers) -> None:
    papers.at(1)
    papers.hold("h1")
    papers.use("r1", 700)
    papers.payout("P1", 5_000, position=papers.market.position)
    file = papers.told([Row("h1", 900, 4), Row("h1", 900, 20), Row("r1", 700, 2), Row("r1", -700, 9)]).file
    papers.bank([Entry("B1", "P1", -5_000, 6), Entry("B2", "P1", 5_000, 8, is_reversal=True)])
    run = papers.run()
    codes = ["duplicate", "missing_in_ledger", "refund_unmatched", "refund_unmatched"]
    assert [code for code, _ in papers.found(run)] == codes
    papers.at(20)
    papers.market.do(papers.market.use("h1"))
    papers.refund("r1", day=21)
    with papers.database.connection() as connection:
        later = {"on": date(2026, 10, 9), "position": papers.market.position}
        connection.execute(
            "UPDATE reconciliation.payouts SET returned_on = %(on)s, returned_position = %(position)s", later
        )
    papers.told([Row("r1", -700, 9, own="x"), Row("n1", 1, 12)])
    papers.follow()
    papers.work.files.withdraw(papers.programme_id, file.file_id, by="key_a", reason="a test")
    assert papers.work.runs.check(papers.programme_id, run.run_id)


def test_only_the_latest_run_over_a_period_keeps_its_matches(papers: Papers) -> None:
    papers.use("r1", 900)
    papers.told([Row("r1", 900, 1)])
    first = papers.run()
    second = papers.run(near_days=5)
    week = papers.run(Scope(date(2026, 10, 1), date(2026, 10, 8)))
    assert [papers.matched(run) for run in (first, second, week)] == [
        [],
        [("reference", "r1")],
        [("reference", "r1")],
    ]
    assert [run.run_id for run in papers.work.runs.page(papers.programme_id, before=10**9, limit=9)] == [
        week.run_id,
        second.run_id,
        first.run_id,
    ]
    assert papers.work.runs.latest(papers.programme_id).run_id == week.run_id


def test_a_second_run_at_once_is_refused_and_disturbs_nothing(papers: Papers) -> None:
    papers.use("r1", 900)
    papers.told([Row("r1", 850, 1)])
    papers.run()
    with papers.database.connection() as connection, connection.transaction():
        connection.execute("SELECT * FROM reconciliation.heads FOR UPDATE")
        with pytest.raises(ReconciliationRunning):
            papers.run(near_days=9)
    papers.run(near_days=9)


def test_a_run_over_one_merchant_says_nothing_of_others(papers: Papers) -> None:
    papers.use("r1", 900)
    papers.use("s1", 700, merchant_id="shop")
    papers.told([Row("r1", 850, 1)])
    papers.told([Row("s1", 650, 1)], "shop")
    papers.payout("P1", 5_000)
    papers.payout("P2", 700, merchant_id="shop", statement_id="shop:2026-11-01")
    papers.bank([Entry("B1", "P1", -4_000, 6), Entry("B2", "P2", -1, 6), Entry("B3", "P9", -1, 6)])
    scope = OCTOBER._replace(merchant_id="cafe")
    assert papers.found(papers.run(scope)) == [("amount_differs", "P1"), ("amount_differs", "r1")]
    assert len(papers.found(papers.run())) == 5


def test_a_period_of_no_days_or_of_too_many_is_refused(papers: Papers) -> None:
    for ends_on in (OCTOBER.starts_on, date(2027, 10, 3)):
        with pytest.raises(FieldsInvalid):
            papers.run(OCTOBER._replace(ends_on=ends_on))


# --- Breaks ------------------------------------------------------------------------------------------


def differing(papers: Papers) -> str:
    papers.use("r1", 900)
    papers.told([Row("r1", 850, 1)])
    papers.run()
    [one] = papers.breaks()
    return one.break_id


def history(papers: Papers, break_id: str) -> list[str]:
    return [one.what for one in papers.work.breaks.history(papers.programme_id, break_id)]


def status(papers: Papers, break_id: str) -> str:
    return papers.work.breaks.read(papers.programme_id, break_id).status


def resolve(papers: Papers, break_id: str, resolution: Any = "accepted", **fields: Any) -> str:
    done = papers.work.breaks.resolve(
        papers.programme_id, break_id, resolution=resolution, note="seen", by="key_a", **fields
    )
    return done.status


def confirm(papers: Papers, break_id: str, by: str = "key_b") -> str:
    return papers.work.breaks.confirm(papers.programme_id, break_id, by=by).status


def test_a_later_run_finds_the_same_break_with_its_age_owner_and_history(papers: Papers) -> None:
    break_id = differing(papers)
    papers.work.breaks.assign(papers.programme_id, break_id, owner="Wang", by="key_a")
    first = papers.work.breaks.read(papers.programme_id, break_id)
    papers.use("r2", 100, day=20)
    papers.now += timedelta(days=9)
    papers.run()
    later = papers.work.breaks.read(papers.programme_id, break_id)
    assert (later.owner, later.first_found_at, later.first_run_id) == (
        "Wang",
        first.first_found_at,
        first.first_run_id,
    )
    assert later.last_run_id != first.last_run_id
    assert history(papers, break_id) == ["found", "assigned"]


def test_what_a_better_file_mends_is_cleared_and_comes_back_when_it_is_withdrawn(papers: Papers) -> None:
    papers.use("r1", 900)
    papers.use("r2", 800)
    papers.told([Row("r1", 900, 1)])
    before = papers.run()
    [one] = papers.breaks()
    better = papers.told([Row("r2", 800, 1)]).file
    papers.run()
    assert (status(papers, one.break_id), papers.breaks()) == ("cleared", [])
    papers.work.files.withdraw(papers.programme_id, better.file_id, by="key_a", reason="of May")
    assert papers.run().run_id == before.run_id
    assert status(papers, one.break_id) == "open"
    assert history(papers, one.break_id) == ["found", "cleared", "reopened"]


def test_a_run_clears_nothing_that_it_does_not_cover(papers: Papers) -> None:
    break_id = differing(papers)
    papers.use("n1", 900, day=date(2026, 11, 2))
    papers.told([Row("n1", 900, date(2026, 11, 2))])
    papers.run(NOVEMBER)
    papers.run(OCTOBER._replace(merchant_id="shop"))
    papers.run(Scope(date(2026, 10, 2), date(2026, 10, 9)))
    [file, _] = sorted(
        papers.work.files.page(papers.programme_id, after="", limit=9), key=lambda one: str(one.first_on)
    )
    papers.work.files.withdraw(papers.programme_id, file.file_id, by="key_a", reason="a test")
    papers.run()
    assert status(papers, break_id) == "open"


def test_a_proposal_needs_another_key_and_is_open_again_when_it_is_refused(papers: Papers) -> None:
    break_id = differing(papers)
    assert resolve(papers, break_id) == "proposed"
    with pytest.raises(SecondKeyNeeded):
        confirm(papers, break_id, by="key_a")
    with pytest.raises(BreakStatusUnsuitable):
        resolve(papers, break_id)
    refused = papers.work.breaks.refuse(papers.programme_id, break_id, by="key_b", note="no")
    assert (refused.status, refused.resolution) == ("open", None)
    resolve(papers, break_id)
    assert confirm(papers, break_id) == "resolved"
    assert history(papers, break_id) == ["found", "proposed", "refused", "proposed", "resolved"]


def test_two_who_confirm_at_once_confirm_it_once(papers: Papers) -> None:
    break_id = differing(papers)
    resolve(papers, break_id)
    told: list[str] = []
    start = threading.Barrier(2)

    def try_it(by: str) -> None:
        start.wait()
        try:
            told.append(confirm(papers, break_id, by=by))
        except BreakStatusUnsuitable:
            told.append("too late")

    workers = [threading.Thread(target=try_it, args=[by]) for by in ("key_b", "key_c")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(told) == ["resolved", "too late"]
    assert history(papers, break_id) == ["found", "proposed", "resolved"]


def test_what_only_a_day_or_a_reference_makes_different_needs_one_key(papers: Papers) -> None:
    papers.use("r2", 800, day=2)
    papers.use("r1", 900, day=31)
    papers.told([Row("r1", 900, date(2026, 11, 1)), Row("rz", 800, 2), Row("r9", 1, 15)])
    papers.run()
    by_code = {(one.code, one.item is None): one.break_id for one in papers.breaks()}
    assert resolve(papers, by_code["out_of_period", False]) == "resolved"
    assert resolve(papers, by_code["unknown_reference", False]) == "resolved"
    assert resolve(papers, by_code["unknown_reference", True]) == "proposed"


def test_what_was_accepted_stays_so_while_its_facts_do(papers: Papers) -> None:
    break_id = differing(papers)
    resolve(papers, break_id)
    confirm(papers, break_id)
    papers.use("r2", 100, day=20)
    papers.run()
    assert status(papers, break_id) == "resolved"
    [file] = papers.work.files.page(papers.programme_id, after="", limit=9)
    papers.work.files.withdraw(papers.programme_id, file.file_id, by="key_a", reason="a better one")
    papers.told([Row("r1", 840, 1), Row("r2", 100, 20)])
    papers.run()
    assert status(papers, break_id) == "open"
    assert history(papers, break_id)[-1] == "reopened"


def test_a_better_file_that_does_not_come_opens_the_break_again(papers: Papers) -> None:
    break_id = differing(papers)
    assert resolve(papers, break_id, "resent") == "resolved"
    papers.use("r2", 100, day=20)
    papers.run()
    assert status(papers, break_id) == "open"


def test_facts_that_change_are_told_and_end_a_proposal(papers: Papers) -> None:
    break_id = differing(papers)
    [file] = papers.work.files.page(papers.programme_id, after="", limit=9)
    for amount, before in ((840, "open"), (830, "proposed")):
        if before == "proposed":
            resolve(papers, break_id)
        papers.work.files.withdraw(papers.programme_id, file.file_id, by="key_a", reason="a test")
        file = papers.told([Row("r1", amount, 1)]).file
        papers.run()
        assert status(papers, break_id) == "open"
    assert history(papers, break_id) == ["found", "changed", "proposed", "reopened"]


def test_a_correction_is_an_event_about_the_same_redemption_and_later_than_it(papers: Papers) -> None:
    break_id = differing(papers)
    of_use = papers.market.position
    papers.use("r2", 900)
    other = papers.refund("r2", day=2)
    for position in (1, of_use, other):
        with pytest.raises(CorrectingEventUnsuitable):
            resolve(papers, break_id, "corrected", position=position)
    with pytest.raises(FieldsInvalid):
        resolve(papers, break_id, "corrected")
    with pytest.raises(FieldsInvalid):
        resolve(papers, break_id, "accepted", position=other)
    own = papers.refund("r1", day=2)
    assert resolve(papers, break_id, "corrected", position=own) == "proposed"
    one = papers.work.breaks.read(papers.programme_id, break_id)
    assert (one.resolution_position, one.resolution_topic) == (own, "redemption.refunded")


def test_a_correction_of_what_names_nothing_is_an_event_of_its_merchant(papers: Papers) -> None:
    papers.use("s1", 700, merchant_id="shop")
    papers.told([Row("zz", 850, 1)])
    papers.run()
    [one] = papers.breaks()
    of_shop = papers.market.position
    papers.use("r1", 850)
    with pytest.raises(CorrectingEventUnsuitable):
        resolve(papers, one.break_id, "corrected", position=of_shop)
    assert resolve(papers, one.break_id, "corrected", position=papers.market.position) == "proposed"


# --- Payouts of the log ------------------------------------------------------------------------------


def test_payouts_are_those_of_the_log_from_instruction_to_return(papers: Papers) -> None:
    for number in range(1, 5):
        papers.use(f"r{number}", 1_000 * number, merchant_id="cafe" if number % 2 else "shop")
    market = papers.market
    names: dict[str, Any] = {"occurred_at": datetime(2026, 10, 1, tzinfo=UTC)}

    def pay(merchant_id: str, own_id: str) -> str:
        statement_id = f"{merchant_id}:2026-11-01"
        market.do(InstructPayout(id=own_id, statement_id=statement_id, by="key_a", **names))
        return statement_id

    papers.at(date(2026, 11, 1), 9)
    for merchant_id in ("cafe", "shop"):
        market.do(
            CloseStatement(merchant_id=merchant_id, ends_on=date(2026, 11, 1), by="key_a", **names),
            ApproveStatement(statement_id=f"{merchant_id}:2026-11-01", is_early=True, by="key_b", **names),
        )
    papers.at(date(2026, 11, 2), 9)
    cafe, shop = pay("cafe", "P-1"), pay("shop", "P-2")
    papers.bank([Entry("B1", "P-1", -4_000, date(2026, 11, 3))], until=date(2026, 11, 4))
    run = papers.run()
    assert (papers.found(run), run.summary.payouts_not_due) == ([], (1, 6_000))
    confirmed: dict[str, Any] = {"by": "key_a", "bank_reference": "B", **names}
    papers.at(date(2026, 11, 4), 9)
    market.do(
        ConfirmPayout(statement_id=cafe, payout_id="P-1", **confirmed),
        FailPayout(statement_id=shop, payout_id="P-2", reason="closed", by="key_a", **names),
    )
    pay("shop", "P-3")
    papers.bank([Entry("B3", "P-3", -6_000, date(2026, 11, 5))], until=date(2026, 11, 20))
    assert papers.found(papers.run()) == []
    papers.at(date(2026, 11, 6), 9)
    market.do(
        ConfirmPayout(statement_id=shop, payout_id="P-3", **confirmed),
        ReturnPayout(statement_id=shop, payout_id="P-3", reason="closed", by="key_a", **names),
    )
    assert papers.found(papers.run()) == [("refund_unmatched", "P-3")]
    [one] = papers.breaks()
    with pytest.raises(CorrectingEventUnsuitable):
        resolve(papers, one.break_id, "corrected", position=market.position - 2)
    papers.at(date(2026, 11, 7), 9)
    pay("shop", "P-4")
    assert resolve(papers, one.break_id, "corrected", position=market.position) == "proposed"
