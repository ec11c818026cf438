"""Evidence and quality: how far an activity is believed, and what it counts for.

Rule of the room: what a flag or a tier leads to is the programme's published data; nothing here
knows a scenario by name.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from ledger.domain.errors import ShareOutOfBounds, TreatmentUnknown
from ledger.domain.limits import ECHO_CHARS_MAX, SHARE_CHARS_MAX
from ledger.domain.methodology import WHOLE_SHARE, read_share

QualityFlag = Literal[
    "late",
    "gap",
    "estimated",
    "rollback",
    "jump",
    "clock_skew",
    "invalid_sentinel",
    "duplicate",
    "overlap",
    "self_declared",
    "manual",
]
"""What is wrong, or not quite right, with the data of an activity, as its source or its reader found."""

EvidenceTier = Literal["platform", "proof", "self_declared"]
"""What an activity rests on: a platform's data, a proof somebody looked at, or a participant's word."""

Verdict = Literal["accept", "hold", "reject"]

ACCEPT: Final = "accept"
HOLD: Final = "hold"
REJECT: Final = "reject"

UNMAPPED: Final = HOLD
"""What a flag leads to of which the methodology says nothing: somebody looks at it."""

SHARE_OF_TIER: Final[Mapping[EvidenceTier, str]] = {
    "platform": WHOLE_SHARE,
    "proof": WHOLE_SHARE,
    "self_declared": "0.5",
}
"""Where a scenario says nothing else: a ride on somebody's word earns half (domain rule 5)."""


class Assessment(NamedTuple):
    """What is to become of an activity."""

    verdict: Verdict
    share: str
    """The part of the reduction that counts: the smallest that a flag or the tier leaves."""
    reasons: tuple[str, ...]
    """Flags that lead to the verdict, and none where it is accepted."""


def check_treatments(treatments: Mapping[QualityFlag, str], field: str) -> None:
    """Refuse a treatment that is not `accept`, `hold`, `reject` or a share above 0 and below 1.

    Raises:
        TreatmentUnknown
    """
    for flag, treatment in treatments.items():
        if treatment not in {ACCEPT, HOLD, REJECT}:
            _require_share(treatment, f"{field}.{flag}")


def check_shares(shares: Mapping[EvidenceTier, str], field: str) -> None:
    """Refuse a share of a tier that is not above 0 and at most 1.

    Raises:
        TreatmentUnknown
    """
    for tier, share in shares.items():
        _require_share(share, f"{field}.{tier}")


def _require_share(text: str, field: str) -> None:
    try:
        is_share = len(text) <= SHARE_CHARS_MAX and bool(read_share(text))
    except ShareOutOfBounds:
        is_share = False
    if not is_share:
        raise TreatmentUnknown(field=field, value=text[:ECHO_CHARS_MAX])


def assess(
    flags: tuple[QualityFlag, ...],
    tier: EvidenceTier,
    *,
    treatments: Mapping[QualityFlag, str],
    shares: Mapping[EvidenceTier, str],
) -> Assessment:
    """Say what is to become of an activity: the harshest treatment of its flags decides.

    Args:
        flags: of its data.
        tier: of its evidence.
        treatments: of the methodology.
        shares: of the scenario.
    """
    smallest = shares.get(tier) or SHARE_OF_TIER[tier]
    if not flags:
        return Assessment(ACCEPT, smallest, ())
    by_treatment: dict[str, list[str]] = {}
    for flag in flags:
        treatment = treatments.get(flag, UNMAPPED)
        by_treatment.setdefault(treatment, []).append(flag)
        if treatment not in {ACCEPT, HOLD, REJECT} and read_share(treatment) < read_share(smallest):
            smallest = treatment
    if refused := by_treatment.get(REJECT):
        return Assessment(REJECT, smallest, tuple(refused))
    if held := by_treatment.get(HOLD):
        return Assessment(HOLD, smallest, tuple(held))
    return Assessment(ACCEPT, smallest, ())
