package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// nowhere runs a command for a state that does not exist, so that it asks nobody for anything even
// if it is not refused.
func nowhere(t *testing.T, args []string) result {
	t.Helper()
	return batchplane(t, append([]string{"--db", filepath.Join(t.TempDir(), "none.db")}, args...)...)
}

// TestFlagsThatWouldDoNothing: a script that asks to wait, or for a selection, must not be answered
// as if it had got that.
func TestFlagsThatWouldDoNothing(t *testing.T) {
	t.Parallel()
	for says, args := range map[string][]string{
		"--wait and --follow go with one run":     {"retry", "--all", "--yes", "--wait"},
		"--force, --attempts and --request-id go": {"retry", "--all", "--attempts", "1"},
		"--even and --max go with --all":          {"retry", "report", "--job", "report"},
		"--status, --since, --job, --cause, ":     {"retry", "report", "--since", "2h"},
		"--max go with --all, which takes jobs":   {"retry", "report", "--max", "50"},
		"give one of them":                        {"run", "report", "--timeout", "5m"},
		"--until 2h is before --since 1h":         {"history", "--since", "1h", "--until", "2h"},
		"--timeout -5m0s is negative":             {"retry", "report", "--wait", "--timeout=-5m"},
		"--since and --times need --stack":        {"logs", "report", "--times"},
		"--attempt 0 must be at least 1":          {"logs", "report", "--attempt", "0"},
		"--limit 0 must be at least 1":            {"kept", "--limit", "0"},
		"on this machine nobody notes when":       {"logs", "report", "--since", "10m"},
		"--profile and --region go with a stack":  {"retry", "--all", "--yes", "--profile", "prod"},
		"and this command would act on this mac":  {"jobs", "--region", "eu-central-1"},
	} {
		if r := nowhere(t, args); r.code != 2 || !strings.Contains(r.err, says) {
			t.Errorf("%q: %+v", args, r)
		}
	}
}

// TestWordsOfOthers: a word that other programs use leads to what it is called here.
func TestWordsOfOthers(t *testing.T) {
	t.Parallel()
	for says, args := range map[string][]string{
		"there is no next here: it is `batchplane jobs`":               {"next"},
		"there is no deploy here: it is `batchplane apply`":            {"deploy", "-f", "jobs.yaml"},
		"there is no -v here: it is `batchplane version`":              {"-v"},
		"there is no --tz here: it is `--zone`":                        {"cron", "0 3 * * *", "--tz", "UTC"},
		"there is no --state here: it is `--status`":                   {"history", "--state", "failed"},
		"missing flags: --file=FILE: give a jobs file with -f, such a": {"local"},
		"unknown flag --state":                                         {"run", "hello", "--state", "x"},
		"--since needs a value; see `batchplane history --help`":       {"history", "--since"},
		"--status needs a value; see `batchplane history --help`":      {"history", "--status"},
		`unexpected argument statsu, did you mean "status"?; see`:      {"statsu"},
		"unexpected argument next; see `batchplane status --help`":     {"status", "next"},
		"NAME=you would be an argument of the job's command: set an i": {"run", "hello", "NAME=you"},
		"reading the local state":                                      {"run", "hello", "--", "NAME=you"},
		"reading the local state:":                                     {"run", "hello", "you"},
	} {
		if r := nowhere(t, args); r.code == 0 || !strings.Contains(r.err, says) {
			t.Errorf("%q: %+v", args, r)
		}
	}
}

// TestEmptyFlags: a variable that is not set must not turn a request into a larger one.
func TestEmptyFlags(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"status", "--stack", ""},
		{"status", "--stack="},
		{"pause", "report", "--until", ""},
		{"retry", "--all", "--yes", "--since", ""},
		{"history", "--status", ""},
		{"history", "--before", ""},
		{"status", "--db", ""},
		{"status", "--db", " "},
		{"validate", "--file", " "},
		{"stop", "report", "--reason", ""},
		{"stop", "report", "--reason", " "},
	} {
		if r := batchplane(t, args...); r.code != 2 || !strings.Contains(r.err, " is empty: give it a value, or leave it out") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	for _, args := range [][]string{{"pause", "report", "--reason", ""}, {"status"}} {
		if r := nowhere(t, args); r.code != 1 || strings.Contains(r.err, "is empty") {
			t.Errorf("%q: %+v", args, r)
		}
	}
}

// TestArgumentsThatAreNoText: a job must not get other bytes than a person typed, and a file must
// not be looked for under another name.
func TestArgumentsThatAreNoText(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"run", "report", "-i", "NAME=caf\xe9"}, {"run", "report", "--", "caf\xe9"}, {"validate", "-f", "caf\xe9"}, {"retry", "report", "--request-id", "caf\xe9"},
	} {
		if r := nowhere(t, args); r.code != 2 || !strings.Contains(r.err, `caf\xe9" is not UTF-8`) {
			t.Errorf("%q: %+v", args, r)
		}
	}
}
