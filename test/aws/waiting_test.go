package aws_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/run"
)

// failed creates a job whose first run has failed. A further attempt runs until it is stopped.
func (w *world) failed(t *testing.T, j job.Job) run.ID {
	t.Helper()
	w.set(func() { w.scripts[j.Name] = localecs.Script{ExitCode: 3} })
	input, id := w.scheduled(t, j)
	w.send(t, w.resource["Trigger"], input)
	w.await(t, id, run.Failed, soon)
	w.set(func() { w.scripts[j.Name] = localecs.Script{For: -1} })
	return id
}

// together makes people type the same at the same moment.
func together(t *testing.T, people []terminal, args ...string) []said {
	t.Helper()
	all := make([]said, len(people))
	var wg sync.WaitGroup
	started := make([]*under, len(people))
	for i, p := range people {
		started[i] = p.starts(t, args...)
	}
	for i, u := range started {
		wg.Go(func() { all[i] = u.ends(t) })
	}
	wg.Wait()
	return all
}

// once: a run that was retried has one further attempt, which is then stopped.
func (w *world) once(t *testing.T, operator terminal, id run.ID, all []said) {
	t.Helper()
	r := w.await(t, id, run.Running, soon)
	if len(r.Attempts) != 2 || w.tasks(id.Job()) != 2 {
		t.Errorf("%d tasks, attempts %+v; they were told %+v", w.tasks(id.Job()), r.Attempts, all)
	}
	operator.must(t, "is being stopped|accepted|stop", "stop", string(id), "--reason", "the story is over")
	w.await(t, id, run.Stopped, soon)
}

// atOneMoment: of two people who retry a run at the same moment, one has it retried and the other
// is told so.
func atOneMoment(t *testing.T, w *world) {
	both := []terminal{w.person(t, "olga", "OperatorPolicy"), w.person(t, "omar", "OperatorPolicy")}
	id := w.failed(t, aJob("at-one-moment"))
	all := together(t, both, "retry", string(id))
	did, told := 0, 0
	for _, s := range all {
		switch {
		case s.code == 0 && strings.Contains(s.out, "launched attempt 2 of "+string(id)):
			did++
		case s.code == 1 && strings.Contains(s.out+s.err, "stop it first, or start a new run with `run at-one-moment`"):
			told++
		}
	}
	if did != 1 || told != 1 {
		t.Errorf("they were told %+v", all)
	}
	w.once(t, both[0], id, all)
}

// askedTwice: a night is retried by two people at once, and again by one of them.
func askedTwice(t *testing.T, w *world) {
	both := []terminal{w.person(t, "odin", "OperatorPolicy"), w.person(t, "opal", "OperatorPolicy")}
	j := aJob("asked-twice")
	j.Retry.Idempotent = true
	id := w.failed(t, j)
	ask := []string{"retry", "--all", "--yes", "--job", "asked-twice"}
	if s := both[0].types(t, "retry", "--all", "--job", "asked-twice"); s.code != 2 || !strings.Contains(s.out, "retry  "+string(id)) || !strings.Contains(s.err, "nothing was retried: there is no terminal to ask on; give --yes") {
		t.Errorf("without a yes: %+v", s)
	}
	all := together(t, both, ask...)
	for _, s := range all {
		if s.code != 0 || !regexp.MustCompile("launched attempt 2 of|duplicate of a retry of|there is nothing to retry").MatchString(s.out) {
			t.Errorf("retry --all: %+v", s)
		}
	}
	if s := both[1].types(t, ask...); s.code != 0 || s.out != "there is nothing to retry\n" {
		t.Errorf("asked again: %+v", s)
	}
	w.once(t, both[0], id, all)
}

