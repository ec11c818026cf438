"""Every bound of the ledger, each with its reason.

A bound is inclusive and carries its unit last in its name; each has a test at it and one past it.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

# --- decimal text ------------------------------------------------------------------------------

DECIMAL_INTEGER_DIGITS_MAX: Final = 9
"""Digits before the point: a billion of any unit here is already a mistake."""

DECIMAL_FRACTION_DIGITS_MAX: Final = 9
"""Digits after the point: published factors carry at most six; three more are room for conversions."""

ECHO_CHARS_MAX: Final = 40
"""How much of a text that could not be read an answer repeats: enough to recognise it, no more."""

# --- measurements: what one activity may report ------------------------------------------------
# Products of these bounds and of the factors' bounds below stay under 10^16 g, which a 64-bit
# balance holds hundreds of times over.

DISTANCE_KM_MAX: Final = 10_000
"""Kilometres: 1,500 km a day is already a jump of the odometer, and platforms re-send up to a week."""

ENERGY_KWH_MAX: Final = 10_000
"""Kilowatt-hours driven: a hundred times a large battery, so a bus's week still fits."""

FUEL_L_MAX: Final = 1_000
"""Litres burnt: what a thirsty car takes for the longest distance allowed."""

CHARGED_KWH_MAX: Final = 10_000
"""Kilowatt-hours charged: as for those driven."""

STEPS_MAX: Final = 200_000
"""Steps: the best 24-hour runners make about that many; phones report one day at a time."""

ACTS_MAX: Final = 10_000
"""Acts in one report: a company's monthly meals or bills, not a city's."""

MASS_KG_MAX: Final = 100_000
"""Kilograms: three lorries of sorted waste in one report."""

GENERATED_KWH_MAX: Final = 10_000_000
"""Kilowatt-hours generated: a 10 MW plant makes about that in a year."""

# --- published methodologies -------------------------------------------------------------------

FACTOR_VALUE_MAX: Final = {
    "g/km": 10_000,  # a lorry emits about 1,000
    "g/step": 100,  # walking instead of driving avoids about 0.1
    "g/block": 100_000,  # a block of a thousand such steps
    "g/act": 10_000_000,  # ten tonnes: more than a household's year
    "g/kg": 1_000_000,  # a tonne avoided by a kilogram: refrigerants aside, nothing reaches it
    "g/L": 10_000,  # petrol emits about 2,200, heavy oil about 3,200
    "kg/kWh": 10,  # the dirtiest grids are near 1.3; a value in g/kWh given by mistake is caught
    "GJ/t": 200,  # hydrogen, the highest, has 120
    "tC/GJ": 1,  # coal has about 0.026
    "ratio": 1,  # a share of the whole
    "kg/L": 10,  # petrol has about 0.74
    "L/100km": 1_000,  # a tank has about 500
    "kWh/100km": 1_000,  # an electric lorry takes about 130
}
"""Greatest value of a factor by its unit: an order of magnitude above the real, to catch wrong units."""

CONSUMPTION_KWH_PER_100KM_MIN: Final = "0.1"
"""Least consumption, which is divided by: an electric bicycle takes five times that."""

BLOCK_STEPS_MAX: Final = STEPS_MAX
"""Steps in one block: a longer block could never be reached by one report."""

FACTOR_YEAR_MIN: Final = 1990
"""Year a factor describes: the base year of the climate convention's inventories."""

FACTOR_YEAR_MAX: Final = 2100
"""Year a factor describes: beyond is a slip of the keyboard."""

# --- conversion rules --------------------------------------------------------------------------
# Their product with what one activity may report stays under 2^63 as well.

RULE_CREDITS_MAX: Final = 1_000
"""Credits for one block, one act or one share of grams: programmes give 1 to 100."""

RULE_PER_G_MAX: Final = 1_000_000_000
"""Grams in one share: a thousand tonnes, beyond any person's scheme."""

RULE_BLOCK_MAX: Final = 1_000_000
"""Whole units (steps, kilometres, kilograms …) in one block: above the steps of any report."""

# --- names and texts ---------------------------------------------------------------------------

PROGRAMME_ID_CHARS_MAX: Final = 32
"""It stands in every row and every index entry of its programme: short keeps the store small."""

ENTITY_ID_CHARS_MAX: Final = 48
"""Room for a UUID (36) or a hashed vehicle id, short enough for readable account addresses."""

