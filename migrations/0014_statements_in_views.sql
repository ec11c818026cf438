-- Statements, disputes and payouts in the settlement view.
--
-- No log had any of them before this release, nor a refund of anything but what the use had cost.

-- What a line comes to; below zero for a refund. Its funds are those of its redemption, but where it
-- says otherwise: then they add up to its amounts, sign and all.
ALTER TABLE views.settlement_lines
    ADD COLUMN face_value_fen bigint,
    ADD COLUMN fee_fen        bigint,
    ADD COLUMN fund_ids       text[] COLLATE "C",
    ADD COLUMN share_fen      bigint[],
    ADD COLUMN share_fee_fen  bigint[],
    -- Of the event of an amendment; those of a use or a refund stand with the redemption.
    ADD COLUMN occurred_at    timestamptz,
    ADD COLUMN recorded_at    timestamptz,
    DROP CONSTRAINT settlement_lines_kind_check;
UPDATE views.settlement_lines l
   SET face_value_fen = CASE l.kind WHEN 'use' THEN r.face_value_fen ELSE -r.face_value_fen END,
       fee_fen = CASE l.kind WHEN 'use' THEN r.fee_fen ELSE -r.fee_fen END
  FROM views.settlement_redemptions r
 WHERE r.programme_id = l.programme_id AND r.redemption_id = l.redemption_id;
ALTER TABLE views.settlement_lines
    ALTER COLUMN face_value_fen SET NOT NULL,
    ALTER COLUMN fee_fen SET NOT NULL,
    ADD CONSTRAINT settlement_lines_kind_check CHECK (kind IN ('use', 'refund', 'amendment')),
    ADD CONSTRAINT settlement_lines_funds_check CHECK (
        (fund_ids IS NULL) = (share_fen IS NULL) AND (fund_ids IS NULL) = (share_fee_fen IS NULL)
        AND (kind <> 'amendment' OR fund_ids IS NOT NULL)
    ),
    ADD CONSTRAINT settlement_lines_instants_check CHECK (
        (kind = 'amendment') = (recorded_at IS NOT NULL) AND (kind = 'amendment') = (occurred_at IS NOT NULL)
    );

-- What amendments of a day add; below zero, what they take off.
ALTER TABLE views.settlement_days
    ADD COLUMN amendments  bigint NOT NULL DEFAULT 0,
    ADD COLUMN amended_fen bigint NOT NULL DEFAULT 0;
ALTER TABLE views.settlement_days
    ALTER COLUMN amendments DROP DEFAULT,
    ALTER COLUMN amended_fen DROP DEFAULT;

-- Where else a fund's money is: to be given back by merchants, in statements, and paid. Payable is what
-- is in no statement yet. The last three are by what the lines of statements have of each fund, so a
-- fund whose uses were taken back after they were settled may stand below zero in them.
ALTER TABLE views.settlement_funds
    ADD COLUMN recoverable_fen bigint NOT NULL DEFAULT 0,
    ADD COLUMN settling_fen    bigint NOT NULL DEFAULT 0,
    ADD COLUMN paid_fen        bigint NOT NULL DEFAULT 0,
    DROP CONSTRAINT settlement_funds_check;
ALTER TABLE views.settlement_funds
    ALTER COLUMN recoverable_fen DROP DEFAULT,
    ALTER COLUMN settling_fen DROP DEFAULT,
    ALTER COLUMN paid_fen DROP DEFAULT,
    ADD CONSTRAINT settlement_funds_check CHECK (
        committed_fen = available_fen + encumbered_fen + backing_fen + recoverable_fen
                      + payable_fen + settling_fen + paid_fen + fees_fen
    );

-- Statements, as far as they have come.
CREATE TABLE views.settlement_statements (
    programme_id            text        COLLATE "C" NOT NULL,
    statement_id            text        COLLATE "C" NOT NULL,
    number                  text        COLLATE "C" NOT NULL,
    merchant_id             text        COLLATE "C" NOT NULL,
    starts_on               date        NOT NULL,
    -- Exclusive.
    ends_on                 date        NOT NULL,
    status                  text        COLLATE "C" NOT NULL CHECK (status IN ('issued', 'approved', 'settled')),
    uses                    bigint      NOT NULL,
    used_face_value_fen     bigint      NOT NULL,
    used_fee_fen            bigint      NOT NULL,
    -- Refunds counted without sign.
    refunds                 bigint      NOT NULL,
    refunded_face_value_fen bigint      NOT NULL,
    refunded_fee_fen        bigint      NOT NULL,
    amendments              bigint      NOT NULL,
    amended_fen             bigint      NOT NULL,
    carried_in_fen          bigint      NOT NULL,
    total_fen               bigint      NOT NULL,
    due_fen                 bigint      NOT NULL CHECK (due_fen >= 0),
    carried_out_fen         bigint      NOT NULL,
    -- What became of that which is due; the rest can be paid now.
    held_back_fen           bigint      NOT NULL CHECK (held_back_fen >= 0),
    moved_fen               bigint      NOT NULL CHECK (moved_fen >= 0),
    paid_fen                bigint      NOT NULL CHECK (paid_fen >= 0),
    under_way_fen           bigint      NOT NULL CHECK (under_way_fen >= 0),
    lines_digest            text        COLLATE "C" NOT NULL,
    digest                  text        COLLATE "C" NOT NULL,
    objection_days          bigint      NOT NULL,
    -- The first local day on which none of its lines can be disputed any more.
    objections_until        date        NOT NULL,
    issued_at               timestamptz NOT NULL,
    issued_by               text        COLLATE "C" NOT NULL,
    approved_at             timestamptz,
    approved_by             text        COLLATE "C",
    is_early                boolean     NOT NULL,
    -- Null again when money that was paid has come back.
    settled_at              timestamptz,
    position                bigint      NOT NULL,
    PRIMARY KEY (programme_id, statement_id),
    CHECK (total_fen = used_face_value_fen - used_fee_fen - refunded_face_value_fen + refunded_fee_fen
                     + amended_fen + carried_in_fen),
    CHECK (total_fen = due_fen + carried_out_fen),
    CHECK (held_back_fen + moved_fen + paid_fen + under_way_fen <= due_fen),
    CHECK ((status = 'issued') = (approved_at IS NULL) AND (status = 'settled') = (settled_at IS NOT NULL))
) WITH (fillfactor = 80);

