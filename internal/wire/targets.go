package wire

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/command"
	"github.com/batchplane/batchplane/internal/adapter/fanout"
	"github.com/batchplane/batchplane/internal/adapter/mail"
	"github.com/batchplane/batchplane/internal/adapter/slack"
	"github.com/batchplane/batchplane/internal/adapter/webhook"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
)

// Targets holds where notices of local mode go, by name.
type Targets struct {
	// to holds the parts of each target: itself, or one for each recipient of a mail.
	to map[string][]string
	by map[string]fanout.Carrier // by part
	// defaults are the targets of jobs that name none.
	defaults []string
}

// notifyWithin bounds one request to a target.
const notifyWithin = 10 * time.Second

// NewTargets reads the lines of a --targets file: NAME=slack+URL, NAME=URL for a
// webhook with NAME.secret=SECRET for its signature, NAME=smtp://... for mail,
// NAME=exec:LINE for a command, and default=NAME,NAME for jobs that name none.
func NewTargets(lines map[string]string) (*Targets, error) {
	t := &Targets{to: map[string][]string{}, by: map[string]fanout.Carrier{}}
	client := &http.Client{Timeout: notifyWithin, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		value := strings.TrimSpace(lines[name])
		switch {
		case name == "default":
			for one := range strings.SplitSeq(value, ",") {
				t.defaults = append(t.defaults, strings.TrimSpace(one))
			}
			continue
		case strings.HasSuffix(name, ".secret"):
			if _, ok := lines[strings.TrimSuffix(name, ".secret")]; !ok {
				errs = append(errs, fmt.Errorf("%s is of no target", name))
			}
			continue
		}
		way, err := target(name, value, lines[name+".secret"], client)
		if err != nil {
			errs = append(errs, fmt.Errorf("target %s: %w", name, err))
			continue
		}
		t.add(name, way)
	}
	for _, name := range t.defaults {
		if t.to[name] == nil {
			errs = append(errs, fmt.Errorf("default names %q, which is no target", name))
		}
	}
	return t, errors.Join(errs...)
}

// add adds a target with its parts.
func (t *Targets) add(name string, way fanout.Way) {
	all := way.Targets(notice.Notice{Targets: []string{name}})
	for _, one := range all {
		part := name
		if len(all) > 1 {
			part += "/" + one
		}
		t.to[name] = append(t.to[name], part)
		t.by[part] = carried{way, one}
	}
}

func target(name, value, secret string, client *http.Client) (fanout.Way, error) {
	switch {
	case strings.HasPrefix(value, "slack+https://"):
		return &slack.Notifier{Secrets: webhookOf(strings.TrimPrefix(value, "slack+")), HTTP: client, Now: time.Now}, nil
	case strings.HasPrefix(value, "https://"), strings.HasPrefix(value, "http://"):
		return fanout.Only{Name: name, Carrier: &webhook.Notifier{URL: value, Secret: secret, HTTP: client, Now: time.Now}}, nil
	case strings.HasPrefix(value, "smtp://"), strings.HasPrefix(value, "smtps://"):
		return mail.Parse(value)
	case strings.HasPrefix(value, "exec:"):
		return fanout.Only{Name: name, Carrier: &command.Notifier{Line: strings.TrimPrefix(value, "exec:")}}, nil
	}
	return nil, errors.New("want one of slack+https://..., https://..., smtp://... or exec:LINE") // the value may be a secret
}

// webhookOf is the webhook of one target.
type webhookOf string

// Secret implements slack.Secrets.
func (w webhookOf) Secret(context.Context, string) (string, error) { return string(w), nil }

// Forget implements slack.Secrets.
func (webhookOf) Forget(string) {}

// carried is one target of a way, as a carrier.
type carried struct {
	way    fanout.Way
	target string
}

func (c carried) Notify(ctx context.Context, n notice.Notice) error {
	return c.way.Carry(ctx, c.target, n)
}

// Targets implements fanout.Way.
func (t *Targets) Targets(n notice.Notice) (out []string) {
	names := n.Targets
	if len(names) == 0 {
		names = t.defaults
	}
	for _, name := range names {
		for _, part := range t.to[name] {
			if !slices.Contains(out, part) {
				out = append(out, part)
			}
		}
	}
	return out
}

// Carry implements fanout.Way. It also takes the name of a whole target; the error then names the parts
// that failed.
func (t *Targets) Carry(ctx context.Context, name string, n notice.Notice) error {
	if to := t.by[name]; to != nil {
		return to.Notify(ctx, n)
	}
	if t.to[name] == nil {
		return fmt.Errorf("there is no target %q; the targets are %s", name, strings.Join(slices.Sorted(maps.Keys(t.to)), ", "))
	}
	var errs []error
	for _, part := range t.to[name] {
		errs = append(errs, t.by[part].Notify(ctx, n))
	}
	return errors.Join(errs...)
}

// Unknown returns the targets that jobs name but that do not exist.
func (t *Targets) Unknown(jobs []job.Job) []string {
	out := map[string]bool{}
	for _, j := range jobs {
		for _, name := range j.Notify.Targets {
			out[name] = out[name] || t.to[name] == nil
		}
	}
	maps.DeleteFunc(out, func(_ string, unknown bool) bool { return !unknown })
	return slices.Sorted(maps.Keys(out))
}

// notifier shows notices at the terminal and sends them to targets. memory, which outlives this
// process, remembers which targets took a notice that others did not.
func (t *Targets) notifier(terminal fanout.Carrier, memory fanout.Memory) port.Notifier {
	var ways []fanout.Way
	if terminal != nil {
		ways = append(ways, fanout.Only{Name: "terminal", Carrier: terminal})
	}
	if t != nil {
		ways = append(ways, t)
	}
	if len(ways) == 0 {
		return nil
	}
	return &fanout.Notifier{Memory: memory, Ways: ways}
}
