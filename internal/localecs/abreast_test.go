//go:build linux || darwin || freebsd

package localecs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/batchplane/batchplane/internal/localecs"
)

// TestOnlyStopsAreTold: with OnlyStopped, the stop of each of many tasks at once is delivered once,
// with real processes, and even for tasks that cannot be started.
func TestOnlyStopsAreTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := parentConfig(newDB(t, filepath.Join(dir, "local.db")), dir, nil)
	const n = 40
	stops := make(chan seen, 2*n)
	config.OnlyStopped, config.Abreast = true, 8
	config.Deliver = func(_ context.Context, body []byte) error {
		var e seen
		if err := json.Unmarshal(body, &e); err != nil {
			return err
		}
		stops <- e
		return nil
	}
	server, err := localecs.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer closeServer(t, server)
	server.Resume()
	want := map[string]string{}
	for i := range n {
		argv, code := []string{"/bin/sh", "-c", fmt.Sprintf("exit %d", i%5)}, fmt.Sprint("EssentialContainerExited ", i%5)
		if i%4 == 3 {
			argv, code = []string{"no-such-command-here"}, "TaskFailedToStart"
		}
		want[runReal(t, server, argv...)] = code
	}
	got := map[string]string{}
	for range n {
		select {
		case e := <-stops:
			equal(t, "state", e.Detail.LastStatus, "STOPPED")
			text := e.Detail.StopCode
			if code := e.Detail.Containers[0].ExitCode; code != nil {
				text += fmt.Sprint(" ", *code)
			}
			got[e.Detail.TaskARN] = text
		case <-bounded(t).Done():
			t.Fatalf("%d of %d tasks were told of", len(got), n)
		}
	}
	for arn, text := range want {
		if got[arn] != text {
			t.Errorf("%s: %q, want %q", arn, got[arn], text)
		}
	}
}
