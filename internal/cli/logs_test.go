package cli_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/cli"
)

// TestLogsLeft: a person who leaves logs --follow is told neither to give --follow nor anything of
// an attempt that was not read. To a script, output that was cut off is not all of it.
func TestLogsLeft(t *testing.T) {
	t.Parallel()
	w := past(t)
	w.must("run", "endless", "--request-id", "x")
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	time.AfterFunc(200*time.Millisecond, leave)
	var out, errs bytes.Buffer
	code := cli.Main(ctx, []string{"--db", w.db, "logs", "endless", "--follow"}, cli.Env{Now: w.clock.Now, Zone: berlin, Stdout: &out, Stderr: &errs})
	if code != 130 || bytes.Contains(errs.Bytes(), []byte("no output")) {
		t.Errorf("left, it ends with %d and says %q", code, errs.String())
	}
}
