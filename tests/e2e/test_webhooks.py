"""Webhooks as an operator has them over HTTP; what is delivered stands in the integration tests."""

from typing import Any

import psycopg
import pytest

from ledger.domain.limits import DEAD_PAGE_MAX, WEBHOOK_OVERLAP_S_MAX, WEBHOOKS_MAX
from tests.e2e.town import Answer, Town, code_of

URL = "https://shop.example/hook"


def create(town: Town, webhook_id: str = "shop", **terms: Any) -> Answer:
    return town.send_json("/webhooks", {"id": webhook_id, "url": URL, **terms})


def act(town: Town, verb: str, **fields: Any) -> Answer:
    return town.send_json(f"/webhooks/shop/{verb}", fields)


def bury(town: Town, *positions: int) -> None:
    """Have messages given up, as if all their attempts had failed."""
    with psycopg.connect(str(town.ledger.settings.database_url)) as connection:
        connection.cursor().executemany(
            "INSERT INTO webhook_deliveries VALUES (%s, 'shop', %s, 'fund.opened', 10, NULL, now(),"
            " 'answered 500')",
            [(town.programme_id, position) for position in positions],
        )


def test_the_secret_is_shown_once_and_never_again(town: Town) -> None:
    made = create(town)
    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    secret = made.json["secret"]
    assert secret.startswith("whsec_")
    read = [town.get(path, "operator") for path in ("/webhooks", "/webhooks/shop")]
    acted = [act(town, verb) for verb in ("pause", "resume", "delete")]
    assert [answer.status_code for answer in read + acted] == [200] * 5
    assert not [answer for answer in read + acted if secret in answer.text or "secret" in answer.json]


def test_a_new_one_tells_what_comes_later_and_all_topics(town: Town) -> None:
    position = town.get("").json["position"]
    document = create(town).json
    del document["secret"], document["created_at"]
    assert document == {
        "id": "shop",
        "url": URL,
        "topics": [],
        "state": "active",
        "delivered_up_to": position,
        "position": position,
        "waiting": 0,
        "dead": 0,
        "failures_in_a_row": 0,
        "last_error": None,
        "last_error_at": None,
        "last_delivered_at": None,
        "next_attempt_at": None,
        "previous_secret_until": None,
    }


def test_another_begin_and_some_topics_can_be_asked_for(town: Town) -> None:
    document = create(town, after=0, topics=["fund.opened", "merchant.opened", "fund.opened"]).json
    assert (document["delivered_up_to"], document["topics"]) == (0, ["fund.opened", "merchant.opened"])
    position = document["position"]
    assert create(town, "next", after=position).status_code == 201
    refused = create(town, "past", after=position + 1)
    assert (code_of(refused), refused.json["errors"][0]["field"]) == ("fields_invalid", "after")


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"id": "no blank"}, "id"),
        ({"id": None}, "id"),
        ({"url": 1}, "url"),
        ({"url": ""}, "url"),
        ({"topics": "fund.opened"}, "topics"),
        ({"topics": ["fund.burnt"]}, "topics"),
        ({"after": -1}, "after"),
        ({"after": "1"}, "after"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_a_wrong_field_is_named(town: Town, terms: dict[str, Any], field: str) -> None:
    answer = create(town, **terms)
    assert code_of(answer) == "fields_invalid"
    assert answer.json["errors"][0]["field"].startswith(field)


def test_a_programme_has_so_many_and_not_one_more(town: Town) -> None:
    made = [create(town, f"hook-{number}").status_code for number in range(WEBHOOKS_MAX)]
    assert made == [201] * WEBHOOKS_MAX
    assert code_of(create(town)) == "too_many_webhooks"
    assert code_of(create(town, "hook-0")) == "webhook_exists"
    assert len(town.get("/webhooks").json["webhooks"]) == WEBHOOKS_MAX


def test_a_webhook_belongs_to_its_programme(town: Town) -> None:
    other = Town(town.ledger, f"{town.programme_id}-b", beside=town).open()
    create(town)
    assert other.get("/webhooks").json == {"webhooks": []}
    assert code_of(other.get("/webhooks/shop")) == "webhook_not_found"


@pytest.mark.parametrize("name", ["none", "no%20blank", "nul%00", "x" * 49, "%F0%9F%98%80"])
def test_one_that_is_not_there_is_not_found(town: Town, name: str) -> None:
    assert code_of(town.get(f"/webhooks/{name}")) == "webhook_not_found"
    assert code_of(town.send_json(f"/webhooks/{name}/pause", {})) == "webhook_not_found"


def test_rotating_gives_another_secret_and_says_how_long_the_old_one_signs(town: Town) -> None:
    first = create(town).json["secret"]
    rotated = act(town, "rotate", overlap_s=60)
    assert (rotated.status_code, rotated.headers["Cache-Control"]) == (200, "no-store")
    assert rotated.json["secret"] not in ("", first)
    assert rotated.json["previous_secret_until"] is not None
    assert act(town, "rotate", overlap_s=WEBHOOK_OVERLAP_S_MAX).status_code == 200
    assert code_of(act(town, "rotate", overlap_s=WEBHOOK_OVERLAP_S_MAX + 1)) == "fields_invalid"


def test_pausing_and_resuming_again_changes_nothing(town: Town) -> None:
    create(town)
    for verb, state in (("pause", "paused"), ("pause", "paused"), ("resume", "active"), ("resume", "active")):
        assert act(town, verb).json["state"] == state


def test_a_replay_goes_back_and_never_forward(town: Town) -> None:
    position = create(town).json["position"]
    assert act(town, "replay", after=2).json["delivered_up_to"] == 2
    assert act(town, "replay", after=2).status_code == 200
    refused = act(town, "replay", after=position)
    assert (code_of(refused), refused.json["errors"][0]["field"]) == ("fields_invalid", "after")
    assert act(town, "replay", after=0).json["delivered_up_to"] == 0


def test_dead_letters_are_listed_by_pages_and_tried_again(town: Town) -> None:
    create(town)
    bury(town, 2, 3, 5)
    assert town.get("/webhooks/shop").json["dead"] == 3
    first = town.get("/webhooks/shop/dead?limit=2").json
    assert [letter["position"] for letter in first["dead"]] == [2, 3]
    assert first["dead"][0]["last_error"] == "answered 500"
    second = town.get(f"/webhooks/shop/dead?limit=2&after={first['next_after']}").json
    assert ([letter["position"] for letter in second["dead"]], second["next_after"]) == ([5], None)
    assert code_of(town.get(f"/webhooks/shop/dead?limit={DEAD_PAGE_MAX + 1}")) == "fields_invalid"
    retried = act(town, "dead/3/retry").json
    assert (retried["dead"], retried["waiting"]) == (2, 1)
    assert retried["next_attempt_at"] is not None
    assert code_of(act(town, "dead/3/retry")) == "dead_letter_not_found"
    for position in ("0", "x", "1.0", "9" * 30):
        assert code_of(act(town, f"dead/{position}/retry")) == "fields_invalid"


def test_only_an_operator_changes_and_an_auditor_reads(town: Town) -> None:
    assert code_of(town.send("/webhooks", b"{}", "auditor")) == "role_not_permitted"
    assert town.get("/webhooks", "auditor").status_code == 200
    assert code_of(town.get("/webhooks", "poster")) == "role_not_permitted"
