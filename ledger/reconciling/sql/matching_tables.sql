-- What a run works with. Temporary tables are the run's own and gone with its transaction: no other
-- run sees them, and the planner knows their sizes, which it cannot know of rows that were just written.

-- files: those that the run stands on
CREATE TEMPORARY TABLE run_files (
    rank        integer NOT NULL,
    file_no     bigint  NOT NULL,
    file_id     text    COLLATE "C" NOT NULL,
    relation    text    COLLATE "C" NOT NULL,
    merchant_id text    COLLATE "C",
    -- Whether no other file among them can tell the same rows.
    is_alone    boolean NOT NULL
) ON COMMIT DROP

-- told: whose files of a relation are complete for the run's period
CREATE TEMPORARY TABLE run_told (
    relation    text COLLATE "C" NOT NULL,
    merchant_id text COLLATE "C" NOT NULL
) ON COMMIT DROP

-- lines: the ledger's lines of the period, once for each relation in which their merchant told
CREATE TEMPORARY TABLE run_lines (
    relation      text   COLLATE "C" NOT NULL,
    merchant_id   text   COLLATE "C" NOT NULL,
    kind          text   COLLATE "C" NOT NULL,
    redemption_id text   COLLATE "C" NOT NULL,
    position      bigint NOT NULL,
    local_day     date   NOT NULL,
    store_id      text   COLLATE "C",
    value_fen     bigint NOT NULL,
    fee_fen       bigint NOT NULL
) ON COMMIT DROP

-- told_rows: rows of files, each once however many files tell it
CREATE TEMPORARY TABLE run_told_rows (
    relation          text    COLLATE "C" NOT NULL,
    rank              integer NOT NULL,
    file_no           bigint  NOT NULL,
    row_no            bigint  NOT NULL,
    merchant_id       text    COLLATE "C",
    kind              text    COLLATE "C" NOT NULL,
    reference         text    COLLATE "C" NOT NULL,
    own_reference     text    COLLATE "C" NOT NULL,
    refund_reference  text    COLLATE "C" NOT NULL,
    payment_reference text    COLLATE "C" NOT NULL,
    value_fen         bigint  NOT NULL,
    fee_fen           bigint,
    happened_on       date    NOT NULL,
    store_id          text    COLLATE "C",
    part_of           text    COLLATE "C",
    is_reversal       boolean NOT NULL,
    is_final          boolean NOT NULL,
    is_in             boolean NOT NULL
) ON COMMIT DROP

-- named_rows: rows with the redemption that they name, and its line, in the period or not
CREATE TEMPORARY TABLE run_named_rows (
    relation      text    COLLATE "C" NOT NULL,
    rank          integer NOT NULL,
    file_no       bigint  NOT NULL,
    row_no        bigint  NOT NULL,
    merchant_id   text    COLLATE "C" NOT NULL,
    kind          text    COLLATE "C" NOT NULL,
    reference     text    COLLATE "C" NOT NULL,
    own_reference text    COLLATE "C" NOT NULL,
    rule          text    COLLATE "C" NOT NULL,
    redemption_id text    COLLATE "C" NOT NULL,
    -- Of the line; null where the ledger has none of this kind.
    position      bigint,
    local_day     date,
    value_fen     bigint  NOT NULL,
    fee_fen       bigint  NOT NULL,
    row_fen       bigint  NOT NULL,
    row_fee_fen   bigint,
    row_on        date    NOT NULL,
    is_final      boolean NOT NULL,
    is_in         boolean NOT NULL,
    line_is_in    boolean NOT NULL,
    -- Among the rows that name the redemption in this way: the first is taken for its own.
    nth           bigint  NOT NULL,
    -- Whether these rows together are the line, and none of them is alone.
    is_parts      boolean NOT NULL
) ON COMMIT DROP

-- free_rows: rows that name nothing known
CREATE TEMPORARY TABLE run_free_rows (
    relation    text    COLLATE "C" NOT NULL,
    rank        integer NOT NULL,
    file_no     bigint  NOT NULL,
    row_no      bigint  NOT NULL,
    merchant_id text    COLLATE "C",
    kind        text    COLLATE "C" NOT NULL,
    reference   text    COLLATE "C" NOT NULL,
    own_reference text  COLLATE "C" NOT NULL,
    value_fen   bigint  NOT NULL,
    fee_fen     bigint,
    happened_on date    NOT NULL,
    store_id    text    COLLATE "C",
    part_of     text    COLLATE "C",
    is_in       boolean NOT NULL
) ON COMMIT DROP

