package scenario_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/port"
)

// cast plays the commands by script and watches over the promise: no attempt is started twice,
// and no two commands of one run run at the same time.
type cast struct {
	t       *testing.T
	runner  *localecs.ScriptedRunner
	out     *transcript
	now     func() time.Time
	started map[string]bool // by startedBy; outlives a crash

	mu     sync.Mutex
	alive  map[string]string // run -> attempt
	deaths int
}

// Start implements localecs.Runner.
func (c *cast) Start(spec localecs.ContainerSpec, exited func(localecs.Exit)) (localecs.Process, error) {
	id, attempt := spec.Env[port.EnvRun], spec.Env[port.EnvAttempt]
	p, err := c.runner.Start(spec, func(e localecs.Exit) {
		c.mu.Lock()
		delete(c.alive, id)
		c.mu.Unlock()
		c.out.line(c.now(), "%s attempt %s: the command exits %d", id, attempt, *e.Code)
		exited(e)
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // the script's own words
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.started[spec.StartedBy] {
		c.t.Errorf("%s was started twice", spec.StartedBy)
	}
	if other := c.alive[id]; other != "" {
		c.t.Errorf("attempt %s of %s was started while attempt %s ran", attempt, id, other)
	}
	c.started[spec.StartedBy], c.alive[id] = true, attempt
	c.out.line(c.now(), "%s attempt %s: the command starts: %s", id, attempt, strings.Join(spec.Argv, " "))
	return p, nil
}

// parseScript reads what a job's command does, for all attempts or for one:
//
//	JOB[/ATTEMPT]: runs 30s, exits 3
//	JOB: runs on, ignores TERM
//	JOB: cannot start: TEXT
func parseScript(line string) (key string, s localecs.Script, err error) {
	key, rest, ok := strings.Cut(line, ":")
	if !ok {
		return "", s, fmt.Errorf("script %q: want JOB: what it does", line)
	}
	rest = strings.TrimSpace(rest)
	if text, ok := strings.CutPrefix(rest, "cannot start: "); ok {
		return key, localecs.Script{StartError: text}, nil
	}
	for part := range strings.SplitSeq(rest, ", ") {
		switch verb, value, _ := strings.Cut(part, " "); {
		case part == "runs on":
			s.For = -1
		case verb == "runs":
			s.For, err = time.ParseDuration(value)
		case verb == "exits":
			s.ExitCode, err = strconv.ParseInt(value, 10, 64)
		case part == "ignores TERM":
			s.IgnoreTerm = true
		default:
			err = fmt.Errorf("%q is nothing a command does", part)
		}
		if err != nil {
			return "", s, fmt.Errorf("script %q: %w", line, err)
		}
	}
	return key, s, nil
}

// faults decides on faults: the next ones by name, others by their rate.
type faults struct {
	mu   sync.Mutex
	next []nextFault
	rate localecs.Faults
	// asked, if not nil, sees each decision that is asked for.
	asked func(localecs.Kind, localecs.Subject)
}

type nextFault struct {
	kind   localecs.Kind
	status string // of the task, for events; "" means any
}

func (f *faults) inject(kind localecs.Kind, s localecs.Subject) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked != nil {
		f.asked(kind, s)
	}
	for i, n := range f.next {
		if n.kind == kind && (n.status == "" || n.status == s.LastStatus) {
			f.next = append(f.next[:i:i], f.next[i+1:]...)
			return true
		}
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d %d", kind, s.StartedBy, s.Send, s.Version))
	return float64(binary.BigEndian.Uint32(sum[:]))/(1<<32) < f.rate[kind]
}

// die ends every command silently.
func (c *cast) die() {
	c.runner.Die()
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.alive)
	c.deaths++
}

func (c *cast) crashes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.deaths
}
