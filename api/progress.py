"""A participant's progress in campaigns over HTTP."""

import re
from typing import Any, Final

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answers import found
from api.progress_schemas import ProgressAnswer
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain import addresses
from ledger.domain.errors import AccountNotFound
from ledger.domain.identifiers import ENTITY_ID
from ledger.domain.limits import ACCOUNT_CHARS_MAX
from ledger.projections.balances import read_account
from ledger.projections.progress import InCampaign, read_progress

routes = Routes("progress", description="How far participants have come in campaigns.")

_ENTITY_ID: Final = re.compile(ENTITY_ID)


@routes.get(f"{IN_PROGRAMME}/participants/<participant_id>/campaigns")
@routes.gives(ProgressAnswer, Access(EVERY_ROLE))
def list_progress(programme_id: str, participant_id: str) -> Response:
    """Read how far a participant is in each campaign in force: days, grams, and what its cap leaves."""
    account = addresses.participant(participant_id)
    if _ENTITY_ID.fullmatch(participant_id) is None:
        raise AccountNotFound(account=account[:ACCOUNT_CHARS_MAX])
    ledger = the_ledger()
    read_account(ledger.database, programme_id, account)  # or there is no such participant
    position, lines = read_progress(ledger.database, programme_id, participant_id, now=ledger.clock())
    campaigns = [_document(line) for line in lines]
    return found({"position": position, "participant_id": participant_id, "campaigns": campaigns})


def _document(line: InCampaign) -> dict[str, Any]:
    campaign, progress = line
    return {
        "campaign_id": campaign.id,
        "campaign_version": campaign.version,
        "name_zh": campaign.name_zh,
        "name_en": campaign.name_en,
        "scenario_ids": campaign.scenario_ids,
        "valid_from": campaign.valid_from,
        "valid_to": campaign.valid_to,
        "awarded_credits": progress.awarded_credits,
        "credits_max": progress.credits_max,
        "credits_left": progress.credits_left,
        "bonus": progress.bonus,
    }
