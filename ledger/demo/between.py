"""What stands between an act and a credit: a city's programme, made of a template and fed from a file.

Rule of the room: what has an address is asked over HTTP. Two things have none, and are done by the
very calls that `ledger programme create` and `ledger import vehicles` make.
"""

import secrets
from datetime import date, datetime
from http import HTTPStatus
from operator import itemgetter
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from rich.markup import escape

from ledger import intake, reference_data
from ledger.bootstrap import Ledger
from ledger.demo.caller import Answer, Callers, DemoFailed
from ledger.demo.telling import Teller, acts_table, import_table
from ledger.domain.limits import REPORT_LATE_DAYS
from ledger.importing import Destination, Importer, ImportReport, prepared
from ledger.intake.pseudonyms import KEY_BYTES_MIN, Pseudonyms
from ledger.templates import Naming, illustrative, make_programme, shipped_template

TEMPLATE: Final = "city-nev"
FIRST_ON: Final = date(2024, 1, 1)
"""First day on which acts count: before those of the file."""

SOURCE: Final = "oem"
SCENARIO: Final = "nev-day"
PROJECT: Final = "bamboo"
OWNERS: Final = {
    "DEMONEV0000000001": "p-51aa",
    "DEMONEV0000000002": "p-6b02",
    "DEMONEV0000000003": "p-77e4",
}
"""Participants of the file's vehicles, as `--participants` would name them."""

CLAIMED, TYPED, RESTATED = "day-01", "day-05", "day-02"
"""Which of the file's days is claimed twice, was typed in by hand, and is corrected."""

RESTATED_KM: Final = "36.2"
CARRIED_CREDITS: Final = 300
UNITS: Final = 2
UNITS_DELIVERED: Final = 1_000


