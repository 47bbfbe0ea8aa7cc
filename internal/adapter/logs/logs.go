// Package logs reads what tasks wrote to CloudWatch Logs, and says where people find it.
package logs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

const (
	// tailWithin is how long Tail waits for lines: a notice goes without them rather than late.
	tailWithin = 5 * time.Second
	// maxPages is how many pages Tail asks for: a page can be empty although there are lines (Amazon
	// CloudWatch Logs API reference, GetLogEvents).
	maxPages = 3
	// maxLine is how many bytes of a line are kept; an event may have 1 MB.
	maxLine = 4000
)

// API is the part of the CloudWatch Logs client that this package uses.
type API interface {
	GetLogEvents(context.Context, *cloudwatchlogs.GetLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error)
}

// Reader implements port.Logs for tasks whose log driver is awslogs.
type Reader struct {
	Logs API
	// Region is the client's. Logs in another Region are not read.
	Region string
	// Readable is the prefix of the log groups that may be read; "" means none.
	Readable string
}

// Tail implements port.Logs. It returns no lines and no error only for a task that wrote nothing.
func (r *Reader) Tail(ctx context.Context, o port.Output, lines int) ([]string, error) {
	s, ok := streamOf(o)
	if !ok || s.region != r.Region || r.Readable == "" || !strings.HasPrefix(s.group, r.Readable) {
		return nil, fmt.Errorf("%w: the functions read log streams in %s under LogGroups %q, and it is in %q of %s", plane.ErrNoOutput, r.Region, r.Readable, s.group, s.region)
	}
	ctx, cancel := context.WithTimeout(ctx, tailWithin)
	defer cancel()
	in := &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: aws.String(s.group), LogStreamName: aws.String(s.name), Limit: aws.Int32(int32(lines)),
	}
	for range maxPages {
		out, err := pageOf(ctx, r.Logs, s, in)
		if err != nil || out == nil {
			return nil, err
		}
		end := aws.ToString(out.NextBackwardToken) == aws.ToString(in.NextToken)
		if len(out.Events) > 0 || end {
			return last(out.Events, lines), nil
		}
		in.NextToken = out.NextBackwardToken
	}
	return nil, fmt.Errorf("the last %d pages of log stream %s of %s are empty", maxPages, s.name, s.group)
}

// last returns the last lines of events, the oldest first.
func last(events []types.OutputLogEvent, lines int) []string {
	var out []string
	for _, e := range events {
		for line := range linesOf(e) {
			out = append(out, strings.ToValidUTF8(line[:min(len(line), maxLine)], "\ufffd"))
		}
	}
	return out[max(0, len(out)-lines):]
}

// Where implements port.Logs. It returns the address of the stream in the AWS console, or the link
// that the task definition gives, "" if there is neither.
func (r *Reader) Where(o port.Output) string {
	s, ok := streamOf(o)
	if !ok {
		return linkOf(o)
	}
	return s.url()
}
