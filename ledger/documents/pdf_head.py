"""The first page of a statement: letterhead, what is due, and what it is made of."""

from typing import Final

from ledger.documents.amounts import clock, grouped, priced
from ledger.documents.paper import GREEN, GREY, INK, LEFT_MM, PALE, WIDTH_MM, Paper, colour_of
from ledger.documents.statement import Statement
from ledger.documents.summary import SUMS, RowName, last_day, summary_of
from ledger.documents.table import LINE_MM_PER_POINT, Column, Table, section

LEFT_WIDTH_MM: Final = 96
RIGHT_X_MM: Final = LEFT_MM + LEFT_WIDTH_MM + 6
RIGHT_WIDTH_MM: Final = WIDTH_MM - LEFT_WIDTH_MM - 6
LABEL_WIDTH_MM: Final = 24


def draw_letterhead(paper: Paper, statement: Statement) -> None:
    """Draw whose statement it is, of whom, for when, and where it stands."""
    of, words = statement, paper.words
    top = 13.0
    paper.put(LEFT_MM, top + 5, words["title"], 17, width=WIDTH_MM, align="right", bold=True)
    room = WIDTH_MM - paper.measure(words["title"], 17, bold=True) - 8
    programme = words.pick(of.programme_name_zh, of.programme_name_en)
    left = _block(paper, top, programme, room, sizes=(12, 10, 8.5))
    paper.put(LEFT_MM, left, of.programme_id, 8, colour=GREY)
    paper.put(LEFT_MM, top + 11, of.number, 9, width=WIDTH_MM, align="right", colour=GREY)
    y = max(left, top + 11) + 4
    paper.rule(y)
    paper.put(LEFT_MM, y + 6, words["merchant"], 8, colour=GREY)
    merchant = words.pick(of.merchant_name_zh, of.merchant_name_en)
    left = _block(paper, y + 7, merchant, LEFT_WIDTH_MM, sizes=(14, 11, 9))
    paper.put(LEFT_MM, left, of.merchant_id, 8, colour=GREY)
    paper.set_y(max(left, _facts(paper, y + 6, statement)) + 4)


def _block(paper: Paper, y: float, text: str, width: float, *, sizes: tuple[float, ...]) -> float:
    """Draw a name below `y`, in the largest size in which two lines are enough, and tell where to go on."""
    lines: list[str] = []
    size = sizes[-1]
    for size in sizes:
        lines = paper.wrapped(text, size, width, bold=True)
        if len(lines) <= 2:  # noqa: PLR2004 - more look like a paragraph
            break
    for line in lines:
        y += size * LINE_MM_PER_POINT
        paper.put(LEFT_MM, y, line, size, bold=True)
    return y + 4.8


def _facts(paper: Paper, y: float, of: Statement) -> float:
    words = paper.words
    last = last_day(of)
    is_approved = of.approved_at is not None
    approved = clock(of.approved_at, of.time_zone) if of.approved_at else words["not_yet"]
    facts = [
        ("period", words["period_days"].format(first=of.starts_on, last=last), ""),
        ("status", words.of("status", of.status), ""),
        ("issued_at", clock(of.issued_at, of.time_zone), of.issued_by),
        ("objections_until", clock(of.objections_until, of.time_zone), ""),
        ("approved_at", approved, of.approved_by if is_approved else ""),
        ("time_zone", of.time_zone, ""),
    ]
    x, width = RIGHT_X_MM + LABEL_WIDTH_MM, RIGHT_WIDTH_MM - LABEL_WIDTH_MM
    for name, fact, by in facts:
        is_status = name == "status"
        paper.put(RIGHT_X_MM, y, words[name], 8, colour=GREY)
        paper.put(x, y, fact, 8.5, bold=is_status, colour=GREEN if is_status else INK)
        y += 4.6
        for line in paper.wrapped(by or "", 7.5, width) if by else ():
            paper.put(x, y - 0.8, line, 7.5, colour=GREY)
            y += 3.8
    return y


