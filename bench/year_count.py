"""An auditor's own count of a year: what must hold, found from the log's plain JSON and nothing else.

It shares no code with the ledger's decisions: caps, claims, windows, budgets and serials are counted
again from what the programme has published in its log.
"""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Plain = dict[str, Any]
Interval = tuple[datetime, datetime]


@dataclass
class Act:
    """One activity, as far as the log goes."""

    participant: str
    scenario: str
    on: date
    claims: list[tuple[str, str, Interval]]
    """Group, subject and time."""
    status: str = ""
    grams: int = 0
    awarded: int = 0
    bonuses: dict[str, int] = field(default_factory=dict)
    ripens_at: datetime | None = None
    claim_by: datetime | None = None


class Count:
    """What the log of one programme adds up to, event by event."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.topics: Counter[str] = Counter()
        self.clipped: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()
        self._rules: dict[str, Plain] = {}
        self._campaigns: dict[str, Plain] = {}
        self._year_credits: int | None = None
        self._acts: dict[tuple[str, str], Act] = {}
        self._current: Act | None = None
        self._standing: defaultdict[tuple[str, str], list[Interval]] = defaultdict(list)
        self._used: Counter[tuple[str, ...]] = Counter()
        self._touched: set[tuple[str, str, str, str]] = set()
        self._grams: Counter[str] = Counter()
        self._backing: Counter[str] = Counter()
        self._redemptions: dict[str, tuple[str, Plain]] = {}
        self._payable: Counter[str] = Counter()
        self._encumbered: Counter[str] = Counter()
        self._retired: dict[tuple[str, str], int] = {}
        self._zone = ZoneInfo("UTC")
        self._take: Mapping[str, Callable[[Plain], None]] = {
            "programme.opened": self._opened,
            "policy.published": self._policy,
            "scenario.published": lambda event: self._rules.update({event["id"]: event}),
            "campaign.published": lambda event: self._campaigns.update({event["id"]: event}),
            "reduction.recorded": self._accepted,
            "activity.held": lambda event: self._stake(self._reported(event, "held")),
            "activity.rejected": self._rejected,
            "activity.dismissed": lambda event: self._free(event, "dismissed"),
            "reduction.corrected": self._corrected,
            "reduction.recomputed": self._corrected,
            "credits.issued": self._credited,
            "credits.corrected": self._credited,
            "bonus.issued": self._bonus,
            "bonus.corrected": self._bonus,
            "credits.claimed": self._claimed,
            "credits.lapsed": self._lapsed,
            "credits.expired": lambda event: self.totals.update(expired=event["credits"]),
            "credits.donated": self._donated,
            "redemption.held": self._held,
            "redemption.fulfilled": lambda event: self._step(event, "held", "fulfilled"),
            "redemption.cancelled": lambda event: self._step(event, "held", "cancelled"),
            "redemption.released": lambda event: self._step(event, "held", "released"),
            "redemption.refunded": lambda event: self._step(event, "fulfilled", "refunded"),
        }

    def add(self, topic: str, event: Plain) -> None:
        """Take the next event of the log."""
        if self._touched and topic not in {
            "credits.issued",
            "credits.corrected",
            "bonus.issued",
            "bonus.corrected",
        }:
            self._check_caps()
        self.topics[topic] += 1
        taking = self._take.get(topic)
        if taking is not None:
            taking(event)

    # --- activities ---------------------------------------------------------------------------

    def _opened(self, event: Plain) -> None:
        self._zone = ZoneInfo(event["time_zone"])

    def _policy(self, event: Plain) -> None:
        self._year_credits = event.get("year_credits")

    def _reported(self, event: Plain, status: str) -> Act:
        occurred_at = _instant(event["occurred_at"])
        on = occurred_at.astimezone(self._zone).date()
        act = Act(event["participant_id"], event["scenario_id"], on, self._claims(event, on), status)
        self._acts[event["source"], event["id"]] = act
        return act

    def _claims(self, event: Plain, on: date) -> list[tuple[str, str, Interval]]:
        claims = []
        for rule in self._rules[event["scenario_id"]].get("exclusion", ()):
            span = self._midnight(on), self._midnight(on + timedelta(days=1))
            if "began_at" in event:
                span = _instant(event["began_at"]), _instant(event["ended_at"])
                if rule.get("span") == "local_day":
                    first = span[0].astimezone(self._zone).date()
                    last = (span[1] - timedelta(microseconds=1)).astimezone(self._zone).date()
                    span = self._midnight(first), self._midnight(last + timedelta(days=1))
            claims.append((rule["group"], event["subjects"][rule["subject"]], span))
        return claims

    def _midnight(self, on: date) -> datetime:
        return datetime.combine(on, time(), self._zone).astimezone(UTC)

    def _accepted(self, event: Plain) -> None:
        act = self._acts.get((event["source"], event["id"]))
        if act is None:
            act = self._reported(event, "accepted")
            self._stake(act)
        elif act.status != "held":
            self.problems.append(f"two live reductions of {event['source']} {event['id']}")
        act.status = "accepted"
        self._current = act
        self._weigh(act, event["amount_g"])

    def _weigh(self, act: Act, grams: int) -> None:
        self._grams[act.participant] += grams - act.grams
        self.totals["grams"] += grams - act.grams
        act.grams = grams

    def _rejected(self, event: Plain) -> None:
        act = self._reported(event, "rejected")
        if event["reasons"] == ["claimed"] and not any(map(self._is_taken, act.claims)):
            self.problems.append(f"{event['id']} was rejected, and nothing stood in its way")

    def _stake(self, act: Act) -> None:
        for claim in act.claims:
            if self._is_taken(claim):
                self.problems.append(f"{claim} overlaps a claim that stands")
            insort(self._standing[claim[:2]], claim[2])

    def _is_taken(self, claim: tuple[str, str, Interval]) -> bool:
        begins, ends = claim[2]
        standing = self._standing[claim[:2]]
        place = bisect_left(standing, (begins, ends))
        before = place > 0 and standing[place - 1][1] > begins
        return before or (place < len(standing) and standing[place][0] < ends)

    def _free(self, event: Plain, status: str) -> None:
        act = self._acts[event["source"], event["activity_id"]]
        act.status = status
        for group, subject, span in act.claims:
            self._standing[group, subject].remove(span)

    def _corrected(self, event: Plain) -> None:
        act = self._current = self._acts[event["source"], event["activity_id"]]
        if event["amount_g"] - act.grams != event["delta_g"]:
            self.problems.append(f"{event['activity_id']}: a delta of {event['delta_g']} g is another")
        self._weigh(act, event["amount_g"])
        if event.get("is_void"):
            self._free(event, "void")

    # --- credits ------------------------------------------------------------------------------

    def _credited(self, event: Plain) -> None:
        act = self._current
        assert act is not None
        if event.get("ripens_at"):
            act.ripens_at = _instant(event["ripens_at"])
            act.claim_by = _instant(event["claim_by"]) if event.get("claim_by") else None
        self.totals["owed"] += event.get("owed_credits", 0)
        if event.get("clipped_by"):
            self.clipped[event["clipped_by"]] += 1
        rule = self._rules[act.scenario]
        awarded, delta = event["awarded_credits"], event["awarded_credits"] - act.awarded
        on = act.on.isoformat()
        own = act.participant, act.scenario
        self._used["acts", *own, on] += (awarded > 0) - (act.awarded > 0)
        self._used["day", *own, on] += delta
        self._used["month", *own, on[:7]] += delta
        self._count(act, delta, rule)
        act.awarded = awarded
        cap = rule.get("caps", {}).get("event_credits")
        if cap is not None and awarded > cap:
            self.problems.append(f"an act of {own} was awarded {awarded}, more than {cap}")

    def _bonus(self, event: Plain) -> None:
        act = self._acts[event["source"], event["activity_id"]]
        own_id, awarded = event["campaign_id"], event["awarded_credits"]
        self._count(act, awarded - act.bonuses.get(own_id, 0), self._campaigns[own_id])
        self.totals["bonus"] += awarded - act.bonuses.get(own_id, 0)
        self._used["campaign", own_id, act.participant, ""] += awarded - act.bonuses.get(own_id, 0)
        act.bonuses[own_id] = awarded

    def _count(self, act: Act, delta: int, payer: Plain) -> None:
        self.totals["awarded"] += delta
        self._used["year", act.participant, act.on.isoformat()[:4]] += delta
        self._touched.add((act.participant, act.scenario, act.on.isoformat(), payer["id"]))
        self._back(payer, delta)

    def _back(self, payer: Plain, delta: int) -> None:
        if budget := payer.get("budget"):
            self._backing[budget["fund_id"]] += delta * budget["fen_per_credit"]

    def _check_caps(self) -> None:
        for participant, scenario, on, payer in self._touched:
            caps = self._rules[scenario].get("caps", {})
            for name, key, cap in (
                ("acts", (participant, scenario, on), caps.get("day_acts")),
                ("day", (participant, scenario, on), caps.get("day_credits")),
                ("month", (participant, scenario, on[:7]), caps.get("month_credits")),
                ("year", (participant, on[:4]), self._year_credits),
                ("campaign", (payer, participant, ""), self._campaigns.get(payer, {}).get("credits_max")),
            ):
                if cap is not None and self._used[name, *key] > cap:
                    self.problems.append(f"{name} {key}: {self._used[name, *key]} is more than {cap}")
        self._touched.clear()

    def _claimed(self, event: Plain) -> None:
        act = self._acts[event["source"], event["activity_id"]]
        recorded_at = _instant(event["recorded_at"])
        assert act.ripens_at is not None
        if recorded_at < act.ripens_at or (act.claim_by is not None and recorded_at >= act.claim_by):
            self.problems.append(f"{event['activity_id']} was claimed outside its window")
        self.totals["claimed"] += event["credits"]

    def _lapsed(self, event: Plain) -> None:
        act = self._acts[event["source"], event["activity_id"]]
        if act.claim_by is None or _instant(event["recorded_at"]) < act.claim_by:
            self.problems.append(f"{event['activity_id']} lapsed before its window was over")
        bonuses = event.get("bonus_credits", {})
        self.totals["lapsed"] += event["credits"]
        self._back(self._rules[act.scenario], sum(bonuses.values()) - event["credits"])
        for own_id, lapsed in bonuses.items():
            self._back(self._campaigns[own_id], -lapsed)

    # --- what credits are spent on ------------------------------------------------------------

    def _donated(self, event: Plain) -> None:
        self.totals["retired"] += event["credits"]
        units = 0
        for serials in event["serials"]:
            key = event["project_id"], serials["delivery_id"]
            if serials["first_serial"] <= self._retired.get(key, 0):
                self.problems.append(f"serial {serials['first_serial']} of {key} is retired twice")
            self._retired[key] = serials["last_serial"]
            units += serials["last_serial"] - serials["first_serial"] + 1
        if units != event["units"]:
            self.problems.append(f"{event['id']} retired {units} units, not {event['units']}")
        self.totals["units"] += units

    def _held(self, event: Plain) -> None:
        self._redemptions[event["id"]] = "held", event
        for share in event["shares"]:
            self._encumbered[share["fund_id"]] += share["value_fen"]

    def _step(self, event: Plain, before: str, after: str) -> None:
        status, held = self._redemptions[event["redemption_id"]]
        if status != before:
            self.problems.append(f"{event['redemption_id']} went from {status} to {after}")
        self._redemptions[event["redemption_id"]] = after, held
        if before == "held":
            for share in held["shares"]:
                self._encumbered[share["fund_id"]] -= share["value_fen"]
        sign = {"fulfilled": 1, "refunded": -1}.get(after, 0)
        self._payable[held["merchant_id"]] += sign * held["face_value_fen"]
        self.totals["redeemed"] += sign * held["credits"]

    # --- against the balances -----------------------------------------------------------------

    def check(self, balances: Mapping[tuple[str, str, str | None], int]) -> None:
        """Hold the count against balances, account by account where it has them."""
        self._check_caps()
        sums: Counter[tuple[str, str]] = Counter()
        for (account, asset, _), amount in balances.items():
            sums[account, asset] += amount
        expected = {
            ("nature", "gCO2e"): -self.totals["grams"],
            ("issuance", "CREDIT"): -self.totals["awarded"],
        }
        expected |= {(name, "CREDIT"): self.totals[name] for name in ("lapsed", "expired", "redeemed")}
        expected |= {(f"participant:{own}", "gCO2e"): grams for own, grams in self._grams.items()}
        expected |= {(f"fund:{own}:backing", "CNY"): fen for own, fen in self._backing.items()}
        expected |= {(f"fund:{own}:encumbered", "CNY"): fen for own, fen in self._encumbered.items()}
        expected |= {(f"merchant:{own}:payable", "CNY"): fen for own, fen in self._payable.items()}
        for key, amount in expected.items():
            if sums[key] != amount:
                self.problems.append(f"{key}: {sums[key]} in the book, {amount} counted")
        retired = sum(amount for (account, _), amount in sums.items() if account.startswith("retired:"))
        if retired != self.totals["retired"]:
            self.problems.append(f"retired: {retired} in the book, {self.totals['retired']} counted")
        self.problems += _lots_unequal(balances)


def _lots_unequal(balances: Mapping[tuple[str, str, str | None], int]) -> Iterable[str]:
    """Name the lots of which something else was issued than stands somewhere."""
    issued: Counter[str | None] = Counter()
    stands: Counter[str | None] = Counter()
    for (account, asset, lot), amount in balances.items():
        if asset == "CREDIT":
            (issued if account in {"issuance", "adjusted"} else stands)[lot] += amount
    return [
        f"lot {lot}: {-issued[lot]} issued, {stands[lot]} stand"
        for lot in issued | stands
        if issued[lot] + stands[lot]
    ]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
