package fargate_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/batchplane/batchplane/internal/adapter/fargate"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// fickle is a server that answers the first request of each connection and resets the connection at the
// second, like a NAT after its idle timeout.
func fickle(t *testing.T) (url string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerOnce(c.(*net.TCPConn)) //nolint:errcheck,forcetypeassert // of a TCP listener
		}
	}()
	return "http://" + l.Addr().String()
}

func answerOnce(c *net.TCPConn) {
	r := bufio.NewReader(c)
	req, err := http.ReadRequest(r)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, req.Body)
	body := `{"tasks":[{"taskArn":"arn:aws:ecs:eu-central-1:123456789012:task/c/1","lastStatus":"PROVISIONING"}],"failures":[]}`
	_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	_, _ = r.Peek(1)
	_ = c.SetLinger(0)
	_ = c.Close()
}

// TestRunTaskTakesNoUsedConnection: a kept connection may be dead, and RunTask is not sent on it, since
// the caller could not know whether it launched.
func TestRunTaskTakesNoUsedConnection(t *testing.T) {
	t.Parallel()
	client := ecs.New(ecs.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(fickle(t)),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key"}, nil
		}),
	})
	f := &fargate.Launcher{ECS: client, Now: time.Now}
	l := port.Launch{Stack: "s", Run: "etl/20261122T1730Z", Task: run.TaskDefinition{ARN: "arn:1", Container: "app"}, Job: job.Job{Name: "etl"}}
	for l.Attempt = 1; l.Attempt <= 3; l.Attempt++ {
		if _, ok := f.Launch(t.Context(), l).(run.Launched); !ok {
			t.Errorf("attempt %d is in doubt", l.Attempt)
		}
		if _, _, err := f.Describe(t.Context(), "c", []string{"arn:aws:ecs:eu-central-1:123456789012:task/c/1"}); err != nil {
			t.Errorf("a call that is tried again: %v", err)
		}
	}
}

// silent is an ECS that never answers.
type silent struct{ fargate.API }

func (silent) RunTask(ctx context.Context, _ *ecs.RunTaskInput, _ ...func(*ecs.Options)) (*ecs.RunTaskOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (silent) DescribeTasks(ctx context.Context, _ *ecs.DescribeTasksInput, _ ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (silent) StopTask(ctx context.Context, _ *ecs.StopTaskInput, _ ...func(*ecs.Options)) (*ecs.StopTaskOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (silent) ListTasks(ctx context.Context, _ *ecs.ListTasksInput, _ ...func(*ecs.Options)) (*ecs.ListTasksOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (silent) DescribeTaskDefinition(ctx context.Context, _ *ecs.DescribeTaskDefinitionInput, _ ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestEachCallHasItsTime: a call without an answer ends after ten seconds, and says nothing about what
// became of it.
func TestEachCallHasItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fargate.Launcher{ECS: silent{}, Now: time.Now}
		for name, call := range map[string]func() string{
			"RunTask": func() string {
				e, _ := f.Launch(t.Context(), port.Launch{Attempt: 1}).(run.NoAnswer)
				return e.Err
			},
			"DescribeTasks": func() string { _, _, err := f.Describe(t.Context(), "c", nil); return err.Error() },
			"StopTask":      func() string { return f.StopTask(t.Context(), "c", "arn", "x").Error() },
			"ListTasks":     func() string { _, err := f.Find(t.Context(), "c", "x"); return err.Error() },
			"DescribeTaskDefinition": func() string {
				_, err := f.Resolve(t.Context(), job.Job{Name: "etl", TaskDefinition: "etl"})
				return err.Error()
			},
		} {
			began := time.Now()
			err := call()
			if took := time.Since(began); took != 10*time.Second || !strings.Contains(err, context.DeadlineExceeded.Error()) {
				t.Errorf("%s took %s: %s", name, took, err)
			}
		}
	})
}
