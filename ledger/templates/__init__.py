"""Templates: the configuration of a programme as data, from which another one is made.

Rule of the room: a template is a list of commands, decided like any others and recorded all or none;
it holds no participant, no act and no money. `form` says what stands in a file, `making` makes a
programme of one, `next_steps` says what that leaves to do, `taking` writes one of a living programme.
"""

from ledger.templates.form import (
    Number,
    Template,
    illustrative,
    numbers_of,
    read_template,
    shipped_template,
    template_from,
    template_names,
    unsourced,
)
from ledger.templates.making import Made, Naming, make_programme
from ledger.templates.next_steps import NextStep, next_steps
from ledger.templates.taking import template_bytes, template_of

__all__ = [
    "Made",
    "Naming",
    "NextStep",
    "Number",
    "Template",
    "illustrative",
    "make_programme",
    "next_steps",
    "numbers_of",
    "read_template",
    "shipped_template",
    "template_bytes",
    "template_from",
    "template_names",
    "template_of",
    "unsourced",
]
