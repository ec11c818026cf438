-- Reconciliation: the files of merchants, payment services and banks, and how they compare with the ledger.
--
-- These are work-papers and no part of the log: what they lead to (a refund, a dispute, a payout) is an
-- event, and a break that was resolved by one names its position. What a run finds follows from the log
-- up to a position, a set of files and the rules alone, so a run can be repeated and gives the same.

CREATE SCHEMA reconciliation;

-- How the columns of a merchant's file are read. A version never changes.
CREATE TABLE reconciliation.mappings (
    programme_id text        COLLATE "C" NOT NULL,
    merchant_id  text        COLLATE "C" NOT NULL,
    version      integer     NOT NULL CHECK (version > 0),
    -- JSON, in the one form in which equal mappings are equal texts.
    mapping      text        COLLATE "C" NOT NULL,
    saved_at     timestamptz NOT NULL,
    saved_by     text        NOT NULL,
    PRIMARY KEY (programme_id, merchant_id, version)
);

-- Files that were imported. What one says never changes; it may be withdrawn, and then counts for nothing.
CREATE TABLE reconciliation.files (
    programme_id     text        COLLATE "C" NOT NULL,
    -- From its content, its kind, whose it is and how it is read.
    file_id          text        COLLATE "C" NOT NULL,
    -- Names its rows, in few bytes.
    file_no          bigint      NOT NULL,
    kind             text        COLLATE "C" NOT NULL
        CHECK (kind IN ('merchant', 'wechat_trades', 'wechat_fund_flow', 'camt053')),
    merchant_id      text        COLLATE "C",
    mapping_version  integer,
    content_sha256   text        COLLATE "C" NOT NULL,
    name             text        NOT NULL,
    size_bytes       bigint      NOT NULL,
    rows             bigint      NOT NULL,
    value_fen        bigint      NOT NULL,
    fee_fen          bigint      NOT NULL,
    first_on         date,
    last_on          date,
    -- Up to which day it tells of its account: of the last row or of the last balance.
    until_on         date,
    -- JSON: totals, and examples of what could not be read.
    totals           text        NOT NULL,
    imported_at      timestamptz NOT NULL,
    imported_by      text        NOT NULL,
    withdrawn_at     timestamptz,
    PRIMARY KEY (programme_id, file_id)
);

-- A content counts once: of two imports at the same time one is told of the other.
CREATE UNIQUE INDEX files_content ON reconciliation.files (programme_id, content_sha256)
 WHERE withdrawn_at IS NULL;

CREATE UNIQUE INDEX files_file_no ON reconciliation.files (programme_id, file_no);

-- Who imported, withdrew and restored a file.
CREATE TABLE reconciliation.file_history (
    programme_id text        COLLATE "C" NOT NULL,
    file_id      text        COLLATE "C" NOT NULL,
    number       integer     NOT NULL,
    at           timestamptz NOT NULL,
    by           text        NOT NULL,
    what         text        COLLATE "C" NOT NULL CHECK (what IN ('imported', 'withdrawn', 'restored')),
    note         text        NOT NULL,
    PRIMARY KEY (programme_id, file_id, number)
);

-- Rows of files, as their readers gave them.
CREATE TABLE reconciliation.rows (
    programme_id       text        COLLATE "C" NOT NULL,
    file_no            bigint      NOT NULL,
    row_no             bigint      NOT NULL,
    line               bigint      NOT NULL,
    kind               text        COLLATE "C" NOT NULL,
    reference          text        COLLATE "C" NOT NULL,
    own_reference      text        COLLATE "C" NOT NULL,
    refund_reference   text        COLLATE "C" NOT NULL,
    payment_reference  text        COLLATE "C" NOT NULL,
    merchant_reference text        COLLATE "C" NOT NULL,
    value_fen          bigint      NOT NULL,
    fee_fen            bigint,
    happened_on        date        NOT NULL,
    happened_at        timestamptz,
    store_id           text        COLLATE "C",
    counterparty       text,
    part_of            text        COLLATE "C",
    note               text        NOT NULL,
    is_reversal        boolean     NOT NULL,
    is_final           boolean     NOT NULL,
    -- Of what the row says: the same row in two files that overlap is one.
    identity           uuid        NOT NULL,
    PRIMARY KEY (programme_id, file_no, row_no)
);

-- Payouts, read from the log up to a position.
CREATE TABLE reconciliation.payouts (
    programme_id       text        COLLATE "C" NOT NULL,
    payout_id          text        COLLATE "C" NOT NULL,
    statement_id       text        COLLATE "C" NOT NULL,
    merchant_id        text        COLLATE "C" NOT NULL,
    value_fen          bigint      NOT NULL,
    -- The last local day of the statement that is paid.
    statement_on       date,
    instructed_on      date        NOT NULL,
    position           bigint      NOT NULL,
    confirmed_on       date,
    confirmed_position bigint,
    failed_position    bigint,
    returned_on        date,
    returned_position  bigint,
    PRIMARY KEY (programme_id, payout_id)
);

CREATE TABLE reconciliation.heads (
    programme_id     text   COLLATE "C" NOT NULL,
    -- Up to which event of the log payouts were read; the row's lock is the turn to run.
    payouts_position bigint NOT NULL CHECK (payouts_position >= 0),
    PRIMARY KEY (programme_id)
);

