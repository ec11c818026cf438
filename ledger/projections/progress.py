"""How far a participant has come in the campaigns in force: the registers, told by the rules.

Rule of the room: standings are written with the events, so nothing here is ever behind.
"""

from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from ledger.domain.campaign import CampaignPublished
from ledger.domain.errors import ProgrammeNotFound
from ledger.domain.progress import CampaignProgress, progress_in
from ledger.domain.standing import NO_STANDING, Standing, standing_key
from ledger.domain.state import ProgrammeState
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.queries import load

_QUERIES: Final = load(Path(__file__).parent / "sql" / "progress.sql")
_decode: Final = msgspec.json.Decoder(Standing).decode


class InCampaign(NamedTuple):
    """A campaign in force, and a participant in it."""

    campaign: CampaignPublished
    progress: CampaignProgress


def read_progress(
    database: Database, programme_id: str, participant_id: str, *, now: datetime
) -> tuple[int, list[InCampaign]]:
    """Read how far a participant is in each campaign in which an act at this instant may count.

    Args:
        database: to read from.
        programme_id: whose.
        participant_id: who; one who never acted has come nowhere yet.
        now: tells which campaigns are in force, and which local day it is.

    Returns:
        The position of the log at which the standings were read, and the campaigns by their ids.

    Raises:
        ProgrammeNotFound
    """
    log = Log(database)
    state = ProgrammeState(programme_id)
    for logged in log.configuration(programme_id):
        state.configure(log.decode(logged))
    today = state.opened().today(now)
    latest = [versions[-1] for _, versions in sorted(state.rulebook.campaigns.items())]
    campaigns = [campaign for campaign in latest if campaign.is_valid_at(now)]
    keys = [standing_key(participant_id, campaign.id) for campaign in campaigns]
    position, standings = _standings(database, programme_id, keys)
    return position, [
        InCampaign(campaign, progress_in(campaign, standings.get(key, NO_STANDING), today))
        for campaign, key in zip(campaigns, keys, strict=True)
    ]


def _standings(database: Database, programme_id: str, keys: list[str]) -> tuple[int, dict[str, Standing]]:
    parameters = {"programme_id": programme_id, "register": Standing.register, "keys": keys}
    with database.connection() as connection:
        rows = connection.execute(_QUERIES["standings"], parameters).fetchall()
    if not rows:
        raise ProgrammeNotFound(programme_id=programme_id)
    return rows[0][0], {key: _decode(value) for _, key, value in rows if key is not None}
