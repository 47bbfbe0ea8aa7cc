package crontab_test

import (
	"strings"
	"testing"
)

// TestOutputOfTheContainer: crontabs of images write to the output of process 1. In a task that
// is the log, which gets all output anyway (such as EFForg/action-center-platform,
// docker/crontab).
func TestOutputOfTheContainer(t *testing.T) {
	t.Parallel()
	const own = "it is the container's own output"
	runCases(t, []lineCase{
		{"of a condition", at("command -v x >/dev/null 2>&1 && x > /dev/null"), "command -v x >/dev/null 2>&1 && x", false, "to /dev/null is dropped"},
		{"of process 1", at("/app/run.sh >> /proc/1/fd/1 2>&1"), "/app/run.sh", false, own},
		{"both streams", at("/app/run.sh > /proc/1/fd/1 2>/proc/1/fd/2"), "/app/run.sh", false, own},
		{"its own", at("/app/run.sh 1>/proc/self/fd/1 2>/dev/fd/2"), "/app/run.sh", false, own},
		{"of cron", at("/app/run.sh > /proc/$(cat /var/run/crond.pid)/fd/1 2>&1"), "/app/run.sh", false, own},
		{"stderr", at("/app/run.sh 2>/dev/stderr"), "/app/run.sh", false, own},
		{"tee", at("/app/run.sh 2>&1 | tee /proc/1/fd/1"), "/app/run.sh", false, "the pipe into tee is dropped"},
		{"into a pipe", at("/app/run.sh > /proc/1/fd/1 | wc -l"), "/app/run.sh > /proc/1/fd/1 | wc -l", false, ""},
		{"another file of it", at("/app/run.sh > /proc/1/fd/3"), "/app/run.sh > /proc/1/fd/3", false, "it writes to /proc/1/fd/3"},
		{"of another process", at("/app/run.sh > /proc/7/fd/1"), "/app/run.sh > /proc/7/fd/1", false, "it writes to /proc/7/fd/1"},
	})
}

// TestGuardsForSystemd: Debian packages do their work with a timer if systemd runs, and with cron
// otherwise (such as php-common.php.cron.d, e2fsprogs.cron.d).
func TestGuardsForSystemd(t *testing.T) {
	t.Parallel()
	const asks = "it checks whether its host runs systemd"
	for _, command := range []string{
		"test -x /usr/bin/certbot -a \\! -d /run/systemd/system && /usr/bin/renew",
		"[ -x /usr/lib/php/sessionclean ] && if [ ! -d /run/systemd/system ]; then /usr/lib/php/sessionclean; fi",
		"test -e /run/systemd/system || SERVICE_MODE=1 /sbin/e2scrub_all -A -r",
	} {
		runCases(t, []lineCase{{command, at(command), command, true, asks}})
	}
	const no = "/opt/x --timer /run/systemd/system/x.timer"
	runCases(t, []lineCase{{"a file of systemd's", at(no), no, false, ""}})
}

// TestGuardsForAnacron: where anacron is installed, these lines of Debian's /etc/crontab do nothing.
func TestGuardsForAnacron(t *testing.T) {
	t.Parallel()
	const asks = "it checks whether its host has anacron"
	runCases(t, []lineCase{
		{"Debian's", at("test -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.daily )"), "test -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.daily )", true, asks},
		{"in brackets", at("[ -x /usr/sbin/anacron ] || /x"), "[ -x /usr/sbin/anacron ] || /x", true, asks},
		{"if it is there", at("[ -f /usr/sbin/anacron ] && /x"), "[ -f /usr/sbin/anacron ] && /x", true, asks},
		{"a program in a folder of such a name", at("test -x /opt/anacron-jobs/x && /opt/anacron-jobs/x"), "test -x /opt/anacron-jobs/x && /opt/anacron-jobs/x", false, ""},
		{"a test for something else", at("test -x /usr/bin/x && /usr/bin/x"), "test -x /usr/bin/x && /usr/bin/x", false, ""},
	})
}

