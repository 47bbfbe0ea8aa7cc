package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/localecs/vclock"
	"github.com/batchplane/batchplane/internal/wire"
)

func config(db string) wire.LocalConfig {
	clock := vclock.New(time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC))
	return wire.LocalConfig{
		DB: db, Clock: clock, Runner: &localecs.ScriptedRunner{Clock: clock},
		Jobs: []job.Job{{Name: "report", TaskDefinition: "arn:aws:ecs:eu-west-1:1:task-definition/reports:7", Command: []string{"x"}}},
	}
}

func mustStart(t *testing.T, cfg wire.LocalConfig) *wire.Local {
	t.Helper()
	l, err := wire.NewLocal(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustClose(t, l) })
	return l
}

func mustClose(t *testing.T, l *wire.Local) {
	t.Helper()
	if err := l.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestOneControlPlanePerDatabase(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "deep", "local.db")
	first := mustStart(t, config(db))
	if _, err := wire.NewLocal(t.Context(), config(db)); !errors.Is(err, wire.ErrRunning) || !strings.Contains(err.Error(), db) {
		t.Errorf("a second: %v", err)
	}
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(db, link); err != nil {
		t.Fatal(err)
	}
	if _, err := wire.NewLocal(t.Context(), config(link)); !errors.Is(err, wire.ErrRunning) || !strings.Contains(err.Error(), link) {
		t.Errorf("a second, by a link: %v", err)
	}
	mustClose(t, first)
	byLink := mustStart(t, config(link))
	if _, err := wire.NewLocal(t.Context(), config(db)); !errors.Is(err, wire.ErrRunning) {
		t.Errorf("a second beside one by a link: %v", err)
	}
	mustClose(t, byLink)
	mustClose(t, mustStart(t, config(db)))
}

// TestStartThatFails: it releases everything. Once the obstacle is removed, the same database can be
// used.
func TestStartThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*wire.LocalConfig)
		says  string
	}{
		"address of the network": {func(c *wire.LocalConfig) { c.Listen = "0.0.0.0:0" }, "is not a loopback address"},
		"address of all":         {func(c *wire.LocalConfig) { c.Listen = ":0" }, "is not a loopback address"},
		"no port":                {func(c *wire.LocalConfig) { c.Listen = "localhost" }, "write it like 127.0.0.1:8080"},
		"port out of range":      {func(c *wire.LocalConfig) { c.Listen = "127.0.0.1:99999" }, "listening on 127.0.0.1:99999"},
		"schedule":               {func(c *wire.LocalConfig) { c.Jobs[0].Schedule = "99 * * * *" }, "job report: reading the schedule"},
		"zone":                   {func(c *wire.LocalConfig) { c.Jobs[0].Schedule, c.Jobs[0].Timezone = "* * * * *", "Atlantis" }, "job report: reading the zone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := filepath.Join(t.TempDir(), "local.db")
			cfg := config(db)
			c.spoil(&cfg)
			if _, err := wire.NewLocal(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
			mustStart(t, config(db))
		})
	}
}

// TestDoor: the database says where requests are taken, to its owner only, and no longer once nobody
// takes any.
func TestDoor(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "local.db")
	l := mustStart(t, config(db))
	reader, err := sqlite.OpenExisting(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	text, err := reader.Meta(t.Context(), local.MetaDoor)
	if err != nil {
		t.Fatal(err)
	}
	var door local.Door
	if err := json.Unmarshal([]byte(text), &door); err != nil || door.URL != l.URL || len(door.Token) < 20 || door.PID != os.Getpid() {
		t.Errorf("the door is %q, %v", text, err)
	}
	for _, name := range []string{db, db + "-wal", db + "-shm"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&^fs.FileMode(0o600) != 0 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	mustClose(t, l)
	if text, err := reader.Meta(t.Context(), local.MetaDoor); text != "" || err != nil {
		t.Errorf("after the end: %q, %v", text, err)
	}
	//nolint:bodyclose,noctx // nobody answers
	if _, err := http.Get(door.URL); err == nil {
		t.Error("somebody still answers")
	}
}

// TestEachJobHasItsOwnTaskDefinition: whatever it names on AWS. A second start makes no new revision.
func TestEachJobHasItsOwnTaskDefinition(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "local.db")
	for range 2 {
		l := mustStart(t, config(db))
		task, err := l.Control.Launcher.Resolve(t.Context(), l.Jobs()[0])
		if err != nil || !strings.HasSuffix(task.ARN, ":task-definition/report:1") || task.Container != "report" {
			t.Errorf("%+v, %v", task, err)
		}
		mustClose(t, l)
	}
}

// TestTheMemoryOfATaskDefinition: it limits the tasks of its jobs, unless a job has a limit of its own.
// Without either there is no limit.
func TestTheMemoryOfATaskDefinition(t *testing.T) {
	t.Parallel()
	cfg := config(filepath.Join(t.TempDir(), "local.db"))
	clock := vclock.New(time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC))
	runner := &localecs.ScriptedRunner{Clock: clock}
	cfg.Clock, cfg.Runner, cfg.Delays = clock, runner, &localecs.Delays{}
	cfg.Definitions = []job.TaskDefinition{{Family: "base", Memory: 2048, CPU: 1024}}
	cfg.Jobs = []job.Job{
		{Name: "own", TaskDefinition: "base", CPU: 256, Memory: 512, Command: []string{"x"}},
		{Name: "based", TaskDefinition: "base", Command: []string{"x"}},
		{Name: "free", Command: []string{"x"}},
	}
	l := mustStart(t, cfg)
	for _, j := range l.Jobs() {
		if _, err := l.Control.Scheduled(t.Context(), "", j, clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(time.Second)
	want := map[string]int{"own": 512, "based": 2048, "free": 0}
	for _, spec := range runner.Started() {
		if spec.Memory != want[spec.Family] {
			t.Errorf("the task of %s may use %d MiB, want %d", spec.Family, spec.Memory, want[spec.Family])
		}
		delete(want, spec.Family)
	}
	if len(want) > 0 {
		t.Errorf("not started: %v", want)
	}
}
