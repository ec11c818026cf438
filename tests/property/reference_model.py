"""A second ledger, written from the rules alone: plain dictionaries, no cache, no database.

Rule of the room: nothing of the ledger is imported; a command is read
by its tag and its fields, so that a mistake of the decisions cannot repeat itself here.
"""

import calendar
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.property.reference_activities import Activities

NOT_HOLDERS = ("redeemed", "expired", "lapsed", "issuance", "adjusted")


class Refused(Exception):
    """The command is refused with this code."""


class Prediction(NamedTuple):
    """What the ledger must answer."""

    kind: str
    """recorded, repeated, differs or refused."""
    detail: Any = None
    """Events written; the key of the repeated command; the differing fields; the code."""


class Sink:
    """One carbon-sink project, serial by serial."""

    def __init__(self, credits_per_unit: int) -> None:
        self.credits_per_unit = credits_per_unit
        self.delivered: dict[int, str] = {}
        """Every serial ever, with its delivery."""
        self.free: set[int] = set()
        self.certificates = 0


class Model(Activities):
    """One programme: `predict` says what a command must do, and does it."""

    def __init__(self) -> None:
        super().__init__()
        self.terms: Any = None
        self.position = 0
        self.balances: Counter[tuple[str, str, str | None]] = Counter()
        self.status: dict[str, str] = {}
        self.given: Counter[tuple[str, str]] = Counter()
        self.redemptions: dict[str, dict[str, Any]] = {}
        self.sinks: dict[str, Sink] = {}
        self.donations: dict[str, tuple[list[int], int]] = {}
        """Serials and the number of the certificate, by the donation's id."""
        self.methodologies: dict[str, list[Any]] = {}
        self.scenarios: dict[str, list[Any]] = {}
        self.recorded: dict[tuple[Any, ...], Any] = {}
        self.expired_by_run: Counter[str] = Counter()
        self.released_by_run: Counter[str] = Counter()

    def predict(self, command: Any, now: datetime) -> Prediction:
        tag, key = command.__struct_config__.tag, key_of(command)
        if key in self.recorded:
            first = self.recorded[key]
            differing = [f for f in command.__struct_fields__ if getattr(first, f) != getattr(command, f)]
            return Prediction("differs", differing) if differing else Prediction("repeated", key)
        decide: Callable[[Any, datetime], int] = getattr(self, tag.replace(".", "_"))
        try:
            self._refuse_if("programme_not_found", self.terms is None and tag != "programme.open")
            in_time = datetime(2000, 1, 1, tzinfo=UTC) <= command.occurred_at <= now + timedelta(minutes=5)
            self._refuse_if("occurred_out_of_bounds", not in_time)
            events = decide(command, now)
        except Refused as refused:
            return Prediction("refused", refused.args[0])
        if events:
            self.recorded[key] = command
        self.position += events
        return Prediction("recorded", events)

    # --- rules and owners

    def programme_open(self, c: Any, _now: datetime) -> int:
        self.terms = c
        return 1

    def methodology_publish(self, c: Any, _now: datetime) -> int:
        versions = self.methodologies.setdefault(c.id, [])
        self._refuse_if("version_out_of_sequence", c.version != len(versions) + 1)
        versions.append(c)
        return 1

    def scenario_publish(self, c: Any, _now: datetime) -> int:
        versions = self.scenarios.get(c.id, [])
        self._refuse_if("version_out_of_sequence", c.version != len(versions) + 1)
        self._refuse_if("validity_empty", c.valid_to is not None and c.valid_to <= c.valid_from)
        known = len(self.methodologies.get(c.methodology_id, []))
        self._refuse_if("methodology_not_found", c.methodology_version > known)
        if c.budget is not None:
            self._require(f"fund:{c.budget.fund_id}")
        self.scenarios[c.id] = [*versions, c]
        return 1

    def participant_open(self, c: Any, _now: datetime) -> int:
        self._refuse_if("account_closed", self.status.get(f"participant:{c.id}") == "closed")
        if c.organisation_id is not None:
            self._require(f"org:{c.organisation_id}")
        self.status.setdefault(f"participant:{c.id}", "open")
        return 1

    def organisation_open(self, c: Any, _now: datetime) -> int:
        if c.parent_id is not None:
            self._require(f"org:{c.parent_id}")
        self.status[f"org:{c.id}"] = "open"
        return 1

    def merchant_open(self, c: Any, _now: datetime) -> int:
        self.status[f"merchant:{c.id}"] = "open"
        return 1

    def fund_open(self, c: Any, _now: datetime) -> int:
        self.status[f"fund:{c.id}"] = "open"
        return 1

    def participant_freeze(self, c: Any, _now: datetime) -> int:
        return self._change_status(c, {"open": "frozen"})

    def participant_unfreeze(self, c: Any, _now: datetime) -> int:
        return self._change_status(c, {"frozen": "open"})

    def participant_close(self, c: Any, _now: datetime) -> int:
        return self._change_status(c, {"open": "closed", "frozen": "closed"})

    def participant_hide(self, c: Any, _now: datetime) -> int:
        self._require(f"participant:{c.participant_id}")
        return 1

    participant_show = participant_hide

    def participant_erase(self, c: Any, _now: datetime) -> int:
        status = self.status.get(f"participant:{c.participant_id}")
        self._refuse_if("account_not_found", status is None)
        self._refuse_if("account_status_unsuitable", status != "closed")
        return 1

    def _change_status(self, c: Any, after: dict[str, str]) -> int:
        own = f"participant:{c.participant_id}"
        self._require(own)
        if "closed" in after.values():
            places = (own, f"{own}:held", f"{own}:pending")
            left = sum(sum(self._lots(place).values()) for place in places)
            self._refuse_if("account_not_empty", left != 0)
        self._refuse_if("account_status_unsuitable", self.status[own] not in after)
        self.status[own] = after[self.status[own]]
        return 1

    def fund_commit(self, c: Any, _now: datetime) -> int:
        self._require(f"fund:{c.fund_id}")
        self._move_fen(f"sponsor:{c.sponsor_id}:external", f"fund:{c.fund_id}:available", c.value_fen)
        return 1

    # --- credits

    def credits_transfer(self, c: Any, now: datetime) -> int:
        self._refuse_if("same_account", c.from_account == c.to_account)
        self._refuse_if("transfer_not_allowed", not self.terms.transferable)
        self._require(c.from_account, frozen_too=True)
        self._require(c.to_account, frozen_too=True)
        lots = self._spendable(c.from_account, c.credits, now)
        month, quota = (c.from_account, f"{self._today(now):%Y-%m}"), self.terms.transfer_quota_credits
        if quota is not None and c.from_account.startswith("participant:"):
            self._refuse_if("transfer_quota_exceeded", self.given[month] + c.credits > quota)
            self.given[month] += c.credits
        self._move(c.from_account, c.to_account, "CREDIT", lots)
        return 1

    def credits_adjust(self, c: Any, now: datetime) -> int:
        self._refuse_if("adjustment_zero", c.credits == 0)
        if c.lot is not None:
            today = self._today(now)
            day = today.day - 1 if (today.month, today.day) == (2, 29) else today.day
            in_bounds = c.credits > 0 and today <= c.lot <= date(today.year + 10, today.month, day)
            self._refuse_if("lot_out_of_bounds", not in_bounds)
        self._require(c.account)
        if c.credits > 0:
            lot = c.lot.isoformat() if c.lot else self._lot_issued(now)
            self._move("adjusted", c.account, "CREDIT", {lot: c.credits})
        else:
            self._move(c.account, "adjusted", "CREDIT", self._spendable(c.account, -c.credits, now))
        return 1

    # --- carbon sinks

    def sink_open(self, c: Any, _now: datetime) -> int:
        self.sinks[c.id] = Sink(c.credits_per_unit)
        return 1

    def sink_add_units(self, c: Any, _now: datetime) -> int:
        self._refuse_if("serial_range_empty", c.first_serial > c.last_serial)
        self._refuse_if("sink_not_found", c.project_id not in self.sinks)
        sink, serials = self.sinks[c.project_id], range(c.first_serial, c.last_serial + 1)
        self._refuse_if("serials_overlap", not sink.delivered.keys().isdisjoint(serials))
        sink.delivered.update(dict.fromkeys(serials, c.id))
        sink.free.update(serials)
        return 1

    def credits_donate(self, c: Any, now: datetime) -> int:
        self._refuse_if("sink_not_found", c.project_id not in self.sinks)
        sink = self.sinks[c.project_id]
        self._require(c.from_account, frozen_too=True)
        self._refuse_if("insufficient_units", c.units > len(sink.free))
        lots = self._spendable(c.from_account, c.units * sink.credits_per_unit, now)
        self._move(c.from_account, f"retired:{c.project_id}", "CREDIT", lots)
        serials = sorted(sink.free)[: c.units]
        sink.free.difference_update(serials)
        sink.certificates += 1
        self.donations[c.id] = serials, sink.certificates
        return 1

    # --- redemptions

    def redemption_hold(self, c: Any, now: datetime) -> int:
        own, fund_ids = f"participant:{c.participant_id}", [fund.fund_id for fund in c.funds]
        in_bounds = now < c.deadline_at <= now + timedelta(days=366)
        self._refuse_if("deadline_out_of_bounds", not in_bounds)
        self._refuse_if("fund_named_twice", len(set(fund_ids)) < len(fund_ids))
        self._refuse_if("fee_above_face_value", c.fee_fen > c.face_value_fen)
        self._require(own, frozen_too=True)
        self._require(f"merchant:{c.merchant_id}", frozen_too=True)
        lots = self._spendable(own, c.credits, now)
        shares = largest_remainder(c.face_value_fen, {fund.fund_id: fund.weight for fund in c.funds})
        for fund_id, value_fen in shares.items():
            self._require(f"fund:{fund_id}")
            free = self.balances[f"fund:{fund_id}:available", "CNY", None]
            self._refuse_if("insufficient_fund", free < value_fen)
        self.redemptions[c.id] = {"c": c, "own": own, "lots": lots, "shares": shares, "status": "held"}
        self._move(own, f"{own}:held", "CREDIT", lots)
        for fund_id, value_fen in shares.items():
            self._move_fen(f"fund:{fund_id}:available", f"fund:{fund_id}:encumbered", value_fen)
        return 1

    def redemption_fulfil(self, c: Any, now: datetime) -> int:
        r = self._redemption(c, "held")
        self._refuse_if("hold_expired", now > r["c"].deadline_at)
        self._require(r["own"], frozen_too=True)
        r["status"] = "fulfilled"
        self._move(f"{r['own']}:held", "redeemed", "CREDIT", r["lots"])
        payable = f"merchant:{r['c'].merchant_id}:payable"
        for fund_id, value_fen in r["shares"].items():
            self._move_fen(f"fund:{fund_id}:encumbered", payable, value_fen)
        self._move_fen(payable, "fees", r["c"].fee_fen)
        return 1

    def redemption_cancel(self, c: Any, _now: datetime) -> int:
        return self._let_go(self._redemption(c, "held"), "cancelled")

    def redemption_release(self, c: Any, now: datetime) -> int:
        r = self.redemptions.get(c.redemption_id)
        is_overdue = r is not None and r["status"] == "held" and now > r["c"].deadline_at
        if r is None or not is_overdue:
            return 0
        self.released_by_run[c.run_id] += 1
        return self._let_go(r, "released")

    def _let_go(self, r: dict[str, Any], status: str) -> int:
        r["status"] = status
        self._move(f"{r['own']}:held", r["own"], "CREDIT", r["lots"])
        for fund_id, value_fen in r["shares"].items():
            self._move_fen(f"fund:{fund_id}:encumbered", f"fund:{fund_id}:available", value_fen)
        return 1

    def redemption_refund(self, c: Any, _now: datetime) -> int:
        r = self._redemption(c, "fulfilled")
        self._require(r["own"])
        payable = f"merchant:{r['c'].merchant_id}:payable"
        earned = r["c"].face_value_fen - r["c"].fee_fen
        assert self.balances[payable, "CNY", None] >= earned, "nobody is settled here, so nobody is paid"
        r["status"] = "refunded"
        self._move_fen("fees", payable, r["c"].fee_fen)
        self._move("redeemed", r["own"], "CREDIT", r["lots"])
        for fund_id, value_fen in r["shares"].items():
            self._move_fen(payable, f"fund:{fund_id}:available", value_fen)
        return 1

    def _redemption(self, c: Any, needed: str) -> dict[str, Any]:
        self._refuse_if("redemption_not_found", c.redemption_id not in self.redemptions)
        r = self.redemptions[c.redemption_id]
        self._refuse_if("redemption_status_unsuitable", r["status"] != needed)
        return r

    # --- what runs out

    def expiry_start(self, c: Any, now: datetime) -> int:
        self._refuse_if("expiry_not_due", c.up_to >= self._today(now))
        return 1

    def credits_expire(self, c: Any, now: datetime) -> int:
        self._refuse_if("expiry_not_due", c.up_to >= self._today(now))
        due = {lot: left for lot, left in self._lots(c.account).items() if lot <= c.up_to.isoformat()}
        self._move(c.account, "expired", "CREDIT", due)
        self.expired_by_run[c.run_id] += sum(due.values())
        return 1 if due else 0

    def expiry_complete(self, _c: Any, _now: datetime) -> int:
        return 1

    def overdue(self, now: datetime) -> list[str]:
        """Open holds whose deadline has passed."""
        return sorted(own_id for own_id, deadline_at in self.held().items() if deadline_at < now)

    def held(self) -> dict[str, datetime]:
        """Open holds and their deadlines."""
        return {own_id: r["c"].deadline_at for own_id, r in self.redemptions.items() if r["status"] == "held"}

    def due(self, up_to: date) -> list[str]:
        """Holders of credits whose last day is `up_to` or earlier."""
        holders = {account for account, asset, _ in self.balances if asset == "CREDIT"}
        return sorted(
            account
            for account in holders.difference(NOT_HOLDERS)
            if not account.endswith((":held", ":pending", ":debt"))
            and not account.startswith("retired:")
            and any(lot <= up_to.isoformat() for lot in self._lots(account))
        )

    # --- the book

    def nonzero(self) -> dict[tuple[str, str, str | None], int]:
        """Every balance that is not nothing."""
        return {key: amount for key, amount in self.balances.items() if amount}

    @staticmethod
    def _refuse_if(code: str, is_so: bool) -> None:  # noqa: FBT001 - reads like a sentence
        if is_so:
            raise Refused(code)

    def _require(self, account: str, *, frozen_too: bool = False) -> None:
        status = self.status.get(account)
        self._refuse_if("account_not_found", status is None)
        self._refuse_if("account_closed", status == "closed")
        self._refuse_if("account_frozen", frozen_too and status == "frozen")

    def _today(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.terms.time_zone)).date()

    def _lot_issued(self, now: datetime) -> str:
        today, policy = self._today(now), self.terms.expiry
        if policy.kind == "year_end":
            return f"{today.year + policy.months // 12}-12-31"
        years, month_before = divmod(today.month + policy.months - 1, 12)
        last = calendar.monthrange(today.year + years, month_before + 1)[1]
        day = last if policy.kind == "month_end" else min(today.day, last)
        return date(today.year + years, month_before + 1, day).isoformat()

    def _lots(self, account: str) -> dict[str, int]:
        held = [(lot, n) for (at, asset, lot), n in self.balances.items() if at == account and lot and n]
        return dict(sorted(held))

    def _spendable(self, account: str, needed: int, now: datetime) -> dict[str, int]:
        lots, today = self._lots(account), self._today(now).isoformat()
        if sum(left for lot, left in lots.items() if lot >= today) < needed:
            raise Refused("credits_expired" if sum(lots.values()) >= needed else "insufficient_credits")
        taken = {}
        for lot, left in lots.items():
            if lot >= today and needed:
                taken[lot] = min(left, needed)
                needed -= taken[lot]
        return taken

    def _move(self, source: str, target: str, asset: str, lots: dict[Any, int]) -> None:
        for lot, amount in lots.items():
            self.balances[source, asset, lot] -= amount
            self.balances[target, asset, lot] += amount

    def _move_fen(self, source: str, target: str, value_fen: int) -> None:
        self._move(source, target, "CNY", {None: value_fen})


def key_of(command: Any) -> tuple[Any, ...]:
    """Give what makes two commands the same one: the kind and every id by which its fact is known."""
    ids: tuple[str, ...] = ("source", "id", "version", "run_id", "redemption_id", "account")
    tag = command.__struct_config__.tag
    if tag == "redemption.release":
        ids = ("redemption_id",)
    if tag == "credits.adjust":
        ids = ("id",)
    if tag.startswith("activity.") or tag in {"credits.claim", "credits.lapse"}:
        ids = ("source", "activity_id", "id", "run_id", "clears")
    return (tag, *(getattr(command, name) for name in ids if hasattr(command, name)))


def largest_remainder(total: int, weights: dict[str, int]) -> dict[str, int]:
    """Split a whole amount: floors first, the rest one by one to the largest remainders."""
    exact = {name: Fraction(total * weight, sum(weights.values())) for name, weight in weights.items()}
    parts = {name: int(share) for name, share in exact.items()}
    in_order = list(weights)
    by_need = sorted(in_order, key=lambda name: (parts[name] - exact[name], in_order.index(name)))
    for name in by_need[: total - sum(parts.values())]:
        parts[name] += 1
    return parts
