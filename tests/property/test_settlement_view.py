"""Whatever happens between merchants, funds and the bank, the settlement view shows it, wherever pages end.

No database: what a page writes is kept in dictionaries, and the next page finds there what it names.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from ledger.domain.messages import Event
from ledger.projections.settlement_fold import SettlementFold, Terms, concerning, redemptions_named
from ledger.projections.settlement_standing import Known, Standing, named_in
from ledger.projections.settlement_sums import (
    AVAILABLE,
    COMMITTED,
    ENCUMBERED,
    FEES,
    PAID,
    PAYABLE,
    RECOVERABLE,
    SETTLING,
    Line,
)
from ledger.projections.view import Entry
from tests.property.test_settlement_lifecycle import COMMON, FUNDS, MERCHANTS, Lifecycle


class Tables:
    """The view's tables, in memory."""

    def __init__(self) -> None:
        self.terms: dict[str, Terms] = {}
        self.rows: dict[str, dict[Any, Any]] = {
            name: {} for name in ("statements", "funds", "disputes", "payouts")
        }
        self.lines: list[Line] = []
        self.sums: dict[str, dict[Any, list[int]]] = {"days": {}, "fund_days": {}, "funds": {}}

    def add(self, page: Sequence[Entry]) -> None:
        entries = concerning(page)
        named = redemptions_named(entries)
        fold = SettlementFold(
            "Asia/Shanghai", {own_id: self.terms[own_id] for own_id in named}, self.known(entries)
        )
        for entry in entries:
            fold.add(entry)
        for own_id, row in fold.held.items():
            held: Any = row.held.event
            self.terms[own_id] = Terms(held.merchant_id, held.face_value_fen, held.fee_fen, row.shares)
        for name, rows in self.rows.items():
            rows.update(getattr(fold.statements, name))
        self.lines += fold.sums.lines
        for name, sums in self.sums.items():
            for key, (*added, position) in getattr(fold.sums, name).items():
                before = sums.get(key, [0] * (len(added) + 1))
                sums[key] = [a + b for a, b in zip(before, added, strict=False)] + [position]

    def known(self, entries: Sequence[Entry]) -> Known:
        """What the queries of the view give."""
        statement_ids, merchant_ids = named_in(entries)
        statements, funds = self.rows["statements"].values(), self.rows["funds"].values()
        latest = {}
        for row in sorted(statements, key=lambda row: row.ends_on):
            latest[row.merchant_id] = row.statement_id
        carried = [
            (merchant_id, fund.fund_id, fund.carried_out_fen)
            for merchant_id in merchant_ids
            for fund in funds
            if fund.statement_id == latest.get(merchant_id)
        ]
        of = {
            name: [row for row in rows.values() if row.statement_id in statement_ids]
            for name, rows in self.rows.items()
        }
        return Known(**of, carried=carried)

    def standing(self) -> Iterator[Standing]:
        return iter(Known(**{name: rows.values() for name, rows in self.rows.items()}).standing.values())


def followed(events: Sequence[Event], page_events: int) -> Tables:
    tables = Tables()
    entries = [
        Entry(position, UUID(int=position), 1, event.topic, b"", event)
        for position, event in enumerate(events, start=1)
    ]
    for begin in range(0, len(entries), page_events):
        tables.add(entries[begin : begin + page_events])
    return tables


class Shown(Lifecycle):
    """The same life, and what the view shows of it."""

    def teardown(self) -> None:
        events = [event for _, told in self.world.told for event in told]
        tables = followed(events, 1)
        for page_events in (2, 7, len(events)):
            assert vars(followed(events, page_events)) == vars(tables)
        self.money_is_where_accounts_say(tables)
        self.statements_are_as_they_stand(tables)
        self.lines_are_those_of_the_registers(tables)

    def money_is_where_accounts_say(self, tables: Tables) -> None:
        funds = tables.sums["funds"]
        for fund_id in FUNDS:
            row = funds[fund_id]
            assert row[COMMITTED] == sum(row[COMMITTED + 1 : -1]) == self.committed[fund_id]
            for place, name in (
                (AVAILABLE, "available"),
                (ENCUMBERED, "encumbered"),
                (RECOVERABLE, "recoverable"),
            ):
                assert row[place] == self.fen(f"fund:{fund_id}:{name}")
        for place, name in ((PAYABLE, "payable"), (SETTLING, "settling"), (PAID, "paid")):
            shown = sum(row[place] for row in funds.values())
            assert shown == sum(self.fen(f"merchant:{m}:{name}") for m in MERCHANTS)
        assert sum(row[FEES] for row in funds.values()) == self.fen("fees")

    def statements_are_as_they_stand(self, tables: Tables) -> None:
        assert tables.rows["statements"].keys() == self.model.statements.keys()
        settling = dict.fromkeys(FUNDS, 0)
        for standing in tables.standing():
            row, issued = standing.row, self.model.statements[standing.row.statement_id]
            assert (row.status, row.held_back_fen, row.moved_fen, row.paid_fen, row.under_way_fen) == (
                issued.status,
                issued.held_fen,
                issued.moved_fen,
                issued.sum_of("confirmed"),
                issued.sum_of("instructed"),
            )
            left = standing.left_fen()
            assert sum(left.values()) == row.payable_fen
            if row.status == "settled":
                assert left == {}, "every fund has paid what its own lines cost"
            for fund_id, value_fen in left.items():
                settling[fund_id] += value_fen
            waiting: list[Any] = [one for one in standing.disputes.values() if one.outcome is None]
            waiting += [one for one in standing.payouts.values() if one.status == "instructed"]
            for one in waiting:
                for fund_id, value_fen in zip(one.fund_ids, one.share_fen, strict=True):
                    settling[fund_id] += value_fen
            funds = standing.funds.values()
            assert sum(fund.due_fen for fund in funds) == row.due_fen
            assert sum(fund.carried_out_fen for fund in funds) == row.carried_out_fen
            assert sum(fund.evened_fen for fund in funds) == 0
        assert settling == {fund_id: tables.sums["funds"][fund_id][SETTLING] for fund_id in FUNDS}

    def lines_are_those_of_the_registers(self, tables: Tables) -> None:
        own = {(line.merchant_id, *line[1:7]) for line in tables.lines}
        assert own == {
            (m, line.day, line.position, line.kind, line.redemption_id, line.face_fen, line.fee_fen)
            for m in MERCHANTS
            for line in self.model.lines[m]
        }
        payable = dict.fromkeys(FUNDS, 0)
        for (_, _day, fund_id), (face_value_fen, fee_fen, _) in tables.sums["fund_days"].items():
            payable[fund_id] += face_value_fen - fee_fen
        for fund in tables.rows["funds"].values():
            payable[fund.fund_id] -= fund.face_value_fen - fund.fee_fen
        latest = {row.merchant_id: row.statement_id for row in tables.rows["statements"].values()}
        for fund in tables.rows["funds"].values():
            if fund.statement_id in latest.values():
                payable[fund.fund_id] += fund.carried_out_fen
        assert payable == {fund_id: tables.sums["funds"][fund_id][PAYABLE] for fund_id in FUNDS}


EXAMPLES: Final = settings(max_examples=40, stateful_step_count=40, derandomize=True, **COMMON)


def test_whatever_happens_the_view_shows_it_wherever_pages_end() -> None:
    run_state_machine_as_test(Shown, settings=EXAMPLES)
