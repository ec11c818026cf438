"""The order in which a run brings together what belongs together.

Rule of the room: every step is one statement over all rows, and its order is its precedence: what an
earlier step has paired no later one sees. The steps are in the `.sql` files; this says which and when.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ledger.reconciling.queries import BANK, FLOWS, FREE, LINES, TABLES
from ledger.reconciling.shapes import Relation, Rule

_TABLES: Final = tuple(name for name in TABLES if not name.startswith(("analyze", "join")))

_OF_LINES: Final[tuple[Relation, ...]] = ("merchant", "trades")


class Matching:
    """The steps of one run, on the connection of its transaction."""

    def __init__(self, connection: Any, parameters: Mapping[str, Any], relations: Sequence[Relation]) -> None:
        """Make the run's tables.

        Args:
            connection: of the transaction.
            parameters: of the run: its programme, period, merchant, position and days.
            relations: those that there are files for.
        """
        self._connection = connection
        self._parameters = parameters
        self._relations = relations
        for name in _TABLES:
            connection.execute(TABLES[name])

    def take(self, files: Mapping[str, Any], told: Mapping[str, Any]) -> None:
        """Take in lines and rows."""
        self._run(LINES["take_files"], **files)
        self._run(LINES["take_told"], **told)
        self._run(LINES["take_lines"])
        self._run(TABLES["join_whole"])
        self._run(LINES["take_rows"], file_nos=files["file_nos"])
        self._run(TABLES["join_any_way"])
        self._run(TABLES["analyze_taken"])

    def match(self, *, near_days: int) -> None:
        """Go through the rules, in order, and then through what is left alone."""
        self._lines()
        self._bank()
        self._run(TABLES["analyze_free"])
        self._amounts(near_days)
        self._sums(near_days)
        # The trade bill's rows are held against the fund flow whatever the ledger says of them.
        self._flows()
        for name in ("break_rows", "break_items", "break_pairs"):
            self._run(FREE[name])

    def _lines(self) -> None:
        self._run(LINES["name_rows"])
        self._run(TABLES["analyze_named"])
        self._run(TABLES["join_whole"])
        for name in ("pair_named", "break_named", "free_rows"):
            self._run(LINES[name])
        self._run(TABLES["analyze_pairs"])
        self._run(LINES["free_lines"])

    def _bank(self) -> None:
        if "bank" not in self._relations:
            return
        for name in (
            "take_payouts",
            "name_bank_rows",
            "take_back",
            "pair_bank_rows",
            "break_bank_rows",
            "free_payouts",
            "free_bank_rows",
        ):
            self._run(BANK[name])

    def _flows(self) -> None:
        if "flows" not in self._relations:
            return
        self._run(FLOWS["pair_flows"])
        self._run(TABLES["analyze_pairs"])
        for name in ("free_flows", "free_trades"):
            self._run(FLOWS[name])

    # --- rule 2 and rule 3 ----------------------------------------------------------------------

    def _amounts(self, near_days: int) -> None:
        of_lines, of_bank = list(_OF_LINES), ["bank"]
        for relations, is_named, by_store, days in (
            # What names nothing may be off by some days; the nearest evidence is looked at first.
            (of_lines, False, True, 0),
            (of_lines, False, False, 0),
            (of_lines, False, False, near_days),
            # What names something unknown must agree in everything else.
            (of_lines, True, True, 0),
            (of_lines, True, False, 0),
            (of_bank, False, False, near_days),
            (of_bank, True, False, near_days),
        ):
            self._pair(
                "pair_amounts",
                "amount_and_day",
                relations=relations,
                is_named=is_named,
                by_store=by_store,
                days=days,
            )

    def _sums(self, near_days: int) -> None:
        of_lines, of_bank = list(_OF_LINES), ["bank"]
        self._pair("pair_sums", "store_sum", relations=of_lines, by="store", days=0)
        self._pair("pair_sums", "day_sum", relations=of_lines, by="day", days=0)
        self._pair("pair_sums", "day_net", relations=of_lines, by="net", days=0)
        self._pair("pair_sums", "statement_sum", relations=of_bank, by="statement", days=near_days)
        self._pair("pair_sums", "day_sum", relations=of_bank, by="day", days=near_days)
        self._pair("pair_batches", "batch_sum", days=near_days)

    def _pair(self, query: str, rule: Rule, **parameters: Any) -> None:
        if self._run(FREE[query], rule=rule, **parameters):
            self._run(FREE["rows_paired"], rule=rule)
            self._run(FREE["items_paired"], rule=rule)

    def _run(self, query: Any, **parameters: Any) -> int:
        """Run a step, and say how many rows it wrote."""
        return int(self._connection.execute(query, {**self._parameters, **parameters}).rowcount)
