"""Other tools read our books, and come to what the ledger has, to the 分."""

import itertools
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet  # type: ignore[import-untyped]

from ledger.books import ASSETS, NOTATIONS, Detail, TextFormat, Wanted, books_text, export_books
from ledger.books.book import DAY, OPENING
from ledger.domain.errors import ProgrammeNotFound
from ledger.domain.fund import CommitMoney
from ledger.domain.instants import local_date
from ledger.domain.owners import OpenFund, OpenMerchant, OpenParticipant
from ledger.domain.redemption import FundWeight
from ledger.domain.transfer import TransferCredits
from ledger.projections.balances import table_balances
from ledger.store.database import Database
from ledger.store.log import Log
from ledger.store.mapper import mapper
from tests.contract.restoring import LOGS_FOLDER, read_log, restore
from tests.contract.test_logs import PROGRAMME_ID as OLD_TOWN
from tests.integration import bookkeepers
from tests.integration.bookkeepers import Balances, balances, findings
from tests.integration.market import Market
from tests.integration.told import PROGRAMME

TOOLS: tuple[TextFormat, ...] = tuple(NOTATIONS)
DETAILS: tuple[Detail, ...] = ("event", "day")
SHANGHAI = "Asia/Shanghai"

Write = Callable[..., Path]

EVENTS_DOCUMENT = (Path(__file__).parents[2] / "docs/events.md").read_text(encoding="utf-8")

each_tool = pytest.mark.parametrize("tool", TOOLS)
each_detail = pytest.mark.parametrize("detail", DETAILS)


def in_table(database: Database, programme_id: str) -> Balances:
    """What the ledger's own table has, lots together."""
    return _without_lots(table_balances(database, programme_id)[1])


def in_log(database: Database, programme_id: str, *, before: date) -> Balances:
    """What the legs of all events come to that were recorded before a local day."""
    sums: dict[tuple[str, str, str | None], int] = {}
    for page in Log(database).pages(programme_id):
        for logged in page:
            event = mapper().event_of(logged.topic, logged.state)
            if local_date(event.recorded_at, SHANGHAI) >= before:
                break
            for account, asset, lot, amount in event.legs:
                sums[account, asset, lot] = sums.get((account, asset, lot), 0) + amount
    return _without_lots(sums)


def _without_lots(sums: dict[tuple[str, str, str | None], int]) -> Balances:
    together: Balances = {}
    for (account, asset, _), amount in sums.items():
        together[account, asset] = together.get((account, asset), 0) + amount
    return {key: amount for key, amount in together.items() if amount}


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Writes books into a file of their own."""
    names = itertools.count()

    def write(database: Database, tool: Any, programme_id: str = PROGRAMME, **wanted: Any) -> Path:
        path = tmp_path / f"{next(names)}.{tool}"
        export_books(database, Wanted(programme_id=programme_id, **wanted), tool, path)
        return path

    return write


# ── Everything that moves value ──────────────────────────────────────────────────────────────


def test_the_story_has_every_topic_that_moves_value(proving: Database, written: Write) -> None:
    _, *parts = re.split(r"(?m)^### `([^`]+)`$", EVENTS_DOCUMENT)
    moving = {topic for topic, text in zip(parts[::2], parts[1::2], strict=True) if "\nLegs: " in text}
    topics = set(parquet.read_table(written(proving, "parquet")).column("topic").to_pylist())
    assert topics == moving


@each_tool
@each_detail
def test_a_tool_finds_the_books_balanced_and_equal_to_ours(
    proving: Database, written: Write, tool: TextFormat, detail: Detail
) -> None:
    path = written(proving, tool, detail=detail)
    assert findings(tool, path) == ""
    assert balances(tool, path) == in_table(proving, PROGRAMME)


@each_tool
@each_detail
def test_the_log_of_an_older_release_gives_books_too(
    database: str, written: Write, tool: TextFormat, detail: Detail
) -> None:
    with Database(database) as opened:
        restore(opened, OLD_TOWN, read_log(LOGS_FOLDER / "0.1.0.ndjson"))
        path = written(opened, tool, OLD_TOWN, detail=detail)
        assert findings(tool, path) == ""
        assert balances(tool, path) == in_table(opened, OLD_TOWN)


@each_tool
@pytest.mark.parametrize("asset", ASSETS)
def test_one_asset_alone_is_balanced_too(
    proving: Database, written: Write, tool: TextFormat, asset: str
) -> None:
    path = written(proving, tool, assets=(asset,))
    assert findings(tool, path) == ""
    ours = in_table(proving, PROGRAMME)
    assert balances(tool, path) == {key: amount for key, amount in ours.items() if key[1] == asset}


# ── The check can fail ───────────────────────────────────────────────────────────────────────


def _changed(path: Path, *changes: tuple[str, str]) -> Path:
    """Change the first place of each text, one after the other."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return path


