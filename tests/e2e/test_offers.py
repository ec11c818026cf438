"""Offers over HTTP: from a published offer to a cup of tea, and every way in which there is none."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ledger.bootstrap import Ledger
from ledger.domain import limits
from ledger.verify.run import verify
from tests.e2e.cafe import KEY, OTHER_KEY, Cafe, Clock, with_keys
from tests.e2e.town import Town, code_of, lines_of

_numbers = itertools.count(1)


@pytest.fixture
def clock() -> Clock:
    """A Friday's noon, until it is moved."""
    return Clock()


@pytest.fixture
def bare_cafe(first_town: Town, clock: Clock) -> Cafe:
    """A town with a tea house that has no store yet."""
    ledger = with_keys(first_town.ledger, KEY, clock=clock)
    cafe = Cafe(ledger, f"cafe-{next(_numbers)}")
    cafe.open()
    return cafe


@pytest.fixture
def cafe(bare_cafe: Cafe) -> Cafe:
    """A town whose tea house has stores and an offer."""
    return bare_cafe.furnish()


# ── The way that everybody hopes for ─────────────────────────────────────────────────────────


def test_an_offer_is_taken_and_used_with_its_code_and_the_merchant_is_owed_what_funds_bear(
    cafe: Cafe,
) -> None:
    taken = cafe.take()
    assert taken.status_code == 201, taken.text
    (held,) = taken.json["events"]
    data = held["data"]
    assert (data["credits"], data["face_value_fen"], data["fee_fen"]) == (10, 500, 10)
    assert (data["list_price_fen"], data["discount_fen"], data["offer_version"]) == (800, 300, 1)
    assert data["deadline_at"] == "2026-11-27T15:59:59.999999Z"
    voucher = taken.json["voucher"]
    assert voucher["qr_payload"] == f"CLV1:{cafe.programme_id}:{voucher['code']}"
    assert voucher["deadline_at"] == data["deadline_at"]
    assert voucher["code"] not in str(data)
    used = cafe.use(voucher["code"])
    assert used.status_code == 201, used.text
    assert used.json["events"][0]["data"]["store_id"] == "east"
    owed = cafe.get("/balances/merchant:tea:payable").json["balances"]
    assert [balance["amount"] for balance in owed] == [490]
    assert cafe.credits_of("participant:ann") == 90


def test_a_repeated_taking_gives_the_same_bytes_and_the_same_code(cafe: Cafe) -> None:
    first, second = cafe.take(), cafe.take()
    assert first.data == second.data
    assert second.headers["Idempotent-Replay"] == "true"
    assert code_of(cafe.take(participant_id="bo")) == "content_differs"


def test_a_repeated_use_gives_the_same_bytes(cafe: Cafe) -> None:
    code = cafe.code()
    first, second = cafe.use(code), cafe.use(code)
    assert first.data == second.data
    assert second.headers["Idempotent-Replay"] == "true"


def test_a_code_is_taken_as_people_type_and_scan_it(cafe: Cafe) -> None:
    code = cafe.code()
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    first = cafe.use(typed)
    assert first.status_code == 201, first.text
    assert cafe.use(f"CLV1:{cafe.programme_id}:{code}").data == first.data
    assert code_of(cafe.use(f"CLV1:elsewhere:{code}")) == "voucher_unknown"


def test_a_voucher_is_shown_with_its_code_while_it_is_held_and_to_posters_alone(cafe: Cafe) -> None:
    code = cafe.code()
    shown = cafe.get("/vouchers/v-1", "poster").json
    assert (shown["status"], shown["code"], shown["used_at"]) == ("held", code, None)
    assert shown["qr_payload"].endswith(code)
    for role in ("finance", "auditor", "operator"):
        assert code_of(cafe.get("/vouchers/v-1", role)) == "role_not_permitted"
    assert code not in cafe.get("/redemptions/v-1").text
    assert code not in cafe.get("/events").text
    assert cafe.use(code, "west").status_code == 201
    shown = cafe.get("/vouchers/v-1", "poster").json
    assert (shown["status"], shown["code"], shown["qr_payload"]) == ("fulfilled", None, None)
    assert (shown["used_at"], shown["store_id"]) == ("2026-11-20T04:00:00Z", "west")


