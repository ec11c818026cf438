"""Webhooks as an operator sees them: made, looked at, paused, replayed, deleted.

Rule of the room: a secret leaves here once, in the answer to whoever had it made; nothing that is
read back has it.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, LiteralString

import structlog

from ledger.domain.errors import (
    DeadLetterNotFound,
    FieldsInvalid,
    ProgrammeNotFound,
    TooManyWebhooks,
    WebhookExists,
    WebhookNotFound,
)
from ledger.domain.limits import WEBHOOKS_MAX
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.queries import load
from ledger.webhooks.endpoints import endpoint_of
from ledger.webhooks.signing import new_secret
from ledger.webhooks.standing import DeadLetter, NewSecret, Webhook

_QUERIES: Final = load(Path(__file__).parent / "sql" / "subscriptions.sql")

_log = structlog.get_logger(__name__)


def system_clock() -> datetime:
    """Give the time of a change."""
    return datetime.now(UTC)


class Webhooks:
    """The webhooks of this deployment."""

    def __init__(
        self, database: Database, *, private: bool, clock: Callable[[], datetime] = system_clock
    ) -> None:
        """Read and write webhooks in `database`.

        Args:
            database: where they are.
            private: whether private addresses and plain http are allowed.
            clock: says when something is changed.
        """
        self._database = database
        self._log = Log(database)
        self._private = private
        self._clock = clock

    def create(
        self,
        programme_id: str,
        *,
        webhook_id: str,
        url: str,
        topics: Sequence[str] = (),
        after: int | None = None,
    ) -> NewSecret:
        """Make a webhook and its secret.

        Args:
            programme_id: whose events are told.
            webhook_id: chosen by whoever makes it.
            url: where to.
            topics: those wanted; all when empty.
            after: begin after this position; where the log stands now when None.

        Raises:
            WebhookUrlNotAllowed, ProgrammeNotFound, WebhookExists, TooManyWebhooks,
            FieldsInvalid: the log does not go as far as `after`.
        """
        endpoint_of(url, private=self._private)
        head = self._head(programme_id)
        if after is not None and after > head:
            raise _not_above("after", head)
        secret = new_secret()
        parameters = {
            "programme_id": programme_id,
            "webhook_id": webhook_id,
            "url": url,
            "topics": list(dict.fromkeys(topics)),
            "secret": secret,
            "position": head if after is None else after,
            "now": self._clock(),
            "webhooks_max": WEBHOOKS_MAX,
        }
        if not self._change("create", parameters):
            if self._status(programme_id, webhook_id):
                raise WebhookExists(webhook_id=webhook_id)
            raise TooManyWebhooks(webhooks_max=WEBHOOKS_MAX)
        return NewSecret(webhook=self.read(programme_id, webhook_id), secret=secret)

    def all_of(self, programme_id: str | None = None) -> list[Webhook]:
        """Give the webhooks of a programme, or all of them.

        Raises:
            ProgrammeNotFound
        """
        if programme_id is not None:
            self._head(programme_id)
        return self._status(programme_id)

    def read(self, programme_id: str, webhook_id: str) -> Webhook:
        """Give one webhook.

        Raises:
            ProgrammeNotFound, WebhookNotFound
        """
        for webhook in self._status(programme_id, webhook_id):
            return webhook
        raise self._not_found(programme_id, webhook_id)

    def rotate(self, programme_id: str, webhook_id: str, *, overlap_s: int) -> NewSecret:
        """Make a new secret; the one before it signs beside it for so many seconds.

        Raises:
            ProgrammeNotFound, WebhookNotFound
        """
        secret = new_secret()
        until = self._clock() + timedelta(seconds=overlap_s)
        self._change_one("rotate", programme_id, webhook_id, secret=secret, previous_until=until)
        return NewSecret(webhook=self.read(programme_id, webhook_id), secret=secret)

    def pause(self, programme_id: str, webhook_id: str) -> Webhook:
        """Send nothing more until it is resumed; the log keeps everything.

        Raises:
            ProgrammeNotFound, WebhookNotFound
        """
        self._change_one("pause", programme_id, webhook_id)
        return self.read(programme_id, webhook_id)

    def resume(self, programme_id: str, webhook_id: str) -> Webhook:
        """Send again, what waits included, whatever was waited for.

        Raises:
            ProgrammeNotFound, WebhookNotFound
        """
        self._change_one("resume", programme_id, webhook_id, "bring_forward", now=self._clock())
        return self.read(programme_id, webhook_id)

    def replay(self, programme_id: str, webhook_id: str, *, after: int) -> Webhook:
        """Send everything wanted after a position once more, under the same ids.

        Raises:
            ProgrammeNotFound, WebhookNotFound,
            FieldsInvalid: it has not come as far as `after`.
        """
        before = self.read(programme_id, webhook_id)
        parameters = {"programme_id": programme_id, "webhook_id": webhook_id, "after": after}
        if not self._change("rewind", parameters, "forget_after"):
            raise _not_above("after", before.delivered_up_to)
        return self.read(programme_id, webhook_id)

    def dead(self, programme_id: str, webhook_id: str, *, after: int, limit: int) -> list[DeadLetter]:
        """Give messages that were given up, in order, those after a position.

        Raises:
            ProgrammeNotFound, WebhookNotFound
        """
        self.read(programme_id, webhook_id)
        parameters = {"programme_id": programme_id, "webhook_id": webhook_id, "after": after, "limit": limit}
        with self._database.connection() as connection:
            rows = connection.execute(_QUERIES["dead"], parameters).fetchall()
        return [DeadLetter(*map(_in_utc, row)) for row in rows]

    def retry(self, programme_id: str, webhook_id: str, position: int) -> Webhook:
        """Try a dead letter again.

        Raises:
            ProgrammeNotFound, WebhookNotFound, DeadLetterNotFound
        """
        self.read(programme_id, webhook_id)
        parameters = {
            "programme_id": programme_id,
            "webhook_id": webhook_id,
            "position": position,
            "now": self._clock(),
        }
        if not self._change("revive", parameters):
            raise DeadLetterNotFound(webhook_id=webhook_id, position=position)
        return self.read(programme_id, webhook_id)

    def delete(self, programme_id: str, webhook_id: str) -> Webhook:
        """End a webhook, and give what it was.

        Raises:
            ProgrammeNotFound, WebhookNotFound
        """
        before = self.read(programme_id, webhook_id)
        self._change_one("delete", programme_id, webhook_id, "forget_after", after=0)
        return before

    # --- rows -------------------------------------------------------------------------------

    def _head(self, programme_id: str) -> int:
        if (head := self._log.head(programme_id)) is None:
            raise ProgrammeNotFound(programme_id=programme_id)
        return head

    def _not_found(self, programme_id: str, webhook_id: str) -> WebhookNotFound:
        self._head(programme_id)
        return WebhookNotFound(webhook_id=webhook_id)

    def _status(self, programme_id: str | None, webhook_id: str | None = None) -> list[Webhook]:
        parameters = {"programme_id": programme_id, "webhook_id": webhook_id, "now": self._clock()}
        with self._database.connection() as connection:
            rows = connection.execute(_QUERIES["status"], parameters).fetchall()
        return [Webhook(*map(_in_utc, row)) for row in rows]

    def _change_one(
        self,
        query: LiteralString,
        programme_id: str,
        webhook_id: str,
        *after: LiteralString,
        **parameters: Any,
    ) -> None:
        names = {"programme_id": programme_id, "webhook_id": webhook_id}
        if not self._change(query, names | parameters, *after):
            raise self._not_found(programme_id, webhook_id)

    def _change(self, query: LiteralString, parameters: dict[str, Any], *after: LiteralString) -> bool:
        """Change a webhook's row and what goes with it; whether there was one to change."""
        with self._database.connection() as connection, connection.transaction():
            if connection.execute(_QUERIES[query], parameters).fetchone() is None:
                return False
            for name in after:
                connection.execute(_QUERIES[name], parameters)
        _log.info(
            "webhook changed",
            change=query,
            programme_id=parameters["programme_id"],
            webhook_id=parameters["webhook_id"],
        )
        return True


def _in_utc(value: Any) -> Any:
    """An instant in UTC, whatever zone the session has; anything else as it is."""
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _not_above(name: str, value_max: int) -> FieldsInvalid:
    return FieldsInvalid(errors=[{"field": name, "message": f"must be at most {value_max}, where it stands"}])
