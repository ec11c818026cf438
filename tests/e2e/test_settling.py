"""Closing merchants' periods over HTTP, and taking each statement to its end."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ledger.domain import limits
from ledger.verify.run import verify
from tests.e2e.month import STATEMENTS, Month
from tests.e2e.town import Answer, Town, code_of

NAMES = {"name_zh": "名", "name_en": "name"}
CLOSE = f"{STATEMENTS}/close"


@pytest.fixture
def month(bare: Town) -> Month:
    """A day on which three cups of tea were drunk, and the next day's noon."""
    month = Month(bare.ledger, bare.programme_id, beside=bare).furnish()
    for number in range(1, 4):
        month.use(f"r-{number}")
    month.clock.wait(days=1)
    return month


@pytest.fixture
def proved(month: Month) -> Iterator[Month]:
    """The same, and at the end the whole log is decided again and adds up."""
    yield month
    (report,) = verify(month.ledger.database, programme_id=month.programme_id)
    assert not report.findings, report


def topics(answer: Answer) -> list[str]:
    return [event["topic"] for event in answer.json["events"]]


def last(answer: Answer) -> dict[str, Any]:
    data: dict[str, Any] = answer.json["events"][-1]["data"]
    return data


# --- A life -------------------------------------------------------------------------------------


def test_a_statement_is_closed_disputed_approved_and_paid_until_it_is_settled(proved: Month) -> None:
    of = proved.closed()
    assert of == "tea:2026-11-21"
    assert (proved.money("merchant:tea:payable"), proved.money("merchant:tea:settling")) == (0, 1_440)

    assert last(proved.dispute(of))["held_back_fen"] == 480
    resolved = last(proved.resolve(of, outcome="amended", amended_fen=180))
    assert resolved["amendment_fen"] == 180
    assert (proved.money("merchant:tea:payable"), proved.money("merchant:tea:settling")) == (180, 960)
    assert proved.money("fund:green:available") == 100_000 - 1_500 + 300

    assert code_of(proved.approve(of, "finance")) == "second_key_needed"
    assert topics(proved.approve(of)) == ["statement.approved"]
    assert last(proved.pay(of))["value_fen"] == 960
    assert topics(proved.do(of, "payouts/p-1/failure", reason="no such account")) == ["payout.failed"]
    assert last(proved.pay(of, "p-2"))["value_fen"] == 960
    assert topics(proved.confirm(of, "p-2")) == ["payout.confirmed", "statement.settled"]
    assert (proved.money("merchant:tea:settling"), proved.money("merchant:tea:paid")) == (0, 960)
    assert topics(proved.do(of, "payouts/p-2/return", reason="account closed")) == ["payout.returned"]
    assert (proved.money("merchant:tea:settling"), proved.money("merchant:tea:paid")) == (960, 0)
    assert last(proved.pay(of, "p-3"))["value_fen"] == 960
    assert topics(proved.confirm(of, "p-3")) == ["payout.confirmed", "statement.settled"]
    assert proved.money("merchant:tea:paid") == 960

    proved.clock.wait(days=1)
    later = last(proved.close())
    assert (later["number"], later["starts_on"], later["ends_on"]) == (
        "tea-000002",
        "2026-11-21",
        "2026-11-22",
    )
    assert (later["amendments"], later["amended_fen"], later["due_fen"]) == (1, 180, 180)
    assert "uses" not in later


def test_what_was_refunded_after_its_statement_is_carried_until_it_is_covered(proved: Month) -> None:
    of = proved.closed()
    proved.refund("r-1")
    proved.clock.wait(days=1)
    below = last(proved.close())
    assert (below["total_fen"], below.get("due_fen", 0), below["carried_out_fen"]) == (-480, 0, -480)
    assert topics(proved.approve(below["statement_id"])) == ["statement.approved", "statement.settled"]
    proved.use("r-9")
    proved.use("r-10")
    proved.clock.wait(days=1)
    covered = last(proved.close())
    assert (covered["carried_in_fen"], covered["total_fen"], covered["due_fen"]) == (-480, 480, 480)
    assert last(proved.close(ends_on=of.partition(":")[2]))["due_fen"] == 1_440


# --- Everybody at once --------------------------------------------------------------------------