def test_a_qr_code_is_drawn_while_it_can_be_used(cafe: Cafe) -> None:
    code = cafe.code()
    drawn = cafe.get("/vouchers/v-1/qr.svg", "poster")
    assert drawn.content_type == "image/svg+xml"
    assert drawn.data.startswith(b"<?xml")
    assert b"<svg" in drawn.data
    cafe.use(code)
    assert code_of(cafe.get("/vouchers/v-1/qr.svg", "poster")) == "voucher_unknown"
    assert code_of(cafe.get("/vouchers/none/qr.svg", "poster")) == "voucher_unknown"


def test_offers_come_in_bulk_and_their_codes_are_read_afterwards(cafe: Cafe) -> None:
    line = {"kind": "offer.take", "participant_id": "ann", "offer_id": "cup", "offer_version": 1}
    lines = lines_of(cafe.bulk({**line, "id": "b-1"}, {**line, "id": "b-2", "code_digest": "0" * 32}))
    assert [one["status"] for one in lines] == [201, 400]
    assert lines[1]["problem"]["errors"] == [{"field": "code_digest", "message": "is made by the ledger"}]
    code = cafe.get("/vouchers/b-1", "poster").json["code"]
    use = {"kind": "redemption.fulfil", "redemption_id": "b-1", "store_id": "east"}
    (refused,) = lines_of(cafe.bulk(use))
    assert refused["problem"]["code"] == "voucher_code_needed"
    assert cafe.use(code).status_code == 201


def test_nobody_sends_a_digest(cafe: Cafe) -> None:
    for answer in (
        cafe.take(code_digest="0" * 32),
        cafe.post("poster", "/redemptions/v-1/fulfil", store_id="east", code_digest="0" * 32),
    ):
        assert answer.json["errors"] == [{"field": "code_digest", "message": "is made by the ledger"}]


# ── What is refused at a store ───────────────────────────────────────────────────────────────


def test_a_used_voucher_is_told_with_when_and_where_to_a_store_of_its_merchant_alone(
    cafe: Cafe, clock: Clock
) -> None:
    code = cafe.code()
    assert cafe.use(code).status_code == 201
    clock.wait(minutes=1)
    for answer in (cafe.use(code, "west"), cafe.use(code, occurred_at="2026-11-20T09:00:00+08:00")):
        assert code_of(answer) == "voucher_used"
        details = answer.json["details"]
        assert details["used_at"] == "2026-11-20T04:00:00Z"
        assert details["store_id"] == "east"
        assert "ann" not in answer.text
    elsewhere = cafe.use(code, "shelf")
    assert code_of(elsewhere) == "store_wrong"
    assert elsewhere.json["details"] == {"store_id": "shelf"}


def test_a_refunded_voucher_stays_used(cafe: Cafe) -> None:
    code = cafe.code()
    cafe.use(code)
    assert cafe.post("finance", "/redemptions/v-1/refund", reason="cold").status_code == 201
    assert code_of(cafe.use(code, "west")) == "voucher_used"
    assert cafe.get("/vouchers/v-1", "poster").json["status"] == "refunded"


def test_a_cancelled_voucher_is_told_as_such(cafe: Cafe) -> None:
    code = cafe.code()
    assert cafe.post("poster", "/redemptions/v-1/cancel", reason="changed my mind").status_code == 201
    assert code_of(cafe.use(code)) == "voucher_cancelled"
    assert cafe.credits_of("participant:ann") == 100


def test_a_voucher_is_used_up_to_the_end_of_its_last_local_day(cafe: Cafe, clock: Clock) -> None:
    first, second = cafe.code("v-1"), cafe.code("v-2")
    clock.at = datetime(2026, 11, 27, 15, 59, 59, 999_999, tzinfo=UTC)
    assert cafe.use(first).status_code == 201
    clock.wait(microseconds=1)
    assert code_of(cafe.use(second)) == "voucher_expired"
    run = cafe.post("operator", "/expiries", id="night", up_to="2026-11-26")
    assert run.status_code == 201, run.text
    assert cafe.get("/vouchers/v-2", "poster").json["status"] == "released"
    assert code_of(cafe.use(second)) == "voucher_expired"


