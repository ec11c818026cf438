"""The document of the files says what the readers take: columns, reasons, flags, bounds, commands."""

from pathlib import Path

import click
import pytest

from ledger.cli.importing import PARTICIPANTS, import_group
from ledger.domain import limits
from ledger.intake import FLAGS, REASONS
from ledger.intake.charging import CHARGING
from ledger.intake.daily import DAILY
from ledger.intake.pseudonyms import KEY_BYTES_MIN
from ledger.intake.steps import STEPS
from ledger.intake.tables import Columns
from ledger.intake.trips import TRIPS

TEXT = (Path(__file__).parents[2] / "docs/intake.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("columns", [DAILY, CHARGING, TRIPS, STEPS, PARTICIPANTS])
def test_every_column_stands_in_the_document_with_its_other_names(columns: Columns) -> None:
    for column in columns.columns:
        others = ", ".join(f"`{name}`" for name in column.aliases)
        assert f"| `{column.name}` | {others} | " in TEXT


def test_every_reason_and_every_flag_stands_in_the_document() -> None:
    for reason, meaning in REASONS.items():
        assert f"| `{reason}` | {meaning} |\n" in TEXT
    for flag in FLAGS:
        assert f"| `{flag}` | " in TEXT


@pytest.mark.parametrize(
    "bound",
    [
        f"{limits.INTAKE_LINE_BYTES_MAX:,} bytes",
        f"{limits.INTAKE_DOCUMENT_BYTES_MAX:,} bytes",
        f"more than {limits.REPORT_LATE_DAYS} days",
        f"more than {limits.ODOMETER_JUMP_KM_MAX:,} km",
        f"more than {limits.ODOMETER_GAP_KM_MIN} km",
        f"more than {limits.READING_GAP_S_MIN // 60} minutes",
        f"{limits.CLOCK_BEHIND_DAYS_MAX} days",
        f"{limits.STEPS_RESTATED_DAYS} days",
        f"at least {KEY_BYTES_MIN} bytes",
    ],
)
def test_the_document_names_the_bounds_as_they_are(bound: str) -> None:
    assert bound in TEXT


def test_every_command_and_option_stands_in_the_document() -> None:
    for name, command in import_group.commands.items():
        assert f"ledger import {name}" in TEXT
        for option in command.params:
            if isinstance(option, click.Option):
                assert f"`{option.opts[0]}" in TEXT, option.opts
