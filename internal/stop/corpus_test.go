package stop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"
)

// line is a stop and the verdict that it deserves. corpus.jsonl has stops as published;
// variants.jsonl has the same families cut off, with line breaks, in other regions and in other
// clients' words.
type line struct {
	ID               string
	Kind             string
	StopCode         *string
	StoppedReason    *string
	StartedAtPresent *bool
	Containers       []struct {
		Name, RuntimeID string
		ExitCode        *int64
		Reason          *string
	}
	Definition []Defined
	Container  string
	ErrorCode  string
	OnInstance bool
	Verdict    Class
	Relaunch   *bool
	Source     string
}

func (l line) stop() Stop {
	s := Stop{
		Code: str(l.StopCode), CodeMissing: l.StopCode == nil, Reason: str(l.StoppedReason), ErrorCode: l.ErrorCode,
		OnInstance: l.OnInstance, Definition: l.Definition, Container: l.Container,
		Kind: map[string]Kind{"event": Task, "runtask-failure": LaunchFailure, "runtask-exception": LaunchException}[l.Kind],
	}
	if l.StartedAtPresent != nil && *l.StartedAtPresent {
		s.StartedAt = time.Unix(1, 0)
	}
	for _, c := range l.Containers {
		s.Containers = append(s.Containers, Container{Name: c.Name, ExitCode: c.ExitCode, Reason: str(c.Reason), RuntimeID: c.RuntimeID})
	}
	return s
}

func (l line) relaunch() bool {
	if l.Relaunch != nil {
		return *l.Relaunch
	}
	return l.Verdict == Retry
}

func str(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func lines(tb testing.TB, file string) []line {
	tb.Helper()
	data, err := os.ReadFile(file) //nolint:gosec // a test's own file
	if err != nil {
		tb.Fatal(err)
	}
	var list []line
	seen := map[string]bool{}
	for sc := bufio.NewScanner(bytes.NewReader(data)); sc.Scan(); {
		var l line
		if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
			tb.Fatalf("%s line %d: %v", file, len(list)+1, err)
		}
		if l.ID == "" || seen[l.ID] || l.Source == "" || l.stop().Kind == "" {
			tb.Fatalf("%s line %d: id, kind or source is missing or used twice", file, len(list)+1)
		}
		seen[l.ID] = true
		list = append(list, l)
	}
	return list
}

func TestPublishedStops(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]int{"testdata/corpus.jsonl": 736, "testdata/variants.jsonl": 340} {
		list := lines(t, file)
		if len(list) < want {
			t.Errorf("%s has %d lines, want %d", file, len(list), want)
		}
		for _, l := range list {
			v := Classify(l.stop())
			if v.Class != l.Verdict || v.Relaunch() != l.relaunch() {
				t.Errorf("%s %s: class %s relaunch %t (rule %s, started %s)\n\twant %s %t\n\t%s",
					file, l.ID, v.Class, v.Relaunch(), v.Rule, v.Started, l.Verdict, l.relaunch(), str(l.StoppedReason))
			}
		}
	}
}
