"""Carbon sinks through HTTP: opening, delivering, donating, and what is read of it afterwards."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ledger.bootstrap import Ledger
from ledger.domain.donation import certificate_number
from ledger.verify import verify
from tests.e2e.town import Town, code_of, lines_of


@pytest.fixture
def planted(town: Town) -> Town:
    """A town with a forest of a hundred trees, whose ann has a hundred credits."""
    town.plant()
    assert town.earn("ann", 100, "ride-1").status_code == 201
    return town


def serials_of(answer: Any) -> list[tuple[str, int, int]]:
    (event,) = answer.json["events"]
    return [(one["delivery_id"], one["first_serial"], one["last_serial"]) for one in event["data"]["serials"]]


def test_a_donation_retires_credits_and_trees_and_its_certificate_is_read_for_ever(planted: Town) -> None:
    made = planted.donate("d-1")
    assert made.status_code == 201, made.text
    (event,) = made.json["events"]
    assert (event["topic"], event["data"]["credits"]) == ("credits.donated", 10)
    assert serials_of(made) == [("spring", 101, 102)]
    assert planted.credits_of("participant:ann") == 90
    assert planted.credits_of("retired:forest") == 10
    read = planted.get("/donations/d-1")
    assert read.headers["Ledger-Position"] == str(event["position"])
    assert read.json["certificate"] == certificate_number(planted.programme_id, "forest", 1)
    assert read.json["donation"] == event
    assert read.json["project"]["data"]["name_zh"] == "高原碳汇林"
    assert [one["data"]["reference"] for one in read.json["deliveries"]] == ["planting report spring"]
    planted.donate("d-2")
    assert planted.get("/donations/d-1").data == read.data


def test_a_repeated_donation_counts_once_and_another_under_its_id_is_a_conflict(planted: Town) -> None:
    first, second = planted.donate("d-1"), planted.donate("d-1")
    assert second.data == first.data
    assert second.headers["Idempotent-Replay"] == "true"
    assert code_of(planted.donate("d-1", units=3)) == "content_differs"
    assert planted.get("/sinks/forest").json["retired_units"] == 2


def test_a_project_says_what_is_free_of_each_delivery(planted: Town) -> None:
    assert planted.deliver("early", 1, 3).status_code == 201
    assert serials_of(planted.donate("d-1", units=5)) == [("early", 1, 3), ("spring", 101, 102)]
    read = planted.get("/sinks/forest").json
    counts = {name: read[name] for name in ("units", "retired_units", "free_units", "certificates")}
    assert counts == {"units": 103, "retired_units": 5, "free_units": 98, "certificates": 1}
    early, spring = read["deliveries"]
    assert (early["free_units"], early["next_serial"]) == (0, None)
    assert (spring["free_units"], spring["next_serial"]) == (98, 103)
    assert [one["event"]["data"]["id"] for one in read["deliveries"]] == ["early", "spring"]
    assert read["opening"]["data"]["credits_per_unit"] == 5
    assert read["position"] == planted.get("").json["position"]


def test_projects_are_listed_in_order_page_by_page(planted: Town) -> None:
    project = planted.get("/sinks/forest").json["opening"]["data"]
    told = {name: project[name] for name in ("name_zh", "name_en", "unit", "location", "reference")}
    for own_id in ("birches", "zelkovas"):
        opened = planted.post("operator", "/sinks", id=own_id, credits_per_unit=1, vintage_year=2020, **told)
        assert opened.status_code == 201, opened.text
    pages = []
    cursor: str | None = ""
    while cursor is not None:
        page = planted.get(f"/sinks?limit=2&cursor={cursor}").json
        pages.append([one["id"] for one in page["sinks"]])
        cursor = page["next_cursor"]
    assert pages == [["birches", "forest"], ["zelkovas"]]
    assert planted.get("/sinks").json["next_cursor"] is None
    assert planted.get("/sinks").json["sinks"][1]["free_units"] == 100


def test_a_programme_without_projects_has_an_empty_list(town: Town) -> None:
    assert town.get("/sinks").json["sinks"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "cursor=%00", "cursor=a&cursor=b", "after=x"])
def test_a_list_is_asked_for_in_one_way_only(town: Town, query: str) -> None:
    assert code_of(town.get(f"/sinks?{query}")) == "fields_invalid"


@pytest.mark.parametrize("path", ["/sinks/none", "/sinks/%00", "/sinks/-x", "/sinks/" + "x" * 49])
def test_a_project_that_nobody_opened_is_not_found(town: Town, path: str) -> None:
    assert code_of(town.get(path)) == "sink_not_found"
    assert code_of(town.get_at(f"/v1/programmes/nowhere{path[:7]}x", "auditor")) == "programme_not_found"


def test_neither_a_frozen_nor_a_closed_holder_donates(planted: Town) -> None:
    planted.post("operator", "/participants/ann/freeze", id="f", reason="asked")
    assert code_of(planted.donate("d-1")) == "account_frozen"
    planted.post("operator", "/participants/bo/close", id="c", reason="asked")
    assert code_of(planted.donate("d-1", from_account="participant:bo")) == "account_closed"
    assert code_of(planted.donate("d-1", from_account="org:nobody")) == "account_not_found"


def test_an_organisation_donates_where_credits_cannot_be_given_away(bare: Town) -> None:
    town = bare.open(transferable=False)
    town.plant()
    names = {"name_zh": "公司", "name_en": "Company"}
    assert town.post("operator", "/organisations", id="acme", **names).status_code == 201
    given = {"account": "org:acme", "credits": 10, "approver": "王芳", "reason": "a prize"}
    assert town.post("operator", "/adjustments", id="a-1", **given).status_code == 201
    assert town.donate("d-1", from_account="org:acme").status_code == 201


def test_deliveries_and_donations_come_in_bulk_each_on_what_the_one_before_left(planted: Town) -> None:
    donation = {"kind": "credits.donate", "from_account": "participant:ann", "project_id": "forest"}
    answer = planted.bulk(
        *({**donation, "id": f"d-{number}", "units": 1 + number % 2} for number in range(4)),
        {**donation, "id": "d-5", "units": 95},
        {"kind": "sink.add_units", "id": "x", "project_id": "forest", "first_serial": 1, "last_serial": 2},
    )
    lines = lines_of(answer)
    assert [line["status"] for line in lines] == [201, 201, 201, 201, 422, 400]
    assert [serials_of_line(line) for line in lines[:4]] == [(101, 101), (102, 103), (104, 104), (105, 106)]
    certificates = [line["outcome"]["events"][0]["data"]["certificate"] for line in lines[:4]]
    assert certificates == [
        certificate_number(planted.programme_id, "forest", number) for number in range(1, 5)
    ]


def serials_of_line(line: dict[str, Any]) -> tuple[int, int]:
    (one,) = line["outcome"]["events"][0]["data"]["serials"]
    return one["first_serial"], one["last_serial"]


def test_an_operator_delivers_in_bulk_and_a_poster_does_not(planted: Town) -> None:
    line = {
        "kind": "sink.add_units",
        "id": "autumn",
        "project_id": "forest",
        "first_serial": 201,
        "last_serial": 210,
        "reference": "report",
    }
    (refused,) = lines_of(planted.bulk(line))
    assert refused["problem"]["code"] == "role_not_permitted"
    (taken,) = lines_of(planted.bulk(line, role="operator"))
    assert taken["status"] == 201


def test_an_expiry_run_passes_by_what_was_donated(opened: Callable[..., Ledger]) -> None:
    now = [datetime(2028, 1, 10, 4, tzinfo=UTC)]
    town = Town(opened(clock=lambda: now[0])).open()
    town.plant()
    town.earn("ann", 25, "ride-1")
    assert town.donate("d-1").status_code == 201
    now[0] = datetime(2030, 1, 1, 4, tzinfo=UTC)
    ended = town.post("operator", "/expiries", id="night", up_to="2029-12-30")
    assert ended.status_code == 201, ended.text
    assert ended.json["events"][0]["data"]["credits"] == 15
    accounts = ("participant:ann", "retired:forest", "expired")
    assert [town.credits_of(account) for account in accounts] == [0, 10, 15]


def test_everything_derived_from_the_log_is_as_it_stands(own_town: Town) -> None:
    own_town.plant()
    own_town.earn("ann", 100, "ride-1")
    own_town.deliver("early", 1, 3)
    for number in range(3):
        assert own_town.donate(f"d-{number}").status_code == 201
    own_town.follow()
    (report,) = verify(own_town.ledger.database, programme_id=own_town.programme_id)
    assert report.is_equal, report.findings
    with own_town.ledger.database.connection() as connection:
        connection.execute(
            "UPDATE registers SET value = replace(value, '\"next_serial\":104', '\"next_serial\":103')"
        )
    (report,) = verify(own_town.ledger.database, programme_id=own_town.programme_id)
    assert report.findings_count == {"register_differs": 1}


def test_totals_and_a_statement_show_what_was_retired(planted: Town) -> None:
    planted.donate("d-1")
    planted.follow()
    assert planted.get("/totals").json["credits"]["places"]["retired"] == 10
    statement = planted.get("/accounts/retired:forest/statement").json
    (entry,) = statement["entries"]
    assert (entry["topic"], entry["amount"], entry["counterparts"]) == (
        "credits.donated",
        10,
        ["participant:ann"],
    )
