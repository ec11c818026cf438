"""Double counting: the same subject is credited once for the same time within an exclusion group.

Rule of the room: the first claim stands, whatever its evidence; a later one is told which. Subjects
are HMACs under a key that the ledger never sees. An interval is half-open.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, ClassVar, Final, Literal, NamedTuple

import msgspec

from ledger.domain.errors import IntervalUnsuitable, SubjectMissing
from ledger.domain.identifiers import EntityId
from ledger.domain.instants import Instant, local_date, utc, zone
from ledger.domain.limits import INTERVAL_MAX
from ledger.domain.registers import Entry, Registers, key_of

SubjectKind = Literal["vehicle", "person", "device", "household"]

SubjectHmac = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""HMAC-SHA-256 of the subject's own id, hexadecimal; partners that share a group share the key."""

Subjects = dict[SubjectKind, SubjectHmac]

DAY: Final = timedelta(days=1)
SPANS_REMEMBERED: Final = 16_384
"""Intervals whose days are remembered: an act asks several times, and a day's acts for the same."""


class ExclusionRule(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A group in which a scenario's activities exclude each other, and others' of the same group."""

    group: EntityId
    subject: SubjectKind
    span: Literal["interval", "local_day"] = "interval"
    """What is claimed: the activity's own interval, or every local day that it touches."""
    shared: bool = False
    """Whether partners' programmes have a say; see `ledger.domain.policy`."""


class StandingClaim(
    msgspec.Struct, array_like=True, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """An activity that claims a subject for an interval."""

    source: str
    id: str
    begins_at: Instant
    ends_at: Instant


class BlockingClaim(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The claim because of which an activity is not credited."""

    group: str
    programme_id: str
    source: str
    id: str
    begins_at: Instant
    ends_at: Instant


class ClaimsOfDay(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """The claims on one subject in one group that touch one local day, in the order in which they came."""

    register: ClassVar[str] = "claims"

    claims: tuple[StandingClaim, ...] = ()


class Claimed(NamedTuple):
    """What an activity would claim by one rule."""

    rule: ExclusionRule
    keys: tuple[str, ...]
    """Of the entries in `ClaimsOfDay`, one for each local day."""
    begins_at: datetime
    ends_at: datetime


def claims_key(group: str, subject: str, day: str) -> str:
    """Name the entry of a subject's local day (ISO date) in a group; a day's entries lie side by side."""
    return key_of(group, day, subject)


def require_interval(began_at: datetime | None, ended_at: datetime | None) -> None:
    """Refuse an interval that has one end, is empty or runs backwards, or is too long.

    Raises:
        IntervalUnsuitable
    """
    if began_at is None and ended_at is None:
        return
    if began_at is None or ended_at is None or not timedelta(0) < ended_at - began_at <= INTERVAL_MAX:
        raise IntervalUnsuitable(field="ended_at", began_at=began_at, ended_at=ended_at)


def claimed_by(
    rules: Iterable[ExclusionRule],
    *,
    subjects: Mapping[SubjectKind, str],
    occurred_at: datetime,
    began_at: datetime | None,
    ended_at: datetime | None,
    time_zone: str,
) -> list[Claimed]:
    """Give what an activity would claim; without an interval of its own, the local day it occurred on.

    Raises:
        SubjectMissing: a rule needs a subject that the activity does not name.
    """
    claimed = []
    for rule in rules:
        subject = subjects.get(rule.subject)
        if subject is None:
            raise SubjectMissing(field=f"subjects.{rule.subject}", group=rule.group)
        claimed.append(_claimed(rule, subject, began_at or occurred_at, ended_at, time_zone))
    return claimed


@lru_cache(maxsize=SPANS_REMEMBERED)
def _claimed(
    rule: ExclusionRule, subject: str, began_at: datetime, ended_at: datetime | None, time_zone: str
) -> Claimed:
    """Give what an activity claims by one rule; without an end, the local day of `began_at`."""
    if ended_at is None or rule.span == "local_day":
        days, begins_at, ends_at = _whole_days(began_at, ended_at, time_zone)
    else:
        days, begins_at, ends_at = _days(began_at, ended_at, time_zone), utc(began_at), utc(ended_at)
    keys = tuple([claims_key(rule.group, subject, day) for day in days])
    return Claimed(rule, keys, begins_at, ends_at)


@lru_cache(maxsize=SPANS_REMEMBERED)
def _days(begins_at: datetime, ends_at: datetime, time_zone: str) -> tuple[str, ...]:
    """Give the local days that an interval touches, as ISO dates."""
    first = local_date(begins_at, time_zone)
    last = local_date(ends_at - timedelta(microseconds=1), time_zone)
    return tuple((first + DAY * number).isoformat() for number in range((last - first).days + 1))


@lru_cache(maxsize=SPANS_REMEMBERED)
def _whole_days(
    begins_at: datetime, ends_at: datetime | None, time_zone: str
) -> tuple[tuple[str, ...], datetime, datetime]:
    """Give the local days that an interval, or one instant, touches, from midnight to midnight."""
    days = _days(begins_at, ends_at or begins_at + timedelta(microseconds=1), time_zone)
    first, last = date.fromisoformat(days[0]), date.fromisoformat(days[-1])
    return days, _midnight(first, time_zone), _midnight(last + DAY, time_zone)


def _midnight(on: date, time_zone: str) -> datetime:
    return datetime.combine(on, time(), zone(time_zone)).astimezone(UTC)


def blocking_claim(
    claimed: Iterable[Claimed], registers: Registers, programme_id: str
) -> BlockingClaim | None:
    """Give the first claim that stands against what an activity would claim."""
    for own in claimed:
        for key in own.keys:
            if found := overlapping(own, registers.get(ClaimsOfDay, key)):
                return blocking(own, found, programme_id)
    return None


def overlapping(own: Claimed, on_day: ClaimsOfDay | None) -> StandingClaim | None:
    """Give the first of a day's claims that overlaps an own one."""
    for claim in on_day.claims if on_day else ():
        if claim.begins_at < own.ends_at and own.begins_at < claim.ends_at:
            return claim
    return None


def blocking(own: Claimed, standing: StandingClaim, programme_id: str) -> BlockingClaim:
    """Name the claim that stands against an own one."""
    return BlockingClaim(
        group=own.rule.group,
        programme_id=programme_id,
        source=standing.source,
        id=standing.id,
        begins_at=standing.begins_at,
        ends_at=standing.ends_at,
    )


# --- Evolve -------------------------------------------------------------------------------------


def stake(registers: Registers, claimed: Iterable[Claimed], *, source: str, own_id: str) -> None:
    """Let an activity's claims stand."""
    for own in claimed:
        made = StandingClaim(source=source, id=own_id, begins_at=own.begins_at, ends_at=own.ends_at)
        for key in own.keys:
            before = registers.get(ClaimsOfDay, key) or ClaimsOfDay()
            registers.put(ClaimsOfDay, key, ClaimsOfDay(claims=(*before.claims, made)))


def give_up(registers: Registers, claimed: Iterable[Claimed], *, source: str, own_id: str) -> None:
    """Take an activity's claims back."""
    for own in claimed:
        for key in own.keys:
            before = registers.get(ClaimsOfDay, key) or ClaimsOfDay()
            left = tuple(each for each in before.claims if (each.source, each.id) != (source, own_id))
            registers.put(ClaimsOfDay, key, ClaimsOfDay(claims=left) if left else None)
