"""Finding the event that explains a difference in a table: the last one that had to do with the row.

Rule of the room: only what differs is looked for, and only when something does.
"""

from collections.abc import Iterator, Sequence

import msgspec

from ledger.domain import addresses, owners
from ledger.domain.messages import Event
from ledger.domain.redemption import RedemptionHeld
from ledger.domain.transfer import CreditsTransferred
from ledger.store.log import Log
from ledger.verify.findings import Finding

OF_TABLES = frozenset(("balance_differs", "owner_differs", "hold_differs"))


def explained(log: Log, programme_id: str, findings: Sequence[Finding], *, until: int) -> list[Finding]:
    """Add to each difference in a table the event that explains it, going over the log once more."""
    wanted = {finding.subject for finding in findings if finding.code in OF_TABLES}
    if not wanted:
        return list(findings)
    last: dict[str, tuple[int, str]] = {}
    for page in log.pages(programme_id, until=until):
        for logged in page:
            try:
                event = log.decode(logged)
            except Exception:  # noqa: BLE001, S112 - told before, as an event that cannot be read
                continue
            for subject in wanted.intersection(_subjects(event)):
                last[subject] = logged.position, logged.topic
    return [
        msgspec.structs.replace(finding, position=last[finding.subject][0], topic=last[finding.subject][1])
        if finding.code in OF_TABLES and finding.subject in last
        else finding
        for finding in findings
    ]


def _subjects(event: Event) -> Iterator[str]:
    """Name the rows that an event has to do with, as findings name them."""
    for account, asset, lot, _ in event.legs:
        yield " ".join(filter(None, ("balances", account, asset, lot)))
    if (opened := owners.owner_opened(event)) is not None:
        yield f"owners {opened}"
    if isinstance(event, CreditsTransferred):
        yield f"owners {event.from_account}"
    participant_id = getattr(event, "participant_id", None)
    if participant_id is not None:
        yield f"owners {addresses.participant(participant_id)}"
    redemption_id = event.id if isinstance(event, RedemptionHeld) else getattr(event, "redemption_id", None)
    if redemption_id is not None:
        yield f"holds {redemption_id}"
