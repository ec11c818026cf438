"""One run under way, in the transaction that keeps it."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from ledger.reconciling.matching import Matching
from ledger.reconciling.queries import BREAKS, FINDING, RUNS
from ledger.reconciling.shapes import RULES_VERSION, Relation
from ledger.reconciling.standing import Standing, StandingFile, compared, tells_of
from ledger.reconciling.summing import summary_of

FETCHED_ROWS: Final = 10_000
"""Lines of a result fetched at once."""


class Work:
    """Finds what agrees and what does not, keeps it, and moves the life of breaks."""

    def __init__(
        self,
        connection: Any,
        programme_id: str,
        run_id: str,
        standing: Standing,
        files: Sequence[StandingFile],
        time_zone: str,
    ) -> None:
        self._connection = connection
        self._standing = standing
        self._files = files
        self._own = {"programme_id": programme_id, "run_id": run_id}
        self._scope: dict[str, Any] = standing.scope._asdict()
        self._time_zone = time_zone
        self._relations = compared(files, standing.scope)

    def find(self) -> None:
        """Match, and write what was found under the run's id."""
        settings, scope = self._standing.settings, self._standing.scope
        reach = timedelta(days=settings.reach_days)
        until = {
            relation: max((file.until_on for file in self._files if file.relation == relation), default=None)
            for relation in ("bank", "flows")
        }
        parameters = {
            **self._own,
            **self._scope,
            "position": self._standing.position,
            "time_zone": self._time_zone,
            "reach_from": scope.starts_on - reach,
            "reach_to": scope.ends_on + reach,
            "payment_days": settings.payment_days,
            "bank_until": until["bank"],
            "flows_until": until["flows"],
        }
        self._run(RUNS["forget_found"])
        matching = Matching(self._connection, parameters, self._relations)
        matching.take(self._ranked(), self._told())
        matching.match(near_days=settings.near_days)
        self._run(FINDING["keep_findings"])
        self._run(FINDING["keep_matches"])

    def digest(self) -> str:
        """Give the SHA-256 over every match and every break, in order."""
        digest = hashlib.sha256()
        for name in ("result_matches", "result_breaks"):
            with self._connection.cursor(name=name) as cursor:
                cursor.itersize = FETCHED_ROWS
                cursor.execute(FINDING[name], self._own)
                for (line,) in cursor:
                    digest.update(line.encode())
                    digest.update(b"\n")
        return digest.hexdigest()

    def keep(self, *, at: datetime, by: str) -> None:
        """Keep the run, and let it move the life of breaks."""
        unreadable = self._unreadable()
        summary = summary_of(self._connection, {**self._own, **self._scope}, unreadable)
        parameters = {
            **self._own,
            **self._scope,
            "position": self._standing.position,
            "file_ids": self._standing.file_ids,
            "rules_version": RULES_VERSION,
            "settings": msgspec.json.encode(self._standing.settings).decode(),
            "summary": msgspec.json.encode(summary).decode(),
            "digest": self.digest(),
            "at": at,
            "by": by,
            "relations": self._whole(),
        }
        is_known = self._connection.execute(RUNS["read"], self._own).fetchone() is not None
        for query in (
            RUNS["renew" if is_known else "add"],
            RUNS["forget_matches"],
            BREAKS["find_again"],
            BREAKS["find_first"],
            BREAKS["clear"],
        ):
            self._connection.execute(query, parameters)

    def _run(self, query: Any) -> None:
        self._connection.execute(query, self._own)

    def _ranked(self) -> Mapping[str, Any]:
        used = [file for file in self._files if file.relation in self._relations]
        return {
            "ranks": list(range(1, len(used) + 1)),
            "file_nos": [file.file_no for file in used],
            "file_ids": [file.file_id for file in used],
            "relations": [file.relation for file in used],
            "merchant_ids": [file.merchant_id or "" for file in used],
        }

    def _told(self) -> Mapping[str, Any]:
        """Whose lines should all stand in files: merchants with a file that tells of the period."""
        told = sorted(
            {
                (file.relation, file.merchant_id)
                for file in self._files
                if file.merchant_id is not None and tells_of(file, self._standing.scope)
            }
        )
        return {"relations": [one[0] for one in told], "merchant_ids": [one[1] for one in told]}

    def _whole(self) -> list[Relation]:
        """Relations in which the run covers every break of its period, whoever's it is."""
        of_all = [file.relation for file in self._files if file.merchant_id is None]
        return [relation for relation in self._relations if relation in of_all]

    def _unreadable(self) -> int:
        row = self._connection.execute(
            RUNS["unreadable"], {**self._own, "file_ids": self._standing.file_ids}
        ).fetchone()
        return int(row[0])
