package ecs

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/job"
)

var universal = regexp.MustCompile(`(?i)^arn:[^:]*:scheduler:::aws-sdk:ecs:runTask$`)

// IsRunTask is whether a target is Scheduler's universal one for ecs:runTask.
func IsRunTask(arn string) bool { return universal.MatchString(arn) }

// Request is the target that a request of RunTask describes, empty for a text that
// is none.
func Request(text string) Target {
	docs, err := doc.Parse([]byte(text))
	if err != nil || len(docs) != 1 {
		return Target{}
	}
	return Target{Cluster: Get(docs[0], "Cluster").String(), Parameters: docs[0], Input: Get(docs[0], "Overrides")}
}

// Date reads a date as the API, the CLI (a number of seconds) and templates write
// it; zero for none, which is told unless the text is empty.
func Date(e *importer.Entry, what, text string) time.Time {
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

// Passed leaves a start out that lies in the past.
func Passed(e *importer.Entry, j *job.Job, now time.Time) {
	if !j.StartAt.IsZero() && j.StartAt.Before(now) {
		e.Change("its start %s has passed and is left out: EventBridge Scheduler refuses such a date", j.StartAt.Format(time.RFC3339))
		j.StartAt = time.Time{}
	}
}

// Delivery tells what becomes of a target's retry policy and of its queue for what
// could not be delivered.
func Delivery(e *importer.Entry, target *doc.Node) {
	retries(e, Get(target, "RetryPolicy"))
	if queue := Get(target, "DeadLetterConfig", "Arn").String(); queue != "" {
		e.Change("what could not be delivered went to the queue %s; here it is told and kept in the stack's own queue", queue)
	}
}

// retries says one thing of how long a refused launch was tried.
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

// Rule is what a rule's switches are called with: its name as a word of a shell, its
// bus, and the AWS CLI's own flags, each with a blank before it.
type Rule struct{ Name, Bus, Flags string }

// targetID is what EventBridge takes: API reference of EventBridge, Target, Id.
var targetID = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)

func (r Rule) flags() string {
	if r.Bus != "" && r.Bus != "default" {
		return " --event-bus-name " + importer.Word(r.Bus) + r.Flags
	}
	return r.Flags
}

// Switch disables a rule and enables it again.
func (r Rule) Switch() (off, on string) {
	return "aws events disable-rule --name " + r.Name + r.flags(), "aws events enable-rule --name " + r.Name + r.flags()
}

// SwitchTarget takes one target off a rule and puts it back, for a rule that starts
// other things too: to disable it would end those as well. File keeps the target
// meanwhile.
func (r Rule) SwitchTarget(id, file string) (off, on string) {
	flags := " --rule " + r.Name + r.flags()
	if !targetID.MatchString(id) {
		id = importer.ReplaceMe
	}
	kept := importer.Word(file)
	return "aws events list-targets-by-rule" + flags + " --query " + importer.Word("Targets[?Id=='"+id+"']") + " --output json > " + kept +
			" && aws events remove-targets" + flags + " --ids " + importer.Word(id) + "   # the rule starts other things too, which disabling it would end; where code deploys it, take the target out there as well",
		"aws events put-targets" + flags + " --targets " + importer.Word("file://"+file)
}

// NoTask is whether no job can come of a target: it is no ECS task, or the event
// makes its input.
func NoTask(target *doc.Node) bool {
	return set(Get(target, "InputPath")) || set(Get(target, "InputTransformer")) || Get(target, "EcsParameters").Absent() && Get(target, "EcsTarget").Absent() && !IsRunTask(Get(target, "Arn").String())
}

// SwitchSchedule changes the state of a schedule alone: UpdateSchedule takes all
// of it, so it is read, changed and written.
func SwitchSchedule(name, group, flags string) (off, on string) {
	to := func(state string) string {
		return "aws scheduler get-schedule --name " + name + " --group-name " + group + flags + " --output json | jq 'del(.Arn, .CreationDate, .LastModificationDate) | .State = \"" + state +
			"\"' > schedule.json && aws scheduler update-schedule" + flags + " --cli-input-json file://schedule.json"
	}
	return to("DISABLED"), to("ENABLED")
}

// Encryption tells of a schedule that a key of the customer's encrypts.
func Encryption(e *importer.Entry, key string) {
	if key != "" {
		e.Change("its schedule was encrypted with the key %s; that of the job is with a key of AWS's own", key)
	}
}

// services are what else is a target, by a part of its ARN, and what would be
// needed.
var services = []struct{ part, is string }{
	{":states:", "a state machine of Step Functions: where it only runs ecs:runTask, make a job of that task; where it does more, leave it there"},
	{":lambda:", "a Lambda function, and a job is an ECS task: it would need an image with the same code; leave it there otherwise"},
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

// Other names a target that is no ECS task.
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