COMMAND_ID_CHARS_MAX: Final = 96
"""Callers' own ids come from other systems; the longest seen (a charging session's) has 40."""

NAME_CHARS_MAX: Final = 120
"""A display name fits on one line of a statement."""

TEXT_CHARS_MAX: Final = 500
"""A reason or a source is a sentence or two, not a document."""

TIME_ZONE_CHARS_MAX: Final = 40
"""The longest name in the IANA database (America/Argentina/ComodRivadavia) has 32."""

ACCOUNT_CHARS_MAX: Final = 80
"""The longest address: a kind, an entity id and a sub-account."""

# --- time --------------------------------------------------------------------------------------

OCCURRED_AT_MIN: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""No act before this can earn anything: an earlier one is a broken clock."""

CLOCK_SKEW_MAX: Final = timedelta(minutes=5)
"""How far a caller's clock may run ahead of ours before we call a time wrong."""

HOLD_LASTS_MAX: Final = timedelta(days=366)
"""A hold ties up a sponsor's money: after a year it must have been used or released."""

EXPIRY_MONTHS_MAX: Final = 120
"""Credits are not money: none lives longer than ten years (domain rule 14)."""

# --- amounts -----------------------------------------------------------------------------------

CREDITS_MAX: Final = 1_000_000_000
"""Credits in one command: a billion is more than any programme issues in a year."""

VALUE_FEN_MAX: Final = 100_000_000_000
"""Money in one command: a billion yuan."""

VERSION_MAX: Final = 10_000
"""Published versions of one methodology or scenario."""

WEIGHT_MAX: Final = 10_000
"""A fund's share of a redemption, in parts: hundredths of a percent are fine enough."""

FUNDS_PER_REDEMPTION_MAX: Final = 8
"""Sponsors who share one redemption; more would make a statement line unreadable."""

FACTORS_MAX: Final = 20
"""Factors of one methodology."""

PARAMETERS_MAX: Final = 20
"""Parameters of one methodology."""

# --- merchants' offers --------------------------------------------------------------------------

VOUCHERS_MAX: Final = 1_000_000_000
"""Vouchers of one offer, in stock, in a month or for one participant: more than a city hands out."""

VOUCHER_VALID_DAYS_MAX: Final = 364
"""Local days for which a voucher can be used after that of its taking: with the rest of that day, and the
hour by which summer time may end, never longer than a hold may last."""

WEEKDAYS: Final = 7
"""Days of a week, Monday being 1, as ISO 8601 has them."""

OFFER_STORES_MAX: Final = 50
"""Stores that one offer names, which each of its vouchers repeats; an offer for a whole chain names none."""

VOUCHER_CODE_CHARS_MAX: Final = 64
"""A code as somebody types or scans it: 20 characters, what stands between them, and what a QR code adds."""

VOUCHER_KEYS_BEFORE_MAX: Final = 8
"""Keys of vouchers that hold no more for new ones: each is one more look for every code."""

OFFERS_SHOWN_MAX: Final = 200
"""Offers in one answer, some 200 KB; each is an event read."""

STORES_SHOWN_MAX: Final = 1_000
"""Stores in one answer: more than most chains have, some 300 KB."""

# --- settlement ---------------------------------------------------------------------------------

SETTLED_DAYS_MAX: Final = 400
"""Days of one statement, from its first line: a year and a late month; each is read when it is closed."""

OBJECTION_DAYS_DEFAULT: Final = 7
"""Days for which a merchant may object to a statement, counted from the day on which it was issued."""

OBJECTION_DAYS_MAX: Final = 90
"""Days for objections: a quarter; who needs longer settles in the next period."""

DISPUTES_MAX: Final = 500
"""Disputed lines of one statement, all of which a decision about it reads: with more, the statement is wrong
as a whole."""

PAYOUTS_MAX: Final = 100
"""Payouts of one statement, those that failed among them: one and a few attempts are usual."""

PAYOUT_ID_CHARS_MAX: Final = 35
"""An EndToEndId of ISO 20022 (Max35Text), as banks carry it through."""

CLOSED_PER_COMMIT_MAX: Final = 100
"""Merchants whose period is closed in one commit: each reads the days of it, some thousands together."""

# --- funds -------------------------------------------------------------------------------------

