"""What decisions about funds stand on beyond their balances: terms, alarms, sponsors' parts.

Rule of the room: as of `ledger.domain.registers`; evolving never refuses.
"""

from typing import ClassVar

import msgspec

from ledger.domain.registers import Entry, Registers, key_of


class Fund(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """What is asked of a fund; the key is its id. Most funds have no entry."""

    register: ClassVar[str] = "funds"

    needs_approval: bool = False
    """Whether money enters it only by a proposal that another key approves."""
    thresholds_fen: tuple[int, ...] = ()
    """Available money below which an alarm is raised; the highest first."""
    margin_fen: int = 0
    """How far above its threshold available money must rise before an alarm is cleared."""
    raised_fen: tuple[int, ...] = ()
    """The thresholds whose alarm stands; the highest first."""
    alarms: int = 0
    """Alarms raised and cleared so far: the events in their stream."""


class Contribution(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A sponsor's part in a fund; the key is the fund's id and the sponsor's."""

    register: ClassVar[str] = "contributions"

    committed_fen: int = 0
    withdrawn_fen: int = 0
    moved_in_fen: int = 0
    """From other funds of the same sponsor."""
    moved_out_fen: int = 0

    @property
    def part_fen(self) -> int:
        """What the sponsor has put into the fund and not taken out; spent or not."""
        return self.committed_fen - self.withdrawn_fen + self.moved_in_fen - self.moved_out_fen


def contribution_key(fund_id: str, sponsor_id: str) -> tuple[type[Contribution], str]:
    """Give where a sponsor's part in a fund stands."""
    return Contribution, key_of(fund_id, sponsor_id)


def contribution_of(registers: Registers, fund_id: str, sponsor_id: str) -> Contribution:
    """Give a sponsor's part in a fund; nothing for one who never put anything in."""
    return registers.get(*contribution_key(fund_id, sponsor_id)) or Contribution()


def add_contribution(registers: Registers, fund_id: str, sponsor_id: str, **added_fen: int) -> None:
    """Count what moved, by the fields of a contribution."""
    before = contribution_of(registers, fund_id, sponsor_id)
    after = {name: getattr(before, name) + value_fen for name, value_fen in added_fen.items()}
    registers.put(*contribution_key(fund_id, sponsor_id), msgspec.structs.replace(before, **after))
