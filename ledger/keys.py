"""API keys: made, listed, revoked, and recognised with every request.

Rule of the room: a secret is shown once, when it is made, and then only its SHA-256 is kept. A
secret is 256 random bits, so a slow password hash would protect nothing, and since it is found by
its hash no comparison of secrets can be timed.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple, get_args

from ledger.domain.errors import FieldsInvalid, KeyNotFound, KeyUnknown
from ledger.domain.identifiers import LINE, PROGRAMME_ID
from ledger.domain.limits import KEY_CACHED_S_MAX, KEYS_CACHED_MAX, NAME_CHARS_MAX
from ledger.store.database import Database
from ledger.store.keys import Key, KeyTable, Role

__all__ = ["ROLES", "Key", "Keys", "NewKey", "Role"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""poster: back ends that report acts · finance: money · auditor: the log · operator: rules and people."""

SECRET_BYTES: Final = 32
"""256 random bits: beyond guessing."""

_SECRET: Final = re.compile(r"clk_[A-Za-z0-9_-]{43}")


class NewKey(NamedTuple):
    """A key just made, with the secret that nobody will see again."""

    key: Key
    secret: str


class Keys:
    """The keys of this deployment."""

    def __init__(self, database: Database, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Read keys from `database`.

        Args:
            database: where they are.
            monotonic: seconds that only go forward, by which a remembered key grows old.
        """
        self._table = KeyTable(database)
        self._monotonic = monotonic
        self._known: dict[bytes, tuple[Key, float]] = {}

    def create(
        self, *, name: str, role: str, programme_id: str | None = None, created_at: datetime | None = None
    ) -> NewKey:
        """Make a key.

        Args:
            name: who will hold it, for people; 1 to 120 characters on one line.
            role: one of `ROLES`.
            programme_id: the only programme it opens, which may be opened later; None for all.
            created_at: now when None.

        Raises:
            FieldsInvalid: a name, role or programme id that cannot be.
        """
        if problems := _problems(name, role, programme_id):
            raise FieldsInvalid(errors=problems)
        secret = f"clk_{secrets.token_urlsafe(SECRET_BYTES)}"
        key = Key(
            key_id=f"key_{secrets.token_hex(8)}",
            name=name,
            role=role,  # type: ignore[arg-type]  # checked above
            programme_id=programme_id,
            created_at=created_at or datetime.now(UTC),
            revoked_at=None,
        )
        self._table.add(key, _hash(secret))
        return NewKey(key, secret)

    def list(self) -> list[Key]:
        """Give every key, the oldest first, revoked ones too; never a secret."""
        return self._table.all()

    def revoke(self, key_id: str, *, revoked_at: datetime | None = None) -> Key:
        """End a key; other processes notice within `limits.KEY_CACHED_S_MAX` seconds.

        Revoking again changes nothing and answers the same.

        Raises:
            KeyNotFound
        """
        key = self._table.revoke(key_id, revoked_at or datetime.now(UTC))
        if key is None:
            raise KeyNotFound(key_id=key_id)
        self._known.clear()
        return key

    def authenticate(self, secret: str) -> Key:
        """Give the key that a secret opens.

        A key found is trusted for `limits.KEY_CACHED_S_MAX` seconds without looking again.

        Raises:
            KeyUnknown: no key has this secret, or it was revoked.
            Unavailable: the database cannot be asked.
        """
        if _SECRET.fullmatch(secret) is None:
            raise KeyUnknown
        hashed, now = _hash(secret), self._monotonic()
        remembered = self._known.get(hashed)
        if remembered is not None and now - remembered[1] < KEY_CACHED_S_MAX:
            return remembered[0]
        self._known.pop(hashed, None)
        key = self._table.of_secret(hashed)
        if key is None:
            # Not remembered: whoever guesses must not fill our memory.
            raise KeyUnknown
        if len(self._known) >= KEYS_CACHED_MAX:
            self._known.clear()
        # The age counts from before the look, so that it is never older than it says.
        self._known[hashed] = (key, now)
        return key


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _problems(name: str, role: str, programme_id: str | None) -> list[dict[str, str]]:
    """What is wrong with the terms of a new key, field by field."""
    checks = {
        "name": (
            len(name) <= NAME_CHARS_MAX and re.fullmatch(LINE, name) is not None,
            f"1 to {NAME_CHARS_MAX} characters on one line",
        ),
        "role": (role in ROLES, f"one of {', '.join(ROLES)}"),
        "programme_id": (
            programme_id is None or re.fullmatch(PROGRAMME_ID, programme_id) is not None,
            "a programme's id, or none for all programmes",
        ),
    }
    return [
        {"field": field, "message": f"must be {what}"} for field, (good, what) in checks.items() if not good
    ]
