"""Policies through HTTP: published version by version, the last one holds."""

from tests.e2e.town import Town, code_of


def test_policies_are_published_one_after_the_other_and_stay_readable(town: Town) -> None:
    assert town.get("/policies").json == {"events": []}
    assert code_of(town.get("/policies/current")) == "policy_not_found"
    first = town.post("operator", "/policies", version=1, year_credits=500, partners=["blue-city"])
    assert first.status_code == 201, first.text
    assert town.post("operator", "/policies", version=2).status_code == 201
    current = town.get("/policies/current").json
    assert (current["topic"], current["data"]["version"]) == ("policy.published", 2)
    assert "year_credits" not in current["data"]
    assert town.get("/policies/versions/1").json == first.json["events"][0]
    assert [event["data"]["version"] for event in town.get("/policies").json["events"]] == [1, 2]
    assert code_of(town.get("/policies/versions/3")) == "policy_not_found"
    assert code_of(town.get_at("/v1/programmes/nowhere/policies", "auditor")) == "programme_not_found"


def test_a_repeat_counts_once_and_a_gap_is_refused(town: Town) -> None:
    first = town.post("operator", "/policies", version=1, year_credits=500)
    again = town.post("operator", "/policies", version=1, year_credits=500)
    assert (again.data, again.headers["Idempotent-Replay"]) == (first.data, "true")
    assert code_of(town.post("operator", "/policies", version=1)) == "content_differs"
    assert code_of(town.post("operator", "/policies", version=3)) == "version_out_of_sequence"


def test_partners_are_other_programmes_each_named_once(town: Town) -> None:
    for partners in ([town.programme_id], ["blue-city", "blue-city"]):
        refused = town.post("operator", "/policies", version=1, partners=partners)
        assert code_of(refused) == "partner_unsuitable"
    assert code_of(town.post("operator", "/policies", version=1, partners=["X"])) == "fields_invalid"
