"""What runs come to: both sides of every relation, and the ledger's lines beside them."""

import msgspec


class RelationSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What two sides come to. `other_fen` less `ledger_fen` is the sum of the breaks' differences."""

    relation: str
    ledger_items: int
    """Lines, payouts or trades on the first side."""
    ledger_fen: int
    other_rows: int
    other_fen: int
    difference_fen: int
    """The other side less the first."""
    matched: dict[str, tuple[int, int]]
    """What agrees, by rule: items and their 分."""
    breaks: dict[str, tuple[int, int]]
    """By code: breaks, and what they make the other side more or less."""
    set_aside: tuple[int, int]
    """Rows that may still change, and their 分: in no sum."""

    @property
    def ties(self) -> bool:
        """Whether every 分 between the two sides is a break's."""
        return self.difference_fen == sum(fen for _, fen in self.breaks.values())


class LedgerTotals(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger's lines of a period; refunds without sign."""

    merchants: int = 0
    uses: int = 0
    used_fen: int = 0
    used_fee_fen: int = 0
    refunds: int = 0
    refunded_fen: int = 0
    refunded_fee_fen: int = 0


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a run found, in sum."""

    relations: list[RelationSummary]
    told: LedgerTotals
    """Of merchants whose side was told."""
    untold: LedgerTotals
    """Of merchants without a file: not compared, and no break."""
    payouts_not_due: tuple[int, int]
    """Payouts, and their 分, that the bank's statements cannot show yet."""
    unreadable_lines: int
    """In the files that it stands on."""

    @property
    def ties(self) -> bool:
        """Whether all relations tie out."""
        return all(relation.ties for relation in self.relations)
