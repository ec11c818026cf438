"""Fields to be ranked in: a board, or an organisation's part of it, small or large.

Rule of the room: more is better, ties stand in order of participants' ids, and whoever is tied has
the rank of the first of them. A small field is sorted here; of a large one only what is asked for is
read, and what is above that is counted.
"""

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, LiteralString, NamedTuple

from ledger.projections.leaderboards_buckets import bottom_of, bucket_of, top_of

By = Literal["grams", "credits"]

BYS: Final[tuple[By, ...]] = ("grams", "credits")

Ask = Callable[..., list[tuple[Any, ...]]]
"""Runs a query of this view by its name."""

_SCORE: Final[dict[By, LiteralString]] = {"grams": "s.amount_g", "credits": "s.credits"}


def of_score(query: LiteralString, by: By) -> LiteralString:
    """Give a query of large boards with the column that is asked for."""
    return query.replace("s.score", _SCORE[by])


class Line(NamedTuple):
    """A participant and their sums."""

    participant_id: str
    amount_g: int
    credits: int

    def score(self, by: By) -> int:
        """Give the sum that counts."""
        return self.amount_g if by == "grams" else self.credits


class Participant(NamedTuple):
    """A participant, as leaderboards know them."""

    id: str
    number: int
    organisation: int
    """Its number, 0 for none."""


class Field(ABC):
    """Participants who are ranked with one another."""

    def __init__(self, by: By) -> None:
        self.by = by

    @abstractmethod
    def window(self, offset: int, limit: int) -> list[Line]:
        """Give those from a place on, in order."""

    @abstractmethod
    def around(self, participant: Participant, neighbours: int) -> list[Line]:
        """Give a participant with so many before and after, in order; nobody when they are not here."""

    @abstractmethod
    def above(self, scores: Sequence[int]) -> list[int]:
        """Count those who have more, for each score."""

    def key(self, line: Line) -> tuple[int, str]:
        """Give what lines are in order of."""
        return -line.score(self.by), line.participant_id

    def ranked(self, lines: Sequence[Line]) -> list[tuple[int, Line]]:
        """Give lines that follow one another with their ranks."""
        scores = [line.score(self.by) for line in lines]
        distinct = list(dict.fromkeys(scores))
        # The first tie may begin above; all later ones are here from their first to their last.
        ranks = [above + 1 for above in self.above(distinct[:2])] if distinct else []
        for score in distinct[1:-1]:
            ranks.append(ranks[-1] + scores.count(score))
        by_score = dict(zip(distinct, ranks, strict=True))
        return [(by_score[score], line) for score, line in zip(scores, lines, strict=True)]


class HeldField(Field):
    """A field that is held whole."""

    def __init__(
        self,
        by: By,
        keys: Sequence[Any],
        columns: tuple[Sequence[int], Sequence[int]],
        ids_of: Callable[[Sequence[int]], dict[int, str]] | None = None,
    ) -> None:
        """Sort the field.

        Args:
            by: what counts.
            keys: the participants' numbers, or their ids.
            columns: their grams and their credits.
            ids_of: gives ids by numbers; None where the keys are ids.
        """
        super().__init__(by)
        scores = columns[0 if by == "grams" else 1]
        self._keys, self._columns, self._ids_of = keys, columns, ids_of
        self._scores = scores
        self._falling = sorted([-score for score in scores])

    def window(self, offset: int, limit: int) -> list[Line]:
        """Give those from a place on, in order."""
        first, lines = self._with_ties(offset, offset + limit)
        return lines[offset - first : offset - first + limit]

    def around(self, participant: Participant, neighbours: int) -> list[Line]:
        """Give a participant with so many before and after, in order."""
        try:
            own = self._keys.index(participant.id if self._ids_of is None else participant.number)
        except ValueError:
            return []
        first, last = self._tie(self._scores[own])
        _, lines = self._with_ties(max(first - neighbours, 0), last + neighbours)
        mine = next(n for n, line in enumerate(lines) if line.participant_id == participant.id)
        return lines[max(mine - neighbours, 0) : mine + neighbours + 1]

    def above(self, scores: Sequence[int]) -> list[int]:
        """Count those who have more, for each score."""
        return [bisect_left(self._falling, -score) for score in scores]

    def _tie(self, score: int) -> tuple[int, int]:
        """Give the places of those who have so much."""
        return bisect_left(self._falling, -score), bisect_right(self._falling, -score)

    def _with_ties(self, first: int, last: int) -> tuple[int, list[Line]]:
        """Give those between two places, with all who are tied with them, and the first one's place."""
        last = min(last, len(self._falling))
        if first >= last:
            return first, []
        most, least = -self._falling[first], -self._falling[last - 1]
        places = [place for place, score in enumerate(self._scores) if least <= score <= most]
        keys = [self._keys[place] for place in places]
        ids = keys if self._ids_of is None else list(map(self._ids_of(keys).__getitem__, keys))
        amounts_g, credits_earned = self._columns
        lines = [
            Line(own_id, amounts_g[place], credits_earned[place])
            for own_id, place in zip(ids, places, strict=True)
        ]
        lines.sort(key=self.key)
        return self._tie(most)[0], lines


