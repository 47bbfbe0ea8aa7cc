// Package sns publishes notices to one topic: for machines as JSON, for mail as
// text.
package sns

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/batchplane/batchplane/internal/notice"
)

const (
	// maxMessage is under the 262,144 bytes that a message may have with its
	// attributes (Amazon SNS API reference, Publish).
	maxMessage = 250_000
	// maxSubject is the longest subject (the same page): 100 ASCII characters.
	maxSubject = 100
)

// API is the part of the SNS client that is used.
type API interface {
	Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// Notifier implements control.Notifier.
type Notifier struct {
	SNS   API
	Topic string
}

// Notify publishes a notice. One that is too large loses log lines, the oldest
// first, then the ends of its texts.
func (n *Notifier) Notify(ctx context.Context, x notice.Notice) error {
	message, err := fit(x)
	if err != nil {
		return err
	}
	_, err = n.SNS.Publish(ctx, &sns.PublishInput{
		TopicArn: aws.String(n.Topic), Message: aws.String(message), MessageStructure: aws.String("json"),
		Subject: aws.String(subject(x)), MessageAttributes: attributes(x),
	})
	if err != nil {
		return fmt.Errorf("publishing to %s: %w", n.Topic, err)
	}
	return nil
}

// fit encodes a notice within the limit.
func fit(x notice.Notice) (string, error) {
	for {
		message, err := encode(x)
		if err != nil || len(message) <= maxMessage {
			return message, err
		}
		if len(x.Logs) > 0 {
			x.Logs = x.Logs[(len(x.Logs)+1)/2:]
			continue
		}
		before := len(x.Cause) + len(x.Description) + len(x.Owner) + len(x.Attempts)
		x.Cause, x.Description, x.Owner = half(x.Cause), half(x.Description), half(x.Owner)
		x.Attempts = x.Attempts[(len(x.Attempts)+1)/2:]
		if len(x.Cause)+len(x.Description)+len(x.Owner)+len(x.Attempts) >= before {
			return "", fmt.Errorf("the notice of %s does not fit into a message of SNS: %d bytes", x.Run, len(message))
		}
	}
}

func half(s string) string {
	if len(s) <= maxSubject {
		return s
	}
	return strings.ToValidUTF8(s[:len(s)/2], "") + "…"
}

func encode(x notice.Notice) (string, error) {
	machine, err := json.Marshal(x)
	if err != nil {
		return "", fmt.Errorf("encoding the notice of %s: %w", x.Run, err)
	}
	message, err := json.Marshal(map[string]string{"default": string(machine), "email": x.Text()})
	if err != nil {
		return "", fmt.Errorf("encoding the message about %s: %w", x.Run, err)
	}
	return string(message), nil
}

// subject is printable ASCII of at most maxSubject characters that begins with a
// letter.
func subject(x notice.Notice) string {
	s := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, fmt.Sprintf("batchplane %s: %s %s", x.Stack, x.Job, strings.ReplaceAll(string(x.Kind), "-", " ")))
	return s[:min(len(s), maxSubject)]
}

// attributes are what subscriptions filter by; empty ones are not allowed.
func attributes(x notice.Notice) map[string]types.MessageAttributeValue {
	out := map[string]types.MessageAttributeValue{}
	for name, value := range map[string]string{
		"stack": x.Stack, "job": x.Job, "owner": x.Owner, "status": string(x.Status), "kind": string(x.Kind),
	} {
		value = attribute(value)
		if value != "" {
			out[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
		}
	}
	return out
}

// attribute is a value within bounds: it counts as part of the message.
func attribute(s string) string {
	s = notice.Printable(s)
	for len(s) > 256 {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
