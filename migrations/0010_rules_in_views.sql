-- What stands between an act and a credit, in the views: money that backs credits, and bonuses.

-- Money of a fund that is set aside for credits issued on its budget. No log had any before this release.
ALTER TABLE views.settlement_funds
    ADD COLUMN backing_fen bigint NOT NULL DEFAULT 0,
    DROP CONSTRAINT settlement_funds_check;
ALTER TABLE views.settlement_funds
    ALTER COLUMN backing_fen DROP DEFAULT,
    ADD CONSTRAINT settlement_funds_check CHECK (
        committed_fen = available_fen + encumbered_fen + payable_fen + fees_fen + backing_fen
    );

-- What of a day was set aside for credits, net of what came back with credits.
ALTER TABLE views.totals_funds ADD COLUMN backed_fen bigint NOT NULL DEFAULT 0;
ALTER TABLE views.totals_funds ALTER COLUMN backed_fen DROP DEFAULT;

-- Credits of campaigns by the day on which the act happened.
CREATE TABLE views.totals_bonuses (
    programme_id text   COLLATE "C" NOT NULL,
    local_day    date   NOT NULL,
    campaign_id  text   COLLATE "C" NOT NULL,
    scenario_id  text   COLLATE "C" NOT NULL,
    credits      bigint NOT NULL,
    position     bigint NOT NULL,
    PRIMARY KEY (programme_id, local_day, campaign_id, scenario_id)
) WITH (fillfactor = 80);
