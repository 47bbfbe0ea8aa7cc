package main_test

import (
	"os"
	"strings"
	"testing"
)

// TestFromACrontabToLocalMode: the lines of a crontab run in local mode as they ran under cron, on this
// machine's disk, with their shell, variables and standard input. One that local mode would run otherwise
// waits for a person.
func TestFromACrontabToLocalMode(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "")
	if err := os.Remove(f.path("jobs.yaml")); err != nil {
		t.Fatal(err)
	}
	const crontab = "GREETING=good day\nAPI_TOKEN=geheim123\nMAILTO=ops@example.com\n" +
		"* * * * * mkdir -p backup && cat > backup/dump.sql && echo \"$GREETING, $(date +\\%Y)\" >> backup/dump.sql%of the shop\n" +
		"* * * * * test ${#API_TOKEN} = 9 && rm -f backup/old\n" +
		"30 2 * * * screen -dmS bot ./bot\n@reboot ./once\n"
	f.write("crontab", crontab)
	f.write("secrets", "API_TOKEN=geheim123\n")
	code, out, errs := f.do("import", "crontab", "crontab", "--for", "local", "--zone", "UTC", "-o", "jobs.yaml")
	for _, says := range []string{"7 lines: 1 kept, 2 changed, 3 need a decision, 1 refused; 3 jobs, 1 of them switched off", "\n(cd && batchplane local -f " + f.path("jobs.yaml") + " --secrets secrets)\n"} {
		if code != 0 || !strings.Contains(out, says) {
			t.Errorf("exit code %d, %s%s\nwant %q", code, out, errs, says)
		}
	}
	f.must("validate", "-f", "jobs.yaml", "--for", "local")
	p := f.local("--secrets", "secrets")
	f.becomes("mkdir", "succeeded")
	f.becomes("rm", "succeeded")
	if got := f.read("backup/dump.sql"); !strings.HasPrefix(got, "of the shop\ngood day, 20") {
		t.Errorf("it wrote %q", got)
	}
	if rows := f.history("screen"); len(rows) != 0 {
		t.Errorf("%+v", rows)
	}
	if strings.Contains(p.out.String(), "geheim123") || strings.Contains(f.read("jobs.yaml"), "geheim123") {
		t.Error("a secret is written")
	}
	if back := f.must("import", "crontab", "crontab.imported", "--undo"); back != crontab {
		t.Errorf("back it is %q", back)
	}
}
