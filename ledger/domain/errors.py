"""Every way the ledger says no, as one tree.

    LedgerError
    ├── InvalidInput            the request can never succeed as written        (400)
    ├── NotAuthenticated        no key, or a key nobody knows                   (401)
    ├── NotPermitted            a good key that may not do this                 (403)
    ├── NotFound                the thing named in the request does not exist   (404)
    ├── WrongMethod             the address knows other methods than this one   (405)
    ├── Conflict                something else already stands under this name   (409)
    ├── TooLarge                more than one request may carry                 (413)
    ├── WrongContent            the body is of another kind than is read here   (415)
    ├── Refused                 a rule of the programme says no today           (422)
    ├── Internal                a fault of the ledger itself                    (500)
    ├── Unavailable             try the very same request again later           (503)
    └── CannotStart             an operator must act first; over HTTP only /ready says it

A leaf's `code` is frozen once released; its docstring is its message; its dataclass fields
are its typed details; `next_step` tells the caller what to do about it. Families carry the
HTTP status (one table in `api/problems.py`), leaves never do.
"""

import inspect
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, ClassVar


@dataclass(eq=False)
class LedgerError(Exception):
    """Something the ledger refuses, told in a way that programs can act on."""

    code: ClassVar[str] = ""
    next_step: ClassVar[str] = ""

    @classmethod
    def message(cls) -> str:
        """The docstring as one line: what went wrong, for people."""
        return " ".join(inspect.cleandoc(cls.__doc__ or "").split())

    def details(self) -> dict[str, Any]:
        """The typed fields by name, for programs."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.details().items())
        return f"{self.code}: {self.message()} ({shown})" if shown else f"{self.code}: {self.message()}"


class InvalidInput(LedgerError):
    """The request can never succeed as written."""


class NotAuthenticated(LedgerError):
    """The request carries no key that the ledger knows."""


class NotPermitted(LedgerError):
    """The key is good, but not for this."""


class NotFound(LedgerError):
    """The thing named in the request does not exist."""


class Conflict(LedgerError):
    """Something else already stands under this name."""


class WrongMethod(LedgerError):
    """The address exists, and knows other methods than this one."""


class TooLarge(LedgerError):
    """The request carries more than one request may."""


class WrongContent(LedgerError):
    """The body is of another kind than this address reads."""


class Refused(LedgerError):
    """A rule of the programme says no today."""


class Internal(LedgerError):
    """A fault of the ledger itself."""


class Unavailable(LedgerError):
    """The ledger cannot answer now; the same request may succeed later."""


# ── Quantities, measurements, methodologies and conversion rules ─────────────────────────────
# All of them are faults of the request: nothing about the programme's day could make it succeed.


@dataclass(eq=False)
class DecimalMalformed(InvalidInput):
    """A decimal is written as ASCII digits with at most one point, at most nine digits on either side
    of it, without sign, exponent or leading zero.
    """

    code: ClassVar[str] = "decimal_malformed"
    next_step: ClassVar[str] = "Write the number plainly, for example 25.0."
    value: str


@dataclass(eq=False)
class SplitWeightsInvalid(InvalidInput):
    """An amount can only be split by weights of at least 0 that are not all 0."""

    code: ClassVar[str] = "split_weights_invalid"
    next_step: ClassVar[str] = "Give each part a whole weight, at least one of them above 0."
    weights: list[int]


@dataclass(eq=False)
class MeasurementMissing(InvalidInput):
    """The activity does not report a measurement that the formula or the conversion rule needs."""

    code: ClassVar[str] = "measurement_missing"
    next_step: ClassVar[str] = "Send the activity again with the field named here."
    field: str
    formula: str


@dataclass(eq=False)
class MeasurementUnexpected(InvalidInput):
    """The activity reports a measurement that the formula does not use."""

    code: ClassVar[str] = "measurement_unexpected"
    next_step: ClassVar[str] = "Leave the field out, or report the activity under the scenario that uses it."
    field: str
    formula: str


@dataclass(eq=False)
class MeasurementMalformed(InvalidInput):
    """The measurement is not written as a plain decimal: ASCII digits with at most one point, at most
    nine digits on either side of it.
    """

    code: ClassVar[str] = "measurement_malformed"
    next_step: ClassVar[str] = "Write the number plainly, for example 25.0."
    field: str
    value: str


@dataclass(eq=False)
class MeasurementOutOfBounds(InvalidInput):
    """The measurement is below 0, or above what one activity may report."""

    code: ClassVar[str] = "measurement_out_of_bounds"
    next_step: ClassVar[str] = "Check the unit; split what is truly larger into several activities."
    field: str
    value: str
    value_max: int


@dataclass(eq=False)
class ShareOutOfBounds(InvalidInput):
    """A share of the reduction is a decimal above 0 and at most 1."""

    code: ClassVar[str] = "share_out_of_bounds"
    next_step: ClassVar[str] = "Give a decimal such as 0.5; to give nothing, reject the evidence."
    value: str


@dataclass(eq=False)
class FormulaUnknown(InvalidInput):
    """The ledger knows no formula of this kind."""

    code: ClassVar[str] = "formula_unknown"
    next_step: ClassVar[str] = "Choose one of the known kinds."
    formula: str
    known: list[str]


@dataclass(eq=False)
class ParameterMissing(InvalidInput):
    """The methodology lacks a parameter that its formula needs."""

    code: ClassVar[str] = "parameter_missing"
    next_step: ClassVar[str] = "Publish the methodology with the parameter named here."
    parameter: str
    formula: str


@dataclass(eq=False)
class ParameterUnknown(InvalidInput):
    """The methodology carries a parameter that its formula does not use."""

    code: ClassVar[str] = "parameter_unknown"
    next_step: ClassVar[str] = "Leave the parameter out."
    parameter: str
    formula: str


@dataclass(eq=False)
class ParameterOutOfBounds(InvalidInput):
    """The parameter is not a whole number within its bounds."""

    code: ClassVar[str] = "parameter_out_of_bounds"
    next_step: ClassVar[str] = "Give a whole number from 1 to the bound named here."
    parameter: str
    value: str
    value_max: int


@dataclass(eq=False)
class FactorMissing(InvalidInput):
    """The methodology lacks a factor that its formula needs."""

    code: ClassVar[str] = "factor_missing"
    next_step: ClassVar[str] = "Publish the methodology with the factor named here, in its unit."
    factor: str
    unit: str
    formula: str


@dataclass(eq=False)
class FactorUnknown(InvalidInput):
    """The methodology carries a factor that its formula does not use, at least not beside the others."""

    code: ClassVar[str] = "factor_unknown"
    next_step: ClassVar[str] = "Leave it out; petrol is given either per litre or by its chain of factors."
    factor: str
    formula: str


@dataclass(eq=False)
class FactorRepeated(InvalidInput):
    """Two factors of the methodology have the same name."""

    code: ClassVar[str] = "factor_repeated"
    next_step: ClassVar[str] = "Keep one of them."
    factor: str


@dataclass(eq=False)
class FactorUnitMismatch(InvalidInput):
    """The factor is not in the unit that the formula calculates with."""

    code: ClassVar[str] = "factor_unit_mismatch"
    next_step: ClassVar[str] = "Convert the value to the expected unit."
    factor: str
    unit: str
    unit_expected: str


@dataclass(eq=False)
class FactorOutOfBounds(InvalidInput):
    """The factor's value is not a plain decimal within the bounds of its unit."""

    code: ClassVar[str] = "factor_out_of_bounds"
    next_step: ClassVar[str] = "Check the value against its unit and its source."
    factor: str
    value: str
    value_min: str
    value_max: str


@dataclass(eq=False)
class FactorUnsourced(InvalidInput):
    """The factor lacks its provenance: a region or source is blank or too long, its year is out of
    bounds, or its date of publication is not an ISO day or month.
    """

    code: ClassVar[str] = "factor_unsourced"
    next_step: ClassVar[str] = "Say where the value comes from; mark it illustrative if nobody published it."
    factor: str
    field: str


