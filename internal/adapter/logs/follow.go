package logs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

// Follower reads whole outputs of tasks whose log driver is awslogs. It implements plane.Output.
type Follower struct {
	Logs API
	// Region is the client's.
	Region string
}

// lag is how long it may take until a line can be read: seconds in CloudWatch Logs, and the driver's
// own buffering.
const lag = 6 * time.Second

// Lag implements plane.Output.
func (f *Follower) Lag() time.Duration { return lag }

// Read implements plane.Output. Places are forward tokens, which live for 24 hours (Amazon CloudWatch
// Logs API reference, GetLogEvents). Reading starts from the head, so no line is skipped.
func (f *Follower) Read(ctx context.Context, o port.Output, from string, since time.Time) (plane.Lines, error) {
	out := plane.Lines{Next: from}
	s, err := f.readable(o)
	if err != nil {
		return out, err
	}
	in := &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: &s.group, LogStreamName: &s.name, StartFromHead: aws.Bool(true),
	}
	if from != "" {
		in.NextToken = &from
	}
	if !since.IsZero() {
		in.StartTime = aws.Int64(since.UnixMilli())
	}
	page, err := pageOf(ctx, f.Logs, s, in)
	if err != nil || page == nil {
		return out, err
	}
	for _, e := range page.Events {
		at := time.UnixMilli(aws.ToInt64(e.Timestamp)).UTC()
		for line := range linesOf(e) {
			out.Lines = append(out.Lines, plane.Line{At: at, Text: line})
		}
	}
	out.Next = aws.ToString(page.NextForwardToken)
	return out, nil
}

// pageOf asks for one page of a stream. It returns nil if there is no stream: a young task, or one that
// never ran, has none.
func pageOf(ctx context.Context, logs API, s stream, in *cloudwatchlogs.GetLogEventsInput) (*cloudwatchlogs.GetLogEventsOutput, error) {
	page, err := logs.GetLogEvents(ctx, in)
	var none *types.ResourceNotFoundException
	switch {
	case errors.As(err, &none) && strings.Contains(none.ErrorMessage(), "log group"):
		return nil, fmt.Errorf("%w: the log group %s does not exist (any more)", plane.ErrNoOutput, s.group)
	case errors.As(err, &none):
		return nil, nil //nolint:nilnil // as documented
	case err != nil:
		return nil, fmt.Errorf("reading log stream %s of %s: %w", s.name, s.group, err)
	}
	return page, nil
}

func linesOf(e types.OutputLogEvent) iter.Seq[string] {
	return strings.SplitSeq(strings.TrimRight(aws.ToString(e.Message), "\n"), "\n")
}

// A page has at most perPage events, and mostPages is how far back Tail reads: long lines make for many
// pages of 1 MB (Amazon CloudWatch Logs API reference, GetLogEvents).
const (
	perPage   = 10_000
	mostPages = 20
)

// Tail returns the last lines of an output, at most so many. It does not read what comes before them: an
// output may have more pages than anybody waits for.
func (f *Follower) Tail(ctx context.Context, o port.Output, lines int) ([]string, error) {
	s, err := f.readable(o)
	if err != nil {
		return nil, err
	}
	in := &cloudwatchlogs.GetLogEventsInput{LogGroupName: &s.group, LogStreamName: &s.name, Limit: aws.Int32(int32(min(lines, perPage)))}
	var out []string
	for range mostPages {
		page, err := pageOf(ctx, f.Logs, s, in)
		if err != nil || page == nil {
			return nil, err
		}
		var before []string
		for _, e := range page.Events {
			before = slices.AppendSeq(before, linesOf(e))
		}
		out = append(before, out...)
		at := in.NextToken
		if in.NextToken = page.NextBackwardToken; len(out) >= lines || aws.ToString(at) == aws.ToString(in.NextToken) {
			break
		}
	}
	return out[max(0, len(out)-lines):], nil
}

// readable returns the stream of an output; its error says where the output is instead.
func (f *Follower) readable(o port.Output) (stream, error) {
	s, ok := streamOf(o)
	switch {
	case o.Task.Log.Driver != "":
		words := elsewhere(o.Task.Log)
		if link := linkOf(o); link != "" {
			words += ": " + link
		}
		return s, fmt.Errorf("%w: it goes %s", plane.ErrNoOutput, words)
	case !ok:
		return s, fmt.Errorf("%w: its task definition does not write to CloudWatch Logs by awslogs with a stream prefix", plane.ErrNoOutput)
	case s.region != f.Region:
		return s, fmt.Errorf("%w: it is in %s: %s", plane.ErrNoOutput, s.region, s.url())
	}
	return s, nil
}

// Place implements plane.Output.
func (f *Follower) Place(o port.Output) plane.Place {
	p := plane.Place{TaskURL: TaskURL(o.TaskARN), Group: o.Task.Log.Group, Elsewhere: elsewhere(o.Task.Log), URL: linkOf(o)}
	if s, ok := streamOf(o); ok {
		p.Group, p.URL = s.group, s.url()
	}
	return p
}
