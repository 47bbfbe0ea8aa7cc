package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/command"
	"github.com/batchplane/batchplane/internal/notice"
)

func TestNotify(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "told")
	n := command.Notifier{Line: `{ cat; echo; echo "$BATCHPLANE_KIND $BATCHPLANE_JOB $BATCHPLANE_RUN"; echo "$BATCHPLANE_NOTICE"; } >` + file}
	x := notice.Notice{ID: "i", Kind: notice.Failed, Job: "a", Run: "a/x", Cause: "exit \x00 3; $(touch /tmp/never)"}
	if err := n.Notify(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file) //nolint:gosec // a test's own file
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"id":"i","kind":"failed"`, "\nfailed a a/x\nFAILED a: exit ", "$(touch /tmp/never)"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if _, err := os.Stat("/tmp/never"); err == nil {
		t.Error("a cause was run")
	}
	err = (&command.Notifier{Line: "echo no such pager >&2; exit 3"}).Notify(t.Context(), x)
	if err == nil || !strings.Contains(err.Error(), "exit status 3: no such pager") {
		t.Errorf("got %v", err)
	}
	if err := (&command.Notifier{Line: "sleep 100 &"}).Notify(t.Context(), x); err != nil {
		t.Errorf("what stays behind: %v", err)
	}
}
