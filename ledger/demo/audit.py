"""Checking the ledger from outside, with nothing but its log and its answers.

Rule of the room: no code of the ledger is used here, so that nothing it gets wrong can agree with
itself. An auditor's own script would be these same lines.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from ledger.demo.caller import Caller, DemoFailed

CARBON_TO_CO2 = Fraction(44, 12)
G_PER_KG = 1_000

Balances = Mapping[str, Mapping[tuple[str, str | None], int]]
"""What each account holds, by asset and lot; what came and went again stands there as 0."""


class Audited(NamedTuple):
    """What the log says."""

    events: int
    legs: int
    balances: Balances


def audit_log(auditor: Caller, path: str) -> Audited:
    """Read a whole log and add up its legs.

    Raises:
        DemoFailed: the stream is cut or altered, a position is missing, or the legs of an event do
            not sum to zero.
    """
    *lines, end = auditor.get(path).body.splitlines(keepends=True)
    trailer = json.loads(end)
    if trailer.get("events") != len(lines):
        raise DemoFailed(f"the log has {len(lines)} lines and its trailer says {trailer}")
    if trailer["sha256"] != hashlib.sha256(b"".join(lines)).hexdigest():
        raise DemoFailed("the log is not the one whose digest its trailer carries")
    balances: dict[str, Counter[tuple[str, str | None]]] = defaultdict(Counter)
    legs = 0
    for position, line in enumerate(lines, start=1):
        event = json.loads(line)
        if event["position"] != position:
            raise DemoFailed(f"position {position} holds event {event['position']}")
        sums: Counter[str] = Counter()
        for account, asset, lot, amount in event["data"].get("legs", ()):
            balances[account][asset, lot] += amount
            sums[asset] += amount
            legs += 1
        if any(sums.values()):
            raise DemoFailed(f"the legs of event {position} sum to {dict(sums)}")
    return Audited(len(lines), legs, dict(sorted(balances.items())))


def compare_balances(auditor: Caller, path: str, audited: Balances) -> int:
    """Ask for every account and compare it with what its legs add up to; give how many there are.

    Raises:
        DemoFailed: an account holds something else.
    """
    for account, by_log in audited.items():
        listed = auditor.get(f"{path}/{account}").document()["balances"]
        by_answer = {(one["asset"], one["lot"]): one["amount"] for one in listed}
        if by_answer != {key: amount for key, amount in by_log.items() if amount}:
            raise DemoFailed(f"{account} holds {by_answer}, and its legs add up to {dict(by_log)}")
    return len(audited)


def trip_exact_g(measured: Mapping[str, str], factors: Iterable[Mapping[str, Any]]) -> Fraction:
    """Grams that a trip avoided, by the published formula and nothing else.

    D * FC/100 * EF_fuel - E * EF_grid, with EF_fuel = NCV * CC * OF * 44/12 * density.
    Source: T/CSAE 235-2021 and the GB/T 32150-type table.
    """
    of = {factor["name"]: Fraction(factor["value"]) for factor in factors}
    fuel_g_per_l = (
        of["petrol_net_calorific_value"]
        * of["petrol_carbon_content"]
        * of["petrol_oxidation"]
        * CARBON_TO_CO2
        * of["petrol_density"]
        * G_PER_KG
    )
    petrol_g = Fraction(measured["distance_km"]) * of["baseline_consumption"] / 100 * fuel_g_per_l
    return petrol_g - Fraction(measured["energy_kwh"]) * of["grid"] * G_PER_KG
