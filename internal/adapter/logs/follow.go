package logs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/plane"
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
func (f *Follower) Read(ctx context.Context, o control.Output, from string, since time.Time) (plane.Lines, error) {
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
	page, err := f.Logs.GetLogEvents(ctx, in)
	var none *types.ResourceNotFoundException
	if errors.As(err, &none) {
		if strings.Contains(none.ErrorMessage(), "log group") {
			return out, fmt.Errorf("%w: the log group %s does not exist (any more)", plane.ErrNoOutput, s.group)
		}
		return out, nil // a young task has no stream yet
	}
	if err != nil {
		return out, fmt.Errorf("reading log stream %s of %s: %w", s.name, s.group, err)
	}
	for _, e := range page.Events {
		at := time.UnixMilli(aws.ToInt64(e.Timestamp)).UTC()
		for line := range strings.SplitSeq(strings.TrimRight(aws.ToString(e.Message), "\n"), "\n") {
			out.Lines = append(out.Lines, plane.Line{At: at, Text: line})
		}
	}
	out.Next = aws.ToString(page.NextForwardToken)
	return out, nil
}

// readable returns the stream of an output; its error says where the output is instead.
func (f *Follower) readable(o control.Output) (stream, error) {
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
func (f *Follower) Place(o control.Output) plane.Place {
	p := plane.Place{TaskURL: TaskURL(o.TaskARN), Group: o.Task.Log.Group, Elsewhere: elsewhere(o.Task.Log), URL: linkOf(o)}
	if s, ok := streamOf(o); ok {
		p.Group, p.Stream, p.URL = s.group, s.name, s.url()
	}
	return p
}
