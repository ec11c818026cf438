"""Merchants are used, refunded, settled, disputed and paid in any order, and every 分 is in one place.

No database: decisions find what their rows name and nothing else, and now and then all that is in
memory is dropped and made of the events again. `HYPOTHESIS_PROFILE=soak` looks for longer.
"""

import os
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import count, pairwise
from typing import Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ledger.domain.book import Account
from ledger.domain.decisions import ROWS
from ledger.domain.errors import LedgerError
from ledger.domain.fund import CommitMoney
from ledger.domain.identifiers import stream_id
from ledger.domain.messages import Command
from ledger.domain.payout import ConfirmPayout, FailPayout, InstructPayout, ReturnPayout
from ledger.domain.redemption import FulfilRedemption, FundWeight, HoldRedemption, RefundRedemption
from ledger.domain.registers import EveryRegister
from ledger.domain.state import ProgrammeState
from ledger.domain.statement import (
    ApproveStatement,
    CloseStatement,
    DisputeLine,
    ResolveDispute,
    Statement,
)
from ledger.domain.statement_digest import digest_of
from ledger.store.registers import row_of
from ledger.verify.sums import EveryAccount, may_be_below_zero
from tests.property.settlement_model import Issued, Line, Model, Objection, Spent
from tests.unit.builders import NOW, OPEN_FUND, OPEN_MERCHANT, World, but, holding

MERCHANTS: Final = ("cafe", "deli")
FUNDS: Final = ("bank", "city", "park")
KEYS: Final = ("key_a", "key_b")
SHANGHAI_HOURS: Final = timedelta(hours=8)
PARTICIPANT: Final = "participant:ada"
LOT: Final = "2999-12-31"

amounts = st.integers(1, 400) | st.sampled_from([1, 2, 3])


class Remade(World):
    """A world whose memory can be dropped: what is loaded again follows from the events alone."""

    def __init__(self) -> None:
        self.tables: ProgrammeState | None = None
        super().__init__()

    def drop(self) -> None:
        """Forget everything in memory."""
        self.tables = self.folded()
        state = ProgrammeState(self.state.programme_id)
        state.position, state.recorded_at = self.state.position, self.state.recorded_at
        state.programme, state.rulebook = self.state.programme, self.state.rulebook
        self.state = state

    def folded(self) -> ProgrammeState:
        """Fold every event anew, as an audit does."""
        state = ProgrammeState(self.state.programme_id)
        state.accounts, state.registers = EveryAccount(), EveryRegister()
        state.accounts[PARTICIPANT].lots[LOT] = 10**9
        state.accounts[PARTICIPANT].status = "open"
        for _, events in self.told:
            for event in events:
                state.apply(event)
        return state

    def account(self, address: str) -> Account:
        self._recall_accounts([address])
        return super().account(address)

    def _load(self, command: Command) -> None:
        row, tables = ROWS[type(command)], self.tables
        for key in (*([row.fact(command)] if row.fact else []), *(row.also(command) if row.also else ())):
            if key not in self.state.facts:
                self.state.facts[key] = self._folded(key, stream_id(self.state.programme_id, *key))
        self._recall_accounts(list(row.reads(command, self.state)))
        for _ in range(2):
            named = list(row.registers(command, self.state)) if row.registers else []
            stored = {key: tables.registers.get(*key) if tables else None for key in named}
            missing = self.state.registers.missing(named)
            self.state.registers.load({key: reread(stored[key]) for key in missing})
        super()._load(command)

    def _recall_accounts(self, named: list[str]) -> None:
        if self.tables is not None:
            missing = self.state.accounts.missing(named)
            stored = {address: reread(self.tables.accounts[address]) for address in missing}
            for address, account in stored.items():
                self.state.accounts._loaded[address] = account
                for (at, asset, lot), amount in self.state.accounts.changed_balances.items():
                    if at == address:
                        account.add(asset, lot, amount)


def reread(value: Any) -> Any:
    """Give what is stored, read anew."""
    return value if value is None else msgspec.json.decode(msgspec.json.encode(value), type=type(value))


