"""The shapes of answers about funds, for the document alone."""

from typing import Any

from marshmallow import Schema, fields, validate

from api.answer_schemas import LoggedEventAnswer, OwnerAnswer


def _described(text: str, **options: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": text}, **options}


def _whole(text: str, **options: Any) -> fields.Integer:
    return fields.Integer(**_described(text, **options), strict=True)


def _text(text: str, **options: Any) -> fields.String:
    return fields.String(**_described(text, **options))


def _instant(text: str, **options: Any) -> fields.DateTime:
    return fields.DateTime(**_described(text, **options))


def _fen(text: str) -> "fields.List[int]":
    return fields.List(fields.Integer(strict=True), **_described(text))


_MOVEMENT = validate.OneOf(["commit", "withdraw", "transfer"])
_NEXT = "For the next page; null on the last."


class ContributionSums(Schema):
    """What sponsors put in and took out, in 分."""

    committed_fen = _whole("Put in.")
    withdrawn_fen = _whole("Taken back.")
    moved_in_fen = _whole("From other funds.")
    moved_out_fen = _whole("To other funds.")


class PlacesAnswer(Schema):
    """Where a fund's money is, in 分."""

    funded_fen = _whole("Put in and not taken out; the sum of the others.")
    available_fen = _whole("Nothing is promised against it.")
    encumbered_fen = _whole("Set aside by open holds.")
    backing_fen = _whole("Set aside for credits issued on a budget.")
    recoverable_fen = _whole("Merchants have to give it back; it cannot be promised yet.")
    used_fen = _whole("With merchants and the platform.")


class UsedAnswer(Schema):
    """Where used money is, as the settlement view has it."""

    position = _whole("How far that view has come.")
    payable_fen = _whole("Earned, and in no statement yet.")
    settling_fen = _whole("In a statement, and not yet paid.")
    paid_fen = _whole("Paid to merchants.")
    fees_fen = _whole("Withheld for the platform.")


class ThresholdsAnswer(Schema):
    """What a fund's alarms are."""

    thresholds_fen = _fen("Below each of them an alarm is raised; the highest first.")
    margin_fen = _whole("How far above its threshold money must rise before an alarm is cleared.")
    raised_fen = _fen("The thresholds whose alarm stands.")


class FundSummaryAnswer(ContributionSums, PlacesAnswer, ThresholdsAnswer):
    """One fund in a list."""

    id = _text("As its opener chose it.")
    name_zh = _text("Chinese name.")
    name_en = _text("English name.")
    status = _text("Of the fund.", validate=validate.OneOf(["open"]))
    needs_approval = fields.Boolean(**_described("Whether money enters by approved proposals alone."))
    used = fields.Nested(UsedAnswer, **_described("The used money by place."))


class FundsAnswer(Schema):
    """Funds in order of their ids."""

    position = _whole("The position this was read at.")
    funds = fields.List(fields.Nested(FundSummaryAnswer), **_described("By id."))
    next_cursor = _text(_NEXT, allow_none=True)


class SponsorPartAnswer(ContributionSums):
    """One sponsor's part in a fund."""

    sponsor_id = _text("Whose.")
    part_fen = _whole("Put in and not taken out, spent or not; no more can be taken out.")


class RateAnswer(Schema):
    """How fast a fund is promised away."""

    on = fields.Date(**_described("The last local day of the count."))
    days = _whole("How many local days are counted.")
    available_fen = _whole("At the end of the last day.")
    encumbered_fen = _whole("Promised in these days.")
    returned_fen = _whole("Back in these days.")
    backed_fen = _whole("Set aside in these days for credits, net of what came back.")
    burnt_fen = _whole("All of this, net; over `days` it is the rate.")
    days_left = _whole("Whole days for which money lasts at this rate; null for ever.", allow_none=True)


class BurnRatesAnswer(Schema):
    """How fast a fund is promised away, over three stretches."""

    position = _whole("How far the totals view has come.")
    rates = fields.List(fields.Nested(RateAnswer), **_described("Over 7, 30 and 90 local days."))


class FundAnswer(FundSummaryAnswer, OwnerAnswer):
    """One fund: whose money is in it, where it is, how fast it goes."""

    sponsors = fields.List(fields.Nested(SponsorPartAnswer), **_described("By id."))
    burn = fields.Nested(BurnRatesAnswer, **_described("How long it lasts."))


class MovementAnswer(Schema):
    """What went in or out of a fund."""

    position = _whole("Of its event.")
    movement = _text("What it was.", validate=_MOVEMENT)
    value_fen = _whole("Below zero for what left the fund.")
    sponsor_id = _text("Whose money.")
    other_fund_id = _text("Where a transfer went, or came from.", allow_none=True)
    proposal_id = _text("Null when it was committed without one.", allow_none=True)
    proposed_by = _text("The key that proposed it.", allow_none=True)
    approved_by = _text("The key that approved it.", allow_none=True)
    occurred_at = _instant("When it happened.")
    recorded_at = _instant("When it was recorded.")


class MovementsAnswer(Schema):
    """Movements of one fund, the newest first."""

    fund_id = _text("Which fund.")
    position = _whole("The position this was read at.")
    movements = fields.List(fields.Nested(MovementAnswer), **_described("The newest first."))
    next_cursor = _text(_NEXT, allow_none=True)


class AlarmAnswer(Schema):
    """An alarm, and what ended it."""

    raised_position = _whole("Of the event that raised it.")
    threshold_fen = _whole("Below which money fell.")
    raised_at = _instant("When.")
    raised_available_fen = _whole("What was left.")
    cleared_position = _whole("Of the event that ended it; null as long as it stands.", allow_none=True)
    cleared_at = _instant("When; null as long as it stands.", allow_none=True)
    cleared_available_fen = _whole("What there was again; null when the threshold went.", allow_none=True)


class AlarmsAnswer(ThresholdsAnswer):
    """A fund's thresholds and alarms."""

    fund_id = _text("Which fund.")
    position = _whole("The position this was read at.")
    available_fen = _whole("What is free now.")
    alarms = fields.List(fields.Nested(AlarmAnswer), **_described("The newest first."))
    next_cursor = _text(_NEXT, allow_none=True)


class ProposalRowAnswer(Schema):
    """A proposal as far as it has come."""

    proposal_id = _text("As its maker chose it.")
    status = _text(
        "What became of it.", validate=validate.OneOf(["proposed", "approved", "rejected", "lapsed"])
    )
    movement = _text("What is asked.", validate=_MOVEMENT)
    fund_id = _text("The fund that money enters or leaves.")
    to_fund_id = _text("Where a transfer goes.", allow_none=True)
    sponsor_id = _text("Whose money.")
    value_fen = _whole("How much.")
    reference = _text("What it rests on.", allow_none=True)
    lapses_at = _instant("From then on it cannot be approved.")
    proposed_position = _whole("Of the proposal.")
    proposed_by = _text("The key that made it.")
    proposed_at = _instant("When.")
    decided_by = _text("The key that approved or rejected it.", allow_none=True)
    decided_at = _instant("When.", allow_none=True)
    reason = _text("Of a rejection.", allow_none=True)


class ProposalsAnswer(Schema):
    """Proposals, the newest first."""

    position = _whole("The position this was read at.")
    proposals = fields.List(fields.Nested(ProposalRowAnswer), **_described("The newest first."))
    next_cursor = _text(_NEXT, allow_none=True)


class ProposalAnswer(Schema):
    """One proposal and its events."""

    proposal_id = _text("Which one.")
    status = _text(
        "What became of it.", validate=validate.OneOf(["proposed", "approved", "rejected", "lapsed"])
    )
    position = _whole("Of the last of its events.")
    events = fields.List(fields.Nested(LoggedEventAnswer), **_described("In order."))


class FundStandingAnswer(PlacesAnswer):
    """One fund and what can be said of it."""

    id = _text("Which fund.")
    verdict = _text(
        "broken: a number is below zero; empty: nothing is free; low: an alarm stands; sound: none of these.",
        validate=validate.OneOf(["broken", "empty", "low", "sound"]),
    )
    raised_fen = _fen("The thresholds whose alarm stands.")


class MoneyBookAnswer(Schema):
    """All the money of a programme, by place, in 分."""

    funded_fen = _whole("Put in by sponsors and not taken out.")
    available_fen = _whole("Nothing is promised against it.")
    encumbered_fen = _whole("Set aside by open holds.")
    backing_fen = _whole("Set aside for credits issued on a budget.")
    recoverable_fen = _whole("To be given back by merchants.")
    payable_fen = _whole("Earned by merchants, in no statement yet, less what they have to give back.")
    settling_fen = _whole("In statements, and not yet paid.")
    paid_fen = _whole("Paid to merchants.")
    fees_fen = _whole("Withheld for the platform.")
    difference_fen = _whole("Funded less all places; nothing, or the book is broken.")
    below_zero = fields.List(
        fields.String(), **_described("Accounts that stand below zero and must not; none, or it is broken.")
    )


class PromisedAnswer(Schema):
    """What is promised in 分."""

    holds = _whole("Redemptions that hold money.")
    held_fen = _whole("What they hold: all of it is set aside.")
    backed_fen = _whole("For credits issued on a budget: all of it is set aside.")
    owed_to_merchants_fen = _whole("Earned and not yet paid.")
    to_give_back_fen = _whole("What merchants have to give back.")


class CreditRateAnswer(Schema):
    """What credits were used for lately."""

    on = fields.Date(**_described("The last of the local days counted."))
    days = _whole("How many.")
    credits = _whole("Set aside by redemptions in these days.")
    face_value_fen = _whole("What funds set aside for them.")


class PromisableCreditsAnswer(Schema):
    """Credits, which are no promise in 分."""

    position = _whole("How far the totals view has come.")
    outstanding = _whole("Credits that may yet be used, and are not held by a redemption.")
    rate = fields.Nested(
        CreditRateAnswer, **_described("Null when nothing was redeemed lately.", allow_none=True)
    )
    illustrative_fen = _whole(
        "What they would ask for at this rate beyond what backs them; null without a rate.", allow_none=True
    )


class SolvencyAnswer(Schema):
    """Whether a programme can keep what it has promised."""

    position = _whole("The position this was read at.")
    verdict = _text(
        "broken: a sum that must hold does not; short: free money falls short of the illustration; covered: "
        "it reaches; unknown: nothing was redeemed lately, so nothing can be said of credits. In all but "
        "the first every promise in 分 is covered.",
        validate=validate.OneOf(["broken", "short", "covered", "unknown"]),
    )
    money = fields.Nested(MoneyBookAnswer, **_described("Where money is."))
    promised = fields.Nested(PromisedAnswer, **_described("What is promised in 分."))
    credits = fields.Nested(PromisableCreditsAnswer, **_described("What is not."))
    funds = fields.List(fields.Nested(FundStandingAnswer), **_described("Every fund, by id."))
