package kinds_test

import (
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
)

// TestSchedulesOfCopilot: what Copilot deploys for a schedule is what runs, and what it refuses has
// never run (TestScheduledJob_awsSchedule in
// internal/pkg/deploy/cloudformation/stack/scheduled_job_test.go of aws/copilot-cli; the lists in its
// documentation). "" is refused.
func TestSchedulesOfCopilot(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"@every 1h30m":       "rate(90 minutes)",
		"@every 60m":         "rate(60 minutes)",
		"@daily":             "cron(0 0 * * ? *)",
		"@weekly":            "cron(0 0 ? * 1 *)",
		"0 9 * * ?":          "cron(0 9 * * ? *)",
		"0 9 ? * *":          "cron(0 9 * * ? *)",
		"0 9 ? * ?":          "cron(0 9 * * ? *)",
		"0 9 * * MON-FRI":    "cron(0 9 ? * MON-FRI *)",
		"0 9 ? * MON":        "cron(0 9 ? * MON *)",
		"0 9 1 * ?":          "cron(0 9 1 * ? *)",
		"0 9 1 * *":          "cron(0 9 1 * ? *)",
		"0 9 ? * 2-6":        "cron(0 9 ? * 3-7 *)",
		"0 9 * * 2-6":        "cron(0 9 ? * 3-7 *)",
		"cron(0 * * * ? *)":  "cron(0 * * * ? *)",
		"rate(5 minutes)":    "rate(5 minutes)",
		"0 9 1 * SUN":        "",
		"@every 402 seconds": "",
		"@every -5m":         "",
		"@every 0m":          "",
		"@every 89s":         "",
		"every 4m":           "",
		"@minutely":          "",
		"None":               "",
		"* * * malformed *":  "",
	} {
		text := "name: a\ntype: Scheduled Job\non: {schedule: '" + written + "'}\nimage: {location: b}\n"
		r, err := kinds.Import("copilot", []*importer.File{{Name: "manifest.yml", Data: []byte(text)}}, importer.Options{From: from}, kinds.Options{})
		if err != nil && len(r.Entries) == 0 {
			t.Errorf("%s: %v", written, err)
			continue
		}
		if got := strings.Join(r.Entries[0].AWS, " and "); got != want || (want == "") != (len(r.Jobs) == 0) {
			t.Errorf("%s: %q and %d jobs, want %q\n%s", written, got, len(r.Jobs), want, report(r))
		}
	}
}
