package logs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

const taskARN = "arn:aws:ecs:eu-central-1:123456789012:task/batch/0123456789abcdef"

// output returns the output of a task whose definition has this log configuration.
func output(log run.Log) port.Output {
	return port.Output{Run: "etl/20261122T0900Z", Attempt: 1, TaskARN: taskARN, Task: run.TaskDefinition{Container: "app", Log: log}}
}

var report = run.Log{Group: "/ecs/report", Prefix: "ecs"}

// pages answers with one page after the other; token n leads to page n.
type pages struct {
	t     *testing.T
	pages [][]string
	err   error
	asked []string
}

func (p *pages) GetLogEvents(ctx context.Context, in *cloudwatchlogs.GetLogEventsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error) {
	if _, ok := ctx.Deadline(); !ok || aws.ToBool(in.StartFromHead) {
		p.t.Error("asked for the first lines, or without an end of waiting")
	}
	p.asked = append(p.asked, fmt.Sprintf("%s %s %d", *in.LogGroupName, *in.LogStreamName, *in.Limit))
	if p.err != nil {
		return nil, p.err
	}
	n := 0
	if in.NextToken != nil {
		if _, err := fmt.Sscanf(*in.NextToken, "b/%d", &n); err != nil {
			p.t.Error(err)
		}
	}
	next := fmt.Sprint("b/", n+1)
	if n == len(p.pages) {
		return &cloudwatchlogs.GetLogEventsOutput{NextBackwardToken: in.NextToken}, nil
	}
	out := &cloudwatchlogs.GetLogEventsOutput{NextBackwardToken: &next}
	for _, m := range p.pages[n] {
		out.Events = append(out.Events, types.OutputLogEvent{Message: aws.String(m)})
	}
	return out, nil
}

func TestTail(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		log   run.Log
		pages [][]string
		err   error
		want  string
		asked int
		fails bool
	}{
		"last lines":           {log: report, pages: [][]string{{"one", "two"}}, want: "one|two", asked: 1},
		"an event of lines":    {log: report, pages: [][]string{{"a", "b\nc\nd\n"}}, want: "b|c|d", asked: 1},
		"an empty page first":  {log: report, pages: [][]string{{}, {"late"}}, want: "late", asked: 2},
		"nothing at all":       {log: report, pages: [][]string{{}}, asked: 2},
		"empty pages only":     {log: report, pages: [][]string{{}, {}, {}, {"too far"}}, asked: 3, fails: true},
		"no stream":            {log: report, err: &types.ResourceNotFoundException{Message: aws.String("The specified log stream does not exist.")}, asked: 1},
		"no log group":         {log: report, err: &types.ResourceNotFoundException{Message: aws.String("The specified log group does not exist.")}, asked: 1, fails: true},
		"denied":               {log: report, err: errors.New("AccessDeniedException"), asked: 1, fails: true},
		"a huge line":          {log: report, pages: [][]string{{strings.Repeat("x", maxLine+9)}}, want: strings.Repeat("x", maxLine), asked: 1},
		"cut in a character":   {log: report, pages: [][]string{{strings.Repeat("x", maxLine-1) + "é"}}, want: strings.Repeat("x", maxLine-1) + "\ufffd", asked: 1},
		"another Region":       {log: run.Log{Group: "/ecs/report", Prefix: "ecs", Region: "us-east-1"}, fails: true},
		"a group not for us":   {log: run.Log{Group: "/payroll", Prefix: "ecs"}, fails: true},
		"no log configuration": {fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &pages{t: t, pages: tc.pages, err: tc.err}
			r := &Reader{Logs: p, Region: "eu-central-1", Readable: "/ecs/"}
			got, err := r.Tail(t.Context(), output(tc.log), 3)
			if strings.Join(got, "|") != tc.want || (err != nil) != tc.fails || len(p.asked) != tc.asked {
				t.Errorf("got %.100q, %v, asked %q", got, err, p.asked)
			}
			for _, asked := range p.asked {
				if asked != "/ecs/report ecs/app/0123456789abcdef 3" {
					t.Errorf("asked for %s", asked)
				}
			}
		})
	}
	p := &pages{t: t}
	if got, err := (&Reader{Logs: p, Region: "eu-central-1"}).Tail(t.Context(), output(report), 3); got != nil || err == nil || len(p.asked) != 0 {
		t.Errorf("where nothing may be read: %q, %v, asked %q", got, err, p.asked)
	}
}

