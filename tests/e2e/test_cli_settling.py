"""`ledger settle`: a month from its close to its last payout on the command line, beside a server."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result

from ledger.bootstrap import Ledger
from ledger.cli import main
from tests.e2e.month import Month
from tests.unit.documents_read import text_of_pdf

NAMES = {"name_zh": "面馆", "name_en": "Noodles"}


class Office:
    """A terminal beside a programme in which cups of tea were drunk two days ago."""

    def __init__(self, month: Month, database: str) -> None:
        self.month = month
        self.database = database
        self.ends_on = (month.today() + timedelta(days=1)).isoformat()
        self.tea = f"tea:{self.ends_on}"

    def run(self, *words: str) -> Result:
        """Type a command about the programme."""
        arguments = ["settle", words[0], "--programme", self.month.programme_id, *words[1:]]
        return CliRunner().invoke(main, arguments, env={"DATABASE_URL": self.database})

    def told(self, *words: str) -> str:
        """Type a command that succeeds; the views follow."""
        done = self.run(*words)
        assert done.exit_code == 0, done.output
        self.month.follow()
        return done.stdout

    def rows(self, *words: str) -> list[Any]:
        """The JSON that a command writes."""
        return [json.loads(line) for line in self.told(*words, "--json").splitlines()]

    def refused(self, *words: str) -> str:
        """Type a command that is refused, and give the code."""
        done = self.run(*words)
        assert (done.exit_code, done.stderr[:1] != "U") == (1, True), done.output
        return done.stderr.partition(":")[0]


@pytest.fixture
def office(opened: Callable[..., Ledger], database: str) -> Office:
    month = Month(opened(), "town", at=datetime.now(UTC) - timedelta(days=2)).furnish()
    month.expect(month.post("finance", "/merchants", id="noodles", **NAMES))
    for number in (1, 2):
        month.use(f"r-{number}")
        month.use(f"n-{number}", merchant_id="noodles", face_value_fen=1_000)
    office = Office(month, database)
    month.follow()
    return office


def test_a_month_of_every_merchant_is_closed_approved_and_paid(office: Office) -> None:
    table = office.told("close", "--ends-on", office.ends_on, "--by", "li.na")
    assert [line.split()[0] for line in table.splitlines()] == [
        "statement",
        f"noodles:{office.ends_on}",
        office.tea,
    ]
    assert office.rows("list", "--ends-on", office.ends_on)[1]["due_fen"] == 960

    office.told("dispute", office.tea, "r-1", "--reason", "twice", "--by", "li.na")
    office.told("resolve", office.tea, "r-1", "--uphold", "--reason", "seen", "--by", "li.na")
    period = ("--all", "--ends-on", office.ends_on)
    assert office.refused("approve", *period, "--early", "--by", "li.na") == "second_key_needed"
    assert office.refused("approve", *period, "--by", "wang.lei") == "objections_open"
    approved = office.rows("approve", *period, "--early", "--by", "wang.lei")
    assert [one["events"][0]["topic"] for one in approved] == ["statement.approved"] * 2
    assert office.told("approve", *period, "--by", "wang.lei") == ""

    paid = office.rows("pay", *period, "--by", "li.na")
    assert [one["events"][0]["data"]["id"] for one in paid] == ["noodles-000001-01", "tea-000001-01"]
    assert office.told("pay", *period, "--by", "li.na") == ""
    lines = office.told("payments", "--status", "instructed", "--csv").splitlines()
    assert [line.split(",")[:5] for line in lines[1:]] == [
        ["noodles-000001-01", "instructed", "noodles", "面馆", "19.60"],
        ["tea-000001-01", "instructed", "tea", "茶馆", "9.60"],
        ["total", "", "", "", "29.20"],
    ]

    office.told("fail", office.tea, "tea-000001-01", "--reason", "no account", "--by", "li.na")
    office.told("pay", office.tea, "--by", "li.na")
    settled = office.rows("confirm", office.tea, "tea-000001-02", "--bank-reference", "77", "--by", "li.na")
    assert [event["topic"] for event in settled[0]["events"]] == ["payout.confirmed", "statement.settled"]
    office.told("return", office.tea, "tea-000001-02", "--reason", "closed", "--by", "li.na")
    office.told("pay", office.tea, "--id", "again", "--by", "li.na")
    office.told("confirm", office.tea, "again", "--bank-reference", "78", "--by", "li.na")
    assert {one["payout_id"]: one["status"] for one in office.rows("payments")} == {
        "again": "confirmed",
        "noodles-000001-01": "instructed",
        "tea-000001-01": "failed",
        "tea-000001-02": "returned",
    }

    shown = office.rows("show", office.tea)[0]
    assert (shown["status"], shown["paid_fen"], shown["payable_now_fen"]) == ("settled", 960, 0)
    assert shown == office.month.get(f"/settlement/statements/{office.tea}").json
    text = office.told("show", office.tea)
    for word in ("tea-000001", "settled", "twice", "wang.lei", "statement.dispute_resolved", shown["digest"]):
        assert word in text
    assert office.told("list", "--merchant", "tea", "--status", "issued") == "no statements\n"


def test_a_statement_is_written_in_every_format_and_proved(office: Office, tmp_path: Path) -> None:
    office.told("close", "--ends-on", office.ends_on, "--merchant", "tea", "--by", "li.na")
    for form in ("pdf", "xlsx", "csv", "json"):
        office.told("document", office.tea, "--format", form, "--out", str(tmp_path / f"tea.{form}"))
    assert "9.60" in text_of_pdf((tmp_path / "tea.pdf").read_bytes())
    book = openpyxl.load_workbook(io.BytesIO((tmp_path / "tea.xlsx").read_bytes()), data_only=True)
    assert 9.6 in [cell.value for row in book.worksheets[0].iter_rows() for cell in row]
    over_http = office.month.get(f"/settlement/statements/{office.tea}/document?format=csv")
    assert (tmp_path / "tea.csv").read_bytes() == over_http.data

    path = tmp_path / "tea.json"
    proved = CliRunner().invoke(main, ["settle", "check", str(path)])
    digest = office.rows("show", office.tea)[0]["digest"]
    assert (proved.exit_code, proved.stdout) == (
        0,
        f"tea-000001, 2 lines: as it was written\ndigest {digest}\n",
    )
    path.write_text(path.read_text(encoding="utf-8").replace("r-2", "r-3"), encoding="utf-8")
    changed = CliRunner().invoke(main, ["settle", "check", str(path)])
    assert changed.exit_code == 1
    first = changed.stdout.splitlines()[0]
    assert first.startswith("line 2, position ")
    assert "redemption r-3: the digest of its day" in first
    told = json.loads(CliRunner().invoke(main, ["settle", "check", "--json", str(path)]).stdout)
    assert (told["wrong_line"]["line"], "lines_digest" in told["differing"]) == (2, True)
    path.write_text("{}", encoding="utf-8")
    assert CliRunner().invoke(main, ["settle", "check", str(path)]).exit_code == 2


def test_a_step_typed_twice_is_taken_once(office: Office) -> None:
    assert "closed before" in office.told("close", "--ends-on", office.ends_on, "--by", "li.na")
    again = office.told("close", "--ends-on", office.ends_on, "--by", "somebody")
    assert [line.split()[-1] for line in again.splitlines()[1:]] == ["yes", "yes"]
    words = ("dispute", office.tea, "r-1", "--reason", "twice", "--by", "li.na")
    first = office.told(*words, "--json")
    assert office.told(*words, "--json") == first
    assert office.refused(*words[:4], "other", "--by", "li.na") == "content_differs"
    office.told("approve", office.tea, "--early", "--by", "wang.lei")
    pay = ("pay", office.tea, "--id", "p-1", "--by", "li.na")
    assert office.told(*pay, "--json") == office.told(*pay, "--json")
    assert office.refused("pay", office.tea, "--by", "li.na") == "nothing_to_pay"


def test_lines_are_listed_as_over_http(office: Office) -> None:
    office.told("close", "--ends-on", office.ends_on, "--by", "li.na")
    assert (
        office.rows("lines", office.tea)
        == office.month.get(f"/settlement/statements/{office.tea}/lines").json["lines"]
    )
    table = office.told("lines", office.tea).splitlines()
    assert [line.split()[1:3] for line in table[1:]] == [["use", "r-1"], ["use", "r-2"]]


def test_one_who_is_refused_does_not_keep_the_others_from_being_closed(office: Office) -> None:
    office.told(
        "close", "--ends-on", office.ends_on, "--merchant", "tea", "--objection-days", "1", "--by", "li.na"
    )
    done = office.run("close", "--ends-on", office.ends_on, "--by", "li.na")
    assert done.exit_code == 1
    assert "noodles" in done.stdout
    assert done.stderr.startswith("content_differs")


WRONG_USES = (
    ("close", "--ends-on", "2026-12-01"),
    ("close", "--ends-on", "tomorrow", "--by", "li.na"),
    ("close", "--ends-on", "2026-12-01", "--by", "李娜"),
    ("approve", "--by", "li.na"),
    ("approve", "--all", "--by", "li.na"),
    ("approve", "tea:2026-12-01", "--all", "--ends-on", "2026-12-01", "--by", "li.na"),
    ("approve", "tea", "--ends-on", "2026-12-01", "--by", "li.na"),
    ("pay", "--all", "--ends-on", "2026-12-01", "--id", "p", "--by", "li.na"),
    ("resolve", "tea:2026-12-01", "r-1", "--reason", "r", "--by", "li.na"),
    ("resolve", "tea:2026-12-01", "r-1", "--uphold", "--amend", "1", "--reason", "r", "--by", "li.na"),
    ("dispute", "tea", "r-1", "--reason", "r", "--by", "li.na"),
    ("payments", "--csv", "--json"),
    ("document", "tea:2026-12-01", "--format", "odt", "--out", "x"),
)


def test_a_wrong_use_is_told_as_one(database: str) -> None:
    for words in WRONG_USES:
        arguments = ["settle", words[0], "--programme", "town", *words[1:]]
        done = CliRunner().invoke(main, arguments, env={"DATABASE_URL": database})
        assert done.exit_code == 2, (words, done.output)


def test_what_is_not_there_is_told(office: Office) -> None:
    assert office.refused("show", "tea:2020-01-01") == "statement_not_found"
    assert office.refused("approve", "tea:2020-01-01", "--by", "li.na") == "statement_not_found"
    assert office.told("payments") == "no payouts\n"
    assert (
        office.told("close", "--ends-on", "2020-01-01", "--by", "li.na")
        == "no merchant has lines to settle\n"
    )


def test_a_view_that_is_behind_is_not_read(office: Office) -> None:
    done = office.run("close", "--ends-on", office.ends_on, "--by", "li.na")
    assert done.exit_code == 0
    assert office.refused("list", "--ends-on", office.ends_on) == "view_lagging"
