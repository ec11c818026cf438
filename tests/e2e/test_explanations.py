"""Explanations as callers see them: who may ask, in which language, and what is answered."""

from typing import Any

import pytest

from ledger.domain.limits import EXPLAINED_ENTRIES_MAX
from ledger.keys import ROLES
from tests.e2e.town import Answer, Town, code_of

ANN = "/accounts/participant:ann"


@pytest.fixture
def told(town: Town) -> Town:
    """A town where ann earned twice, gave bo some, drank a tea and got the money's worth back."""
    made = [
        town.earn("ann", 100, "ride-1"),
        town.earn("ann", 20, "ride-2"),
        town.post(
            "poster",
            "/transfers",
            id="gift-1",
            from_account="participant:ann",
            to_account="participant:bo",
            credits=5,
        ),
        town.hold("tea-1"),
        town.post("poster", "/redemptions/tea-1/fulfil"),
        town.post("finance", "/redemptions/tea-1/refund", reason="cold"),
    ]
    assert [answer.status_code for answer in made] == [201] * len(made)
    town.follow()
    return town


def _kinds(entry: dict[str, Any]) -> list[str]:
    return [step["kind"] for step in entry["steps"]]


def _sentences(answer: Answer) -> str:
    return "\n".join(step["sentence"] for entry in answer.json["entries"] for step in entry["steps"])


def _wrong_field(answer: Answer) -> str:
    assert code_of(answer) == "fields_invalid", answer.text
    (wrong,) = answer.json["errors"]
    return str(wrong["field"])


def test_a_balance_is_explained_with_its_lots_and_entries(told: Town) -> None:
    answer = told.get(f"{ANN}/explain")
    assert answer.status_code == 200, answer.text
    found = answer.json
    assert found["is_proven"] is True
    assert answer.headers["Ledger-Position"] == str(found["position"])
    assert [step["facts"]["amount"] for step in found["balances"]] == [115, 12_000]
    (lot,) = found["lots"]
    assert (lot["came_in_credits"], lot["went_out_credits"], lot["left_credits"]) == (130, 15, 115)
    assert [step["kind"] for step in lot["steps"]] == [
        "lot.came_in",
        "lot.came_in",
        "lot.went_out",
        "lot.went_out.redemption",
        "lot.came_in",
        "lot.left",
    ]
    assert lot["steps"][3]["facts"]["status"] == "refunded"
    assert [entry["topic"] for entry in found["entries"]] == [
        "redemption.refunded",
        "redemption.held",
        "credits.transferred",
        "credits.issued",
        "reduction.recorded",
        "credits.issued",
        "reduction.recorded",
    ]
    assert _kinds(found["entries"][1])[:2] == ["entry.CREDIT", "redemption.held"]
    issued = _kinds(found["entries"][3])
    assert issued[:2] == ["entry.CREDIT", "activity.reported"]
    assert issued.index("floor") < issued.index("rule.credits_per_grams") < issued.index("award.whole")


def test_every_role_may_ask_and_nobody_without_a_key(told: Town) -> None:
    for role in ROLES:
        assert told.get(f"{ANN}/explain", role).status_code == 200
    assert code_of(told.get(f"{ANN}/explain", None)) == "key_missing"


def test_the_language_is_that_of_the_query_or_of_the_caller(told: Town) -> None:
    chinese = told.get(f"{ANN}/explain?lang=zh")
    assert (chinese.json["lang"], chinese.headers["Content-Language"]) == ("zh", "zh")
    assert "只向下取整一次" in _sentences(chinese)
    address, key = f"{told.base}{ANN}/explain", told.headers("auditor")
    for accepted, expected in {
        "zh-CN,zh;q=0.9,en;q=0.8": "zh",
        "en-GB,zh;q=0.5": "en",
        "fr": "en",
        "*": "en",
    }.items():
        answer = told.client.get(address, headers={**key, "Accept-Language": accepted})
        assert (answer.json or {})["lang"] == expected, accepted
        assert answer.headers["Vary"] == "Accept-Language"
    assert told.get(f"{ANN}/explain").json["lang"] == "en"


def test_facts_are_the_same_in_every_language(told: Town) -> None:
    def facts(tongue: str) -> list[Any]:
        entries = told.get(f"{ANN}/explain?lang={tongue}").json["entries"]
        return [(step["kind"], step["facts"], step["check"]) for entry in entries for step in entry["steps"]]

    assert facts("zh") == facts("en")


def test_one_event_is_explained_with_what_came_of_it(told: Town) -> None:
    entries = told.get(f"{ANN}/explain").json["entries"]
    held = next(entry for entry in entries if entry["topic"] == "redemption.held")
    answer = told.get(f"{ANN}/explain?position={held['position']}")
    (entry,) = answer.json["entries"]
    assert "redemption.refunded" in _kinds(entry)
    assert "redemption.refunded" not in _kinds(held)
    assert (answer.json["balances"], answer.json["next_cursor"]) == ([], None)
    assert [lot["left_credits"] for lot in answer.json["lots"]] == [115]


