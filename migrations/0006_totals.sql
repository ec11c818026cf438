-- A programme in numbers: what flowed, what is outstanding, who was active.
--
-- The book counts on the local day on which it was written, so a day that is over stays as it is.
-- Activities count on the local day on which they happened, so a late report is added to its day.

-- Sums of legs by day, by what caused them and by the place that an account is; both ways apart.
CREATE TABLE views.totals_flows (
    programme_id text   COLLATE "C" NOT NULL,
    local_day    date   NOT NULL,
    topic        text   COLLATE "C" NOT NULL,
    asset        text   COLLATE "C" NOT NULL,
    -- The last word of the account's address that is no id: participant, held, issuance, available …
    place        text   COLLATE "C" NOT NULL,
    units_in     bigint NOT NULL CHECK (units_in >= 0),
    units_out    bigint NOT NULL CHECK (units_out >= 0),
    position     bigint NOT NULL,
    PRIMARY KEY (programme_id, local_day, topic, asset, place)
) WITH (fillfactor = 80);

-- Credits by place and lot, as they stand.
CREATE TABLE views.totals_lots (
    programme_id text   COLLATE "C" NOT NULL,
    place        text   COLLATE "C" NOT NULL,
    lot          date   NOT NULL,
    credits      bigint NOT NULL,
    position     bigint NOT NULL,
    PRIMARY KEY (programme_id, place, lot)
) WITH (fillfactor = 80);

-- Activities by the day on which they happened.
CREATE TABLE views.totals_activities (
    programme_id text   COLLATE "C" NOT NULL,
    local_day    date   NOT NULL,
    scenario_id  text   COLLATE "C" NOT NULL,
    verdict      text   COLLATE "C" NOT NULL,
    activities   bigint NOT NULL,
    amount_g     bigint NOT NULL,
    credits      bigint NOT NULL,
    position     bigint NOT NULL,
    PRIMARY KEY (programme_id, local_day, scenario_id, verdict)
) WITH (fillfactor = 80);

-- Who was active, a row a month: the days of it as bits, the first of the month as the lowest.
CREATE TABLE views.totals_active (
    programme_id   text    COLLATE "C" NOT NULL,
    participant_id text    COLLATE "C" NOT NULL,
    -- Its first day.
    local_month    date    NOT NULL,
    days           integer NOT NULL CHECK (days > 0),
    position       bigint  NOT NULL,
    PRIMARY KEY (programme_id, participant_id, local_month)
) WITH (fillfactor = 80);

-- Who has ever been seen, so that nobody is counted twice.
CREATE TABLE views.totals_participants (
    programme_id   text   COLLATE "C" NOT NULL,
    participant_id text   COLLATE "C" NOT NULL,
    position       bigint NOT NULL,
    PRIMARY KEY (programme_id, participant_id)
);

-- Counts of people: new on the day of the first record, active on the day of an activity.
CREATE TABLE views.totals_people (
    programme_id text   COLLATE "C" NOT NULL,
    -- day or month; a month stands under its first day.
    period       text   COLLATE "C" NOT NULL CHECK (period IN ('day', 'month')),
    begins_on    date   NOT NULL,
    joined       bigint NOT NULL,
    active       bigint NOT NULL,
    position     bigint NOT NULL,
    PRIMARY KEY (programme_id, period, begins_on)
) WITH (fillfactor = 80);

-- What was committed to each fund, promised from it and returned to it.
CREATE TABLE views.totals_funds (
    programme_id   text   COLLATE "C" NOT NULL,
    fund_id        text   COLLATE "C" NOT NULL,
    local_day      date   NOT NULL,
    committed_fen  bigint NOT NULL,
    encumbered_fen bigint NOT NULL,
    returned_fen   bigint NOT NULL,
    position       bigint NOT NULL,
    PRIMARY KEY (programme_id, fund_id, local_day)
) WITH (fillfactor = 80);