PROPOSAL_VALID_DAYS: Final = 30
"""Times 24 hours in which a proposal of money can be approved, when it does not say: a month's paperwork."""

PROPOSAL_VALID_DAYS_MAX: Final = 366
"""The longest that it can say: beyond a year nobody remembers what was meant."""

FUND_THRESHOLDS_MAX: Final = 8
"""Alarms of one fund: a half, a quarter, a tenth and some more; each is looked at when money moves."""

FUNDS_SHOWN_MAX: Final = 100
"""Funds on one page; a city has a dozen."""

FUND_LINES_MAX: Final = 500
"""Movements, proposals or alarms on one page: some 150 KB."""

# --- carbon sinks ------------------------------------------------------------------------------

SERIAL_MAX: Final = 999_999_999_999
"""Serial number of a unit: twelve digits, more than the trees of the largest project."""

DELIVERIES_MAX: Final = 200
"""Deliveries of one project, which decisions look through: sixteen years of one a month."""

DONATED_UNITS_MAX: Final = 1_000_000
"""Units in one donation: a large company's forest."""

CREDITS_PER_UNIT_MAX: Final = 1_000_000
"""Credits for one unit: times the units of one donation 10^12, far below what a balance holds."""

VINTAGE_YEAR_MIN: Final = 1990
"""Year of planting or verification: the base year of the climate convention's inventories."""

VINTAGE_YEAR_MAX: Final = 2100
"""Year of planting or verification: beyond is a slip of the keyboard."""

# --- from an act to credits ---------------------------------------------------------------------

SHARE_CHARS_MAX: Final = 6
"""A share with four decimals: hundredths of a percent are fine enough."""

FLAGS_MAX: Final = 11
"""Flags of one activity: each of them once."""

DAY_ACTS_MAX: Final = 10_000
"""Acts that earn in one day: no cap worth the name is higher."""

FEN_PER_CREDIT_MAX: Final = 10_000
"""What a budget sets aside for one credit: a hundred yuan."""

WINDOW_H_MAX: Final = 8_784
"""Hours of ripening, and of a claim window: a leap year; programmes give one to nine days."""

EXCLUSIONS_MAX: Final = 4
"""Exclusion groups of one scenario; each costs every activity an entry."""

MULTIPLIER_MAX: Final = 10
"""Times that a campaign may multiply credits: beyond it a fixed bonus says more plainly what is meant."""

MULTIPLIER_CHARS_MAX: Final = 7
"""A multiplier with four decimals: `10.0000` is the longest."""

STREAK_DAYS_MAX: Final = 366
"""Days in a row for which a campaign gives a bonus: a whole year at most."""

STREAK_REMEMBERED_DAYS: Final = 62
"""Days before the run at hand for which a participant's days are remembered: twice the 30 days for which
step counts are restated, so that what comes late or is taken back still finds its day."""

TIER_LEVELS_MAX: Final = 10
"""Levels of one campaign: programmes have three to five."""

GRAMS_PER_YEAR_MAX: Final = 1_000_000_000_000
"""A threshold of grams in a year: a million tonnes, more than any participant avoids."""

CAMPAIGN_SCENARIOS_MAX: Final = 100
"""Scenarios that one campaign names: more than a programme has; one for all names none."""

CAMPAIGNS_AT_ONCE_MAX: Final = 10
"""Campaigns, beside one, in which an act may count: each may add an event and an entry to every act."""

PROPOSAL_BYTES_MAX: Final = 1_048_576
"""A file that proposes a campaign or a scenario: as much as the body of the request that publishes it."""

SHADOW_PARTICIPANTS_SHOWN: Final = 20
"""Participants that a shadow run names who would gain most, and who would lose most."""

SHADOW_DECILES: Final = 10
"""Parts into which participants are divided by what they would gain: enough to see a tail."""

INTERVAL_MAX: Final = timedelta(days=31)
"""The longest interval that one activity may claim: a month's bill; each day of it is an entry."""

PARTNERS_MAX: Final = 20
"""Programmes with which claims are checked; each is asked about every shared claim."""

# --- templates ---------------------------------------------------------------------------------

TEMPLATE_COMMANDS_MAX: Final = 500
"""Commands of a template, which are recorded together or not at all: half of what the writer takes in one
group, and more rules and organisations than a programme begins with."""

TEMPLATE_BYTES_MAX: Final = 1_048_576
"""A request that carries a template: five hundred commands of two kilobytes; those that ship have sixteen."""