@dataclass(eq=False)
class ConversionRuleOutOfBounds(InvalidInput):
    """A number of the conversion rule is below 1 or above its bound."""

    code: ClassVar[str] = "conversion_rule_out_of_bounds"
    next_step: ClassVar[str] = "Give a whole number from 1 to the bound named here."
    field: str
    value: int
    value_max: int


@dataclass(eq=False)
class ConversionFieldUnmeasured(InvalidInput):
    """The conversion rule counts blocks of a measurement that the methodology's formula never reads."""

    code: ClassVar[str] = "conversion_field_unmeasured"
    next_step: ClassVar[str] = "Count blocks of a measurement that the formula uses, or convert from grams."
    field: str
    formula: str


@dataclass(eq=False)
class GridFactorNotFound(NotFound):
    """No grid factor is published for this region and year in the table that ships with the ledger."""

    code: ClassVar[str] = "grid_factor_not_found"
    next_step: ClassVar[str] = "Name a region as its source writes it, and a year the table covers."
    region: str
    year: int


# ── Starting up: settings, the embedded database, migrations ─────────────────────────────────
# An operator reads these on a terminal or in a log, before the first request can be taken.


class CannotStart(LedgerError):
    """The ledger cannot start as it stands; an operator must act first."""


@dataclass(eq=False)
class SettingInvalid(CannotStart):
    """A setting in the environment has a value that is not accepted."""

    code: ClassVar[str] = "setting_invalid"
    next_step: ClassVar[str] = "Set the variable to an accepted value, or remove it to take the default."
    variable: str
    value: str
    accepted: str


@dataclass(eq=False)
class EmbeddedDatabaseBusy(CannotStart):
    """Another process already runs the embedded database in this folder."""

    code: ClassVar[str] = "embedded_database_busy"
    next_step: ClassVar[str] = "Stop the other process, or choose another folder with LEDGER_DATA_DIR."
    folder: str
    process_id: int | None


@dataclass(eq=False)
class EmbeddedDatabaseOtherVersion(CannotStart):
    """The folder was made by another major version of PostgreSQL than the one installed here."""

    code: ClassVar[str] = "embedded_database_other_version"
    next_step: ClassVar[str] = "Run the version that made the folder, or move the data with pg_dump."
    folder: str
    version_found: str
    version_here: str


@dataclass(eq=False)
class EmbeddedDatabaseFailed(CannotStart):
    """The embedded database did not start."""

    code: ClassVar[str] = "embedded_database_failed"
    next_step: ClassVar[str] = "Read the reason given here and the database's log in the folder."
    folder: str
    reason: str


@dataclass(eq=False)
class DatabaseUnreachable(CannotStart):
    """The database server does not take our connection."""

    code: ClassVar[str] = "database_unreachable"
    next_step: ClassVar[str] = "Check DATABASE_URL, and that the server runs and lets this user in."
    reason: str


@dataclass(eq=False)
class MigrationFolderBroken(CannotStart):
    """The migrations are not files named NNNN_name.sql, numbered from 0001 without gap or repetition."""

    code: ClassVar[str] = "migration_folder_broken"
    next_step: ClassVar[str] = "Restore the folder as released; give a new migration the next free number."
    folder: str
    reason: str


@dataclass(eq=False)
class MigrationEdited(CannotStart):
    """A migration was changed after this database had applied it."""

    code: ClassVar[str] = "migration_edited"
    next_step: ClassVar[str] = "Restore the file as released, and put the change into a new migration."
    number: int
    name: str


@dataclass(eq=False)
class MigrationFailed(CannotStart):
    """A migration stopped with an error and was rolled back; those before it stay applied."""

    code: ClassVar[str] = "migration_failed"
    next_step: ClassVar[str] = "Remove the cause named here and run the migrations again."
    number: int
    name: str
    reason: str


@dataclass(eq=False)
class MigrationsPending(CannotStart):
    """The database lacks migrations that this version of the ledger needs."""

    code: ClassVar[str] = "migrations_pending"
    next_step: ClassVar[str] = "Run `ledger migrate`, then start again."
    numbers: list[int]


@dataclass(eq=False)
class DatabaseNewerThanCode(CannotStart):
    """The database was migrated by a newer version of the ledger than this one."""

    code: ClassVar[str] = "database_newer_than_code"
    next_step: ClassVar[str] = "Start the newer version; migrations only go forward."
    numbers: list[int]


@dataclass(eq=False)
class ProgressFileUnsuitable(CannotStart):
    """The file to go on with was not written by an earlier run of this command."""

    code: ClassVar[str] = "progress_file_unsuitable"
    next_step: ClassVar[str] = "Name another file, or remove this one to begin anew."
    file: str
    reason: str


# --- the programme's book ------------------------------------------------------------------------


@dataclass(eq=False)
class OccurredOutOfBounds(InvalidInput):
    """The time of the act lies in the future, or before the year 2000."""

    code: ClassVar[str] = "occurred_out_of_bounds"
    next_step: ClassVar[str] = "Check the caller's clock and the offset of the timestamp."
    field: str
    value: datetime
    earliest: datetime
    latest: datetime


@dataclass(eq=False)
class TimeZoneUnknown(InvalidInput):
    """The time zone is not in the IANA database."""

    code: ClassVar[str] = "time_zone_unknown"
    next_step: ClassVar[str] = "Send an IANA name such as Asia/Shanghai."
    field: str
    value: str


@dataclass(eq=False)
class ExpiryTooLong(InvalidInput):
    """Counted to the end of a month or a year, credits could live longer than ten years."""

    code: ClassVar[str] = "expiry_too_long"
    next_step: ClassVar[str] = "Send fewer months."
    field: str
    value: int
    months_max: int


@dataclass(eq=False)
class SameAccount(InvalidInput):
    """A transfer needs two different accounts."""

    code: ClassVar[str] = "same_account"
    next_step: ClassVar[str] = "Name another account in to_account."
    account: str


@dataclass(eq=False)
class AdjustmentZero(InvalidInput):
    """An adjustment by nothing adjusts nothing."""

    code: ClassVar[str] = "adjustment_zero"
    next_step: ClassVar[str] = "Send the credits to give (above zero) or to take (below zero)."
    field: str


@dataclass(eq=False)
class LotOutOfBounds(InvalidInput):
    """The lot has passed, lies more than ten years ahead, or comes with credits being taken."""

    code: ClassVar[str] = "lot_out_of_bounds"
    next_step: ClassVar[str] = "Leave the lot out, or name a day within the bounds when giving credits."
    field: str
    value: date
    earliest: date
    latest: date


@dataclass(eq=False)
class DeadlineOutOfBounds(InvalidInput):
    """A hold's deadline has passed already, or lies more than a year ahead."""

    code: ClassVar[str] = "deadline_out_of_bounds"
    next_step: ClassVar[str] = "Send a deadline after now and within a year."
    field: str
    value: datetime
    after: datetime
    latest: datetime


@dataclass(eq=False)
class FundNamedTwice(InvalidInput):
    """A redemption names the same fund more than once."""

    code: ClassVar[str] = "fund_named_twice"
    next_step: ClassVar[str] = "Name each fund once, with the sum of its weights."
    field: str
    fund_ids: list[str]


@dataclass(eq=False)
class FeeAboveFaceValue(InvalidInput):
    """The fee is more than the merchant would be paid."""

    code: ClassVar[str] = "fee_above_face_value"
    next_step: ClassVar[str] = "Send a fee of at most the face value."
    field: str
    value: int
    face_value_fen: int


@dataclass(eq=False)
class DiscountTooHigh(InvalidInput):
    """The merchant's own discount leaves nothing of the list price for the funds to bear."""

    code: ClassVar[str] = "discount_too_high"
    next_step: ClassVar[str] = "Send a discount below the list price."
    field: str
    value: int
    list_price_fen: int


