"""What a reader makes of a file: a proposed activity, or a line that it could not read.

Rule of the room: ids of vehicles and people stand here in clear, so neither struct is ever stored;
whoever writes an activity puts an HMAC in their place first.
"""

import re
from datetime import datetime
from typing import Final, Literal, cast, get_args

import msgspec

from ledger.domain.limits import ECHO_CHARS_MAX
from ledger.domain.methodology import Measured
from ledger.domain.quality import QualityFlag

SubjectKind = Literal["vehicle", "person", "station"]

FLAGS: Final = cast("tuple[QualityFlag, ...]", get_args(QualityFlag))
"""Every one there is, in the one order in which an activity names its own."""

Reason = Literal[
    "encoding_unknown",
    "header_incomplete",
    "line_too_long",
    "document_too_long",
    "line_malformed",
    "columns_differ",
    "subject_missing",
    "id_unsuitable",
    "day_malformed",
    "time_malformed",
    "interval_backwards",
    "odometer_malformed",
    "number_malformed",
    "flag_unknown",
    "frame_not_hex",
    "frame_start_missing",
    "frame_of_2025",
    "frame_length_differs",
    "frame_checksum_differs",
    "frame_not_reported",
    "frame_encrypted",
    "frame_subject_malformed",
    "frame_time_invalid",
    "frame_without_vehicle_data",
]

REASONS: Final[dict[Reason, str]] = {
    "encoding_unknown": "the text is in no encoding that is read: UTF-8, with or without a mark, or GB 18030",
    "header_incomplete": "a column that is needed is not there, so no line of the file can be read",
    "line_too_long": "the line is longer than one report can be",
    "document_too_long": "the JSON list is longer than is read at once; send one object on each line",
    "line_malformed": "the line is no row of the table, or no JSON object",
    "columns_differ": "the row has more or fewer values than the header has names",
    "subject_missing": "it does not say whose it is, or in more than 64 characters",
    "id_unsuitable": "the source's own id is longer than 96 characters or not printable ASCII",
    "day_malformed": "the day is no date such as 2024-05-06, 2024/5/6 or 20240506",
    "time_malformed": "a time is none such as 2024-05-06T08:00:00, with or without an offset",
    "interval_backwards": "it ends before it begins, or at the same instant",
    "odometer_malformed": "a reading is neither kilometres as a plain decimal nor whole units of 0.1 km",
    "number_malformed": "a number is none: plain digits, with decimals only where the unit has parts",
    "flag_unknown": "the source gives a quality that is not known here",
    "frame_not_hex": "the frame is not written in hexadecimal digits",
    "frame_start_missing": "the frame does not begin with ##",
    "frame_of_2025": "the frame is one of GB/T 32960-2025, which begins with $$ and is not read yet",
    "frame_length_differs": "the frame is longer or shorter than it says",
    "frame_checksum_differs": "the checksum is another one: the frame was damaged on its way",
    "frame_not_reported": "the frame reports no data: it is a login, a logout, a heartbeat or the like",
    "frame_encrypted": "the data unit is encrypted, or says that it is abnormal",
    "frame_subject_malformed": "the vehicle's id in the frame is not printable ASCII",
    "frame_time_invalid": "the collect time is no time",
    "frame_without_vehicle_data": "no vehicle data unit was found before the data ended or became unknown",
}
"""Why a line was not read, in the words that people are shown."""

_VIN = re.compile(r"[A-HJ-NPR-Za-hj-npr-z0-9]{17}")


class Proposed(msgspec.Struct, frozen=True, gc=False):
    """An activity as a file reports it.

    Attributes:
        source: the system that reports it.
        source_id: its own id of the activity; made of subject and day where the file has none, so it
            may hold the subject in clear.
        subject_kind: what the subject is.
        subject: VIN, platform id or person id, in clear.
        begins_at: first instant that it covers (UTC).
        ends_at: the instant at which it is over (UTC).
        measured: what was measured.
        flags: what may be doubtful, in the order of `FLAGS`.
        received_at: when the source had it (UTC); None when the file does not say.
        line: where it stands in the file, from 1; the first of several lines for a day of frames.
    """

    source: str
    source_id: str
    subject_kind: SubjectKind
    subject: str
    begins_at: datetime
    ends_at: datetime
    measured: Measured
    flags: tuple[QualityFlag, ...]
    received_at: datetime | None
    line: int


class Unreadable(msgspec.Struct, frozen=True, gc=False):
    """A line that is no activity.

    Attributes:
        line: where it stands in the file, from 1.
        reason: why, one of `REASONS`.
        excerpt: enough of it to recognise it, without the ids of vehicles.
    """

    line: int
    reason: Reason
    excerpt: str


Outcome = Proposed | Unreadable


def unreadable(line: int, reason: Reason, text: str) -> Unreadable:
    """Tell of a line without telling whose it was."""
    excerpt = _VIN.sub("…", text[: 4 * ECHO_CHARS_MAX])[:ECHO_CHARS_MAX]
    return Unreadable(
        line, reason, "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in excerpt)
    )


def in_order(flags: set[QualityFlag]) -> tuple[QualityFlag, ...]:
    """Put flags into their one order, so that the same doubts are always the same content."""
    return tuple(flag for flag in FLAGS if flag in flags) if flags else ()
