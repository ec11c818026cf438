"""Policies over HTTP."""

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answer_schemas import LoggedEventAnswer, PublishedAnswer
from api.answers import event_document, found, recorded
from api.published import published, published_version
from api.routes import IN_PROGRAMME, Routes
from api.serving import the_ledger
from ledger.domain.errors import PolicyNotFound
from ledger.domain.policy import PolicyPublished, PublishPolicy

routes = Routes("policies", description="What holds over all scenarios of a programme, version by version.")


@routes.post(f"{IN_PROGRAMME}/policies")
@routes.takes(PublishPolicy)
def publish_policy(command: PublishPolicy, programme_id: str) -> Response:
    """Publish the next version of the programme's policy; what it does not name no longer holds."""
    return recorded(the_ledger().writer.submit(programme_id, command))


@routes.get(f"{IN_PROGRAMME}/policies")
@routes.gives(PublishedAnswer, Access(EVERY_ROLE))
def list_policies(programme_id: str) -> Response:
    """Read every published version of the policy; the last one holds."""
    return found(published(programme_id, PolicyPublished))


@routes.get(f"{IN_PROGRAMME}/policies/current")
@routes.gives(LoggedEventAnswer, Access(EVERY_ROLE))
def read_current_policy(programme_id: str) -> Response:
    """Read the version that holds now."""
    versions = published(programme_id, PolicyPublished)["events"]
    if not versions:
        raise PolicyNotFound(version=None)
    return found(versions[-1])


@routes.get(f"{IN_PROGRAMME}/policies/versions/<version:version>")
@routes.gives(LoggedEventAnswer, Access(EVERY_ROLE))
def read_policy(programme_id: str, version: int) -> Response:
    """Read one published version; it never changes."""
    if (logged := published_version(programme_id, "policy", "policy", version)) is None:
        raise PolicyNotFound(version=version)
    return found(event_document(logged))
