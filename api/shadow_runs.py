"""Shadow runs over HTTP: what acts of the past would have earned under rules that are only proposed.

Rule of the room: a proposal is written as the body of the request that would publish it.
"""

from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar

import msgspec
from flask import Response

from api import strict_json
from api.access import Access
from api.answers import found
from api.bodies import JSON, read_body
from api.command_schemas import load_by_schema, schema_of
from api.queries import invalid
from api.routes import ALWAYS, IN_PROGRAMME, POSITION_DOCUMENT, WITH_COMMAND, Routes
from api.serving import the_ledger
from api.shadow_runs_schemas import ShadowAnswer
from ledger.domain.campaign import PublishCampaign
from ledger.domain.instants import Instant
from ledger.domain.limits import BODY_BYTES_MAX, SHADOW_RULES_MAX, VERSION_MAX
from ledger.domain.rulebook import Rulebook
from ledger.domain.rules import PublishScenario
from ledger.shadow_run import Proposal
from ledger.shadow_run.proposal import next_version
from ledger.shadow_run.run import Days

routes = Routes("shadow-runs", description="What proposed rules would have given, with nothing written.")

NEXT: Final = 0
"""In the place of a version: the one after the last that is published."""
NOW: Final = datetime.min.replace(tzinfo=UTC)
"""In the place of an instant: when the run is made."""

Version = Annotated[int, msgspec.Meta(ge=1, le=VERSION_MAX)]
Proposed = TypeVar("Proposed", PublishCampaign, PublishScenario)


class ProposedCampaign(PublishCampaign, frozen=True, kw_only=True, tag=False):
    """A campaign that is not published."""

    version: Version = NEXT
    occurred_at: Instant = NOW


class ProposedScenario(PublishScenario, frozen=True, kw_only=True, tag=False):
    """A version of a scenario that is not published."""

    version: Version = NEXT
    occurred_at: Instant = NOW


class TryRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The acts, and the rules to try on them; the published ones where none is proposed."""

    first_on: date
    """The first local day of the acts."""
    last_on: date
    """The last."""
    campaigns: Annotated[tuple[ProposedCampaign, ...], msgspec.Meta(max_length=SHADOW_RULES_MAX)] = ()
    scenarios: Annotated[tuple[ProposedScenario, ...], msgspec.Meta(max_length=SHADOW_RULES_MAX)] = ()


@routes.post(f"{IN_PROGRAMME}/shadow-runs")
@routes.describes(
    Access(("auditor", "operator")),
    {
        HTTPStatus.OK: {
            "description": "What was found; nothing was written.",
            "headers": POSITION_DOCUMENT,
            "content": {JSON: {"schema": ShadowAnswer}},
        }
    },
    problems=(*ALWAYS, *WITH_COMMAND),
    requestBody={"required": True, "content": {JSON: {"schema": schema_of(TryRules)}}},
)
def run_shadow(programme_id: str) -> Response:
    """Go over the acts of some days under proposed rules, and say what they would have earned and cost."""
    value = strict_json.loads(read_body(content_type=JSON, bytes_max=BODY_BYTES_MAX))
    asked = load_by_schema(TryRules, value)
    ledger = the_ledger()
    now = ledger.clock()
    report = ledger.shadow_runs.run(
        programme_id, _days(asked), lambda rulebook: _proposal(asked, rulebook, now), now=now
    )
    return found(msgspec.to_builtins(report))


def _days(asked: TryRules) -> Days:
    """Give the days of the acts.

    Raises:
        FieldsInvalid: one of them lies at the edge of the calendar.
    """
    for name in Days._fields:
        if not MINYEAR < getattr(asked, name).year < MAXYEAR:
            raise invalid(name, "must be a day of a calendar in use")
    return Days(asked.first_on, asked.last_on)


def _proposal(asked: TryRules, rulebook: Rulebook, now: datetime) -> Proposal:
    return Proposal(
        tuple(_as_published(each, PublishCampaign, rulebook, now) for each in asked.campaigns),
        tuple(_as_published(each, PublishScenario, rulebook, now) for each in asked.scenarios),
    )


def _as_published(proposed: Proposed, kind: type[Proposed], rulebook: Rulebook, now: datetime) -> Proposed:
    """Give the command that would publish a rule."""
    fields: dict[str, Any] = {name: getattr(proposed, name) for name in kind.__struct_fields__}
    if proposed.version == NEXT:
        fields["version"] = next_version(rulebook, kind, proposed.id)
    if proposed.occurred_at == NOW:
        fields["occurred_at"] = now
    return kind(**fields)