@dataclass(eq=False)
class SerialRangeEmpty(InvalidInput):
    """The first serial of the delivery is above its last."""

    code: ClassVar[str] = "serial_range_empty"
    next_step: ClassVar[str] = "Send the lowest serial as the first and the highest as the last."
    field: str
    first_serial: int
    last_serial: int


@dataclass(eq=False)
class ValidityEmpty(InvalidInput):
    """The scenario, campaign or offer would end before it begins."""

    code: ClassVar[str] = "validity_empty"
    next_step: ClassVar[str] = "Send a valid_to after valid_from, or none."
    field: str
    valid_from: datetime
    valid_to: datetime


@dataclass(eq=False)
class PositionBeyondLog(InvalidInput):
    """The log has no event at the position asked for."""

    code: ClassVar[str] = "position_beyond_log"
    next_step: ClassVar[str] = "Name a position from 1 to log_position."
    position: int
    log_position: int


@dataclass(eq=False)
class ProgrammeNotFound(NotFound):
    """No programme has this id."""

    code: ClassVar[str] = "programme_not_found"
    next_step: ClassVar[str] = "Check the id in the path, or open the programme first."
    programme_id: str


@dataclass(eq=False)
class AccountNotFound(NotFound):
    """Nobody has opened this account."""

    code: ClassVar[str] = "account_not_found"
    next_step: ClassVar[str] = "Check the id, or open the participant, organisation, merchant or fund first."
    account: str


@dataclass(eq=False)
class ScenarioNotFound(NotFound):
    """No scenario has this id, or not this version."""

    code: ClassVar[str] = "scenario_not_found"
    next_step: ClassVar[str] = "Check the id and the version, or publish the scenario first."
    scenario_id: str


@dataclass(eq=False)
class MethodologyNotFound(NotFound):
    """No methodology has this id, or not this version."""

    code: ClassVar[str] = "methodology_not_found"
    next_step: ClassVar[str] = "Check the id and the version, or publish the methodology first."
    methodology_id: str
    version: int


@dataclass(eq=False)
class RedemptionNotFound(NotFound):
    """No redemption has this id."""

    code: ClassVar[str] = "redemption_not_found"
    next_step: ClassVar[str] = "Check the id, or hold the redemption first."
    redemption_id: str


@dataclass(eq=False)
class StoreNotFound(NotFound):
    """The merchant has no store of this id."""

    code: ClassVar[str] = "store_not_found"
    next_step: ClassVar[str] = "Read the merchant's stores, or open this one first."
    merchant_id: str
    store_id: str


@dataclass(eq=False)
class OfferNotFound(NotFound):
    """No offer has this id."""

    code: ClassVar[str] = "offer_not_found"
    next_step: ClassVar[str] = "Read the published offers, or publish this one first."
    offer_id: str


@dataclass(eq=False)
class VoucherUnknown(NotFound):
    """No voucher of this programme has this code or this id."""

    code: ClassVar[str] = "voucher_unknown"
    next_step: ClassVar[str] = (
        "Read the code again, character by character; a wrong one is told in no other way."
    )


@dataclass(eq=False)
class SinkNotFound(NotFound):
    """No carbon-sink project has this id."""

    code: ClassVar[str] = "sink_not_found"
    next_step: ClassVar[str] = "Check the id, or open the project first."
    project_id: str


@dataclass(eq=False)
class DonationNotFound(NotFound):
    """No donation has this id."""

    code: ClassVar[str] = "donation_not_found"
    next_step: ClassVar[str] = "Check the id, or make the donation first."
    donation_id: str


@dataclass(eq=False)
class ContentDiffers(Conflict):
    """Something else was recorded under this id before."""

    code: ClassVar[str] = "content_differs"
    next_step: ClassVar[str] = "Send the first content again to get its outcome, or use a new id."
    id: str
    fields: list[str]


@dataclass(eq=False)
class VersionOutOfSequence(Conflict):
    """Versions are published one after the other, without a gap."""

    code: ClassVar[str] = "version_out_of_sequence"
    next_step: ClassVar[str] = "Publish the expected version; read the published ones first."
    id: str
    version: int
    expected: int


@dataclass(eq=False)
class OfferOfAnother(Conflict):
    """An offer stays with the merchant who gave it first."""

    code: ClassVar[str] = "offer_of_another"
    next_step: ClassVar[str] = "Publish it under another id for another merchant."
    offer_id: str
    merchant_id: str


@dataclass(eq=False)
class OfferChanged(Conflict):
    """The offer has other terms than those that were shown: another version holds now."""

    code: ClassVar[str] = "offer_changed"
    next_step: ClassVar[str] = (
        "Read the offer, show its terms again, and send the version that was agreed to."
    )
    offer_id: str
    version: int
    version_now: int


@dataclass(eq=False)
class VoucherCodeTaken(Conflict):
    """Another voucher has the code that would be this one's."""

    code: ClassVar[str] = "voucher_code_taken"
    next_step: ClassVar[str] = "Take the offer under another id, which has another code."
    redemption_id: str


@dataclass(eq=False)
class SerialsOverlap(Conflict):
    """Some of these serials were delivered to the project before."""

    code: ClassVar[str] = "serials_overlap"
    next_step: ClassVar[str] = "Compare with the delivery named here; send only serials that are new."
    project_id: str
    delivery_id: str
    first_serial: int
    last_serial: int


@dataclass(eq=False)
class ScenarioNotValid(Refused):
    """No published version of the scenario covers the time of the act."""

    code: ClassVar[str] = "scenario_not_valid"
    next_step: ClassVar[str] = "Check occurred_at, or publish a version that covers it."
    scenario_id: str
    occurred_at: datetime


@dataclass(eq=False)
class AccountClosed(Refused):
    """The account was closed for good."""

    code: ClassVar[str] = "account_closed"
    next_step: ClassVar[str] = "Use another account."
    account: str


@dataclass(eq=False)
class AccountFrozen(Refused):
    """The account is frozen: it can neither give, receive nor redeem."""

    code: ClassVar[str] = "account_frozen"
    next_step: ClassVar[str] = "Ask the operator to unfreeze it, then send the same request again."
    account: str


@dataclass(eq=False)
class AccountStatusUnsuitable(Refused):
    """The account is not in the status that this change starts from."""

    code: ClassVar[str] = "account_status_unsuitable"
    next_step: ClassVar[str] = "Read the account; perhaps the change has been made already."
    account: str
    status: str
    needed: str


@dataclass(eq=False)
class AccountNotEmpty(Refused):
    """The account still holds credits, free or set aside."""

    code: ClassVar[str] = "account_not_empty"
    next_step: ClassVar[str] = "Spend, give away or expire the credits first."
    account: str
    credits_left: int


@dataclass(eq=False)
class TransferNotAllowed(Refused):
    """This programme's credits cannot be given away."""

    code: ClassVar[str] = "transfer_not_allowed"
    next_step: ClassVar[str] = "Nothing: it is the programme's rule."
    programme_id: str


@dataclass(eq=False)
class TransferQuotaExceeded(Refused):
    """The participant would give away more than the quota of this local month."""

    code: ClassVar[str] = "transfer_quota_exceeded"
    next_step: ClassVar[str] = "Send less, or the same request again next month."
    account: str
    quota_credits: int
    given_credits: int
    asked_credits: int


@dataclass(eq=False)
class InsufficientCredits(Refused):
    """The account holds fewer spendable credits than needed."""

    code: ClassVar[str] = "insufficient_credits"
    next_step: ClassVar[str] = "Earn more, then send the same request again: a refusal is not remembered."
    account: str
    needed_credits: int
    spendable_credits: int