// TestItsOwnHost: what a crontab calls on its own host (such as 50ways2sayhard/love-letter, crontab)
// is not in a task, and neither are its services, containers and processes.
func TestItsOwnHost(t *testing.T) {
	t.Parallel()
	const calls = "it calls its own host"
	for _, command := range []string{
		"curl -X POST localhost:3000/daily", "curl -fsS http://localhost/cron.php", "wget -q 'http://127.0.0.1:8080/run?a=1'", "wget -qO- https://u:$PW@127.0.1.1/x", `curl "http://[::1]:80/"`,
		"curl -s 0.0.0.0:80/x", "psql -h localhost -c 'vacuum'", "mysqldump --host=127.0.0.1 shop", "pg_dump --host localhost shop", "/x postgres://u:$PW@localhost/shop",
		"nc -z localhost 27018 || /x", "http POST localhost:8080/run a=b", "DB=redis://localhost/0 /x", "mysql -h127.0.0.1 shop", "/x --url=http://localhost:80/",
	} {
		runCases(t, []lineCase{{command, at(command), command, true, calls}})
	}
	for _, command := range []string{
		"curl http://localhost.example.com/x", "curl -s https://example.com/?from=localhost", "ssh web curl http://localhost/x", "/x worker@localhost", "echo localhost", "psql -h db.localhost.internal", "ping 127.0.0.1",
		`curl -H "Host: localhost" https://x.org`, `curl -H "Origin: http://localhost" https://x.org`, "curl https://x.org/hook?cb=http://localhost/x", "nc -z x.org 80",
	} {
		if j, e := lastJob(imported(t, at(command))); j.Disabled {
			t.Errorf("%s: %q", command, e.Notes)
		}
	}
	runCases(t, []lineCase{
		{"a service", at("systemctl restart x"), "systemctl restart x", true, "it acts on its host"},
		{"a container", at("docker restart x"), "docker restart x", true, "it drives containers from its host"},
		{"a script called service", at("/opt/x/service --once"), "/opt/x/service --once", false, ""},
		{"a service by its path", at("/usr/sbin/service x start"), "/usr/sbin/service x start", true, "it acts on its host"},
		{"a watchdog", at("pgrep x || /x"), "pgrep x || /x", true, "it looks for processes on its host"},
	})
}

// TestOptionsOfDcron: dcron's options before a command, which say when and after which job it runs
// (https://github.com/dubiousjim/dcron, crontab.1), are not variables.
func TestOptionsOfDcron(t *testing.T) {
	t.Parallel()
	const option = "options of dcron"
	runCases(t, []lineCase{
		{"after another", "@hourly ID=mail AFTER=rsync-home/2h /usr/bin/getmail\n", "ID=mail AFTER=rsync-home/2h /usr/bin/getmail", true, option},
		{"in another order", "@daily FREQ=1d/4h ID=rsync-home rsync -a /data /backup\n", "FREQ=1d/4h ID=rsync-home rsync -a /data /backup", true, option},
		{"a name alone", "@daily ID=rsync-home rsync -a /data h:/backup\n", "ID=rsync-home rsync -a /data h:/backup", false, "once as much time has passed since its last run"},
		{"a variable", at("ID=5 /x"), "ID=5 /x", false, ""},
		{"a variable of that name", at("WAIT=5 /x"), "WAIT=5 /x", false, ""},
	})
}

// TestLinesOfOtherCrons: a line that only another program's cron reads is reported with its name.
func TestLinesOfOtherCrons(t *testing.T) {
	t.Parallel()
	for text, program := range map[string]string{
		"~\t*\t*\t*\t*\t-ns\trpki-client -v && bgpctl reload\n": "OpenBSD's or FreeBSD's cron",
		"*/5 * * * * -q /usr/libexec/atrun\n":                   "OpenBSD's or FreeBSD's cron",
		"0~59/10 * * * * /x\n":                                  "OpenBSD's cron, which draws",
		"@ 1h30 /usr/bin/foo\n":                                 "fcron",
		"@first(10),nice(5) 2d  /usr/bin/x\n":                   "fcron",
	} {
		e := imported(t, text+at("/x")).Entries[0]
		if notes := strings.Join(e.Notes, "\n"); e.Verdict != "refused" || !strings.Contains(notes, "a line of "+program) {
			t.Errorf("%q is not named as one of %s: %s", text, program, notes)
		}
	}
}

func TestVariableTZBesideCronTZ(t *testing.T) {
	t.Parallel()
	_, e := lastJob(imported(t, "CRON_TZ=America/New_York\nTZ=UTC\n"))
	if notes := strings.Join(e.Notes, "\n"); !strings.Contains(notes, "the schedule is in CRON_TZ's zone") {
		t.Error(notes)
	}
}

// TestZoneOfTheCommand: commands had the host's zone, whatever CRON_TZ is.
func TestZoneOfTheCommand(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "Europe/Berlin", "CRON_TZ=America/New_York\n": "Europe/Berlin", "CRON_TZ=UTC\n": "Europe/Berlin", "CRON_TZ=America/New_York\nTZ=Asia/Tokyo\n": "Asia/Tokyo",
	} {
		r, err := readText([]byte(text+"0 3 * * * /x\n"), options{Zone: "Europe/Berlin", From: from})
		if err != nil || len(r.Jobs) != 1 || r.Jobs[0].Environment["TZ"] != want {
			t.Errorf("%q: %+v, want %s, %v", text, r.Jobs, want, err)
		}
	}
}

// TestFileOfTheShell: containers that run cron pass on their variables in such a file
// (Infinidat/infinimetrics-container, docker/conf/crontab).
func TestFileOfTheShell(t *testing.T) {
	t.Parallel()
	_, e := lastJob(imported(t, "SHELL=/bin/bash\nBASH_ENV=/container.env\n"))
	if notes := strings.Join(e.Notes, "\n"); !strings.Contains(notes, "reads that file before each command") {
		t.Error(notes)
	}
}

