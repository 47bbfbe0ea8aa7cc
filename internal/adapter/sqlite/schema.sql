CREATE TABLE runs (
    id            TEXT PRIMARY KEY,
    job           TEXT NOT NULL,
    status        TEXT NOT NULL,
    scheduled_for INTEGER NOT NULL, -- Unix milliseconds
    queued_at     INTEGER NOT NULL, -- Unix milliseconds
    lane          TEXT,             -- launch or look; NULL when the run is not open
    due_at        INTEGER,          -- Unix milliseconds; NULL when the run is not open
    rev           INTEGER NOT NULL,
    body          TEXT NOT NULL     -- the run as JSON
) STRICT;
CREATE INDEX runs_due ON runs (lane, due_at, id) WHERE lane IS NOT NULL;
CREATE INDEX runs_newest ON runs (scheduled_for DESC, queued_at DESC, id DESC);

CREATE TABLE items (
    name TEXT PRIMARY KEY,
    rev  INTEGER NOT NULL,
    body TEXT NOT NULL -- the job's item as JSON
) STRICT;

CREATE TABLE definitions (
    hash TEXT PRIMARY KEY,
    body TEXT NOT NULL -- the job as JSON
) STRICT;

CREATE TABLE kept (
    at     INTEGER NOT NULL, -- Unix milliseconds
    reason TEXT NOT NULL,
    body   BLOB NOT NULL
) STRICT;

CREATE TABLE marks (
    name TEXT PRIMARY KEY,
    at   INTEGER NOT NULL -- Unix milliseconds
) STRICT;

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
