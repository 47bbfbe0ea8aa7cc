package aws_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// soon is far longer than any step of a story takes on a busy machine.
const soon = 3 * time.Minute

// rootUser is the emulator's root.
var rootUser = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
})

// as makes a client use the root keys of the emulator's place.
func (e *emulator) as(o *dynamodb.Options) {
	o.Region, o.Credentials = e.region, aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: e.root().id, SecretAccessKey: e.root().secret}, nil
	})
}

// long is the number of stories that take long. sideBySide is how many of the others play at a
// time, because a single emulator serves them.
const long, sideBySide = 7, 4

// TestStories builds, deploys and plays all stories on one stack.
func TestStories(t *testing.T) { //nolint:tparallel // its group waits for the stories
	t.Parallel()
	w := newWorld(t)
	// A group, so that the world lives until all stories are over.
	t.Run("stories", func(t *testing.T) {
		places := make(chan struct{}, sideBySide)
		for n, s := range []struct {
			name string
			play func(*testing.T, *world)
		}{
			// These take one to two minutes in which they mostly wait, so they begin at once.
			{"onstopped dies before ECS hears of the relaunch", diesBeforeRelaunch},
			{"a missed slot is told", missed},
			{"people do all by the command", people},
			{"a webhook that was revoked keeps nobody from hearing", revokedWebhook},
			{"the documentation's commands do what it says", documented},
			{"a launch that hangs is stopped and done again", hangs},
			{"the pages do all of it in a browser", inBrowser},
			// Each of these begins as soon as a place is free.
			{"a scheduled run succeeds, its duplicate does nothing", succeeds},
			{"a fault of the network interface is relaunched", relaunched},
			{"a failure is told, retried by hand and recovers", failsAndRecovers},
			{"the trigger dies before ECS hears of the launch", diesBeforeLaunch},
			{"the trigger dies before it hears of the launch", diesAfterLaunch},
			{"a line that broke before ECS heard is tried again", brokenLine},
			{"a cluster that does not exist is said", noCluster},
			{"a role that may not be passed is said", noPassRole},
			{"a cluster that the policies do not name is said", noRightOnCluster},
			{"whatever is honest runs once", firings},
			{"an operator asks by the SAM CLI", asksBySAM},
			{"a stop event before the trigger stored its task", earlyStop},
			{"a lost stop event is found by the sweep", lostStop},
			{"a run that takes too long is stopped", timesOut},
			{"runs may not overlap", overlap},
			{"an input that is none ends in the failure queue", malformed},
			{"a person stops a run", stopped},
			{"a schedule that cannot be read stops nothing", unreadable},
			{"what nobody deployed does not run", attacked},
			{"what is deployed runs, whatever is in the way", honest},
			{"the people's door takes requests alone", peoplesDoor},
			{"a dashboard shows a failure and retries it", onDashboard},
			{"a dashboard's unsafe retry wants its reason", onDashboardUnsafe},
			{"the pages show a stack with one's own credentials", onPages},
			{"two people who retry at one moment retry once", atOneMoment},
			{"retry --all that is asked for twice is done once", askedTwice},
			{"a pipeline waits, times out and waits on", pipeline},
			{"tail tells what happens as it happens", tails},
			{"a log is followed live to the end of its attempt", followed},
			{"task definitions are deployed with their jobs", deploysDefinitions},
			{"apply meets drift, others, faults and newer plans", appliesAmongOthers},
		} {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				if n >= long {
					places <- struct{}{}
					defer func() { <-places }()
				}
				s.play(t, w)
			})
		}
	})
	w.ruleSwitchedOff(t)
	w.denied(t)
	w.captured(t)
	w.poison(t)
	w.other(t)
}

// denied: with IAM switched on, a call that no policy allows is refused and would be logged.
func (w *world) denied(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(w.says)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		refused := strings.Contains(line, "AccessDenied") || strings.Contains(line, "not authorized")
		if refused && !strings.Contains(line, `"run":"no-r`) {
			t.Errorf("denied: %s", line)
		}
	}
	for _, host := range w.outside.called() {
		if host != farAway {
			t.Errorf("something called %s, which no endpoint of AWS is for", host)
		}
	}
}

// logs waits until a function has logged those words.
func (w *world) logs(t *testing.T, words string) {
	t.Helper()
	within(t, soon, "this is logged: "+words, func() bool {
		text, err := os.ReadFile(w.says)
		return err == nil && strings.Contains(string(text), words)
	})
}

