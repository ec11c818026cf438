"""A programme's policy: what holds over all its scenarios and may change while it runs.

Rule of the room: Events → State → Decide → Evolve; all pure. The latest version published holds.
"""

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from ledger.domain.caps import CreditsCap
from ledger.domain.errors import PartnerUnsuitable, VersionOutOfSequence
from ledger.domain.identifiers import ProgrammeId
from ledger.domain.instants import utc
from ledger.domain.limits import PARTNERS_MAX, VERSION_MAX
from ledger.domain.messages import Command, Event


class PublishPolicy(Command, frozen=True, kw_only=True, tag_field="kind", tag="policy.publish"):
    """Publish the next version of the programme's policy; what it does not name no longer holds."""

    version: Annotated[int, msgspec.Meta(ge=1, le=VERSION_MAX)]
    year_credits: CreditsCap | None = None
    """Credits that a participant may be awarded in one local year, all scenarios together."""
    partners: Annotated[tuple[ProgrammeId, ...], msgspec.Meta(max_length=PARTNERS_MAX)] = ()
    """Programmes of this deployment with which shared exclusion groups are checked."""


class PolicyPublished(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A version of the programme's policy was published."""

    topic: ClassVar[str] = "policy.published"

    version: int
    year_credits: int | None = None
    partners: tuple[str, ...] = ()


def publish_policy(
    command: PublishPolicy, programme_id: str, versions_published: int, recorded_at: datetime
) -> PolicyPublished:
    """Publish the next version.

    Raises, in this order:
        VersionOutOfSequence: it is not the version after the last one,
        PartnerUnsuitable: a programme is named twice, or is the programme itself.
    """
    if command.version != versions_published + 1:
        raise VersionOutOfSequence(id="policy", version=command.version, expected=versions_published + 1)
    for partner in command.partners:
        if partner == programme_id or command.partners.count(partner) > 1:
            raise PartnerUnsuitable(field="partners", programme_id=partner)
    return PolicyPublished(
        occurred_at=utc(command.occurred_at),
        recorded_at=recorded_at,
        version=command.version,
        year_credits=command.year_credits,
        partners=command.partners,
    )
