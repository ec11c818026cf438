"""Money and instants as people read them.

Rule of the room: whole 分 become yuan by moving the point, never by a division of floats.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from ledger.domain.instants import zone

FEN_PER_YUAN: Final = 100
MINUS: Final = "\N{MINUS SIGN}"
"""Wider than a hyphen, so that nobody reads over it."""


def yuan(fen: int) -> Decimal:
    """Give an amount in yuan, exactly, with two decimals."""
    return Decimal(fen).scaleb(-2)


def plain(fen: int) -> str:
    """Give an amount in yuan as programs read it: ``-1234.50``."""
    whole, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{'-' if fen < 0 else ''}{whole}.{rest:02}"


def grouped(fen: int) -> str:
    """Give an amount in yuan as people read it: ``1,234.50``, below zero after a wide minus."""
    whole, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{MINUS if fen < 0 else ''}{whole:,}.{rest:02}"


def priced(fen: int) -> str:
    """Give an amount with the sign of its currency: ``¥1,234.50``, below zero after a wide minus."""
    return f"{MINUS if fen < 0 else ''}¥{grouped(abs(fen))}"


def local(instant: datetime, time_zone: str) -> datetime:
    """Give an instant as the clocks of a zone show it, without naming the zone.

    Args:
        instant: aware.
        time_zone: IANA name.

    Returns:
        A naive datetime, cut to whole seconds.
    """
    return instant.astimezone(zone(time_zone)).replace(tzinfo=None, microsecond=0)


def clock(instant: datetime, time_zone: str) -> str:
    """Give an instant as the clocks of a zone show it: ``2026-03-31 23:59:59``."""
    return local(instant, time_zone).isoformat(" ")
