package cli_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/cli"
	"github.com/batchplane/batchplane/internal/port"
)

// reading lists the commands that only read and end by themselves, with arguments with which they
// print something about a world; FILE is a jobs file. wide lists those that print a table, of
// which -o wide shows more, or everything.
var reading = map[string]string{
	"jobs": "", "history": "", "show": "broken", "logs": "report", "pauses": "", "status": "", "audit": "", "kept": "", "redrive": "",
	"validate": "-f FILE", "preview": "-f FILE", "diff": "-f FILE --against FILE", "cron": "*/5-*-*-*-*", "version": "", "classify": "EVENT",
}

// others lists all other commands, and why they are not reading.
var others = map[string]string{
	"local": "runs", "run": "asks", "retry": "asks", "stop": "asks", "pause": "asks", "resume": "asks", "skip-next": "asks", "tail": "does not end",
	"ui": "serves", "schema": "prints a schema", "apply": "of a stack", "doctor": "of a stack", "render": "prints a template", "import": "of other programs' files",
	"notify": "sends", "completion": "prints a script", "man": "prints a page",
}

// commands returns all commands, as completion lists them.
func (w *world) commands() []string { return strings.Fields(w.must("__complete", "--", "")) }

// TestAllReadingCommands: each has --json, with one object per line, and -o json gives the same
// if there is -o. -o wide cuts nothing on a narrow screen. A new command must be added to one of
// the two lists.
func TestAllReadingCommands(t *testing.T) {
	t.Parallel()
	w := past(t)
	w.must("pause", "report", "--reason", strings.Repeat("a long reason ", 9)+"to its end")
	if err := w.l.Store.Keep(t.Context(), port.Kept{At: at, Reason: "not usable " + strings.Repeat("for long ", 9) + "to its end", Body: []byte("{")}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, event := filepath.Join(dir, "jobs.yaml"), filepath.Join(dir, "event.json")
	const stopped = `{"runTaskFailure": {"reason": "RESOURCE:CPU"}}`
	if err := errors.Join(os.WriteFile(file, []byte(jobsYAML), 0o600), os.WriteFile(event, []byte(stopped), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, command := range w.commands() {
		args, reads := reading[command]
		if _, other := others[command]; reads == other {
			t.Errorf("%s is to be in one of the lists", command)
			continue
		}
		if !reads {
			continue
		}
		words := []string{command}
		for word := range strings.FieldsSeq(args) {
			words = append(words, strings.ReplaceAll(strings.NewReplacer("FILE", file, "EVENT", event).Replace(word), "-*", " *"))
		}
		plain := w.run(append(slices.Clone(words), "--json")...)
		for line := range strings.Lines(plain.out) {
			var object map[string]any
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				t.Errorf("%s --json: %v in %s", command, err, line)
			}
		}
		if strings.HasPrefix(w.must(command, "--help"), "Usage") && !strings.Contains(w.must(command, "--help"), "--output=FORM") {
			continue
		}
		if short := w.run(append(slices.Clone(words), "-o", "json")...); short != plain {
			t.Errorf("%s: -o json is %+v, --json %+v", command, short, plain)
		}
		wide := w.on(cli.Screen{Width: 40}, append(slices.Clone(words), "-o", "wide")...)
		if strings.Contains(wide.out, "…") || strings.Contains(wide.err, "left out") {
			t.Errorf("%s -o wide cuts: %s%s", command, wide.out, wide.err)
		}
	}
}

// TestAllHelp: each command, and each of its flags and arguments, is explained in one sentence
// that begins with a capital, ends with a full stop, and uses only words that the glossary has
// for a thing.
func TestAllHelp(t *testing.T) {
	t.Parallel()
	w := past(t)
	for _, command := range w.commands() {
		if command == "notify" {
			continue // has commands of its own
		}
		help := w.must(command, "--help")
		_, text, _ := strings.Cut(help, "\n\n")
		sentence, _, _ := strings.Cut(text, "\n\n")
		if sentence = strings.Join(strings.Fields(sentence), " "); !strings.HasSuffix(sentence, ".") || strings.ToUpper(sentence[:1]) != sentence[:1] {
			t.Errorf("%s: %q is no sentence", command, sentence)
		}
		for _, odd := range []string{"e.g.", "i.e.", "please", "Please", "etc", "utilize"} {
			if strings.Contains(help, odd+" ") {
				t.Errorf("%s: the help says %q", command, odd)
			}
		}
	}
}

// TestPauseUntil: each form is read in the job's zone, which is not the viewer's.
func TestPauseUntil(t *testing.T) {
	t.Parallel()
	for until, want := range map[string]string{
		"2h": "2026-11-20T03:30:00Z", "90m": "2026-11-20T03:00:00Z", "12:00": "2026-11-20T11:00:00Z", "02:30": "2026-11-21T01:30:00Z",
		"tomorrow": "2026-11-20T23:00:00Z", "2026-11-23": "2026-11-22T23:00:00Z", "2026-11-23T08:00": "2026-11-23T07:00:00Z", "2026-11-23T08:00Z": "2026-11-23T08:00:00Z",
	} {
		t.Run(until, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, at) // 02:30 in Berlin, where the job is
			tokyo := cli.Env{Now: w.clock.Now, Zone: time.FixedZone("Tokyo", 9*3600)}
			if r := withEnv(t, tokyo, "--db", w.db, "pause", "report", "--until", until); r.code != 0 {
				t.Fatalf("%+v", r)
			}
			if got := w.must("pauses", "--json"); !strings.Contains(got, fmt.Sprintf(`"to":"%s"`, want)) {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