def test_a_voucher_is_used_on_the_weekdays_of_its_terms(bare_cafe: Cafe, clock: Clock) -> None:
    cafe = bare_cafe.furnish(weekdays=[6, 7])
    code = cafe.code()
    refused = cafe.use(code)
    assert code_of(refused) == "voucher_day_wrong"
    assert (refused.json["details"]["weekday"], refused.json["details"]["weekdays"]) == (5, [6, 7])
    clock.at = datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC)
    assert code_of(cafe.use(code)) == "voucher_day_wrong"
    clock.at = datetime(2026, 11, 20, 16, tzinfo=UTC)  # Saturday begins in Shanghai
    assert cafe.use(code).status_code == 201


def test_a_voucher_is_used_in_the_stores_of_its_terms_and_in_no_closed_one(bare_cafe: Cafe) -> None:
    cafe = bare_cafe.furnish(store_ids=["west"])
    code = cafe.code()
    assert code_of(cafe.use(code, "east")) == "store_wrong"
    assert code_of(cafe.use(code, "nowhere")) == "store_wrong"
    closed = cafe.post("finance", "/merchants/tea/stores/west/close", reason="moved")
    assert closed.status_code == 201, closed.text
    assert code_of(cafe.use(code, "west")) == "store_wrong"


def test_unknown_and_mistyped_codes_are_answered_alike(cafe: Cafe) -> None:
    code = cafe.code()
    other = "0" if code[-1] != "0" else "2"
    answers = [cafe.use(text) for text in ("x", "-", code[:-1], code[:-1] + other, "7ZK3M-Q9D2T-00000-00000")]
    assert {code_of(answer) for answer in answers} == {"voucher_unknown"}
    assert len({answer.data for answer in answers}) == 1
    at, past = limits.VOUCHER_CODE_CHARS_MAX, limits.VOUCHER_CODE_CHARS_MAX + 1
    assert code_of(cafe.use("x" * at)) == "voucher_unknown"
    assert code_of(cafe.use("x" * past)) == "fields_invalid"


def test_a_code_opens_nothing_in_another_programme(cafe: Cafe) -> None:
    code = cafe.code()
    other = Cafe(cafe.ledger, f"{cafe.programme_id}-2")
    other.open()
    other.furnish()
    assert code_of(other.use(code)) == "voucher_unknown"
    assert other.code() != code


# ── What is refused at the taking ────────────────────────────────────────────────────────────


def test_the_terms_that_were_shown_are_the_terms_or_there_is_no_voucher(cafe: Cafe) -> None:
    assert cafe.publish(version=2, credits=20).status_code == 201
    refused = cafe.take()
    assert code_of(refused) == "offer_changed"
    assert refused.json["details"]["version_now"] == 2
    taken = cafe.take(offer_version=2)
    assert taken.json["events"][0]["data"]["credits"] == 20


def test_a_withdrawn_offer_is_taken_no_more_and_its_vouchers_are_still_used(cafe: Cafe) -> None:
    code = cafe.code()
    assert cafe.publish(version=2, is_open=False).status_code == 201
    assert code_of(cafe.take("v-2", offer_version=2)) == "offer_withdrawn"
    assert cafe.use(code).status_code == 201


def test_an_offer_is_taken_from_its_first_instant_to_before_its_end(bare_cafe: Cafe, clock: Clock) -> None:
    cafe = bare_cafe.furnish(
        valid_from="2026-11-20T12:00:00.000001+08:00", valid_to="2026-11-21T00:00:00+08:00"
    )
    assert code_of(cafe.take()) == "offer_not_valid"
    clock.wait(microseconds=1)
    taken = cafe.take()
    assert taken.json["voucher"]["deadline_at"] == "2026-11-20T15:59:59.999999Z"
    clock.at = datetime(2026, 11, 20, 16, tzinfo=UTC)
    assert code_of(cafe.take("v-2")) == "offer_not_valid"