@pytest.fixture
def street(bare: Town) -> Month:
    """A day on which three of four merchants more had uses, and the next day's noon."""
    month = Month(bare.ledger, bare.programme_id, beside=bare).furnish()
    for name in "abcd":
        month.expect(month.post("finance", "/merchants", id=name, **NAMES))
    for name in "abc":
        month.use(f"r-{name}", merchant_id=name)
    for number in range(1, 4):
        month.use(f"r-{number}")
    month.clock.wait(days=1)
    return month


def ids(answer: Answer) -> list[str]:
    return [one["merchant_id"] for one in answer.json["statements"]]


def test_a_period_is_closed_for_every_merchant_that_has_lines(street: Month) -> None:
    answer = street.post("finance", CLOSE, ends_on="2026-11-21")
    assert answer.status_code == 200, answer.text
    assert ids(answer) == ["a", "b", "c", "tea"]
    assert (answer.json["refused"], answer.json["next_cursor"]) == ([], None)
    tea = answer.json["statements"][-1]
    alone = last(street.close(ends_on="2026-11-21"))
    assert tea == {
        "merchant_id": "tea",
        "statement_id": "tea:2026-11-21",
        "number": "tea-000001",
        "starts_on": "2026-11-20",
        "ends_on": "2026-11-21",
        "lines": 3,
        "total_fen": 1_440,
        "due_fen": 1_440,
        "carried_out_fen": 0,
        "digest": alone["digest"],
        "position": street.ledger.log.head(street.programme_id),
    }


def test_closing_everybody_again_answers_with_the_same_bytes_whoever_asks_and_whenever(street: Month) -> None:
    terms = {"ends_on": "2026-11-21"}
    first = street.post("finance", CLOSE, **terms)
    assert "Idempotent-Replay" not in first.headers
    street.clock.wait(days=40)
    street.use("r-late", merchant_id="d")
    street.clock.wait(days=1)
    street.expect(street.post("finance", CLOSE, ends_on=street.today().isoformat()))
    again = street.post("checker", CLOSE, **terms)
    assert (again.data, again.headers["Idempotent-Replay"]) == (first.data, "true")


def test_everybody_is_closed_page_by_page(street: Month) -> None:
    pages, cursor = [], ""
    while cursor is not None:
        query = f"?limit=2{f'&cursor={cursor}' if cursor else ''}"
        answer = street.expect(street.post("finance", f"{CLOSE}{query}", ends_on="2026-11-21"))
        pages.append(ids(answer))
        cursor = answer.json["next_cursor"]
    assert pages == [["a", "b"], ["c", "tea"], []]


def test_one_who_cannot_be_closed_does_not_keep_the_others_from_it(street: Month) -> None:
    street.expect(street.close("b", ends_on="2026-11-21", objection_days=3))
    answer = street.post("finance", CLOSE, ends_on="2026-11-21")
    assert ids(answer) == ["a", "c", "tea"]
    (refused,) = answer.json["refused"]
    assert (refused["merchant_id"], refused["problem"]["code"]) == ("b", "content_differs")
    assert refused["problem"]["details"]["fields"] == ["objection_days"]


def test_a_period_that_is_not_over_is_closed_for_nobody(street: Month) -> None:
    assert code_of(street.post("finance", CLOSE, ends_on="2026-11-22")) == "period_not_over"
    assert ids(street.post("finance", CLOSE, ends_on="2026-11-20")) == []


def test_merchants_settled_beyond_the_day_are_left_out(street: Month) -> None:
    street.expect(street.post("finance", CLOSE, ends_on="2026-11-21"))
    answer = street.post("finance", CLOSE, ends_on="2026-11-19")
    assert (ids(answer), answer.json["refused"]) == ([], [])


