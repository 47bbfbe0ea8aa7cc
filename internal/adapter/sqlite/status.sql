CREATE INDEX IF NOT EXISTS runs_by_status ON runs (status, scheduled_for DESC, id DESC) WHERE status <> 'succeeded';
CREATE INDEX IF NOT EXISTS runs_queued ON runs (queued_at);
