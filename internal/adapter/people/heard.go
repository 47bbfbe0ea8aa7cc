package people

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"
)

// listeners finds out whether anybody listens to SNS topics. It asks about each topic once.
type listeners struct {
	topics sns.ListSubscriptionsByTopicAPIClient
	nobody map[string]string // by topic: why nobody listens, or ""
	unseen []string
}

// unheard says why nobody is notified by an alarm with these actions, or returns "". Actions other than
// topics count as somebody, and so do topics that cannot be looked at.
func (l *listeners) unheard(ctx context.Context, enabled bool, actions []string) string {
	if !enabled {
		return "its actions are switched off"
	}
	why := "it has no action"
	for _, arn := range actions {
		if parts := strings.SplitN(arn, ":", 6); l.topics == nil || len(parts) < 6 || parts[2] != "sns" {
			return ""
		}
		if why = l.whyNobody(ctx, arn); why == "" {
			return ""
		}
	}
	return why
}

// whyNobody says why nobody listens to a topic, or returns "".
func (l *listeners) whyNobody(ctx context.Context, topic string) string {
	if why, ok := l.nobody[topic]; ok {
		return why
	}
	name := topic[strings.LastIndexByte(topic, ':')+1:]
	why, err := l.look(ctx, topic, name)
	if err != nil {
		l.unseen = append(l.unseen, "who is subscribed to the topic "+name)
	}
	if l.nobody == nil {
		l.nobody = map[string]string{}
	}
	l.nobody[topic] = why
	return why
}

// look lists subscriptions until one is confirmed. Others have no ARN yet, or none any more (Amazon SNS API
// reference, Subscribe: "pending confirmation").
func (l *listeners) look(ctx context.Context, topic, name string) (string, error) {
	pending := false
	pages := sns.NewListSubscriptionsByTopicPaginator(l.topics, &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		var api smithy.APIError
		if errors.As(err, &api) && (api.ErrorCode() == "NotFound" || api.ErrorCode() == "NotFoundException") {
			return "the topic " + name + " does not exist", nil
		}
		if err != nil {
			return "", fmt.Errorf("listing who is subscribed to the topic %s: %w", name, err)
		}
		for _, s := range page.Subscriptions {
			switch arn := aws.ToString(s.SubscriptionArn); {
			case strings.HasPrefix(arn, "arn:"):
				return "", nil
			case arn != "Deleted":
				pending = true
			}
		}
	}
	if pending {
		return "nobody has confirmed a subscription to the topic " + name, nil
	}
	return "nobody is subscribed to the topic " + name, nil
}
