"""What the explanations of some events stand on, read and folded again.

Rule of the room: an answer folds so many entries of acts at most; an award beyond is shown without
being decided again, and says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ledger.domain import addresses
from ledger.domain.addresses import CNY
from ledger.domain.book import Account, Accounts
from ledger.domain.donation import CreditsDonated
from ledger.domain.grounds import Grounds
from ledger.domain.instants import local_date, zone
from ledger.domain.limits import EXPLAINED_AWARDS_MAX
from ledger.domain.policy import PolicyPublished
from ledger.domain.registers import EveryRegister, Registers
from ledger.domain.rulebook import Rulebook
from ledger.domain.sink import SinkOpened
from ledger.domain.state import ProgrammeState
from ledger.explained.reader import Reader
from ledger.explaining.before import (
    AWARDS,
    TOPICS_OF_ACTS,
    TOPICS_OF_CORRECTIONS,
    budget_of,
    is_counted,
    is_of_campaigns,
    registers_before,
    rulebook_at,
)
from ledger.explaining.steps import Case, Told
from ledger.projections.explaining import Acts, act_positions
from ledger.projections.statement_balances import held_at


def case_of(reader: Reader, streams: Iterable[Sequence[Told]]) -> Case:
    """Give what the explanations of some streams stand on."""
    rules = ProgrammeState(reader.programme_id)
    configuration = reader.configuration()
    for one in configuration:
        rules.configure(one.event)
    policies = [one for one in configuration if isinstance(one.event, PolicyPublished)]
    wanted: dict[int, Told] = {}
    acted_at: dict[int, datetime] = {}
    for stream in streams:
        wanted |= {told.position: told for told in stream}
        acted_at |= {told.position: stream[0].event.occurred_at for told in stream}
    awards = [wanted[position] for position in sorted(wanted) if isinstance(wanted[position].event, AWARDS)]
    registers = _registers_before(reader, rules, awards, acted_at)
    return Case(
        programme=rules.opened(),
        rulebook=rules.rulebook,
        projects=_projects(reader, wanted.values()),
        grounds={
            award.position: Grounds(
                rules.opened(),
                rulebook_at(rules.rulebook, policies, award.position),
                _accounts_before(reader, rules.rulebook, award),
                registers[award.position],
            )
            for award in awards
            if award.position in registers
        },
    )


def _projects(reader: Reader, told: Iterable[Told]) -> dict[str, SinkOpened]:
    projects: dict[str, SinkOpened] = {}
    for project_id in {one.event.project_id for one in told if isinstance(one.event, CreditsDonated)}:
        for logged in reader.log.stream(reader.programme_id, "sink", project_id)[:1]:
            event = reader.log.decode(logged)
            if isinstance(event, SinkOpened):
                projects[project_id] = event
    return projects


def _accounts_before(reader: Reader, rulebook: Rulebook, award: Told) -> Accounts:
    """Give what the fund behind an award had free before it."""
    accounts = Accounts()
    budget = budget_of(rulebook, award.event)
    if budget is not None:
        fund = addresses.available(budget.fund_id)
        held = held_at(reader.snapshot, fund, award.position - 1, (CNY,))
        accounts.load({fund: Account(others={CNY: held.get(CNY, 0)})})
    return accounts


def _acts_before(
    rules: ProgrammeState, participant_id: str, awards: Iterable[Told], acted_at: Mapping[int, datetime]
) -> Acts:
    """Give the acts that some awards were decided on: of the years of their own acts, or of all."""
    acts = Acts(participant_id, TOPICS_OF_ACTS, TOPICS_OF_CORRECTIONS, None, None)
    if any(is_of_campaigns(award.event) for award in awards):
        return acts
    time_zone = rules.opened().time_zone
    years = [local_date(acted_at[award.position], time_zone).year for award in awards]
    begin, end = (datetime(year, 1, 1, tzinfo=zone(time_zone)) for year in (min(years), max(years) + 1))
    return acts._replace(occurred_from=begin, occurred_to=end)


def _registers_before(
    reader: Reader, rules: ProgrammeState, awards: Iterable[Told], acted_at: Mapping[int, datetime]
) -> dict[int, Registers]:
    """Fold the participants' activities again, as far as one answer goes.

    Args:
        reader: of the log.
        rules: the programme's.
        awards: in order.
        acted_at: when the acts occurred, by the awards' positions.
    """
    by_participant: dict[str, list[Told]] = {}
    for award in awards:
        event: Any = award.event
        by_participant.setdefault(event.participant_id, []).append(award)
    found: dict[int, Registers] = {}
    left = EXPLAINED_AWARDS_MAX
    for participant_id, own in by_participant.items():
        if not any(is_counted(rules.rulebook, award.event) for award in own):
            found |= {award.position: EveryRegister() for award in own}
            continue
        positions = {award.position for award in own}
        wanted = _acts_before(rules, participant_id, own, acted_at)
        acts = act_positions(reader.snapshot, wanted, max(positions), most=left)
        if acts is not None:
            left -= len(acts)
            found |= registers_before(rules, participant_id, reader.streams(acts), positions)
    return found
