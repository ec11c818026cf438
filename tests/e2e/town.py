"""A small programme over HTTP, as the tests' callers see it: one key per role, one of everything."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from flask import Flask
from werkzeug.test import TestResponse

from api.app import create_app
from ledger.bootstrap import Ledger
from ledger.following import Follower
from ledger.keys import ROLES
from ledger.projections.registry import VIEWS
from ledger.projector import system_clock
from ledger.store.following import standing

OCCURRED: Final = "2026-11-20T08:00:00+08:00"
NDJSON: Final = "application/x-ndjson"

CALLERS: Final[dict[str, str]] = {**{role: role for role in ROLES}, "checker": "finance"}
"""Roles by the name of whoever calls: one of every role, and another one of finance who checks."""

PROGRAMME: Final[dict[str, Any]] = {
    "name_zh": "小城",
    "name_en": "Town",
    "level": "city",
    "time_zone": "Asia/Shanghai",
    "transferable": True,
    "expiry": {"kind": "month_end", "months": 12},
    "occurred_at": OCCURRED,
}


class Answer(TestResponse):
    """An answer whose JSON, where it has any, is taken as it is."""

    @property
    def json(self) -> Any:
        return super().json


def in_days(days: float) -> str:
    """An instant from now, as callers write it."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


class Town:
    """The application, and callers of every role."""

    def __init__(self, ledger: Ledger, programme_id: str = "town", beside: "Town | None" = None) -> None:
        """Name the programme; with `beside`, in the same application and with the same keys."""
        self.ledger = ledger
        self.programme_id = programme_id
        self.base = f"/v1/programmes/{programme_id}"
        self.app: Flask = beside.app if beside else create_app(ledger)
        self.client = self.app.test_client()
        self.secrets: dict[str, str] = (
            beside.secrets
            if beside
            else {name: ledger.keys.create(name=name, role=role).secret for name, role in CALLERS.items()}
        )

    def headers(self, role: str | None) -> dict[str, str]:
        """How a caller of a role shows its key."""
        return {} if role is None else {"Authorization": f"Bearer {self.secrets[role]}"}

    def get(self, path: str, role: str | None = "auditor") -> Answer:
        """Read something of the programme."""
        return self.get_at(f"{self.base}{path}", role)

    def get_at(self, path: str, role: str | None = None) -> Answer:
        """Read something anywhere."""
        return cast("Answer", self.client.get(path, headers=self.headers(role), buffered=True))

    def open_programme(self, **terms: Any) -> Answer:
        """Open the programme alone."""
        body = PROGRAMME | {"id": self.programme_id} | terms
        return cast("Answer", self.client.post("/v1/programmes", json=body, headers=self.headers("operator")))

    def send(
        self, path: str, raw: bytes, role: str | None = "operator", content_type: str = "application/json"
    ) -> Answer:
        """Post bytes as they are."""
        answer = self.client.post(
            f"{self.base}{path}", data=raw, headers=self.headers(role), content_type=content_type
        )
        return cast("Answer", answer)

    def post(self, role: str, path: str, **fields: Any) -> Answer:
        """Post a command; `occurred_at` is filled in."""
        return self.send(path, json.dumps({"occurred_at": OCCURRED, **fields}).encode(), role)

    def send_json(self, path: str, fields: dict[str, Any], role: str | None = "operator") -> Answer:
        """Post an object as it is, which is no command."""
        return self.send(path, json.dumps(fields).encode(), role)

    def bulk(
        self, *lines: dict[str, Any] | bytes, role: str = "poster", atomic: bool | None = None
    ) -> Answer:
        """Post many commands; bytes are sent as they are."""
        raw = b"".join(
            (line if isinstance(line, bytes) else json.dumps({"occurred_at": OCCURRED, **line}).encode())
            + b"\n"
            for line in lines
        )
        query = "" if atomic is None else f"?atomic={str(atomic).lower()}"
        return self.send(f"/bulk{query}", raw, role, NDJSON)

    def open(self, **terms: Any) -> "Town":
        """Open the programme and one of everything in it."""
        made = [
            self.open_programme(**terms),
            self.post(
                "operator",
                "/methodologies",
                id="bus",
                version=1,
                name_zh="公交",
                name_en="Bus",
                formula="distance",
                factors=[
                    {
                        "name": "per_km",
                        "value": "100",
                        "unit": "g/km",
                        "region": "本市",
                        "year": 2025,
                        "source": "illustrative",
                        "illustrative": True,
                    }
                ],
            ),
            self.post(
                "operator",
                "/scenarios",
                id="bus-ride",
                version=1,
                name_zh="乘公交",
                name_en="Bus ride",
                methodology_id="bus",
                methodology_version=1,
                rule={"kind": "credits_per_grams", "credits": 1, "per_g": 100},
                valid_from="2020-01-01T00:00:00+08:00",
            ),
            self.post("finance", "/merchants", id="tea", name_zh="茶馆", name_en="Tea house"),
            self.post("finance", "/funds", id="green", name_zh="绿色基金", name_en="Green fund"),
            self.post("finance", "/funds/green/commitments", id="c-1", sponsor_id="bank", value_fen=100_000),
            self.post("poster", "/participants", id="ann"),
            self.post("poster", "/participants", id="bo"),
        ]
        assert [answer.status_code for answer in made] == [201] * len(made), [answer.text for answer in made]
        return self

    def earn(self, participant_id: str, credits_wanted: int, own_id: str) -> Answer:
        """Have somebody ride the bus for as many kilometres as give the credits."""
        return self.post(
            "poster",
            "/activities",
            id=own_id,
            source="bus-company",
            participant_id=participant_id,
            scenario_id="bus-ride",
            measured={"distance_km": str(credits_wanted)},
        )

    def hold(self, own_id: str, **fields: Any) -> Answer:
        """Set ann's credits aside for a cup of tea."""
        return self.post(
            "poster",
            "/redemptions",
            **{
                "id": own_id,
                "participant_id": "ann",
                "merchant_id": "tea",
                "credits": 10,
                "face_value_fen": 500,
                "funds": [{"fund_id": "green", "weight": 1}],
                "deadline_at": in_days(30),
                **fields,
            },
        )

    def plant(self) -> None:
        """Open a carbon-sink project and deliver a hundred trees, at five credits a tree."""
        project = {
            "id": "forest",
            "name_zh": "高原碳汇林",
            "name_en": "Highland forest",
            "unit": "tree",
            "location": "四川省凉山州",
            "reference": "CCER 2026-014",
            "credits_per_unit": 5,
            "vintage_year": 2026,
        }
        assert self.post("operator", "/sinks", **project).status_code == 201
        assert self.deliver("spring", 101, 200).status_code == 201

    def deliver(self, own_id: str, first: int, last: int) -> Answer:
        """Deliver trees to the project."""
        told = {"first_serial": first, "last_serial": last, "reference": f"planting report {own_id}"}
        return self.post("operator", "/sinks/forest/units", id=own_id, **told)

    def donate(self, own_id: str, **fields: Any) -> Answer:
        """Give ann's credits for two trees."""
        terms = {"id": own_id, "from_account": "participant:ann", "project_id": "forest", "units": 2}
        return self.post("poster", "/donations", **(terms | fields))

    def follow(self) -> None:
        """Bring every view of the programme up with its log."""
        database = self.ledger.database
        follower = Follower(database, self.programme_id, clock=system_clock)
        while behind := [
            view for view in standing(database, list(VIEWS), self.programme_id) if view.lag_events
        ]:
            assert follower.step({view.view_name: view.position for view in behind}), behind

    def credits_of(self, account: str) -> int:
        """Sum the credits of an account."""
        balances = self.get(f"/balances/{account}").json["balances"]
        return sum(balance["amount"] for balance in balances if balance["asset"] == "CREDIT")


def code_of(answer: Answer) -> str:
    """Give the code of a refusal, after checking that it is a proper problem document."""
    assert answer.content_type == "application/problem+json", answer.text
    document = answer.json
    assert document["status"] == answer.status_code
    assert document["type"].endswith(document["code"])
    assert document["title"]
    assert document["next_step"]
    assert answer.status_code < 500 or answer.status_code == 503, document
    return str(document["code"])


def lines_of(answer: Answer) -> list[dict[str, Any]]:
    """Give the lines of an answer."""
    assert answer.content_type == NDJSON, answer.text
    return [json.loads(line) for line in answer.data.splitlines()]