// pipeline: a deploy that runs a migration.
func pipeline(t *testing.T, w *world) {
	operator := w.person(t, "pia", "OperatorPolicy")
	w.set(func() { w.scripts["migration"] = localecs.Script{For: -1} })
	w.scheduled(t, aJob("migration"))
	w.sweep(t)
	migrate := func(id string, more ...string) said {
		t.Helper()
		return operator.types(t, append([]string{"run", "migration", "--wait", "--request-id", id}, more...)...)
	}
	s := migrate("deploy-7", "--timeout", "1s")
	if s.code != 124 || !strings.Contains(s.err, "has not ended within 1s and goes on; `"+command()+" logs --follow --stack "+w.name) {
		t.Errorf("a wait that times out: %+v", s)
	}
	// Run again, the pipeline waits for the run that is still going on.
	again := operator.starts(t, "run", "migration", "--wait", "--request-id", "deploy-7")
	within(t, soon, "it waits for the first", func() bool {
		return strings.Contains(again.errs.String(), "duplicate of ") && regexp.MustCompile(`starting|running`).MatchString(again.errs.String())
	})
	operator.must(t, "", "stop", "migration", "--reason", "it reads the wrong table")
	if s := again.ends(t); s.code == 0 || s.code >= 124 && s.code != 143 || !strings.Contains(s.err, "it reads the wrong table") || w.tasks("migration") != 1 {
		t.Errorf("the pipeline again: %+v, %d tasks", s, w.tasks("migration"))
	}
	w.set(func() { w.scripts["migration"] = localecs.Script{} })
	if s := migrate("deploy-8", "--timeout", "10m"); s.code != 0 || !strings.Contains(s.err, "has succeeded") {
		t.Errorf("a migration: %+v", s)
	}
	if s := migrate("deploy-8"); s.code != 0 || !strings.Contains(s.err, "duplicate of ") || w.tasks("migration") != 2 {
		t.Errorf("the same again: %+v, %d tasks", s, w.tasks("migration"))
	}
}

// tails: claims, launches and ends are printed as they happen, and nothing from before.
func tails(t *testing.T, w *world) {
	operator, reader := w.person(t, "theo", "OperatorPolicy"), w.person(t, "tess", "ReaderPolicy")
	w.set(func() { w.scripts["tails"] = localecs.Script{For: -1} })
	w.scheduled(t, aJob("tails-first"))
	j := aJob("tails")
	j.Overlap, j.Timeout = job.Queue, job.Duration(time.Hour)
	input, id := w.scheduled(t, j)
	w.sweep(t)
	before := run.ID(regexp.MustCompile(`tails-first/manual-[0-9a-f]+`).FindString(operator.must(t, "launched", "run", "tails-first")))
	w.await(t, before, run.Succeeded, soon)
	tail := reader.starts(t, "tail", "tails*")
	// Only what is newer than its first look is printed, so wait for that look.
	within(t, soon, "it looks", func() bool {
		operator.types(t, "run", "tails-first")
		return strings.Contains(tail.out.String(), "tails-first/manual-")
	})
	w.send(t, w.resource["Trigger"], input)
	tail.until(t, string(id)+" +(starting|running)")
	next := run.ScheduledID("tails", time.Now().Add(time.Minute))
	w.send(t, w.resource["Trigger"], strings.Replace(input, slot(id), slot(next), 1))
	tail.until(t, string(next)+` +queued .*`+string(id))
	operator.must(t, "", "stop", string(id), "--reason", "it is told")
	tail.until(t, string(id)+" +stopped .*it is told")
	within(t, soon, "the next is told", func() bool {
		w.sweepNow(t)
		return regexp.MustCompile(string(next) + " +(starting|running)").MatchString(tail.out.String())
	})
	operator.must(t, "", "stop", string(next), "--reason", "all is told")
	tail.until(t, string(next)+" +stopped")
	if strings.Contains(tail.out.String(), string(before)) {
		t.Errorf("%s was before it began, and it tells\n%s", before, tail.out.String())
	}
	if err := tail.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if s := tail.ends(t); s.code != 0 {
		t.Errorf("Ctrl-C: %+v", s)
	}
}

// followed: lines arrive while the task runs, and the end of the attempt ends the command.
func followed(t *testing.T, w *world) {
	operator, reader := w.person(t, "fay", "OperatorPolicy"), w.person(t, "finn", "ReaderPolicy")
	task := make(chan string, 1)
	w.set(func() {
		w.scripts["followed"] = localecs.Script{For: -1}
		w.hooks["followed/1"] = func(out http.ResponseWriter, r *http.Request, ecs http.Handler) {
			arn, answer := launched(out, r, ecs)
			w.log(t, arn, "line 1")
			answer()
			task <- arn
		}
	})
	input, id := w.scheduled(t, aJob("followed"))
	w.send(t, w.resource["Trigger"], input)
	w.await(t, id, run.Running, soon)
	arn := <-task
	logs := reader.starts(t, "logs", string(id), "--follow")
	logs.until(t, "^line 1\n$")
	w.writes(t, arn, "line 2")
	logs.until(t, "^line 1\nline 2\n$")
	w.writes(t, arn, "the last line")
	operator.must(t, "", "stop", string(id), "--reason", "it is followed")
	if s := logs.ends(t); s.code != 0 || s.out != "line 1\nline 2\nthe last line\n" {
		t.Errorf("logs --follow: %+v", s)
	}
	w.await(t, id, run.Stopped, soon)
}
