package start_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/cost"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/localecs/vclock"
)

// headroom is how many times its peak memory a function is given.
const headroom = 2

// successes is the number of invocations of the trigger and of onstopped, each for its own run.
// large is the number of further inputs, of the greatest size, that come after them.
const (
	successes = 1000
	large     = 20
)

// BenchmarkWarm prints how much processor time and memory a success takes in the functions that
// each run calls, as processes of their own that speak TLS: with kept connections, and with none,
// as after five idle seconds.
func BenchmarkWarm(b *testing.B) {
	if b.N > 1 {
		return // the first call measured enough
	}
	for _, kept := range []bool{true, false} {
		name := map[bool]string{true: "kept", false: "new"}[kept]
		for function, u := range play(b, successes, kept) {
			b.Logf("%-9s %s connections: %.2f ms CPU a success, %d MB at most", function, name, ms(u.cpu), u.peak>>20)
			b.ReportMetric(ms(u.cpu), function+"/"+name+"-ms")
			b.ReportMetric(float64(u.peak>>20), function+"/"+name+"-MB")
		}
	}
}

// TestMemory: the functions that each run calls use at most half of their memory, even for inputs
// of the greatest size.
func TestMemory(t *testing.T) {
	t.Parallel()
	used := play(t, 50, true)
	for _, c := range cost.Success.Calls {
		if peak, limit := used[c.Function].peak, c.MemoryMB<<20/headroom; peak == 0 || peak > limit {
			t.Errorf("%s took %d bytes, and may take %d", c.Function, peak, limit)
		}
	}
}

// TestHTTP: a function speaks HTTP/1.1 even to services that offer HTTP/2, which it is built
// without, over connections that are kept (to the table) and that are not (for launches).
func TestHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t, 1)
	trigger := s.start("trigger")
	for _, slot := range s.slots() {
		trigger.invoke(slot)
	}
	var spoken []any
	s.spoken.Range(func(version, _ any) bool {
		spoken = append(spoken, version)
		return true
	})
	if s.clock.Advance(time.Hour); len(s.stops) != 2 || !slices.Equal(spoken, []any{"HTTP/1.1"}) {
		t.Errorf("%d tasks ran; spoken was %v", len(s.stops), spoken)
	}
}

// play makes runs succeed, and returns what each function used.
func play(tb testing.TB, runs int, kept bool) map[string]usage {
	tb.Helper()
	s := newStack(tb, runs)
	trigger, onstopped := s.start("trigger"), s.start("onstopped")
	used := map[string]usage{}
	used["trigger"] = trigger.used(s.slots(), s.idle(kept), func() {
		for range large {
			trigger.refuses(wide("job"))
		}
	})
	s.clock.Advance(time.Hour)
	if len(s.stops) != 2*runs {
		tb.Fatalf("%d tasks stopped, of %d", len(s.stops), 2*runs)
	}
	used["onstopped"] = onstopped.used(s.stops, s.idle(kept), func() {
		for range large {
			onstopped.invoke(wide("detail"))
		}
	})
	return used
}

// wide returns an input as large as an asynchronous one may be: 1 MB (AWS Lambda developer guide, "Lambda
// quotas").
func wide(key string) []byte {
	return fmt.Appendf(nil, `{%q: {"name": "x", "lastStatus": "STOPPED", "command": [%s"x"]}}`, key, strings.Repeat(`"word", `, 1_000_000/8))
}

// stack is what the functions talk to: a table of DynamoDB Local and the stand-in for ECS, both
// behind one address that speaks TLS.
type stack struct {
	tb       testing.TB
	clock    *vclock.Clock
	jobs     []job.Job
	table    string
	services *httptest.Server
	trusted  string
	stops    [][]byte
	spoken   sync.Map // versions of HTTP
}