@pytest.mark.parametrize(
    ("query", "fields", "wrong"),
    [
        ("", {}, "ends_on"),
        ("", {"ends_on": "2026-11-31"}, "ends_on"),
        ("", {"ends_on": "2026-11-21", "by": "me"}, "by"),
        ("", {"ends_on": "2026-11-21", "objection_days": limits.OBJECTION_DAYS_MAX + 1}, "objection_days"),
        ("?limit=0", {"ends_on": "2026-11-21"}, "limit"),
        (f"?limit={limits.SETTLEMENT_MERCHANTS_MAX + 1}", {"ends_on": "2026-11-21"}, "limit"),
        ("?cursor=tea", {"ends_on": "2026-11-21"}, "cursor"),
        ("?all=1", {"ends_on": "2026-11-21"}, "all"),
    ],
)
def test_closing_everybody_is_asked_for_in_one_way_only(
    month: Month, query: str, fields: dict[str, Any], wrong: str
) -> None:
    answer = month.post("finance", f"{CLOSE}{query}", **fields)
    assert code_of(answer) == "fields_invalid"
    assert [error["field"] for error in answer.json["errors"]] == [wrong]


def test_the_longest_time_for_objections_is_taken(month: Month) -> None:
    assert month.close(objection_days=limits.OBJECTION_DAYS_MAX).status_code == 201


# --- Repeats and races --------------------------------------------------------------------------


def test_every_step_sent_again_is_answered_with_the_same_bytes(month: Month) -> None:
    of = month.closed()
    at = month.now()
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("disputes", "finance", {"redemption_id": "r-1", "line": "use", "reason": "r"}),
        (
            "resolutions",
            "finance",
            {"redemption_id": "r-1", "line": "use", "outcome": "upheld", "reason": "r"},
        ),
        ("approval", "checker", {"is_early": True}),
        ("payouts", "finance", {"id": "p-1"}),
        ("payouts/p-1/failure", "finance", {"reason": "r"}),
        ("payouts", "finance", {"id": "p-2"}),
        ("payouts/p-2/confirmation", "finance", {"bank_reference": "b"}),
        ("payouts/p-2/return", "finance", {"reason": "r"}),
    ]
    first = [month.expect(month.do(of, step, role, occurred_at=at, **told)) for step, role, told in steps]
    month.clock.wait(days=100)
    for answered, (step, role, told) in zip(first, steps, strict=True):
        other = "checker" if role == "finance" else "finance"
        for again in (role, other):
            answer = month.do(of, step, again, occurred_at=at, **told)
            assert (answer.data, answer.headers["Idempotent-Replay"]) == (answered.data, "true"), step


def test_a_step_sent_again_with_other_content_is_refused(month: Month) -> None:
    of = month.closed()
    month.expect(month.approve(of))
    month.expect(month.pay(of))
    month.expect(month.confirm(of, bank_reference="one"))
    answer = month.confirm(of, bank_reference="another")
    assert code_of(answer) == "content_differs"
    assert answer.json["details"]["fields"] == ["bank_reference"]
    assert code_of(month.close(ends_on="2026-11-21", objection_days=1)) == "content_differs"


def at_once(*calls: Any) -> list[Answer]:
    """Call from as many threads, which begin together."""
    barrier, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place: int) -> None:
        barrier.wait()
        answers[place] = calls[place]()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers  # type: ignore[return-value]  # every thread gave one


def second_office(month: Month) -> Month:
    """The same programme by another process."""
    return Month(month.ledger, month.programme_id, beside=month, at=month.clock())


def test_two_who_close_the_same_period_at_once_get_the_same_statement(month: Month) -> None:
    other = second_office(month)
    one, two = at_once(month.close, lambda: other.close(role="checker"))
    assert (one.status_code, two.status_code) == (201, 201)
    assert one.data == two.data


def test_two_who_pay_the_same_statement_at_once_pay_it_once(month: Month) -> None:
    of, other = month.closed(), second_office(month)
    month.expect(month.approve(of))
    answers = at_once(lambda: month.pay(of, "p-1"), lambda: other.pay(of, "p-2", "checker"))
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert [code_of(answer) for answer in answers if answer.status_code == 422] == ["nothing_to_pay"]


def test_a_dispute_and_an_approval_at_once_are_decided_one_after_the_other(month: Month) -> None:
    of, other = month.closed(), second_office(month)
    disputed, approved = at_once(lambda: month.dispute(of), lambda: other.approve(of))
    assert approved.status_code == 201
    if disputed.status_code != 201:
        assert code_of(disputed) == "statement_status_unsuitable"
        assert disputed.json["details"]["status"] == "approved"


