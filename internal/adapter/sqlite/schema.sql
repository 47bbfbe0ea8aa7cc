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
CREATE INDEX runs_by_status ON runs (status, scheduled_for DESC, id DESC) WHERE status <> 'succeeded';
CREATE INDEX runs_queued ON runs (queued_at);

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

CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, -- grows with every change of a run
    id  TEXT NOT NULL UNIQUE               -- the run; its newest change counts
) STRICT;
CREATE TRIGGER runs_inserted AFTER INSERT ON runs BEGIN
    INSERT INTO changes (id) VALUES (new.id);
END;
CREATE TRIGGER runs_updated AFTER UPDATE ON runs BEGIN
    DELETE FROM changes WHERE id = new.id;
    INSERT INTO changes (id) VALUES (new.id);
END;
CREATE TRIGGER runs_dropped AFTER DELETE ON runs BEGIN
    DELETE FROM changes WHERE id = old.id;
END;

CREATE TABLE asked (
    at   INTEGER NOT NULL, -- Unix nanoseconds
    id   TEXT NOT NULL,
    job  TEXT NOT NULL,
    who  TEXT NOT NULL,
    body TEXT NOT NULL, -- the request and its answer as JSON
    PRIMARY KEY (at, id)
) STRICT;

CREATE TABLE took (
    notice TEXT NOT NULL,
    target TEXT NOT NULL,
    at     INTEGER NOT NULL, -- Unix milliseconds
    PRIMARY KEY (notice, target)
) STRICT;

CREATE TABLE pending (
    id    TEXT PRIMARY KEY,
    since INTEGER NOT NULL, -- Unix nanoseconds
    done  INTEGER NOT NULL,
    body  TEXT NOT NULL -- the slot as JSON
) STRICT;
