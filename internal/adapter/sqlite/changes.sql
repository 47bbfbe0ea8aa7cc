CREATE TABLE IF NOT EXISTS changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, -- grows with every change of a run
    id  TEXT NOT NULL UNIQUE               -- the run; its newest change counts
) STRICT;
CREATE TRIGGER IF NOT EXISTS runs_inserted AFTER INSERT ON runs BEGIN
    INSERT INTO changes (id) VALUES (new.id);
END;
CREATE TRIGGER IF NOT EXISTS runs_updated AFTER UPDATE ON runs BEGIN
    DELETE FROM changes WHERE id = new.id;
    INSERT INTO changes (id) VALUES (new.id);
END;
CREATE TRIGGER IF NOT EXISTS runs_dropped AFTER DELETE ON runs BEGIN
    DELETE FROM changes WHERE id = old.id;
END;