class Between:
    """A second programme, whose rules hold, reject, exclude and ripen."""

    def __init__(
        self, *, teller: Teller, ledger: Ledger, callers: Callers, programme_id: str, begun_at: datetime
    ) -> None:
        """Name the programme; nothing is sent yet."""
        self._teller = teller
        self._ledger = ledger
        self._callers = callers
        self._programme_id = programme_id
        self._begun_at = begun_at
        self.path = f"/v1/programmes/{programme_id}"

    def tell(self) -> None:
        """Tell the chapter.

        Raises:
            DemoFailed: An answer was not what the story says.
        """
        self._teller.chapter("Between an act and a credit")
        self._make()
        self._import()
        self._release()
        self._correct()
        self._claim_twice()
        self._wait()
        self._donate()
        self._explain()

    # --- parts ------------------------------------------------------------------------------------

    def _make(self) -> None:
        """Make the programme, as `ledger programme create --template city-nev` does."""
        template, ledger = shipped_template(TEMPLATE), self._ledger
        naming = Naming(programme_id=self._programme_id, valid_from=FIRST_ON)
        made = make_programme(
            ledger.database, ledger.writer, template, naming, now=self._begun_at, dry_run=False
        )
        self._teller.done(
            f"programme [bold]{self._programme_id}[/] of the template {TEMPLATE}: {len(made.commands)} "
            f"commands, all or none; {len(illustrative(template))} of their numbers are illustrative"
        )

    def _import(self) -> None:
        """Bring the file in, as `ledger import vehicles` does, and show what became of each line."""
        teller, lines = self._teller, reference_data.vehicle_days()
        teller.say("A vehicle platform's file of odometers; the first lines (the vehicles are made up):\n")
        teller.say("\n".join(escape(line.decode().strip()) for line in lines[:3]))
        zone = self._callers.auditor.get(self.path).document()["opening"]["data"]["time_zone"]
        destination = Destination(
            programme_id=self._programme_id,
            scenario_id=SCENARIO,
            pseudonyms=Pseudonyms(secrets.token_bytes(KEY_BYTES_MIN)),
            participants=OWNERS,
            restated_days=REPORT_LATE_DAYS,
        )
        read = prepared(intake.read_daily(lines, source=SOURCE, zone=ZoneInfo(zone)), destination)
        importer = Importer(self._ledger.writer, destination, ImportReport())
        if sum(importer.run([list(read)])) != importer.report.read:
            raise DemoFailed(f"not every line was answered: {importer.report}")
        teller.table(import_table(msgspec.to_builtins(importer.report)))
        teller.say("By day and vehicle, as the log has it; vehicles stand in it under names made with a key:")
        teller.table(acts_table(self._acts()))

    def _release(self) -> None:
        """Let somebody look at a held act."""
        auditor, operator = self._callers.auditor, self._callers.operator
        held = auditor.get(f"{self.path}/held").document()["held"]
        waiting = ", ".join(f"{one['activity_id']} ({', '.join(one['waits_for'])})" for one in held)
        self._teller.say(f"Held until somebody has looked: {waiting}")
        release = self._command(
            source=SOURCE, activity_id=TYPED, approver="Wang Li", reason="The photo shows this reading"
        )
        reduction, issued = _data(operator.post(f"{self.path}/releases", release))[-2:]
        self._teller.done(
            f"{TYPED} released by {release['approver']}: {reduction['amount_g']:,} g, "
            f"{issued['awarded_credits']} credits, as if it were recorded now"
        )

    def _correct(self) -> None:
        """Have the platform say that it was wrong."""
        correction = self._command(
            id="restated-1",
            source=SOURCE,
            activity_id=RESTATED,
            measured={"distance_km": RESTATED_KM},
            reason="The odometer was read a day late",
        )
        before = self._act(RESTATED)
        grams, earned = _data(self._callers.poster.post(f"{self.path}/corrections", correction))
        after = self._act(RESTATED)
        if after["amount_g"] - before["amount_g"] != grams["delta_g"]:
            raise DemoFailed(f"{RESTATED} had {before['amount_g']} g and has {after['amount_g']}: {grams}")
        self._teller.done(
            f"{RESTATED} corrected to {RESTATED_KM} km: {grams['delta_g']:+,} g and "
            f"{earned['delta_credits']:+} credits, so {after['amount_g']:,} g and "
            f"{after['credits']['awarded']} credits stand; what was recorded first stays in the log"
        )

    def _claim_twice(self) -> None:
        """Have a charging network report the same vehicle for the same time."""
        claimed = self._act(CLAIMED)["events"][0]["data"]
        charge = {
            "id": "session-1",
            "source": "charging-network",
            "participant_id": claimed["participant_id"],
            "scenario_id": "charging",
            "measured": {"charged_kwh": "7.5"},
            "occurred_at": claimed["began_at"],
            "began_at": claimed["began_at"],
            "ended_at": claimed["ended_at"],
            "subjects": claimed["subjects"],
        }
        (rejected,) = _data(self._callers.poster.post(f"{self.path}/activities", charge))
        standing = rejected["standing"]
        if (standing["source"], standing["id"]) != (SOURCE, CLAIMED):
            raise DemoFailed(f"{CLAIMED} claimed the vehicle first: {rejected}")
        reasons, since, until = ", ".join(rejected["reasons"]), standing["begins_at"], standing["ends_at"]
        self._teller.done(
            f"session-1, charging the same vehicle on that day, is rejected ({reasons}): "
            f"{standing['id']} of {standing['source']} stands, from {since} to {until}"
        )

    def _wait(self) -> None:
        """Show what is pending, and that it cannot be claimed yet."""
        participant_id = self._act(CLAIMED)["participant_id"]
        address = f"{self.path}/participants/{participant_id}/pending"
        pending = self._callers.auditor.get(address).document()["pending"]
        for one in pending:
            self._teller.say(
                f"{participant_id}: {one['credits']} credits of {one['activity_id']} are {one['state']}, "
                f"to be claimed from {one['ripens_at']} to just before {one['claim_by']}"
            )
        claim = self._command(source=SOURCE, activity_id=CLAIMED)
        refused = self._callers.poster.try_post(f"{self.path}/claims", claim)
        if refused.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise DemoFailed(f"a claim before its time was answered {refused.status}: {refused.body!r}")
        self._teller.done(
            f"a claim now is refused ({refused.document()['code']}): the template has credits ripen for "
            f"{self._ripens_after_h()} hours, for which the demonstration does not wait"
        )

    def _donate(self) -> None:
        """Give credits that can be spent at once, and donate them."""
        operator, poster = self._callers.operator, self._callers.poster
        account = f"participant:{self._act(CLAIMED)['participant_id']}"
        delivery = self._command(
            id="planting-1",
            first_serial=1,
            last_serial=UNITS_DELIVERED,
            reference="illustrative: planting report",
        )
        operator.post(f"{self.path}/sinks/{PROJECT}/units", delivery)
        adjustment = self._command(
            id="carried-1",
            account=account,
            credits=CARRIED_CREDITS,
            approver="Wang Li",
            reason="Brought along from the programme before this one",
        )
        operator.post(f"{self.path}/adjustments", adjustment)
        self._teller.done(
            f"{account} is given {CARRIED_CREDITS} credits by {adjustment['approver']}, to spend at once"
        )
        gift = self._command(id="donation-1", from_account=account, project_id=PROJECT, units=UNITS)
        (donated,) = _data(poster.post(f"{self.path}/donations", gift))
        kept = self._callers.auditor.get(f"{self.path}/donations/{donated['id']}").document()
        if kept["certificate"] != donated["certificate"]:
            raise DemoFailed(f"the certificate was {donated['certificate']} and is {kept}")
        project = kept["project"]["data"]
        serials = ", ".join(f"{one['first_serial']} to {one['last_serial']}" for one in donated["serials"])
        self._teller.done(
            f"{donated['credits']} of them retired for {donated['units']} {project['unit']} of "
            f"{project['name_zh']}, serials {serials}: certificate [bold]{escape(kept['certificate'])}[/]"
        )

    def _explain(self) -> None:
        """Have one issuance explained in both languages."""
        *_, issued = self._act(TYPED)["events"]
        earned = issued["data"]
        address = f"{self.path}/accounts/participant:{earned['participant_id']}:pending/explain"
        for lang, language in (("zh", "Chinese"), ("en", "English")):
            explained = self._callers.auditor.get(
                f"{address}?position={issued['position']}&lang={lang}"
            ).document()
            if not explained["is_proven"]:
                raise DemoFailed(f"a number did not come out as it was recorded: {explained}")
            self._teller.say(
                f"\n[bold]Why {TYPED} earned {earned['awarded_credits']} credits, in {language}:[/]"
            )
            (entry,) = explained["entries"]
            for step in entry["steps"]:
                self._teller.say(escape(step["sentence"]))
        self._teller.done("every number was computed again from its inputs, and is the one that was recorded")

    # --- questions --------------------------------------------------------------------------------

    def _command(self, **fields: Any) -> dict[str, Any]:
        """A command that happens now."""
        return {"occurred_at": self._begun_at.isoformat(), **fields}

    def _act(self, own_id: str) -> dict[str, Any]:
        """What has become of one act of the file."""
        answer: dict[str, Any] = self._callers.auditor.get(
            f"{self.path}/activities/{SOURCE}?id={own_id}"
        ).document()
        return answer

    def _ripens_after_h(self) -> int:
        """How long the scenario's credits wait, as it was published."""
        published = self._callers.auditor.get(f"{self.path}/scenarios").document()["events"]
        (hours,) = {one["data"]["ripens_after_h"] for one in published if one["data"]["id"] == SCENARIO}
        return int(hours)

    def _acts(self) -> list[dict[str, Any]]:
        """What has become of every act, in the order of their ids."""
        topics = "reduction.recorded,activity.held,activity.rejected"
        *recorded, _ = self._callers.auditor.get(f"{self.path}/events?topics={topics}").lines()
        return sorted((self._act(line["data"]["id"]) for line in recorded), key=itemgetter("id"))


def _data(answer: Answer) -> list[dict[str, Any]]:
    """The events of an answer, without their positions."""
    return [event["data"] for event in answer.document()["events"]]