-- Runs: on what each stands, and what it found in sum.
CREATE TABLE reconciliation.runs (
    programme_id  text        COLLATE "C" NOT NULL,
    -- From everything that it stands on.
    run_id        text        COLLATE "C" NOT NULL,
    number        bigint      NOT NULL,
    starts_on     date        NOT NULL,
    ends_on       date        NOT NULL,
    merchant_id   text        COLLATE "C",
    position      bigint      NOT NULL,
    file_ids      text[]      COLLATE "C" NOT NULL,
    rules_version integer     NOT NULL,
    settings      text        NOT NULL,
    summary       text        NOT NULL,
    -- SHA-256 over its matches and breaks.
    digest        text        COLLATE "C" NOT NULL,
    made_at       timestamptz NOT NULL,
    made_by       text        NOT NULL,
    -- Whether its matches are kept: those of the latest run of a period and scope are.
    has_matches   boolean     NOT NULL,
    PRIMARY KEY (programme_id, run_id)
);

CREATE UNIQUE INDEX runs_number ON reconciliation.runs (programme_id, number);

-- What a run found to be the same on two sides.
CREATE TABLE reconciliation.matches (
    programme_id text   COLLATE "C" NOT NULL,
    run_id       text   COLLATE "C" NOT NULL,
    match_no     bigint NOT NULL,
    relation     text   COLLATE "C" NOT NULL,
    rule         text   COLLATE "C" NOT NULL,
    -- Of the break that the match has; null when both sides agree.
    code         text   COLLATE "C",
    merchant_id  text   COLLATE "C",
    kind         text   COLLATE "C" NOT NULL,
    item         text   COLLATE "C" NOT NULL,
    item_fen     bigint NOT NULL,
    item_on      date,
    file_no      bigint NOT NULL,
    row_no       bigint NOT NULL,
    row_fen      bigint NOT NULL,
    row_on       date   NOT NULL,
    PRIMARY KEY (programme_id, run_id, match_no)
);

-- Breaks, each known by what it is about, whichever runs found it; as the latest of them did.
CREATE TABLE reconciliation.breaks (
    programme_id  text        COLLATE "C" NOT NULL,
    break_id      text        COLLATE "C" NOT NULL,
    code          text        COLLATE "C" NOT NULL CHECK (code IN (
        'amount_differs', 'missing_in_ledger', 'missing_at_merchant', 'missing_payment', 'duplicate',
        'out_of_period', 'refund_unmatched', 'fee_differs', 'unknown_reference'
    )),
    relation      text        COLLATE "C" NOT NULL CHECK (relation IN ('merchant', 'trades', 'flows', 'bank')),
    kind          text        COLLATE "C" NOT NULL,
    merchant_id   text        COLLATE "C",
    reference     text        COLLATE "C" NOT NULL,
    -- Redemption, payout or trade on the ledger's side; null when there is none.
    item          text        COLLATE "C",
    item_fen      bigint,
    item_fee_fen  bigint,
    item_on       date,
    position      bigint,
    -- Where the other side has it; null when it has not.
    file_no       bigint,
    row_no        bigint,
    row_fen       bigint,
    row_fee_fen   bigint,
    row_on        date,
    -- The other side less the ledger's, as both count in the period of the run.
    difference_fen bigint     NOT NULL,
    -- The day by which a run covers it.
    scope_on      date        NOT NULL,
    -- Of the facts: a break that was resolved comes back when they change.
    facts         text        COLLATE "C" NOT NULL,
    first_run_id  text        COLLATE "C" NOT NULL,
    first_found_at timestamptz NOT NULL,
    last_run_id   text        COLLATE "C" NOT NULL,
    last_found_at timestamptz NOT NULL,
    status        text        COLLATE "C" NOT NULL CHECK (status IN ('open', 'proposed', 'resolved', 'cleared')),
    owner         text,
    resolution    text        COLLATE "C" CHECK (resolution IN ('accepted', 'corrected', 'resent')),
    resolution_position bigint,
    resolution_topic text     COLLATE "C",
    resolved_by   text,
    confirmed_by  text,
    changes       integer     NOT NULL CHECK (changes > 0),
    PRIMARY KEY (programme_id, break_id)
);

-- For those who work on what is open, and for runs that look for what they no longer find.
CREATE INDEX breaks_status ON reconciliation.breaks (programme_id, status, break_id);

-- What happened to a break, in order; never changed.
CREATE TABLE reconciliation.break_history (
    programme_id text        COLLATE "C" NOT NULL,
    break_id     text        COLLATE "C" NOT NULL,
    number       integer     NOT NULL,
    at           timestamptz NOT NULL,
    by           text        NOT NULL,
    what         text        COLLATE "C" NOT NULL CHECK (what IN (
        'found', 'changed', 'assigned', 'noted', 'proposed', 'refused', 'resolved', 'reopened', 'cleared'
    )),
    note         text        NOT NULL,
    run_id       text        COLLATE "C",
    -- JSON: what the change set.
    told         text        NOT NULL,
    PRIMARY KEY (programme_id, break_id, number)
);

-- Breaks as each run found them.
CREATE TABLE reconciliation.findings (
    programme_id   text   COLLATE "C" NOT NULL,
    run_id         text   COLLATE "C" NOT NULL,
    break_id       text   COLLATE "C" NOT NULL,
    code           text   COLLATE "C" NOT NULL,
    relation       text   COLLATE "C" NOT NULL,
    kind           text   COLLATE "C" NOT NULL,
    merchant_id    text   COLLATE "C",
    reference      text   COLLATE "C" NOT NULL,
    item           text   COLLATE "C",
    item_fen       bigint,
    item_fee_fen   bigint,
    item_on        date,
    position       bigint,
    file_no        bigint,
    row_no         bigint,
    row_fen        bigint,
    row_fee_fen    bigint,
    row_on         date,
    difference_fen bigint NOT NULL,
    scope_on       date   NOT NULL,
    PRIMARY KEY (programme_id, run_id, break_id)
);