-- For the query carried, and for a merchant's statements by period.
CREATE INDEX settlement_statements_merchant
    ON views.settlement_statements (programme_id, merchant_id, ends_on);

-- What each fund bears of a statement.
CREATE TABLE views.settlement_statement_funds (
    programme_id    text    COLLATE "C" NOT NULL,
    statement_id    text    COLLATE "C" NOT NULL,
    fund_id         text    COLLATE "C" NOT NULL,
    -- False for a fund of which only something was brought forward.
    has_lines       boolean NOT NULL,
    face_value_fen  bigint  NOT NULL,
    fee_fen         bigint  NOT NULL,
    carried_in_fen  bigint  NOT NULL,
    due_fen         bigint  NOT NULL,
    carried_out_fen bigint  NOT NULL,
    -- Of what is due: moved between funds when the statement was settled with nothing more to pay.
    evened_fen      bigint  NOT NULL,
    position        bigint  NOT NULL,
    PRIMARY KEY (programme_id, statement_id, fund_id),
    CHECK (face_value_fen - fee_fen + carried_in_fen = due_fen + carried_out_fen)
);

-- Payouts, as far as they have come.
CREATE TABLE views.settlement_payouts (
    programme_id   text        COLLATE "C" NOT NULL,
    payout_id      text        COLLATE "C" NOT NULL,
    statement_id   text        COLLATE "C" NOT NULL,
    merchant_id    text        COLLATE "C" NOT NULL,
    value_fen      bigint      NOT NULL CHECK (value_fen > 0),
    status         text        COLLATE "C" NOT NULL
        CHECK (status IN ('instructed', 'confirmed', 'failed', 'returned')),
    -- Out of which funds; the shares sum to the value.
    fund_ids       text[]      COLLATE "C" NOT NULL,
    share_fen      bigint[]    NOT NULL,
    instructed_at  timestamptz NOT NULL,
    instructed_by  text        COLLATE "C" NOT NULL,
    confirmed_at   timestamptz,
    bank_reference text        COLLATE "C",
    -- Of the latest of confirmation, failure and return.
    ended_at       timestamptz,
    ended_by       text        COLLATE "C",
    -- Of the failure or the return.
    reason         text        COLLATE "C",
    position       bigint      NOT NULL,
    PRIMARY KEY (programme_id, payout_id),
    CHECK ((status = 'instructed') = (ended_at IS NULL)),
    CHECK ((status IN ('confirmed', 'returned')) = (confirmed_at IS NOT NULL))
) WITH (fillfactor = 80);

CREATE INDEX settlement_payouts_statement ON views.settlement_payouts (programme_id, statement_id);

-- Objections, and what came of them.
CREATE TABLE views.settlement_disputes (
    programme_id    text        COLLATE "C" NOT NULL,
    statement_id    text        COLLATE "C" NOT NULL,
    -- Of the line.
    kind            text        COLLATE "C" NOT NULL CHECK (kind IN ('use', 'refund')),
    redemption_id   text        COLLATE "C" NOT NULL,
    merchant_id     text        COLLATE "C" NOT NULL,
    reason          text        COLLATE "C" NOT NULL,
    earned_fen      bigint      NOT NULL,
    held_back_fen   bigint      NOT NULL CHECK (held_back_fen >= 0),
    -- What is held back, by funds.
    fund_ids        text[]      COLLATE "C" NOT NULL,
    share_fen       bigint[]    NOT NULL,
    opened_position bigint      NOT NULL,
    opened_at       timestamptz NOT NULL,
    opened_by       text        COLLATE "C" NOT NULL,
    -- Null while it is open.
    outcome         text        COLLATE "C" CHECK (outcome IN ('upheld', 'amended')),
    resolution      text        COLLATE "C",
    amended_fen     bigint,
    amendment_fen   bigint      NOT NULL,
    resolved_at     timestamptz,
    resolved_by     text        COLLATE "C",
    position        bigint      NOT NULL,
    PRIMARY KEY (programme_id, statement_id, kind, redemption_id),
    CHECK ((outcome IS NULL) = (resolved_at IS NULL))
) WITH (fillfactor = 80);