def test_stock_is_taken_to_its_last_and_given_back_by_whatever_ends_a_voucher_but_its_use(
    bare_cafe: Cafe,
) -> None:
    cafe = bare_cafe.furnish(stock=2)
    first = cafe.code("v-1")
    assert cafe.take("v-2").status_code == 201
    refused = cafe.take("v-3")
    assert code_of(refused) == "offer_sold_out"
    assert refused.json["details"] == {"offer_id": "cup", "stock": 2}
    assert cafe.left()["stock"] == 0
    cafe.post("poster", "/redemptions/v-2/cancel", reason="r")
    assert cafe.take("v-3").status_code == 201
    cafe.use(first)
    assert code_of(cafe.take("v-4")) == "offer_sold_out"
    cafe.post("finance", "/redemptions/v-1/refund", reason="cold")
    assert cafe.take("v-4").status_code == 201
    assert cafe.left()["stock"] == 0


def test_a_month_s_quota_begins_anew_at_local_midnight(bare_cafe: Cafe, clock: Clock) -> None:
    cafe = bare_cafe.furnish(month_quota=1)
    clock.at = datetime(2026, 11, 30, 15, 59, 59, 999_999, tzinfo=UTC)
    assert cafe.take("v-1").status_code == 201
    refused = cafe.take("v-2")
    assert code_of(refused) == "offer_month_sold_out"
    assert refused.json["details"]["month"] == "2026-11"
    assert cafe.left()["month"] == 0
    clock.wait(microseconds=1)
    assert cafe.left()["month"] == 1
    assert cafe.take("v-2").status_code == 201
    assert code_of(cafe.take("v-3")) == "offer_month_sold_out"


def test_a_participant_has_limits_of_their_own(bare_cafe: Cafe, clock: Clock) -> None:
    cafe = bare_cafe.furnish(per_participant=2, per_participant_month=1)
    assert cafe.take("v-1").status_code == 201
    refused = cafe.take("v-2")
    assert code_of(refused) == "offer_limit_reached"
    assert (refused.json["details"]["limit"], refused.json["details"]["month"]) == (1, "2026-11")
    assert cafe.take("v-2", "bo").status_code == 201
    assert cafe.left("ann") == {"stock": None, "month": None, "participant": 1, "participant_month": 0}
    assert cafe.left("cy") == {"stock": None, "month": None, "participant": 2, "participant_month": 1}
    clock.at = datetime(2026, 12, 1, tzinfo=UTC)
    assert cafe.take("v-3").status_code == 201
    clock.at = datetime(2027, 1, 1, tzinfo=UTC)
    refused = cafe.take("v-4")
    assert (code_of(refused), refused.json["details"]["month"]) == ("offer_limit_reached", None)


def test_an_offer_that_nobody_can_pay_for_is_refused_as_a_hold_is(bare_cafe: Cafe) -> None:
    cafe = bare_cafe.furnish(credits=101)
    assert code_of(cafe.take()) == "insufficient_credits"
    assert cafe.publish(version=2, credits=1, list_price_fen=200_000, discount_fen=0).status_code == 201
    assert code_of(cafe.take(offer_version=2)) == "insufficient_fund"
    assert cafe.left()["stock"] is None


# ── Stores and offers ────────────────────────────────────────────────────────────────────────


def test_stores_are_listed_by_merchant_page_by_page(cafe: Cafe) -> None:
    cafe.post("finance", "/merchants/tea/stores/west/close", reason="moved")
    cafe.store("harbour")
    first = cafe.get("/merchants/tea/stores?limit=2").json
    assert [(one["id"], one["is_open"]) for one in first["stores"]] == [("east", True), ("harbour", True)]
    second = cafe.get(f"/merchants/tea/stores?limit=2&cursor={first['next_cursor']}").json
    assert [(one["id"], one["is_open"]) for one in second["stores"]] == [("west", False)]
    assert second["next_cursor"] is None
    assert second["stores"][0]["opening"]["data"]["merchant_id"] == "tea"
    assert code_of(cafe.get("/merchants/nobody/stores")) == "account_not_found"
    assert code_of(cafe.get("/merchants/%00/stores")) == "account_not_found"


