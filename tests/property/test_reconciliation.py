"""Whatever a merchant's file says, a run finds what the rules say, and the difference to the 分."""

from collections.abc import Iterator
from datetime import date
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.papers import OCTOBER, Papers, filing_database, on
from tests.integration.papers import Row as Told
from tests.property.reconciliation_model import Line, Model, Row, as_told

PAST, NEXT = date(2026, 9, 28), date(2026, 11, 2)

# Equal amounts, days and stores meet again and again: that is where rules could mistake one for another.
USED: Final = (
    ("r1", 900, 50, 5, "gate"),
    ("r2", 900, 50, 5, "gate"),
    ("r3", 900, 0, 5, "hall"),
    ("r4", 900, 0, 6, ""),
    ("r5", 500, 0, 5, "hall"),
    ("r6", 400, 0, 6, "hall"),
    ("r7", 1_300, 50, 9, ""),
    ("r8", 500, 0, 31, "gate"),
    ("r9", 500, 0, NEXT, ""),
    ("r10", 400, 0, PAST, ""),
)
REFUNDED: Final = (("r2", 6), ("r7", 9), ("r8", NEXT))
HELD: Final = (("h1", 900), ("h2", 500))

NAMES: Final = ("", "", *(own_id for own_id, *_ in USED), "h1", "h2", "r11", "x")
DAYS: Final = st.one_of(st.integers(1, 31), st.sampled_from([5, 5, 6, 9]), st.sampled_from([PAST, NEXT]))
ROWS: Final = st.builds(
    Told,
    order=st.sampled_from(NAMES),
    amount=st.sampled_from([900, 500, 400, 1_300, 1_800, 2_700, -900, -500, -1_300, 200, 0]),
    day=DAYS,
    fee=st.sampled_from([None, None, 0, 50, -50]),
    own=st.sampled_from(["", "", "", "o1", "r1", "r5"]),
    store=st.sampled_from(["", "gate", "hall"]),
)


def truths() -> list[Told]:
    """The rows of a merchant that tells everything as it was."""
    faces = {own_id: (face, fee) for own_id, face, fee, *_ in USED}
    uses = [Told(own_id, face, day, fee, "", store) for own_id, face, fee, day, store in USED]
    refunds = [Told(own_id, -faces[own_id][0], day, -faces[own_id][1]) for own_id, day in REFUNDED]
    return [*uses, *refunds]


CHANGES: Final = st.one_of(
    st.just({}),
    st.just({}),
    st.fixed_dictionaries({"amount": st.sampled_from([901, 200, -200])}),
    st.fixed_dictionaries({"fee": st.sampled_from([None, 7])}),
    st.fixed_dictionaries({"day": DAYS}),
    st.fixed_dictionaries({"order": st.sampled_from(["", "rl", "h1"])}),
    st.fixed_dictionaries({"order": st.just(""), "store": st.just("")}),
    st.just(None),
)
"""What a merchant may do to a row: nothing, get a value wrong, forget the reference, leave it out."""


@st.composite
def files(draw: st.DrawFn) -> list[Told]:
    """A file that tells much as it was, something wrongly, something twice, and something made up."""
    rows: list[Told] = []
    for truth in truths():
        change = draw(CHANGES)
        if change is not None:
            rows.append(truth._replace(**change))
        if draw(st.integers(0, 12)) == 0:
            rows.append(truth)
    rows += draw(st.lists(ROWS, max_size=6))
    return draw(st.permutations(rows)) if draw(st.booleans()) else rows


@pytest.fixture(scope="module")
def papers(server: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Papers]:
    """A market with redemptions of every kind."""
    with filing_database(server, migrated_template) as database:
        papers = Papers(database, tmp_path_factory.mktemp("papers"))
        tell(papers)
        yield papers
        papers.market.writer.close()


def tell(papers: Papers) -> None:
    """Have everything happen in its order."""
    uses = [(on(day), 0, own_id, face, fee, store) for own_id, face, fee, day, store in USED]
    refunds = [(on(day), 1, own_id, 0, 0, "") for own_id, day in REFUNDED]
    for day, is_refund, own_id, face, fee, store in sorted(uses + refunds):
        if is_refund:
            papers.refund(own_id, day=day)
        else:
            papers.use(own_id, face, fee_fen=fee, day=day, store=store)
    for own_id, face in HELD:
        papers.hold(own_id, face)
    papers.market.do(papers.market.cancel("h2"))


def model() -> Model:
    """The ledger's side of it."""
    faces = {own_id: (face, fee) for own_id, face, fee, *_ in USED} | {
        own_id: (face, 0) for own_id, face in HELD
    }
    stores = {own_id: store or None for own_id, *_, store in USED}
    lines = [Line(own_id, "use", on(day), face, fee, store or None) for own_id, face, fee, day, store in USED]
    lines += [
        Line(own_id, "refund", on(day), -faces[own_id][0], -faces[own_id][1], stores[own_id])
        for own_id, day in REFUNDED
    ]
    return Model(faces, lines, OCTOBER.starts_on, OCTOBER.ends_on)


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=files())
def test_a_run_finds_what_the_rules_say_and_nothing_else(papers: Papers, told: list[Told]) -> None:
    file = papers.told(told).file
    try:
        run = papers.run()
        work, programme_id = papers.work, papers.programme_id
        findings = work.runs.findings(programme_id, run.run_id, after="", limit=1_000)
        matches = work.runs.matches(programme_id, run.run_id, after=0, limit=1_000)
    finally:
        papers.work.files.withdraw(papers.programme_id, file.file_id, by="key_a", reason="told")
    rows = [
        Row(place, row.order, row.amount, on(row.day), row.fee, row.own, row.store or None)
        for place, row in enumerate(told, 1)
    ]
    expected = model().compare(rows)
    found = [(str(one.code), one.item or one.reference, one.row_no) for one in findings]
    assert as_told(found) == as_told(expected.found)
    agreed = sorted((str(one.rule), one.item, one.row_no) for one in matches if one.code is None)
    assert agreed == sorted(expected.matched)
