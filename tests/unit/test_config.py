"""Settings: read once, checked at their bounds, and never shown when secret."""

import dataclasses
from pathlib import Path

import pytest

from ledger import config
from ledger.domain import errors

WHOLE_NUMBERS = [
    ("LEDGER_PORT", 1, 65_535),
    ("LEDGER_WORKERS", 1, 64),
    ("LEDGER_THREADS", 1, 1_024),
    ("LEDGER_QUEUE_COMMANDS_MAX", 1, 1_000_000),
    ("LEDGER_GROUP_COMMANDS_MAX", 1, 10_000),
    ("LEDGER_BULK_LINES_MAX", 1, 10_000),
    ("LEDGER_ACCOUNTS_CACHED_MAX", 0, 10_000_000),
    ("LEDGER_COMMIT_WAIT_MS_MAX", 100, 60_000),
    ("LEDGER_DB_CONNECTIONS_MAX", 2, 1_000),
    ("LEDGER_PROJECTORS", 0, 16),
    ("LEDGER_VIEW_WAIT_MS_MAX", 0, 60_000),
    ("LEDGER_FOLLOWERS_MAX", 0, 512),
]


def test_an_empty_environment_gives_the_defaults() -> None:
    assert config.load({}) == config.Settings(
        database_url=None,
        data_dir=Path("./var"),
        host="127.0.0.1",
        port=8080,
        workers=1,
        threads=64,
        queue_commands_max=10_000,
        group_commands_max=1_000,
        bulk_lines_max=1_000,
        accounts_cached_max=200_000,
        commit_wait_ms_max=10_000,
        db_connections_max=8,
        projectors=1,
        view_wait_ms_max=2_000,
        followers_max=16,
        webhook_private_addresses="refuse",
        voucher_key=None,
        voucher_keys_before=None,
        log_level="INFO",
    )


def test_an_empty_value_counts_as_absent() -> None:
    assert config.load({"DATABASE_URL": "", "LEDGER_PORT": ""}) == config.load({})


def test_the_process_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_PORT", "9090")
    assert config.load().port == 9090


def test_every_setting_fills_one_field() -> None:
    assert [setting.field for setting in config.SETTINGS] == [
        field.name for field in dataclasses.fields(config.Settings)
    ]


@pytest.mark.parametrize(("variable", "least", "most"), WHOLE_NUMBERS)
def test_a_whole_number_is_taken_at_its_bounds_and_refused_one_past(
    variable: str, least: int, most: int
) -> None:
    for accepted in (least, most):
        config.load({variable: str(accepted)})
    for refused in (least - 1, most + 1):
        with pytest.raises(errors.SettingInvalid) as refusal:
            config.load({variable: str(refused)})
        assert refusal.value.details() == {
            "variable": variable,
            "value": str(refused),
            "accepted": f"a whole number from {least} to {most}",
        }


@pytest.mark.parametrize("text", ["1_0", " 8", "8.0", "٨", "８", "-1", "1e3", "9" * 5_000])
def test_only_plain_ascii_digits_are_a_whole_number(text: str) -> None:
    with pytest.raises(errors.SettingInvalid):
        config.load({"LEDGER_THREADS": text})


def test_a_log_level_is_taken_in_any_case_and_only_by_name() -> None:
    assert config.load({"LEDGER_LOG_LEVEL": "debug"}).log_level == "DEBUG"
    with pytest.raises(errors.SettingInvalid):
        config.load({"LEDGER_LOG_LEVEL": "LOUD"})


def test_whether_something_is_allowed_is_said_in_one_of_two_words() -> None:
    settings = config.load({"LEDGER_WEBHOOK_PRIVATE_ADDRESSES": "allow"})
    assert settings.webhook_private_addresses == "allow"
    for text in ("true", "1", "Allow", "yes"):
        with pytest.raises(errors.SettingInvalid):
            config.load({"LEDGER_WEBHOOK_PRIVATE_ADDRESSES": text})


def test_a_wrong_database_url_is_never_shown() -> None:
    with pytest.raises(errors.SettingInvalid) as refusal:
        config.load({"DATABASE_URL": "mysql://root:hunter2@db/ledger"})
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("text", ["postgresql://u@h/d", "postgres://u@h/d", "host=/tmp dbname=d"])
def test_a_database_url_is_taken_in_either_form(text: str) -> None:
    assert config.load({"DATABASE_URL": text}).database_url == text
