package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

func play(lines ...string) (string, bool) {
	var out bytes.Buffer
	ok, err := follow(strings.NewReader(strings.Join(lines, "\n")), &out, nil)
	return out.String(), ok && err == nil
}

const (
	passes = `{"Time":"2026-11-28T02:00:00Z","Action":"start","Package":"a"}
{"Action":"run","Package":"a","Test":"TestA"}
{"Action":"output","Package":"a","Test":"TestA","Output":"    a_test.go:3: quiet\n"}
{"Action":"pass","Package":"a","Test":"TestA"}
{"Action":"output","Package":"a","Output":"PASS\n"}
{"Action":"output","Package":"a","Output":"ok  \ta\t0.010s\n"}
{"Action":"pass","Package":"a"}`
	fails = `{"Time":"2026-11-28T02:00:00Z","Action":"start","Package":"b"}
{"Action":"run","Package":"b","Test":"TestB"}
{"Action":"output","Package":"b","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"b","Test":"TestB","Output":"    b_test.go:3: wrong\n"}
{"Action":"output","Package":"b","Test":"TestB","Output":"--- FAIL: TestB (0.00s)\n"}
{"Action":"fail","Package":"b","Test":"TestB"}
{"Action":"output","Package":"b","Output":"FAIL\n"}
{"Action":"output","Package":"b","Output":"FAIL\tb\t0.010s\n"}
{"Action":"fail","Package":"b"}`
	untested = `{"Action":"start","Package":"c"}
{"Action":"output","Package":"c","Output":"?   \tc\t[no test files]\n"}
{"Action":"skip","Package":"c"}`
	broken = `{"ImportPath":"d","Action":"build-output","Output":"d.go:1:1: expected package\n"}
{"ImportPath":"d","Action":"build-fail"}
{"Action":"start","Package":"d"}
{"Action":"output","Package":"d","Output":"FAIL\td [build failed]\n"}
{"Action":"fail","Package":"d","FailedBuild":"d"}`
	panics = `{"Action":"start","Package":"e"}
{"Action":"run","Package":"e","Test":"TestE"}
{"Action":"output","Package":"e","Test":"TestE","Output":"panic: boo\n"}
{"Action":"output","Package":"e","Output":"FAIL\te\t0.010s\n"}
{"Action":"fail","Package":"e"}`
)

func TestReport(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		lines []string
		ok    bool
		want  []string
		not   []string
	}{
		{"all pass", []string{passes, untested}, true, []string{"ok  \ta\t0.010s\n", "test: 1 packages ok, 0 failed, 1 without tests: PASS"}, []string{"quiet", "no test files", "PASS\nok"}},
		{"one fails", []string{passes, fails}, false, []string{"b_test.go:3: wrong", "--- FAIL: TestB", "FAIL\tb\t0.010s", "1 packages ok, 1 failed, 0 without tests: FAIL"}, []string{"=== RUN"}},
		{"one cannot be built", []string{broken, passes}, false, []string{"d.go:1:1: expected package", "FAIL\td [build failed]"}, nil},
		{"one panics", []string{panics}, false, []string{"panic: boo", "FAIL\te"}, nil},
		{"one never ends", []string{passes, strings.Join(strings.Split(fails, "\n")[:4], "\n")}, false, []string{"FAIL\tb did not end", "wrong"}, nil},
		{"what go itself says", []string{"go: cannot find module", passes}, true, []string{"go: cannot find module\n"}, nil},
		{"nothing at all", nil, false, []string{"0 packages ok, 0 failed"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, ok := play(c.lines...)
			if ok != c.ok {
				t.Errorf("ok = %v", ok)
			}
			for _, w := range c.want {
				if !strings.Contains(got, w) {
					t.Errorf("%q is not in\n%s", w, got)
				}
			}
			for _, n := range c.not {
				if strings.Contains(got, n) {
					t.Errorf("%q is in\n%s", n, got)
				}
			}
		})
	}
}

func TestRunning(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := newReport(&out)
	for l := range strings.Lines(`{"Time":"2026-11-28T02:00:00Z","Action":"start","Package":"a"}
{"Time":"2026-11-28T02:00:00Z","Action":"start","Package":"young"}
{"Time":"2026-11-28T02:00:01Z","Action":"run","Package":"a","Test":"TestA"}
{"Time":"2026-11-28T02:00:02Z","Action":"run","Package":"a","Test":"TestA/slow"}
{"Time":"2026-11-28T02:00:03Z","Action":"run","Package":"a","Test":"TestA/other"}
{"Time":"2026-11-28T02:00:04Z","Action":"run","Package":"a","Test":"TestLate"}
`) {
		r.line([]byte(l))
	}
	r.running(time.Date(2026, 11, 28, 2, 0, 10, 0, time.UTC))
	if out.Len() > 0 {
		t.Errorf("said of a young package: %s", out.String())
	}
	r.running(time.Date(2026, 11, 28, 2, 0, 45, 0, time.UTC))
	if want := "...\ta has run for 45s: TestA/slow, TestA/other and 1 more\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestFollowTicks(t *testing.T) {
	t.Parallel()
	in, feed := io.Pipe()
	tick := make(chan time.Time)
	var out bytes.Buffer
	done := make(chan bool)
	go func() {
		ok, _ := follow(in, &out, tick)
		done <- ok
	}()
	for l := range strings.Lines(passes) {
		_, _ = feed.Write([]byte(l))
		if strings.Contains(l, `"run"`) {
			_, _ = feed.Write([]byte("\n"))
			tick <- time.Date(2026, 11, 28, 2, 5, 0, 0, time.UTC)
		}
	}
	_ = feed.Close()
	if !<-done || !strings.Contains(out.String(), "...\ta has run for 5m0s: TestA\n") {
		t.Errorf("got %q", out.String())
	}
}