// TestTailOfAWholeOutput: a person gets the last lines, from as many pages as that takes, without those
// before them.
func TestTailOfAWholeOutput(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		pages [][]string
		err   error
		want  string
		asked int
		fails bool
	}{
		"one page":              {pages: [][]string{{"a", "b", "c", "d"}, {"never read"}}, want: "b|c|d", asked: 1},
		"of long lines":         {pages: [][]string{{"d"}, {"c"}, {}, {"a", "b"}, {"never read"}}, want: "b|c|d", asked: 4},
		"fewer than were asked": {pages: [][]string{{"b\n"}, {"a"}}, want: "a|b", asked: 3},
		"no stream":             {err: &types.ResourceNotFoundException{Message: aws.String("The specified log stream does not exist.")}, asked: 1},
		"denied":                {err: errors.New("AccessDeniedException"), asked: 1, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			p := &pages{t: t, pages: tc.pages, err: tc.err}
			got, err := (&Follower{Logs: p, Region: "eu-central-1"}).Tail(ctx, output(report), 3)
			if strings.Join(got, "|") != tc.want || (err != nil) != tc.fails || len(p.asked) != tc.asked {
				t.Errorf("got %q, %v, asked %q", got, err, p.asked)
			}
		})
	}
	if _, err := (&Follower{Region: "eu-central-1"}).Tail(t.Context(), output(run.Log{Driver: "awsfirelens"}), 3); !errors.Is(err, plane.ErrNoOutput) {
		t.Errorf("an output that is elsewhere: %v", err)
	}
}