SHADOW_EVENTS_MAX: Final = 200_000
"""Events that a shadow run goes over beside a server's other work: some ten seconds of one processor."""

BOOKS_EVENTS_MAX: Final = 400_000
"""Events of a log whose books a server writes beside its other work: some ten seconds of one processor."""

SHADOW_RULES_MAX: Final = 20
"""Campaigns, and scenarios, that one request tries together: nearly twice as many as an act may count in."""

# --- requests ----------------------------------------------------------------------------------

BODY_BYTES_MAX: Final = 65_536
"""One command as JSON: the largest, a methodology with all its factors, stays below 40 KiB."""

BULK_LINE_BYTES_MAX: Final = 65_536
"""One line of a bulk request is one command."""

BULK_BODY_BYTES_MAX: Final = 8_388_608
"""A thousand lines of an ordinary size, many times over."""

JSON_DEPTH_MAX: Final = 8
"""The deepest command nests four levels; a deeper document is an attack or a mistake."""

NUMBER_DIGITS_MAX: Final = 19
"""Digits of a JSON integer: enough for a signed 64-bit value; longer ones cost quadratic time."""

PAGE_EVENTS_MAX: Final = 10_000
"""Events read from the store in one go when a log is streamed."""

SCANNED_EVENTS_MAX: Final = 50_000
"""Events looked through in one statement for those of some topics: some tens of milliseconds."""

STATEMENT_ENTRIES_MAX: Final = 1_000
"""Entries on one page of a statement: some 300 KB, read in a few tens of milliseconds."""

STATEMENT_SCANNED_MAX: Final = 10_000
"""Entries looked at for one page when a topic or a period passes some over: some ten milliseconds."""

LOTS_ENTRIES_MAX: Final = 1_000
"""Entries of credits of which an answer reads the lots: years of a participant's life."""

RUN_FACTS_PER_COMMIT: Final = 500
"""Accounts expired, or activities lapsed, in one commit: the head is locked for some tens of milliseconds."""

POSITION_MAX: Final = 2**63 - 1
"""Places in a log: what the store's column holds."""

KEY_CACHED_S_MAX: Final = 5
"""Seconds a process trusts a key without looking again: a revocation takes effect within it."""

KEYS_CACHED_MAX: Final = 10_000
"""Keys a process remembers: a deployment has tens; the bound only keeps memory from growing."""

RETRY_AFTER_S: Final = 1
"""Seconds a caller is asked to wait when the ledger is not available: longer than any group commit."""

FIELD_ERRORS_MAX: Final = 20
"""Wrong fields one answer names: enough to mend a form, and no way to make long answers."""

# --- files of other systems --------------------------------------------------------------------

INTAKE_LINE_BYTES_MAX: Final = 262_144
"""One line of a file: a frame of a vehicle has up to 65,556 bytes, twice as many as hexadecimal digits."""

INTAKE_DOCUMENT_BYTES_MAX: Final = 16_777_216
"""A JSON list, which is read at once: a sample of frames. What is longer comes with one object a line."""

REPORT_LATE_DAYS: Final = 7
"""Days after a day from which a report of it is late: vehicle platforms re-send for about a week."""

STEPS_RESTATED_DAYS: Final = 30
"""Days for which a step count may be restated: telephones and watches are in step again by then."""

ODOMETER_JUMP_KM_MAX: Final = 1_500
"""Kilometres a vehicle can drive in a day: 24 hours at more than 60 km/h are a jump of the odometer."""

ODOMETER_GAP_KM_MIN: Final = 1
"""Kilometres that nobody reported between two readings, from which they are a gap: below, it is the
way between the last reading of a trip and the first of the next."""

READING_GAP_S_MIN: Final = 3_600
"""Seconds without a reading from which driven kilometres were not seen: frames come every half minute."""

CLOCK_BEHIND_DAYS_MAX: Final = 366
"""Days a vehicle's clock may be behind the instant at which its frame was received: none re-sends for
longer than a year."""

# --- bills -------------------------------------------------------------------------------------

BILL_LINE_BYTES_MAX: Final = 65_536
"""One row of a bill: those of payment services stay below 2,000 bytes, a merchant's with long notes too."""

BILL_FIELD_CHARS_MAX: Final = 4_096
"""One value of a bill: the longest texts, remarks of banks, have up to 500 signs."""

