-- Webhooks: who is told of events, how far each has been told, and what could not be told yet.
--
-- They are configuration of the deployment and not events. The log itself is the queue: a row of
-- its own has only a message that was not taken at its first attempt.

CREATE TABLE webhooks (
    programme_id          text        COLLATE "C" NOT NULL,
    webhook_id            text        COLLATE "C" NOT NULL,
    url                   text        NOT NULL,
    -- Those wanted; all when empty.
    topics                text[]      NOT NULL,
    -- Readable, because messages are signed with it; the previous one signs beside it for a while.
    secret                text        NOT NULL,
    previous_secret       text,
    previous_secret_until timestamptz,
    state                 text        COLLATE "C" NOT NULL CHECK (state IN ('active', 'paused', 'failing')),
    -- Every wanted event up to here was delivered, waits for another attempt, or is a dead letter.
    position              bigint      NOT NULL CHECK (position >= 0),
    failures_in_a_row     integer     NOT NULL CHECK (failures_in_a_row >= 0),
    last_error            text,
    last_error_at         timestamptz,
    last_delivered_at     timestamptz,
    -- Until then nothing is sent, because the receiver asked for it.
    held_until            timestamptz,
    -- Until then nothing is sent, because the receiver seems to be away.
    probe_at              timestamptz,
    created_at            timestamptz NOT NULL,
    -- Whose turn it is to send, and how long without a sign of life from it.
    leased_by             text        COLLATE "C",
    leased_until          timestamptz,
    PRIMARY KEY (programme_id, webhook_id)
) WITH (fillfactor = 50);

-- Messages that were not taken at their first attempt.
CREATE TABLE webhook_deliveries (
    programme_id    text        COLLATE "C" NOT NULL,
    webhook_id      text        COLLATE "C" NOT NULL,
    position        bigint      NOT NULL,
    topic           text        COLLATE "C" NOT NULL,
    attempts        integer     NOT NULL CHECK (attempts >= 0),
    -- Null for a dead letter, which is tried again only when somebody asks for it.
    next_attempt_at timestamptz,
    last_attempt_at timestamptz NOT NULL,
    last_error      text        NOT NULL,
    PRIMARY KEY (programme_id, webhook_id, position)
);

CREATE INDEX webhook_deliveries_due
    ON webhook_deliveries (programme_id, webhook_id, next_attempt_at)
 WHERE next_attempt_at IS NOT NULL;