func succeeds(t *testing.T, w *world) {
	input, id := w.scheduled(t, aJob("succeeds"))
	w.send(t, w.resource["Trigger"], input)
	r := w.await(t, id, run.Succeeded, soon)
	if len(r.Attempts) != 1 || r.Attempts[0].Sends != 1 {
		t.Errorf("attempts %+v", r.Attempts)
	}
	answer, failed := w.invoke(t, w.resource["Trigger"], input)
	if failed || !strings.Contains(answer, "duplicate of "+string(id)) {
		t.Errorf("the duplicate was answered: %s", answer)
	}
	w.expires(t, id, r.FinishedAt.Add(400*24*time.Hour))
	if told := w.told(t, "succeeds"); len(told) != 0 {
		t.Errorf("a plain success was told: %q", told)
	}
}

// expires: a run's item is kept until then.
func (w *world) expires(t *testing.T, id run.ID, at time.Time) {
	t.Helper()
	out, err := dynamotest.NewClient(w.url, w.as).GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String(w.resource["Table"]), Key: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "R#" + id.Job()}, "sk": &types.AttributeValueMemberS{Value: id.Slot()},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if ttl, ok := out.Item[dynamo.TTLAttribute].(*types.AttributeValueMemberN); !ok || ttl.Value != strconv.FormatInt(at.Unix(), 10) {
		t.Errorf("the run is kept until %v, want %d", out.Item[dynamo.TTLAttribute], at.Unix())
	}
}

func relaunched(t *testing.T, w *world) {
	w.set(func() { w.faults["eni"] = fault{localecs.FaultENI, "1"} })
	input, id := w.scheduled(t, aJob("eni"))
	w.send(t, w.resource["Trigger"], input)
	if r := w.await(t, id, run.Succeeded, soon); len(r.Attempts) != 2 || r.Attempts[0].StopCode != "TaskFailedToStart" {
		t.Errorf("attempts %+v", r.Attempts)
	}
}

func failsAndRecovers(t *testing.T, w *world) {
	w.set(func() {
		w.scripts["fails"] = localecs.Script{For: time.Second, ExitCode: 3}
		w.hooks["fails/1"] = func(out http.ResponseWriter, r *http.Request, ecs http.Handler) {
			arn, answer := launched(out, r, ecs)
			w.log(t, arn, "connecting", "error: no table `orders`")
			answer()
		}
	})
	input, id := w.scheduled(t, aJob("fails"))
	w.send(t, w.resource["Trigger"], input)
	w.await(t, id, run.Failed, soon)
	within(t, soon, "the failure is told on SNS", func() bool { return slices.Equal(w.told(t, "fails"), []notice.Kind{notice.Failed}) })
	within(t, soon, "the failure is told on Slack", func() bool {
		return w.slack.heard("FAILED", string(id), "aws lambda invoke", "error: no table 'orders'", "$252Fecs$252Fjob/log-events/ecs$252Fmain$252F", "|task") == 1
	})
	within(t, soon, "the failure is an event on the bus, without what the task wrote", func() bool {
		return w.announced(t, string(id), `"status"`, `"failed"`) == 1 && w.announced(t, "no table") == 0
	})
	within(t, soon, "nothing is owed", func() bool {
		r, err := w.store.Run(t.Context(), id)
		return err == nil && !r.Open()
	})

	w.set(func() { delete(w.scripts, "fails") })
	mia := w.operator(t, "mia")
	// By the ARN, because the emulator's IAM does not see the parameter Qualifier; and without
	// samconfig.toml, with whose stack name the ARN would be taken for a name.
	out, err := samAs(t, w.emulator, mia, "remote", "invoke", w.resource["People"], "--config-env", "none", "--event", fmt.Sprintf(`{"retry":%q,"by":"mia"}`, id))
	if err != nil || !strings.Contains(out, `"accepted"`) {
		t.Errorf("the retry was answered: %s, %v", out, err)
	}
	if strings.Contains(out, "AccessDenied") {
		t.Errorf("an operator is denied something on the way: %s", out)
	}
	if status, _, answer := w.requestAs(t, mia, "lambda", http.MethodPost, "/2015-03-31/functions/"+w.resource["Trigger"]+"/invocations", nil, []byte(`{"run":"fails"}`)); status != http.StatusForbidden {
		t.Errorf("an operator called the trigger itself: %d %s", status, answer)
	}
	change := w.changeSet(t, w.packaged(t, w.template), w.name, nil)
	if status, answer := w.askedAs(t, mia, "CreateChangeSet", change); status != http.StatusForbidden {
		t.Errorf("an operator deployed: %d %s", status, answer)
	}
	if r := w.await(t, id, run.Succeeded, soon); len(r.Attempts) != 2 {
		t.Errorf("attempts %+v", r.Attempts)
	}
	within(t, soon, "the recovery is told, and the failure once", func() bool {
		return slices.Equal(w.told(t, "fails"), []notice.Kind{notice.Failed, notice.Recovered})
	})
}

