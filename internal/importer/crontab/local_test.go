package crontab_test

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/crontab"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/test/golden"
)

// onAWS are words about what local mode does not have.
var onAWS = regexp.MustCompile(`\b(?:AWS|ECS|EventBridge|Scheduler|Fargate|EFS|S3|images?|containers?|stack|window|REPLACE-ME)\b`)

// local imports a crontab for local mode. What it says is never about AWS.
func local(t *testing.T, name, text string) importer.Result {
	t.Helper()
	in := importer.New(crontab.Kind, importer.Options{Zone: "Europe/Berlin", From: from, Disabled: true, Local: true})
	if err := (crontab.Reader{}).Read(in, []*importer.File{{Name: name, Data: []byte(text)}}); err != nil {
		t.Fatal(err)
	}
	for _, e := range in.Entries {
		said := strings.ReplaceAll(strings.Join(append(e.Notes, e.Proof), "\n"), importer.ReplaceMe+" is written instead", "")
		if word := onAWS.FindString(said); word != "" {
			t.Errorf("%q: it speaks of %s: %s", e.Text, word, said)
		}
	}
	return in.Result
}

// TestRowsForLocal: each of the lines of real files, for local mode.
func TestRowsForLocal(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/rows.crontab")
	if err != nil {
		t.Fatal(err)
	}
	r := local(t, "-", string(data))
	golden.Check(t, "testdata/local.report", report(r))
	jobs, err := jobfile.Encode(jobfile.File{Jobs: r.Jobs, Definitions: r.Definitions}, nil)
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/local.yaml", jobs)
	readable(t, r, jobs)
	if bytes.Contains(jobs, []byte("hunter2")) || bytes.Contains(jobs, []byte("abc123")) {
		t.Error("a secret is written")
	}
}

// TestLocalRunsTheSameLine: what needs its host is not touched and stays on, and so does its schedule.
func TestLocalRunsTheSameLine(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"* * * * * /opt/minutely", "0 20 */2 * 3 /opt/both", "0 19 1 * 5 /opt/either",
		"0 1 * * * mysqldump shop > /backup/shop.sql", "0 1 * * * pg_dump -U app shop | gzip > /b/shop.gz", "0 1 * * * curl -fsS http://localhost:8080/cron",
		"0 1 * * * rsync -a host:/d /d", "0 1 * * * find /backup -mtime +7 -delete", "0 1 * * * systemctl restart nginx", "0 1 * * * docker exec web php artisan schedule:run",
		"0 1 * * * cd /srv/app && . ./.env && ./run 2>&1 | mail -s done ops@example.com", "0 1 * * * /opt/x >/dev/null 2>&1", "0 1 * * * /opt/x 2>&1 | logger -t x",
		"0 1 * * * /opt/x | tee -a /var/log/x.log", "0 1 * * * sleep $((RANDOM \\% 60)) && /opt/x", "0 1 * * * nice -n 19 ionice -c3 chronic /opt/x",
		"0 1 * * * timeout 90m /opt/x", "0 1 * * * nohup /opt/x", `0 1 * * * [ "$(hostname)" = b1 ] && /opt/x`, "0 1 * * * test -e /run/systemd/system || /opt/x",
		"0 1 * * * test -x /usr/sbin/anacron || run-parts /etc/cron.daily", "0 1 * * * pgrep -f worker || /opt/worker", "0 1 * * * certbot renew -q", "0 1 * * * /usr/bin/run-one /opt/x",
		"0 1 * * * flock -w 60 /tmp/l /opt/x", "0 1 * * * ssh -p 22 host rm -rf /d", "0 1 * * * ssh -tt host ls -f", "0 1 * * * /usr/sbin/apachectl graceful", "0 1 * * * docker run --rm shop", "0 1 * * * docker run --rm shop x -d", "0 1 * * * docker run --rm shop -d x", "0 1 * * * podman run --rm shop -d x", "0 1 * * * flock /tmp/l /opt/x", "0 1 * * * sudo -u app /opt/x", "0 1 * * * [ -f /x.lock ] || /opt/x", "0 1 * * * /opt/x && /opt/y & wait",
		"SHELL=/usr/local/bin/fish\n0 1 * * * /opt/x", "SHELL=/bin/rbash\n0 1 * * * /opt/x", "PATH=/opt/bin:/usr/bin\n0 1 * * * x", "BASH_ENV=/etc/x\n0 1 * * * x",
	} {
		r := local(t, "-", line+"\n")
		j, e := lastJob(r)
		fields := strings.SplitN(line[strings.IndexByte(line, '\n')+1:], " ", 6)
		want := strings.ReplaceAll(fields[5], `\%`, "%")
		if len(j.Command) != 3 || j.Command[2] != want || j.Disabled || j.Schedule != strings.Join(fields[:5], " ") {
			t.Errorf("%q became %q at %s, off %v: %q", line, j.Command, j.Schedule, j.Disabled, e.Notes)
		}
		if len(e.AWS) != 0 || !strings.HasPrefix(e.Proof, "the schedule stays as it is") || j.Window != 0 || j.Timeout != 0 || j.Environment["TZ"] != "" {
			t.Errorf("%q: %+v, %+v", line, e, j)
		}
		if shell, found := strings.CutPrefix(line, "SHELL="); found && j.Command[0] != strings.Split(shell, "\n")[0] {
			t.Errorf("%q is run by %s", line, j.Command[0])
		}
	}
}

