"""Which reader reads which bill."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from ledger.bills.bill import Bill, Reading
from ledger.bills.camt053 import read_camt053
from ledger.bills.files import Source, opened
from ledger.bills.mapping import Mapping
from ledger.bills.merchant import read_merchant
from ledger.bills.rows import BillKind
from ledger.bills.wechat_fund_flow import read_wechat_fund_flow
from ledger.bills.wechat_trades import read_wechat_trades
from ledger.domain.errors import BillMappingUnsuitable

_READERS: Final[dict[BillKind, Callable[[Source], Reading]]] = {
    "wechat_trades": read_wechat_trades,
    "wechat_fund_flow": read_wechat_fund_flow,
    "camt053": read_camt053,
}


def open_bill(path: Path, kind: BillKind, mapping: Mapping | None = None) -> Bill:
    """Open a bill, whose rows come as it is read and whose totals come after them.

    Args:
        path: of the file; what is packed with gzip is unpacked.
        kind: what it is.
        mapping: of a merchant's own file, and of no other.

    Raises:
        BillFileUnsuitable: the file is not of this kind.
        BillMappingUnsuitable: there is none for a merchant's own file, or one for another.
    """
    if kind == "merchant":
        if mapping is None:
            raise BillMappingUnsuitable(reason="a merchant's own file is read by a mapping")
        return Bill(path, kind, read_merchant(path, mapping))
    if mapping is not None:
        raise BillMappingUnsuitable(reason="only a merchant's own file is read by a mapping")
    return Bill(path, kind, _reading(path, kind))


def _reading(path: Path, kind: BillKind) -> Reading:
    with opened(path, kind) as source:
        yield from _READERS[kind](source)