class Lifecycle(RuleBasedStateMachine):
    """Everything that can happen between merchants, funds and the bank."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.numbers = count(1)
        self.model = Model()
        self.world = Remade()
        self.world.put({PARTICIPANT: holding({LOT: 10**9})})
        self.committed: dict[str, int] = defaultdict(int)
        self.moved: dict[str, int] = defaultdict(int)
        for merchant_id in MERCHANTS:
            self.do(but(OPEN_MERCHANT, id=merchant_id))
        for fund_id in FUNDS:
            self.do(but(OPEN_FUND, id=fund_id))
            self.commit(fund_id, 1_500)
        for number, merchant_id in enumerate((*MERCHANTS, *MERCHANTS)):
            self.spend_at(merchant_id, 300 + number, number, {"city": 2, "park": 1})
        self.now += timedelta(days=1)

    # --- doing

    @property
    def today(self) -> date:
        return (self.now + SHANGHAI_HOURS).date()

    def do(self, command: Command) -> tuple[Any, ...]:
        return tuple(self.world.do(but(command, occurred_at=self.now), at=self.now))

    def try_to(self, command: Command, refused: str | None) -> tuple[Any, ...]:
        """Do what the model says can be done; of the rest only the reason."""
        if refused is None:
            return self.do(command)
        with pytest.raises(LedgerError) as told:
            self.do(command)
        assert told.value.code == refused, (command, told.value)
        return ()

    def commit(self, fund_id: str, value_fen: int) -> None:
        own_id = f"grant-{next(self.numbers)}"
        self.do(CommitMoney(occurred_at=NOW, id=own_id, fund_id=fund_id, sponsor_id="s", value_fen=value_fen))
        self.committed[fund_id] += value_fen

    # --- what may happen

    @rule(fund_id=st.sampled_from(FUNDS), value_fen=st.integers(1, 500))
    def more_money(self, fund_id: str, value_fen: int) -> None:
        self.commit(fund_id, value_fen)

    @rule(
        merchant_id=st.sampled_from(MERCHANTS),
        face_fen=amounts,
        fee=st.integers(0, 4),
        weights=st.dictionaries(st.sampled_from(FUNDS), st.integers(1, 5), min_size=1),
        is_used=st.sampled_from([True, True, True, False]),
    )
    def spend(
        self, merchant_id: str, face_fen: int, fee: int, weights: dict[str, int], *, is_used: bool
    ) -> None:
        self.spend_at(merchant_id, face_fen, fee, weights, is_used=is_used)

    def spend_at(
        self, merchant_id: str, face_fen: int, fee: int, weights: dict[str, int], *, is_used: bool = True
    ) -> None:
        own_id, fee_fen = f"r-{next(self.numbers)}", face_fen * fee // 4
        hold = HoldRedemption(
            occurred_at=NOW,
            id=own_id,
            participant_id="ada",
            merchant_id=merchant_id,
            credits=1,
            face_value_fen=face_fen,
            funds=tuple(FundWeight(fund_id=fund_id, weight=weight) for fund_id, weight in weights.items()),
            deadline_at=self.now + timedelta(days=300),
            fee_fen=fee_fen,
        )
        try:
            (held,) = self.do(hold)
        except LedgerError as told:
            assert told.code == "insufficient_fund"  # noqa: PT017 - which fund it is, the model need not know
            return
        if not is_used:
            return
        self.do(FulfilRedemption(occurred_at=NOW, redemption_id=own_id))
        shares = {share.fund_id: share.value_fen for share in held.shares if share.value_fen}
        self.model.spent[own_id] = Spent(merchant_id, shares, fee_fen, face_fen - fee_fen)
        self.add_line(merchant_id, "use", own_id, face_fen, fee_fen, shares)

    def add_line(
        self, merchant_id: str, kind: str, own_id: str, face_fen: int, fee_fen: int, by_fund: dict[str, int]
    ) -> None:
        # Of the first event: a statement's end may follow it.
        position = self.world.state.position - len(self.world.told[-1][1]) + 1
        self.model.add(
            merchant_id, Line(kind, own_id, self.today, position, face_fen, fee_fen, dict(by_fund))
        )

    @precondition(lambda self: self.model.spent)
    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        self.refund_of(data.draw(st.sampled_from(sorted(self.model.spent))))

    def refund_of(self, own_id: str) -> None:
        spent = self.model.spent[own_id]
        refused = (
            "redemption_status_unsuitable"
            if spent.is_refunded
            else "line_disputed"
            if spent.open_dispute
            else None
        )
        if not self.try_to(RefundRedemption(occurred_at=NOW, redemption_id=own_id, reason="r"), refused):
            return
        self.model.claim(spent.merchant_id, spent.earned_fen)
        spent.is_refunded = True
        back = {fund_id: -value for fund_id, value in spent.shares.items() if value}
        self.add_line(spent.merchant_id, "refund", own_id, sum(back.values()), -spent.fee_fen, back)

    @rule(
        days=st.sampled_from([0, 1, 1, 2, 6, 7, 31]), microseconds=st.sampled_from([-1, 0, 1, 3_600_000_000])
    )
    def wait(self, days: int, microseconds: int) -> None:
        self.wait_days(days, microseconds)

    def wait_days(self, days: int, microseconds: int = 0) -> None:
        """Stop at, just before or just after a midnight in Shanghai."""
        midnight = (
            datetime.combine(self.today + timedelta(days=days), datetime.min.time(), UTC) - SHANGHAI_HOURS
        )
        self.now = max(self.now, midnight + timedelta(microseconds=microseconds))

    @rule(
        merchant_id=st.sampled_from(MERCHANTS),
        back=st.integers(-1, 12),
        by=st.sampled_from(KEYS),
        objection_days=st.sampled_from([0, 1, 7, 90]),
    )
    def close(self, merchant_id: str, back: int, by: str, objection_days: int) -> None:
        self.close_at(merchant_id, self.today - timedelta(days=back), by, objection_days)

    def close_at(self, merchant_id: str, ends_on: date, by: str, objection_days: int) -> None:
        command = CloseStatement(
            occurred_at=NOW, merchant_id=merchant_id, ends_on=ends_on, by=by, objection_days=objection_days
        )
        refused = self.model.closing_refused(merchant_id, ends_on, self.today)
        if refused == "period_settled":
            assert ends_on <= self.model.closed_until[merchant_id]
        for event in self.try_to(command, refused):
            assert event.digest == digest_of(event)
            self.model.close(event, self.today)

    @rule(
        is_paid=st.sampled_from([False, True]),
        is_refunded=st.sampled_from([False, False, True]),
        is_refunded_before=st.sampled_from([False, False, True]),
        back=st.sampled_from([0, 0, 1]),
        amended=st.sampled_from([None, 7, 299, 0, None, 310]),
    )
    def days_later_everything_is_settled(
        self, *, is_paid: bool, is_refunded: bool, is_refunded_before: bool, back: int, amended: int | None
    ) -> None:
        """The usual way, all at once: most of what can go wrong goes wrong after it."""
        self.wait_days(1 + back)
        ends_on = self.today - timedelta(days=back)
        if is_refunded_before:
            self.refund_oldest()
        for merchant_id in MERCHANTS:
            if self.model.closing_refused(merchant_id, ends_on, self.today):
                continue
            self.close_at(merchant_id, ends_on, "key_a", 7)
            statement_id = f"{merchant_id}:{ends_on}"
            if amended is not None:
                self.dispute_first(statement_id, amended)
            if is_paid:
                self.pay(statement_id)
        if is_refunded:
            self.refund_oldest()

    def pay(self, statement_id: str) -> None:
        self.approve_by(statement_id, "key_b", is_early=True)
        issued = self.model.statements[statement_id]
        if issued.status == "approved" and issued.left_fen:
            own_id = f"PAY-{next(self.numbers)}"
            self.instruct_as(statement_id, own_id, "key_a")
            self.bank_says_of(own_id, "confirmed")

    def refund_oldest(self) -> None:
        used = [i for i, spent in self.model.spent.items() if not (spent.is_refunded or spent.open_dispute)]
        if used:
            self.refund_of(used[0])

    def dispute_first(self, statement_id: str, amended: int) -> None:
        """Object to the first line that can be objected to, and resolve every other such dispute at once."""
        for line in self.model.lines[self.model.statements[statement_id].merchant_id]:
            if line.statement_id == statement_id and line.kind != "amendment":
                about = statement_id, line.kind, line.redemption_id
                if self.model.disputing_refused(*about, self.today) is None:
                    self.dispute_line(*about, "key_a")
                    if amended % 2:
                        self.resolve_line(*about, amended, "key_b")
                    return

    def some_statement(self, data: st.DataObject) -> tuple[str, Issued]:
        statement_id = data.draw(st.sampled_from(sorted(self.model.statements)))
        return statement_id, self.model.statements[statement_id]

    @precondition(lambda self: self.model.statements)
    @rule(data=st.data(), kind=st.sampled_from(["use", "use", "refund"]), by=st.sampled_from(KEYS))
    def dispute(self, data: st.DataObject, kind: Any, by: str) -> None:
        is_issued = [i for i, issued in self.model.statements.items() if issued.approved_by is None]
        statement_id = data.draw(st.sampled_from((is_issued or [*self.model.statements])[-3:]))
        issued = self.model.statements[statement_id]
        of_statement = [
            line.redemption_id
            for line in self.model.lines[issued.merchant_id]
            if line.kind == kind and line.statement_id == statement_id
        ]
        own_id = data.draw(st.sampled_from([*of_statement, *of_statement, *sorted(self.model.spent)]))
        self.dispute_line(statement_id, kind, own_id, by)

    def dispute_line(self, statement_id: str, kind: Any, own_id: str, by: str) -> None:
        issued = self.model.statements[statement_id]
        refused = self.model.disputing_refused(statement_id, kind, own_id, self.today)
        command = DisputeLine(
            occurred_at=NOW, statement_id=statement_id, redemption_id=own_id, line=kind, reason="r", by=by
        )
        for event in self.try_to(command, refused):
            line = self.model.line(statement_id, kind, own_id)
            assert line is not None
            held_fen = max(0, min(line.earned_fen, issued.left_fen))
            assert (event.earned_fen, event.held_back_fen) == (line.earned_fen, held_fen)
            issued.objections[kind, own_id] = Objection(line.earned_fen, held_fen)
            self.model.spent[own_id].open_dispute = True

    @precondition(lambda self: any(issued.objections for issued in self.model.statements.values()))
    @rule(
        data=st.data(),
        amended=st.none() | st.just(0) | st.integers(-400, 600),
        by=st.sampled_from(KEYS),
    )
    def resolve(self, data: st.DataObject, amended: int | None, by: str) -> None:
        known = [
            (statement_id, *key)
            for statement_id, issued in self.model.statements.items()
            for key in issued.objections
        ]
        is_open = [key for key in known if self.model.statements[key[0]].objections[key[1:]].outcome is None]
        statement_id, kind, own_id = data.draw(st.sampled_from([*is_open, *is_open, *known]))
        self.resolve_line(statement_id, kind, own_id, amended, by)

    def resolve_line(self, statement_id: str, kind: Any, own_id: str, amended: int | None, by: str) -> None:
        issued = self.model.statements[statement_id]
        objection = issued.objections[kind, own_id]
        command = ResolveDispute(
            occurred_at=NOW,
            statement_id=statement_id,
            redemption_id=own_id,
            line=kind,
            outcome="upheld" if amended is None else "amended",
            amended_fen=amended,
            reason="r",
            by=by,
        )
        refused = self.resolving_refused(objection, kind, amended)
        try:
            events = self.try_to(command, refused)
        except LedgerError as told:
            assert told.code == "insufficient_fund"  # noqa: PT017 - as where it is held
            assert amended is not None
            assert amended > objection.earned_fen
            return
        if events:
            objection.outcome = "upheld" if amended is None else "amended"
            self.model.spent[own_id].open_dispute = False
            if amended is not None:
                self.amended(events[0], objection, amended)
            self.require_end(events, issued)

    def resolving_refused(self, objection: Objection, kind: str, amended: int | None) -> str | None:
        if objection.outcome is not None:
            return "already_recorded"
        if amended is None:
            return None
        least, most = (0, 10**11) if kind == "use" else (objection.earned_fen, 0)
        is_suitable = least <= amended <= most and amended != objection.earned_fen
        return None if is_suitable else "amendment_unsuitable"

    def amended(self, event: Any, objection: Objection, amended_fen: int) -> None:
        spent, added_fen = self.model.spent[event.redemption_id], amended_fen - objection.earned_fen
        changes = {change.fund_id: change.value_fen for change in event.changes}
        assert sum(changes.values()) == added_fen
        line_fen = objection.held_fen + added_fen
        assert event.amendment_fen == line_fen == sum(share.value_fen for share in event.shares)
        self.model.claim(spent.merchant_id, max(0, -line_fen))
        if event.line == "use":
            spent.earned_fen = amended_fen
        for fund_id, change in changes.items():
            spent.shares[fund_id] = spent.shares.get(fund_id, 0) + change
            assert spent.shares[fund_id] >= 0 or event.line == "refund"
        by_fund = {share.fund_id: share.value_fen for share in event.shares if share.value_fen}
        for share in event.shares:
            self.moved[share.fund_id] += share.value_fen - changes[share.fund_id]
        self.add_line(spent.merchant_id, "amendment", event.redemption_id, line_fen, 0, by_fund)

    @precondition(lambda self: self.model.statements)
    @rule(data=st.data(), by=st.sampled_from(KEYS), is_early=st.booleans())
    def approve(self, data: st.DataObject, by: str, *, is_early: bool) -> None:
        self.approve_by(self.some_statement(data)[0], by, is_early=is_early)

    def approve_by(self, statement_id: str, by: str, *, is_early: bool) -> None:
        issued = self.model.statements[statement_id]
        ends_on = issued.issued_on + timedelta(days=issued.objection_days)
        refused = (
            "already_recorded"
            if issued.approved_by is not None
            else "second_key_needed"
            if by == issued.closed_by
            else "objections_open"
            if self.today < ends_on and not is_early
            else None
        )
        command = ApproveStatement(occurred_at=NOW, statement_id=statement_id, is_early=is_early, by=by)
        if events := self.try_to(command, refused):
            issued.approved_by = by
            self.require_end(events, issued)

    @precondition(lambda self: self.model.statements)
    @rule(data=st.data(), by=st.sampled_from(KEYS), is_known=st.booleans())
    def instruct(self, data: st.DataObject, by: str, *, is_known: bool) -> None:
        own_id = f"PAY-{next(self.numbers)}"
        if is_known and self.model.payouts:
            own_id = data.draw(st.sampled_from(sorted(self.model.payouts)))
        self.instruct_as(self.some_statement(data)[0], own_id, by)

    def instruct_as(self, statement_id: str, own_id: str, by: str) -> None:
        issued = self.model.statements[statement_id]
        refused = (
            "already_recorded"
            if own_id in issued.payouts
            else "payout_exists"
            if own_id in self.model.payouts
            else "statement_status_unsuitable"
            if issued.status != "approved"
            else None
            if issued.left_fen
            else "nothing_to_pay"
        )
        left_fen = issued.left_fen
        command = InstructPayout(occurred_at=NOW, id=own_id, statement_id=statement_id, by=by)
        for event in self.try_to(command, refused):
            assert event.value_fen == left_fen > 0
            issued.payouts[own_id] = (left_fen, "instructed")
            self.model.payouts[own_id] = statement_id

    @precondition(lambda self: self.model.payouts)
    @rule(data=st.data(), step=st.sampled_from(["confirmed", "confirmed", "failed", "returned"]))
    def bank_says(self, data: st.DataObject, step: str) -> None:
        self.bank_says_of(data.draw(st.sampled_from(sorted(self.model.payouts))), step)

    def bank_says_of(self, own_id: str, step: str) -> None:
        statement_id = self.model.payouts[own_id]
        issued = self.model.statements[statement_id]
        value_fen, status = issued.payouts[own_id]
        needed = "confirmed" if step == "returned" else "instructed"
        is_past = status == step or (step, status) == ("confirmed", "returned")
        refused = "already_recorded" if is_past else None if status == needed else "payout_status_unsuitable"
        about: dict[str, Any] = {
            "occurred_at": NOW,
            "statement_id": statement_id,
            "payout_id": own_id,
            "by": "key_a",
        }
        commands: dict[str, Command] = {
            "confirmed": ConfirmPayout(bank_reference="b", **about),
            "failed": FailPayout(reason="r", **about),
            "returned": ReturnPayout(reason="r", **about),
        }
        if events := self.try_to(commands[step], refused):
            issued.payouts[own_id] = (value_fen, step)
            self.require_end(events, issued)

    def require_end(self, events: tuple[Any, ...], issued: Issued) -> None:
        """A statement's end is told with the very event that leaves nothing to do."""
        assert [event.topic for event in events[1:]] == ["statement.settled"] * issued.is_settled
        for event in events[1:]:
            assert (event.paid_fen, event.moved_fen) == (issued.sum_of("confirmed"), issued.moved_fen)
            assert event.paid_fen + event.moved_fen == issued.due_fen

    @rule()
    def drop_memory(self) -> None:
        self.world.drop()

    # --- what must always hold

    def fen(self, address: str) -> int:
        return self.world.fen(address)

    @invariant()
    def every_fen_stands_in_one_place(self) -> None:
        state = self.world.folded()
        money = {a: account.total("CNY") for a, account in state.accounts._loaded.items()}
        assert all(value >= 0 or may_be_below_zero(address) for address, value in money.items())
        funded = sum(self.committed.values())
        assert sum(value for address, value in money.items() if not address.startswith("sponsor:")) == funded
        owed = {m: money.get(f"merchant:{m}:payable", 0) for m in MERCHANTS}
        claimed = sum(value for address, value in money.items() if address.endswith(":recoverable"))
        assert claimed == sum(self.model.claims.values())
        for merchant_id, payable_fen in owed.items():
            assert payable_fen == self.model.payable_fen(merchant_id)
            assert self.model.claims[merchant_id] >= max(0, -payable_fen)
        gone = sum(v for a, v in money.items() if a.endswith((":settling", ":paid")))
        assert gone <= funded, "never more is paid than sponsors have committed"

    @invariant()
    def what_a_fund_has_left_is_what_its_lines_have_not_taken(self) -> None:
        for fund_id in FUNDS:
            places = ("available", "encumbered", "recoverable")
            left_fen = sum(self.fen(f"fund:{fund_id}:{place}") for place in places)
            borne_fen = sum(
                line.by_fund.get(fund_id, 0) for lines in self.model.lines.values() for line in lines
            )
            # What was held back of an amended line stands in its statement and in the next one.
            assert left_fen + borne_fen - self.moved[fund_id] == self.committed[fund_id]

    @invariant()
    def statements_hold_every_line_once_and_pay_it_once(self) -> None:
        for merchant_id in MERCHANTS:
            own = {i: s for i, s in self.model.statements.items() if s.merchant_id == merchant_id}
            periods = sorted((issued.starts_on, issued.ends_on) for issued in own.values())
            assert all(a[1] == b[0] for a, b in pairwise(periods))
            for line in self.model.lines[merchant_id]:
                inside = [i for i, s in own.items() if s.starts_on <= line.day < s.ends_on]
                assert inside == ([line.statement_id] if line.statement_id else [])
            due = sum(issued.due_fen - issued.moved_fen for issued in own.values())
            paid = sum(issued.sum_of("confirmed") for issued in own.values())
            assert self.fen(f"merchant:{merchant_id}:paid") == paid
            assert self.fen(f"merchant:{merchant_id}:settling") == due - paid
            assert all(issued.left_fen >= 0 for issued in own.values())

    @invariant()
    def an_audit_finds_the_same_registers_and_statements(self) -> None:
        audited = self.world.folded()
        for key, entry in self.world.state.registers.entries().items():
            assert row_of(key, entry) == row_of(key, audited.registers.get(*key))
        for statement_id, issued in self.model.statements.items():
            known: Statement = audited.facts["statement", statement_id]
            assert (known.status, known.payable_fen) == (issued.status, issued.left_fen)


COMMON: Final[dict[str, Any]] = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}
FAST = settings(max_examples=150, stateful_step_count=40, derandomize=True, **COMMON)
SOAK = settings(max_examples=3_000, stateful_step_count=80, **COMMON)


def test_whatever_happens_every_fen_is_traced_to_one_line() -> None:
    is_soak = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
    run_state_machine_as_test(Lifecycle, settings=SOAK if is_soak else FAST)