// TestLocalAsksWhatIsStillOpen: what would do something else in local mode too, or what nobody can know.
func TestLocalAsksWhatIsStillOpen(t *testing.T) {
	t.Parallel()
	for line, c := range map[string]struct {
		off  bool
		says string
	}{
		"0 1 * * * 0 /opt/x":                                     {true, "a sixth time field"},
		"0 1 * * * curl https://u:hunter22@x.org/":               {true, "anyone who may read the jobs file or its runs could read"},
		"0 1 * * * echo \"never closed":                          {true, "a shell cannot read this command"},
		"0 1 * * * /opt/x & /opt/y":                              {true, "is killed when the last command ends"},
		"0 1 * * * screen -dmS bot /opt/bot":                     {true, "what a task leaves running is killed when it ends"},
		"0 1 * * * pgrep x || /etc/init.d/x start":               {true, "what a task leaves running is killed when it ends"},
		"0 1 * * * cd /x && ./x --daemon":                        {true, "what a task leaves running is killed when it ends"},
		"0 1 * * * /opt/venv/bin/gunicorn -w 4 -D app:app":       {true, "what a task leaves running is killed when it ends"},
		"0 1 * * * unicorn -D":                                   {true, "what a task leaves running is killed when it ends"},
		"0 1 * * * celery multi restart w1 -A shop":              {true, "what a task leaves running is killed when it ends"},
		"0 1 * * * httpd -k start":                               {true, "what a task leaves running is killed when it ends"},
		"0 1 * * * service httpd start":                          {false, "check that it asks systemd"},
		"0 1 * * * ssh -i /k -p 22 -fN -L 1:b:2 host":            {true, "what a task leaves running is killed when it ends"},
		"0 1 * * * autossh -M 0 -f host":                         {true, "what a task leaves running is killed when it ends"},
		"0 1 * * * /usr/sbin/apachectl -k start":                 {true, "what a task leaves running is killed when it ends"},
		"0 1 * * * pg_ctl -D /data start":                        {true, "what a task leaves running is killed when it ends"},
		"0 1 * * * pg_ctl -D /data restart":                      {true, "what a task leaves running is killed when it ends"},
		`0 1 * * * ssh -i "/a b" -o 'X y' -fN host`:              {true, "what a task leaves running is killed when it ends"},
		"0 1 * * * rsync -e 'ssh -p 22' -f 'P x' /a h:/b":        {false, ""},
		"0 1 * * * rsync -e \"ssh -o X=y\" -af '- x' /a h:/b":    {false, ""},
		"0 1 * * * pg_ctl -D /data reload":                       {false, ""},
		"0 1 * * * podman run --rm -d shop":                      {true, "what a task leaves running is killed when it ends"},
		"0 1 * * * docker run --rm -d shop":                      {false, "it starts runs on after its run has ended"},
		"0 1 * * * docker compose up -d":                         {false, "it starts runs on after its run has ended"},
		"* * * * * pgrep -x bot >/dev/null 2>&1 || bot -D":       {false, "if that program is to run on"},
		"* * * * * ps ax | grep [b]ot | grep -q x || ./bot":      {false, "if that program is to run on"},
		"* * * * * if ! pidof bot; then ./bot; fi":               {false, "if that program is to run on"},
		"30 7 * * * /usr/sbin/anacron -s >/dev/null":             {true, "what a task leaves running is killed when it ends"},
		"0 1 * * * service nginx restart":                        {false, "check that it asks systemd"},
		"0 1 * * * /opt/x {{ name }}":                            {true, "which is still to be filled in"},
		"0 1 * * * /opt/x $USER":                                 {true, "cron set USER to the owner"},
		"0 1 * * * [ -d /run/x ] && /opt/x":                      {false, "if its test fails, so does its run"},
		"0 1 * * * cd /x && test -s a && /opt/x":                 {false, "if its test fails, so does its run"},
		"0 1 * * * sudo -u app /opt/x":                           {false, "NoNewPrivileges"},
		"0 1 * * * /opt/x || true":                               {false, "makes every run a success"},
		"0 1 * * * flock -n /tmp/l /opt/x 5 || true":             {false, "makes every run a success"},
		"0 1 * * * /opt/x -u admin:geheim":                       {false, "it may hold a password, which anyone who may read the jobs file"},
		"HOME=/srv/app\n0 1 * * * ./x":                           {false, ""},
		"RANDOM_DELAY=30\n0 1 * * * /opt/x":                      {false, ""},
		"0~59 1 * * * /opt/x":                                    {false, "the ~ range becomes a fixed value"},
		"0 1 * * * mail -s a b%text":                             {false, "printf writes it"},
		"0 1 28-31 * * [ $(date -d tomorrow +\\%d) = 01 ] && /x": {false, "the schedule says L"},
	} {
		r := local(t, "-", line+"\n")
		j, e := lastJob(r)
		if notes := strings.Join(e.Notes, "\n"); j.Disabled != c.off || !strings.Contains(notes, c.says) {
			t.Errorf("%q: off %v, want %v: %s", line, j.Disabled, c.off, notes)
		}
	}
	for line, says := range map[string]string{
		"HOME=/srv/app": "local mode all jobs in the one where it is started", "RANDOM_DELAY=30": "local mode starts them on time", "MAILTO=ops@example.com": "the terminal and the targets of `batchplane local --targets`",
		`MAILTO=""`: "the terminal and the targets", "@reboot /opt/x": "leave it in the crontab",
	} {
		if e := local(t, "-", line+"\n0 1 * * * /opt/x\n").Entries[0]; !strings.Contains(strings.Join(e.Notes, "\n"), says) {
			t.Errorf("%s: %q", line, e.Notes)
		}
	}
	if j, e := lastJob(local(t, "-", "CRON_TZ=Asia/Tokyo\n0 1 28-31 * * [ $(date -d tomorrow +\\%d) = 01 ] && /x\n")); j.Schedule != "0 1 28-31 * *" {
		t.Errorf("a command's day is not that of CRON_TZ: %q", e.Notes)
	}
	if j, e := lastJob(local(t, "-", "0 1 28-31 * * [ $(date -d tomorrow +\\%d) = 01 ] && /x\n")); j.Schedule != "cron(0 1 L * ? *)" || j.Command[2] != "/x" || e.Proof != "" {
		t.Errorf("%+v, %q", j, e.Proof)
	}
}

