-- Leaderboards: who has avoided how much and earned how much, by period, scenario and organisation.
--
-- Boards, participants and organisations have numbers, given in the order in which the log first
-- names them, so that rows are narrow. A board is small until 10,000 participants have entered it;
-- then it becomes large, for good. A small one is kept in leaves and sorted when it is read; a large
-- one is a row for each participant with the indexes that its readers need, and with counts.

-- One for each period and scenario; the scenario is empty where all count together.
CREATE TABLE views.leaderboards (
    programme_id text    COLLATE "C" NOT NULL,
    period       text    COLLATE "C" NOT NULL CHECK (period IN ('day', 'week', 'month', 'year', 'all')),
    -- The first local day; 0001-01-01 for all time.
    starts_on    date    NOT NULL,
    scenario_id  text    COLLATE "C" NOT NULL,
    board        integer NOT NULL CHECK (board > 0),
    -- Position of the event by which it became large; 0 while it is small.
    large_at     bigint  NOT NULL,
    position     bigint  NOT NULL,
    PRIMARY KEY (programme_id, period, starts_on, scenario_id)
);

-- Everybody whom the log has named as a participant; an erased one is kept so as not to come back.
CREATE TABLE views.leaderboard_people (
    programme_id   text    COLLATE "C" NOT NULL,
    participant_id text    COLLATE "C" NOT NULL,
    number         integer NOT NULL CHECK (number > 0),
    -- Number of the organisation, 0 for none.
    organisation   integer NOT NULL,
    visibility     text    COLLATE "C" NOT NULL CHECK (visibility IN ('shown', 'hidden', 'erased')),
    position       bigint  NOT NULL,
    PRIMARY KEY (programme_id, participant_id),
    UNIQUE (programme_id, number)
);

CREATE TABLE views.leaderboard_organisations (
    programme_id    text    COLLATE "C" NOT NULL,
    organisation_id text    COLLATE "C" NOT NULL,
    number          integer NOT NULL CHECK (number > 0),
    -- Number of the organisation it lies in, 0 for none.
    parent          integer NOT NULL,
    position        bigint  NOT NULL,
    PRIMARY KEY (programme_id, organisation_id)
);
-- Those who lie in an organisation: they compete with one another, and their members are its members.
CREATE INDEX leaderboard_organisations_by_parent ON views.leaderboard_organisations (programme_id, parent);

-- Scenarios that were published, so that one without an act is told from an unknown one.
CREATE TABLE views.leaderboard_scenarios (
    programme_id text   COLLATE "C" NOT NULL,
    scenario_id  text   COLLATE "C" NOT NULL,
    position     bigint NOT NULL,
    PRIMARY KEY (programme_id, scenario_id)
);

-- A board as a whole (organisation 0), and the part of it that lies in an organisation or below it.
CREATE TABLE views.leaderboard_fields (
    programme_id text    COLLATE "C" NOT NULL,
    board        integer NOT NULL,
    organisation integer NOT NULL,
    -- Participants who ever entered, and those of them who were not erased.
    entered      integer NOT NULL,
    members      integer NOT NULL,
    -- Sums over all who ever entered.
    amount_g     bigint  NOT NULL,
    credits      bigint  NOT NULL,
    position     bigint  NOT NULL,
    PRIMARY KEY (programme_id, board, organisation)
) WITH (fillfactor = 70);

-- Small boards: up to 64 participants in a row. A row of arrays is rewritten with each page that
-- names any of them, for a tenth of what a row for each of them would cost.
CREATE TABLE views.leaderboard_leaves (
    programme_id  text    COLLATE "C" NOT NULL,
    board         integer NOT NULL,
    -- Participants of the numbers from 64 * leaf on.
    leaf          integer NOT NULL,
    -- Of those who have entered, in order: numbers and organisations as 4 bytes each, sums as 8 bytes
    -- each, the least significant first.
    members       bytea   NOT NULL,
    organisations bytea   NOT NULL,
    amounts_g     bytea   NOT NULL,
    credits       bytea   NOT NULL,
    position      bigint  NOT NULL,
    PRIMARY KEY (programme_id, board, leaf)
) WITH (fillfactor = 60);

-- Large boards: a row for each participant.
CREATE TABLE views.leaderboard_scores (
    programme_id   text    COLLATE "C" NOT NULL,
    board          integer NOT NULL,
    participant_id text    COLLATE "C" NOT NULL,
    organisation   integer NOT NULL,
    amount_g       bigint  NOT NULL,
    credits        bigint  NOT NULL,
    position       bigint  NOT NULL,
    PRIMARY KEY (programme_id, board, participant_id)
) WITH (fillfactor = 90);
-- Each serves the queries `window_*` and `ranks_*` of its order; the last two only where there are organisations.
CREATE INDEX leaderboard_scores_by_grams
    ON views.leaderboard_scores (programme_id, board, amount_g DESC, participant_id);
CREATE INDEX leaderboard_scores_by_credits
    ON views.leaderboard_scores (programme_id, board, credits DESC, participant_id);
CREATE INDEX leaderboard_scores_within_by_grams
    ON views.leaderboard_scores (programme_id, board, organisation, amount_g DESC, participant_id)
 WHERE organisation > 0;
CREATE INDEX leaderboard_scores_within_by_credits
    ON views.leaderboard_scores (programme_id, board, organisation, credits DESC, participant_id)
 WHERE organisation > 0;

-- Large fields of large boards: how many participants have about so much, so that a rank is a sum.
CREATE TABLE views.leaderboard_counts (
    programme_id text    COLLATE "C" NOT NULL,
    board        integer NOT NULL,
    organisation integer NOT NULL,
    by_credits   boolean NOT NULL,
    bucket       integer NOT NULL,
    members      integer NOT NULL,
    -- Since when the board is large: the counts follow from its rows, and a difference in one from theirs.
    position     bigint  NOT NULL,
    PRIMARY KEY (programme_id, board, organisation, by_credits, bucket)
) WITH (fillfactor = 70);
