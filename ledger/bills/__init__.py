"""Bills that finance people get from payment services, banks and merchants, read as rows.

Rule of the room: readers are pure and streaming. They take a file and give one outcome for each row or
unreadable line, they know neither database nor clock, and what they keep in memory does not grow with
the length of a file. Money is whole 分 from the first sign on: nothing is rounded, and no float is made.
"""

from ledger.bills.bill import Bill
from ledger.bills.mapping import Mapping, read_mapping
from ledger.bills.opening import open_bill
from ledger.bills.rows import (
    REASONS,
    Balance,
    BillKind,
    BillRow,
    BillTotals,
    Difference,
    KindTotal,
    Outcome,
    Reason,
    RowKind,
    Unreadable,
)

__all__ = [
    "REASONS",
    "Balance",
    "Bill",
    "BillKind",
    "BillRow",
    "BillTotals",
    "Difference",
    "KindTotal",
    "Mapping",
    "Outcome",
    "Reason",
    "RowKind",
    "Unreadable",
    "open_bill",
    "read_mapping",
]
