"""Campaigns over HTTP."""

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answer_schemas import LoggedEventAnswer, PublishedAnswer
from api.answers import event_document, found, recorded
from api.published import published, published_version
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.campaign import CampaignPublished, PublishCampaign
from ledger.domain.errors import CampaignNotFound

routes = Routes("campaigns", description="More credits for a while, version by version.")


@routes.post(f"{IN_PROGRAMME}/campaigns")
@routes.takes(PublishCampaign)
def publish_campaign(command: PublishCampaign, programme_id: str) -> Response:
    """Publish the next version of a campaign; it takes the place of the one before."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/campaigns")
@routes.gives(PublishedAnswer, Access(EVERY_ROLE))
def list_campaigns(programme_id: str) -> Response:
    """Read every published version of every campaign."""
    return found(published(programme_id, CampaignPublished))


@routes.get(f"{IN_PROGRAMME}/campaigns/<campaign_id>/versions/<version:version>")
@routes.gives(LoggedEventAnswer, Access(EVERY_ROLE))
def read_campaign(programme_id: str, campaign_id: str, version: int) -> Response:
    """Read one published version; it never changes."""
    if (logged := published_version(programme_id, "campaign", campaign_id, version)) is None:
        raise CampaignNotFound(campaign_id=campaign_id)
    return found(event_document(logged))