@each_tool
def test_a_tool_finds_one_fen_that_an_entry_lacks(
    proving: Database, written: Write, tool: TextFormat
) -> None:
    path = _changed(written(proving, tool), ("-100.00 CNY", "-100.01 CNY"))
    assert findings(tool, path) != ""


@each_tool
def test_a_tool_finds_one_fen_that_an_entry_has_on_both_sides(
    proving: Database, written: Write, tool: TextFormat
) -> None:
    path = _changed(written(proving, tool), ("-100.00 CNY", "-100.01 CNY"), (" 100.00 CNY", " 100.01 CNY"))
    assert "0.01" in findings(tool, path)


@each_tool
@pytest.mark.parametrize(
    ("entry", "other"), [("-269 ", "-270 "), ("-90 CREDIT", "-91 CREDIT"), (" 269 ", " 268 ")]
)
def test_a_tool_finds_one_gram_and_one_credit(
    proving: Database, written: Write, tool: TextFormat, entry: str, other: str
) -> None:
    assert findings(tool, _changed(written(proving, tool), (entry, other))) != ""


@each_tool
def test_a_tool_finds_an_entry_that_is_missing(proving: Database, written: Write, tool: TextFormat) -> None:
    path = written(proving, tool)
    text = path.read_text(encoding="utf-8")
    [fulfilled] = re.findall(r"(?ms)^\d{4}-\d\d-\d\d [^\n]*redemption\.cancelled.*?\n\n", text)[:1]
    path.write_text(text.replace(fulfilled, ""), encoding="utf-8")
    assert findings(tool, path) != ""


def test_a_tool_that_is_missing_fails_where_everything_must_be_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(bookkeepers._PROGRAMS, "hledger", Path("/nowhere/hledger"))
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install hledger"):
        bookkeepers.need("hledger")
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match="apt-get install hledger"):
        bookkeepers.need("hledger")


# ── Periods ──────────────────────────────────────────────────────────────────────────────────

BEGIN = datetime(2026, 10, 30, 15, 59, tzinfo=UTC)
"""A minute before midnight in Shanghai, near a month's end."""


@pytest.fixture
def market(database: str) -> Iterator[Market]:
    """Three months with people who ride and spend, and a merchant who takes something back."""
    with Database(database) as opened:
        market = Market(opened, at=BEGIN)
        market.do(market.commit(90_000, "city"), market.commit(50_000, "bank"))
        for day in range(6):
            market.do(market.ride(40 + day), market.ride(7, occurred_at=market.at - timedelta(hours=20)))
            held = [f"r{day}-{number}" for number in range(4)]
            market.do(*(market.hold(own_id, credits=3, face_value_fen=901 + day) for own_id in held))
            market.do(market.use(held[0], store_id="gate"), market.use(held[1]), market.cancel(held[2]))
            if day % 2:
                market.do(market.refund(held[1]))
            market.wait(timedelta(days=16, minutes=day))
        market.expire()
        yield market


CUTS = [
    (None, date(2026, 12, 1)),
    (date(2026, 12, 1), None),
    (date(2026, 11, 1), date(2026, 12, 1)),
    (date(2026, 10, 31), date(2026, 11, 1)),
    (date(2026, 11, 16), date(2026, 11, 30)),
    (date(2020, 1, 1), date(2020, 2, 1)),
    (date(2026, 11, 20), date(2026, 11, 21)),
    (date(2030, 1, 1), None),
]


@each_tool
@each_detail
def test_a_period_ends_with_what_the_ledger_had_at_its_end(
    market: Market, written: Write, tool: TextFormat, detail: Detail
) -> None:
    for begin, end in CUTS:
        path = written(market.database, tool, market.programme_id, begin=begin, end=end, detail=detail)
        assert findings(tool, path) == ""
        ours = in_log(market.database, market.programme_id, before=end or date.max)
        assert balances(tool, path) == ours
        assert ours or end == date(2020, 2, 1)


def test_what_a_month_begins_with_is_one_entry_against_an_account_that_comes_to_nothing(
    market: Market, written: Write
) -> None:
    path = written(market.database, "hledger", market.programme_id, begin=date(2026, 12, 1), assets=("CNY",))
    opening = path.read_text(encoding="utf-8").split("\n\n")[2]
    assert re.match(r"2026-12-01 \(\d+\) opening \d+ events\n", opening)
    assert re.search(r"Equity:Opening +0\.00 CNY\Z", opening)


def test_two_months_one_after_the_other_have_every_entry_once(market: Market, written: Write) -> None:
    cut = date(2026, 12, 1)
    halves = [{"end": cut}, {"begin": cut}]
    first, second, whole = (
        parquet.read_table(written(market.database, "parquet", market.programme_id, **period)).to_pylist()
        for period in (*halves, {})
    )
    assert first + [row for row in second if row["topic"] != OPENING] == whole
    opening = [row for row in second if row["topic"] == OPENING]
    assert {row["position"] for row in opening} == {opening[0]["position"]}
    assert first[-1]["position"] <= opening[0]["position"] < second[len(opening)]["position"]


