"""Letting time stand still where the program asks what time it is.

freezegun gives dates and times of types of its own, which msgspec does not write and which would stay
in caches after the test; here what stands still is of the standard library's types.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Final

import freezegun
import freezegun.api
import pytest
from freezegun.api import FrozenDateTimeFactory

NOT_FROZEN: Final = [
    __name__,
    "psycopg",
    "psycopg_pool",
    "ledger.domain",
    "ledger.projections",
    "api.periods",
]
"""The pool waits by the clock; the others read none, and make dates of what they are given."""


@contextmanager
def frozen_at(instant: datetime) -> Iterator[FrozenDateTimeFactory]:
    """Let it be `instant` until it is moved."""

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(freezegun.api, "datetime_to_fakedatetime", _real_instant)
        patched.setattr(freezegun.api, "date_to_fakedate", _real_day)
        with freezegun.freeze_time(instant, ignore=NOT_FROZEN) as factory:
            assert isinstance(factory, FrozenDateTimeFactory)
            yield factory


def _real_instant(found: datetime) -> datetime:
    return datetime.combine(_real_day(found), found.timetz())


def _real_day(found: date) -> date:
    return date(found.year, found.month, found.day)
