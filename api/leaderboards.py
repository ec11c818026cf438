"""Leaderboards over HTTP."""

import re
from collections.abc import Collection
from typing import Any, Final, cast

from flask import Response

from api.access import EVERY_ROLE, Access
from api.answers import found
from api.days import today
from api.leaderboards_schemas import LeaderboardAnswer, OrganisationsAnswer, StandingAnswer
from api.periods import day_parameter, local_day, text_of
from api.queries import invalid, query_parameter, whole_number
from api.routes import IN_PROGRAMME, Routes
from api.views import MIN_POSITION, MIN_POSITION_PARAMETER, view_reading
from ledger.domain import addresses
from ledger.domain.errors import AccountNotFound, ScenarioNotFound
from ledger.domain.identifiers import ENTITY_ID
from ledger.domain.limits import (
    ECHO_CHARS_MAX,
    LEADERBOARD_NEIGHBOURS_MAX,
    LEADERBOARD_OFFSET_MAX,
    LEADERBOARD_PLACES_MAX,
)
from ledger.projections.leaderboards import Leaderboards
from ledger.projections.leaderboards_acts import PERIODS, Period, last_day
from ledger.projections.leaderboards_fields import BYS, By
from ledger.projections.leaderboards_queries import Leaderboard, Question

routes = Routes("leaderboards", description="Who avoided and earned most, in which period, where.")

_ENTITY_ID: Final = re.compile(ENTITY_ID)
_PLACES_DEFAULT: Final = 10
_NEIGHBOURS_DEFAULT: Final = 2


def _word_parameter(name: str, description: str, words: Collection[str], default: str) -> dict[str, Any]:
    schema = {"type": "string", "enum": list(words), "default": default}
    return {"in": "query", "name": name, "description": description, "schema": schema}


def _id_parameter(name: str, description: str) -> dict[str, Any]:
    return {"in": "query", "name": name, "description": description, "schema": {"type": "string"}}


_BOARD_PARAMETERS: Final = (
    _word_parameter("period", "How long; weeks are ISO's.", PERIODS, "month"),
    day_parameter("on", "A local day in the period; today's by default."),
    _word_parameter("by", "What ranks.", BYS, "grams"),
    _id_parameter("scenario", "Count only this scenario."),
    _id_parameter("organisation", "Rank within this organisation and all that lie in it."),
    MIN_POSITION_PARAMETER,
)
_PAGE_PARAMETERS: Final = (
    query_parameter("limit", "How many.", least=1, most=LEADERBOARD_PLACES_MAX, default=_PLACES_DEFAULT),
    query_parameter("offset", "How many to leave out.", least=0, most=LEADERBOARD_OFFSET_MAX, default=0),
)
_NEIGHBOURS_PARAMETER: Final = query_parameter(
    "neighbours",
    "How many before, and how many after.",
    least=0,
    most=LEADERBOARD_NEIGHBOURS_MAX,
    default=_NEIGHBOURS_DEFAULT,
)
_BOARD_NAMES: Final = frozenset({"period", "on", "by", "scenario", "organisation", MIN_POSITION})
_PAGE_NAMES: Final = frozenset({"limit", "offset"})


@routes.get(f"{IN_PROGRAMME}/leaderboards")
@routes.gives(
    LeaderboardAnswer,
    Access(EVERY_ROLE, query=_BOARD_NAMES | _PAGE_NAMES),
    parameters=(*_BOARD_PARAMETERS, *_PAGE_PARAMETERS),
)
def read_leaderboard(programme_id: str) -> Response:
    """Read a leaderboard of participants, from the top or from further down."""
    question, offset, limit = _question(programme_id), _offset(), _limit()
    with view_reading(programme_id, Leaderboards.name) as reading:
        top = Leaderboard(reading, question).top(offset=offset, limit=limit)
    places = [place._asdict() for place in top.places]
    return found({**_board(reading.position, question), "members": top.members, "places": places})


