-- What merchants are owed, by redemption, by day and by fund.
--
-- A use counts on the local day on which it was recorded, and so does a refund: a day that is over
-- does not change, whatever is reported later.

-- Every redemption, as far as it has come.
CREATE TABLE views.settlement_redemptions (
    programme_id          text        COLLATE "C" NOT NULL,
    redemption_id         text        COLLATE "C" NOT NULL,
    merchant_id           text        COLLATE "C" NOT NULL,
    store_id              text        COLLATE "C",
    offer_id              text        COLLATE "C",
    -- Null when the participant was erased.
    participant_id        text        COLLATE "C",
    status                text        COLLATE "C" NOT NULL
        CHECK (status IN ('held', 'fulfilled', 'cancelled', 'released', 'refunded')),
    credits               bigint      NOT NULL,
    face_value_fen        bigint      NOT NULL,
    fee_fen               bigint      NOT NULL CHECK (fee_fen BETWEEN 0 AND face_value_fen),
    -- In declared order; the shares sum to the face value, the fees to the fee.
    fund_ids              text[]      COLLATE "C" NOT NULL,
    share_fen             bigint[]    NOT NULL,
    share_fee_fen         bigint[]    NOT NULL,
    deadline_at           timestamptz NOT NULL,
    held_position         bigint      NOT NULL,
    held_occurred_at      timestamptz NOT NULL,
    held_recorded_at      timestamptz NOT NULL,
    fulfilled_position    bigint,
    fulfilled_occurred_at timestamptz,
    fulfilled_recorded_at timestamptz,
    -- Of the cancellation, the release or the refund; the status says which.
    reversed_position     bigint,
    reversed_occurred_at  timestamptz,
    reversed_recorded_at  timestamptz,
    position              bigint      NOT NULL,
    PRIMARY KEY (programme_id, redemption_id)
) WITH (fillfactor = 80);

-- For the query forget: whose redemptions lose their participant.
CREATE INDEX settlement_redemptions_participant
    ON views.settlement_redemptions (programme_id, participant_id);

-- What is on a merchant's statement: uses, and refunds as lines of their own. A line never changes.
CREATE TABLE views.settlement_lines (
    programme_id  text   COLLATE "C" NOT NULL,
    merchant_id   text   COLLATE "C" NOT NULL,
    local_day     date   NOT NULL,
    position      bigint NOT NULL,
    kind          text   COLLATE "C" NOT NULL CHECK (kind IN ('use', 'refund')),
    redemption_id text   COLLATE "C" NOT NULL,
    PRIMARY KEY (programme_id, merchant_id, local_day, position)
);

-- Sums of lines.
CREATE TABLE views.settlement_days (
    programme_id            text   COLLATE "C" NOT NULL,
    merchant_id             text   COLLATE "C" NOT NULL,
    local_day               date   NOT NULL,
    uses                    bigint NOT NULL,
    used_face_value_fen     bigint NOT NULL,
    used_fee_fen            bigint NOT NULL,
    refunds                 bigint NOT NULL,
    refunded_face_value_fen bigint NOT NULL,
    refunded_fee_fen        bigint NOT NULL,
    position                bigint NOT NULL,
    PRIMARY KEY (programme_id, merchant_id, local_day)
) WITH (fillfactor = 80);

-- For the query merchants: all of them in a short period of a long history.
CREATE INDEX settlement_days_local_day ON views.settlement_days (programme_id, local_day);

-- Sums of the funds' shares of lines, a refund counted below zero.
CREATE TABLE views.settlement_fund_days (
    programme_id   text   COLLATE "C" NOT NULL,
    merchant_id    text   COLLATE "C" NOT NULL,
    local_day      date   NOT NULL,
    fund_id        text   COLLATE "C" NOT NULL,
    face_value_fen bigint NOT NULL,
    fee_fen        bigint NOT NULL,
    position       bigint NOT NULL,
    PRIMARY KEY (programme_id, merchant_id, local_day, fund_id)
) WITH (fillfactor = 80);

-- Where each fund's money is.
CREATE TABLE views.settlement_funds (
    programme_id   text   COLLATE "C" NOT NULL,
    fund_id        text   COLLATE "C" NOT NULL,
    committed_fen  bigint NOT NULL,
    available_fen  bigint NOT NULL,
    encumbered_fen bigint NOT NULL,
    payable_fen    bigint NOT NULL,
    fees_fen       bigint NOT NULL,
    position       bigint NOT NULL,
    PRIMARY KEY (programme_id, fund_id),
    -- The invariant of money, of every row and of every change that is added to one.
    CHECK (committed_fen = available_fen + encumbered_fen + payable_fen + fees_fen)
) WITH (fillfactor = 80);
