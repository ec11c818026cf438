"""A child process reads the very settings that its parent has."""

import dataclasses
from pathlib import Path

import pytest

from ledger import config


def test_a_child_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_PORT", "9999")
    settings = dataclasses.replace(
        config.load({}), database_url="postgresql://u:p@h/d", data_dir=Path("/srv/x"), port=1234
    )
    assert config.load(config.environment(settings)) == settings


def test_a_setting_that_is_not_set_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/d")
    assert "DATABASE_URL" not in config.environment(config.load({}))


def test_everything_else_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLROOTCERT", "/etc/ssl/root.crt")
    assert config.environment(config.load({}))["PGSSLROOTCERT"] == "/etc/ssl/root.crt"
