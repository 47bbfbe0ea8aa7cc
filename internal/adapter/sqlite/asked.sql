CREATE TABLE IF NOT EXISTS asked (
    at   INTEGER NOT NULL, -- Unix nanoseconds
    id   TEXT NOT NULL,
    job  TEXT NOT NULL,
    who  TEXT NOT NULL,
    body TEXT NOT NULL, -- the request and its answer as JSON
    PRIMARY KEY (at, id)
) STRICT;
