"""How a webhook stands, for those who look at it.

Rule of the room: nothing here has a secret but the answer to whoever had it made.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class Webhook(NamedTuple):
    """A webhook as it stands; never its secret."""

    programme_id: str
    id: str
    """As its maker chose it."""
    url: str
    topics: list[str]
    """Those wanted; all when empty."""
    state: str
    """active, failing (its receiver seems to be away) or paused."""
    delivered_up_to: int
    """Every wanted event up to here was delivered, waits for another attempt, or is a dead letter."""
    position: int
    """Where the log stands."""
    waiting: int
    """Messages that wait for another attempt."""
    dead: int
    """Messages given up."""
    failures_in_a_row: int
    last_error: str | None
    last_error_at: datetime | None
    last_delivered_at: datetime | None
    next_attempt_at: datetime | None
    """When something is tried again; None when nothing waits for that."""
    created_at: datetime
    previous_secret_until: datetime | None
    """Until when the secret before the last rotation signs too."""


@dataclass(frozen=True, kw_only=True)
class NewSecret:
    """A webhook and the secret just made for it, which nobody will be shown again."""

    webhook: Webhook
    secret: str = field(repr=False)


class DeadLetter(NamedTuple):
    """A message that was given up."""

    position: int
    topic: str
    attempts: int
    last_attempt_at: datetime
    last_error: str