def test_an_act_that_entered_nothing_is_explained_to_its_participant_alone(told: Town) -> None:
    assert told.earn("ann", 0, "ride-3").status_code == 201
    told.follow()
    position = told.get(f"{ANN}/explain").json["position"]
    answer = told.get(f"{ANN}/explain?position={position}")
    (entry,) = answer.json["entries"]
    assert (entry["asset"], entry["amount"]) == (None, 0)
    assert _kinds(entry)[0] == "entry.none"
    assert entry["steps"][-1]["facts"]["desired_credits"] == 0
    refused = told.get(f"/accounts/participant:bo/explain?position={position}")
    assert code_of(refused) == "entry_not_found"
    assert refused.json["details"] == {"account": "participant:bo", "position": position}
    assert code_of(told.get(f"{ANN}/explain?position={position + 1}")) == "entry_not_found"


def test_money_and_counter_accounts_are_explained_by_their_events(told: Town) -> None:
    for account in (
        "participant:ann:held",
        "participant:bo",
        "merchant:tea:payable",
        "fund:green:available",
        "fund:green:encumbered",
        "sponsor:bank:external",
        "nature",
        "issuance",
        "redeemed",
    ):
        answer = told.get(f"/accounts/{account}/explain")
        assert answer.status_code == 200, answer.text
        assert answer.json["entries"], account
        assert answer.json["is_proven"] is True
    assert "CNY 5.00" in _sentences(told.get("/accounts/merchant:tea:payable/explain"))
    grams = told.get("/accounts/nature/explain?asset=gCO2e").json
    assert {entry["asset"] for entry in grams["entries"]} == {"gCO2e"}
    assert grams["lots"] is None


def test_pages_follow_one_another_as_of_the_first(told: Town) -> None:
    whole = told.get(f"{ANN}/explain").json
    found, query = [], "limit=2"
    while True:
        page = told.get(f"{ANN}/explain?{query}").json
        assert page["position"] == whole["position"]
        found += page["entries"]
        if page["next_cursor"] is None:
            break
        assert told.earn("ann", 1, f"later-{len(found)}").status_code == 201
        told.follow()
        query = f"limit=2&cursor={page['next_cursor']}"
    assert [entry["position"] for entry in found] == [entry["position"] for entry in whole["entries"]]
    assert [_kinds(entry) for entry in found] == [_kinds(entry) for entry in whole["entries"]]


def test_what_cannot_be_asked_is_refused_by_name(told: Town) -> None:
    assert _wrong_field(told.get(f"{ANN}/explain?lang=fr")) == "lang"
    assert _wrong_field(told.get(f"{ANN}/explain?lang=zh&lang=en")) == "lang"
    assert _wrong_field(told.get(f"{ANN}/explain?asset=EUR")) == "asset"
    assert _wrong_field(told.get(f"{ANN}/explain?position=0")) == "position"
    assert _wrong_field(told.get(f"{ANN}/explain?cursor=x")) == "cursor"
    assert _wrong_field(told.get(f"{ANN}/explain?tongue=zh")) == "tongue"
    assert told.get(f"{ANN}/explain?limit={EXPLAINED_ENTRIES_MAX}").status_code == 200
    assert _wrong_field(told.get(f"{ANN}/explain?limit={EXPLAINED_ENTRIES_MAX + 1}")) == "limit"
    cursor = told.get(f"{ANN}/explain?limit=1").json["next_cursor"]
    assert _wrong_field(told.get(f"{ANN}/explain?cursor={cursor}&position=9")) == "cursor"
    assert _wrong_field(told.get(f"{ANN}/explain?cursor={cursor}&asset=CREDIT")) == "cursor"
    statement = told.get(f"{ANN}/statement?limit=1").json["next_cursor"]
    assert _wrong_field(told.get(f"{ANN}/explain?cursor={statement}")) == "cursor"
    assert code_of(told.get("/accounts/participant:nobody/explain")) == "account_not_found"
    assert code_of(told.get("/accounts/a%20b/explain")) == "account_not_found"
    assert code_of(told.get(f"{ANN}/explain?min_position=9999")) == "view_lagging"


def test_nothing_is_said_of_who_was_erased(told: Town) -> None:
    gone = [
        told.post("poster", "/transfers", id="back", from_account="participant:bo",
                  to_account="participant:ann", credits=5),
        told.post("operator", "/participants/bo/close", id="close-1", reason="moved away"),
        told.post("operator", "/participants/bo/erase", id="erase-1", reason="asked for it"),
    ]  # fmt: skip
    assert [answer.status_code for answer in gone] == [201] * 3
    told.follow()
    answer = told.get(f"{ANN}/explain")
    assert "participant:bo" not in answer.text
    assert "entry.erased" in {kind for entry in answer.json["entries"] for kind in _kinds(entry)}
    assert code_of(told.get("/accounts/participant:bo/explain")) == "account_not_found"