BILL_REFERENCE_CHARS_MAX: Final = 128
"""One id in a bill: WeChat Pay's have up to 64 signs, a bank's up to 35."""

BILL_COLUMNS_MAX: Final = 256
"""Columns of a bill: payment services have about thirty, merchants' sheets rarely more."""

BILL_ROW_LINES_MAX: Final = 20
"""Lines over which one row of a CSV may run by line ends in quotes; more are a quote that never ends."""

BILL_HEADER_ROW_MAX: Final = 100
"""Rows in which titles may stand above a header."""

BILL_BYTES_MAX: Final = 2_147_483_648
"""Bytes of a bill, unpacked: some ten million rows, more than a month of a city; it bounds what a small
packed file can cost."""

BILL_BATCH_PARTS_MAX: Final = 20_000
"""Parts of one batched entry, which are held until they are seen to add up: some 30 MB."""

BILL_STATEMENTS_MAX: Final = 2_000
"""Statements in one camt.053 file: one for each day and account, so a month of more than sixty accounts."""

BILL_SHARED_TEXT_BYTES_MAX: Final = 134_217_728
"""Texts that cells of an XLSX share, which are held at once: two ids of 30 signs in a million rows."""

BILL_SHEET_ROWS_MAX: Final = 1_048_576
"""Rows of a sheet. Source: the limits of Excel 2007 and later."""

BILL_XML_DEPTH_MAX: Final = 32
"""Elements within each other: camt.053 nests fourteen."""

BILL_XML_TOKEN_BYTES_MAX: Final = 1_048_576
"""Bytes of one tag with its attributes: the real ones have a hundred."""

BILL_VALUE_FEN_MAX: Final = 10_000_000_000_000
"""An amount or a balance in a bill: a hundred billion yuan, more than a city holds at one bank."""

BILL_MAPPING_BYTES_MAX: Final = 65_536
"""A mapping of a merchant's columns: about a thousand bytes."""

# --- reconciliation ------------------------------------------------------------------------------

RECONCILIATION_FILE_BYTES_MAX: Final = 67_108_864
"""A file sent over HTTP: a merchant's half a million rows; `ledger reconcile import` takes longer ones."""

RECONCILIATION_EXAMPLES_MAX: Final = 100
"""Lines of one file that could not be read and are kept to be shown; beyond it they are only counted."""

RECONCILIATION_PERIOD_DAYS_MAX: Final = 366
"""Days of one run: months are closed, and a year looked at; more is a slip of the keyboard."""

RECONCILIATION_NEAR_DAYS_MAX: Final = 31
"""Days between two sides that name nothing in common: beyond a month equal amounts are chance."""

RECONCILIATION_PAYMENT_DAYS_MAX: Final = 31
"""Days that a bank may take for a payment: the slowest take about a week."""

RECONCILIATION_REACH_DAYS_MAX: Final = 92
"""Days around a period in which the other side is looked for: a quarter, as long as some merchants take."""

RECONCILIATION_STATEMENT_MS_MAX: Final = 600_000
"""One statement of a run: a month of a city of millions takes some minutes, whatever requests may take."""

RECONCILIATION_PAGE_MAX: Final = 1_000
"""Files, runs, matches or breaks on one page: some hundred kilobytes."""

# --- ledger files --------------------------------------------------------------------------------

LEDGER_FILE_LINE_BYTES_MAX: Final = 4_194_304
"""One event in a ledger file: five times a transfer that takes every lot there can be, ten years of days."""

LEDGER_FILE_MANIFEST_BYTES_MAX: Final = 1_048_576
"""A manifest has a line for each topic and each kind of account: some ten kilobytes."""

# --- streams and webhooks ----------------------------------------------------------------------

WAIT_S_MAX: Final = 30
"""Seconds a request may wait for the log to grow: below what proxies in between allow (often 60)."""

STREAM_S_MAX: Final = 300
"""Seconds after which an event stream ends and its reader comes again: no connection lives for ever,
so a fleet of readers spreads over new processes within minutes."""

HEARTBEAT_S: Final = 15
"""Seconds of silence after which an event stream says that it is alive, as the standard advises."""

WEBHOOK_URL_CHARS_MAX: Final = 1_000
"""An address with a token or two; longer ones are refused by many servers."""

