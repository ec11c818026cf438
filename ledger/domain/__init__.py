"""Words, rules and decisions of the ledger: pure, without clock, database or environment."""
