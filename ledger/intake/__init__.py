"""Files of other systems, read into proposed activities.

Rule of the room: readers are pure and streaming. They take lines and give one outcome for each fact
or unreadable line, they know neither database nor clock, and what they keep in memory does not grow
with the length of a file. Nothing is left out in silence, and nothing is decided here: whether a flag
costs something is for the methodology to say.
"""

from ledger.intake.charging import read_charging
from ledger.intake.daily import read_daily
from ledger.intake.frame_days import read_frames
from ledger.intake.outcomes import FLAGS, REASONS, Outcome, Proposed, Reason, Unreadable
from ledger.intake.steps import read_steps
from ledger.intake.tables import Format, format_of
from ledger.intake.trips import read_trips

__all__ = [
    "FLAGS",
    "REASONS",
    "Format",
    "Outcome",
    "Proposed",
    "Reason",
    "Unreadable",
    "format_of",
    "read_charging",
    "read_daily",
    "read_frames",
    "read_steps",
    "read_trips",
]
