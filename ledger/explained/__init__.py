"""Explanations of accounts: their entries, lots and balances, with the events that they follow from.

Rule of the room: this only reads, in one snapshot of the statements view and in the log up to its
position; what is said of it is worked out in `ledger.explaining`. Of a participant who was erased
nothing is said.
"""
