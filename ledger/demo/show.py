"""The story: what is sent, in order, and what is made of the answers."""

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from ledger import reference_data
from ledger.bootstrap import Ledger
from ledger.demo.audit import trip_exact_g
from ledger.demo.auditing import audit, prove
from ledger.demo.between import Between
from ledger.demo.caller import Answer, Callers, DemoFailed, callers_of
from ledger.demo.closing import Closing
from ledger.demo.looking import look
from ledger.demo.telling import Teller, factors_table, trips_table, yuan
from ledger.demo.trips import PARTICIPANTS, activity_of
from ledger.domain.instants import local_date

TIME_ZONE = "Asia/Shanghai"
GIVEN_CREDITS = 60
HELD_CREDITS = 100
VOUCHER_FEN = 1_500
COMMITTED_FEN = 50_000


def show(*, ledger: Ledger, url: str, console: Console, begun_at: datetime, folder: Path) -> Path:
    """Run the demonstration against a server and tell it.

    Args:
        ledger: Of the same database; makes the keys, and replays the log at the end.
        url: Of the server.
        console: Where the story goes.
        begun_at: Now; the programme is named after it.
        folder: Where documents go.

    Returns:
        Where the month's statement lies.

    Raises:
        DemoFailed: An answer was not what the story says.
    """
    teller = Teller(console)
    programme_id = f"demo-{begun_at:%Y%m%d-%H%M%S}"
    with callers_of(ledger, url, programme_id) as callers:
        story = Story(teller, callers, programme_id, begun_at)
        story.set_up()
        story.drive()
        story.give()
        story.redeem()
        story.send_again_in_bulk()
        story.refuse()
        story.look()
        second_id = f"{programme_id}-nev"
        with callers_of(ledger, url, second_id) as second:
            between = Between(
                teller=teller, ledger=ledger, callers=second, programme_id=second_id, begun_at=begun_at
            )
            between.tell()
            teller.chapter("An auditor reads both logs and checks the books, without the ledger's code")
            audit(teller, callers.auditor, programme_id)
            audit(teller, second.auditor, second_id)
    third_id = f"{programme_id}-month"
    with callers_of(ledger, url, third_id) as third:
        closing = Closing(
            teller=teller, ledger=ledger, callers=third, programme_id=third_id, now=begun_at, folder=folder
        )
        statement = closing.tell()
    prove(teller, ledger, (programme_id, second_id, third_id))
    return statement


