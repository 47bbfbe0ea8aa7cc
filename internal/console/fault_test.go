package console_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/job"
)

// faulty is a store with which this program does what its author did not think of.
type faulty struct{ memory.Store }

func (*faulty) Item(context.Context, string) (job.Item, error) { panic("a map that is nil") }

// TestAFaultIsTold: who meets a fault of this program is told so by a page, and the log says where it is.
func TestAFaultIsTold(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := newWorld(t, func(c *console.Config) {
		p := *c.Plane
		p.Reader, c.Plane, c.Log = &faulty{}, &p, slog.New(slog.NewTextHandler(&log, nil))
	})
	res := w.send(request("GET", "/jobs/report", nil), w.signIn())
	if res.StatusCode != http.StatusInternalServerError || !strings.Contains(res.body, "a fault in batchplane") || strings.Contains(res.body, "goroutine") {
		t.Errorf("it answered %d:\n%s", res.StatusCode, res.body)
	}
	if said := log.String(); !strings.Contains(said, "a map that is nil") || !strings.Contains(said, "fault_test.go") {
		t.Errorf("the log says %q", said)
	}
}