func TestWhere(t *testing.T) {
	t.Parallel()
	const stream = "/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/$252Fecs$252Freport/log-events/ecs$252Fapp$252F0123456789abcdef"
	for name, tc := range map[string]struct {
		log  run.Log
		arn  string
		want string
	}{
		"a stream":       {report, taskARN, "https://eu-central-1.console.aws.amazon.com" + stream},
		"China":          {report, strings.Replace(taskARN, "arn:aws:", "arn:aws-cn:", 1), "https://eu-central-1.console.amazonaws.cn" + stream},
		"another Region": {run.Log{Group: "g", Prefix: "p", Region: "us-east-1"}, taskARN, "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:log-groups/log-group/g/log-events/p$252Fapp$252F0123456789abcdef"},
		"an odd name":    {run.Log{Group: "a b[c]", Prefix: "p"}, taskARN, "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/a$2520b$255Bc$255D/log-events/p$252Fapp$252F0123456789abcdef"},
		"the definition's link": {
			run.Log{Driver: "awsfirelens", Link: "https://logs.example.com/?q={task}+{job}+{run}&arn={taskArn}"},
			taskARN,
			"https://logs.example.com/?q=0123456789abcdef+etl+etl%2F20261122T0900Z&arn=" + url.QueryEscape(taskARN),
		},
		"another driver":   {run.Log{Driver: "splunk"}, taskARN, ""},
		"no prefix":        {run.Log{Group: "g"}, taskARN, ""},
		"no task":          {report, "", ""},
		"not a task's ARN": {report, "arn:aws:ecs:eu-central-1:123456789012:service/a/b", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := output(tc.log)
			o.TaskARN = tc.arn
			if got := (&Reader{}).Where(o); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestTaskURL(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]string{
		taskARN: "https://eu-central-1.console.aws.amazon.com/ecs/v2/clusters/batch/tasks/0123456789abcdef/configuration?region=eu-central-1",
		strings.Replace(taskARN, "arn:aws:", "arn:aws-us-gov:", 1): "https://eu-central-1.console.amazonaws-us-gov.com/ecs/v2/clusters/batch/tasks/0123456789abcdef/configuration?region=eu-central-1",
		"arn:aws:ecs:eu-central-1:123456789012:task/0123":          "",
		"arn:aws:ecs::123456789012:task/batch/0123":                "",
		"arn:aws:ecs:x/../y?:1:task/a?b/c#d":                       "https://x%2F..%2Fy%3F.console.aws.amazon.com/ecs/v2/clusters/a%3Fb/tasks/c%23d/configuration?region=x%2F..%2Fy%3F",
		"nothing":                                                  "",
	} {
		if got := TaskURL(arn); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", arn, got, want)
		}
	}
}

// TestElsewhere: for output by another driver, people are told where it goes, with the link that the
// task definition gives.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	log := run.Log{Driver: "awsfirelens", To: "Name=datadog", Link: "https://logs.example.com/{task}"}
	for want, l := range map[string]run.Log{
		"the output cannot be read here: it goes by the log driver awsfirelens to Name=datadog: https://logs.example.com/0123456789abcdef": log,
		"the output cannot be read here: it goes by the log driver splunk":                                                                 {Driver: "splunk"},
	} {
		_, err := (&Follower{Region: "eu-central-1"}).Read(t.Context(), output(l), "", time.Time{})
		if !errors.Is(err, plane.ErrNoOutput) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	p := (&Follower{}).Place(output(log))
	if p.URL != "https://logs.example.com/0123456789abcdef" || p.Elsewhere != "by the log driver awsfirelens to Name=datadog" || p.Group != "" {
		t.Errorf("it is at %+v", p)
	}
}

// gone answers, in the words of CloudWatch Logs, that what was asked for does not exist.
type gone string

func (g gone) GetLogEvents(context.Context, *cloudwatchlogs.GetLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error) {
	return nil, &types.ResourceNotFoundException{Message: aws.String(string(g))}
}

// TestReadOfWhatIsGone: a missing log group is an error; a missing stream may still come.
func TestReadOfWhatIsGone(t *testing.T) {
	t.Parallel()
	for said, want := range map[gone]string{
		"The specified log group does not exist.":  "the output cannot be read here: the log group /ecs/report does not exist (any more)",
		"The specified log stream does not exist.": "",
	} {
		lines, err := (&Follower{Logs: said, Region: "eu-central-1"}).Read(t.Context(), output(report), "", time.Time{})
		if want == "" && err != nil || want != "" && (!errors.Is(err, plane.ErrNoOutput) || err.Error() != want) || len(lines.Lines) > 0 {
			t.Errorf("%s: got %v, want %q", said, err, want)
		}
	}
}

// head answers with one page, and keeps what was asked.
type head struct {
	in *cloudwatchlogs.GetLogEventsInput
}

func (h *head) GetLogEvents(_ context.Context, in *cloudwatchlogs.GetLogEventsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error) {
	h.in = in
	return &cloudwatchlogs.GetLogEventsOutput{
		NextForwardToken: aws.String("f/2"), Events: []types.OutputLogEvent{{Timestamp: aws.Int64(5000), Message: aws.String("a\nb\n")}},
	}, nil
}

// TestRead: reading goes on at a place, or begins at a time. CloudWatch Logs refuses an empty place and a
// time before 1970 (Amazon CloudWatch Logs API reference, GetLogEvents), so neither is sent if there is none.
func TestRead(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		from  string
		since time.Time
		want  string
	}{
		"from the start": {want: "true - -1"},
		"from a place":   {from: "f/1", want: "true f/1 -1"},
		"from a time":    {since: time.UnixMilli(4000), want: "true - 4000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &head{}
			got, err := (&Follower{Logs: h, Region: "eu-central-1"}).Read(t.Context(), output(report), tc.from, tc.since)
			at := time.UnixMilli(5000).UTC()
			if want := []plane.Line{{At: at, Text: "a"}, {At: at, Text: "b"}}; err != nil || got.Next != "f/2" || !slices.Equal(got.Lines, want) {
				t.Errorf("read %+v, %v", got, err)
			}
			asked := fmt.Sprint(aws.ToBool(h.in.StartFromHead), " ", *cmp.Or(h.in.NextToken, aws.String("-")), " ", *cmp.Or(h.in.StartTime, aws.Int64(-1)))
			if asked != tc.want {
				t.Errorf("asked for %s, want %s", asked, tc.want)
			}
		})
	}
}
