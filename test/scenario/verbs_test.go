package scenario_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cli"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// verbs are the events of a story:
//
//	at 17:30[:05]           let time pass until then (UTC)
//	advance 5m              let time pass
//	trigger JOB 17:30       the schedule's trigger of that minute, again
//	run JOB [--force] [K=V]... [-- ARGS...]
//	retry RUN [--same] [--force]
//	stop RUN REASON...      RUN is an id, or a job for its newest run
//	pause JOB [FOR] [REASON...]  JOB may be --all, FOR is a duration
//	resume JOB              JOB may be --all
//	skip-next JOB
//	fault KIND next [STATUS]  befalls the next one; for events, of a task in STATUS
//	fault KIND RATE         from now on
//	deliver FILE            gives a file of the archive as an event
//	look                    looks at what is due
//	crash [at claim|before answer]  kills the program now, or when it gets there
//	quit                    ends the program cleanly
//	start [FILE]            starts it again
//	script LINE             changes what a command does
//	status                  prints how the control plane stands
//	batchplane ARGS...      prints what the command line says
var verbs = map[string]func(*stage, []string) error{
	"at": (*stage).at, "advance": (*stage).advance, "trigger": (*stage).trigger, "run": (*stage).run,
	"retry": (*stage).retry, "stop": (*stage).stop, "fault": (*stage).fault, "deliver": (*stage).deliver,
	"look": (*stage).lookNow, "crash": (*stage).crash, "quit": (*stage).quit, "start": (*stage).startAgain,
	"batchplane": (*stage).batchplane, "pause": (*stage).pause, "resume": (*stage).resume, "skip-next": (*stage).skipNext,
	"status": (*stage).status,
}

func (s *stage) do(scripts map[string]localecs.Script, line string) {
	s.t.Helper()
	words := strings.Fields(line)
	if words[0] == "script" {
		s.script(scripts, strings.TrimPrefix(line, "script "))
		return
	}
	verb, ok := verbs[words[0]]
	if !ok {
		s.t.Fatalf("%q is not an event", line)
	}
	if err := verb(s, words[1:]); err != nil {
		s.t.Fatalf("%s: %v", line, err)
	}
	if s.left != "" {
		s.die()
	}
}

