package copilot

import (
	"errors"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/importer"
)

var macros = map[string]string{
	"@yearly": "cron(0 0 1 1 ? *)", "@annually": "cron(0 0 1 1 ? *)", "@monthly": "cron(0 0 1 * ? *)", "@weekly": "cron(0 0 ? * 1 *)",
	"@daily": "cron(0 0 * * ? *)", "@midnight": "cron(0 0 * * ? *)", "@hourly": "cron(0 * * * ? *)",
}

// deployed gives the expression that Copilot gives to EventBridge for a schedule (toAWSCron in
// internal/pkg/deploy/cloudformation/stack/scheduled_job.go of aws/copilot-cli). It takes a day
// field with a * or ? in it as open, and adds one to every digit of the day of week, even in a step.
func deployed(text string) (string, error) {
	if expression, ok := macros[text]; ok {
		return expression, nil
	}
	if every, found := strings.CutPrefix(text, "@every "); found {
		rate, err := importer.Rate(strings.TrimSpace(every))
		if err != nil {
			return "", fmt.Errorf("@every %w", err)
		}
		return rate, nil
	}
	f := strings.Fields(text)
	if len(f) != 5 {
		return "", fmt.Errorf("%q is none of the schedules that Copilot takes", importer.Clip(text))
	}
	day, weekday := !strings.ContainsAny(f[2], "*?"), !strings.ContainsAny(f[4], "*?")
	switch {
	case day && weekday:
		return "", errors.New("a schedule that restricts both day fields is refused by Copilot")
	case weekday:
		f[2], f[4] = "?", increased(f[4])
	case day:
		f[4] = "?"
	default:
		f[2], f[4] = "*", "?"
	}
	return "cron(" + strings.Join(f, " ") + " *)", nil
}

// increased adds one to every digit.
func increased(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r + 1
		}
		return r
	}, text)
}

// differs says where a crontab's reading of a schedule first differs from what was deployed. It
// is "" if they do not differ, or if there is no such reading.
func differs(in *importer.Import, text, expression string) string {
	written, err := cron.ParseCrontab(text)
	if err != nil {
		return ""
	}
	there, err := cron.ParseAWS(expression)
	if err != nil {
		return ""
	}
	var difference *cron.DifferenceError
	if err := cron.Prove(written, []*cron.Spec{there}, in.From); errors.As(err, &difference) {
		return difference.Error()
	}
	return ""
}
