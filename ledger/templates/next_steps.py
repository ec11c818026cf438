"""What somebody must do before a programme that a template made is at work.

Rule of the room: said once, for the command line and for HTTP.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from ledger.domain.owners import OpenFund
from ledger.domain.rules import PublishScenario
from ledger.domain.sink import OpenSinkProject
from ledger.templates.form import Template, TemplateCommand, illustrative

Need = Literal["keys", "money", "units", "numbers"]


class NextStep(NamedTuple):
    """One thing that a template never makes."""

    need: Need
    id: str
    """Of the fund or of the carbon-sink project; empty for the others."""
    text: str
    """What to do, for people."""


def next_steps(programme_id: str, template: Template, commands: Sequence[TemplateCommand]) -> list[NextStep]:
    """Give what is to be done next, in order: keys, money, units, and numbers to be decided.

    Args:
        programme_id: of the programme that was made.
        template: what it was made of.
        commands: those that made it.
    """
    keys = f"ledger key create --programme {programme_id} --name … --role poster"
    return [
        NextStep("keys", "", f"{keys}; likewise finance, auditor, operator"),
        *_deliveries(programme_id, commands),
        *_numbers(template),
    ]


def _deliveries(programme_id: str, commands: Sequence[TemplateCommand]) -> Iterator[NextStep]:
    base = f"POST /v1/programmes/{programme_id}"
    budgets = {
        command.budget.fund_id
        for command in commands
        if isinstance(command, PublishScenario) and command.budget
    }
    for command in commands:
        if isinstance(command, OpenFund):
            is_budget = command.id in budgets
            so = "without it no credits are issued" if is_budget else "redemptions are paid from it"
            yield NextStep("money", command.id, f"{base}/funds/{command.id}/commitments: commit money; {so}")
        elif isinstance(command, OpenSinkProject):
            text = f"{base}/sinks/{command.id}/units: deliver units before donations"
            yield NextStep("units", command.id, text)


def _numbers(template: Template) -> Iterator[NextStep]:
    invented = illustrative(template)
    if invented:
        text = f"decide {len(invented)} numbers that are illustrative: {invented[0]}, … (see the template)"
        yield NextStep("numbers", "", text)