// end shows how it all ended.
func (s *stage) end() {
	s.t.Helper()
	if s.l == nil {
		s.t.Fatal("the story ends while the program is down")
	}
	s.out.write("\n")
	if err := s.batchplane([]string{"history"}); err != nil {
		s.t.Fatal(err)
	}
	kept, err := s.l.Store.Kept(s.ctx(), 100)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, k := range slices.Backward(kept) {
		s.out.write(fmt.Sprintf("kept: %s (%d bytes)\n", k.Reason, len(k.Body)))
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if len(s.faults.next) > 0 || s.crashAt != "" {
		s.t.Errorf("what the story asked for never came about: faults %v, crash %q", s.faults.next, s.crashAt)
	}
}

func (s *stage) clockTime(text string) (time.Time, error) {
	layout := "15:04:05"
	if strings.Count(text, ":") == 1 {
		layout = "15:04"
	}
	c, err := time.Parse(layout, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading a time of day: %w", err)
	}
	y, m, d := s.now().Date()
	return time.Date(y, m, d, c.Hour(), c.Minute(), c.Second(), 0, time.UTC), nil
}

func (s *stage) at(args []string) error {
	t, err := s.clockTime(args[0])
	if err != nil {
		return err
	}
	if t.Before(s.now()) {
		t = t.AddDate(0, 0, 1)
	}
	s.advanceTo(t)
	return nil
}

func (s *stage) advance(args []string) error {
	d, err := time.ParseDuration(args[0])
	if err != nil {
		return err //nolint:wrapcheck // says it all
	}
	s.advanceTo(s.now().Add(d))
	return nil
}

func (s *stage) trigger(args []string) error {
	slot, err := s.clockTime(args[1])
	if err != nil {
		return err
	}
	i := slices.IndexFunc(s.l.Jobs(), func(j job.Job) bool { return j.Name == args[0] })
	if i < 0 {
		return fmt.Errorf("there is no job %s", args[0])
	}
	s.reply(s.l.Control.Scheduled(s.ctx(), "", s.l.Jobs()[i], slot))
	return nil
}

// request returns a new request id.
func (s *stage) request() string {
	s.requests++
	return "request-" + strconv.Itoa(s.requests)
}

func (s *stage) run(args []string) error {
	req := port.RunRequest{Job: args[0], RequestID: s.request(), By: "ana", Inputs: map[string]string{}}
	for i, arg := range args[1:] {
		if arg == "--" {
			req.Args = args[i+2:]
			break
		}
		if arg == "--force" {
			req.Force = true
			continue
		}
		k, v, _ := strings.Cut(arg, "=")
		req.Inputs[k] = v
	}
	return s.ask(entry.Request{Run: &req})
}

func (s *stage) retry(args []string) error {
	id, err := s.runID(args[0])
	if err != nil {
		return err
	}
	return s.ask(entry.Request{Retry: &port.RetryRequest{
		Run: id, RequestID: s.request(), By: "ana",
		Same: slices.Contains(args, "--same"), Force: slices.Contains(args, "--force"),
	}})
}

func (s *stage) stop(args []string) error {
	id, err := s.runID(args[0])
	if err != nil {
		return err
	}
	return s.ask(entry.Request{Stop: &port.StopRequest{Run: id, By: "ana", Reason: strings.Join(args[1:], " ")}})
}

func oneOrAll(name string) string {
	if name == "--all" {
		return job.All
	}
	return name
}

func (s *stage) pause(args []string) error {
	req := port.PauseRequest{Job: oneOrAll(args[0]), By: "ana"}
	reason := args[1:]
	if len(reason) > 0 {
		if d, err := time.ParseDuration(reason[0]); err == nil {
			req.Until, reason = s.now().Add(d), reason[1:]
		}
	}
	req.Reason = strings.Join(reason, " ")
	return s.ask(entry.Request{Pause: &req})
}

func (s *stage) resume(args []string) error {
	return s.ask(entry.Request{Resume: &port.ResumeRequest{Job: oneOrAll(args[0]), By: "ana"}})
}

func (s *stage) skipNext(args []string) error {
	return s.ask(entry.Request{Skip: &port.SkipRequest{Job: args[0], By: "ana"}})
}

// status prints what the command of that name is made of; the command itself uses the wall clock.
func (s *stage) status([]string) error {
	st, err := plane.ReadStanding(s.ctx(), s.l.Store, s.now())
	if err != nil {
		return err //nolint:wrapcheck // says it all
	}
	body, err := json.MarshalIndent(st, "", "  ")
	s.out.block(string(body))
	return err //nolint:wrapcheck // says it all
}

func (s *stage) runID(ref string) (run.ID, error) {
	if strings.Contains(ref, "/") {
		return run.ParseID(ref) //nolint:wrapcheck // says it all
	}
	runs, err := s.l.Store.Runs(s.ctx(), port.Query{Job: ref, Limit: 1})
	if err != nil || len(runs) == 0 {
		return "", fmt.Errorf("finding the newest run of %s: %d runs, %w", ref, len(runs), err)
	}
	return runs[0].ID, nil
}

// ask goes through the door, like the command line.
func (s *stage) ask(req entry.Request) error {
	text, err := s.l.Store.Meta(s.ctx(), local.MetaDoor)
	if err != nil {
		return err //nolint:wrapcheck // says it all
	}
	var door local.Door
	if err := json.Unmarshal([]byte(text), &door); err != nil {
		return fmt.Errorf("reading the door %q: %w", text, err)
	}
	s.reply(door.Ask(s.ctx(), req))
	return nil
}

func (s *stage) reply(r port.Reply, err error) {
	if err != nil {
		s.out.line(s.now(), "ERROR %v", err)
	}
	if r.Outcome != "" {
		s.out.line(s.now(), "REPLY %s: %s", r.Outcome, r.Message)
	}
}

func (s *stage) fault(args []string) error {
	kind, rate := localecs.Kind(args[0]), args[1]
	if !slices.Contains(localecs.Kinds(), kind) {
		return fmt.Errorf("there is no fault %s", kind)
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if rate == "next" {
		s.faults.next = append(s.faults.next, nextFault{kind, strings.Join(args[2:], "")})
		return nil
	}
	_, r, err := localecs.ParseFault(args[0] + "=" + rate)
	s.faults.rate[kind] = r
	return err //nolint:wrapcheck // says it all
}

func (s *stage) deliver(args []string) error {
	body := strings.TrimSuffix(section(s.archive, args[0]), "\n")
	if err := s.l.Control.OnStopped(s.ctx(), []byte(body)); err != nil {
		s.out.line(s.now(), "ERROR %v", err)
	}
	return nil
}

func (s *stage) lookNow([]string) error {
	s.look()
	return nil
}

func (s *stage) crash(args []string) error {
	switch strings.Join(args, " ") {
	case "":
		s.snapshot()
	case "at claim":
		s.crashAt = "claim"
	case "before answer":
		s.crashAt = "answer"
	default:
		return fmt.Errorf("there is no crash %s", strings.Join(args, " "))
	}
	return nil
}

func (s *stage) quit([]string) error {
	err := s.l.Close(context.WithoutCancel(s.ctx()))
	s.l = nil
	s.cast.die()
	return err //nolint:wrapcheck // says it all
}

func (s *stage) startAgain(args []string) error {
	s.start(strings.Join(append(args, "jobs.yaml")[:1], ""))
	return nil
}

func (s *stage) batchplane(args []string) error {
	var out bytes.Buffer
	code := cli.Main(s.ctx(), append([]string{"--db", s.db}, args...), cli.Env{Stdout: &out, Stderr: &out, User: "ana", Now: s.now, Zone: time.UTC})
	s.out.block(strings.ReplaceAll(out.String(), s.db, "DB"))
	if code != 0 {
		s.out.line(s.now(), "exit code %d", code)
	}
	return nil
}