class Story:
    """One programme and the four who work on it."""

    def __init__(self, teller: Teller, callers: Callers, programme_id: str, begun_at: datetime) -> None:
        """Name the programme; nothing is sent yet."""
        self._teller = teller
        self._callers = callers
        self._begun_at = begun_at
        self._now = begun_at.isoformat()
        self._programme_id = programme_id
        self._path = f"/v1/programmes/{programme_id}"
        self._factors = [
            msgspec.to_builtins(factor)
            for factor in (*reference_data.petrol_factors(), reference_data.grid_factor("四川", 2021))
        ]
        self._trips = {trip.trip_id: activity_of(trip) for trip in reference_data.trips()}

    # --- chapters ---------------------------------------------------------------------------------

    def set_up(self) -> None:
        """Open a programme, publish its rules, open a merchant and a fund with money in it."""
        teller, (operator, finance, *_) = self._teller, self._callers
        teller.chapter("A city opens a programme and publishes how it counts")
        opening = self._command(
            id=self._programme_id,
            name_zh="示范城市碳普惠",
            name_en="Demo city",
            level="city",
            time_zone=TIME_ZONE,
            transferable=True,
            transfer_quota_credits=500,
            expiry={"kind": "month_end", "months": 24},
        )
        operator.post("/v1/programmes", opening)
        teller.done(f"programme [bold]{self._programme_id}[/]: a ledger of its own, with its own log")
        methodology = self._command(
            id="nev-trip",
            version=1,
            name_zh="新能源汽车出行",
            name_en="Trip by electric vehicle",
            formula="trip_against_petrol",
            factors=self._factors,
        )
        operator.post(f"{self._path}/methodologies", methodology)
        teller.done("methodology nev-trip, version 1: factors are data with a source, never code")
        teller.table(factors_table(self._factors))
        scenario = self._command(
            id="nev",
            version=1,
            name_zh="新能源汽车",
            name_en="Driving an electric vehicle",
            methodology_id="nev-trip",
            methodology_version=1,
            rule={"kind": "credits_per_grams", "credits": 1, "per_g": 100},
            valid_from="2021-01-01T00:00:00+08:00",
        )
        operator.post(f"{self._path}/scenarios", scenario)
        teller.done("scenario nev, version 1: one credit for every whole 100 g")
        for kind, own_id, name_zh, name_en in (
            ("merchants", "tea-house", "街角茶馆", "Corner tea house"),
            ("funds", "green-fund", "绿色出行基金", "Green travel fund"),
        ):
            command = self._command(id=own_id, name_zh=name_zh, name_en=name_en)
            finance.post(f"{self._path}/{kind}", command)
        money = self._command(id="commitment-1", sponsor_id="city-bank", value_fen=COMMITTED_FEN)
        finance.post(f"{self._path}/funds/green-fund/commitments", money)
        committed = yuan(COMMITTED_FEN)
        teller.done(f"merchant tea-house; fund green-fund, to which city-bank commits {committed} 元")

    def drive(self) -> None:
        """Report the trips one by one, redo their sums, and report one of them again."""
        teller, poster, path = self._teller, self._callers.poster, f"{self._path}/activities"
        teller.chapter("People drive: 17 real trips, reported over HTTP")
        teller.say("Data: RSK Twizy EV Dataset (CC-BY-4.0), condensed to one row a trip. The trips are real,")
        teller.say("from Rabat-Salé-Kénitra in Morocco; the city in which they are counted is made up.")
        teller.say(f"\nThe first of them, as a vehicle platform sends it: [bold]POST {path}[/]")
        teller.json(json.dumps(next(iter(self._trips.values()))).encode())
        answers = {trip_id: poster.post(path, activity) for trip_id, activity in self._trips.items()}
        teller.table(trips_table(map(self._trip_row, answers.values())))
        for answer in answers.values():
            self._recompute(answer)
        teller.done("every gram recomputed from the published factors, exactly, outside the ledger")
        trip_id, first = next(iter(answers.items()))
        again = poster.post(path, self._trips[trip_id])
        if again.body != first.body or again.headers.get("idempotent-replay") != "true":
            raise DemoFailed(f"the repeat of {trip_id} was answered {again.headers}: {again.body!r}")
        teller.done(
            f"{trip_id} sent a second time: the same {len(first.body):,} bytes come back, "
            "marked Idempotent-Replay; nothing is counted twice"
        )

    def give(self) -> None:
        """Give credits away."""
        teller, (giver, receiver) = self._teller, (PARTICIPANTS["T3"], PARTICIPANTS["T2"])
        teller.chapter("One gives to another")
        self._callers.poster.post(f"{self._path}/transfers", self._transfer("gift-1", giver, receiver))
        teller.done(f"{giver} gives {GIVEN_CREDITS} credits to {receiver}; they keep their last day")

    def redeem(self) -> None:
        """Spend credits at the merchant: hold, then fulfil."""
        teller, poster = self._teller, self._callers.poster
        teller.chapter("Credits are spent at a merchant, in two steps")
        hold = self._hold("voucher-1", HELD_CREDITS)
        poster.post(f"{self._path}/redemptions", hold)
        price = f"{HELD_CREDITS} credits and {yuan(VOUCHER_FEN)} 元"
        teller.done(f"hold: {price} of green-fund are set aside, before any voucher is shown")
        used = self._command(store_id="store-1")
        poster.post(f"{self._path}/redemptions/voucher-1/fulfil", used)
        payable = self._balance("merchant:tea-house:payable", "CNY")
        if payable != VOUCHER_FEN:
            raise DemoFailed(f"tea-house is owed {payable} 分, not {VOUCHER_FEN}")
        teller.done(f"fulfil (核销): the credits are gone, tea-house is owed {yuan(payable)} 元")

    def send_again_in_bulk(self) -> None:
        """Send all trips again in one request, with one new command and one that cannot be."""
        teller, (giver, receiver) = self._teller, (PARTICIPANTS["T1"], PARTICIPANTS["T3"])
        teller.chapter("A platform sends everything again, in one bulk request")
        resent = [{"kind": "activity.record", **activity} for activity in self._trips.values()]
        gift = self._transfer("gift-2", giver, receiver)
        unknown = self._transfer("gift-3", giver, "p-unknown")
        lines = [*resent, *({"kind": "credits.transfer", **one} for one in (gift, unknown))]
        results = self._callers.poster.post_lines(f"{self._path}/bulk", lines).lines()
        replayed = sum(bool(result.get("replayed")) for result in results)
        refused = [result["problem"]["code"] for result in results if "problem" in result]
        recorded = len(results) - replayed - len(refused)
        if (replayed, recorded, refused) != (len(resent), 1, ["account_not_found"]):
            raise DemoFailed(f"the bulk request was answered {results}")
        teller.done(
            f"{len(lines)} lines: {replayed} known already and counted once, {recorded} recorded, "
            f"{len(refused)} refused ({refused[0]}) without disturbing its neighbours"
        )

    def refuse(self) -> None:
        """Show what a refusal looks like."""
        teller = self._teller
        teller.chapter("What a refusal looks like")
        teller.say("A voucher for a hundred times the credits is answered 422, application/problem+json:")
        hold = self._hold("voucher-2", HELD_CREDITS * 100)
        refused = self._callers.poster.try_post(f"{self._path}/redemptions", hold)
        if refused.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise DemoFailed(f"too many credits were answered {refused.status}: {refused.body!r}")
        teller.json(refused.body)

    def look(self) -> None:
        """Look at what people look at."""
        self._teller.chapter("What people look at: views that follow the log")
        look(
            teller=self._teller,
            callers=self._callers,
            path=self._path,
            participant_id=PARTICIPANTS["T2"],
            merchant_id="tea-house",
            position=self._callers.auditor.get(self._path).document()["position"],
            today=local_date(self._begun_at, TIME_ZONE),
        )

    # --- parts ------------------------------------------------------------------------------------

    def _command(self, **fields: Any) -> dict[str, Any]:
        """A command that happens now."""
        return {"occurred_at": self._now, **fields}

    def _transfer(self, own_id: str, giver: str, receiver: str) -> dict[str, Any]:
        accounts = {"from_account": f"participant:{giver}", "to_account": f"participant:{receiver}"}
        return self._command(id=own_id, credits=GIVEN_CREDITS, **accounts)

    def _hold(self, own_id: str, credits_held: int) -> dict[str, Any]:
        deadline_at = self._begun_at + timedelta(days=7)
        return self._command(
            id=own_id,
            participant_id=PARTICIPANTS["T2"],
            merchant_id="tea-house",
            credits=credits_held,
            face_value_fen=VOUCHER_FEN,
            funds=[{"fund_id": "green-fund", "weight": 1}],
            deadline_at=deadline_at.isoformat(),
        )

    def _balance(self, account: str, asset: str) -> int:
        balances = self._callers.auditor.get(f"{self._path}/balances/{account}").document()["balances"]
        return sum(balance["amount"] for balance in balances if balance["asset"] == asset)

    def _trip_row(self, answer: Answer) -> tuple[str, str, str, str, str, int, int]:
        """What the answer to an activity says, with the start as the dataset wrote it."""
        reduction, *issued = (event["data"] for event in answer.document()["events"])
        measured, sent = reduction["measured"], self._trips[reduction["id"]]
        began = datetime.fromisoformat(sent["occurred_at"])
        return (
            reduction["id"],
            f"{began:%Y-%m-%d %H:%M}",
            reduction["participant_id"],
            measured["distance_km"],
            measured["energy_kwh"],
            reduction["amount_g"],
            sum(one["awarded_credits"] for one in issued),
        )

    def _recompute(self, answer: Answer) -> None:
        """Redo one trip's sum.

        Raises:
            DemoFailed: the ledger's differs.
        """
        reduction = answer.document()["events"][0]["data"]
        exact_g = trip_exact_g(self._trips[reduction["id"]]["measured"], self._factors)
        if Fraction(reduction["exact_g"]) != exact_g or reduction["amount_g"] != max(0, exact_g // 1):
            raise DemoFailed(f"{json.dumps(reduction)} should be {exact_g} g")


def now() -> datetime:
    """Give the time at which a demonstration begins, to the second, as it stands in its name."""
    return datetime.now(UTC).replace(microsecond=0)
