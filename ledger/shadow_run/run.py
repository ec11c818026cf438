"""Going over the acts of some days under proposed rules.

Rule of the room: acts count in the order in which they were recorded. Those of the year before the
first day count as they really did, because caps and streaks stand on them.
"""

from datetime import UTC, date, datetime, time
from typing import NamedTuple

import msgspec

from ledger.domain import activity_life
from ledger.domain.activity import activity_key
from ledger.domain.bonus import BonusIssued, counted_in, issue_bonuses
from ledger.domain.budget import Budget
from ledger.domain.conversion import credits_for
from ledger.domain.earning import CreditsIssued, earn, earner_of
from ledger.domain.errors import (
    LedgerError,
    PeriodEmpty,
    ProgrammeNotFound,
    ShadowRunTooLong,
)
from ledger.domain.instants import local_date, zone
from ledger.domain.limits import CLOCK_SKEW_MAX
from ledger.domain.programme import ProgrammeOpened
from ledger.domain.rulebook import Rulebook
from ledger.domain.rules import ScenarioPublished
from ledger.domain.state import ProgrammeState
from ledger.shadow_run.acts import Act, Acts, Progress, position_before
from ledger.shadow_run.money import available_fen, funds_of, payer, spent_on
from ledger.shadow_run.proposal import NOTHING_PROPOSED, Proposal, versions_proposed, with_proposal
from ledger.shadow_run.state import shadow_state
from ledger.shadow_run.tally import ShadowReport, Tally
from ledger.store.database import Database
from ledger.store.log import Log


class Days(NamedTuple):
    """The local days of the acts that are gone over."""

    first_on: date
    last_on: date


def no_progress(_what: str, _done: int, _whole: int) -> None:
    """Tell nobody."""


def published_rules(log: Log, programme_id: str) -> tuple[ProgrammeOpened, Rulebook]:
    """Read a programme's terms and rules.

    Raises:
        ProgrammeNotFound
    """
    state = ProgrammeState(programme_id)
    for logged in log.configuration(programme_id):
        state.configure(log.decode(logged))
    return state.opened(), state.rulebook


def shadow_run(
    database: Database,
    programme_id: str,
    days: Days,
    proposal: Proposal = NOTHING_PROPOSED,
    *,
    now: datetime,
    on_progress: Progress = no_progress,
    events_max: int | None = None,
) -> ShadowReport:
    """Say what the acts of some days would have earned under proposed rules, and what they really did.

    Args:
        database: where the log is; it is only read.
        programme_id: whose.
        days: of the acts, the first and the last.
        proposal: rules in the place of those published.
        now: when the run is made.
        on_progress: told how far it is.
        events_max: of the log, from the first of January on; as many as there are when absent.

    Raises:
        ProgrammeNotFound, PeriodEmpty,
        whatever the publication of the proposal would be refused for
        ShadowRunTooLong
    """
    log = Log(database)
    position = log.head(programme_id)
    if position is None:
        raise ProgrammeNotFound(programme_id=programme_id)
    if days.last_on < days.first_on:
        raise PeriodEmpty(field="last_on", first_on=days.first_on, last_on=days.last_on)
    programme, rulebook = published_rules(log, programme_id)
    payers = {address: payer(database, programme_id, address) for address in proposal.payers()}
    proposed = with_proposal(rulebook, proposal, payers, now)
    year_begins = datetime.combine(days.first_on.replace(month=1, day=1), time(), zone(programme.time_zone))
    after = position_before(log, programme_id, year_begins.astimezone(UTC) - CLOCK_SKEW_MAX, position)
    if events_max is not None and position - after > events_max:
        raise ShadowRunTooLong(events=position - after, events_max=events_max)
    acts = Acts(log, programme_id, after=after, until=position, progress=on_progress)
    shadow = _Shadow(programme, rulebook, proposed, proposal, days)
    for fund_id in funds_of(proposed):
        shadow.give_money(fund_id, available_fen(database, programme_id, fund_id))
    if shadow.has_budgets():
        # What was really spent is there to be spent again, so it must be known before the first act.
        for act in acts.read():
            shadow.give_back(act)
    shadow.begin(programme_id)
    for act in acts.read():
        shadow.add(act)
    return shadow.tally.report(programme_id, position, days.first_on, days.last_on)


