package dynamo_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/run"
)

// TestItemSize: each write of a run that succeeds costs one unit only as long as its item is at most 1
// KB.
func TestItemSize(t *testing.T) {
	t.Parallel()
	l := newLife(t, plain())
	check := func(status run.Status, limit int) {
		t.Helper()
		l.status(status)
		n := dynamotest.Size(l.table.item(t, l.id))
		t.Logf("%s: %d bytes", status, n)
		if n > limit {
			t.Errorf("%s: the item takes %d bytes, want at most %d", status, n, limit)
		}
	}
	l.trigger()
	check(run.Running, 600)
	l.stopped(1, ended(0))
	check(run.Succeeded, 600)

	l = newLife(t, plain())
	l.trigger()
	l.stopped(1, neverStarted)
	l.stopped(2, neverStarted)
	l.look(time.Hour)
	l.look(time.Minute)
	l.stopped(3, ended(3))
	check(run.Failed, 1024)
}
