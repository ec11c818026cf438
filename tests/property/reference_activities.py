"""The second ledger's acts: doubts, claims, caps, ripening and corrections, from the rules alone.

Rule of the room: as in `reference_model.py`. What is used of a cap, and which claims stand, is never
kept: all acts are gone over each time.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

TIERS = {"platform": "1", "proof": "1", "self_declared": "0.5"}
HOUR = timedelta(hours=1)


class Act:
    """What has become of one activity."""

    def __init__(self, command: Any, scenario: Any, status: str, share: Fraction) -> None:
        self.c, self.scenario, self.status, self.share = command, scenario, status, share
        self.km: str = command.measured.distance_km
        self.version = scenario.methodology_version
        self.waits_for: set[str] = set()
        self.grams = self.desired = self.awarded = self.pending = 0
        self.credits = "none"
        """none, pending, spendable or lapsed."""
        self.lot: str | None = None
        self.in_year = False
        self.ripens_at: datetime | None = None
        self.claim_by: datetime | None = None


class Activities:
    """The part of the model that knows of activities."""

    terms: Any
    balances: Counter[tuple[str, str, str | None]]
    status: dict[str, str]
    scenarios: dict[str, list[Any]]
    methodologies: dict[str, list[Any]]

    def __init__(self) -> None:
        self.acts: dict[tuple[str, str], Act] = {}
        self.policies: list[Any] = []

    def policy_publish(self, c: Any, _now: datetime) -> int:
        self._refuse_if("version_out_of_sequence", c.version != len(self.policies) + 1)
        wrong = len(set(c.partners)) < len(c.partners) or self.terms.id in c.partners
        self._refuse_if("partner_unsuitable", wrong)
        self.policies.append(c)
        return 1

    def _policy(self, name: str) -> Any:
        return getattr(self.policies[-1], name) if self.policies else None

    # --- reported

    def activity_record(self, c: Any, now: datetime) -> int:
        self._refuse_if("scenario_not_found", c.scenario_id not in self.scenarios)
        valid = [
            s
            for s in self.scenarios[c.scenario_id]
            if s.valid_from <= c.occurred_at and (s.valid_to is None or c.occurred_at < s.valid_to)
        ]
        self._refuse_if("scenario_not_valid", not valid)
        own, scenario = f"participant:{c.participant_id}", valid[-1]
        self._refuse_if("account_closed", self.status.get(own) == "closed")
        if c.began_at is not None or c.ended_at is not None:
            ends = c.began_at is not None and c.ended_at is not None
            in_bounds = ends and timedelta(0) < c.ended_at - c.began_at <= timedelta(days=31)
            self._refuse_if("interval_unsuitable", not in_bounds)
        for rule in scenario.exclusion:
            self._refuse_if("subject_missing", rule.subject not in c.subjects)
        quality = self.methodologies[scenario.methodology_id][scenario.methodology_version - 1].quality
        treatments = {flag: quality.get(flag, "hold") for flag in c.flags}
        tier = (scenario.evidence or {}).get(c.evidence, TIERS[c.evidence])
        shares = [Fraction(tier), *(Fraction(t) for t in treatments.values() if t[0].isdigit())]
        act = Act(c, scenario, "rejected", min(shares))
        if "reject" in treatments.values() or self._is_claimed(act):
            self.acts[c.source, c.id] = act
            return 1
        grams = self._grams(act, act.km)
        act.waits_for = {flag for flag, treatment in treatments.items() if treatment == "hold"}
        if self._policy("partners") and any(rule.shared for rule in scenario.exclusion):
            act.waits_for.add("cross_check")
        self.acts[c.source, c.id] = act
        self.status.setdefault(own, "open")
        if act.waits_for:
            act.status = "held"
            return 1
        return self._credit(act, grams, now)

    def _grams(self, act: Act, km: str | None) -> int:
        self._refuse_if("measurement_missing", km is None)
        malformed = re.fullmatch(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?", str(km)) is None
        self._refuse_if("measurement_malformed", malformed)
        self._refuse_if("measurement_out_of_bounds", Fraction(str(km)) > 10_000)
        methodology = self.methodologies[act.scenario.methodology_id][act.version - 1]
        return int(Fraction(str(km)) * Fraction(methodology.factors[0].value) * act.share)

    def _claims(self, act: Act) -> Iterator[tuple[str, str, datetime, datetime]]:
        zone = ZoneInfo(self.terms.time_zone)
        began_at, ended_at = act.c.began_at, act.c.ended_at
        for rule in act.scenario.exclusion:
            begin, end = began_at, ended_at
            if began_at is None or rule.span == "local_day":
                first = (began_at or act.c.occurred_at).astimezone(zone).date()
                last_instant = act.c.occurred_at if ended_at is None else ended_at - timedelta(microseconds=1)
                last = last_instant.astimezone(zone).date()
                begin = datetime.combine(first, time(), zone)
                end = datetime.combine(last + timedelta(days=1), time(), zone)
            yield rule.group, act.c.subjects[rule.subject], begin, end

    def _is_claimed(self, act: Act) -> bool:
        standing = [
            claim
            for other in self.acts.values()
            if other.status in {"accepted", "held"}
            for claim in self._claims(other)
        ]
        return any(
            mine[:2] == theirs[:2] and mine[2] < theirs[3] and theirs[2] < mine[3]
            for mine in self._claims(act)
            for theirs in standing
        )

    # --- credited

    def _credit(self, act: Act, grams: int, now: datetime) -> int:
        act.status, act.grams = "accepted", grams
        self._move("nature", self._holder(act), "gCO2e", {None: grams})
        act.desired = grams // act.scenario.rule.per_g * act.scenario.rule.credits
        if not act.desired:
            return 1
        act.in_year = self._policy("year_credits") is not None
        act.awarded = self._award(act, act.desired)
        act.lot = self._lot_issued(now)
        self._open_window(act, now)
        self._give(act, act.awarded)
        return 2

    def _open_window(self, act: Act, now: datetime) -> None:
        hours, within = act.scenario.ripens_after_h, act.scenario.claim_within_h
        if not act.awarded:
            return
        act.credits = "spendable" if hours is None else "pending"
        act.ripens_at = None if hours is None else now + hours * HOUR
        act.claim_by = None if within is None or act.ripens_at is None else act.ripens_at + within * HOUR

    def _award(self, act: Act, desired: int) -> int:
        caps, rooms = act.scenario.caps, [desired]
        others = [
            o for o in self.acts.values() if o is not act and o.c.participant_id == act.c.participant_id
        ]
        alike = [o for o in others if o.c.scenario_id == act.c.scenario_id and self._is_counted(o)]
        today, day = self._day(act), [o for o in alike if self._day(o) == self._day(act)]
        if caps is not None:
            month = [o for o in alike if f"{self._day(o):%Y-%m}" == f"{today:%Y-%m}"]
            rooms += [caps.event_credits] if caps.event_credits else []
            if caps.day_acts and sum(o.awarded > 0 for o in day) >= caps.day_acts:
                rooms.append(0)
            rooms += [caps.day_credits - sum(o.awarded for o in day)] if caps.day_credits else []
            rooms += [caps.month_credits - sum(o.awarded for o in month)] if caps.month_credits else []
        year_credits = self._policy("year_credits")
        if year_credits and act.in_year:
            year = [o for o in others if o.in_year and self._day(o).year == today.year]
            rooms.append(year_credits - sum(o.awarded for o in year))
        if (budget := act.scenario.budget) is not None:
            free = self.balances[f"fund:{budget.fund_id}:available", "CNY", None]
            rooms.append(free // budget.fen_per_credit + act.awarded)
        return max(0, min(rooms))

    @staticmethod
    def _is_counted(act: Act) -> bool:
        caps = act.scenario.caps
        return caps is not None and bool(caps.day_acts or caps.day_credits or caps.month_credits)

    def _day(self, act: Act) -> date:
        day: date = act.c.occurred_at.astimezone(ZoneInfo(self.terms.time_zone)).date()
        return day

    @staticmethod
    def _holder(act: Act) -> str:
        return f"participant:{act.c.participant_id}"

    def _give(self, act: Act, amount: int) -> None:
        holder, lot = self._holder(act), act.lot
        self._set_aside(act, amount)
        if act.credits == "pending":
            act.pending += amount
            self._move("issuance", f"{holder}:pending", "CREDIT", {lot: amount})
            return
        left = self._pay_debts(holder, amount)
        self._move("issuance", holder, "CREDIT", {lot: left})

    def _pay_debts(self, holder: str, amount: int) -> int:
        """Pay what is owed by issuing it in its own lots; give what is left."""
        for lot, owed in self._lots(f"{holder}:debt").items():
            paid = min(amount, -owed)
            self._move("issuance", f"{holder}:debt", "CREDIT", {lot: paid})
            amount -= paid
        return amount

    def _set_aside(self, act: Act, amount: int) -> None:
        if (budget := act.scenario.budget) is not None:
            fund = f"fund:{budget.fund_id}"
            self._move_fen(f"{fund}:available", f"{fund}:backing", amount * budget.fen_per_credit)

    def _take(self, act: Act, amount: int) -> None:
        holder, lot = self._holder(act), act.lot
        self._set_aside(act, -amount)
        from_pending = min(amount, act.pending)
        act.pending -= from_pending
        self._move(f"{holder}:pending", "issuance", "CREDIT", {lot: from_pending})
        amount -= from_pending
        lots = self._lots(holder)
        for own in sorted(lots, key=lambda name: (name != lot, name)):
            taken = min(amount, lots[own])
            self._move(holder, "issuance", "CREDIT", {own: taken})
            amount -= taken
        self._move(f"{holder}:debt", "issuance", "CREDIT", {lot: amount})

    # --- looked at, claimed, lapsed

    def _act(self, c: Any) -> Act:
        self._refuse_if("activity_not_found", (c.source, c.activity_id) not in self.acts)
        return self.acts[c.source, c.activity_id]

    def activity_release(self, c: Any, now: datetime) -> int:
        act = self._act(c)
        self._refuse_if("activity_status_unsuitable", act.status != "held")
        partners = {"cross_check"} & act.waits_for
        cleared = partners if c.clears == "cross_check" else act.waits_for - partners
        self._refuse_if("activity_status_unsuitable", not cleared)
        if act.waits_for == cleared:
            self._refuse_if("account_closed", self.status.get(self._holder(act)) == "closed")
        act.waits_for -= cleared
        return 1 if act.waits_for else 1 + self._credit(act, self._grams(act, act.km), now)

    def activity_dismiss(self, c: Any, _now: datetime) -> int:
        act = self._act(c)
        self._refuse_if("activity_status_unsuitable", act.status != "held")
        act.status, act.waits_for = "dismissed", set()
        return 1

    def credits_claim(self, c: Any, now: datetime) -> int:
        act = self._act(c)
        holder = self._holder(act)
        self._refuse_if("nothing_pending", not act.pending)
        assert act.ripens_at is not None
        self._refuse_if("credits_not_ripe", now < act.ripens_at)
        self._refuse_if("claim_window_closed", act.claim_by is not None and now >= act.claim_by)
        self._require(holder, frozen_too=True)
        self._move(f"{holder}:pending", "issuance", "CREDIT", {act.lot: act.pending})
        left = self._pay_debts(holder, act.pending)
        self._move("issuance", holder, "CREDIT", {act.lot: left})
        act.pending, act.credits = 0, "spendable"
        return 1

    def credits_lapse(self, c: Any, now: datetime) -> int:
        act = self._act(c)
        if not act.pending or act.claim_by is None or now < act.claim_by:
            return 0
        self._move(f"{self._holder(act)}:pending", "lapsed", "CREDIT", {act.lot: act.pending})
        self._set_aside(act, -act.pending)
        act.pending, act.credits = 0, "lapsed"
        return 1

    # --- corrected

    def activity_correct(self, c: Any, now: datetime) -> int:
        act = self._act(c)
        self._refuse_if("activity_status_unsuitable", act.status != "accepted")
        self._refuse_if("correction_empty", (c.measured is None) is not c.is_void)
        if c.is_void:
            act.status = "void"
            return self._change(act, 0, now)
        grams = self._grams(act, c.measured.distance_km)
        act.km = c.measured.distance_km
        return self._change(act, grams, now)

    def activity_recompute(self, c: Any, now: datetime) -> int:
        act = self._act(c)
        self._refuse_if("activity_status_unsuitable", act.status != "accepted")
        known = len(self.methodologies[act.scenario.methodology_id])
        self._refuse_if("methodology_not_found", c.methodology_version > known)
        before, act.version = act.version, c.methodology_version
        grams = self._grams(act, act.km)
        if grams == act.grams:
            act.version = before
            return 0
        return self._change(act, grams, now)

    def _change(self, act: Act, grams: int, now: datetime) -> int:
        self._move("nature", self._holder(act), "gCO2e", {None: grams - act.grams})
        act.grams = grams
        desired = grams // act.scenario.rule.per_g * act.scenario.rule.credits
        if desired == act.desired or act.credits == "lapsed":
            return 1
        if act.lot is None:
            act.lot, act.in_year = self._lot_issued(now), self._policy("year_credits") is not None
        awarded = self._award(act, desired)
        delta, act.desired, act.awarded = awarded - act.awarded, desired, awarded
        if act.credits == "none":
            self._open_window(act, now)
        if delta > 0:
            self._give(act, delta)
        elif delta < 0:
            self._take(act, -delta)
        return 2

    def pending(self) -> dict[str, int]:
        """Credits that wait, by the key of their list."""
        waiting = [act for act in self.acts.values() if act.pending]
        return {f"{act.c.participant_id}\n{act.c.source}\n{act.c.id}": act.pending for act in waiting}

    def waiting_for(self) -> dict[str, set[str]]:
        """Held acts, and what each waits for."""
        held = [act for act in self.acts.values() if act.status == "held"]
        return {f"{act.c.source}\n{act.c.id}": act.waits_for for act in held}

    # --- what the whole model gives

    @staticmethod
    def _refuse_if(code: str, is_so: bool) -> None:  # noqa: FBT001 - reads like a sentence
        raise NotImplementedError

    def _require(self, account: str, *, frozen_too: bool = False) -> None:
        raise NotImplementedError

    def _lot_issued(self, now: datetime) -> str:
        raise NotImplementedError

    def _lots(self, account: str) -> dict[str, int]:
        raise NotImplementedError

    def _move(self, source: str, target: str, asset: str, lots: Any) -> None:
        raise NotImplementedError

    def _move_fen(self, source: str, target: str, value_fen: int) -> None:
        raise NotImplementedError
