package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/test/golden"
)

// TestCronText: what a person sees, with both changes of the clocks.
func TestCronText(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for _, args := range [][]string{
		{"30 2 * * *", "--zone", "Europe/Berlin", "--from", "2026-03-28", "--count", "3"},
		{"15,30 2 * * *", "--zone", "Europe/Berlin", "--from", "2026-03-29", "--count", "2"},
		{"*/20 2 * * *", "--zone", "Europe/Berlin", "--from", "2026-10-25", "--to", "2026-10-26"},
		{"0 9 1 * 5", "--from", "2026-05-01", "--count", "2"},
		{"0 9 */2 * 1", "--from", "2026-11-22", "--count", "2"},
		{"*/15 * * * *", "--zone", "Asia/Tokyo", "--from", "2026-11-22", "--count", "1"},
		{"cron(0 9 ? * 2#1 *)", "--from", "2026-11-22", "--count", "2"},
		{"rate(5 minutes)", "--from", "2026-11-22T00:03", "--count", "2"},
		{"0 0 30 2 *", "--from", "2026-11-22"},
		{"0 9 * * *", "--from", "2026-11-22T10:00", "--to", "2026-11-22T11:00"},
		{"0 9 1 * 5", "--aws"},
		{"0 9 ? * MON-FRI *", "--aws"},
		{"cron(*/60 * * * ? *)", "--aws"},
		{"rate(1 minutes)", "--aws"},
		{"cron(*/20 2 ? * mon *)", "--from", "2026-11-22", "--count", "1"},
	} {
		r := batchplane(t, append([]string{"cron"}, args...)...)
		if r.code != 0 || r.err != "" {
			t.Errorf("%q: %+v", args, r)
		}
		all.WriteString("$ batchplane cron '" + strings.Join(args, "' '") + "'\n" + r.out + "\n")
	}
	golden.Check(t, "testdata/cron.txt", all.String())
}

// TestCronJSON: the first object and the fires have exactly the fields that other programs read.
// --from and --to are inclusive.
func TestCronJSON(t *testing.T) {
	t.Parallel()
	r := batchplane(t, "--json", "cron", "15,30 2 * * *", "--zone", "Europe/Berlin", "--from", "2026-03-29T01:00Z", "--to", "2026-03-30T00:30:00Z")
	want := `{"expr":"15,30 2 * * *","dialect":"crontab","zone":"Europe/Berlin","words":"at 02:15 and 02:30 every day","aws":["cron(15,30 2 * * ? *)"],"awsZone":"Europe/Berlin","guard":null,"neverFires":false}
{"at":"2026-03-29T01:00:00Z","local":"2026-03-29T03:00:00+02:00","note":"clocks go forward by 1h; runs late: its local time is skipped; 2 runs fall on this minute and are one; EventBridge Scheduler skips it: the sweep launches it"}
{"at":"2026-03-30T00:15:00Z","local":"2026-03-30T02:15:00+02:00","note":""}
{"at":"2026-03-30T00:30:00Z","local":"2026-03-30T02:30:00+02:00","note":""}
`
	if r.code != 0 || r.out != want {
		t.Errorf("exit code %d, %s%s", r.code, r.out, r.err)
	}
	var m map[string]any
	for _, expr := range []string{"0 9 */2 * 1", "0 0 30 2 *"} {
		r := batchplane(t, "--json", "cron", expr, "--from", "2026-11-22", "--to", "2026-11-22")
		if err := json.Unmarshal([]byte(r.out), &m); err != nil || r.code != 0 {
			t.Fatalf("%s: %v, %+v", expr, err, r)
		}
		if never := expr == "0 0 30 2 *"; m["neverFires"] != never || (m["guard"] == nil) != never {
			t.Errorf("%s: %v", expr, m)
		}
	}
}

// TestCronJSONSaysAsMuchAsText: the translation's zone is not always the expression's, and a
// program must know what a person is told.
func TestCronJSONSaysAsMuchAsText(t *testing.T) {
	t.Parallel()
	r := batchplane(t, "--json", "cron", "*/15 * * * *", "--zone", "Europe/Berlin", "--count", "1")
	if !strings.Contains(r.out, `"awsZone":"UTC"`) || !strings.Contains(r.out, `"notes":["it fires at the same minutes in UTC, `) {
		t.Errorf("%+v", r)
	}
	if r := batchplane(t, "--json", "cron", "0 0 30 2 *"); strings.Contains(r.out, "awsZone") {
		t.Errorf("what never fires has no translation: %+v", r)
	}
}

func TestCronRefuses(t *testing.T) {
	t.Parallel()
	for says, args := range map[string][]string{
		`bad hour "30"`:          {"0 30 * * *"},
		"@reboot has no times":   {"@reboot"},
		"did you mean":           {"0 9 * * *", "--zone", "Europe/Berlim"},
		`--from "noon"`:          {"0 9 * * *", "--from", "noon"},
		"is before --from":       {"0 9 * * *", "--from", "2026-11-22", "--to", "2026-11-21"},
		"can't be used together": {"0 9 * * *", "--to", "2026-11-22", "--count", "1"},
		"--count -1":             {"0 9 * * *", "--count=-1"},
		"Quartz":                 {"0 0 12 * * ?"},
	} {
		if r := batchplane(t, append([]string{"cron"}, args...)...); r.code != 2 || !strings.Contains(r.err, says) || r.out != "" {
			t.Errorf("%q: %+v; want %q", args, r, says)
		}
	}
}

// TestCronForeign: expressions of other schedulers are recognised, with what to write instead.
func TestCronForeign(t *testing.T) {
	t.Parallel()
	for expr, says := range map[string]string{
		"@every 1h30m": "write rate(90 minutes)", "0 0 $ * *": "pg_cron", "0 0 12 * * ?": "Quartz", "0 0 0 ? * 1": "Spring's, where 1 is Monday", "H 3 * * *": "Jenkins", "0 15 10 ? * MON-FRI": "cron(15 10 ? * MON-FRI *)",
	} {
		for _, args := range [][]string{{"cron", expr}, {"cron", "--aws", expr}} {
			if r := batchplane(t, args...); r.code != 2 || r.out != "" || !strings.Contains(r.err, says) {
				t.Errorf("%q: %+v", args, r)
			}
		}
	}
}

// TestClocksThatChangeAtMidnight: only the fires of the day on which the clocks change say so,
// also where midnight is skipped (Cairo) or comes twice (Havana).
func TestClocksThatChangeAtMidnight(t *testing.T) {
	t.Parallel()
	for zone, c := range map[string][2]string{
		"Africa/Cairo":     {"2026-04-23", "clocks go forward by 1h"},
		"America/Santiago": {"2026-09-05", "clocks go forward by 1h"},
		"America/Havana":   {"2026-10-31", "clocks go back by 1h"},
	} {
		lines := strings.Split(batchplane(t, "--json", "cron", "0 12 * * *", "--zone", zone, "--from", c[0], "--count", "3").out, "\n")
		for i, want := range []string{`"note":""`, `"note":"` + c[1] + `"`, `"note":""`} {
			if !strings.Contains(lines[i+1], want) {
				t.Errorf("%s, day %d: %s; want %s", zone, i, lines[i+1], want)
			}
		}
	}
}
