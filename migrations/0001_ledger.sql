-- The event store, the book and the keys.
--
-- Every key of a programme's rows begins with programme_id, so that a programme can be placed on
-- any node; no sequence, no trigger, no default that would run on another machine.

CREATE TABLE heads (
    programme_id           text   COLLATE "C" NOT NULL PRIMARY KEY,
    -- Events in the programme's log; also the position of the latest one.
    position               bigint NOT NULL CHECK (position >= 0),
    -- Position of the latest event that changed the rules, 0 before the first.
    configured_at_position bigint NOT NULL CHECK (configured_at_position BETWEEN 0 AND position),
    -- When the latest event was recorded: the log's time never runs backwards.
    recorded_at            timestamptz NOT NULL
) WITH (fillfactor = 10);

CREATE TABLE events (
    programme_id       text    COLLATE "C" NOT NULL,
    position           bigint  NOT NULL CHECK (position > 0),
    originator_id      uuid    NOT NULL,
    originator_version integer NOT NULL CHECK (originator_version > 0),
    topic              text    COLLATE "C" NOT NULL,
    state              bytea   NOT NULL,
    -- The idempotency key: a fact's stream is derived from the caller's own id.
    PRIMARY KEY (programme_id, originator_id, originator_version),
    UNIQUE (programme_id, position)
);

-- The few events by which later commands are decided, found without reading the log.
CREATE TABLE configuration (
    programme_id text   COLLATE "C" NOT NULL,
    position     bigint NOT NULL,
    PRIMARY KEY (programme_id, position)
);

-- Sums of legs, written with the events they come from.
CREATE TABLE balances (
    programme_id text   COLLATE "C" NOT NULL,
    account      text   COLLATE "C" NOT NULL,
    asset        text   COLLATE "C" NOT NULL,
    -- Last day of validity of credits (ISO date), empty for grams and money.
    lot          text   COLLATE "C" NOT NULL,
    amount       bigint NOT NULL,
    PRIMARY KEY (programme_id, account, asset, lot)
) WITH (fillfactor = 70);

-- Owners of accounts: who is open, frozen or closed, and what was given away this month.
CREATE TABLE owners (
    programme_id  text   COLLATE "C" NOT NULL,
    account       text   COLLATE "C" NOT NULL,
    status        text   COLLATE "C" NOT NULL CHECK (status IN ('open', 'frozen', 'closed')),
    given_month   text   COLLATE "C" NOT NULL,
    given_credits bigint NOT NULL CHECK (given_credits >= 0),
    PRIMARY KEY (programme_id, account)
) WITH (fillfactor = 70);

-- Redemptions that still hold credits and money, by the instant until which they may.
CREATE TABLE holds (
    programme_id  text        COLLATE "C" NOT NULL,
    redemption_id text        COLLATE "C" NOT NULL,
    deadline_at   timestamptz NOT NULL,
    PRIMARY KEY (programme_id, redemption_id)
);

-- How far each view has followed each programme's log.
CREATE TABLE tracking (
    programme_id text   COLLATE "C" NOT NULL,
    view_name    text   COLLATE "C" NOT NULL,
    position     bigint NOT NULL CHECK (position >= 0),
    PRIMARY KEY (programme_id, view_name)
);

-- Keys belong to the deployment, not to a programme.
CREATE TABLE api_keys (
    key_id        text        COLLATE "C" NOT NULL PRIMARY KEY,
    secret_sha256 bytea       NOT NULL UNIQUE,
    name          text        NOT NULL,
    role          text        COLLATE "C" NOT NULL CHECK (role IN ('poster', 'finance', 'auditor', 'operator')),
    -- The only programme it opens; null for all of them.
    programme_id  text        COLLATE "C",
    created_at    timestamptz NOT NULL,
    revoked_at    timestamptz
);

-- Append a group of events to one programme's log, with all that follows from them.
--
-- The update of the head is the fence: when another writer has moved it since `expected` was read,
-- nothing is written and the answer is false. A stream position that is taken raises a unique
-- violation, which undoes everything. Amounts are added, never set: a balance is a sum of legs.
CREATE FUNCTION append_events(
    p_programme_id   text,
    p_expected       bigint,
    p_configured_at  bigint,
    p_recorded_at    timestamptz,
    p_originator_ids uuid[],
    p_versions       integer[],
    p_topics         text[],
    p_states         bytea[],
    p_accounts       text[],
    p_assets         text[],
    p_lots           text[],
    p_amounts        bigint[],
    p_owners         text[],
    p_statuses       text[],
    p_given_months   text[],
    p_given_credits  bigint[],
    p_held_ids       text[],
    p_deadlines      timestamptz[],
    p_released_ids   text[],
    p_configured     bigint[]
) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    overdrawn text;
BEGIN
    UPDATE heads
       SET position = p_expected + cardinality(p_originator_ids),
           configured_at_position = p_configured_at,
           recorded_at = p_recorded_at
     WHERE programme_id = p_programme_id AND position = p_expected;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    INSERT INTO events (programme_id, position, originator_id, originator_version, topic, state)
    SELECT p_programme_id, p_expected + e.n, e.originator_id, e.version, e.topic, e.state
      FROM unnest(p_originator_ids, p_versions, p_topics, p_states)
           WITH ORDINALITY AS e (originator_id, version, topic, state, n);

    -- The last net under the decisions: no row may fall below zero but those of counter-accounts.
    -- (A CHECK would look at the amount to be added, not at the sum.)
    WITH changed AS (
        INSERT INTO balances (programme_id, account, asset, lot, amount)
        SELECT p_programme_id, d.account, d.asset, d.lot, d.amount
          FROM unnest(p_accounts, p_assets, p_lots, p_amounts) AS d (account, asset, lot, amount)
            ON CONFLICT (programme_id, account, asset, lot)
            DO UPDATE SET amount = balances.amount + excluded.amount
        RETURNING account, amount
    )
    SELECT min(account) INTO overdrawn
      FROM changed
     WHERE amount < 0
       AND account NOT IN ('nature', 'issuance', 'adjusted')
       AND account NOT LIKE 'sponsor:%:external';
    IF overdrawn IS NOT NULL THEN
        RAISE EXCEPTION 'account % would fall below zero', overdrawn USING ERRCODE = 'check_violation';
    END IF;

    IF cardinality(p_owners) > 0 THEN
        INSERT INTO owners (programme_id, account, status, given_month, given_credits)
        SELECT p_programme_id, o.account, o.status, o.given_month, o.given_credits
          FROM unnest(p_owners, p_statuses, p_given_months, p_given_credits)
               AS o (account, status, given_month, given_credits)
            ON CONFLICT (programme_id, account)
            DO UPDATE SET status = excluded.status,
                          given_month = excluded.given_month,
                          given_credits = excluded.given_credits;
    END IF;
    IF cardinality(p_held_ids) > 0 THEN
        INSERT INTO holds (programme_id, redemption_id, deadline_at)
        SELECT p_programme_id, h.redemption_id, h.deadline_at
          FROM unnest(p_held_ids, p_deadlines) AS h (redemption_id, deadline_at);
    END IF;
    IF cardinality(p_released_ids) > 0 THEN
        DELETE FROM holds
         WHERE programme_id = p_programme_id AND redemption_id = ANY (p_released_ids);
    END IF;
    IF cardinality(p_configured) > 0 THEN
        INSERT INTO configuration (programme_id, position)
        SELECT p_programme_id, c.position FROM unnest(p_configured) AS c (position);
    END IF;
    RETURN true;
END
$$;
