package cli_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/cli"
	"github.com/batchplane/batchplane/test/golden"
)

// Documents of every form, in one line each.
const (
	event        = `{"version":"0","id":"e-1","detail-type":"ECS Task State Change","source":"aws.ecs","detail":` + detail + `}`
	detail       = `{"taskArn":"arn:t","lastStatus":"STOPPED","stopCode":"TaskFailedToStart","stoppedReason":"Timeout waiting for network interface provisioning to complete.","containers":[{"name":"app","lastStatus":"STOPPED"}]}`
	task         = `{"taskArn":"arn:t","lastStatus":"STOPPED","startedAt":1763775000.5,"stopCode":"EssentialContainerExited","stoppedReason":"Essential container in task exited","containers":[{"name":"app","lastStatus":"STOPPED","exitCode":0}]}`
	described    = `{"tasks":[` + task + `],"failures":[]}`
	pascal       = `{"TaskArn":"arn:t","LastStatus":"STOPPED","StopCode":"EssentialContainerExited","Containers":[{"Name":"app","ExitCode":7,"LastStatus":"STOPPED"}],"StartedAt":1763775000}`
	failure      = `{"id":"f-1","runTaskFailure":{"reason":"RESOURCE:ENI"}}`
	exception    = `{"id":7,"runTaskException":{"code":"AccessDeniedException","message":"not authorized to perform: iam:PassRole"}}`
	running      = `{"id":"r-1","task":{"taskArn":"arn:t","lastStatus":"RUNNING","desiredStatus":"STOPPED","stopCode":"SpotInterruption","containers":[]}}`
	foreign      = `{"id":"x","detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","detail":{}}`
	notJSON      = `{"taskArn": "arn:t", "lastStatus": STOPPED}`
	cutOff       = `{"taskArn": "arn:t", "lastStatus": "STOP`
	prettyFormed = "{\n  \"id\": \"p-1\",\n  \"runTaskFailure\": {\n    \"reason\": \"RESOURCE:MEMORY\"\n  }\n}"
)

func TestClassifyEveryForm(t *testing.T) {
	t.Parallel()
	in := strings.Join([]string{event, detail, task, described, `{"task":` + task + `}`, pascal, failure, exception, running, prettyFormed}, "\n")
	r := withInput(t, in+"\n", "classify")
	if r.code != 0 || r.err != "" {
		t.Errorf("exit code %d, %s", r.code, r.err)
	}
	golden.Check(t, "testdata/classify.jsonl", r.out)
	if again := withInput(t, in, "classify", "--json"); again.out != r.out || again.code != 0 {
		t.Errorf("without the last newline, with --json: %+v", again)
	}
	if together := withInput(t, failure+exception+" "+failure, "classify"); strings.Count(together.out, "\n") != 3 || together.code != 0 {
		t.Errorf("documents on one line: %+v", together)
	}
	if none := withInput(t, " \n\n", "classify"); none.out != "" || none.code != 0 {
		t.Errorf("an empty input: %+v", none)
	}
}

// TestClassifyBadAmongGood: the good documents are classified wherever the bad one is, and the
// bad one is reported by its line.
func TestClassifyBadAmongGood(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bad, says string
	}{
		"not JSON":             {notJSON, "not JSON"},
		"cut off":              {cutOff, "not JSON"},
		"words":                {"hello world", "not JSON"},
		"foreign":              {foreign, "not an ECS task state change"},
		"no task":              {`{"a":1}`, "want an ECS task"},
		"a list":               {"[1]", "want an object"},
		"a number":             {"12", "want an object"},
		"an unclosed bracket":  {`{"tasks":[`, "not JSON"},
		"a pretty one cut off": {"{\n  \"task\": {\n    \"taskArn\":", "not JSON"},
	} {
		for at := range 3 {
			docs := []string{prettyFormed, exception, failure}
			docs = append(docs[:at:at], append([]string{c.bad}, docs[at:]...)...)
			r := withInput(t, strings.Join(docs, "\n"), "classify")
			line := 1 + strings.Count(strings.Join(docs[:at], "\n"), "\n")
			if at > 0 {
				line++
			}
			if r.code != 2 || strings.Count(r.out, "\n") != 3 {
				t.Errorf("%s at %d: exit code %d, %q", name, at, r.code, r.out)
			}
			if want := fmt.Sprintf("standard input:%d: ", line); !strings.Contains(r.err, want) || !strings.Contains(r.err, c.says) {
				t.Errorf("%s at %d: %q; want %q and %q", name, at, r.err, want, c.says)
			}
		}
	}
}

func TestClassifyFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one.json"), filepath.Join(dir, "two.jsonl")
	for path, text := range map[string]string{one: prettyFormed, two: exception + "\n" + notJSON + "\n" + failure} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := batchplane(t, "classify", one, filepath.Join(dir, "absent"), two)
	if r.code != 2 || strings.Count(r.out, "\n") != 3 || !strings.Contains(r.err, "absent") || !strings.Contains(r.err, two+":2: ") {
		t.Errorf("%+v", r)
	}
}

// TestClassifyTakesNoTextAsArgument: who pastes a reason or a document as an argument is told where it goes; who
// mistypes a file's name is not.
func TestClassifyTakesNoTextAsArgument(t *testing.T) {
	t.Parallel()
	const says = `write a text to standard input, a bare reason as {"stoppedReason": "..."}`
	for arg, hint := range map[string]bool{
		"CannotPullContainerError: not found":            true,
		`{"stoppedReason":"Task"}`:                       true,
		strings.Repeat("CannotPullContainerError: ", 40): true,
		"absent.json": false,
	} {
		r := batchplane(t, "classify", arg)
		if r.code != 2 || r.out != "" || strings.Contains(r.err, says) != hint || strings.Count(r.err, "\n") != 1 {
			t.Errorf("%q: exit code %d, %s%s", arg, r.code, r.out, r.err)
		}
	}
}

// TestClassifyPacked: an export from CloudWatch Logs is gzip of log lines.
func TestClassifyPacked(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte("2026-11-01T00:00:00.000Z " + event + "\n2026-11-01T00:00:01.000Z " + failure + "\n")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if r := withInput(t, b.String(), "classify"); r.code != 0 || strings.Count(r.out, "\n") != 2 || !strings.Contains(r.out, "interface-late") {
		t.Errorf("%+v", r)
	}
	if r := withInput(t, b.String()[:b.Len()/2], "classify"); r.code != 2 || !strings.Contains(r.err, "standard input: it is gzip that is cut off") {
		t.Errorf("cut off: %+v", r)
	}
}

func TestClassifyHuge(t *testing.T) {
	t.Parallel()
	padding := strings.Repeat("x", 4<<20)
	huge := strings.Replace(failure, "RESOURCE:ENI", "RESOURCE:ENI "+padding, 1)
	r := withInput(t, huge+"\n"+strings.Repeat(exception+"\n", 20_000), "classify")
	if r.code != 0 || strings.Count(r.out, "\n") != 20_001 {
		t.Errorf("exit code %d, %d lines, %.200s", r.code, strings.Count(r.out, "\n"), r.err)
	}
}

// TestClassifyEachTask: input with several tasks gives one verdict for each. Each task that
// cannot be read is reported by its line and place.
func TestClassifyEachTask(t *testing.T) {
	t.Parallel()
	answer := "\n" + `{"id":"d-1","tasks":[` + task + `,` + detail + `,{"taskArn":7}],"failures":[{"reason":"MISSING"}]}` + "\n"
	r := withInput(t, answer+exception, "classify")
	if r.code != 2 || strings.Count(r.out, "\n") != 4 || strings.Count(r.out, `"id":"d-1"`) != 3 || strings.Count(r.out, `"task":"arn:t"`) != 2 {
		t.Errorf("exit code %d\n%s", r.code, r.out)
	}
	if want := "standard input:2: reading an ECS document: tasks[2].taskArn: want a string, it is a number"; !strings.Contains(r.err, want) {
		t.Errorf("%s\nwant %s", r.err, want)
	}
}

// TestClassifyWaits: a person who names no file learns that the command waits for input.
func TestClassifyWaits(t *testing.T) {
	t.Parallel()
	for asks, says := range map[bool]string{true: "reading standard input; Ctrl-D ends it\n", false: ""} {
		if r := withEnv(t, cli.Env{Stdin: strings.NewReader(event), Screen: cli.Screen{Asks: asks}}, "classify"); r.code != 0 || r.err != says {
			t.Errorf("a terminal, %t: %+v", asks, r)
		}
	}
}
