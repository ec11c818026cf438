"""Scenarios over HTTP."""

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answer_schemas import LoggedEventAnswer, PublishedAnswer
from api.answers import event_document, found, recorded
from api.published import published, published_version
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.errors import ScenarioNotFound
from ledger.domain.rules import PublishScenario, ScenarioPublished

routes = Routes("scenarios", description="Kinds of acts and what they earn, version by version.")


@routes.post(f"{IN_PROGRAMME}/scenarios")
@routes.takes(PublishScenario)
def publish_scenario(command: PublishScenario, programme_id: str) -> Response:
    """Publish the next version of a scenario: which methodology measures it and what it earns."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/scenarios")
@routes.gives(PublishedAnswer, Access(EVERY_ROLE))
def list_scenarios(programme_id: str) -> Response:
    """Read every published version of every scenario."""
    return found(published(programme_id, ScenarioPublished))


@routes.get(f"{IN_PROGRAMME}/scenarios/<scenario_id>/versions/<version:version>")
@routes.gives(LoggedEventAnswer, Access(EVERY_ROLE))
def read_scenario(programme_id: str, scenario_id: str, version: int) -> Response:
    """Read one published version; it never changes."""
    if (logged := published_version(programme_id, "scenario", scenario_id, version)) is None:
        raise ScenarioNotFound(scenario_id=scenario_id)
    return found(event_document(logged))