@dataclass(eq=False)
class InsufficientUnits(Refused):
    """The project has fewer free units than needed."""

    code: ClassVar[str] = "insufficient_units"
    next_step: ClassVar[str] = "Donate for fewer units, or have more delivered and send the same again."
    project_id: str
    needed_units: int
    free_units: int


@dataclass(eq=False)
class TooManyDeliveries(Refused):
    """The project has had as many deliveries of units as it may have."""

    code: ClassVar[str] = "too_many_deliveries"
    next_step: ClassVar[str] = "Open another project for further units."
    project_id: str
    deliveries_max: int


@dataclass(eq=False)
class LotsExpired(Refused):
    """The account would hold enough credits, had some of them not run out."""

    code: ClassVar[str] = "credits_expired"
    next_step: ClassVar[str] = (
        "Earn more, then send the same request again; expired credits do not come back."
    )
    account: str
    needed_credits: int
    spendable_credits: int
    expired_credits: int


@dataclass(eq=False)
class InsufficientFund(Refused):
    """The fund has less money free than is asked of it."""

    code: ClassVar[str] = "insufficient_fund"
    next_step: ClassVar[str] = "Commit more money to the fund, then send the same request again."
    fund_id: str
    needed_fen: int
    available_fen: int


@dataclass(eq=False)
class CommitmentNeedsApproval(Refused):
    """Money enters this fund only by a proposal that another key approves."""

    code: ClassVar[str] = "commitment_needs_approval"
    next_step: ClassVar[str] = "Propose the commitment, and let another key approve it."
    fund_id: str


@dataclass(eq=False)
class ThresholdNamedTwice(InvalidInput):
    """A fund's thresholds name each amount once."""

    code: ClassVar[str] = "threshold_named_twice"
    next_step: ClassVar[str] = "Name each threshold once."
    field: str
    thresholds_fen: list[int]


@dataclass(eq=False)
class MoneyTargetUnsuitable(InvalidInput):
    """A transfer names another fund to which the money goes, and nothing but a transfer names one."""

    code: ClassVar[str] = "money_target_unsuitable"
    next_step: ClassVar[str] = "Name the target of a transfer in to_fund_id; leave it out otherwise."
    field: str
    movement: str
    fund_id: str
    to_fund_id: str | None


@dataclass(eq=False)
class ProposalNotFound(NotFound):
    """Nobody has made this proposal."""

    code: ClassVar[str] = "proposal_not_found"
    next_step: ClassVar[str] = "Check the id, or list the proposals of the fund."
    proposal_id: str


@dataclass(eq=False)
class ProposalDecided(Refused):
    """The proposal was approved or rejected before."""

    code: ClassVar[str] = "proposal_decided"
    next_step: ClassVar[str] = "Read what became of it; for another movement make another proposal."
    proposal_id: str
    status: str


@dataclass(eq=False)
class ProposalLapsed(Refused):
    """The proposal's time to be approved has passed."""

    code: ClassVar[str] = "proposal_lapsed"
    next_step: ClassVar[str] = "Propose it again, under a new id."
    proposal_id: str
    lapsed_at: datetime


@dataclass(eq=False)
class SecondKeyNeeded(Refused):
    """What one key has prepared another key must approve."""

    code: ClassVar[str] = "second_key_needed"
    next_step: ClassVar[str] = "Let somebody else approve it, with a key of their own."
    by: str


@dataclass(eq=False)
class SponsorHasLess(Refused):
    """The sponsor has put less into the fund than this, what it took out again left aside."""

    code: ClassVar[str] = "sponsor_has_less"
    next_step: ClassVar[str] = "Ask for no more than the sponsor's part, which the fund's report shows."
    sponsor_id: str
    fund_id: str
    needed_fen: int
    part_fen: int


@dataclass(eq=False)
class RedemptionStatusUnsuitable(Refused):
    """The redemption is not in the status that this step starts from."""

    code: ClassVar[str] = "redemption_status_unsuitable"
    next_step: ClassVar[str] = "Read the redemption; another step was taken before."
    redemption_id: str
    status: str
    needed: str


@dataclass(eq=False)
class HoldExpired(Refused):
    """The deadline for using this redemption has passed."""

    code: ClassVar[str] = "hold_expired"
    next_step: ClassVar[str] = "Cancel it, which gives the credits back, and hold a new one."
    redemption_id: str
    deadline_at: datetime


@dataclass(eq=False)
class StoreClosedAlready(Refused):
    """The store was closed for good."""

    code: ClassVar[str] = "store_closed"
    next_step: ClassVar[str] = "Name another store of the merchant."
    merchant_id: str
    store_id: str


@dataclass(eq=False)
class OfferWithdrawn(Refused):
    """The offer is not open: its latest version withdrew it."""

    code: ClassVar[str] = "offer_withdrawn"
    next_step: ClassVar[str] = "Show another offer; vouchers that were taken before can still be used."
    offer_id: str


@dataclass(eq=False)
class OfferNotValid(Refused):
    """The offer can be taken from an instant on, and before another; this is neither."""

    code: ClassVar[str] = "offer_not_valid"
    next_step: ClassVar[str] = "Take it within its time, or show another offer."
    offer_id: str
    valid_from: datetime
    valid_to: datetime | None


@dataclass(eq=False)
class OfferSoldOut(Refused):
    """All vouchers of the offer are taken."""

    code: ClassVar[str] = "offer_sold_out"
    next_step: ClassVar[str] = "Wait for one to be given back, or publish a version with a larger stock."
    offer_id: str
    stock: int


@dataclass(eq=False)
class OfferMonthSoldOut(Refused):
    """All vouchers of the offer for this local month are taken."""

    code: ClassVar[str] = "offer_month_sold_out"
    next_step: ClassVar[str] = "Send the same request again next month."
    offer_id: str
    month: str
    month_quota: int


@dataclass(eq=False)
class OfferLimitReached(Refused):
    """The participant has as many vouchers of the offer as one may have, in this month or altogether."""

    code: ClassVar[str] = "offer_limit_reached"
    next_step: ClassVar[str] = "Where a month is named, send the same request again after it; else nothing."
    offer_id: str
    limit: int
    month: str | None


@dataclass(eq=False)
class VoucherCodeNeeded(Refused):
    """A voucher is used with its code."""

    code: ClassVar[str] = "voucher_code_needed"
    next_step: ClassVar[str] = "Send the code and the store to vouchers/fulfil."
    redemption_id: str


@dataclass(eq=False)
class StoreWrong(Refused):
    """The voucher cannot be used in this store."""

    code: ClassVar[str] = "store_wrong"
    next_step: ClassVar[str] = "Use it in a store of its merchant, one of those that its offer names."
    store_id: str | None


@dataclass(eq=False)
class VoucherUsed(Refused):
    """The voucher was used before."""

    code: ClassVar[str] = "voucher_used"
    next_step: ClassVar[str] = "Give nothing for it; the time and the store of its use stand here."
    redemption_id: str
    used_at: datetime
    store_id: str | None


@dataclass(eq=False)
class VoucherCancelled(Refused):
    """The voucher was cancelled, and its credits given back."""

    code: ClassVar[str] = "voucher_cancelled"
    next_step: ClassVar[str] = "Take the offer again."
    redemption_id: str


@dataclass(eq=False)
class VoucherExpired(Refused):
    """The voucher's last day has passed."""

    code: ClassVar[str] = "voucher_expired"
    next_step: ClassVar[str] = (
        "Take the offer again; the credits come back with a cancel or the next expiry run."
    )
    redemption_id: str
    deadline_at: datetime


@dataclass(eq=False)
class VoucherDayWrong(Refused):
    """The voucher cannot be used on this weekday."""

    code: ClassVar[str] = "voucher_day_wrong"
    next_step: ClassVar[str] = "Come again on one of the weekdays named here, Monday being 1."
    redemption_id: str
    weekday: int
    weekdays: list[int]


