"""A programme's journal for other tools: hledger, ledger-cli and Beancount, and Parquet.

Rule of the room: a journal follows from the log and the period alone, and ends with every balance,
for the tool itself to check. `book` chooses and sums entries, `accounts` names accounts, `journal`
and the tools' own files write text, `rows` writes Parquet, `reading` and `export` go over a log.
"""

from ledger.books.accounts import PLACES, address_of, name_of
from ledger.books.book import ASSETS, Detail, Wanted
from ledger.books.export import FORMATS, Exported, Format, books_text, export_books
from ledger.books.journal import NOTATIONS, TextFormat

__all__ = [
    "ASSETS",
    "FORMATS",
    "NOTATIONS",
    "PLACES",
    "Detail",
    "Exported",
    "Format",
    "TextFormat",
    "Wanted",
    "address_of",
    "books_text",
    "export_books",
    "name_of",
]
