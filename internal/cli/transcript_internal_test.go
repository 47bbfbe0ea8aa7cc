package cli

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/localecs/vclock"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

var seen = time.Date(2026, 11, 22, 17, 59, 30, 0, time.UTC)

// tokyo is the zone of a viewer, whose clock shows 02:59:30.
var tokyo = time.FixedZone("Asia/Tokyo", 9*60*60)

func transcriptOn(screen Screen) (*transcript, *bytes.Buffer) {
	var out bytes.Buffer
	return newTranscript(&app{Env: Env{Stdout: &out, Screen: screen, Now: func() time.Time { return seen }}, zone: tokyo}), &out
}

// TestATranscriptFitsTheTerminal: lines are cut and coloured on a terminal, and nowhere else.
func TestATranscriptFitsTheTerminal(t *testing.T) {
	t.Parallel()
	const why = "relaunched at once: nothing started: the network interface was not ready in time, a passing fault of AWS"
	after := run.Run{ID: "a-job-with-a-long-name/20261122T1759Z", Status: run.Failed}
	for name, c := range map[string]struct {
		screen Screen
		want   string
	}{
		"a file":          {Screen{}, "02:59:30  a-job-with-a-long-name/20261122T1759Z failed    " + why + "\n"},
		"a terminal":      {Screen{Width: 80}, "02:59:30  a-job-with-a-long-name/20261122T1759Z failed    relaunched at once: n…\n"},
		"one with colour": {Screen{Width: 80, Color: true}, "02:59:30  a-job-with-a-long-name/20261122T1759Z \x1b[31mfailed\x1b[0m    relaunched at once: n…\n"},
	} {
		script, out := transcriptOn(c.screen)
		script.watch(job.Job{}, run.Run{}, after, why)
		if out.String() != c.want {
			t.Errorf("%s: %q, want %q", name, out, c.want)
		}
		if plain := regexp.MustCompile(`\x1b\[[0-9]*m`).ReplaceAllString(strings.TrimSpace(out.String()), ""); c.screen.Width > 0 && utf8.RuneCountInString(plain) > c.screen.Width {
			t.Errorf("%s: %q has %d columns", name, plain, utf8.RuneCountInString(plain))
		}
	}
}

// TestSentencesSteerNothing: what a sentence repeats of a jobs file, or its name, cannot control the
// terminal. In JSON it is what it was.
func TestSentencesSteerNothing(t *testing.T) {
	t.Parallel()
	const hostile = "image: i\x1b[2J\u009b31m\u202e"
	script, out := transcriptOn(Screen{Width: 80})
	script.line("reloaded\n  %s", hostile)
	if want := "reloaded\n  image: i\ufffd[2J\ufffd31m\ufffd\n"; out.String() != want {
		t.Errorf("%q, want %q", out, want)
	}
	out.Reset()
	script.json = true
	script.line("%s", hostile)
	var said struct{ Message string }
	if err := json.Unmarshal(out.Bytes(), &said); err != nil || said.Message != hostile {
		t.Errorf("%s, %v", out, err)
	}
}

// TestSentencesFitTheTerminal: sentences are broken only between words.
func TestSentencesFitTheTerminal(t *testing.T) {
	t.Parallel()
	const text = "batchplane runs 5 jobs of jobs.yaml; its state is .batchplane/jobs.db. Times are in Europe/Berlin. Ctrl-C stops it."
	script, out := transcriptOn(Screen{Width: 80})
	script.line("%s", text)
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSpace(line)); n > 80 {
			t.Errorf("%q has %d columns", line, n)
		}
	}
	if got := strings.Join(strings.Fields(out.String()), " "); got != text {
		t.Errorf("got %q", got)
	}
	script, out = transcriptOn(Screen{})
	if script.line("%s", text); out.String() != text+"\n" {
		t.Errorf("a file: %q", out)
	}
}

// TestAPropertyListIsWellFormed: whatever characters paths contain. What the agent prints is in a folder
// of the user's own, and only the user may read it.
func TestAPropertyListIsWellFormed(t *testing.T) {
	t.Parallel()
	words := []string{"/usr/local/bin/batchplane", "local", "-f", `/Users/a&b/<jobs> "x" 'y'.yaml`}
	var list struct {
		Dict struct {
			Keys    []string `xml:"key"`
			Words   []string `xml:"array>string"`
			Strings []string `xml:"string"`
			Umask   int      `xml:"integer"`
		} `xml:"dict"`
	}
	d := xml.NewDecoder(strings.NewReader(launchd(words, "/Users/a&b", "/Users/<a>")))
	if err := d.Decode(&list); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(list.Dict.Words, words) || !slices.Contains(list.Dict.Strings, "/Users/a&b") || !slices.Contains(list.Dict.Keys, "KeepAlive") {
		t.Errorf("%+v", list)
	}
	for _, out := range []string{"out", "err"} {
		if want := "/Users/<a>/Library/Logs/batchplane." + out; !slices.Contains(list.Dict.Strings, want) || list.Dict.Umask != 0o077 {
			t.Errorf("%s is not in %q, or umask is %o", want, list.Dict.Strings, list.Dict.Umask)
		}
	}
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("after the list: %v", err)
		}
	}
}

