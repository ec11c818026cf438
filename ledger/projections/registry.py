"""Every view that follows the log, by its frozen name."""

from typing import Final

from ledger.projections.checksums import Checksums
from ledger.projections.funds import Funds
from ledger.projections.leaderboards import Leaderboards
from ledger.projections.settlement import Settlement
from ledger.projections.statements import Statements
from ledger.projections.totals import Totals
from ledger.projections.view import View

_ALL: Final[tuple[type[View], ...]] = (Checksums, Funds, Leaderboards, Settlement, Statements, Totals)

VIEWS: Final[dict[str, type[View]]] = {view.name: view for view in _ALL}