def test_a_store_belongs_to_one_merchant_and_is_closed_once(cafe: Cafe) -> None:
    assert code_of(cafe.store("east", "books")) == "content_differs"
    assert code_of(cafe.store("new", "nobody")) == "account_not_found"
    close = "/merchants/{}/stores/{}/close"
    assert code_of(cafe.post("finance", close.format("books", "east"), reason="r")) == "store_not_found"
    first = cafe.post("finance", close.format("tea", "east"), reason="r")
    assert cafe.post("finance", close.format("tea", "east"), reason="r").data == first.data
    assert code_of(cafe.post("finance", close.format("tea", "east"), reason="x")) == "content_differs"
    assert code_of(cafe.post("poster", close.format("tea", "west"), reason="r")) == "role_not_permitted"


def test_offers_are_listed_with_what_is_left_by_merchant_and_by_whether_they_are_open(cafe: Cafe) -> None:
    cafe.publish(id="book", merchant_id="books", stock=5)
    cafe.publish(id="pot", stock=3)
    cafe.publish(id="pot", version=2, is_open=False)
    assert [one["id"] for one in cafe.get("/offers").json["offers"]] == ["book", "cup", "pot"]
    assert [one["id"] for one in cafe.get("/offers?open=true").json["offers"]] == ["book", "cup"]
    assert [one["id"] for one in cafe.get("/offers?merchant_id=tea").json["offers"]] == ["cup", "pot"]
    pages, cursor = [], ""
    while cursor is not None:
        page = cafe.get(f"/offers?limit=1&cursor={cursor}").json
        pages.append([one["id"] for one in page["offers"]])
        cursor = page["next_cursor"]
    assert [one for page in pages for one in page] == ["book", "cup", "pot"]
    pot = cafe.get("/offers?merchant_id=tea").json["offers"][1]
    assert (pot["version"], pot["is_open"], pot["left"]["stock"]) == (2, False, None)
    assert cafe.get("/offers/pot/versions/1").json["data"]["stock"] == 3
    assert code_of(cafe.get("/offers/pot/versions/3")) == "offer_not_found"
    assert code_of(cafe.get("/offers/none")) == "offer_not_found"
    assert code_of(cafe.get("/offers/po")) == "offer_not_found"
    assert code_of(cafe.get("/offers/%00")) == "offer_not_found"
    assert code_of(cafe.get_at("/v1/programmes/nowhere/offers", "auditor")) == "programme_not_found"


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "cursor=AA", "open=1", "merchant_id=a%00", "participant_id=", "x=1"]
)
def test_a_list_is_asked_for_in_one_way_only(cafe: Cafe, query: str) -> None:
    assert code_of(cafe.get(f"/offers?{query}")) == "fields_invalid"


def test_a_page_is_as_long_as_it_may_be_and_no_longer(cafe: Cafe) -> None:
    for path, most in (
        ("/offers", limits.OFFERS_SHOWN_MAX),
        ("/merchants/tea/stores", limits.STORES_SHOWN_MAX),
    ):
        assert cafe.get(f"{path}?limit={most}").status_code == 200
        assert code_of(cafe.get(f"{path}?limit={most + 1}")) == "fields_invalid"


def test_more_offers_than_are_looked_at_at_once_are_found_page_by_page(cafe: Cafe) -> None:
    cup = cafe.get("/offers/cup/versions/1").json["data"]
    terms = {name: value for name, value in cup.items() if name != "recorded_at"}
    lines = [
        {**terms, "kind": "offer.publish", "id": f"o-{number:03}", "is_open": number % 100 == 7}
        for number in range(limits.OFFERS_SHOWN_MAX + 50)
    ]
    assert {one["status"] for one in lines_of(cafe.bulk(*lines, role="finance"))} == {201}
    assert [one["id"] for one in cafe.get("/offers?open=true").json["offers"]] == [
        "cup",
        "o-007",
        "o-107",
        "o-207",
    ]
    first = cafe.get("/offers?open=true&limit=2").json
    assert [one["id"] for one in first["offers"]] == ["cup", "o-007"]
    second = cafe.get(f"/offers?open=true&limit=2&cursor={first['next_cursor']}").json
    assert [one["id"] for one in second["offers"]] == ["o-107", "o-207"]


