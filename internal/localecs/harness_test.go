package localecs_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	_ "modernc.org/sqlite"

	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/localecs/vclock"
)

var start = time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)

// house is a server on a virtual clock with scripted tasks and the real SDK client.
type house struct {
	*ecs.Client
	t      *testing.T
	clock  *vclock.Clock
	runner *localecs.ScriptedRunner
	server *localecs.Server
	config localecs.Config
	events *inbox
}

func newHouse(t *testing.T, adapt ...func(*localecs.Config)) *house {
	t.Helper()
	h := &house{t: t, clock: vclock.New(start), events: &inbox{}}
	h.config = localecs.Config{DB: newDB(t, filepath.Join(t.TempDir(), "local.db")), Clock: h.clock, Deliver: h.events.deliver}
	for _, f := range adapt {
		f(&h.config)
	}
	h.open()
	h.register("job", types.ContainerDefinition{Name: aws.String("job"), Image: aws.String("busybox"), Command: []string{"true"}})
	return h
}

// open starts a server on the house's database, as a new process would.
func (h *house) open() {
	h.t.Helper()
	scripts := func(localecs.ContainerSpec) localecs.Script { return localecs.Script{For: time.Minute} }
	if h.runner != nil {
		scripts = h.runner.Script
	}
	h.runner = &localecs.ScriptedRunner{Clock: h.clock, Script: scripts}
	config := h.config
	if config.Runner == nil {
		config.Runner = h.runner
	}
	server, err := localecs.New(h.t.Context(), config)
	if err != nil {
		h.t.Fatal(err)
	}
	h.server = server
	h.server.Resume()
	h.t.Cleanup(func() { closeServer(h.t, server) })
	// It stays within this process, as in local mode. Over a socket, a large answer got lost once in
	// some thousand on a busy machine, since the client closed what it was still reading.
	h.Client = newClient("http://localhost", func(o *ecs.Options) {
		o.HTTPClient = &http.Client{Transport: localecs.Transport{Handler: server.Handler()}}
	})
}

// crash ends the server and its tasks without a report.
func (h *house) crash() {
	h.t.Helper()
	closeServer(h.t, h.server)
	h.runner.Die()
}

func closeServer(t *testing.T, s *localecs.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
}

func newDB(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func newClient(url string, adapt ...func(*ecs.Options)) *ecs.Client {
	return ecs.New(ecs.Options{
		BaseEndpoint: aws.String(url), Region: "us-east-1", Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	}, adapt...)
}

func (h *house) script(f func(localecs.ContainerSpec) localecs.Script) { h.runner.Script = f }

func (h *house) register(family string, containers ...types.ContainerDefinition) string {
	h.t.Helper()
	out, err := h.RegisterTaskDefinition(h.t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: &family, ContainerDefinitions: containers, Cpu: aws.String("256"), Memory: aws.String("512"),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return aws.ToString(out.TaskDefinition.TaskDefinitionArn)
}

func input(change ...func(*ecs.RunTaskInput)) *ecs.RunTaskInput {
	in := &ecs.RunTaskInput{
		TaskDefinition: aws.String("job"), ClientToken: aws.String("token-1"), StartedBy: aws.String("dev/job/slot/1"),
	}
	for _, f := range change {
		f(in)
	}
	return in
}

func token(token string) func(*ecs.RunTaskInput) {
	return func(in *ecs.RunTaskInput) { in.ClientToken = &token }
}

// run launches one task and returns its ARN.
func (h *house) run(change ...func(*ecs.RunTaskInput)) string {
	h.t.Helper()
	out, err := h.RunTask(h.t.Context(), input(change...))
	if err != nil || len(out.Tasks) != 1 {
		h.t.Fatalf("RunTask = %+v, %v; want one task", out, err)
	}
	return aws.ToString(out.Tasks[0].TaskArn)
}

func (h *house) describe(arn string) types.Task {
	h.t.Helper()
	out, err := h.DescribeTasks(h.t.Context(), &ecs.DescribeTasksInput{Tasks: []string{arn}})
	if err != nil || len(out.Tasks) != 1 {
		h.t.Fatalf("DescribeTasks = %+v, %v; want one task", out, err)
	}
	return out.Tasks[0]
}

func (h *house) stop(arn, reason string) {
	h.t.Helper()
	if _, err := h.StopTask(h.t.Context(), &ecs.StopTaskInput{Task: &arn, Reason: &reason}); err != nil {
		h.t.Fatal(err)
	}
}

// seen is an event as its receiver reads it.
type seen struct {
	ID         string        `json:"id"`
	Version    string        `json:"version"`
	DetailType string        `json:"detail-type"`
	Source     string        `json:"source"`
	Time       time.Time     `json:"time"`
	Resources  []string      `json:"resources"`
	Detail     localecs.Task `json:"detail"`

	raw []byte
}

// String returns an event in short: version, status, desired status, how it stopped.
func (e seen) String() string {
	s := fmt.Sprintf("%d %s", e.Detail.Version, e.Detail.LastStatus)
	if e.Detail.DesiredStatus != "RUNNING" {
		s += " -> " + e.Detail.DesiredStatus
	}
	return strings.TrimSpace(s + " " + e.Detail.StopCode)
}

// inbox receives events, and refuses as many as it was told to.
type inbox struct {
	mu     sync.Mutex
	events []seen
	refuse int
	asked  int
	hear   func(seen)
}

func (i *inbox) deliver(_ context.Context, body []byte) error {
	e, err := i.take(body)
	if err == nil && i.hear != nil {
		i.hear(e)
	}
	return err
}

func (i *inbox) take(body []byte) (seen, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked++
	if i.refuse > 0 {
		i.refuse--
		return seen{}, errors.New("not now")
	}
	e := seen{raw: body}
	if err := json.Unmarshal(body, &e); err != nil {
		return seen{}, err
	}
	i.events = append(i.events, e)
	return e, nil
}

func (i *inbox) short() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	out := make([]string, len(i.events))
	for n, e := range i.events {
		out[n] = e.String()
	}
	return out
}

func (i *inbox) last() seen {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.events) == 0 {
		return seen{}
	}
	return i.events[len(i.events)-1]
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	g, _ := json.MarshalIndent(got, "", " ")
	w, _ := json.MarshalIndent(want, "", " ")
	if string(g) != string(w) {
		t.Errorf("%s = %s, want %s", what, g, w)
	}
}

// digitsOf returns a task id that no other test has: whoever kills processes by it must not hit others.
func digitsOf(t *testing.T) string {
	t.Helper()
	sum := sha256.Sum256([]byte(t.Name()))
	return hex.EncodeToString(sum[:16])
}