// TestATranscriptHasOneZone: every time is in the viewer's zone, in notices too.
func TestATranscriptHasOneZone(t *testing.T) {
	t.Parallel()
	script, out := transcriptOn(Screen{})
	if err := script.Notify(t.Context(), notice.Notice{Job: "a", Run: "a/20261122T1759Z", ScheduledFor: seen.Truncate(time.Minute), LocalTime: "2026-11-22 18:59 Europe/Berlin"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "a/20261122T1759Z, scheduled for 2026-11-23 02:59\n") {
		t.Errorf("got %s", out)
	}
}

// TestTheHourIsSummedUp: in one line that names the worst jobs.
func TestTheHourIsSummedUp(t *testing.T) {
	t.Parallel()
	clock := vclock.New(seen)
	jobs := []job.Job{{Name: "ok", Command: []string{"x"}}, {Name: "bad", Command: []string{"x"}}, {Name: "off", Command: []string{"x"}}}
	l, err := wire.NewLocal(t.Context(), wire.LocalConfig{
		DB: t.TempDir() + "/jobs.db", Jobs: jobs, Clock: clock, Delays: &localecs.Delays{},
		Runner: &localecs.ScriptedRunner{Clock: clock, Script: func(spec localecs.ContainerSpec) localecs.Script {
			if spec.Family == "bad" {
				return localecs.Script{ExitCode: 3}
			}
			return localecs.Script{}
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(t.Context()) })
	for _, j := range l.Jobs() {
		for i := range 2 {
			if _, err := l.Control.Scheduled(t.Context(), "", j, seen.Truncate(time.Minute).Add(-time.Duration(i)*time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
	}
	clock.Advance(time.Second)
	for name, c := range map[string]struct {
		since time.Time
		want  string
	}{
		"runs": {seen.Add(-time.Hour), "02:59:30  since 01:59: 4 succeeded, 2 failed; failed or missed: bad 2\n"},
		"none": {seen.Add(time.Hour), "02:59:30  since 03:59: no runs\n"},
	} {
		script, out := transcriptOn(Screen{Width: 80})
		if err := script.hour(t.Context(), l, c.since); err != nil || out.String() != c.want {
			t.Errorf("%s: %v, %q, want %q", name, err, out, c.want)
		}
	}
	script, out := transcriptOn(Screen{})
	script.json = true
	if err := script.hour(t.Context(), l, seen.Add(-time.Hour)); err != nil || out.String() != `{"at":"2026-11-22T17:59:30Z","bad":{"bad":2},"runs":{"failed":2,"succeeded":4},"since":"2026-11-22T16:59:30Z","type":"hour"}`+"\n" {
		t.Errorf("as JSON: %v, %s", err, out)
	}
}

// TestLocalSaysWhatAJobGets: the help says what environment a job gets, and what each kind of
// fault does.
func TestLocalSaysWhatAJobGets(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if code := Main(t.Context(), []string{"local", "--help"}, Env{Stdout: &out, Stderr: &out}); code != 0 {
		t.Errorf("exit code %d", code)
	}
	manual, err := os.ReadFile("../../docs/local.md")
	if err != nil {
		t.Fatal(err)
	}
	wants := []string{"PATH", "HOME", "TMPDIR", "LANG", "TZ", "SHELL", "MAILTO", "BATCHPLANE_RUN_ID", "BATCHPLANE_ATTEMPT", "BATCHPLANE_SCHEDULED_FOR", "BATCHPLANE_TASK"}
	for _, k := range localecs.Kinds() {
		wants = append(wants, string(k))
		if meaning := localecs.Meaning(k); meaning == "" || !strings.Contains(out.String(), "  "+string(k)+" ") || !strings.Contains(out.String(), " "+meaning+"\n") {
			t.Errorf("--help does not say what %s does", k)
		}
	}
	for _, want := range wants {
		if !strings.Contains(out.String(), want) || !strings.Contains(string(manual), "`"+want+"`") {
			t.Errorf("%s is not in --help or not in docs/local.md", want)
		}
	}
	for line := range strings.Lines(out.String()) {
		if len(line) > 100 {
			t.Errorf("a line of --help has %d characters: %s", len(line), line)
		}
	}
}