WEBHOOKS_MAX: Final = 20
"""Webhooks of one programme: each is a reader of the whole log, and a programme has a few consumers."""

WEBHOOK_OVERLAP_S_MAX: Final = 604_800
"""Seconds for which an old secret still signs beside its successor: a week to tell every consumer."""

WEBHOOK_REQUEST_S_MAX: Final = 15
"""Seconds a receiver has to answer, from the connection to the last header: the standard says 15 to 30."""

WEBHOOK_DELAYS_S: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before each further attempt, as Standard Webhooks has them: some three days in all."""

WEBHOOK_RETRY_AFTER_S_MAX: Final = 86_400
"""Seconds for which a receiver may ask to be left alone: no longer than the longest delay."""

WEBHOOK_WAITING_MAX: Final = 1_000
"""Messages of one webhook that wait for their next attempt; then the log waits as well, which keeps
the rest where it is kept best."""

WEBHOOK_FAILURES_MAX: Final = 5
"""Failures in a row after which a receiver is taken to be away and not to dislike one message."""

WEBHOOK_OUTAGE_FAILURES: Final = 12
"""Failures in a row, a minute's worth and more, after which all that waits is tried at once when the
receiver is back; after fewer each message keeps to its schedule, so that one that is disliked is not
given up early."""

WEBHOOK_PROBE_S: Final = 60
"""Seconds between two looks at a receiver that is away, at most: a minute after it is back it gets the
rest."""

DEAD_PAGE_MAX: Final = 1_000
"""Dead letters in one answer."""

# --- settlement and totals ---------------------------------------------------------------------

SETTLEMENT_LINES_MAX: Final = 1_000
"""Lines of a merchant's statement on one page, and read at a time for a whole one: some 600 KB."""

SETTLEMENT_MERCHANTS_MAX: Final = 1_000
"""Merchants in one answer: more than most programmes have, some 500 KB."""

STATEMENTS_SHOWN_MAX: Final = 1_000
"""Statements, or payouts, in one answer: a month of most programmes, some 600 KB."""

SINKS_SHOWN_MAX: Final = 1_000
"""Carbon-sink projects in one answer: more than most programmes have, some 1 MB."""

EXPLAINED_ENTRIES_MAX: Final = 100
"""Entries explained in one answer: each is a stream read and computed again, some 10 KB."""

EXPLAINED_AWARDS_MAX: Final = 5_000
"""Entries of acts that one answer counts again to say what was used of caps: six acts a day for a year,
in some hundred milliseconds."""

WAITING_SHOWN_MAX: Final = 1_000
"""Held activities, pending credits or lots about to run out in one answer: some 300 KB."""

WAITING_SCANNED_MAX: Final = 20_000
"""Entries looked at for one such page where few are wanted: some tens of milliseconds."""

EXPIRING_DAYS_MAX: Final = 366
"""Days ahead for which lots are listed that run out: whoever reminds people asks for weeks."""

SERIES_PERIODS_MAX: Final = 400
"""Days or months in one series: a year of days, and more months than a programme lives."""

BURN_DAYS_MAX: Final = 366
"""Days over which a fund's burn rate is taken: a year, so that seasons even out."""

# --- leaderboards ------------------------------------------------------------------------------

LEADERBOARD_PLACES_MAX: Final = 100
"""Places in one answer: a screen shows ten, a poster on a wall a hundred."""

LEADERBOARD_OFFSET_MAX: Final = 100_000_000
"""Places left out: more than a country's participants; counts lead straight to any of them."""

LEADERBOARD_NEIGHBOURS_MAX: Final = 10
"""Places before, and as many after: who can still be overtaken, and no way to copy a board."""

# --- documents of statements -------------------------------------------------------------------

PDF_LINES_MAX: Final = 2_000
"""Lines of a statement in its PDF: some 45 pages, made within two seconds; CSV and XLSX have all."""

SHEET_LINES_MAX: Final = 1_000_000
"""Lines on one sheet of a workbook, which Excel ends at 1,048,576 rows; more go on on the next."""

DOCUMENT_LINES_MAX: Final = 500_000
"""Lines of a statement whose PDF, CSV or JSON is asked for over HTTP: some five seconds of a processor."""

WORKBOOK_LINES_MAX: Final = 50_000
"""Lines of a statement whose workbook is asked for over HTTP: sheets take ten times the work."""
