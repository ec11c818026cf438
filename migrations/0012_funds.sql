-- Sponsors' money in and out of funds: what each sponsor has in each fund, and the views of movements,
-- proposals and alarms.

-- The register `contributions` of logs that have commitments already; the value as the ledger writes it.
INSERT INTO registers (programme_id, register, key, due_at, value)
SELECT programme_id, 'contributions', (told ->> 'fund_id') || E'\n' || (told ->> 'sponsor_id'), 'infinity',
       '{"committed_fen":' || sum((told ->> 'value_fen')::bigint)::text || '}'
  FROM (SELECT programme_id, convert_from(state, 'UTF8')::json AS told
          FROM events
         WHERE topic = 'fund.committed') AS commitments
 GROUP BY programme_id, told ->> 'fund_id', told ->> 'sponsor_id';

-- What went in and out of a fund; a transfer has a row in each of the two. A row never changes.
CREATE TABLE views.fund_movements (
    programme_id  text        COLLATE "C" NOT NULL,
    fund_id       text        COLLATE "C" NOT NULL,
    position      bigint      NOT NULL,
    movement      text        COLLATE "C" NOT NULL CHECK (movement IN ('commit', 'withdraw', 'transfer')),
    -- Below zero for what left the fund.
    value_fen     bigint      NOT NULL CHECK (value_fen <> 0),
    sponsor_id    text        COLLATE "C" NOT NULL,
    -- Of a transfer: where it went, or came from.
    other_fund_id text        COLLATE "C",
    -- Null when money was committed without a proposal; then nobody is known to have approved it.
    proposal_id   text        COLLATE "C",
    proposed_by   text        COLLATE "C",
    approved_by   text        COLLATE "C",
    occurred_at   timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL,
    PRIMARY KEY (programme_id, fund_id, position)
);

-- Every proposal as far as it has come; whether one has lapsed is for the reader's clock to say.
CREATE TABLE views.fund_proposals (
    programme_id      text        COLLATE "C" NOT NULL,
    proposal_id       text        COLLATE "C" NOT NULL,
    status            text        COLLATE "C" NOT NULL CHECK (status IN ('proposed', 'approved', 'rejected')),
    movement          text        COLLATE "C" NOT NULL CHECK (movement IN ('commit', 'withdraw', 'transfer')),
    fund_id           text        COLLATE "C" NOT NULL,
    to_fund_id        text        COLLATE "C",
    sponsor_id        text        COLLATE "C" NOT NULL,
    value_fen         bigint      NOT NULL,
    reference         text        COLLATE "C",
    lapses_at         timestamptz NOT NULL,
    proposed_position bigint      NOT NULL,
    proposed_by       text        COLLATE "C" NOT NULL,
    proposed_at       timestamptz NOT NULL,
    decided_by        text        COLLATE "C",
    decided_at        timestamptz,
    reason            text        COLLATE "C",
    position          bigint      NOT NULL,
    PRIMARY KEY (programme_id, proposal_id)
) WITH (fillfactor = 80);

-- For the query proposals: the newest first.
CREATE INDEX fund_proposals_position ON views.fund_proposals (programme_id, proposed_position);

-- Every alarm that was raised, and what ended it: money that rose again, or thresholds set anew.
CREATE TABLE views.fund_alarms (
    programme_id          text        COLLATE "C" NOT NULL,
    fund_id               text        COLLATE "C" NOT NULL,
    raised_position       bigint      NOT NULL,
    threshold_fen         bigint      NOT NULL,
    raised_at             timestamptz NOT NULL,
    raised_available_fen  bigint      NOT NULL,
    cleared_position      bigint,
    cleared_at            timestamptz,
    -- Null when the alarm ended because its threshold was given up.
    cleared_available_fen bigint,
    position              bigint      NOT NULL,
    PRIMARY KEY (programme_id, fund_id, raised_position)
) WITH (fillfactor = 80);
