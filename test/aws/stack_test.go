package aws_test

import (
	"archive/zip"
	"bytes"
	"context"
	"database/sql"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/goccy/go-yaml"
	_ "modernc.org/sqlite"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// world is a deployed stack with its emulator, ECS, Slack and a subscriber.
type world struct {
	*emulator
	name     string
	template string
	resource map[string]string // physical ids by logical ids
	pattern  string            // of the rule for stopped tasks
	store    *dynamo.Store
	ecs      *localecs.Server
	ecsURL   string // where it listens
	slack    *slackChannel
	inbox    string // URL of the queue that gets all notices
	bus      string // URL of the queue that gets all events about runs
	// jobTemplates are the files of the jobs' stacks that were deployed.
	jobTemplates []string

	mu      sync.Mutex
	scripts map[string]localecs.Script // by job
	faults  map[string]fault           // by job
	hooks   map[string]hook            // by job and attempt: what befalls its first RunTask
	busy    string                     // the schedule for which Scheduler answers that it is asked too often
	early   map[string]chan struct{}   // by job: closed once the stop event was handled
	runner  *localecs.ScriptedRunner
	all     []notice.Notice
	events  []string
	// sweeping is held by whoever sweeps; swept is when the last sweep ended.
	sweeping sync.Mutex
	swept    time.Time
	// looking is held by whoever looks into the failure queues, which hides their contents from
	// others for a second.
	looking sync.Mutex
}

// hook befalls one RunTask request on its way to ECS.
type hook func(out http.ResponseWriter, r *http.Request, ecs http.Handler)

// fault strikes one attempt of a job's runs.
type fault struct {
	kind    localecs.Kind
	attempt string
}

// building happens once for all tests.
var building sync.Once

// functions are those functions of the template that are built.
var functions = []string{"Trigger", "OnStopped", "Notify", "Sweep", "Widget"}

// build builds the functions for this machine and returns the built template, in which it
// replaces what the emulator cannot do: old, new, old, new.
func build(t *testing.T, replace ...string) string {
	t.Helper()
	building.Do(func() {
		sam(t, nil, "build", "--build-dir", filepath.Join(scratch, "build"), "--parameter-overrides", "Architecture="+architecture())
		builtAs(t)
		for _, id := range functions {
			zipped(t, id)
		}
	})
	text, err := os.ReadFile(filepath.Join(scratch, "build", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// The emulator's IAM assumes that every schedule is in the group `default`.
	replace = append(
		replace, "schedule/${AWS::StackName}/*", "schedule/*",
	)
	wide := string(text)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(wide, replace[i]) {
			t.Fatalf("the built template has no %q any more", replace[i])
		}
		wide = strings.ReplaceAll(wide, replace[i], replace[i+1])
	}
	// Beside the functions, whose folders it names.
	return written(t, t.Name()+".yaml", []byte(wide))
}

// written writes a file into the folder of what is built.
func written(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(scratch, "build", name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// quick builds too, and returns the template as JSON, in which it names zips: SAM reads a
// template five times at each deployment and makes its own zips of folders, which takes four
// seconds of processor time.
func quick(t *testing.T) string {
	t.Helper()
	var replace []string
	for _, id := range functions {
		replace = append(replace, "CodeUri: "+id+"\n", "CodeUri: "+id+".zip\n")
	}
	text, err := os.ReadFile(build(t, replace...))
	if err != nil {
		t.Fatal(err)
	}
	if text, err = yaml.YAMLToJSON(text); err != nil {
		t.Fatal(err)
	}
	return written(t, t.Name()+".json", text)
}

// zipped makes the zip of a built function.
func zipped(t *testing.T, id string) {
	t.Helper()
	program, err := os.ReadFile(filepath.Join(scratch, "build", id, "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	header.SetMode(0o755)
	w, err := z.CreateHeader(header)
	if err == nil {
		_, err = w.Write(program)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	written(t, id+".zip", packed.Bytes())
}

// builtAs: the functions are built as the README says.
func builtAs(t *testing.T) {
	t.Helper()
	for _, id := range functions {
		info, err := buildinfo.ReadFile(filepath.Join(scratch, "build", id, "bootstrap"))
		if err != nil {
			t.Fatal(err)
		}
		is := map[string]string{}
		for _, s := range info.Settings {
			is[s.Key] = s.Value
		}
		if is["-tags"] != "lambda.norpc,nethttpomithttp2" || symbols(t, id) || is["-trimpath"] != "true" || is["CGO_ENABLED"] != "0" || is["GOOS"] != "linux" {
			t.Errorf("%s is built with %v", id, is)
		}
	}
}

// symbols reports whether a built function has symbols, which nobody reads on Lambda and which
// are half of its size. A build with -trimpath does not record -ldflags.
func symbols(t *testing.T, id string) bool {
	t.Helper()
	f, err := elf.Open(filepath.Join(scratch, "build", id, "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	return f.Section(".symtab") != nil || f.Section(".debug_info") != nil || f.Section(".zdebug_info") != nil
}

func architecture() string {
	if runtime.GOARCH == "arm64" {
		return "arm64"
	}
	return "x86_64"
}

// newWorld builds, deploys and subscribes. It is shared by the stories.
func newWorld(t *testing.T) *world {
	t.Helper()
	tool(t, "sam", "sam")
	tool(t, "ministack", "ministack")
	w := &world{
		name: "bp-test", slack: newSlack(t), scripts: map[string]localecs.Script{}, faults: map[string]fault{},
		early: map[string]chan struct{}{}, hooks: map[string]hook{},
	}
	w.template = quick(t)
	w.emulator = startEmulator(t, "AWS_ENDPOINT_URL_ECS="+w.startECS(t), "AWS_ENDPOINT_URL_SCHEDULER="+w.startScheduler(t))
	// Before the emulator stops, because an event may be on its way to it.
	t.Cleanup(func() { _ = w.ecs.Close(context.WithoutCancel(t.Context())) })
	w.webhook(t, "ops", webhookPath)
	w.resource = w.deploy(t, w.template, w.name, "SlackTargets=ops", "Dashboard=true")
	w.pattern = w.patternOf(t, w.resource)
	w.store = dynamo.New(dynamo.Config{DB: dynamotest.NewClient(w.url, w.as), Table: w.resource["Table"]})
	w.subscribe(t)
	w.call(t, "logs", "Logs_20140328.CreateLogGroup", map[string]string{"logGroupName": logGroup}, nil)
	w.ecs.Resume()
	return w
}

// webhook stores the webhook of a Slack target.
func (w *world) webhook(t *testing.T, target, path string) {
	t.Helper()
	w.call(t, "ssm", "AmazonSSM.PutParameter", map[string]any{
		"Name": "/batchplane/" + w.name + "/slack/" + target, "Value": w.slack.url + path, "Type": "SecureString", "Overwrite": true,
	}, nil)
}

// patternOf returns the pattern of the deployed rule for stopped tasks.
func (w *world) patternOf(t *testing.T, resource map[string]string) string {
	t.Helper()
	var rule struct{ EventPattern string }
	name := resource["StoppedTasks"]
	w.call(t, "events", "AWSEvents.DescribeRule", map[string]string{"Name": name[strings.LastIndexByte(name, '/')+1:]}, &rule)
	return rule.EventPattern
}

// matches reports whether a rule's pattern lets an event through, according to the emulator's
// EventBridge.
func (w *world) matches(t *testing.T, pattern string, event []byte) bool {
	t.Helper()
	var out struct{ Result bool }
	w.call(t, "events", "AWSEvents.TestEventPattern", map[string]string{"EventPattern": pattern, "Event": string(event)}, &out)
	return out.Result
}

// startECS serves localecs on loopback. Its events go through the deployed rule
// to the deployed function.
func (w *world) startECS(t *testing.T) string {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	w.runner = &localecs.ScriptedRunner{Clock: localecs.RealClock{}, Script: func(s localecs.ContainerSpec) localecs.Script {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.scripts[s.Env[port.EnvJob]]
	}}
	w.ecs, err = localecs.New(t.Context(), localecs.Config{
		DB: db, Runner: w.runner, Account: "000000000000", Inject: w.inject, Clusters: []string{"jobs"},
		Deliver: func(_ context.Context, event []byte) error {
			w.deliver(t, event)
			return nil
		},
		Delays: localecs.Delays{Provisioning: 20 * time.Millisecond, Pending: 20 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(w.line(w.ecs.Handler()))
	t.Cleanup(server.Close)
	w.ecsURL = server.URL
	client := ecs.New(ecs.Options{BaseEndpoint: aws.String(server.URL), Region: "us-east-1", Credentials: rootUser})
	_, err = client.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("job"), RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		Cpu: aws.String("256"), Memory: aws.String("512"), NetworkMode: types.NetworkModeAwsvpc,
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("main"), Image: aws.String("image"), Essential: aws.Bool(true), LogConfiguration: &types.LogConfiguration{
				LogDriver: types.LogDriverAwslogs,
				Options:   map[string]string{"awslogs-group": logGroup, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"},
			},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return server.URL
}

// jobOf returns the job and the attempt in one of our startedBy.
func jobOf(startedBy string) (name, attempt string) {
	parts := strings.Split(startedBy, "/")
	if len(parts) != 4 {
		return "", ""
	}
	return parts[1], parts[3]
}

func (w *world) inject(kind localecs.Kind, s localecs.Subject) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	name, attempt := jobOf(s.StartedBy)
	f, ok := w.faults[name]
	return ok && f.kind == kind && (f.attempt == "" || f.attempt == attempt)
}

// deliver does what EventBridge does with an event of ECS: the emulator accepts no events with
// source aws.ecs from outside.
func (w *world) deliver(t *testing.T, event []byte) {
	if t.Context().Err() != nil || !w.matches(t, w.pattern, event) {
		return
	}
	var e struct{ Detail struct{ StartedBy string } }
	_ = json.Unmarshal(event, &e)
	name, _ := jobOf(e.Detail.StartedBy)
	w.mu.Lock()
	handled := w.early[name]
	delete(w.early, name)
	w.mu.Unlock()
	if handled == nil {
		w.send(t, w.resource["OnStopped"], string(event))
		return
	}
	if answer, failed := w.invoke(t, w.resource["OnStopped"], string(event)); failed {
		t.Errorf("a stop event before the trigger stored its task: %s", answer)
	}
	close(handled)
}

// line is the line between the functions and ECS.
func (w *world) line(ecs http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".RunTask") {
			ecs.ServeHTTP(out, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var in struct{ StartedBy string }
		_ = json.Unmarshal(body, &in)
		name, attempt := jobOf(in.StartedBy)
		key := name + "/" + attempt
		w.mu.Lock()
		befalls := w.hooks[key]
		delete(w.hooks, key)
		w.mu.Unlock()
		if befalls == nil {
			ecs.ServeHTTP(out, r)
			return
		}
		befalls(out, r, ecs)
	})
}

// launched makes ECS launch a task and returns its ARN. The caller of RunTask hears of it only
// when answer is called.
func launched(out http.ResponseWriter, r *http.Request, ecs http.Handler) (arn string, answer func()) {
	kept := httptest.NewRecorder()
	ecs.ServeHTTP(kept, r)
	var said struct{ Tasks []struct{ TaskArn string } }
	_ = json.Unmarshal(kept.Body.Bytes(), &said)
	for _, task := range said.Tasks {
		arn = task.TaskArn
	}
	return arn, func() {
		maps.Copy(out.Header(), kept.Header())
		out.WriteHeader(kept.Code)
		_, _ = out.Write(kept.Body.Bytes())
	}
}

// logGroup is the log group of the tasks.
const logGroup = "/ecs/job"

// log begins a task's log with these lines, as the driver awslogs does.
func (w *world) log(t *testing.T, taskARN string, lines ...string) {
	t.Helper()
	w.call(t, "logs", "Logs_20140328.CreateLogStream", stream(taskARN), nil)
	w.writes(t, taskARN, lines...)
}

// writes adds lines to a task's log.
func (w *world) writes(t *testing.T, taskARN string, lines ...string) {
	t.Helper()
	in := stream(taskARN)
	var events []map[string]any
	for _, line := range lines {
		events = append(events, map[string]any{"timestamp": time.Now().UnixMilli(), "message": line})
	}
	in["logEvents"] = events
	w.call(t, "logs", "Logs_20140328.PutLogEvents", in, nil)
}

func stream(taskARN string) map[string]any {
	return map[string]any{"logGroupName": logGroup, "logStreamName": "ecs/main/" + taskARN[strings.LastIndexByte(taskARN, '/')+1:]}
}

// tasks counts the tasks of a job that ECS started.
func (w *world) tasks(name string) (n int) {
	for _, c := range w.runner.Started() {
		if c.Env[port.EnvJob] == name {
			n++
		}
	}
	return n
}

// queue creates a queue of the test's own, and returns its URL.
func (w *world) queue(t *testing.T, name string) string {
	t.Helper()
	var made struct {
		QueueURL string `json:"QueueUrl"`
	}
	w.call(t, "sqs", "AmazonSQS.CreateQueue", map[string]any{"QueueName": name, "Attributes": map[string]string{
		"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}]}`,
	}}, &made)
	return made.QueueURL
}

const queueARN = "arn:aws:sqs:us-east-1:000000000000:"

// subscribe makes queues of the test's own get every notice of the topic, and every event about
// runs on the default bus.
func (w *world) subscribe(t *testing.T) {
	t.Helper()
	w.inbox = w.queue(t, "inbox")
	w.query(t, "sns", "Action=Subscribe&Version=2010-03-31&Protocol=sqs&Attributes.entry.1.key=RawMessageDelivery&Attributes.entry.1.value=true&TopicArn="+
		url.QueryEscape(w.resource["Notices"])+"&Endpoint="+url.QueryEscape(queueARN+"inbox"))
	w.bus = w.queue(t, "events")
	w.call(t, "events", "AWSEvents.PutRule", map[string]string{"Name": "runs", "EventPattern": `{"source":["batchplane"],"detail-type":["Batch Run State Change"]}`}, nil)
	w.call(t, "events", "AWSEvents.PutTargets", map[string]any{"Rule": "runs", "Targets": []map[string]string{{"Id": "queue", "Arn": queueARN + "events"}}}, nil)
}

// receive takes the messages out of a queue.
func (w *world) receive(t *testing.T, queue string) []string {
	t.Helper()
	return w.messages(t, queue, true)
}

// peek returns the contents of a queue, and leaves them to others.
func (w *world) peek(t *testing.T, queue string) []string {
	t.Helper()
	return w.messages(t, queue, false)
}

func (w *world) messages(t *testing.T, queue string, take bool) (bodies []string) {
	t.Helper()
	var out struct {
		Messages []struct{ Body, ReceiptHandle string }
	}
	in := map[string]any{"QueueUrl": queue, "MaxNumberOfMessages": 10}
	if !take {
		in["VisibilityTimeout"] = 1
	}
	w.call(t, "sqs", "AmazonSQS.ReceiveMessage", in, &out)
	for _, m := range out.Messages {
		bodies = append(bodies, m.Body)
		if !take {
			continue
		}
		w.call(t, "sqs", "AmazonSQS.DeleteMessage", map[string]string{"QueueUrl": queue, "ReceiptHandle": m.ReceiptHandle}, nil)
	}
	return bodies
}

// told returns the notices about a job that SNS delivered, oldest first.
func (w *world) told(t *testing.T, name string) (kinds []notice.Kind) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, body := range w.receive(t, w.inbox) {
		var n notice.Notice
		if err := json.Unmarshal([]byte(body), &n); err != nil {
			t.Errorf("SNS brought %s: %v", body, err)
		}
		w.all = append(w.all, n)
	}
	for _, n := range w.all {
		if n.Job == name {
			kinds = append(kinds, n.Kind)
		}
	}
	return kinds
}

// announced counts the events from the bus that contain all words.
func (w *world) announced(t *testing.T, words ...string) (n int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, w.receive(t, w.bus)...)
	for _, e := range w.events {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(e, word) }) {
			n++
		}
	}
	return n
}

// set changes what befalls a job.
func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// await waits until a run has a status, sweeping all the while.
func (w *world) await(t *testing.T, id run.ID, s run.Status, limit time.Duration) run.Run {
	t.Helper()
	var r run.Run
	var err error
	defer func() {
		if t.Failed() {
			t.Logf("run %s is %q: %s: %v", id, r.Status, r.Cause, err)
		}
	}()
	within(t, limit, fmt.Sprintf("run %s is %s", id, s), func() bool {
		w.sweepNow(t)
		r, err = w.store.Run(t.Context(), id)
		return err == nil && r.Status == s
	})
	return r
}

// sweepsEach is how long nobody has swept before somebody who waits sweeps: a sweep makes thirty
// calls, and most of what the stories wait for happens without one.
const sweepsEach = 4 * time.Second

// sweepNow sweeps, if nobody is sweeping and nobody has for a while.
func (w *world) sweepNow(t *testing.T) {
	t.Helper()
	if !w.sweeping.TryLock() {
		return
	}
	defer w.sweeping.Unlock()
	if time.Since(w.swept) > sweepsEach {
		w.sweep(t)
		w.swept = time.Now()
	}
}

// sweep sweeps. If the emulator was too busy to answer a function in time, it sweeps again, as
// the sweep's schedule does.
func (w *world) sweep(t *testing.T) {
	t.Helper()
	answer, failed := "", true
	for n := 0; failed && n < 4; n++ {
		if answer, failed = w.invoke(t, w.resource["Sweep"], "{}"); failed && !strings.Contains(answer, "request send failed") {
			break
		}
	}
	if failed {
		t.Errorf("the sweep failed: %s", answer)
	}
}

// scheduled deploys a job. It returns the input of its schedule for this minute, as Scheduler
// fills it in, and the run that the input asks for. No sweep has seen the job yet.
func (w *world) scheduled(t *testing.T, j job.Job) (input string, id run.ID) {
	t.Helper()
	at := time.Now().UTC().Truncate(time.Minute)
	input, err := j.ScheduleInput()
	if err != nil {
		t.Fatal(err)
	}
	// A schedule that is off and far in the future only carries its job: the stories fire it.
	w.putSchedule(t, j.Name, "at(2199-12-31T23:59:00)", input)
	return fired(input, w.scheduleARN(j.Name), at), run.ScheduledID(j.Name, at)
}

// fired returns an input as Scheduler fills it in.
func fired(input, arn string, at time.Time) string {
	return strings.NewReplacer(job.ScheduledTime, at.UTC().Format(time.RFC3339), job.ScheduleARN, arn).Replace(input)
}

func (w *world) scheduleARN(name string) string {
	return w.arn("scheduler", "schedule/"+w.name+"/"+name)
}

func aJob(name string) job.Job {
	return job.Job{Name: name, TaskDefinition: "job", Cluster: "jobs", Command: []string{"sh", "-c", "work <in >out"}}
}

// operator creates a person who has the stack's policy for operators and no other, and returns
// their keys.
func (w *world) operator(t *testing.T, name string) keyPair {
	t.Helper()
	const iam = "Version=2010-05-08&UserName="
	w.query(t, "iam", "Action=CreateUser&"+iam+name)
	w.query(t, "iam", "Action=AttachUserPolicy&"+iam+name+"&PolicyArn="+url.QueryEscape(w.resource["OperatorPolicy"]))
	var made struct {
		ID     string `xml:"CreateAccessKeyResult>AccessKey>AccessKeyId"`
		Secret string `xml:"CreateAccessKeyResult>AccessKey>SecretAccessKey"`
	}
	if err := xml.Unmarshal(w.query(t, "iam", "Action=CreateAccessKey&"+iam+name), &made); err != nil {
		t.Fatal(err)
	}
	return keyPair{made.ID, made.Secret}
}

// schedule puts a job's schedule into the stack's group, as a jobs' stack does.
func (w *world) schedule(t *testing.T, j job.Job, expression string) {
	t.Helper()
	j.Schedule = expression
	input, err := j.ScheduleInput()
	if err != nil {
		t.Fatal(err)
	}
	w.putSchedule(t, j.Name, "rate(1 minute)", input)
}

func (w *world) putSchedule(t *testing.T, name, expression, input string) {
	t.Helper()
	arn := w.arn("lambda", "function:"+w.resource["Trigger"])
	state := "ENABLED"
	if strings.HasPrefix(expression, "at(2199") {
		state = "DISABLED"
	}
	body, err := json.Marshal(map[string]any{
		"GroupName": w.name, "ScheduleExpression": expression, "State": state, "FlexibleTimeWindow": map[string]string{"Mode": "OFF"},
		"Target": map[string]any{"Arn": arn, "RoleArn": "arn:aws:iam::" + w.account + ":role/" + w.resource["ScheduleRole"], "Input": input},
	})
	if err != nil {
		t.Fatal(err)
	}
	status, _, answer := w.request(t, "scheduler", http.MethodPost, "/schedules/"+name, map[string]string{"Content-Type": "application/json"}, body)
	if status != http.StatusOK {
		t.Fatalf("creating schedule %s: %d %s", name, status, answer)
	}
}