@routes.get(f"{IN_PROGRAMME}/leaderboards/participants/<participant_id>")
@routes.gives(
    StandingAnswer,
    Access(EVERY_ROLE, query=_BOARD_NAMES | {"neighbours"}),
    parameters=(*_BOARD_PARAMETERS, _NEIGHBOURS_PARAMETER),
)
def read_participant_standing(programme_id: str, participant_id: str) -> Response:
    """Read a participant's rank, and those just before and after; a hidden one sees their own."""
    if _ENTITY_ID.fullmatch(participant_id) is None:
        raise AccountNotFound(account=addresses.participant(participant_id[:ECHO_CHARS_MAX]))
    neighbours = whole_number(
        "neighbours", least=0, most=LEADERBOARD_NEIGHBOURS_MAX, default=_NEIGHBOURS_DEFAULT
    )
    question = _question(programme_id)
    with view_reading(programme_id, Leaderboards.name) as reading:
        standing = Leaderboard(reading, question).around(participant_id, neighbours=neighbours)
    return found(
        {
            **_board(reading.position, question),
            "members": standing.members,
            "own": standing.own and standing.own._asdict(),
            "places": [place._asdict() for place in standing.places],
        }
    )


@routes.get(f"{IN_PROGRAMME}/leaderboards/organisations")
@routes.gives(
    OrganisationsAnswer,
    Access(EVERY_ROLE, query=_BOARD_NAMES | _PAGE_NAMES),
    parameters=(*_BOARD_PARAMETERS, *_PAGE_PARAMETERS),
)
def read_organisations_leaderboard(programme_id: str) -> Response:
    """Read a leaderboard of organisations that lie directly in one, or in none."""
    question, offset, limit = _question(programme_id), _offset(), _limit()
    with view_reading(programme_id, Leaderboards.name) as reading:
        places = Leaderboard(reading, question).organisations(offset=offset, limit=limit)
    return found({**_board(reading.position, question), "places": [place._asdict() for place in places]})


# --- what is asked for ------------------------------------------------------------------------


def _question(programme_id: str) -> Question:
    """Read which board is meant.

    Raises:
        FieldsInvalid: a value is none of those that mean something.
        ScenarioNotFound, AccountNotFound: what is named could never have this id.
        ProgrammeNotFound
    """
    period = cast("Period", _word("period", PERIODS, "month"))
    by = cast("By", _word("by", BYS, "grams"))
    on = local_day("on")
    scenario_id, organisation_id = text_of("scenario"), text_of("organisation")
    if scenario_id is not None and _ENTITY_ID.fullmatch(scenario_id) is None:
        raise ScenarioNotFound(scenario_id=scenario_id[:ECHO_CHARS_MAX])
    if organisation_id is not None and _ENTITY_ID.fullmatch(organisation_id) is None:
        raise AccountNotFound(account=addresses.organisation(organisation_id[:ECHO_CHARS_MAX]))
    return Question(period, on or today(programme_id), by, scenario_id or "", organisation_id or "")


def _word(name: str, known: Collection[str], default: str) -> str:
    text = text_of(name)
    if text is not None and text not in known:
        raise invalid(name, f"must be one of: {', '.join(known)}")
    return text or default


def _limit() -> int:
    return whole_number("limit", least=1, most=LEADERBOARD_PLACES_MAX, default=_PLACES_DEFAULT)


def _offset() -> int:
    return whole_number("offset", least=0, most=LEADERBOARD_OFFSET_MAX, default=0)


def _board(position: int, question: Question) -> dict[str, Any]:
    """Say which board it is."""
    is_all = question.period == "all"
    return {
        "position": position,
        "period": question.period,
        "starts_on": None if is_all else question.starts_on,
        "ends_on": None if is_all else last_day(question.period, question.starts_on),
        "by": question.by,
        "scenario_id": question.scenario_id or None,
        "organisation_id": question.organisation_id or None,
    }