@dataclass(eq=False)
class MerchantOwedLess(Refused):
    """The merchant is owed less than this redemption was worth. Nothing is refused for it any more."""

    code: ClassVar[str] = "merchant_owed_less"
    next_step: ClassVar[str] = "Nothing gives this code; what is refunded is a line of the next statement."
    merchant_id: str
    owed_fen: int
    face_value_fen: int
    fee_fen: int


@dataclass(eq=False)
class StatementNotFound(NotFound):
    """No statement has this id."""

    code: ClassVar[str] = "statement_not_found"
    next_step: ClassVar[str] = (
        "Close the period first; the id is the merchant's, a colon and the day it ends."
    )
    statement_id: str


@dataclass(eq=False)
class LineNotFound(NotFound):
    """The statement has no such line of this redemption."""

    code: ClassVar[str] = "line_not_found"
    next_step: ClassVar[str] = "Take the redemption and the kind of line from the statement's lines."
    statement_id: str
    line: str
    redemption_id: str


@dataclass(eq=False)
class DisputeNotFound(NotFound):
    """Nobody has objected to this line."""

    code: ClassVar[str] = "dispute_not_found"
    next_step: ClassVar[str] = "Read the statement's disputes."
    statement_id: str
    line: str
    redemption_id: str


@dataclass(eq=False)
class PayoutNotFound(NotFound):
    """The statement has no payout of this id."""

    code: ClassVar[str] = "payout_not_found"
    next_step: ClassVar[str] = "Read the statement's payouts."
    statement_id: str
    payout_id: str


@dataclass(eq=False)
class PayoutExists(Conflict):
    """A payout of another statement has this id, and a bank tells payouts by it."""

    code: ClassVar[str] = "payout_exists"
    next_step: ClassVar[str] = "Choose another id."
    payout_id: str
    statement_id: str


@dataclass(eq=False)
class AmendmentUnsuitable(InvalidInput):
    """An amended line has an amount that differs from the statement's, between the bounds given here;
    one that is upheld has none.
    """

    code: ClassVar[str] = "amendment_unsuitable"
    next_step: ClassVar[str] = "Send what the merchant earns by the line after all, or uphold it without."
    field: str
    value: int | None
    outcome: str
    earned_fen: int
    least_fen: int
    most_fen: int


@dataclass(eq=False)
class PeriodNotOver(Refused):
    """A period is closed when its last day is over."""

    code: ClassVar[str] = "period_not_over"
    next_step: ClassVar[str] = "Send the programme's local today or an earlier day as the end, or wait."
    field: str
    value: date
    today: date


@dataclass(eq=False)
class PeriodSettled(Refused):
    """The merchant's days up to this one are in statements already."""

    code: ClassVar[str] = "period_settled"
    next_step: ClassVar[str] = "Close up to a later day; the next statement begins where the last one ended."
    merchant_id: str
    closed_until: date


@dataclass(eq=False)
class NothingToSettle(Refused):
    """The merchant has no use and no refund before this day that is in no statement."""

    code: ClassVar[str] = "nothing_to_settle"
    next_step: ClassVar[str] = "Leave the merchant out; what comes later is in a later statement."
    merchant_id: str
    ends_on: date


@dataclass(eq=False)
class PeriodTooLong(Refused):
    """From the merchant's first line in no statement on, the period has more days than one statement may."""

    code: ClassVar[str] = "period_too_long"
    next_step: ClassVar[str] = "Close an earlier day first, then this one."
    first_on: date
    ends_on: date
    days_max: int


@dataclass(eq=False)
class RegisterIncomplete(Refused):
    """Uses that an earlier release recorded are missing in what is to be settled."""

    code: ClassVar[str] = "register_incomplete"
    next_step: ClassVar[str] = (
        "Have an operator run `ledger registers rebuild` and start the servers anew, then send it again."
    )
    merchant_id: str
    payable_fen: int
    register_fen: int


@dataclass(eq=False)
class StatementStatusUnsuitable(Refused):
    """The statement is not in the status that this step starts from."""

    code: ClassVar[str] = "statement_status_unsuitable"
    next_step: ClassVar[str] = (
        "Read the statement; it must be approved first, or another step was taken before."
    )
    statement_id: str
    status: str
    needed: str


@dataclass(eq=False)
class ObjectionsClosed(Refused):
    """The time for objections to this statement is over."""

    code: ClassVar[str] = "objections_closed"
    next_step: ClassVar[str] = (
        "Agree on a refund of the redemption; it comes as a line of the next statement."
    )
    statement_id: str
    objections_end_on: date


@dataclass(eq=False)
class ObjectionsOpen(Refused):
    """The merchant can still object to this statement."""

    code: ClassVar[str] = "objections_open"
    next_step: ClassVar[str] = (
        "Approve it from the day given here on; with is_early, when the merchant has agreed."
    )
    statement_id: str
    objections_end_on: date


@dataclass(eq=False)
class TooManyDisputes(Refused):
    """So many lines of the statement are disputed that it is wrong as a whole."""

    code: ClassVar[str] = "too_many_disputes"
    next_step: ClassVar[str] = "Resolve the cause with the merchant; later lines can be refunded."
    statement_id: str
    disputes_max: int


@dataclass(eq=False)
class LineDisputed(Refused):
    """The use is disputed, and what it is worth must be said first."""

    code: ClassVar[str] = "line_disputed"
    next_step: ClassVar[str] = "Resolve the dispute, then send the same request again."
    redemption_id: str
    statement_id: str


@dataclass(eq=False)
class NothingToPay(Refused):
    """All that is left of the statement is disputed or under way."""

    code: ClassVar[str] = "nothing_to_pay"
    next_step: ClassVar[str] = "Resolve the disputes, or wait for the payouts that are under way."
    statement_id: str
    held_back_fen: int
    under_way_fen: int


@dataclass(eq=False)
class PayoutStatusUnsuitable(Refused):
    """The payout is not in the status that this step starts from."""

    code: ClassVar[str] = "payout_status_unsuitable"
    next_step: ClassVar[str] = "Read the statement's payouts; for another attempt instruct another one."
    payout_id: str
    status: str
    needed: str


@dataclass(eq=False)
class TooManyPayouts(Refused):
    """The statement has had so many payouts that something else is wrong."""

    code: ClassVar[str] = "too_many_payouts"
    next_step: ClassVar[str] = "Find out why none of them arrives, with the merchant and the bank."
    statement_id: str
    payouts_max: int


@dataclass(eq=False)
class DocumentTooLong(Refused):
    """The statement has more lines than an answer may have in this format."""

    code: ClassVar[str] = "document_too_long"
    next_step: ClassVar[str] = (
        "Take CSV or JSON, or have an operator run `ledger settle document`, which writes any number."
    )
    statement_id: str
    lines: int
    lines_max: int


@dataclass(eq=False)
class ExpiryNotDue(Refused):
    """Credits can be spent until the end of their last day, which is not over."""

    code: ClassVar[str] = "expiry_not_due"
    next_step: ClassVar[str] = "Send a day before the programme's local today."
    field: str
    value: date
    today: date


@dataclass(eq=False)
class LapseNotDue(Refused):
    """The instant lies ahead, and windows may be open until then."""

    code: ClassVar[str] = "lapse_not_due"
    next_step: ClassVar[str] = "Send an instant that has passed."
    field: str
    value: datetime
    now: datetime


# --- writing ----------------------------------------------------------------------------------


@dataclass(eq=False)
class BulkNotApplied(Refused):
    """Another line of an atomic request was refused, so nothing of the request was written."""

    code: ClassVar[str] = "bulk_not_applied"
    next_step: ClassVar[str] = "Mend the refused line and send the whole request again."
    refused_index: int


@dataclass(eq=False)
class DatabaseUnavailable(Unavailable):
    """The database cannot be reached; what was being written may or may not have been recorded."""

    code: ClassVar[str] = "database_unavailable"
    next_step: ClassVar[str] = "Send the very same request again: it will count once."
    reason: str