// TestLocalKeepsRedirections: whoever looks for a run's output is told that it goes elsewhere.
func TestLocalKeepsRedirections(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]bool{"/x > /l": true, "/x >> /l 2>&1": true, "/x &> /l": true, "/x; /y > /l": true, "/x": false, "/x 2> /l": false, "/x 2>> /l": false, "/x 2>&1": false, "/x >&2": false, "/x < /in": false, "(flock -n 9 || exit 1; /x) 9>/l": false} {
		if _, e := lastJob(local(t, "-", at(command))); strings.Contains(strings.Join(e.Notes, "\n"), "its output goes where its redirection sends it") != want {
			t.Errorf("%s: %q", command, e.Notes)
		}
	}
}

// TestATestThatEndsNothing: its failure is not that of the run.
func TestATestThatEndsNothing(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"[ -f /x ] && /opt/x; /opt/y", "[ -f /x ] && /opt/x || /opt/y", "[ -f /x ] || /opt/x", "if [ -f /x ]; then /opt/x; fi", "/opt/x && [ -f /x ]"} {
		if _, e := lastJob(local(t, "-", at(line))); strings.Contains(strings.Join(e.Notes, "\n"), "if its test fails") {
			t.Errorf("%s: %q", line, e.Notes)
		}
	}
}

