package cli_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/local"
)

// TestAsking: what a person can ask of a running control plane.
func TestAsking(t *testing.T) {
	t.Parallel()
	w := past(t)
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"run nope", 1, `^refused: there is no job "nope"`},
		{"run report --env DB_PASSWORD=x", 1, `^refused: report: DB_PASSWORD is not one of its inputs: what may be given is A \(A letter; what matches `},
		{"run report --env A=!", 1, `^refused: report: its input A takes what matches `},
		{"run broken --env A=1", 1, `^refused: broken: A is not one of its inputs: it runs as deployed`},
		{"retry report", 1, `^refused: report/20261122T0130Z already succeeded: use --force to run it again\n$`},
		{"stop report --reason x", 1, "^batchplane: job \"report\" has no run that is open; `history report` lists its runs\n$"},
		{"stop report/20261122T0130Z --reason x", 1, `^refused: report/20261122T0130Z has succeeded: there is nothing to stop\n$`},
		{"retry report --force", 0, `^launched attempt 3 of report/20261122T0130Z\n$`},
		{"retry report --force", 1, `^refused: report/20261122T0130Z is running: stop it first, or start a new run with`},
		{"retry broken@03:00 --same", 0, `^launched attempt 2 of broken/20261122T0200Z\nsafe to retry\? only you know: attempt 1 ended by itself with code 3: [^\n]+\n$`},
		{"stop broken --reason two_words", 0, `^stopping broken/20261122T0200Z\n$`},
		{"stop broken --reason again", 0, `is being stopped already, at the request of \w+\n$`},
		{"run endless", 0, `^launched endless/manual-[0-9a-f]{12}\n$`},
		{"stop endless --reason tea", 0, `^stopping endless/manual-[0-9a-f]{12}\n$`},
		{"retry never", 1, `^batchplane: job "never" has no runs`},
	} {
		r := w.run(strings.Fields(c.args)...)
		if says := r.out + r.err; r.code != c.code || !regexp.MustCompile(c.says).MatchString(says) {
			t.Errorf("%s: exit code %d, %q; want %d, %s", c.args, r.code, says, c.code, c.says)
		}
	}
	w.clock.Advance(5 * time.Minute)
	if got := w.must("history", "endless", "--json"); !strings.Contains(got, `"status":"stopped"`) || !strings.Contains(got, "stopped by ana: tea") {
		t.Errorf("after the stop: %s", got)
	}
}

func TestRunTakesArgumentsAndVariables(t *testing.T) {
	t.Parallel()
	w := past(t)
	var reply struct{ Run, Outcome, Status, Message string }
	out := w.must("run", "report", "--json", "--env", "A=1", "--env", "B=2,3=4", "--env", "C=", "--", "--month", "-x", "a b")
	if err := json.Unmarshal([]byte(out), &reply); err != nil || reply.Outcome != "accepted" || reply.Status != "running" {
		t.Fatalf("%s: %+v, %v", out, reply, err)
	}
	r, err := w.l.Store.Runs(t.Context(), queryOf("report"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(r[0].Args, "|"); got != "--month|-x|a b" {
		t.Errorf("the arguments are %s", got)
	}
	if env := r[0].Environment; len(env) != 3 || env["A"] != "1" || env["B"] != "2,3=4" || env["C"] != "" {
		t.Errorf("the variables are %v", env)
	}
	if by := r[0].Triggers[0].By; by != "ana" {
		t.Errorf("asked for by %q", by)
	}
}

// TestNobodyListens: without a control plane, reading works and asking says what to do.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	asks := [][]string{{"run", "report"}, {"retry", "broken"}, {"stop", "report/20261122T0130Z", "--reason", "x"}}
	says := func(t *testing.T, w *world) {
		t.Helper()
		w.must("history")
		w.must("show", "report")
		for _, args := range asks {
			r := w.run(args...)
			if r.code != 1 || r.out != "" || !strings.Contains(r.err, "no control plane is running") ||
				!strings.Contains(r.err, "on DB: start `batchplane local --db DB -f FILE` and ask again") {
				t.Errorf("%s: exit code %d, %q, %q", args[0], r.code, r.out, r.err)
			}
		}
	}
	t.Run("it ended", func(t *testing.T) {
		t.Parallel()
		w := past(t)
		w.close()
		says(t, w)
	})
	t.Run("it was killed", func(t *testing.T) {
		t.Parallel()
		w := past(t)
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		url := "http://" + l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		w.door(url)
		says(t, w)
	})
	t.Run("its port is another's", func(t *testing.T) {
		t.Parallel()
		w := past(t)
		other := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			http.Error(rw, "who are you?", http.StatusUnauthorized)
		}))
		t.Cleanup(other.Close)
		w.door(other.URL)
		says(t, w)
	})
	t.Run("its port is a web page's", func(t *testing.T) {
		t.Parallel()
		w := past(t)
		other := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			_, _ = rw.Write([]byte("<html>"))
		}))
		t.Cleanup(other.Close)
		w.door(other.URL)
		says(t, w)
	})
	t.Run("its port is a router's", func(t *testing.T) {
		t.Parallel()
		w := past(t)
		other := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(other.Close)
		w.door(other.URL)
		says(t, w)
	})
}

// door puts into the database what a killed process leaves behind.
func (w *world) door(url string) {
	w.t.Helper()
	door, err := json.Marshal(local.Door{URL: url, Token: "stale", PID: 1})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.l.Store.SetMeta(w.t.Context(), local.MetaDoor, string(door)); err != nil {
		w.t.Fatal(err)
	}
}

// TestTheDoorIsLocked: nobody gets in without the token.
func TestTheDoorIsLocked(t *testing.T) {
	t.Parallel()
	w := past(t)
	for _, auth := range []string{"", "Bearer ", "Bearer stale"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.l.URL+"/", strings.NewReader(`{"run":"report","requestId":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", auth)
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("with %q: %s, %v", auth, answer.Status, err)
		}
	}
	if got := strings.Count(w.must("history", "report", "--json"), "\n"); got != 3 {
		t.Errorf("there are %d runs, want 3", got)
	}
}