@dataclass(eq=False)
class VoucherKeyMissing(Unavailable):
    """This deployment lacks the key that the codes of vouchers are made with."""

    code: ClassVar[str] = "voucher_key_missing"
    next_step: ClassVar[str] = (
        "Have LEDGER_VOUCHER_KEY set, or the key that made the code among those before it."
    )


@dataclass(eq=False)
class QueueFull(Unavailable):
    """More commands are waiting than the ledger takes; nothing of this request was recorded."""

    code: ClassVar[str] = "queue_full"
    next_step: ClassVar[str] = "Wait as long as Retry-After says and send the same request again."
    queue_commands_max: int


@dataclass(eq=False)
class CommitTimedOut(Unavailable):
    """The commit took too long to wait for; the request may or may not be recorded."""

    code: ClassVar[str] = "commit_timed_out"
    next_step: ClassVar[str] = "Send the very same request again: it will count once."
    waited_ms: int


@dataclass(eq=False)
class ViewLagging(Unavailable):
    """The view has not come as far as the position asked for."""

    code: ClassVar[str] = "view_lagging"
    next_step: ClassVar[str] = (
        "Send the same request again as Retry-After says, or without min_position to read what is there. "
        "A stopped_position is for the operator: `ledger status` says why the view stopped."
    )
    view: str
    position: int
    min_position: int
    log_position: int
    stopped_position: int | None


@dataclass(eq=False)
class EventNewerThanCode(Unavailable):
    """The log holds an event that only a later release than this one can read."""

    code: ClassVar[str] = "event_newer_than_code"
    next_step: ClassVar[str] = (
        "Send the same request again: another process may be of the later release. "
        "The operator must bring all of them up to it."
    )
    topic: str
    version_known: int
    """0 when the topic is not known."""
    version_found: int


@dataclass(eq=False)
class RebuildRunning(Unavailable):
    """Another process is building the same views anew."""

    code: ClassVar[str] = "rebuild_running"
    next_step: ClassVar[str] = "Wait until it has ended, then run the same command again."
    schema: str


@dataclass(eq=False)
class ShuttingDown(Unavailable):
    """This process is stopping and takes no more commands; nothing of this request was recorded."""

    code: ClassVar[str] = "shutting_down"
    next_step: ClassVar[str] = "Send the same request again; another process will take it."


@dataclass(eq=False)
class TooManyFollowers(Unavailable):
    """As many callers as may wait for the log in this process are waiting already."""

    code: ClassVar[str] = "too_many_followers"
    next_step: ClassVar[str] = "Wait as long as Retry-After says, or ask without waiting for more."
    followers_max: int


# --- moving a programme -----------------------------------------------------------------------------


@dataclass(eq=False)
class LedgerFileUnreadable(InvalidInput):
    """The file is not a ledger file, or no longer a whole one."""

    code: ClassVar[str] = "ledger_file_unreadable"
    next_step: ClassVar[str] = "Copy it again from where `ledger export-ledger` wrote it, or export again."
    file: str
    reason: str


@dataclass(eq=False)
class LedgerFileNewerThanCode(InvalidInput):
    """The file is of a form that only a later release than this one can read."""

    code: ClassVar[str] = "ledger_file_newer_than_code"
    next_step: ClassVar[str] = "Bring this deployment up to the release that wrote the file."
    file: str
    version_known: int
    version_found: int


@dataclass(eq=False)
class LedgerFileAltered(InvalidInput):
    """The events in the file are not those that its manifest tells of."""

    code: ClassVar[str] = "ledger_file_altered"
    next_step: ClassVar[str] = "Copy it again from where `ledger export-ledger` wrote it, or export again."
    file: str
    differs: str
    """A field of the manifest."""
    in_manifest: Any
    in_events: Any


@dataclass(eq=False)
class LogUnsound(Refused):
    """Something in the log cannot be as it is, so nothing is made of it."""

    code: ClassVar[str] = "log_unsound"
    next_step: ClassVar[str] = (
        "Run `ledger verify` where the programme lives, put right what it names, and run the command again."
    )
    programme_id: str
    position: int | None
    finding: str
    """As `ledger verify` calls it."""
    explanation: str


@dataclass(eq=False)
class ProgrammeExists(Conflict):
    """Something of this programme is here already, so it cannot be taken in."""

    code: ClassVar[str] = "programme_exists"
    next_step: ClassVar[str] = "See whether it was taken in before; nothing is ever merged or replaced."
    programme_id: str
    tables: list[str]


@dataclass(eq=False)
class ImportRunning(Unavailable):
    """Another process is taking in the same programme."""

    code: ClassVar[str] = "import_running"
    next_step: ClassVar[str] = "Wait until it has ended, and look at what it said."
    programme_id: str


# --- bills -------------------------------------------------------------------------------------------


@dataclass(eq=False)
class BillFileUnsuitable(InvalidInput):
    """The file is not a bill of this kind, so no row of it can be read."""

    code: ClassVar[str] = "bill_file_unsuitable"
    next_step: ClassVar[str] = "Name its kind or get it again; docs/bills.md says what is read."
    kind: str
    reason: str
    found: str
    """The beginning of what stands there instead; empty where nothing does."""


@dataclass(eq=False)
class BillMappingUnsuitable(InvalidInput):
    """The mapping does not say in a readable way how to read a merchant's own file."""

    code: ClassVar[str] = "bill_mapping_unsuitable"
    next_step: ClassVar[str] = "Correct what the reason names; docs/bills.md shows a mapping."
    reason: str


# --- reconciliation -------------------------------------------------------------------------------


@dataclass(eq=False)
class MappingNotFound(NotFound):
    """Nothing says how the merchant's own files are read, or nothing under this version."""

    code: ClassVar[str] = "mapping_not_found"
    next_step: ClassVar[str] = "Save a mapping for the merchant first; docs/bills.md shows one."
    merchant_id: str
    version: int | None


@dataclass(eq=False)
class ReconciliationFileNotFound(NotFound):
    """No file has this id."""

    code: ClassVar[str] = "reconciliation_file_not_found"
    next_step: ClassVar[str] = "List the files and take an id from there."
    file_id: str


@dataclass(eq=False)
class ReconciliationRunNotFound(NotFound):
    """No run has this id, or none was made yet."""

    code: ClassVar[str] = "reconciliation_run_not_found"
    next_step: ClassVar[str] = "List the runs and take an id from there, or make one."
    run_id: str


@dataclass(eq=False)
class BreakNotFound(NotFound):
    """No break has this id."""

    code: ClassVar[str] = "break_not_found"
    next_step: ClassVar[str] = "List the breaks and take an id from there."
    break_id: str


@dataclass(eq=False)
class FileImportedOtherwise(Conflict):
    """The very content counts already as a file of another kind or merchant, or read by another mapping."""

    code: ClassVar[str] = "file_imported_otherwise"
    next_step: ClassVar[str] = "Withdraw that file if it was imported wrongly, then import again."
    file_id: str
    kind: str
    merchant_id: str | None
    mapping_version: int | None


@dataclass(eq=False)
class BreakStatusUnsuitable(Refused):
    """The break's status does not allow this step."""

    code: ClassVar[str] = "break_status_unsuitable"
    next_step: ClassVar[str] = "Look at the break's history; somebody or a run was quicker."
    break_id: str
    status: str
    needed_statuses: list[str]


@dataclass(eq=False)
class CorrectingEventUnsuitable(Refused):
    """The event named has nothing to do with the break, or came before what is wrong."""

    code: ClassVar[str] = "correcting_event_unsuitable"
    next_step: ClassVar[str] = "Name the position of the event that corrected this redemption or payout."
    position: int
    topic: str
    reason: str


@dataclass(eq=False)
class ReconciliationRunning(Unavailable):
    """Another reconciliation run of the programme is under way."""

    code: ClassVar[str] = "reconciliation_running"
    next_step: ClassVar[str] = "Ask again when it has ended; a run takes seconds."
    programme_id: str