class LargeField(Field):
    """A field of which only what is asked for is read."""

    def __init__(self, by: By, ask: Ask, board: int, organisation: int, members: Sequence[int]) -> None:
        """Describe the field; nothing is read yet.

        Args:
            by: what counts.
            ask: runs queries.
            board: its number.
            organisation: whose part of it; 0 for all.
            members: the organisation and all that lie in it.
        """
        super().__init__(by)
        self._ask = ask
        self._kind = "within" if organisation else "whole"
        self._names: dict[str, Any] = {"board": board, "organisation": organisation, "members": list(members)}
        self._counts: list[tuple[int, int]] | None = None

    def window(self, offset: int, limit: int) -> list[Line]:
        """Give those from a place on, in order, going straight to the buckets in which they are."""
        first, last, skipped = 0, 0, offset
        passed = 0
        for bucket, members in self._counted():
            if passed <= offset < passed + members:
                first, skipped = bucket, offset - passed
            if passed < offset + limit:
                last = bucket
            passed += members
        if offset >= passed:
            return []
        named = {"at_most": top_of(first), "at_least": bottom_of(last), "skipped": skipped, "limit": limit}
        return [Line(*row) for row in self._of_score("window", **named)]

    def around(self, participant: Participant, neighbours: int) -> list[Line]:
        """Give a participant with so many before and after, in order."""
        is_here = self._kind == "whole" or participant.organisation in self._names["members"]
        own = self._ask("row", **self._names, participant_id=participant.id) if is_here else []
        if not own:
            return []
        mine = Line(participant.id, *own[0])
        named = {"participant_id": participant.id, "mine": mine.score(self.by), "limit": neighbours}
        rows = self._of_score("around", **named) if neighbours else []
        lines = sorted({mine, *(Line(*row) for row in rows)}, key=self.key)
        at = lines.index(mine)
        return lines[max(at - neighbours, 0) : at + neighbours + 1]

    def above(self, scores: Sequence[int]) -> list[int]:
        """Count those who have more, for each score: whole buckets, and a part of one."""
        buckets = [bucket_of(score) for score in scores]
        rows = self._of_score("above", scores=list(scores), tops=[top_of(bucket) for bucket in buckets])
        in_bucket = dict(rows)
        return [
            in_bucket[score] + sum(members for other, members in self._counted() if other > bucket)
            for score, bucket in zip(scores, buckets, strict=True)
        ]

    def _counted(self) -> Sequence[tuple[Any, ...]]:
        if self._counts is None:
            rows = self._ask("counts", **self._names, by_credits=self.by == "credits")
            self._counts = [(bucket, members) for bucket, members in rows]
        return self._counts

    def _of_score(self, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return self._ask(f"{name}_{self._kind}", by=self.by, **self._names, **parameters)