// TestLinesForAShell: the report says so if a shell reads a line and cron does not.
func TestLinesForAShell(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"export FOO=bar\n", "FOO=\"a b\" # why\n", "set FOO=bar\n", "FOO='a' 'b'\n"} {
		e := imported(t, text+at("/x")).Entries[0]
		if notes := strings.Join(e.Notes, "\n"); e.Verdict != "refused" || !strings.Contains(notes, "write NAME=value alone") {
			t.Errorf("%q: %s", text, notes)
		}
	}
	const joins = "it ends with a backslash, which does not join lines in a crontab"
	runCases(t, []lineCase{
		{"a backslash at the end", at(`/x --a \`), `/x --a \`, false, joins},
		{"two of them", at(`/x '\\'`), `/x '\\'`, false, ""},
		{"one that is escaped", at(`/x \\`), `/x \\`, false, ""},
	})
}

// TestRandomDelay: a job that cronie starts up to RANDOM_DELAY minutes late gets a window of that
// length, as far as the time between two runs allows.
func TestRandomDelay(t *testing.T) {
	t.Parallel()
	r := imported(t, "0 0 * * * /before\nRANDOM_DELAY=30\n0 1 * * * /a\n*/10 * * * * /b\nRANDOM_DELAY=0\n0 2 * * * /c\nRANDOM_DELAY=soon\n0 3 * * * /d\n")
	var got []string
	for _, j := range r.Jobs {
		got = append(got, j.Window.String())
	}
	if want := "0s 30m 9m 0s 0s"; strings.Join(got, " ") != want {
		t.Errorf("%s, want %s", got, want)
	}
	if notes := strings.Join(r.Entries[6].Notes, "\n"); !strings.Contains(notes, "needs a decision: cron's delay of soon minutes could not be read") {
		t.Error(notes)
	}
}

// TestNothingWithoutItsFile: the crontabs of Debian's packages do nothing once the package is removed, and
// most of their guards succeed then (such as munin.cron.d, mailman3.cron.d).
func TestNothingWithoutItsFile(t *testing.T) {
	t.Parallel()
	const silent = "where /usr/bin/x is missing, it does nothing and succeeds"
	for _, command := range []string{
		"if [ -x /usr/bin/x ]; then /usr/bin/x; fi", `if test -f "/usr/bin/x"; then /usr/bin/x -v; fi`, "if [[ -e /usr/bin/x ]]; then /usr/bin/x; fi",
		`. /etc/default/x && if [ "$START" = yes ] && [ -x /usr/bin/x ]; then /usr/bin/x; fi`, "if [ ! -e /off -a -x /usr/bin/x ]; then /usr/bin/x; fi",
		"if command -v /usr/bin/x; then /usr/bin/x; fi", "which /usr/bin/x || exit 0; /usr/bin/x", "test -x /usr/bin/x || exit 0; /usr/bin/x",
		"[ ! -x /usr/bin/x ] || /usr/bin/x", "! test -x /usr/bin/x || /usr/bin/x", "if [ ! -x /usr/bin/x ]; then exit 0; fi; /usr/bin/x", "if ! command -v /usr/bin/x; then exit 0; fi; /y", "type /usr/bin/x || exit 0; /y", "! which /usr/bin/x || /usr/bin/x", "! [ \\! -x /usr/bin/x ] || exit 0; /usr/bin/x",
	} {
		runCases(t, []lineCase{{command, at(command), command, false, silent}})
	}
	for _, command := range []string{
		"[ -x /usr/bin/x ] && /usr/bin/x", "command -v x && x", "if [ -x /usr/bin/x ]; then /usr/bin/x; else exit 1; fi", "if [ -x /usr/bin/x ] || [ -n \"$Y\" ]; then /y; fi",
		"if [ -f /etc/x.env ]; then . /etc/x.env; fi; /y", "if [ ! -f /off ]; then /y; fi", `if [ "$START" = yes ]; then /y; fi`, "[ -f /done ] || /y", "test -f /etc/x || exit 1; /y", "/y -x /usr/bin/x || exit 0; /z",
		"if /y -x /usr/bin/x; then /z; fi", "if [ -n \"$A\" -o -x /usr/bin/x ]; then /z; fi", "while [ -f /y ]; do /z; done",
		"[ ! -e /off ] && /y", "test -e /off && exit 0; /y",
		"[ ! -x /y ] || /y; /z", "if /y; then /z; else test -x /usr/bin/x; fi", "command -v x || /y", "command /y x || exit 0; /z",
		"if [ -x /y ]; then exit 0; fi; /z", "if [ ! -x /y ]; then exit 1; fi; /z", "if [ ! -x /y ]; then /x; exit 0; fi; /z", "! command -v x || exit 0; /z",
	} {
		if _, e := lastJob(imported(t, at(command))); strings.Contains(strings.Join(e.Notes, "\n"), "does nothing and succeeds") {
			t.Errorf("%s: %q", command, e.Notes)
		}
	}
}