// TestLocalSkipsWhereFlockGivesUp: each run that finds its lock taken would be a failure.
func TestLocalSkipsWhereFlockGivesUp(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]job.Overlap{
		"flock -n /tmp/l /opt/x": job.Forbid, "cd /x && /usr/bin/flock -xn /tmp/l -c './x -n'": job.Forbid, "timeout 5m nice flock -w 0 /tmp/l /opt/x": job.Forbid,
		"(flock -n 9 || exit 1; /opt/x) 9>/tmp/l": job.Forbid, "cd /x && { flock -xn 200 || { echo busy; exit 1; }; ./x; } 200>l": job.Forbid, "exec 9>/tmp/l; flock -n 9 || exit; /opt/x": job.Forbid, "(flock -n 9 && /opt/x) 9>/tmp/l": job.Forbid, "{ flock -n 9 && /opt/x; } 9>/tmp/l": job.Forbid, "{ flock -n 9 && cd /y && /opt/x; } 9>/tmp/l": job.Forbid,
		"(flock -n 9 && /opt/x &) 9>/tmp/l": "", "(flock 9 || exit 1; /opt/x) 9>/tmp/l": "", "(flock -n 9; /opt/x) 9>/tmp/l": "", "(flock -n 9 || /opt/y; /opt/x) 9>/tmp/l": "", "(flock -n 9 && /opt/x; /opt/y) 9>/tmp/l": "", "{ flock -n 9 && /opt/x; /opt/y; } 9>/tmp/l": "", "{ flock -n 9 && /opt/a || /opt/x; } 9>/tmp/l": "", "(/opt/y; flock -n 9 || exit 1; /opt/x) 9>/tmp/l": "", "(flock -n 9 || exit 1; /opt/x) 9>/tmp/l; /opt/y": "",
		"flock /tmp/l /opt/x -n": "", "flock -w 5 /tmp/l /opt/x": "", "echo flock -n x": "", "/opt/a; flock -n /tmp/l /opt/x": "", "flock -n /tmp/l /opt/x; /opt/y": "",
	} {
		j, e := lastJob(local(t, "-", at(line)))
		if j.Overlap != want || j.Command[2] != line || want != "" && e.Verdict != importer.Changed {
			t.Errorf("%s: overlap %q, %q, %s", line, j.Overlap, j.Command, e.Notes)
		}
	}
}

// TestLocalSaysHowFlockWouldEndARun: it fails it, unless an option or what follows says otherwise.
func TestLocalSaysHowFlockWouldEndARun(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"flock -n /tmp/l /opt/x": "flock alone would make it fail", "flock -n -E 3 /tmp/l /opt/x": "make it fail", "flock -n -E 0 /tmp/l /opt/x": "make it a success that did nothing", "flock -n -E00 /tmp/l /opt/x": "success",
		"flock --nb --conflict-exit-code=0 /tmp/l /opt/x": "success", "(flock -n 9 || exit 1; /opt/x) 9>/tmp/l": "make it fail", "(flock -n 9 || exit 0; /opt/x) 9>/tmp/l": "success", "(flock -n 9 || exit; /opt/x) 9>/tmp/l": "make it fail",
		"(flock -n -E 0 9 || exit 2; /opt/x) 9>/tmp/l": "make it fail", "(flock -n 9 || { echo busy; exit 0; }; /opt/x) 9>/tmp/l": "success",
	} {
		_, e := lastJob(local(t, "-", at(line)))
		if notes := strings.Join(e.Notes, "\n"); !strings.Contains(notes, says) || strings.Contains(notes, "drop it") {
			t.Errorf("%s: %s", line, notes)
		}
	}
}

