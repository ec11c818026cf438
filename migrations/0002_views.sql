-- Where views live, and which of them had to stop.
--
-- Each view's tables are in the schema `views`, so that a rebuild can make the same tables in a
-- schema beside it and then swap them.

CREATE SCHEMA views;

-- Views that met an event they cannot take; the others go on.
CREATE TABLE stopped_views (
    programme_id text        COLLATE "C" NOT NULL,
    view_name    text        COLLATE "C" NOT NULL,
    -- Of the event that the view could not take.
    position     bigint      NOT NULL,
    topic        text        COLLATE "C" NOT NULL,
    error        text        NOT NULL,
    stopped_at   timestamptz NOT NULL,
    tried_at     timestamptz NOT NULL,
    PRIMARY KEY (programme_id, view_name)
);
