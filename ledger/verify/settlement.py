"""Holding what the settlement view says about merchants' money against itself, accounts and registers.

Rule of the room: that each row is as the log gives it, a rebuild shows; here it is shown that the rows
make sense together, which anybody can follow who has the tables alone.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ledger.domain.settling import Unsettled, UnsettledDay
from ledger.projections.settlement import Settlement
from ledger.store.queries import load
from ledger.verify.findings import FINDINGS_SHOWN_MAX, Code, Finding, Findings
from ledger.verify.settlement_lines import MerchantCheck, Stream, Streams

QUERIES: Final = load(Path(__file__).parent / "sql" / "settlement.sql")

ROWS_AT_A_TIME: Final = 10_000


class SettlementCheck:
    """The settlement of one programme, in one transaction."""

    def __init__(self, connection: Any, programme_id: str, position: int, findings: Findings) -> None:
        """Stand before it.

        Args:
            connection: in a snapshot of everything.
            programme_id: whose.
            position: of the last event, as of which accounts and registers stand.
            findings: where what is found is noted.
        """
        self._connection = connection
        self._programme_id = programme_id
        self._position = position
        self._findings = findings

    def check(self) -> None:
        """Compare everything; accounts and registers only where the view has come as far as they have."""
        ((position,),) = self._rows("view_position", view_name=Settlement.name)
        is_level = position == self._position
        self._lines(is_level=is_level)
        self._payouts()
        if is_level:
            self._accounts("merchants", "statements of")
            self._accounts("funds", "settlement_funds and")

    def _lines(self, *, is_level: bool) -> None:
        payables_fen = dict(self._rows("payables"))
        streams = Streams(
            Stream(self._stream("lines")),
            Stream(self._stream("statements")),
            Stream(self._stream("unsettled", register=Unsettled.register)),
            Stream(self._stream("unsettled_days", register=UnsettledDay.register)),
        )
        for merchant_id in streams.merchants():
            merchant = MerchantCheck(merchant_id, streams, self._found)
            merchant.hold(streams.lines.of(merchant_id))
            if is_level:
                merchant.hold_registers(payables_fen.get(merchant_id, 0))

    def _payouts(self) -> None:
        for statement_id, position, expected, found in self._rows("payouts"):
            differing = [name for name, value in expected.items() if value != found[name]]
            self._found(
                "statement_payouts_differ",
                f"settlement_statements {statement_id}, and its disputes and payouts",
                position,
                {name: expected[name] for name in differing},
                {name: found[name] for name in differing},
            )
        for table, key, position, value_fen, shares_fen, has_statement in self._rows("shares"):
            if not has_statement:
                self._found("statement_payouts_differ", f"{table} {key} is of no statement", position, 1, 0)
            elif value_fen != shares_fen:
                subject = f"{table} {key}, and its shares"
                self._found("statement_payouts_differ", subject, position, value_fen, shares_fen)

    def _accounts(self, query: str, of: str) -> None:
        for account, balance_fen, view_fen in self._rows(query):
            self._found("settled_money_differs", f"{of} {account}", None, balance_fen, view_fen)

    def _rows(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._connection.execute(
            QUERIES[query], {"programme_id": self._programme_id, **parameters}
        ).fetchall()
        return found

    def _stream(self, query: str, **parameters: Any) -> Iterator[tuple[Any, ...]]:
        with self._connection.cursor(name=f"settlement_{query}") as cursor:
            cursor.itersize = ROWS_AT_A_TIME
            cursor.execute(QUERIES[query], {"programme_id": self._programme_id, **parameters})
            yield from cursor

    def _found(self, code: Code, subject: str, position: int | None, expected: Any, found: Any) -> None:
        topic = None
        if position is not None and self._findings.counts[code] < FINDINGS_SHOWN_MAX:
            topic = next((topic for (topic,) in self._rows("topic", position=position)), None)
        self._findings.add(
            Finding(
                code=code, subject=subject, position=position, topic=topic, expected=expected, found=found
            )
        )
