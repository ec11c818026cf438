"""Keys: shown once, listed without their secret, revoked within a stated time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ledger.domain.errors import FieldsInvalid, KeyNotFound, KeyUnknown
from ledger.domain.limits import KEY_CACHED_S_MAX, KEYS_CACHED_MAX, NAME_CHARS_MAX
from ledger.keys import ROLES, Keys
from ledger.store.database import Database


@dataclass
class Seconds:
    """A clock that goes as far as the test says."""

    now: float = field(default=0.0)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    opened = Database(database, connections_max=2)
    yield opened
    opened.close()


@pytest.fixture
def keys(opened: Database) -> Keys:
    return Keys(opened)


@pytest.mark.parametrize("role", ROLES)
def test_a_new_key_opens_what_it_was_made_for(keys: Keys, role: str) -> None:
    made = keys.create(name="停车场 back end", role=role, programme_id="city-a")
    assert keys.authenticate(made.secret) == made.key
    assert (made.key.role, made.key.programme_id, made.key.revoked_at) == (role, "city-a", None)


def test_a_secret_is_256_random_bits_and_stands_nowhere_but_in_the_answer(
    keys: Keys, opened: Database
) -> None:
    first, second = (keys.create(name="a", role="poster") for _ in range(2))
    assert first.secret != second.secret
    assert len(first.secret) == len("clk_") + 43
    with opened.connection() as connection:
        rows = str(connection.execute("SELECT * FROM api_keys").fetchall())
    assert first.secret.removeprefix("clk_") not in rows
    assert first.secret not in repr(keys.list())


def test_keys_are_listed_in_order_with_the_revoked_ones(keys: Keys) -> None:
    made = [keys.create(name=name, role="auditor").key for name in ("first", "second")]
    revoked = keys.revoke(made[0].key_id)
    assert keys.list() == [revoked, made[1]]
    assert revoked.revoked_at is not None


def test_a_revoked_key_is_unknown_at_once_in_the_process_that_revoked_it(keys: Keys) -> None:
    made = keys.create(name="a", role="poster")
    keys.authenticate(made.secret)
    keys.revoke(made.key.key_id)
    with pytest.raises(KeyUnknown):
        keys.authenticate(made.secret)


def test_a_revoked_key_is_unknown_to_another_process_within_the_stated_time(opened: Database) -> None:
    seconds = Seconds()
    here, elsewhere = Keys(opened, monotonic=seconds), Keys(opened)
    made = elsewhere.create(name="a", role="poster")
    here.authenticate(made.secret)
    elsewhere.revoke(made.key.key_id)
    seconds.now = KEY_CACHED_S_MAX - 0.001
    assert here.authenticate(made.secret) == made.key
    seconds.now = KEY_CACHED_S_MAX
    with pytest.raises(KeyUnknown):
        here.authenticate(made.secret)


def test_revoking_again_leaves_the_first_instant(keys: Keys) -> None:
    made = keys.create(name="a", role="poster")
    assert keys.revoke(made.key.key_id) == keys.revoke(made.key.key_id)


def test_a_key_of_no_such_id_cannot_be_revoked(keys: Keys) -> None:
    with pytest.raises(KeyNotFound):
        keys.revoke("key_0")


@pytest.mark.parametrize(
    "secret", ["", "clk_", "clk_" + "a" * 42, "clk_" + "a" * 43, "clk_" + "ａ" * 43, "x\x00"]
)
def test_what_is_no_key_is_unknown(keys: Keys, secret: str) -> None:
    with pytest.raises(KeyUnknown):
        keys.authenticate(secret)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"name": "", "role": "poster"}, "name"),
        ({"name": "x" * (NAME_CHARS_MAX + 1), "role": "poster"}, "name"),
        ({"name": "a\nb", "role": "poster"}, "name"),
        ({"name": "a", "role": "root"}, "role"),
        ({"name": "a", "role": "poster", "programme_id": "City A"}, "programme_id"),
    ],
)
def test_a_key_of_impossible_terms_is_not_made(keys: Keys, terms: dict[str, Any], field: str) -> None:
    with pytest.raises(FieldsInvalid) as refused:
        keys.create(**terms)
    assert [error["field"] for error in refused.value.errors] == [field]
    assert keys.list() == []


def test_a_name_as_long_as_allowed_is_taken(keys: Keys) -> None:
    assert keys.create(name="x" * NAME_CHARS_MAX, role="poster").key.name == "x" * NAME_CHARS_MAX


def test_no_more_keys_are_remembered_than_stated(keys: Keys) -> None:
    made = [keys.create(name="a", role="poster") for _ in range(2)]
    keys._known = {
        bytes([number % 256, number // 256]): (made[0].key, 0.0) for number in range(KEYS_CACHED_MAX)
    }
    keys.authenticate(made[0].secret)
    assert len(keys._known) == 1
    keys.authenticate(made[1].secret)
    assert len(keys._known) == 2
