package ecs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

var universal = lazyregexp.New(`(?i)^arn:[^:]*:scheduler:::aws-sdk:ecs:runTask$`)

// IsRunTask reports whether a target is Scheduler's universal target for ecs:runTask.
func IsRunTask(arn string) bool { return universal().MatchString(arn) }

// Request gives the target that a request for RunTask describes, which is a document or its JSON text. ok
// is false if it is none, and the entry says so.
func Request(e *importer.Entry, input *doc.Node) (t Target, ok bool) {
	request := document(input)
	if request.Absent() || request.Kind != doc.Map {
		e.Refuse("its target is ecs:runTask and its input is no JSON of a request")
		return Target{}, false
	}
	if request.Has("taskDefinition") && !request.Has("TaskDefinition") {
		e.Decide("its request is written in camel case, which Scheduler answers with an error, so it has most likely never started a task")
	}
	return Target{Cluster: Get(request, "Cluster").String(), Parameters: request, Input: Get(request, "Overrides")}, true
}

// placeholder matches what a transformer replaces with a part of the event.
var placeholder = lazyregexp.New(`<[A-Za-z0-9_.-]+>`)

// Fixed reports whether what starts a target gives it the same input each time. If an event makes that,
// the entry is refused. The text of a transformer that uses nothing of the event becomes the input.
func (t *Target) Fixed(e *importer.Entry, target *doc.Node) bool {
	transformer := Get(target, "InputTransformer")
	switch {
	case set(transformer):
		template := Get(transformer, "InputTemplate").String()
		if placeholder().MatchString(template) {
			e.Refuse("its input is made of the event by a transformer (%s): a job's variables are fixed; BATCHPLANE_SCHEDULED_FOR has the slot's time", importer.Clip(template))
			return false
		}
		t.Input = &doc.Node{Kind: doc.Text, Text: template}
		e.Note("its input comes from a transformer that uses nothing of the event")
	case Get(target, "InputPath").String() != "":
		e.Refuse("its input is a part of the event (InputPath), which a schedule's has nothing of: write the overrides out")
		return false
	case holds(t.Input, "<aws.scheduler."):
		e.Refuse("its input holds context attributes of Scheduler: BATCHPLANE_SCHEDULED_FOR has the slot's time, write the rest out")
		return false
	}
	return true
}

