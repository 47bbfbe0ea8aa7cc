package control_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/run"
)

const stoppedEvent = `{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{"taskArn":"arn:x","lastStatus":%q,"stopCode":"EssentialContainerExited",
	"version":9,"startedBy":%q,"startedAt":"2026-11-22T17:30:20Z","containers":[{"name":"app","lastStatus":"STOPPED","exitCode":0,"runtimeId":"r"}],
	"overrides":{"containerOverrides":[{"name":"app","environment":[%s]}]}}}`

func variables(stack, id, attempt string) string {
	return fmt.Sprintf(`{"name":"BATCHPLANE_STACK","value":%q},{"name":"BATCHPLANE_RUN_ID","value":%q},{"name":"BATCHPLANE_ATTEMPT","value":%q}`, stack, id, attempt)
}

// TestOnStoppedKeeps gives unusable inputs to a world with one running run: each is kept with
// its reason, and nothing else happens.
func TestOnStoppedKeeps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, reason string }{
		"nothing":                      {"", "not usable: *"},
		"no JSON":                      {"{", "not usable: *"},
		"a text":                       {`"hello"`, "not usable: *"},
		"another source":               {`{"source":"aws.ec2","detail-type":"x","detail":{}}`, "not usable: *not an ECS task state change*"},
		"another detail-type":          {`{"source":"aws.ecs","detail-type":"ECS Container Instance State Change","detail":{}}`, "not usable: *"},
		"a task in no state":           {fmt.Sprintf(stoppedEvent, "", "prod/"+string(slot)+"/1", ""), "it does not say what state the task is in"},
		"an answer of RunTask":         {`{"runTaskFailure":{"reason":"x"}}`, "not a task's state"},
		"a task of a service":          {fmt.Sprintf(stoppedEvent, "STOPPED", "ecs-svc/123", ""), "no task of stack prod: *"},
		"a task of another stack":      {fmt.Sprintf(stoppedEvent, "STOPPED", "staging/"+string(slot)+"/1", ""), "no task of stack prod: *"},
		"a stack whose name is longer": {fmt.Sprintf(stoppedEvent, "STOPPED", "prod-2/"+string(slot)+"/1", ""), "no task of stack prod: *"},
		"no attempt":                   {fmt.Sprintf(stoppedEvent, "STOPPED", "prod/"+string(slot), ""), "no task of stack prod: *"},
		"attempt 0":                    {fmt.Sprintf(stoppedEvent, "STOPPED", "prod/"+string(slot)+"/0", ""), "no task of stack prod: *"},
		"no slot":                      {fmt.Sprintf(stoppedEvent, "STOPPED", "prod/report/today/1", ""), "no task of stack prod: *"},
		"nobody's":                     {fmt.Sprintf(stoppedEvent, "STOPPED", "", ""), "no task of stack prod: *"},
		"another stack's by override":  {fmt.Sprintf(stoppedEvent, "STOPPED", "", variables("staging", string(slot), "1")), "no task of stack prod: *"},
		"a bad attempt by override":    {fmt.Sprintf(stoppedEvent, "STOPPED", "", variables("prod", string(slot), "one")), "no task of stack prod: *"},
		"a bad run by override":        {fmt.Sprintf(stoppedEvent, "STOPPED", "", variables("prod", "report", "1")), "no task of stack prod: *"},
		"a run that nobody knows":      {fmt.Sprintf(stoppedEvent, "STOPPED", "prod/report/20261122T1800Z/1", ""), "run report/20261122T1800Z is not known"},
		"an attempt that nobody made":  {fmt.Sprintf(stoppedEvent, "STOPPED", "prod/"+string(slot)+"/7", ""), "run report/20261122T1730Z has no attempt 7"},
		"attempt 0 by override":        {fmt.Sprintf(stoppedEvent, "STOPPED", "", variables("prod", string(slot), "0")), "run report/20261122T1730Z has no attempt 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := quiet(t)
			if _, err := w.ctl.Scheduled(t.Context(), "", report, t0); err != nil {
				t.Fatal(err)
			}
			before := w.runs()[0]
			if err := w.ctl.OnStopped(t.Context(), []byte(c.body)); err != nil {
				t.Errorf("what can never be used must not come again: %v", err)
			}
			kept, err := w.store.Kept(t.Context(), 10)
			if err != nil || len(kept) != 1 || string(kept[0].Body) != c.body || !like(c.reason, kept[0].Reason) || !kept[0].At.Equal(t0) {
				t.Errorf("kept %+v, %v, want it for %q", kept, err, c.reason)
			}
			if after := w.runs()[0]; after.Rev != before.Rev || len(w.made) != 1 {
				t.Errorf("something happened: %s", w.story())
			}
		})
	}
}

// TestOnStoppedUses gives events that decide, or rightly do not.
func TestOnStoppedUses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body func(arn string) string
		want run.Status
	}{
		"by startedBy": {func(string) string { return fmt.Sprintf(stoppedEvent, "STOPPED", "prod/"+string(slot)+"/1", "") }, run.Succeeded},
		"by its overrides": {func(string) string {
			return fmt.Sprintf(stoppedEvent, "STOPPED", "", variables("prod", string(slot), "1"))
		}, run.Succeeded},
		"not stopped yet": {func(string) string { return fmt.Sprintf(stoppedEvent, "RUNNING", "prod/"+string(slot)+"/1", "") }, run.Running},
		"only its stoppedAt": {func(string) string {
			return strings.Replace(fmt.Sprintf(stoppedEvent, "", "prod/"+string(slot)+"/1", ""), `"lastStatus":"",`, `"stoppedAt":"2026-11-22T17:31:20Z",`, 1)
		}, run.Succeeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := quiet(t)
			if _, err := w.ctl.Scheduled(t.Context(), "", report, t0); err != nil {
				t.Fatal(err)
			}
			r := w.runs()[0]
			body := strings.Replace(c.body(""), "arn:x", r.Attempts[0].TaskARN, 1)
			if err := w.ctl.OnStopped(t.Context(), []byte(body)); err != nil {
				t.Fatal(err)
			}
			if kept, _ := w.store.Kept(t.Context(), 10); len(kept) != 0 {
				t.Errorf("it was kept: %s", kept[0].Reason)
			}
			if got := w.runs()[0].Status; got != c.want {
				t.Errorf("the run is %s, want %s", got, c.want)
			}
		})
	}
}
