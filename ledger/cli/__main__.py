"""`python -m ledger.cli`: the command line, for processes that this one starts."""

from ledger.cli import main

main()