def draw_figures(paper: Paper, statement: Statement) -> None:
    """Draw the amounts that somebody looks for first."""
    words = paper.words
    rows = {row.name: row for row in summary_of(statement)}
    top = paper.y
    is_negative = statement.total_fen < 0
    height = 30.0 if is_negative else 25.0
    paper.box(top, height, PALE)
    paper.box(top, height, GREEN, width=1.2)
    x = LEFT_MM + 6
    total = priced(rows["total" if is_negative else "due"].earned_fen)
    paper.put(x, top + 7, words["total" if is_negative else "total_due"], 9, colour=GREY)
    width = 29.0
    room = WIDTH_MM - 10 - 3 * width - 3
    paper.put(x, top + 19, total, 26, width=room, bold=True, colour=colour_of(total, GREEN))
    if is_negative:
        paper.put(x, top + 26, words["nothing_due"], 8, colour=GREY)
    names: list[RowName] = ["payable_now"] if is_negative else ["held_back", "paid", "payable_now"]
    for number, name in enumerate(reversed(names), 1):
        amount = priced(rows[name].earned_fen)
        place = LEFT_MM + WIDTH_MM - 4 - number * width
        paper.put(place, top + 7, words[name], 8, width=width, align="right", colour=GREY)
        paper.put(place + 2, top + 19, amount, 11, width=width - 2, align="right", bold=name == "payable_now")
    paper.set_y(top + height + 4)


def draw_sums(paper: Paper, statement: Statement) -> None:
    """Draw the summary, who pays it, and what was paid."""
    _summary(paper, statement)
    _funds(paper, statement)
    _payouts(paper, statement)


def _summary(paper: Paper, statement: Statement) -> None:
    words = paper.words
    section(paper, words["summary"], words["in_yuan"])
    columns = [
        Column(words["item"], 64),
        Column(words["count"], 24, "right"),
        *(Column(words[name], 30, "right") for name in ("face_value", "fee", "earned")),
    ]
    table = Table(paper, columns)
    hidden: set[RowName] = set() if statement.carried_out_fen else {"carried_out", "due"}
    if not statement.moved_fen:
        hidden.add("moved")
    for row in summary_of(statement):
        if row.name in hidden:
            continue
        is_sum = row.name in SUMS
        label = "total_due" if row.name == "total" and "due" in hidden else row.name
        count = "" if row.lines is None else f"{row.lines:,}"
        amounts = (row.face_value_fen, row.fee_fen, row.earned_fen)
        table.row([words[label], count, *map(_amount, amounts)], bold=is_sum, filled=is_sum)


def _amount(fen: int | None) -> str:
    return "" if fen is None else grouped(fen)


def _funds(paper: Paper, statement: Statement) -> None:
    words, parts = paper.words, statement.funds
    _begin(paper, words["funds"])
    if not parts:
        _nothing(paper, words["no_funds"])
        return
    amounts = [Column(words[name], 30, "right") for name in ("face_value", "fee", "earned")]
    table = Table(paper, [Column(words["fund"], 52), Column(words["fund_id"], 36), *amounts])
    for part in parts:
        name = words.pick(part.name_zh, part.name_en)
        sums = map(grouped, (part.face_value_fen, part.fee_fen, part.earned_fen))
        table.row([name, part.fund_id, *sums])
    total = (
        sum(part.face_value_fen for part in parts),
        sum(part.fee_fen for part in parts),
        sum(part.earned_fen for part in parts),
    )
    table.row([words["sum"], "", *map(grouped, total)], bold=True, filled=True)


def _payouts(paper: Paper, statement: Statement) -> None:
    words = paper.words
    _begin(paper, words["payouts"])
    if not statement.payouts:
        _nothing(paper, words["no_payouts"])
        return
    columns = [
        Column(words["payout_id"], 38),
        Column(words["status"], 18),
        Column(words["instructed_at"], 30),
        Column(words["confirmed_at"], 30),
        Column(words["bank_reference"], 36),
        Column(words["value"], 26, "right"),
    ]
    table = Table(paper, columns, size=8)
    for payout in statement.payouts:
        confirmed = "" if payout.confirmed_at is None else clock(payout.confirmed_at, statement.time_zone)
        table.row(
            [
                payout.id,
                words.of("payout", payout.status),
                clock(payout.instructed_at, statement.time_zone),
                confirmed,
                payout.bank_reference or "",
                grouped(payout.value_fen),
            ],
            note=words["reason_is"].format(reason=payout.reason) if payout.reason else "",
        )


def _begin(paper: Paper, title: str) -> None:
    """Begin a section with room for its heading and a few rows."""
    paper.set_y(paper.y + 4)
    if not paper.has_room(28):
        paper.add_page()
    section(paper, title)


def _nothing(paper: Paper, text: str) -> None:
    paper.put(LEFT_MM, paper.y + 3.5, text, 8.5, colour=GREY)
    paper.set_y(paper.y + 5)
