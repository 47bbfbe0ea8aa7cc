// Package eventbus puts notices on an EventBridge bus as events, so that other systems can act on them.
package eventbus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/signed"
)

// The values by which rules match these events.
const (
	source     = "batchplane"
	detailType = "Batch Run State Change"
)

// maxDetail is below the 256 KB that every target of a rule takes, such as a topic of SNS. EventBridge itself
// has taken 1 MB since January 2026 (AWS Compute Blog, "More room to build: serverless services now support
// payloads up to 1 MB").
const maxDetail = 200_000

// Notifier implements port.Notifier.
type Notifier struct {
	Events *signed.Client
	// Bus is the name or ARN of the bus.
	Bus string
	// Log records notices that were cut.
	Log *slog.Logger
}

// Notify puts a notice on the bus, without log lines: events reach receivers that nobody thought of
// when the job printed them.
func (n *Notifier) Notify(ctx context.Context, x notice.Notice) error {
	x.Logs = nil
	detail, full, err := notice.Fit(x, maxDetail, encode)
	if err != nil {
		return fmt.Errorf("for an event: %w", err)
	}
	if full > maxDetail {
		n.Log.WarnContext(ctx, "a notice was cut", "run", x.Run, "why", fmt.Sprintf("it had %d bytes, of which targets of the bus may not take more than 256 KB", full))
	}
	event := entry{EventBusName: n.Bus, Source: source, DetailType: detailType, Detail: detail}
	for _, a := range x.Attempts {
		if a.TaskARN != "" {
			event.Resources = []string{a.TaskARN}
		}
	}
	var out answer
	err = n.Events.JSON(ctx, "1.1", "AWSEvents.PutEvents", map[string]any{"Entries": []entry{event}}, &out)
	if err != nil {
		return fmt.Errorf("putting an event on bus %s: %w", n.Bus, err)
	}
	if out.FailedEntryCount > 0 && len(out.Entries) == 1 {
		return fmt.Errorf("bus %s refused the event: %s: %s", n.Bus, out.Entries[0].ErrorCode, out.Entries[0].ErrorMessage)
	}
	if out.FailedEntryCount > 0 {
		return errors.New("the bus refused the event and did not say why")
	}
	return nil
}

// entry is an event as PutEvents takes it, and answer the part of its answer that is used (Amazon
// EventBridge API reference, PutEventsRequestEntry and PutEvents).
type (
	entry struct {
		EventBusName, Source, DetailType, Detail string
		Resources                                []string `json:",omitempty"`
	}
	answer struct {
		FailedEntryCount int
		Entries          []struct{ ErrorCode, ErrorMessage string }
	}
)

func encode(x notice.Notice) (string, error) {
	detail, err := json.Marshal(x)
	if err != nil {
		return "", fmt.Errorf("encoding the event about %s: %w", x.Run, err)
	}
	return string(detail), nil
}
