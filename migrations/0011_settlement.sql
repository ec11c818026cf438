-- As before; and what a merchant still has to get may stand below zero: it is what the merchant has to
-- give back of what it was paid, and funds have as much `recoverable`, which no new hold can take.
CREATE OR REPLACE FUNCTION append_events(
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
    p_configured     bigint[],
    p_registers      text[],
    p_register_keys  text[],
    p_register_dues  timestamptz[],
    p_register_values text[]
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
       AND account NOT LIKE 'sponsor:%:external'
       AND account NOT LIKE 'participant:%:debt'
       AND account NOT LIKE 'merchant:%:payable';
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
    IF cardinality(p_register_keys) > 0 THEN
        -- One by one: a join would keep the plan of the day on which the table was empty.
        IF '' = ANY (p_register_values) THEN
            FOR n IN 1 .. cardinality(p_register_keys) LOOP
                IF p_register_values[n] = '' THEN
                    DELETE FROM registers
                     WHERE programme_id = p_programme_id
                       AND register = p_registers[n] AND key = p_register_keys[n];
                END IF;
            END LOOP;
        END IF;
        INSERT INTO registers (programme_id, register, key, due_at, value)
        SELECT p_programme_id, c.register, c.key, c.due_at, c.value
          FROM unnest(p_registers, p_register_keys, p_register_dues, p_register_values)
               AS c (register, key, due_at, value)
         WHERE c.value <> ''
            ON CONFLICT (programme_id, register, key)
            DO UPDATE SET due_at = excluded.due_at, value = excluded.value;
    END IF;
    RETURN true;
END
$$;