// date reads a date as the API, the CLI (a number of seconds) and templates write it. It is zero if
// the text is not a date, which date reports unless the text is empty.
func date(e *importer.Entry, what, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	if seconds, err := json.Number(text).Float64(); err == nil {
		return time.Unix(int64(seconds), 0).UTC().Truncate(time.Minute)
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04:05.999999-07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	e.Decide("its %s date %s could not be read: write startAt or endAt", what, importer.Clip(text))
	return time.Time{}
}

// Terms are what a rule or a schedule says besides its target. Window to After are a schedule's alone.
type Terms struct {
	Disabled, Pattern bool // Pattern: events start it as well
	Window            *doc.Node
	Start, End        string
	Key               string // with which it is encrypted
	After             string // what happens after its last run
}

// Job fills a job with the terms, and reports what they mean.
func (t Terms) Job(e *importer.Entry, j *job.Job, now time.Time) {
	if t.Disabled {
		e.Note("it is disabled, so the job is switched off")
	}
	if t.Pattern {
		e.Decide("events start it as well as its schedule: the job has only the schedule")
	}
	if n, ok := Get(t.Window, "MaximumWindowInMinutes").Int(); ok && n > 0 && Get(t.Window, "Mode").String() != "OFF" {
		j.Window = job.Duration(time.Duration(min(n, 1<<20)) * time.Minute)
	}
	j.StartAt, j.EndAt = date(e, "start", t.Start), date(e, "end", t.End)
	passed(e, j, now)
	if t.Key != "" {
		e.Change("its schedule was encrypted with the key %s; that of the job is with a key of AWS's own", t.Key)
	}
	if t.After == "DELETE" {
		e.Note("the schedule deletes itself after its last run; the job stays in the file")
	}
}

// passed removes a start that lies in the past.
func passed(e *importer.Entry, j *job.Job, now time.Time) {
	if !j.StartAt.IsZero() && j.StartAt.Before(now) {
		e.Change("its start %s has passed and is left out: EventBridge Scheduler refuses such a date", j.StartAt.Format(time.RFC3339))
		j.StartAt = time.Time{}
	}
}

// Delivery reports what becomes of a target's retry policy and of its dead-letter queue.
func Delivery(e *importer.Entry, target *doc.Node) {
	retries(e, Get(target, "RetryPolicy"))
	DeadLetters(e, Get(target, "DeadLetterConfig", "Arn").String())
}

// DeadLetters reports a queue for events that could not be delivered, if there is one.
func DeadLetters(e *importer.Entry, queue string) {
	if queue != "" {
		e.Change("events that could not be delivered went to the queue %s; here they are reported, and kept in the stack's own queue", queue)
	}
}

// retries says in one sentence how long a refused launch was retried.
func retries(e *importer.Entry, retry *doc.Node) {
	late := job.Duration(job.DefaultStartWithin)
	n, limited := Get(retry, "MaximumRetryAttempts").Int()
	if limited && n == 0 {
		e.Change("a launch that ECS refused was not tried again; here what provably never started is, up to retry.attempts times")
		return
	}
	age, short := Get(retry, "MaximumEventAgeInSeconds").Int()
	short = short && age >= 60 && age < 86400
	if !short {
		age = 86400
	}
	within := job.Duration(time.Duration(age) * time.Second)
	switch {
	case limited && n > 0 && n < 185:
		e.Change("a launch that ECS refused was tried again %s within %s; here a slot may start %s late, and after that is missed and told: startWithin changes that", times(n), within, late)
		return
	case short:
		e.Change("a launch was tried for up to %s; here a slot may start %s late, and after that is missed and told: startWithin changes that", within, late)
		return
	}
	e.Note("a launch that ECS refused was tried for up to 24h; here a slot may start %s late, and after that is missed and told: startWithin changes that", late)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("up to %d times", n)
}

// Rule is what the commands that switch a rule need: its name as a word for a shell, its bus, and
// the AWS CLI's own flags, each with a blank before it.
type Rule struct{ Name, Bus, Flags string }

// targetID matches the IDs that EventBridge takes (EventBridge API reference, Target, Id).
var targetID = lazyregexp.New(`^[.\-_A-Za-z0-9]{1,64}$`)

func (r Rule) flags() string {
	if r.Bus != "" && r.Bus != "default" {
		return " --event-bus-name " + importer.Word(r.Bus) + r.Flags
	}
	return r.Flags
}

// Switch gives the commands that disable a rule and enable it again.
func (r Rule) Switch() (off, on string) {
	return "aws events disable-rule --name " + r.Name + r.flags(), "aws events enable-rule --name " + r.Name + r.flags()
}

// SwitchTarget gives the commands that remove one target from a rule and put it back. They are
// for a rule that also starts other things, which disabling it would end. file keeps the target
// meanwhile.
func (r Rule) SwitchTarget(id, file string) (off, on string) {
	flags := " --rule " + r.Name + r.flags()
	if !targetID().MatchString(id) {
		id = importer.ReplaceMe
	}
	kept := importer.Word(file)
	return "aws events list-targets-by-rule" + flags + " --query " + importer.Word("Targets[?Id=='"+id+"']") + " --output json > " + kept +
			" && aws events remove-targets" + flags + " --ids " + importer.Word(id) + "   # the rule starts other things too, which disabling it would end; where code deploys it, take the target out there as well",
		"aws events put-targets" + flags + " --targets " + importer.Word("file://"+file)
}

// NoTask reports whether a target cannot become a job: it is not an ECS task, or the event makes
// its input.
func NoTask(target *doc.Node) bool {
	return set(Get(target, "InputPath")) || set(Get(target, "InputTransformer")) || Get(target, "EcsParameters").Absent() && Get(target, "EcsTarget").Absent() && !IsRunTask(Get(target, "Arn").String())
}

// SwitchSchedule gives the commands that change only the state of a schedule. UpdateSchedule takes
// the whole schedule, so they read it, change it and write it.
func SwitchSchedule(name, group, flags string) (off, on string) {
	to := func(state string) string {
		return "aws scheduler get-schedule --name " + name + " --group-name " + group + flags + " --output json | jq 'del(.Arn, .CreationDate, .LastModificationDate) | .State = \"" + state +
			"\"' > schedule.json && aws scheduler update-schedule" + flags + " --cli-input-json file://schedule.json"
	}
	return to("DISABLED"), to("ENABLED")
}

// ByEvents says that events start something, by their pattern, which is a document or its JSON text.
func ByEvents(pattern *doc.Node) string {
	const stays = "events start it, not a schedule: it stays where it is"
	if holds(pattern, "aws.ecs") {
		return stays + "; it waits for tasks of ECS: look whether its pattern finds those of a job that moves, whose startedBy is another"
	}
	return stays
}

// holds reports whether a text of a document has a part.
func holds(n *doc.Node, part string) bool {
	inside := func(n *doc.Node) bool { return holds(n, part) }
	return n != nil && (strings.Contains(n.Text, part) || slices.ContainsFunc(n.Values, inside) || slices.ContainsFunc(n.Items, inside))
}

// Lambda says what to do with a function as a target.
const Lambda = "a Lambda function, and a job is an ECS task: it would need an image with the same code; leave it there otherwise"

// services are the other kinds of targets, by a part of their ARN, and what to do with them.
var services = []struct{ part, is string }{
	{":states:", "a state machine of Step Functions: " + leaveMachine},
	{":lambda:", Lambda},
	{":batch:", "a job queue of AWS Batch: a job needs a task definition for Fargate with the image and command of its job definition"},
	{":codebuild:", "a CodeBuild project: leave it there"},
	{":codepipeline:", "a pipeline: leave it there"},
	{":sqs:", "a queue: leave it there, or make a job of what reads the queue"},
	{":sns:", "a topic: leave it there"},
	{":ssm:", "a document of Systems Manager: leave it there"},
	{":glue:", "a workflow of Glue: leave it there"},
	{":events:", "an event bus or an API destination: leave it there"},
	{":kinesis:", "a stream: leave it there"},
	{":firehose:", "a delivery stream: leave it there"},
	{":execute-api:", "an API: leave it there, or call it with curl from a job"},
	{":redshift", "a Redshift cluster: leave it there"},
	{":sagemaker:", "a pipeline of SageMaker: leave it there"},
	{":inspector:", "an assessment of Inspector: leave it there"},
	{":aws-sdk:", "a call of the AWS API: leave it there, or make a job that calls it"},
	{":logs:", "a log group: leave it there"},
	{":ec2:", "a call of EC2: leave it there"},
}

// Other describes a target that is not an ECS task.
func Other(arn string) string {
	for _, s := range services {
		if strings.Contains(arn, s.part) {
			return s.is + " (" + arn + ")"
		}
	}
	if arn == "" || strings.Contains(arn, importer.ReplaceMe) {
		return "nothing that the file says: only ECS tasks become jobs"
	}
	return "no ECS task (" + importer.Clip(arn) + "): leave it there"
}
