"""What is proposed: campaigns and scenarios as they would be published, made part of a rulebook.

Rule of the room: a proposal is refused for what its publication would be refused for.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from ledger.domain import addresses
from ledger.domain.book import Account, Accounts
from ledger.domain.campaign import PublishCampaign, payers_read, publish_campaign
from ledger.domain.errors import ProposalUnreadable
from ledger.domain.limits import PROPOSAL_BYTES_MAX
from ledger.domain.rulebook import Rulebook, publish_scenario, with_published
from ledger.domain.rules import PublishScenario

Proposed = TypeVar("Proposed", PublishCampaign, PublishScenario)


class Proposal(NamedTuple):
    """Rules that are not published."""

    campaigns: tuple[PublishCampaign, ...] = ()
    scenarios: tuple[PublishScenario, ...] = ()

    def payers(self) -> set[str]:
        """Name the accounts of funds and merchants that pay for them."""
        named = {address for campaign in self.campaigns for address in payers_read(campaign)}
        budgets = [scenario.budget for scenario in self.scenarios if scenario.budget is not None]
        return named | {addresses.fund(budget.fund_id) for budget in budgets}


NOTHING_PROPOSED: Final = Proposal()


def read_proposal(path: Path, kind: type[Proposed], rulebook: Rulebook, now: datetime) -> Proposed:
    """Read a campaign or a scenario from a file: the body of the request that would publish it.

    `version` and `occurred_at` may be left out: it is the next version, published now.

    Raises:
        ProposalUnreadable
    """
    try:
        content = path.read_bytes()
        if len(content) > PROPOSAL_BYTES_MAX:
            raise ProposalUnreadable(file=str(path), reason=f"more than {PROPOSAL_BYTES_MAX} bytes")
        fields: Any = msgspec.json.decode(content)
        if not isinstance(fields, dict):
            raise ProposalUnreadable(file=str(path), reason="no JSON object")
        version = next_version(rulebook, kind, str(fields.get("id")))
        return msgspec.convert({"version": version, "occurred_at": now} | fields, kind)
    except (OSError, msgspec.MsgspecError) as unreadable:
        raise ProposalUnreadable(file=str(path), reason=str(unreadable)) from unreadable


def next_version(rulebook: Rulebook, kind: type[Proposed], own_id: str) -> int:
    """Give the version that would be published next under an id."""
    published: Mapping[str, Any] = rulebook.campaigns if kind is PublishCampaign else rulebook.scenarios
    return len(published.get(own_id, ())) + 1


def with_proposal(
    rulebook: Rulebook, proposal: Proposal, accounts: Mapping[str, Account], now: datetime
) -> Rulebook:
    """Give the rulebook as it would be, were the proposal published.

    Raises:
        whatever `publish_campaign` and `publish_scenario` refuse
    """
    loaded = Accounts()
    loaded.load(accounts)
    for scenario in proposal.scenarios:
        rulebook = with_published(rulebook, publish_scenario(scenario, rulebook, loaded, now))
    for campaign in proposal.campaigns:
        event = publish_campaign(campaign, rulebook.campaigns, rulebook.scenarios, loaded, now)
        rulebook = with_published(rulebook, event)
    return rulebook


def versions_proposed(scenarios: Iterable[PublishScenario]) -> dict[str, int]:
    """Give the versions of scenarios that are proposed, by id."""
    return {scenario.id: scenario.version for scenario in scenarios}