# ── Names and ids ────────────────────────────────────────────────────────────────────────────

AWKWARD = [
    "Cafe",
    "cafe",
    "tea.house",
    "tea-house",
    "tea_house",
    "tea--house",
    "Tea-",
    "tea-",
    "q.",
    "Q",
    "1._-",
]
SENTENCE = 'a;b  ; "c" \\ %3B | (d) = e @ {f} [2026-01-01] * !'


@each_tool
def test_ids_with_any_signs_are_told_apart(database: str, written: Write, tool: TextFormat) -> None:
    with Database(database) as opened:
        market = Market(opened)
        names: dict[str, Any] = {"name_zh": "名", "name_en": "name", "occurred_at": market.at}
        market.do(market.commit(10_000), market.ride(900))
        for number, own_id in enumerate(AWKWARD, 1):
            market.do(
                *([] if own_id == "cafe" else [OpenMerchant(id=own_id, **names)]),
                OpenFund(id=own_id, **names),
                OpenParticipant(id=own_id, occurred_at=market.at),
                CommitMoney(
                    occurred_at=market.at,
                    id=f"{SENTENCE} {number}",
                    fund_id=own_id,
                    sponsor_id=own_id,
                    value_fen=100 + number,
                ),
                TransferCredits(
                    occurred_at=market.at,
                    id=market.name(),
                    from_account="participant:ada",
                    to_account=f"participant:{own_id}",
                    credits=20 + number,
                ),
                market.hold(
                    f"R{own_id}",
                    participant_id=own_id,
                    merchant_id=own_id,
                    credits=number,
                    face_value_fen=number,
                    funds=(FundWeight(fund_id=own_id, weight=1),),
                ),
                market.use(f"R{own_id}"),
            )
        path = written(opened, tool, market.programme_id)
        assert findings(tool, path) == ""
        assert balances(tool, path) == in_table(opened, market.programme_id)


def test_hledger_adds_up_each_lot_by_its_tag(proving: Database, written: Write) -> None:
    path = written(proving, "hledger")
    _, sums = table_balances(proving, PROGRAMME)
    lots = {lot for _, _, lot in sums if lot}
    assert len(lots) > 1
    for lot in lots:
        ours = {(account, asset): amount for (account, asset, own), amount in sums.items() if own == lot}
        assert balances("hledger", path, f"tag:lot={lot}") == ours


# ── Parquet ──────────────────────────────────────────────────────────────────────────────────


def test_parquet_has_a_row_for_each_leg(proving: Database, written: Write) -> None:
    table = parquet.read_table(written(proving, "parquet"))
    legs = [
        (logged.position, event.recorded_at, logged.topic, *leg)
        for page in Log(proving).pages(PROGRAMME)
        for logged in page
        for event in [mapper().event_of(logged.topic, logged.state)]
        for leg in event.legs
    ]
    rows = table.to_pylist()
    assert [
        (
            *(row["position"], row["recorded_at"], row["topic"], row["account"], row["asset"]),
            *(row["lot"] and row["lot"].isoformat(), row["amount"]),
        )
        for row in rows
    ] == legs
    assert all(row["local_day"] == local_date(row["recorded_at"], SHANGHAI) for row in rows)
    assert table.schema.metadata[b"programme_id"] == PROGRAMME.encode()


def test_parquet_by_day_has_the_sums(proving: Database, written: Write) -> None:
    rows = parquet.read_table(written(proving, "parquet", detail="day")).to_pylist()
    assert {row["topic"] for row in rows} == {DAY}
    sums: dict[tuple[str, str], int] = {}
    for row in rows:
        assert row["recorded_at"] is None
        sums[row["account"], row["asset"]] = sums.get((row["account"], row["asset"]), 0) + row["amount"]
    assert {key: amount for key, amount in sums.items() if amount} == in_table(proving, PROGRAMME)


# ── The rest ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("form", [*TOOLS, "parquet"])
def test_the_same_log_gives_the_same_bytes(proving: Database, written: Write, form: str) -> None:
    assert written(proving, form).read_bytes() == written(proving, form).read_bytes()


@each_tool
def test_text_in_pieces_is_the_file(proving: Database, written: Write, tool: TextFormat) -> None:
    position, pieces = books_text(proving, Wanted(programme_id=PROGRAMME), tool)
    assert position == Log(proving).head(PROGRAMME)
    assert "".join(pieces) == written(proving, tool).read_text(encoding="utf-8")


def test_a_programme_that_nobody_opened_has_no_books(proving: Database, tmp_path: Path) -> None:
    with pytest.raises(ProgrammeNotFound):
        export_books(proving, Wanted(programme_id="nowhere"), "hledger", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
