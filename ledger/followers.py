"""Callers who wait at the end of a log: so many a process, woken by one look at all their heads.

Rule of the room: whoever waits holds a thread of the server, so there is a place for each or none;
one watcher asks the database, once for everybody and never when nobody waits.
"""

import threading
import time
from collections import Counter
from typing import Final

import structlog

from ledger.domain.errors import DatabaseUnavailable, ShuttingDown, TooManyFollowers
from ledger.domain.limits import HEARTBEAT_S, STREAM_S_MAX
from ledger.store.log import Log

POLL_S: Final = 0.05
"""How long the watcher sleeps between two looks, while somebody waits."""
DATABASE_RETRY_S: Final = 1.0
CLOSE_S_MAX: Final = 5.0

_log = structlog.get_logger(__name__)


class Followers:
    """The followers of this process."""

    def __init__(
        self,
        log: Log,
        *,
        followers_max: int,
        stream_s_max: float = STREAM_S_MAX,
        heartbeat_s: float = HEARTBEAT_S,
        poll_s: float = POLL_S,
    ) -> None:
        """Describe the followers; nothing is watched before the first of them waits.

        Args:
            log: whose heads are looked at.
            followers_max: how many may follow at a time.
            stream_s_max: seconds after which a stream ends.
            heartbeat_s: seconds of silence after which a stream says that it is alive.
            poll_s: seconds between two looks.
        """
        self.stream_s_max = stream_s_max
        self.heartbeat_s = heartbeat_s
        self._log = log
        self._followers_max = followers_max
        self._poll_s = poll_s
        self._count = 0
        self._is_closed = threading.Event()
        self._waiting: Counter[str] = Counter()
        self._heads: dict[str, int] = {}
        lock = threading.Lock()
        self._grown = threading.Condition(lock)
        self._wanted = threading.Condition(lock)
        self._watcher: threading.Thread | None = None

    @property
    def count(self) -> int:
        """How many follow now."""
        return self._count

    @property
    def is_closed(self) -> bool:
        """Whether the process is stopping, so that whoever follows should leave."""
        return self._is_closed.is_set()

    def enter(self, programme_id: str) -> "Place":
        """Take a place; whoever gets one gives it back with `Place.leave`.

        Raises:
            ShuttingDown, TooManyFollowers
        """
        with self._grown:
            if self.is_closed:
                raise ShuttingDown
            if self._count >= self._followers_max:
                raise TooManyFollowers(followers_max=self._followers_max)
            self._count += 1
        return Place(self, programme_id)

    def close(self) -> None:
        """Wake everybody for good; nobody waits after this."""
        with self._grown:
            self._is_closed.set()
            self._grown.notify_all()
            self._wanted.notify_all()
            watcher = self._watcher
        if watcher is not None:
            watcher.join(CLOSE_S_MAX)

    def leave(self) -> None:
        """Give a place back; `Place.leave` does, once."""
        with self._grown:
            self._count -= 1

    def wait(self, programme_id: str, after: int, seconds: float) -> int:
        """Wait until a log goes beyond a position, or the time is over, or the process stops.

        Returns:
            Where the log stands as far as is known, `after` at least.
        """
        deadline = time.monotonic() + seconds
        with self._grown:
            self._waiting[programme_id] += 1
            self._wanted.notify()
            self._watch()
            while self._heads.get(programme_id, 0) <= after and not self.is_closed:
                if (left_s := deadline - time.monotonic()) <= 0:
                    break
                self._grown.wait(left_s)
            head = self._heads.get(programme_id, 0)
            self._waiting[programme_id] -= 1
            if not self._waiting[programme_id]:
                # What is no longer watched grows old.
                del self._waiting[programme_id]
                self._heads.pop(programme_id, None)
        return max(after, head)

    # --- the watcher ------------------------------------------------------------------------

    def _watch(self) -> None:
        """Start the watcher with the first who waits."""
        if self._watcher is None and not self.is_closed:
            self._watcher = threading.Thread(target=self._keep_watching, name="log watcher", daemon=True)
            self._watcher.start()

    def _keep_watching(self) -> None:
        while (awaited := self._awaited()) is not None:
            self._is_closed.wait(self._look(awaited))

    def _awaited(self) -> list[str] | None:
        """Wait until somebody waits, and give for which programmes; None when the process stops."""
        with self._wanted:
            while not self._waiting and not self.is_closed:
                self._wanted.wait()
            return None if self.is_closed else list(self._waiting)

    def _look(self, programme_ids: list[str]) -> float:
        """Look at heads once and wake who waits for them; give the seconds until the next look."""
        try:
            heads = self._log.heads(programme_ids)
        except DatabaseUnavailable as lost:
            _log.warning("followers wait for the database", reason=lost.reason)
            return DATABASE_RETRY_S
        except Exception:  # noqa: BLE001 - nobody must wait for a watcher that has died
            _log.exception("followers could not be told")
            return DATABASE_RETRY_S
        with self._grown:
            changed = {name: head for name, head in heads.items() if self._waiting[name]}
            if changed != {name: self._heads.get(name) for name in changed}:
                self._heads.update(changed)
                self._grown.notify_all()
        return self._poll_s


class Place:
    """The right to follow one programme's log."""

    def __init__(self, followers: Followers, programme_id: str) -> None:
        self._followers = followers
        self._programme_id = programme_id
        self._is_held = threading.Lock()
        self._is_held.acquire()

    @property
    def is_over(self) -> bool:
        """Whether the process is stopping."""
        return self._followers.is_closed

    def wait(self, after: int, seconds: float) -> int:
        """Wait for the log; see `Followers.wait`."""
        return self._followers.wait(self._programme_id, after, seconds)

    def leave(self) -> None:
        """Give the place back; again does no harm."""
        try:
            self._is_held.release()
        except RuntimeError:
            return
        self._followers.leave()
