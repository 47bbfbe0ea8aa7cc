package sns

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/batchplane/batchplane/internal/notice"
)

type topic struct {
	in  *sns.PublishInput
	err error
}

func (t *topic) Publish(_ context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	t.in = in
	return &sns.PublishOutput{}, t.err
}

func TestNotify(t *testing.T) {
	t.Parallel()
	back := &topic{}
	n := Notifier{SNS: back, Topic: "arn:topic"}
	x := notice.Notice{ID: "1", Kind: notice.Failed, Stack: "prod", Job: "etl", Run: "etl/20261122T0900Z", Owner: "data", Status: "failed", Cause: "exit code 3"}
	if err := n.Notify(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	var message struct{ Default, Email string }
	var machine notice.Notice
	if err := json.Unmarshal([]byte(*back.in.Message), &message); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(message.Default), &machine); err != nil || machine.Cause != x.Cause || machine.Run != x.Run {
		t.Errorf("machines read %+v, %v", machine, err)
	}
	if message.Email != x.Text() || *back.in.MessageStructure != "json" || *back.in.Subject != "batchplane prod: etl failed" {
		t.Errorf("got mail %q, structure %q, subject %q", message.Email, *back.in.MessageStructure, *back.in.Subject)
	}
	for name, want := range map[string]string{"job": "etl", "owner": "data", "status": "failed", "kind": "failed", "stack": "prod"} {
		if got := back.in.MessageAttributes[name].StringValue; got == nil || *got != want {
			t.Errorf("attribute %s is %v, want %s", name, got, want)
		}
	}
	x.Owner = ""
	if err := n.Notify(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	if _, there := back.in.MessageAttributes["owner"]; there {
		t.Error("an empty attribute, which SNS refuses")
	}
	back.err = errors.New("denied")
	if err := n.Notify(t.Context(), x); !errors.Is(err, back.err) {
		t.Errorf("got %v", err)
	}
}

// TestLargeNotices: what SNS would refuse is cut, the logs first.
func TestLargeNotices(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("<&\u2028\"", 250)
	for name, tc := range map[string]struct {
		x    notice.Notice
		logs bool
	}{
		"logs":          {notice.Notice{Cause: "exit code 3", Logs: make([]string, 1000)}, true},
		"a cause":       {notice.Notice{Cause: strings.Repeat(line, 1000), Logs: []string{"a"}}, false},
		"a description": {notice.Notice{Cause: "exit code 3", Description: strings.Repeat(line, 1000)}, false},
		"an owner":      {notice.Notice{Cause: "exit code 3", Owner: strings.Repeat("x", 1<<20)}, false},
		"attempts":      {notice.Notice{Cause: "exit code 3", Attempts: make([]notice.Attempt, 1000)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := range tc.x.Logs {
				tc.x.Logs[i] = line
			}
			for i := range tc.x.Attempts {
				tc.x.Attempts[i].StoppedReason = line
			}
			back := &topic{}
			log := &strings.Builder{}
			tc.x.Run = "etl/20261122T0900Z"
			if err := (&Notifier{SNS: back, Topic: "arn", Log: slog.New(slog.NewJSONHandler(log, nil))}).Notify(t.Context(), tc.x); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(log.String(), `"msg":"a notice was cut","run":"etl/20261122T0900Z","why":"it had `) {
				t.Errorf("logged %s", log)
			}
			var message struct{ Default, Email string }
			var machine notice.Notice
			if err := json.Unmarshal([]byte(*back.in.Message), &message); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(message.Default), &machine); err != nil {
				t.Fatal(err)
			}
			size := len(*back.in.Message)
			for name, a := range back.in.MessageAttributes { // they count, too (Amazon SNS developer guide, "Message attributes")
				size += len(name) + len(*a.DataType) + len(*a.StringValue)
			}
			if size > 256<<10 || (len(machine.Logs) > 0) != tc.logs || machine.Cause == "" {
				t.Errorf("%d bytes, %d log lines, cause %q", size, len(machine.Logs), machine.Cause)
			}
		})
	}
}

func TestSubjectIsASCII(t *testing.T) {
	t.Parallel()
	got := subject(notice.Notice{Stack: "prod", Job: "\n日本" + strings.Repeat("a", 200), Kind: notice.RanAfterAll})
	if len(got) != 100 || !strings.HasPrefix(got, "batchplane prod: aaa") {
		t.Errorf("got %q", got)
	}
}
