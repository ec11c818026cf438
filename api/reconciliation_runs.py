"""Reconciliation runs over HTTP: a period compared, and what was found.

Rule of the room: what stands on the very same is the very same run, whoever asks.
"""

from datetime import date
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from flask import Response

from api.access import Access, the_key
from api.answers import found
from api.key_cursors import CURSOR, cursor_of, key_after
from api.position_cursors import CURSOR as NUMBER_CURSOR
from api.position_cursors import cursor_of as number_cursor
from api.position_cursors import position_before
from api.queries import query_parameter, whole_number
from api.reconciliation_bodies import HERE, LIMIT, READERS, limit_asked, papers, run_of, works
from api.reconciliation_documents import run_document
from api.reconciliation_schemas import CheckedRunAnswer, FindingsAnswer, MatchesAnswer, RunAnswer, RunsAnswer
from api.routes import Routes
from api.webhooks import EmptyBody
from ledger.domain.identifiers import EntityId
from ledger.domain.limits import (
    POSITION_MAX,
    RECONCILIATION_NEAR_DAYS_MAX,
    RECONCILIATION_PAYMENT_DAYS_MAX,
    RECONCILIATION_REACH_DAYS_MAX,
)
from ledger.reconciling.shapes import Scope, Settings

routes = Routes("reconciliation-runs", description="The ledger held against files, period by period.")

_DEFAULTS: Final = Settings()


class MakeRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Compare local days from `starts_on` to before `ends_on`."""

    starts_on: date
    ends_on: date
    merchant_id: EntityId | None = None
    near_days: Annotated[int, msgspec.Meta(ge=0, le=RECONCILIATION_NEAR_DAYS_MAX)] = _DEFAULTS.near_days
    payment_days: Annotated[int, msgspec.Meta(ge=0, le=RECONCILIATION_PAYMENT_DAYS_MAX)] = (
        _DEFAULTS.payment_days
    )
    reach_days: Annotated[int, msgspec.Meta(ge=0, le=RECONCILIATION_REACH_DAYS_MAX)] = _DEFAULTS.reach_days
    min_position: Annotated[int, msgspec.Meta(ge=0, le=POSITION_MAX)] = 0


@routes.post(f"{HERE}/runs")
@works(routes, MakeRun, RunAnswer, "The run, made now or before.", status=HTTPStatus.CREATED)
def make_run(body: MakeRun, programme_id: str) -> Response:
    """Compare a period; what stands on the very same as a run before is that run."""
    settings = Settings(near_days=body.near_days, payment_days=body.payment_days, reach_days=body.reach_days)
    run = papers(programme_id).runs.make(
        programme_id,
        Scope(body.starts_on, body.ends_on, body.merchant_id),
        by=the_key().key_id,
        settings=settings,
        min_position=body.min_position,
    )
    response = found(run_document(run))
    response.status_code = HTTPStatus.CREATED
    return response


@routes.get(f"{HERE}/runs")
@routes.gives(
    RunsAnswer, Access(READERS, query=frozenset({"limit", "cursor"})), parameters=(LIMIT, NUMBER_CURSOR)
)
def list_runs(programme_id: str) -> Response:
    """List runs, the latest first."""
    limit, before = limit_asked(), position_before()
    runs = papers(programme_id).runs.page(programme_id, before=before, limit=limit + 1)
    shown = runs[:limit]
    cursor = number_cursor(shown[-1].number) if len(runs) > limit else None
    return found({"runs": [run_document(run) for run in shown], "next_cursor": cursor})


@routes.get(f"{HERE}/runs/<run_id>")
@routes.gives(RunAnswer, Access(READERS))
def read_run(programme_id: str, run_id: str) -> Response:
    """Read what a run stands on and what it found, in sum."""
    return found(run_document(papers(programme_id).runs.read(programme_id, run_of(run_id))))


@routes.post(f"{HERE}/runs/<run_id>/check")
@works(routes, EmptyBody, CheckedRunAnswer, "Whether it is the same.", roles=READERS)
def check_run(body: EmptyBody, programme_id: str, run_id: str) -> Response:  # noqa: ARG001 - it is empty
    """Make a run again from what it stood on, and compare; nothing is kept."""
    is_same = papers(programme_id).runs.check(programme_id, run_of(run_id))
    return found({"run_id": run_id, "is_same": is_same})


@routes.get(f"{HERE}/runs/<run_id>/matches")
@routes.gives(
    MatchesAnswer,
    Access(READERS, query=frozenset({"after", "limit"})),
    parameters=(
        query_parameter("after", "Begin after this one.", least=0, most=POSITION_MAX, default=0),
        LIMIT,
    ),
)
def list_matches(programme_id: str, run_id: str) -> Response:
    """List what a run brought together; only of the latest run over a period it is kept."""
    after, limit = whole_number("after", least=0, most=POSITION_MAX, default=0), limit_asked()
    here = papers(programme_id).runs
    here.read(programme_id, run_of(run_id))
    matches = here.matches(programme_id, run_id, after=after, limit=limit)
    next_after = matches[-1].match_no if len(matches) == limit else None
    return found({"matches": [match._asdict() for match in matches], "next_after": next_after})


@routes.get(f"{HERE}/runs/<run_id>/breaks")
@routes.gives(
    FindingsAnswer, Access(READERS, query=frozenset({"limit", "cursor"})), parameters=(LIMIT, CURSOR)
)
def list_findings(programme_id: str, run_id: str) -> Response:
    """List the breaks of a run as it found them."""
    limit, after = limit_asked(), key_after(parts=1)
    here = papers(programme_id).runs
    here.read(programme_id, run_of(run_id))
    findings = here.findings(programme_id, run_id, after=after, limit=limit + 1)
    shown = findings[:limit]
    cursor = cursor_of(shown[-1].break_id) if len(findings) > limit else None
    return found({"breaks": [one._asdict() for one in shown], "next_cursor": cursor})
