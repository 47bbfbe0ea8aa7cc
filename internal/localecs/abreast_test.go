//go:build linux || darwin || freebsd

package localecs_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/localecs"
)

// TestStartsComeFirst: while launches are to come, one event is delivered at a time. Once they have come, the others
// do not wait for one whose delivery takes long.
func TestStartsComeFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := parentConfig(newDB(t, filepath.Join(dir, "local.db")), dir, nil)
	const n = 8
	var launching atomic.Bool
	launching.Store(true)
	come, leave := make(chan struct{}, n), make(chan struct{})
	var asked atomic.Int64
	config.OnlyStopped, config.Abreast = true, n
	config.Launching = func() bool {
		asked.Add(1)
		return launching.Load()
	}
	config.Deliver = func(context.Context, []byte) error {
		come <- struct{}{}
		<-leave
		return nil
	}
	server, err := localecs.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer closeServer(t, server)
	defer close(leave)
	server.Resume()
	for range n {
		runReal(t, server, "no-such-command-here")
	}
	awaitEvents(t, config.DB, n)
	arrives := func() {
		t.Helper()
		select {
		case <-come:
		case <-bounded(t).Done():
			t.Fatal("an event was not delivered")
		}
	}
	arrives()
	if len(come) > 0 {
		t.Errorf("%d events were delivered beside the first", len(come))
	}
	// Whether launches are still to come is asked twice each pause, and once for each event.
	began, up, end := time.Now(), asked.Load()+n+10, bounded(t)
	for asked.Load() < up && end.Err() == nil {
		time.Sleep(5 * time.Millisecond)
	}
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Errorf("%d times within %s it was asked whether launches are still to come", n+10, took)
	}
	if len(come) > 0 {
		t.Errorf("meanwhile %d events were delivered beside the first", len(come))
	}
	launching.Store(false)
	for range n - 1 {
		arrives()
	}
}

// awaitEvents waits until n events are owed.
func awaitEvents(t *testing.T, db *sql.DB, n int) {
	t.Helper()
	for owed := 0; owed < n; time.Sleep(5 * time.Millisecond) {
		if err := db.QueryRowContext(bounded(t), "SELECT count(*) FROM ecs_events").Scan(&owed); err != nil {
			t.Fatal(err)
		}
	}
}

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
