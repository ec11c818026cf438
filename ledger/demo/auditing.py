"""The end of the story: an auditor's own sums, and then the ledger's proof of itself."""

from collections.abc import Iterable
from typing import Final

import msgspec

from ledger import replay
from ledger.bootstrap import Ledger
from ledger.demo.audit import audit_log, compare_balances
from ledger.demo.caller import Caller, DemoFailed
from ledger.demo.telling import Teller, balances_table
from ledger.projections.registry import VIEWS
from ledger.store.database import Database
from ledger.verify import verify

COUNTER_ACCOUNTS: Final = frozenset({"adjusted", "issuance", "nature", "sponsor"})
"""What everything comes from; nobody spends of them."""


def audit(teller: Teller, auditor: Caller, programme_id: str) -> None:
    """Read a log as an auditor does and hold the balances against it.

    Raises:
        DemoFailed: they differ, or somebody holds less than nothing.
    """
    path = f"/v1/programmes/{programme_id}"
    audited = audit_log(auditor, f"{path}/events")
    teller.say(f"\nThe books of [bold]{programme_id}[/], as its log gives them:")
    teller.table(balances_table(audited.balances))
    below = [account for account, held in audited.balances.items() if min(held.values()) < 0]
    if others := [account for account in below if account.partition(":")[0] not in COUNTER_ACCOUNTS]:
        raise DemoFailed(f"below zero stand {others}")
    teller.say(f"Below zero stand the counter-accounts alone: {', '.join(below)}.")
    teller.done(f"{audited.events} events, none missing; the digest is the one in the stream's last line")
    teller.done(f"{audited.legs} legs: those of every event sum to zero for each asset")
    accounts = compare_balances(auditor, f"{path}/balances", audited.balances)
    teller.done(f"{accounts} accounts: what their legs add up to is what GET balances answers")


def prove(teller: Teller, ledger: Ledger, programme_ids: Iterable[str]) -> None:
    """Have the ledger check itself, as `ledger replay --check` and `ledger verify` do.

    Raises:
        DemoFailed: it finds a difference.
    """
    teller.chapter("The ledger proves itself")
    # As many connections as views need, and nobody else's patience.
    with Database(
        ledger.database.conninfo, connections_max=2 * len(VIEWS) + 4, statement_ms_max=0
    ) as database:
        for programme_id in programme_ids:
            replayed = replay.check(database, programme_id)
            if not replayed.is_equal:
                raise DemoFailed(msgspec.json.encode(replayed).decode())
            (proved,) = verify(database, programme_id=programme_id)
            if not proved.is_equal:
                raise DemoFailed(msgspec.json.encode(proved).decode())
            teller.done(
                f"{programme_id}: ledger replay --check agrees: {replayed.events} events replayed, "
                "no difference; ledger verify has decided each of them again, and agrees"
            )
