// Package sns publishes notices to one topic: as JSON for machines, as text for mail, and in the form
// that chats show for subscribers by HTTPS.
package sns

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/batchplane/batchplane/internal/notice"
)

const (
	// maxMessage is below the 262,144 bytes that a message may have with its attributes (Amazon SNS API
	// reference, Publish).
	maxMessage = 250_000
	// maxSubject is the longest subject: 100 ASCII characters (the same page).
	maxSubject = 100
)

// API is the part of the SNS client that a Notifier uses.
type API interface {
	Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// Notifier implements port.Notifier.
type Notifier struct {
	SNS   API
	Topic string
	// Log records notices that were cut.
	Log *slog.Logger
}

// Notify publishes a notice. It cuts one that is too large, and logs that.
func (n *Notifier) Notify(ctx context.Context, x notice.Notice) error {
	message, full, err := notice.Fit(x, maxMessage, encode)
	if err != nil {
		return fmt.Errorf("for a message of SNS: %w", err)
	}
	if full > maxMessage {
		n.Log.WarnContext(ctx, "a notice was cut", "run", x.Run, "why", fmt.Sprintf("it had %d bytes, and SNS takes 256 KB", full))
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

func encode(x notice.Notice) (string, error) {
	machine, err := json.Marshal(x)
	if err != nil {
		return "", fmt.Errorf("encoding the notice of %s: %w", x.Run, err)
	}
	chats, err := chat(x)
	if err != nil {
		return "", err
	}
	message, err := json.Marshal(map[string]string{"default": string(machine), "email": x.Text(), "https": chats})
	if err != nil {
		return "", fmt.Errorf("encoding the message about %s: %w", x.Run, err)
	}
	return string(message), nil
}

// subject returns printable ASCII of at most maxSubject characters that begins with a letter.
func subject(x notice.Notice) string {
	s := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, fmt.Sprintf("batchplane %s: %s %s", x.Stack, x.Job, strings.ReplaceAll(string(x.Kind), "-", " ")))
	return s[:min(len(s), maxSubject)]
}

// attributes returns what subscriptions filter by. SNS allows no empty ones.
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

// attribute cuts a value to 256 bytes: it counts as part of the message.
func attribute(s string) string {
	s = notice.Printable(s)
	for len(s) > 256 {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
