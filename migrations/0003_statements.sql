-- Statements: every entry of every account with the balance after it, so that what an account held
-- at any moment is one row found by its key.

CREATE TABLE views.entries (
    programme_id text        COLLATE "C" NOT NULL,
    account      text        COLLATE "C" NOT NULL,
    asset        text        COLLATE "C" NOT NULL,
    position     bigint      NOT NULL,
    -- What the event changed, every lot together; 0 where only lots were exchanged.
    amount       bigint      NOT NULL,
    -- What the account holds of the asset after the event.
    balance      bigint      NOT NULL,
    topic        text        COLLATE "C" NOT NULL,
    occurred_at  timestamptz NOT NULL,
    PRIMARY KEY (programme_id, account, asset, position)
);

-- For `sums_occurred` alone: the entries of the last hour, of accounts that are no participant's.
CREATE INDEX entries_by_time ON views.entries (programme_id, account, asset, occurred_at) INCLUDE (amount)
 WHERE account NOT LIKE 'participant:%';

-- What happened to an account in one UTC day or hour. A participant's own entries are few enough
-- to be added up; everybody else's may be millions.
CREATE TABLE views.entry_sums (
    programme_id   text        COLLATE "C" NOT NULL,
    account        text        COLLATE "C" NOT NULL,
    asset          text        COLLATE "C" NOT NULL,
    span           text        COLLATE "C" NOT NULL CHECK (span IN ('day', 'hour')),
    begins_at      timestamptz NOT NULL,
    amount         bigint      NOT NULL,
    -- Of the first entry; `position` is that of the last.
    first_position bigint      NOT NULL,
    position       bigint      NOT NULL,
    PRIMARY KEY (programme_id, account, asset, span, begins_at)
) WITH (fillfactor = 70);

-- Participants of whom nothing is shown any more.
CREATE TABLE views.entry_erasures (
    programme_id   text   COLLATE "C" NOT NULL,
    participant_id text   COLLATE "C" NOT NULL,
    position       bigint NOT NULL,
    PRIMARY KEY (programme_id, participant_id)
);