func newStack(tb testing.TB, jobs int) *stack {
	tb.Helper()
	db := dynamotest.Client(tb)
	s := &stack{
		tb: tb, clock: vclock.New(time.Now()), table: "batchplane-" + rand.Text(),
	}
	for n := range jobs {
		s.jobs = append(s.jobs, job.Job{
			Name: fmt.Sprintf("nightly-report-%d", n), Schedule: "* * * * *", TaskDefinition: "report", Cluster: "batch", Command: []string{"/app/report"},
		})
	}
	dynamotest.Create(tb, db, dynamo.TableInput(s.table))
	tb.Cleanup(func() {
		if _, err := db.DeleteTable(context.WithoutCancel(tb.Context()), &dynamodb.DeleteTableInput{TableName: &s.table}); err != nil {
			tb.Error(err)
		}
	})
	yesterday := func() time.Time { return time.Now().Add(-23 * time.Hour) }
	c := control.Control{Stack: "prod", Store: dynamo.New(dynamo.Config{DB: db, Table: s.table, Now: yesterday}), Now: yesterday, Log: slog.New(slog.DiscardHandler)}
	if err := c.Sync(tb.Context(), s.jobs); err != nil {
		tb.Fatal(err)
	}
	s.serve(*db.Options().BaseEndpoint)
	return s
}

// serve opens the services' address and makes its certificate trusted.
func (s *stack) serve(table string) {
	s.tb.Helper()
	to, err := url.Parse(table)
	if err != nil {
		s.tb.Fatal(err)
	}
	tables, tasks := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}, s.ecs()
	s.services = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.spoken.Store(r.Proto, true)
		if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "DynamoDB") {
			tables.ServeHTTP(w, r)
		} else {
			tasks.ServeHTTP(w, r)
		}
	}))
	s.services.EnableHTTP2 = true
	s.services.StartTLS()
	s.tb.Cleanup(s.services.Close)
	s.trusted = filepath.Join(s.tb.TempDir(), "trusted.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.services.Certificate().Raw})
	if err := os.WriteFile(s.trusted, text, 0o600); err != nil {
		s.tb.Fatal(err)
	}
}

func (s *stack) ecs() http.Handler {
	s.tb.Helper()
	server, err := localecs.New(s.tb.Context(), localecs.Config{
		Clock: s.clock, Clusters: []string{"batch"}, OnlyStopped: true,
		Runner: &localecs.ScriptedRunner{Clock: s.clock},
		Deliver: func(_ context.Context, event []byte) error {
			s.stops = append(s.stops, bytes.Clone(event))
			return nil
		},
	})
	if err != nil {
		s.tb.Fatal(err)
	}
	server.Resume()
	here := ecs.New(ecs.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String("http://service.invalid"), Credentials: aws.AnonymousCredentials{},
		HTTPClient: &http.Client{Transport: localecs.Transport{Handler: server.Handler()}},
	})
	in := &ecs.RegisterTaskDefinitionInput{Family: aws.String("report"), ContainerDefinitions: []types.ContainerDefinition{
		{Name: aws.String("app"), Image: aws.String("example/app"), Essential: aws.Bool(true)},
	}}
	if _, err := here.RegisterTaskDefinition(s.tb.Context(), in); err != nil {
		s.tb.Fatal(err)
	}
	return server.Handler()
}

// slots returns schedules' inputs: first for each job the slot before the present one, by which a
// function learns its definition, and then the present slot of each.
func (s *stack) slots() (inputs [][]byte) {
	s.tb.Helper()
	now := time.Now().UTC().Truncate(time.Minute)
	for _, at := range []time.Time{now.Add(-time.Minute), now} {
		for _, j := range s.jobs {
			body, err := json.Marshal(map[string]any{"job": j, "scheduledFor": at.Format(time.RFC3339)})
			if err != nil {
				s.tb.Fatal(err)
			}
			inputs = append(inputs, body)
		}
	}
	return inputs
}

// idle is what happens between two inputs: connections that are not kept are closed.
func (s *stack) idle(kept bool) func() {
	if kept {
		return func() {}
	}
	return s.services.CloseClientConnections
}