class _Shadow:
    """One run over the acts."""

    def __init__(
        self,
        programme: ProgrammeOpened,
        published: Rulebook,
        rulebook: Rulebook,
        proposal: Proposal,
        days: Days,
    ) -> None:
        self.tally = Tally()
        self._programme = programme
        self._published = published
        self._rulebook = rulebook
        self._proposed = versions_proposed(proposal.scenarios)
        self._days = days
        self._money_fen: dict[str, int] = {}
        self._state = ProgrammeState(programme.id)

    def has_budgets(self) -> bool:
        """Whether money limits anything."""
        return bool(self._money_fen)

    def give_money(self, fund_id: str, value_fen: int) -> None:
        """Let a fund have money to spend."""
        self._money_fen[fund_id] = self._money_fen.get(fund_id, 0) + value_fen

    def give_back(self, act: Act) -> None:
        """Let funds have again what they really set aside for an act of the days gone over."""
        if self._is_within(act):
            for fund_id, value_fen in self._really_set_aside(act).items():
                self.give_money(fund_id, value_fen)

    def begin(self, programme_id: str) -> None:
        """Stand before the first act."""
        first_month = self._days.first_on.isoformat()[:7]
        self._state = shadow_state(
            programme_id, self._programme, self._rulebook, self._money_fen, first_month
        )
        for fund_id, money_fen in self._money_fen.items():
            self.tally.fund(fund_id).money_fen = money_fen

    def add(self, act: Act) -> None:
        """Go over one act."""
        self._state.latest_activity = activity_key(act.reduction.source, act.reduction.id)
        on = self._day_of(act)
        if on < self._days.first_on:
            self._count_as_it_was(act)
        elif on <= self._days.last_on:
            self._tell(act, on, self._credited(act))

    # --- as it was ------------------------------------------------------------------------------

    def _count_as_it_was(self, act: Act) -> None:
        if act.issued is None or act.is_void:
            return
        bonuses = act.bonus_credits()
        issued = msgspec.structs.replace(
            act.issued,
            scenario_version=self._scenario(act).version,  # whose caps it has used up
            awarded_credits=max(act.awarded_credits, 0),
            legs=(),
            ripens_at=None,
        )
        self._apply(issued)
        for bonus in act.bonuses:
            awarded = bonuses[bonus.campaign_id, bonus.campaign_version]
            self._apply(msgspec.structs.replace(bonus, awarded_credits=awarded, legs=(), ripens_at=None))

    def _really_set_aside(self, act: Act) -> dict[str, int]:
        scenario = self._published.scenario(act.reduction.scenario_id, act.reduction.scenario_version)
        spent = spent_on({}, scenario.budget, act.awarded_credits)
        for (campaign_id, version), amount in act.bonus_credits().items():
            spent = spent_on(spent, self._published.campaign(campaign_id, version).budget, amount)
        return spent

    # --- as it would have been ------------------------------------------------------------------

    def _credited(self, act: Act) -> list[CreditsIssued | BonusIssued]:
        """Decide what an act would have earned, and let it count."""
        reduction = act.reduction
        scenario = self._scenario(act)
        try:
            desired = (
                0
                if act.is_void
                else credits_for(
                    scenario.rule, amount_g=act.amount_g, measured=act.measured, share=reduction.share
                )
            )
        except LedgerError:
            self.tally.not_computable += 1
            return []
        grounds = self._state.grounds()
        earner = earner_of(reduction.participant_id, reduction.occurred_at, grounds)
        campaigns = counted_in(earner, scenario.id, act.amount_g, grounds)
        issued = earn(earner, desired, scenario, grounds, reduction.recorded_at, campaigns)
        if issued is None:
            return []
        made: list[CreditsIssued | BonusIssued] = [issued]
        made += issue_bonuses(issued, reduction.source, reduction.id, earner, grounds)
        for event in made:
            self._apply(event)
        return made

    def _scenario(self, act: Act) -> ScenarioPublished:
        """Give the scenario by which an act would have counted; its credits never ripen."""
        reduction = act.reduction
        version = reduction.scenario_version
        if (proposed := self._proposed.get(reduction.scenario_id)) is not None:
            candidate = self._rulebook.scenario(reduction.scenario_id, proposed)
            version = proposed if candidate.is_valid_at(reduction.occurred_at) else version
        scenario = self._rulebook.scenario(reduction.scenario_id, version)
        return msgspec.structs.replace(scenario, ripens_after_h=None, claim_within_h=None)

    def _apply(self, event: CreditsIssued | BonusIssued) -> None:
        self._state.accounts.post(event.legs)
        activity_life.fold(self._state, event)

    # --- telling --------------------------------------------------------------------------------

    def _tell(self, act: Act, on: date, made: list[CreditsIssued | BonusIssued]) -> None:
        tally = self.tally
        bonuses = act.bonus_credits()
        real = act.awarded_credits + sum(bonuses.values())
        shadow = sum(event.awarded_credits for event in made)
        tally.add_act(act.reduction.participant_id, on, real=real, shadow=shadow)
        for campaign, amount in bonuses.items():
            tally.add_bonus(campaign, real=amount)
        for fund_id, value_fen in self._really_set_aside(act).items():
            tally.add_money(fund_id, on, real_fen=value_fen)
        for event in made:
            budget = self._budget_of(event)
            for fund_id, value_fen in spent_on({}, budget, event.awarded_credits).items():
                tally.add_money(fund_id, on, shadow_fen=value_fen)
            if isinstance(event, BonusIssued):
                tally.add_bonus((event.campaign_id, event.campaign_version), shadow=event.awarded_credits)
            if event.clipped_by is not None:
                tally.clipped[event.clipped_by] += 1
                if event.clipped_by == "budget" and budget is not None:
                    tally.fund(budget.fund_id).last_clipped_on = on

    def _budget_of(self, event: CreditsIssued | BonusIssued) -> Budget | None:
        if isinstance(event, BonusIssued):
            return self._rulebook.campaign(event.campaign_id, event.campaign_version).budget
        return self._rulebook.scenario(event.scenario_id, event.scenario_version).budget

    def _day_of(self, act: Act) -> date:
        return local_date(act.reduction.occurred_at, self._programme.time_zone)

    def _is_within(self, act: Act) -> bool:
        return self._days.first_on <= self._day_of(act) <= self._days.last_on
