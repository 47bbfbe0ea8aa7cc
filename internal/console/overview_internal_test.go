package console

import (
	"testing"

	"github.com/batchplane/batchplane/internal/view"
)

// TestWhereOthersAre: what the overview leaves out of a kind is on the page that it names.
func TestWhereOthersAre(t *testing.T) {
	t.Parallel()
	for kind, want := range map[view.AttentionKind]string{
		view.NeedsDoubt: "/history?status=queued%2Claunching%2Crunning", view.NeedsMissed: "/history?since=24h&status=missed", view.NeedsFailing: "/jobs",
		view.NeedsPaused: "/jobs", view.NeedsResumed: "/jobs",
	} {
		if got := (&overview{Frame: Frame{}}).ofKind(kind); got != want {
			t.Errorf("%s: %s, not %s", kind, got, want)
		}
	}
}