# --- templates --------------------------------------------------------------------------------------


@dataclass(eq=False)
class TemplateUnreadable(InvalidInput):
    """The file is not a template, or one of its commands is none."""

    code: ClassVar[str] = "template_unreadable"
    next_step: ClassVar[str] = "Correct what the reason names; docs/templates.md says what stands in one."
    reason: str


@dataclass(eq=False)
class TemplateNotFound(NotFound):
    """No template of this name ships with the ledger, and no such file is here."""

    code: ClassVar[str] = "template_not_found"
    next_step: ClassVar[str] = "Name one of those known, or the path of a template's file."
    template: str
    known: list[str]


@dataclass(eq=False)
class TemplateRefused(Refused):
    """A command of the template is refused, so none of them was recorded."""

    code: ClassVar[str] = "template_refused"
    next_step: ClassVar[str] = "Correct the command in a copy of the template, and use that."
    command: int
    """Its number in the template, counted from 1."""
    kind: str
    id: str
    refusal: str


@dataclass(eq=False)
class TemplateTooLong(Refused):
    """The programme has more organisations, merchants and rules than a template may hold."""

    code: ClassVar[str] = "template_too_long"
    next_step: ClassVar[str] = "Move the programme whole, with `ledger export-ledger`."
    commands: int
    commands_max: int


@dataclass(eq=False)
class ProgrammeOpen(Conflict):
    """There is a programme of this id already."""

    code: ClassVar[str] = "programme_open"
    next_step: ClassVar[str] = "Choose another id, or publish new versions in the programme that is there."
    programme_id: str


# --- webhooks -------------------------------------------------------------------------------------


@dataclass(eq=False)
class WebhookNotFound(NotFound):
    """The programme has no webhook of this id."""

    code: ClassVar[str] = "webhook_not_found"
    next_step: ClassVar[str] = "List the programme's webhooks, or create it first."
    webhook_id: str


@dataclass(eq=False)
class DeadLetterNotFound(NotFound):
    """The webhook has no dead letter of this position."""

    code: ClassVar[str] = "dead_letter_not_found"
    next_step: ClassVar[str] = "List the dead letters; perhaps this one is being tried again already."
    webhook_id: str
    position: int


@dataclass(eq=False)
class WebhookExists(Conflict):
    """The programme has a webhook of this id already."""

    code: ClassVar[str] = "webhook_exists"
    next_step: ClassVar[str] = "Read it; rotate its secret if nobody has it, or choose another id."
    webhook_id: str


@dataclass(eq=False)
class WebhookUrlNotAllowed(InvalidInput):
    """Messages are not sent to this address: only to https addresses of the public internet, unless the
    operator allows others.
    """

    code: ClassVar[str] = "webhook_url_not_allowed"
    next_step: ClassVar[str] = "Send a public https address, or have LEDGER_WEBHOOK_PRIVATE_ADDRESSES set."
    field: str
    reason: str


@dataclass(eq=False)
class TooManyWebhooks(Refused):
    """The programme has as many webhooks as it may have."""

    code: ClassVar[str] = "too_many_webhooks"
    next_step: ClassVar[str] = "Delete one that is no longer needed."
    webhooks_max: int


# --- from an act to credits ------------------------------------------------------------------------


@dataclass(eq=False)
class TreatmentUnknown(InvalidInput):
    """A treatment is neither `accept`, `hold` nor `reject`, nor a share such as `0.8`; or a share of
    evidence is none.
    """

    code: ClassVar[str] = "treatment_unknown"
    next_step: ClassVar[str] = "Send one of the words where they fit, or a share above 0 and at most 1."
    field: str
    value: str


@dataclass(eq=False)
class WindowWithoutRipening(InvalidInput):
    """A claim window is set for credits that are spendable at once."""

    code: ClassVar[str] = "window_without_ripening"
    next_step: ClassVar[str] = "Set ripens_after_h as well, or leave claim_within_h out."
    field: str


@dataclass(eq=False)
class ExclusionRepeated(InvalidInput):
    """A scenario names an exclusion group twice."""

    code: ClassVar[str] = "exclusion_repeated"
    next_step: ClassVar[str] = "Name each group once, with the subject that it is about."
    field: str
    group: str


@dataclass(eq=False)
class MultiplierOutOfBounds(InvalidInput):
    """A multiplier is a plain decimal above 1, of at most four places, and not above its bound."""

    code: ClassVar[str] = "multiplier_out_of_bounds"
    next_step: ClassVar[str] = "Write the multiplier plainly, for example 1.5."
    field: str
    value: str
    multiplier_max: int


@dataclass(eq=False)
class TierLevelsUnordered(InvalidInput):
    """The levels of a campaign stand by their grams, the lowest first, each above the one before."""

    code: ClassVar[str] = "tier_levels_unordered"
    next_step: ClassVar[str] = "Put the levels in order, each threshold once."
    field: str


@dataclass(eq=False)
class CampaignUnfunded(InvalidInput):
    """A campaign that a merchant pays for names the fund from which it is paid."""

    code: ClassVar[str] = "campaign_unfunded"
    next_step: ClassVar[str] = "Name a budget, or leave the merchant out."
    field: str
    merchant_id: str


@dataclass(eq=False)
class TooManyCampaigns(Refused):
    """An act could count in more campaigns than one act may."""

    code: ClassVar[str] = "too_many_campaigns"
    next_step: ClassVar[str] = (
        "End another campaign with its next version, or choose other scenarios or dates."
    )
    campaigns_max: int


@dataclass(eq=False)
class ProposalUnreadable(InvalidInput):
    """The file is not what a request to publish such a rule would carry."""

    code: ClassVar[str] = "proposal_unreadable"
    next_step: ClassVar[str] = "Write the body of the request as one JSON object; the reason names the field."
    file: str
    reason: str


@dataclass(eq=False)
class CampaignNotFound(NotFound):
    """No campaign has this id, or not this version."""

    code: ClassVar[str] = "campaign_not_found"
    next_step: ClassVar[str] = "Check the id and the version, or publish the campaign first."
    campaign_id: str


@dataclass(eq=False)
class SubjectMissing(InvalidInput):
    """The scenario excludes double counting by a subject that the activity does not name."""

    code: ClassVar[str] = "subject_missing"
    next_step: ClassVar[str] = "Send the HMAC of the subject named in field."
    field: str
    group: str


@dataclass(eq=False)
class IntervalUnsuitable(InvalidInput):
    """The activity's interval has one end only, is empty, runs backwards or is longer than a month."""

    code: ClassVar[str] = "interval_unsuitable"
    next_step: ClassVar[str] = "Send both began_at and the later ended_at, or neither."
    field: str
    began_at: datetime | None
    ended_at: datetime | None


@dataclass(eq=False)
class PartnerUnsuitable(InvalidInput):
    """A programme is named as a partner twice, or is the programme itself."""

    code: ClassVar[str] = "partner_unsuitable"
    next_step: ClassVar[str] = "Name every other programme once."
    field: str
    programme_id: str


@dataclass(eq=False)
class PolicyNotFound(NotFound):
    """The programme has published no policy, or none of this version."""

    code: ClassVar[str] = "policy_not_found"
    next_step: ClassVar[str] = "Read the list of published versions."
    version: int | None


@dataclass(eq=False)
class EntryNotFound(NotFound):
    """The event at this position has nothing to do with the account, or is not there yet."""

    code: ClassVar[str] = "entry_not_found"
    next_step: ClassVar[str] = "Take a position from the account's statement."
    account: str
    position: int


@dataclass(eq=False)
class ActivityNotFound(NotFound):
    """The source has reported no activity of this id."""

    code: ClassVar[str] = "activity_not_found"
    next_step: ClassVar[str] = "Send the source and the source's own id as they were recorded."
    source: str
    activity_id: str


