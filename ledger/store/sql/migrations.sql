-- take_turn: wait until no other runner migrates this database
SELECT pg_advisory_lock(%(key)s);

-- has_record: whether this database was ever migrated
SELECT to_regclass('public.schema_migrations') IS NOT NULL;

-- make_record: make the list of applied migrations
CREATE TABLE IF NOT EXISTS public.schema_migrations (
    number          integer     PRIMARY KEY,
    name            text        NOT NULL,
    checksum_sha256 text        NOT NULL,
    applied_at      timestamptz NOT NULL
);

-- applied: what was applied, as it was then
SELECT number, name, checksum_sha256 FROM public.schema_migrations ORDER BY number;

-- note_applied: add one migration to the list, in the transaction that applies it
INSERT INTO public.schema_migrations (number, name, checksum_sha256, applied_at)
VALUES (%(number)s, %(name)s, %(checksum_sha256)s, transaction_timestamp());
