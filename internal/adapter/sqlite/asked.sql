CREATE TABLE IF NOT EXISTS asked (
    at   INTEGER NOT NULL, -- Unix nanoseconds
    id   TEXT NOT NULL,
    job  TEXT NOT NULL,
    who  TEXT NOT NULL,
    body TEXT NOT NULL, -- the request and its answer as JSON
    PRIMARY KEY (at, id)
) STRICT;

CREATE TABLE IF NOT EXISTS took (
    notice TEXT NOT NULL,
    target TEXT NOT NULL,
    at     INTEGER NOT NULL, -- Unix milliseconds
    PRIMARY KEY (notice, target)
) STRICT;

CREATE TABLE IF NOT EXISTS pending (
    id    TEXT PRIMARY KEY,
    since INTEGER NOT NULL, -- Unix nanoseconds
    done  INTEGER NOT NULL,
    body  TEXT NOT NULL -- the slot as JSON
) STRICT;
