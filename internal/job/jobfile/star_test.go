package jobfile_test

import (
	"strings"
	"testing"
)

// TestAScheduleWithoutQuotes has the most common fault of a first jobs file.
func TestAScheduleWithoutQuotes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"jobs:\n  - name: a\n    schedule: * * * * *\n    command: echo\n":        `3:15: a schedule that begins with * needs quotes, because * means an alias in YAML: write schedule: "* * * * *"`,
		"jobs:\n  - schedule: */5 * * * * # often\n    name: a\n    command: x\n": `2:15: a schedule that begins with * needs quotes, because * means an alias in YAML: write schedule: "*/5 * * * *"`,
		"jobs:\n  - {name: a, schedule: \"* * * * *\", command: x\n":              "",
	} {
		_, problems := parse([]byte(text))
		if len(problems) == 0 {
			t.Errorf("no problem in %q", text)
			continue
		}
		if got := problems[0].String(); got != want && want != "" || want == "" && strings.Contains(got, "quotes") {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

// TestAColonBetweenBraces: db:migrate is one word there, too.
func TestAColonBetweenBraces(t *testing.T) {
	t.Parallel()
	jobs, problems := parse([]byte("jobs:\n  - {name: a, schedule: \"0 1 * * *\", command: [rake, db:migrate], environment: {URL: &u db:x}}\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got := strings.Join(jobs[0].Command, " "); got != "rake db:migrate" || jobs[0].Environment["URL"] != "db:x" {
		t.Errorf("%q, %v", got, jobs[0].Environment)
	}
}