@dataclass(eq=False)
class ActivityStatusUnsuitable(Refused):
    """What is asked does not fit what has become of the activity."""

    code: ClassVar[str] = "activity_status_unsuitable"
    next_step: ClassVar[str] = "Read the activity's events: its status is given here."
    source: str
    activity_id: str
    status: str
    needed: str


@dataclass(eq=False)
class NothingPending(Refused):
    """The activity has no credits that wait to be claimed."""

    code: ClassVar[str] = "nothing_pending"
    next_step: ClassVar[str] = (
        "List the participant's pending credits; they may be claimed already, or lapsed."
    )
    source: str
    activity_id: str


@dataclass(eq=False)
class CreditsNotRipe(Refused):
    """The credits cannot be claimed yet."""

    code: ClassVar[str] = "credits_not_ripe"
    next_step: ClassVar[str] = "Claim them from the instant given here on."
    ripens_at: datetime


@dataclass(eq=False)
class ClaimWindowClosed(Refused):
    """The time in which the credits could be claimed is over; they lapse."""

    code: ClassVar[str] = "claim_window_closed"
    next_step: ClassVar[str] = "Nothing can be done for these; claim the next ones in time."
    claim_by: datetime


@dataclass(eq=False)
class CorrectionEmpty(InvalidInput):
    """The correction neither gives other measurements nor voids the activity, or does both."""

    code: ClassVar[str] = "correction_empty"
    next_step: ClassVar[str] = "Send either measured or is_void."
    field: str


@dataclass(eq=False)
class PeriodEmpty(InvalidInput):
    """The period ends before it begins."""

    code: ClassVar[str] = "period_empty"
    next_step: ClassVar[str] = "Send a last day that is the first day or later."
    field: str
    first_on: date
    last_on: date


@dataclass(eq=False)
class AlreadyRecorded(Conflict):
    """This was recorded before; the writer answers with the first outcome instead."""

    code: ClassVar[str] = "already_recorded"
    next_step: ClassVar[str] = "Send the same request again to get its first outcome."
    id: str


# --- requests: who asks, and in what form ----------------------------------------------------------


@dataclass(eq=False)
class KeyMissing(NotAuthenticated):
    """The request carries no key in the form `Authorization: Bearer clk_…`."""

    code: ClassVar[str] = "key_missing"
    next_step: ClassVar[str] = "Send the secret that was shown when the key was created."


@dataclass(eq=False)
class KeyUnknown(NotAuthenticated):
    """Nobody has been given this key, or it has been revoked."""

    code: ClassVar[str] = "key_unknown"
    next_step: ClassVar[str] = "Ask an operator for a new key."


@dataclass(eq=False)
class RoleNotPermitted(NotPermitted):
    """The key's role may not do this."""

    code: ClassVar[str] = "role_not_permitted"
    next_step: ClassVar[str] = "Use a key with one of the needed roles."
    role: str
    needed_roles: list[str]


@dataclass(eq=False)
class ProgrammeNotPermitted(NotPermitted):
    """The key opens another programme only."""

    code: ClassVar[str] = "programme_not_permitted"
    next_step: ClassVar[str] = "Use a key of this programme, or one for all programmes."
    programme_id: str | None
    """None where a key for all programmes is needed."""


@dataclass(eq=False)
class KeyNotFound(NotFound):
    """No key has this id."""

    code: ClassVar[str] = "key_not_found"
    next_step: ClassVar[str] = "List the keys and take an id from there; the secret is not the id."
    key_id: str


@dataclass(eq=False)
class RouteNotFound(NotFound):
    """Nothing is served at this address."""

    code: ClassVar[str] = "route_not_found"
    next_step: ClassVar[str] = "Compare the address with the list at /docs."


@dataclass(eq=False)
class MethodNotAllowed(WrongMethod):
    """This address does not know this method."""

    code: ClassVar[str] = "method_not_allowed"
    next_step: ClassVar[str] = "Use one of the methods named here."
    allowed: list[str]


@dataclass(eq=False)
class ContentTypeUnsupported(WrongContent):
    """The body's content type is not the one that this address reads, or it is compressed."""

    code: ClassVar[str] = "content_type_unsupported"
    next_step: ClassVar[str] = "Send the body as the expected type, in UTF-8, without Content-Encoding."
    expected: str


@dataclass(eq=False)
class BodyTooLarge(TooLarge):
    """The body is longer than one request may be."""

    code: ClassVar[str] = "body_too_large"
    next_step: ClassVar[str] = "Send less in one request."
    bytes_max: int


@dataclass(eq=False)
class LineTooLarge(TooLarge):
    """A line of a bulk request is longer than one command may be."""

    code: ClassVar[str] = "line_too_large"
    next_step: ClassVar[str] = "Check that each command ends with a line feed."
    bytes_max: int


@dataclass(eq=False)
class TooManyLines(TooLarge):
    """The bulk request has more lines than one request may carry."""

    code: ClassVar[str] = "too_many_lines"
    next_step: ClassVar[str] = "Split it into several requests."
    lines_max: int


@dataclass(eq=False)
class RequestUnreadable(InvalidInput):
    """The request is broken before its content: in its headers, or cut off while it was read."""

    code: ClassVar[str] = "request_unreadable"
    next_step: ClassVar[str] = (
        "Send it again; if that fails too, look at what stands between you and the ledger."
    )


@dataclass(eq=False)
class LengthMissing(InvalidInput):
    """The request does not say how long its body is, so that a part could not be told from the whole."""

    code: ClassVar[str] = "length_missing"
    next_step: ClassVar[str] = "Send Content-Length, and not Transfer-Encoding: chunked."


@dataclass(eq=False)
class MalformedJson(InvalidInput):
    """The body or line is not one JSON object written in the strict form that the ledger reads."""

    code: ClassVar[str] = "malformed_json"
    next_step: ClassVar[str] = "Correct what the reason names."
    reason: str
    """One of `api.strict_json.REASONS`."""
    explanation: str
    """The same in words."""


@dataclass(eq=False)
class FieldsInvalid(InvalidInput):
    """One or more fields are missing, unknown, of the wrong type or out of bounds."""

    code: ClassVar[str] = "fields_invalid"
    next_step: ClassVar[str] = "Correct the fields named in errors."
    errors: list[dict[str, str]]
    """Each with the `field` (dots lead into nested ones) and a `message`."""


@dataclass(eq=False)
class ShadowRunTooLong(Refused):
    """From the first of January of its first day on, the log has more events than a shadow run goes over
    beside a server's other work.
    """

    code: ClassVar[str] = "shadow_run_too_long"
    next_step: ClassVar[str] = (
        "Make the run on the command line, with `ledger shadow`, which goes over any number."
    )
    events: int
    events_max: int


@dataclass(eq=False)
class BooksTooLong(Refused):
    """The log has more events than books are written from beside a server's other work."""

    code: ClassVar[str] = "books_too_long"
    next_step: ClassVar[str] = (
        "Write them on the command line, with `ledger books export`, which reads any number."
    )
    events: int
    events_max: int


@dataclass(eq=False)
class ShadowRunBusy(Unavailable):
    """Another shadow run is under way in this process, and there is one at a time."""

    code: ClassVar[str] = "shadow_run_busy"
    next_step: ClassVar[str] = "Send the same request again in some seconds."


@dataclass(eq=False)
class ViewUnbuildable(Internal):
    """A view cannot take an event of the log, so it cannot be built."""

    code: ClassVar[str] = "view_unbuildable"
    next_step: ClassVar[str] = "Run `ledger verify` to see whether the log is as it was; if so, report it."
    view: str
    position: int
    topic: str
    error: str


@dataclass(eq=False)
class InternalError(Internal):
    """The ledger made a mistake; what happened is in its log."""

    code: ClassVar[str] = "internal_error"
    next_step: ClassVar[str] = "Send the same request again: if it was recorded, you get its first outcome."
