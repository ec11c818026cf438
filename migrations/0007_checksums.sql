-- A sum of every stored event, so that a byte that changes later is noticed and its event named.

CREATE TABLE views.checksums (
    programme_id text   COLLATE "C" NOT NULL,
    -- Events block * 256 + 1 to block * 256 + 256 of the programme's log.
    block        bigint NOT NULL CHECK (block >= 0),
    -- Sixteen bytes an event, in order; zeros where no event stands.
    checksums    bytea  NOT NULL,
    -- Of the last event in the block so far.
    position     bigint NOT NULL,
    PRIMARY KEY (programme_id, block)
);

-- Sums do not compress: trying would only take time.
ALTER TABLE views.checksums ALTER COLUMN checksums SET STORAGE EXTERNAL;

-- How often a view's rows were put right by a rebuild: a process that follows forgets what it has
-- remembered of them.
ALTER TABLE tracking ADD COLUMN rebuilds integer NOT NULL DEFAULT 0;
ALTER TABLE tracking ALTER COLUMN rebuilds DROP DEFAULT;