def test_what_is_under_way_is_confirmed_or_fails_and_not_both(month: Month) -> None:
    of, other = month.closed(), second_office(month)
    month.expect(month.approve(of))
    month.expect(month.pay(of))
    answers = at_once(
        lambda: month.confirm(of), lambda: other.do(of, "payouts/p-1/failure", "checker", reason="r")
    )
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert [code_of(answer) for answer in answers if answer.status_code == 422] == [
        "payout_status_unsuitable"
    ]


# --- The edges of days --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("time_zone", "last_instant", "ends_on"),
    [
        ("Asia/Shanghai", datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC), "2026-12-01"),
        ("Asia/Shanghai", datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), "2027-01-01"),
        ("Asia/Shanghai", datetime(2028, 2, 29, 15, 59, 59, tzinfo=UTC), "2028-03-01"),
        # On 29 March 2026 clocks in Berlin went forward, on 25 October back.
        ("Europe/Berlin", datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC), "2026-03-30"),
        ("Europe/Berlin", datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), "2026-10-26"),
    ],
)
def test_a_period_ends_with_the_last_second_of_its_last_local_day(
    bare: Town, time_zone: str, last_instant: datetime, ends_on: str
) -> None:
    month = Month(bare.ledger, bare.programme_id, beside=bare, at=last_instant)
    month.clock.wait(minutes=-1)
    month.furnish(time_zone=time_zone)
    month.clock.wait(minutes=1)
    month.use("r-last")
    assert code_of(month.close(ends_on=ends_on)) == "period_not_over"
    assert code_of(month.post("finance", CLOSE, ends_on=ends_on)) == "period_not_over"
    month.clock.wait(seconds=1)
    month.use("r-next")
    issued = last(month.expect(month.close(ends_on=ends_on)))
    assert (issued["uses"], issued["ends_on"]) == (1, ends_on)
    month.clock.wait(days=1)
    assert last(month.expect(month.close()))["uses"] == 1


def test_objections_are_taken_until_midnight_of_their_last_local_day(month: Month) -> None:
    of = month.closed(objection_days=2)
    # Issued at noon of 21 November: until the end of the 22nd in Shanghai.
    month.clock.at = datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC)
    assert month.dispute(of).status_code == 201
    assert code_of(month.approve(of, is_early=False)) == "objections_open"
    month.clock.wait(seconds=1)
    assert code_of(month.dispute(of, "r-2")) == "objections_closed"
    assert month.approve(of, is_early=False).status_code == 201


# --- Fields -------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["approval", "disputes", "payouts/p-1/confirmation"])
def test_who_asks_is_not_told_by_the_body(month: Month, step: str) -> None:
    answer = month.do(month.closed(), step, by="somebody")
    assert answer.json["errors"][0] == {"field": "by", "message": "is taken from the key"}


@pytest.mark.parametrize("own_id", ["", "-p", "p_1", "p" * (limits.PAYOUT_ID_CHARS_MAX + 1), "支付"])
def test_a_payout_has_an_id_that_banks_carry_through(month: Month, own_id: str) -> None:
    of = month.closed()
    month.expect(month.approve(of))
    assert code_of(month.pay(of, own_id)) == "fields_invalid"
    assert month.pay(of, "p" * limits.PAYOUT_ID_CHARS_MAX).status_code == 201


@pytest.mark.parametrize("statement_id", ["tea", "tea:2026-11", "tea:2026-11-21:x", "%20:2026-11-21"])
def test_what_cannot_be_a_statement_is_told_as_a_field(month: Month, statement_id: str) -> None:
    answer = month.approve(statement_id)
    assert [error["field"] for error in answer.json["errors"]] == ["statement_id"]


def test_steps_may_come_as_lines_of_a_bulk_request(month: Month) -> None:
    lines = [
        {"kind": "statement.close", "merchant_id": "tea", "ends_on": "2026-11-21"},
        {
            "kind": "statement.dispute",
            "statement_id": "tea:2026-11-21",
            "redemption_id": "r-1",
            "line": "use",
            "reason": "r",
        },
    ]
    answer = month.bulk(*({"occurred_at": month.now(), **line} for line in lines), role="finance")
    assert [b'"status":201' in line for line in answer.data.splitlines()] == [True, True], answer.text
