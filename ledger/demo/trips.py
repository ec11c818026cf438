"""The dataset's trips as a vehicle platform would report them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from ledger.reference_data import Trip

DATASET_ZONE = ZoneInfo("Africa/Casablanca")
"""The dataset was recorded in Rabat-Salé-Kénitra and writes local times without a zone."""

PARTICIPANTS = {"T1": "p-1f08", "T2": "p-27c4", "T3": "p-3e9b"}
"""Who drives each of the dataset's three routes: ids that say nothing about anybody."""


def activity_of(trip: Trip) -> dict[str, Any]:
    """Give a trip as a vehicle platform reports it: measurements as the file's text, time with its offset."""
    began = datetime.fromisoformat(trip.start_local).replace(tzinfo=DATASET_ZONE)
    return {
        "id": trip.trip_id,
        "source": "twizy",
        "participant_id": PARTICIPANTS[trip.trip_id.partition("_")[0]],
        "scenario_id": "nev",
        "measured": msgspec.to_builtins(trip.measured),
        "occurred_at": began.isoformat(),
    }
