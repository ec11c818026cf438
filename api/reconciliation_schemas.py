"""The shapes of answers about reconciliation, for the document alone.

Rule of the room: as in `api.answer_schemas`; answers are written from what the ledger gives.
"""

from typing import Any, get_args

from marshmallow import Schema, fields, validate

from ledger.bills import BillKind
from ledger.reconciling.shapes import BREAK_CODES, BREAK_STATUSES, RESOLUTIONS, Relation, Rule


def _described(text: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": text}, **options}


def _whole(text: str, **options: Any) -> fields.Integer:
    return fields.Integer(**_described(text, **options), strict=True)


def _text(text: str, **options: Any) -> fields.String:
    return fields.String(**_described(text, **options))


def _day(text: str, **options: Any) -> fields.Date:
    return fields.Date(**_described(text, **options))


def _instant(text: str, **options: Any) -> fields.DateTime:
    return fields.DateTime(**_described(text, **options))


_KIND = validate.OneOf(get_args(BillKind))
_RELATION = validate.OneOf(get_args(Relation))
_CODE = validate.OneOf(BREAK_CODES)
_MERCHANT = "Whose; null for nobody's."
_NEXT = "For the next page; null on the last."


class MappingAnswer(Schema):
    """How a merchant's own file is read."""

    merchant_id = _text("Whose.")
    version = _whole("Counted from 1.")
    mapping = fields.Dict(**_described("As docs/bills.md describes it."))
    saved_at = _instant("When.")
    saved_by = _text("Id of the key.")


class ExampleAnswer(Schema):
    """A line that could not be read."""

    line = _whole("From 1.")
    reason = _text("One of those of docs/bills.md.")
    excerpt = _text("What stands there.")


class FileHappeningAnswer(Schema):
    """What somebody did with a file."""

    number = _whole("From 1.")
    at = _instant("When.")
    by = _text("Who.")
    what = _text("What.", validate=validate.OneOf(["imported", "withdrawn", "restored"]))
    note = _text("Why, or under which name.")


class FileAnswer(Schema):
    """A file that was imported."""

    file_id = _text("From its content, its kind, whose it is and how it is read.")
    kind = _text("What it is.", validate=_KIND)
    merchant_id = _text(_MERCHANT, allow_none=True)
    mapping_version = _whole("By which it was read.", allow_none=True)
    content_sha256 = _text("Of its bytes.")
    name = _text("As it was called.")
    size_bytes = _whole("Its length.")
    rows = _whole("Rows that were read.")
    value_fen = _whole("Their sum.")
    fee_fen = _whole("The sum of the fees they bear.")
    first_on = _day("Of its first row.", allow_none=True)
    last_on = _day("Of its last row.", allow_none=True)
    until_on = _day("Up to which day it tells of its account.", allow_none=True)
    imported_at = _instant("When it was first imported.")
    imported_by = _text("Id of the key.")
    withdrawn_at = _instant("Since when it counts for nothing.", allow_none=True)
    unreadable = _whole("Lines that could not be read.")
    passed_over = _whole("Rows that do not count by the source's own word.")
    is_agreed = fields.Boolean(
        **_described("Whether its own summary agrees; null where it has none.", allow_none=True)
    )
    of_kind = fields.Dict(**_described("Rows, value and fee by kind of row."))
    differences = fields.List(fields.Dict(), **_described("Where its own summary does not agree."))
    examples = fields.List(fields.Nested(ExampleAnswer), **_described("The first lines not read."))


class OneFileAnswer(FileAnswer):
    """A file, with what was done with it."""

    history = fields.List(fields.Nested(FileHappeningAnswer), **_described("In order."))


class FilesAnswer(Schema):
    """A page of files."""

    files = fields.List(fields.Nested(FileAnswer), **_described("By id."))
    next_cursor = _text(_NEXT, allow_none=True)


class CountedAnswer(Schema):
    """How many, and their sum."""

    count = _whole("How many.")
    value_fen = _whole("Their 分.")


class RelationAnswer(Schema):
    """What two sides come to."""

    relation = _text("Which two sides.", validate=_RELATION)
    ledger_items = _whole("Lines, payouts or trades.")
    ledger_fen = _whole("Their sum.")
    other_rows = _whole("Rows of the other side.")
    other_fen = _whole("Their sum.")
    difference_fen = _whole("The other side less the first.")
    matched = fields.Dict(
        keys=fields.String(), values=fields.Nested(CountedAnswer), **_described("What agrees, by rule.")
    )
    breaks = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(CountedAnswer),
        **_described("Breaks and differences, by code."),
    )
    set_aside = fields.Nested(CountedAnswer, **_described("Rows that may still change; in no sum."))


class LedgerTotalsAnswer(Schema):
    """The ledger's lines of the period; refunds without sign."""

    merchants = _whole("Those with a line.")
    uses = _whole("Lines.")
    used_fen = _whole("Face value.")
    used_fee_fen = _whole("Fees.")
    refunds = _whole("Lines.")
    refunded_fen = _whole("Face value.")
    refunded_fee_fen = _whole("Fees.")


class SettingsAnswer(Schema):
    """How a run looks."""

    near_days = _whole("Rule 2: days between two sides that name nothing in common.")
    payment_days = _whole("Days after which a payout should stand in the bank's statement.")
    reach_days = _whole("Days around the period in which the other side is looked for.")