def test_a_programme_without_offers_has_an_empty_list(town: Town) -> None:
    assert town.get("/offers").json["offers"] == []
    assert town.get("/merchants/tea/stores").json["stores"] == []


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────


def test_without_a_key_nothing_is_taken_and_everything_else_goes_on(cafe: Cafe) -> None:
    keyless = Cafe(with_keys(cafe.ledger), cafe.programme_id)
    refused = keyless.take()
    assert refused.status_code == 503
    assert code_of(refused) == "voucher_key_missing"
    assert code_of(keyless.use("x")) == "voucher_key_missing"
    line = {"kind": "offer.take", "id": "b", "participant_id": "ann", "offer_id": "cup", "offer_version": 1}
    (answer,) = lines_of(keyless.bulk(line))
    assert answer["problem"]["code"] == "voucher_key_missing"
    assert keyless.hold("r-1").status_code == 201


def test_after_a_rotation_old_codes_are_shown_and_used_and_new_ones_are_made_with_the_new_key(
    cafe: Cafe,
) -> None:
    old, unused = cafe.take("v-1"), cafe.code("v-2")
    rotated = Cafe(with_keys(cafe.ledger, OTHER_KEY, KEY), cafe.programme_id)
    assert rotated.take("v-1").data == old.data
    assert rotated.get("/vouchers/v-2", "poster").json["code"] == unused
    assert rotated.use(unused).status_code == 201
    new = rotated.code("v-3")
    assert code_of(cafe.use(new)) == "voucher_unknown"
    assert rotated.use(new).status_code == 201
    forgotten = Cafe(with_keys(cafe.ledger, OTHER_KEY), cafe.programme_id)
    assert code_of(forgotten.get("/vouchers/v-1", "poster")) == "voucher_key_missing"
    assert code_of(forgotten.use(old.json["voucher"]["code"])) == "voucher_unknown"


# ── Proof ────────────────────────────────────────────────────────────────────────────────────


def test_everything_derived_from_the_log_is_as_it_stands(opened: Callable[..., Ledger]) -> None:
    clock = Clock()
    cafe = Cafe(with_keys(opened(), KEY, clock=clock))
    cafe.open()
    cafe.furnish(stock=5, month_quota=5, per_participant=4, per_participant_month=3, store_ids=["east"])
    code = cafe.code("v-1")
    cafe.hold("r-1", deadline_at="2026-11-25T00:00:00Z", offer_id="cup")
    assert cafe.use(code).status_code == 201
    cafe.code("v-2")
    cafe.post("poster", "/redemptions/v-2/cancel", reason="r")
    cafe.code("v-3", participant_id="bo")
    cafe.publish(version=2, is_open=False)
    cafe.post("finance", "/merchants/tea/stores/west/close", reason="r")
    cafe.post("finance", "/redemptions/v-1/refund", reason="cold")
    clock.wait(days=9)
    assert cafe.post("operator", "/expiries", id="n", up_to="2026-11-28").status_code == 201
    cafe.follow()
    (report,) = verify(cafe.ledger.database, programme_id=cafe.programme_id)
    assert report.is_equal, report.findings
    with cafe.ledger.database.connection() as connection:
        connection.execute(
            "UPDATE registers SET value = replace(value, 'v-1', 'v-9') WHERE register = 'vouchers'"
        )
        connection.execute(
            "UPDATE registers SET value = '{}' WHERE register = 'stores' AND key = E'tea\\nwest'"
        )
    (report,) = verify(cafe.ledger.database, programme_id=cafe.programme_id)
    assert report.findings_count == {"register_differs": 2}