-- free_items: lines or payouts that no row names
CREATE TEMPORARY TABLE run_free_items (
    relation    text   COLLATE "C" NOT NULL,
    merchant_id text   COLLATE "C" NOT NULL,
    kind        text   COLLATE "C" NOT NULL,
    item        text   COLLATE "C" NOT NULL,
    -- What else may sum items up: the statement of a payout.
    sums_as     text   COLLATE "C",
    position    bigint NOT NULL,
    item_on     date   NOT NULL,
    scope_on    date   NOT NULL,
    store_id    text   COLLATE "C",
    value_fen   bigint NOT NULL,
    fee_fen     bigint NOT NULL,
    is_due      boolean NOT NULL
) ON COMMIT DROP

-- payouts: those of the log, as the bank should have them
CREATE TEMPORARY TABLE run_payouts (
    payout_id     text    COLLATE "C" NOT NULL,
    statement_id  text    COLLATE "C" NOT NULL,
    merchant_id   text    COLLATE "C" NOT NULL,
    value_fen     bigint  NOT NULL,
    instructed_on date    NOT NULL,
    scope_on      date    NOT NULL,
    position      bigint  NOT NULL,
    is_failed     boolean NOT NULL,
    returned_on   date,
    returned_position bigint,
    in_scope      boolean NOT NULL,
    is_due        boolean NOT NULL,
    return_is_due boolean NOT NULL
) ON COMMIT DROP

-- bank_rows: rows of bank statements that name a payout, in their order
CREATE TEMPORARY TABLE run_bank_rows (
    rank        integer NOT NULL,
    file_no     bigint  NOT NULL,
    row_no      bigint  NOT NULL,
    own_reference text  COLLATE "C" NOT NULL,
    payout_id   text    COLLATE "C" NOT NULL,
    value_fen   bigint  NOT NULL,
    fee_fen     bigint,
    happened_on date    NOT NULL,
    is_in       boolean NOT NULL,
    is_debit    boolean NOT NULL,
    -- Beyond those that the ledger expects: 1 for the first of them, at most 0 for an expected one.
    extra       bigint  NOT NULL,
    is_parts    boolean NOT NULL,
    is_taken_back boolean NOT NULL
) ON COMMIT DROP

-- pairs: what was found on two sides, with what is wrong between them
CREATE TEMPORARY TABLE run_pairs (
    relation     text    COLLATE "C" NOT NULL,
    rule         text    COLLATE "C" NOT NULL,
    code         text    COLLATE "C",
    merchant_id  text    COLLATE "C",
    kind         text    COLLATE "C" NOT NULL,
    reference    text    COLLATE "C" NOT NULL,
    own_reference text   COLLATE "C" NOT NULL,
    item         text    COLLATE "C" NOT NULL,
    item_fen     bigint  NOT NULL,
    item_fee_fen bigint,
    item_on      date,
    position     bigint,
    rank         integer NOT NULL,
    file_no      bigint  NOT NULL,
    row_no       bigint  NOT NULL,
    row_fen      bigint  NOT NULL,
    row_fee_fen  bigint,
    row_on       date    NOT NULL,
    -- What each side counts for in the period; a side that stands in several pairs counts in one.
    item_counts  boolean NOT NULL,
    row_counts   boolean NOT NULL,
    scope_on     date    NOT NULL
) ON COMMIT DROP

-- found: breaks
CREATE TEMPORARY TABLE run_found (
    code           text   COLLATE "C" NOT NULL,
    relation       text   COLLATE "C" NOT NULL,
    kind           text   COLLATE "C" NOT NULL,
    merchant_id    text   COLLATE "C",
    reference      text   COLLATE "C" NOT NULL,
    own_reference  text   COLLATE "C" NOT NULL,
    item           text   COLLATE "C",
    item_fen       bigint,
    item_fee_fen   bigint,
    item_on        date,
    position       bigint,
    rank           integer,
    file_no        bigint,
    row_no         bigint,
    row_fen        bigint,
    row_fee_fen    bigint,
    row_on         date,
    item_counts    boolean NOT NULL,
    row_counts     boolean NOT NULL,
    scope_on       date    NOT NULL,
    -- Whether it is something wrong between two sides, and not one that is alone.
    is_pair        boolean NOT NULL
) ON COMMIT DROP

-- analyze_taken: tell the planner how much there is of what it has just seen written, both sides first
ANALYZE run_files, run_told, run_lines, run_told_rows

-- analyze_named: the same of rows that name something
ANALYZE run_named_rows

-- analyze_pairs: the same of what was brought together; without it, all pairs of flows would seem to be one
ANALYZE run_pairs

-- analyze_free: the same of what is left
ANALYZE run_free_rows, run_free_items

-- join_whole: no row for row; nothing may be known yet of files that have just come, and the run's tables have no index
SELECT set_config('enable_nestloop', 'off', true)

-- join_any_way: as it was before, where rows are few and the other side has an index
SELECT set_config('enable_nestloop', 'on', true)