func earlyStop(t *testing.T, w *world) {
	handled := make(chan struct{})
	w.set(func() {
		w.early["early"] = handled
		w.hooks["early/1"] = func(out http.ResponseWriter, r *http.Request, ecs http.Handler) {
			_, answer := launched(out, r, ecs)
			<-handled
			answer()
		}
	})
	input, id := w.scheduled(t, aJob("early"))
	// On a busy machine the stop takes longer than RunTask may. Then the trigger gets no answer,
	// which does not change what must become of the run.
	w.send(t, w.resource["Trigger"], input)
	if r := w.await(t, id, run.Succeeded, soon); len(r.Attempts) != 1 || r.Attempts[0].TaskARN == "" {
		t.Errorf("attempts %+v", r.Attempts)
	}
}

func lostStop(t *testing.T, w *world) {
	w.set(func() { w.faults["lost"] = fault{kind: localecs.FaultLostEvent} })
	j := aJob("lost")
	j.Timeout = job.Duration(3 * time.Second) // when the first look comes
	input, id := w.scheduled(t, j)
	w.send(t, w.resource["Trigger"], input)
	w.await(t, id, run.Succeeded, soon)
}

func timesOut(t *testing.T, w *world) {
	w.set(func() { w.scripts["slow"] = localecs.Script{For: -1} })
	j := aJob("slow")
	j.Timeout = job.Duration(2 * time.Second)
	input, id := w.scheduled(t, j)
	w.send(t, w.resource["Trigger"], input)
	if r := w.await(t, id, run.Failed, soon); !strings.Contains(r.Cause, "timed out after 2s") {
		t.Errorf("cause %q", r.Cause)
	}
	within(t, soon, "it is told", func() bool { return slices.Equal(w.told(t, "slow"), []notice.Kind{notice.TimedOut}) })
}

func overlap(t *testing.T, w *world) {
	w.set(func() { w.scripts["alone"] = localecs.Script{For: -1} })
	j := aJob("alone")
	j.Overlap = job.Forbid
	input, id := w.scheduled(t, j)
	w.send(t, w.resource["Trigger"], input)
	w.await(t, id, run.Running, soon)
	next := run.ScheduledID("alone", time.Now().Add(time.Minute))
	answer, failed := w.invoke(t, w.resource["Trigger"], strings.Replace(input, slot(id), slot(next), 1))
	if failed || !strings.Contains(answer, string(id)+" was still open") {
		t.Errorf("the second was answered: %s", answer)
	}
	w.await(t, next, run.Skipped, soon)
	w.invoke(t, w.resource["People"], fmt.Sprintf(`{"stop":%q,"reason":"the story is over"}`, id))
	w.await(t, id, run.Stopped, soon)
}

// slot returns a run's nominal time in the form of an input.
func slot(id run.ID) string {
	at, err := time.Parse("20060102T1504Z", id.Slot())
	if err != nil {
		panic(err)
	}
	return at.Format(time.RFC3339)
}

// missed: the emulator's Scheduler does not fill in the nominal time, so this schedule produces
// no valid trigger and its slots are missed.
func missed(t *testing.T, w *world) {
	j := aJob("missed")
	j.StartWithin = job.Duration(time.Minute)
	w.schedule(t, j, "* * * * *")
	w.sweep(t)
	within(t, 4*time.Minute, "a missed slot is told", func() bool {
		w.sweepNow(t)
		return slices.Contains(w.told(t, "missed"), notice.Missed)
	})
}

func malformed(t *testing.T, w *world) {
	w.send(t, w.resource["Trigger"], `{"rnu":"malformed"}`)
	within(t, 5*time.Minute, "the input is in the failure queue", func() bool {
		return slices.ContainsFunc(w.peek(t, w.resource["TriggerFailures"]), func(body string) bool { return strings.Contains(body, "malformed") })
	})
}

func stopped(t *testing.T, w *world) {
	w.set(func() { w.scripts["stopped"] = localecs.Script{For: -1} })
	input, id := w.scheduled(t, aJob("stopped"))
	w.send(t, w.resource["Trigger"], input)
	w.await(t, id, run.Running, soon)
	answer, failed := w.invoke(t, w.resource["People"], fmt.Sprintf(`{"stop":%q,"reason":"wrong day","by":"mia"}`, id))
	if failed || !strings.Contains(answer, "accepted") {
		t.Errorf("the stop was answered: %s", answer)
	}
	w.await(t, id, run.Stopped, soon)
}

func unreadable(t *testing.T, w *world) {
	w.putSchedule(t, "unreadable", "rate(1 hour)", `{"scheduledFor":"<aws.scheduler.scheduled-time>","job":{"name":"unreadable","command":"x"}}`)
	w.putSchedule(t, "not-json", "rate(1 hour)", `rm -rf /`)
	w.sweep(t)
	w.logs(t, "schedule unreadable: not an input of the trigger")
	w.logs(t, "schedule not-json: ")
}
