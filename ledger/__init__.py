"""A programme is a ledger: an event-sourced credit ledger for carbon-inclusion programmes."""