class RunAnswer(Schema):
    """A comparison that was made."""

    run_id = _text("From everything that it stands on.")
    number = _whole("Counted from 1.")
    starts_on = _day("The first local day.")
    ends_on = _day("The local day after the last.")
    merchant_id = _text("The only merchant; null for all.", allow_none=True)
    position = _whole("Of the log.")
    file_ids = fields.List(fields.String(), **_described("Files that it stands on."))
    rules_version = _whole("Of the rules.")
    settings = fields.Nested(SettingsAnswer, **_described("How it looked."))
    digest = _text("SHA-256 over all matches and breaks.")
    made_at = _instant("When.")
    made_by = _text("Id of the key.")
    ties = fields.Boolean(**_described("Whether every 分 between two sides is a break's."))
    has_matches = fields.Boolean(**_described("Whether its matches are kept."))
    relations = fields.List(fields.Nested(RelationAnswer), **_described("Those there are files for."))
    told = fields.Nested(LedgerTotalsAnswer, **_described("Of merchants whose side was told."))
    untold = fields.Nested(LedgerTotalsAnswer, **_described("Of the others, who were not compared."))
    payouts_not_due = fields.Nested(CountedAnswer, **_described("Payouts that the bank cannot show yet."))
    unreadable_lines = _whole("In its files.")


class RunsAnswer(Schema):
    """A page of runs."""

    runs = fields.List(fields.Nested(RunAnswer), **_described("The latest first."))
    next_cursor = _text(_NEXT, allow_none=True)


class CheckedRunAnswer(Schema):
    """Whether a run, made again, comes out the same."""

    run_id = _text("Which run.")
    is_same = fields.Boolean(**_described("Whether it has the same digest."))


class MatchAnswer(Schema):
    """A line, payout or trade, and the row that it is."""

    match_no = _whole("In the run, from 1.")
    relation = _text("Between which two sides.", validate=_RELATION)
    rule = _text("That found it.", validate=validate.OneOf(get_args(Rule)))
    code = _text("Of the break between them; null when they agree.", validate=_CODE, allow_none=True)
    merchant_id = _text(_MERCHANT, allow_none=True)
    kind = _text("Use, refund, payment, return.")
    item = _text("Redemption, payout or trade.")
    item_fen = _whole("As the first side has it.")
    item_on = _day("As the first side has it.", allow_none=True)
    file_id = _text("Of the row.")
    row_no = _whole("In the file, from 1.")
    row_fen = _whole("As the row has it.")
    row_on = _day("As the row has it.")


class MatchesAnswer(Schema):
    """A page of matches."""

    matches = fields.List(fields.Nested(MatchAnswer), **_described("In order."))
    next_after = _whole("`after` of the next page; null on the last.", allow_none=True)


class FindingAnswer(Schema):
    """A break as a run found it."""

    break_id = _text("The same in every run that finds it.")
    code = _text("What is wrong.", validate=_CODE)
    relation = _text("Between which two sides.", validate=_RELATION)
    kind = _text("Use, refund, payment, return.")
    merchant_id = _text(_MERCHANT, allow_none=True)
    reference = _text("By which the other side knows it; empty where it has none.")
    item = _text("Redemption, payout or trade.", allow_none=True)
    item_fen = _whole("As the first side has it.", allow_none=True)
    item_fee_fen = _whole("As the first side has it.", allow_none=True)
    item_on = _day("As the first side has it.", allow_none=True)
    position = _whole("Of the ledger's event.", allow_none=True)
    file_id = _text("Of the row.", allow_none=True)
    row_no = _whole("In the file, from 1.", allow_none=True)
    row_fen = _whole("As the row has it.", allow_none=True)
    row_fee_fen = _whole("As the row has it.", allow_none=True)
    row_on = _day("As the row has it.", allow_none=True)
    difference_fen = _whole("The other side less the first, as both count in the period.")


class FindingsAnswer(Schema):
    """A page of a run's breaks."""

    breaks = fields.List(fields.Nested(FindingAnswer), **_described("By id."))
    next_cursor = _text(_NEXT, allow_none=True)


class BreakAnswer(FindingAnswer):
    """A break as it stands."""

    line = _whole("In the file, from 1.", allow_none=True)
    first_run_id = _text("That found it first.")
    first_found_at = _instant("When that was.")
    last_run_id = _text("That found it last.")
    last_found_at = _instant("When that was.")
    age_days = _whole("Since it was first found.")
    status = _text("Where it stands.", validate=validate.OneOf(BREAK_STATUSES))
    owner = _text("Who has it.", allow_none=True)
    resolution = _text("How it was resolved.", validate=validate.OneOf(RESOLUTIONS), allow_none=True)
    resolution_position = _whole("Of the correcting event.", allow_none=True)
    resolution_topic = _text("Of the correcting event.", allow_none=True)
    resolved_by = _text("Who said so.", allow_none=True)
    confirmed_by = _text("Who confirmed it.", allow_none=True)


class HappeningAnswer(Schema):
    """A line of a break's history."""

    number = _whole("From 1.")
    at = _instant("When.")
    by = _text("Who; of a run, whoever asked for it.")
    what = _text("What.")
    note = _text("Why.")
    run_id = _text("The run.", allow_none=True)
    told = fields.Dict(**_described("What it set."))


class OneBreakAnswer(BreakAnswer):
    """A break, with its history."""

    history = fields.List(fields.Nested(HappeningAnswer), **_described("In order."))


class BreaksAnswer(Schema):
    """A page of breaks."""

    breaks = fields.List(fields.Nested(BreakAnswer), **_described("By id."))
    next_cursor = _text(_NEXT, allow_none=True)