// TestLocalHasOneUser: local mode runs all jobs as the user who starts it.
func TestLocalHasOneUser(t *testing.T) {
	t.Parallel()
	const root, shop, postgres = "0 1 * * * root /opt/a\n", "0 2 * * * shop /opt/b $USER\n", "0 3 * * * postgres /opt/c\n"
	for text, c := range map[string]struct {
		off         []bool
		says, steps string
	}{
		root:                       {[]bool{false}, "it ran as root, and does so again", "# as root, to whom jobs.yaml belongs\n"},
		root + shop:                {[]bool{false, true}, "by `command: [runuser, -u, shop, --, /bin/sh, -c, \"cd; LINE\"]`", "# as root,"},
		shop + root + postgres:     {[]bool{true, false, true}, "by `command: [runuser, -u, postgres, --, /bin/sh, -c, \"cd; LINE\"]`", "# as root,"},
		shop:                       {[]bool{false}, "cron set USER to shop, and so does environment", "# as shop,"},
		"@reboot root /x\n" + shop: {[]bool{false}, "it ran as shop, and does so again", "# as shop,"},
		shop + postgres:            {[]bool{false, true}, "here shop: run it from a jobs file of its own as postgres", "# as shop,"},
	} {
		r := local(t, "/etc/cron.d/shop", text)
		var off []bool
		for i := range r.Jobs {
			off = append(off, r.Jobs[i].Disabled)
		}
		_, last := lastJob(r)
		if notes := strings.Join(last.Notes, "\n"); !slices.Equal(off, c.off) || !strings.Contains(notes, c.says) {
			t.Errorf("%q: %v, %s", text, off, notes)
		}
		if steps := r.Steps.Text(importer.Target{}); !strings.Contains(steps, c.steps) {
			t.Errorf("%q: %s", text, steps)
		}
	}
	// A word of which nobody knows whether it is a user or a program starts nothing.
	r := local(t, "-", "0 1 * * * backup now\n0 2 * * * www-data /opt/a\n0 3 * * * www-data /opt/b\n0 4 * * * php /opt/c\n")
	for i, off := range []bool{true, false, false, true} {
		if r.Jobs[i].Disabled != off {
			t.Errorf("%s: off %v: %q", r.Entries[i].Text, !off, r.Entries[i].Notes)
		}
	}
}

// TestStepsForLocal: cron gives its lines up before local mode starts, and gets them back after it has
// ended.
func TestStepsForLocal(t *testing.T) {
	t.Parallel()
	r := local(t, "-", "B_TOKEN=abc123\nA_TOKEN=xyz789\n0 1 * * * /opt/x\n")
	text := r.Steps.Text(importer.Target{File: "/home/a b/jobs.yaml", Stack: "prod", Flags: " --region x"})
	done := 0
	for _, says := range []string{
		"\nbatchplane validate -f '/home/a b/jobs.yaml' --for local\nbatchplane preview -f '/home/a b/jobs.yaml'\n", "\n(umask 077; crontab -l > crontab.old) && crontab crontab.imported\n",
		"a line NAME=VALUE for each of A_TOKEN, B_TOKEN\n(cd && batchplane local -f '/home/a b/jobs.yaml' --secrets secrets)\n", "# Ctrl-C where it runs", "\ncrontab crontab.old\n",
	} {
		i := strings.Index(text[done:], says)
		if i < 0 {
			t.Fatalf("after %q it does not say %q:\n%s", text[:done], says, text)
		}
		done += i + len(says)
	}
	if !strings.Contains(text, "\n# as a service: batchplane local install prints its unit, which starts commands in the folder of the jobs file, with UMask=0077: ") {
		t.Error(text)
	}
	if onAWS.MatchString(text) || strings.Contains(text, "apply") {
		t.Error(text)
	}
	if text := local(t, "-", at("/opt/x")).Steps.Text(importer.Target{}); strings.Contains(text, "to whom") || strings.Contains(text, "secrets") {
		t.Error(text)
	}
}
