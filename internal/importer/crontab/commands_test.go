package crontab_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// TestFailures: a failure that nobody would hear of, and work that ends with the container, are
// reported.
func TestFailures(t *testing.T) {
	t.Parallel()
	const success, beside = "a failure before || counts as a success", "killed when the last command ends"
	runCases(t, []lineCase{
		{"a mail for failures", at("/e || echo failed | mail ops"), "/e || echo failed | mail ops", false, success},
		{"the syslog for failures", at("/f || logger failed"), "/f || logger failed", false, success},
		{"one or the other", at("/g && curl ok || curl fail"), "/g && curl ok || curl fail", false, success},
		{"in parentheses", at("(cd /x; ./a || ./b)"), "(cd /x; ./a || ./b)", false, success},
		{"of a shell", at("bash -c '/a || /b'"), "/a || /b", false, success},
		{"true", at("/a || true"), "/a || true", false, "|| true makes every run a success"},
		{"exit 0", at("/a || exit 0"), "/a || exit 0", false, "|| exit makes every run a success"},
		{"exit 0 at the end", at("/a; exit 0"), "/a; exit 0", false, "; exit 0 makes every run a success"},
		{"exit at the end", at("/a; exit"), "/a; exit", false, ""},
		{"exit 1", at("/a || exit 1"), "/a || exit 1", false, ""},
		{"exit with its code", at("/a || exit $?"), "/a || exit $?", false, ""},
		{"false", at("/a || false"), "/a || false", false, ""},
		{"nothing behind", at("/a ||"), "/a ||", true, "a shell cannot read this command (`||` must be followed by a statement)"},
		{"|| in a word", at("echo 'a || b'"), "echo 'a || b'", false, ""},
		{"beside", at("/x & /y"), "/x & /y", true, beside},
		{"both beside", at("/x & /y &"), "/x & /y", true, beside},
		{"beside, in a shell", at("sh -c '/x & /y'"), "/x & /y", true, beside},
		{"waited for", at("/x & /y & wait"), "/x & /y & wait", false, ""},
		{"the only one", at("/x &"), "/x", false, ""},
		{"& in a word", at("curl 'https://x/?a=1&b=2'"), "curl 'https://x/?a=1&b=2'", false, ""},
		{"a pipe of three", at("df | grep 9 | mail -s full ops"), "df | grep 9", false, "its exit code is now that of `grep 9`"},
		{"mail in a branch", at("/x && mail -s ok ops; /y"), "/x && mail -s ok ops; /y", false, "a container has no mail system"},
		{"tee of data", at("/x | tee /data/x.csv"), "/x | tee /data/x.csv", true, "it writes to /data/x.csv"},
		{"tee of a log", at("/x | tee -a /data/x.log"), "/x", false, ""},
		{"the syslog", at("/x | logger -t x"), "/x", false, ""},
	})
}

// TestWhatIsLost: what a job leaves on its host, and what it removes there, is not in a task. A run that
// wrote a backup into its own container would be a success.
func TestWhatIsLost(t *testing.T) {
	t.Parallel()
	const old = "it only deletes or changes files of its host"
	runCases(t, []lineCase{
		{"a backup", at("mysqldump -h db shop > /backup/shop.sql"), "mysqldump -h db shop > /backup/shop.sql", true, "it writes to /backup/shop.sql"},
		{"behind a pipe", at("pg_dump -h db shop | gzip > /b/shop.gz"), "pg_dump -h db shop | gzip > /b/shop.gz", true, "it writes to /b/shop.gz"},
		{"of a blog", at("/x > /srv/blog/feed.xml"), "/x > /srv/blog/feed.xml", true, "it writes to /srv/blog/feed.xml"},
		{"copied away", at("pg_dump -h db shop > /b/shop.sql && aws s3 cp /b/shop.sql s3://x/"), "pg_dump -h db shop > /b/shop.sql && aws s3 cp /b/shop.sql s3://x/", false, "it writes to /b/shop.sql"},
		{"read by what follows", at("/x > /b/y.csv; /z < /b/y.csv"), "/x > /b/y.csv; /z < /b/y.csv", false, "it writes to /b/y.csv"},
		{"packed where it is", at("mysqldump -h db shop > /b/shop.sql && gzip /b/shop.sql; ls -l /b/shop.sql.gz"), "mysqldump -h db shop > /b/shop.sql && gzip /b/shop.sql; ls -l /b/shop.sql.gz", true, "it writes to /b/shop.sql"},
		{"read into a pipe", at("/x > /b/y.txt; cat /b/y.txt | /z"), "/x > /b/y.txt; cat /b/y.txt | /z", false, "it writes to /b/y.txt"},
		{"behind a mirror", at("/x > /b/y.csv; rsync h:/a /tmp/a"), "/x > /b/y.csv; rsync h:/a /tmp/a", true, "it writes to /b/y.csv"},
		{"written twice", at("/x > /b/y.csv; /z >> /b/y.csv"), "/x > /b/y.csv; /z >> /b/y.csv", true, "it writes to /b/y.csv"},
		{"its folder copied away", at("pg_dump -h db shop > /b/shop.sql && nice aws s3 sync /b s3://x/"), "pg_dump -h db shop > /b/shop.sql && nice aws s3 sync /b s3://x/", false, "it writes to /b/shop.sql"},
		{"its folder copied before", at("aws s3 sync /b s3://x/; pg_dump -h db shop > /b/shop.sql"), "aws s3 sync /b s3://x/; pg_dump -h db shop > /b/shop.sql", true, "it writes to /b/shop.sql"},
		{"errors alone", at("/x 2>> /srv/x.txt"), "/x 2>> /srv/x.txt", false, "it writes to /srv/x.txt"},
		{"data beside errors", at("/x > /srv/x.csv 2> /srv/x.txt"), "/x > /srv/x.csv 2> /srv/x.txt", true, "it writes to /srv/x.csv"},
		{"errors among what is appended", at("/x >> /srv/cron.txt 2>&1"), "/x >> /srv/cron.txt 2>&1", false, "it writes to /srv/cron.txt"},
		{"both appended at once", at("/x &>> /srv/cron.txt"), "/x &>> /srv/cron.txt", false, "it writes to /srv/cron.txt"},
		{"errors among what replaces", at("mysqldump -h db shop > /b/shop.sql 2>&1"), "mysqldump -h db shop > /b/shop.sql 2>&1", true, "it writes to /b/shop.sql"},
		{"appended without errors", at("/x >> /srv/x.csv"), "/x >> /srv/x.csv", true, "it writes to /srv/x.csv"},
		{"a dump by its option", at("/usr/bin/pg_dump -h db -Fc -f /b/shop.dump shop"), "/usr/bin/pg_dump -h db -Fc -f /b/shop.dump shop", true, "it writes to /b/shop.dump, which is lost with the container: keep it in S3"},
		{"by a long option", at("sudo -u db mysqldump -h db --result-file='/b/a b.sql' shop"), "sudo -u db mysqldump -h db --result-file='/b/a b.sql' shop", true, "it writes to /b/a b.sql"},
		{"by one of many letters", at("curl -fsSo /srv/rates.json https://x.org"), "curl -fsSo /srv/rates.json https://x.org", true, "it writes to /srv/rates.json"},
		{"a dump copied away", at("pg_dump -h db -f /b/shop.sql shop && aws s3 cp /b/shop.sql s3://x/"), "pg_dump -h db -f /b/shop.sql shop && aws s3 cp /b/shop.sql s3://x/", false, "it writes to /b/shop.sql"},
		{"to nowhere", at("curl -s -o /dev/null https://x.org"), "curl -s -o /dev/null https://x.org", false, ""},
		{"to the output", at("wget -qO- https://x.org"), "wget -qO- https://x.org", false, ""},
		{"another option", at("curl -fL https://x.org/-o"), "curl -fL https://x.org/-o", false, ""},
		{"for a while", at("/x > /tmp/x; /y /tmp/x"), "/x > /tmp/x; /y /tmp/x", false, "it writes to /tmp/x"},
		{"a log by its folder", at("/x >> /var/log/x"), "/x >> /var/log/x", false, "it writes to /var/log/x"},
		{"a log by its name", at("/x >> /srv/log_x.txt"), "/x >> /srv/log_x.txt", false, "it writes to /srv/log_x.txt"},
		{"old files", at("find /backup -mtime +7 -delete"), "find /backup -mtime +7 -delete", true, old},
		{"old files, rm", at(`cd /x && find . -name '*.gz' -exec rm {} \;`), `cd /x && find . -name '*.gz' -exec rm {} \;`, true, old},
		{"old files, xargs", at("find /x -mtime +7 | xargs rm -f"), "find /x -mtime +7 | xargs rm -f", true, old},
		{"old files, twice", at(`find /x -mtime +7 -exec rm {} \; ; find /y -mmin +9 -delete`), `find /x -mtime +7 -exec rm {} \; ; find /y -mmin +9 -delete`, true, old},
		{"old files, filtered", at("find /x -mtime +7 | grep -v y | xargs rm"), "find /x -mtime +7 | grep -v y | xargs rm", true, old},
		{"files on the way to something else", at("find . -name '*.pyc' -delete; python run.py"), "find . -name '*.pyc' -delete; python run.py", false, ""},
		{"another program that removes", at(`find /x -exec rm-old {} \;`), `find /x -exec rm-old {} \;`, false, ""},
		{"files that it packs, and one removed", at("find /x | xargs tar czf - | aws s3 cp - s3://y; rm /x/a"), "find /x | xargs tar czf - | aws s3 cp - s3://y; rm /x/a", false, ""},
		{"files that it finds", at("find /x -name a -exec /y {} +"), "find /x -name a -exec /y {} +", false, ""},
	})
}

// TestGuards: only a guard whose meaning is certain is removed.
func TestGuards(t *testing.T) {
	t.Parallel()
	last := func(guard string) string { return "0 1 28-31 * * " + guard + " && /x\n" }
	stays := func(guard string) string { return strings.ReplaceAll(guard, `\%`, "%") + " && /x" }
	const asksDate, asksHost = "it asks date whether this is its day", "it asks for its host's name"
	var cases []lineCase
	for _, guard := range []string{
		`[ "$(date +\%d -d tomorrow)" = 01 ]`, `[ $(date -d tomorrow +\%d) -eq 1 ]`, `test $(date --date=tomorrow +\%d) == "01"`,
		"[ `date -d '+1 day' +\\%d` -eq 01 ]", `[ "$(date -d "1 day" +"\%d")" = 01 ]`,
	} {
		cases = append(cases, lineCase{guard, last(guard), "/x", false, ""})
	}
	for _, guard := range []string{
		`[ $(date -d tomorrow +\%d) != 01 ]`, `[ $(date -d tomorrow +\%u) -eq 1 ]`, `[ $(date -d tomorrow +\%d) = 1 ]`, `[ $(date -d tomorrow +\%d) -ne 1 ]`,
		`[ $(date -d tomorrow +\%m) = 01 ]`, `[ $(date -u -d tomorrow +\%d) = 01 ]`, `[ $(date -d tomorrow +\%d) = 01 -o -f /x ]`, `[ $(date +\%d) = 01 ]`,
	} {
		cases = append(cases, lineCase{guard, last(guard), stays(guard), false, asksDate})
	}
	guard := `[ $(date -d tomorrow +\%d) = 01 ]`
	cases = append(cases,
		lineCase{"then ;", "0 1 28-31 * * " + guard + "; /x\n", strings.ReplaceAll(guard, `\%`, "%") + "; /x", false, asksDate},
		lineCase{"then another command", "0 1 28-31 * * " + guard + " && /x; /y\n", stays(guard) + "; /y", false, asksDate},
		lineCase{"else another command", "0 1 28-31 * * " + guard + " && /x || /y\n", stays(guard) + " || /y", false, asksDate},
		lineCase{"and another command", "0 1 28-31 * * " + guard + " && /x && /y | /z\n", "/x && /y | /z", false, ""},
		lineCase{"one host, then another command", at(`[ "$(hostname)" = b1 ] && /x; /y`), `[ "$(hostname)" = b1 ] && /x; /y`, true, asksHost},
		lineCase{"a weekday too", "0 1 28-31 * 5 " + guard + " && /x\n", stays(guard), false, asksDate},
		lineCase{"the zone of the schedule", "TZ=UTC\n0 1 28-31 * * " + guard + " && /x\n", "/x", false, ""},
		lineCase{"another zone, where it may be another day", "TZ=Asia/Tokyo\n0 20 28-31 * * " + guard + " && /x\n", stays(guard), false, asksDate},
		lineCase{"the zone of the schedule alone", "CRON_TZ=Asia/Tokyo\n0 1 28-31 * * " + guard + " && /x\n", stays(guard), false, asksDate},
		lineCase{"other days", "0 1 27-31 * * " + guard + " && /x\n", stays(guard), false, asksDate},
		lineCase{"one host", at(`[ "$(hostname)" = b1 ] && /x`), "/x", false, ""},
		lineCase{"one host, first", at(`test b1 = $(hostname -s) && /x`), "/x", false, ""},
		lineCase{"another host", at(`[ "$(hostname)" != b1 ] && /x`), `[ "$(hostname)" != b1 ] && /x`, true, asksHost},
		lineCase{"one of two hosts", at(`[ $HOSTNAME = a -o $HOSTNAME = b ] && /x`), `[ $HOSTNAME = a -o $HOSTNAME = b ] && /x`, true, asksHost},
		lineCase{"one host, then ;", at(`[ "$(hostname)" = b1 ]; /x`), `[ "$(hostname)" = b1 ]; /x`, true, asksHost},
	)
	runCases(t, cases)
}

// TestWrappers: a wrapper that a container does not need is removed with its options, or else
// stays.
func TestWrappers(t *testing.T) {
	t.Parallel()
	const given, locks = "gave up after", "flock is left in it"
	runCases(t, []lineCase{
		{"flock -c", at(`flock -n l -c '/a; /b "c"'`), `/a; /b "c"`, false, ""},
		{"flock -c, a file behind", at(`flock -n l -c '/a; /b' > out`), `/bin/sh -c '/a; /b' > out`, true, "it writes to out"},
		{"flock -c, double quotes", at(`flock -n l -c "/a b"`), `/a b`, false, ""},
		{"flock -c, escapes", at(`flock -n l -c "/x \"a b\""`), `/x "a b"`, false, ""},
		{"flock -c, a variable", at(`flock -n l -c "echo \$HOME"`), `echo $HOME`, false, ""},
		{"flock -c behind cd", at(`cd /x && flock -n l -c 'a; b' > out`), `cd /x && /bin/sh -c 'a; b' > out`, true, "it writes to out"},
		{"flock -c behind a variable", at(`FOO=1 flock -n l -c 'a; b'`), `FOO=1 /bin/sh -c 'a; b'`, false, ""},
		{"flock -c of bash", "SHELL=/bin/bash\n" + at(`flock -n l -c "echo \$HOME"`), `echo $HOME`, false, ""},
		{"flock, shared", at("flock -s l /x"), "flock -s l /x", true, locks},
		{"flock, one of two", at("flock -n l /x && /y"), "flock -n l /x && /y", true, locks},
		{"flock, limited", at("flock -w 60 l /x"), "/x", true, given},
		{"flock, limited, one word", at("flock --timeout=60 l /x"), "/x", true, given},
		{"flock, not waiting", at("flock -w 0 l /x"), "/x", false, ""},
		{"setsid", at("setsid -w /b"), "/b", false, ""},
		{"chronic", at("chronic -v /h"), "/h", false, ""},
		// github.com/zanix/server-config, etc/cron.d/optimize-mysql
		{"croncape", at("/usr/local/bin/croncape /usr/bin/mysqlcheck --all-databases"), "/usr/bin/mysqlcheck --all-databases", true, "calls a database on its own"},
		{"croncape with a mail", at("croncape -e ops@example.com mysqlcheck -A"), "croncape -e ops@example.com mysqlcheck -A", true, "calls a database on its own"},
		{"chrt", at("chrt -i 0 /a"), "/a", false, ""},
		{"chrt of a process", at("chrt -p 1"), "chrt -p 1", false, ""},
		{"nice", at("nice -5 /z"), "/z", false, ""},
		{"nice, apart", at("nice -n 5 ionice -c2 -n7 /z"), "/z", false, ""},
		{"ionice of a process", at("ionice -p 1"), "ionice -p 1", false, ""},
		{"timeout behind a sleep", at("sleep 60; timeout 1h /x"), "sleep 60; timeout 1h /x", false, ""},
		{"timeout, keeping the code", at("timeout --preserve-status 1h /x"), "timeout --preserve-status 1h /x", false, ""},
		{"case", at("case a in a) /x;; esac"), "case a in a) /x;; esac", false, ""},
		{"quotes of bash that seem to close", at(`/x $'\'' > /l/a.log \'`), `/x $'\'' \'`, false, ""},
		{"quotes of bash", at(`/x $'it\'s' 'b'`), `/x $'it\'s' 'b'`, false, ""},
	})
	overlaps := map[string]job.Overlap{"flock -w 0 l /x": job.Forbid, "flock -n l /x": job.Forbid, "flock l /x": job.Queue, "flock -xw 5 l /x": ""}
	for command, want := range overlaps {
		if j, _ := lastJob(imported(t, at(command))); j.Overlap != want {
			t.Errorf("%s: overlap %q, want %q", command, j.Overlap, want)
		}
	}
	for command, want := range map[string]time.Duration{
		"timeout 1d /x": 24 * time.Hour, "timeout 1.5h /x": 90 * time.Minute, "timeout -k 5 -s INT 90 /x": 90 * time.Second, "timeout 0 /x": 0, "timeout 1w /x": 0,
	} {
		if j, _ := lastJob(imported(t, at(command))); time.Duration(j.Timeout) != want {
			t.Errorf("%s: timeout %s, want %s", command, time.Duration(j.Timeout), want)
		}
	}
}

// TestRedirects: only the redirection to a log is dropped, and only if nothing else reads the log.
func TestRedirects(t *testing.T) {
	t.Parallel()
	const writes = "which is lost with the container"
	runCases(t, []lineCase{
		{"a log", at("/x >> /var/log/x.log 2>&1"), "/x", false, ""},
		{"a log of a day", at(`/x >> /var/log/x-$(date +\%F).log`), "/x", false, ""},
		{"two of one log", at("/x >> /l/x.log 2>> /l/x.log"), "/x", false, ""},
		{"errors", at("/x 2> /l/x.err"), "/x", false, ""},
		{"a dump among logs", at("mysqldump -h db x > /backup/logs/db.sql && gzip /backup/logs/db.sql"), "mysqldump -h db x > /backup/logs/db.sql && gzip /backup/logs/db.sql", false, writes},
		{"data of a log", at("/x > /data/access-log.csv"), "/x > /data/access-log.csv", false, writes},
		{"data called log", at("/x > /srv/change_log.json && aws s3 cp /srv/change_log.json s3://b"), "/x > /srv/change_log.json && aws s3 cp /srv/change_log.json s3://b", false, writes},
		{"a log that is read", at("cd /l && /x > a.log && gzip /l/a.log"), "cd /l && /x > a.log && gzip /l/a.log", false, writes},
		{"a log that is input", at("/x > /l/a.log; /y < /l/a.log"), "/x > /l/a.log; /y < /l/a.log", false, writes},
		{"nothing into a pipe", at("/x > /dev/null | /y"), "/x > /dev/null | /y", false, ""},
		{"errors before a pipe", at("/x 2> /dev/null | /y"), "/x | /y", false, ""},
		{"emptying a log", at("> /l/a.log && /x"), "> /l/a.log && /x", false, writes},
	})
}

// TestWindow: a random sleep becomes a window if it is shorter than the time between two runs.
// Two of them become one window.
func TestWindow(t *testing.T) {
	t.Parallel()
	sleep := `sleep $((RANDOM \% 600)); /x` + "\n"
	for schedule, want := range map[string]time.Duration{"0 1 * * * ": 10 * time.Minute, "*/15 * * * * ": 10 * time.Minute, "*/10 * * * * ": 0, "*/5 * * * * ": 0} {
		if j, _ := lastJob(imported(t, schedule+sleep)); time.Duration(j.Window) != want || strings.Contains(j.Command[2], "sleep") != (want == 0) {
			t.Errorf("%s: window %s, %q", schedule, time.Duration(j.Window), j.Command[2])
		}
	}
	second := `sleep $((RANDOM \% 90)); ` + sleep
	if j, _ := lastJob(imported(t, "0 1 * * * "+second)); time.Duration(j.Window) != 12*time.Minute || strings.Contains(j.Command[2], "sleep") {
		t.Errorf("of two sleeps: window %s, %q", time.Duration(j.Window), j.Command[2])
	}
}

// TestNotADate: a guard asks for the day only if it starts date (a file name as in
// github.com/casjay-base/centos, etc/cron.d/update-resolver).
func TestNotADate(t *testing.T) {
	t.Parallel()
	const asks = "it asks date whether this is its day"
	runCases(t, []lineCase{
		{"a name with date", at(`[ -x "/usr/local/bin/run-os-update" ] && /usr/local/bin/run-os-update`), `[ -x "/usr/local/bin/run-os-update" ] && /usr/local/bin/run-os-update`, false, ""},
		{"another", at(`[ -x /bin/update-resolv.sh ] && /bin/update-resolv.sh`), `[ -x /bin/update-resolv.sh ] && /bin/update-resolv.sh`, false, ""},
		{"date with its folder", at(`[ "$(/bin/date +\%u)" = 5 ] && /x`), `[ "$(/bin/date +%u)" = 5 ] && /x`, false, asks},
		{"date in a pipe", at(`[ "$(date|cut -c1-3)" = Fri ] && /x`), `[ "$(date|cut -c1-3)" = Fri ] && /x`, false, asks},
		{"in a zone", at(`[ $(TZ=UTC date +\%u) -eq 5 ] && /x`), `[ $(TZ=UTC date +%u) -eq 5 ] && /x`, false, asks},
		{"bash's brackets", at("[[ `date +\\%u` == 5 ]] && /x"), "[[ `date +%u` == 5 ]] && /x", false, asks},
	})
}

// TestNothingBeforeAPercent: a template of Python's, as mozilla/zamboni's scripts/crontab/crontab.tpl.
func TestNothingBeforeAPercent(t *testing.T) {
	t.Parallel()
	runCases(t, []lineCase{
		{"a name to fill in", at("%(z_cron)s update_stats"), "", false, "refused: a bare % ends a command, and nothing is before it"},
		{"with a blank", at(" % a"), "", false, "refused: a bare % ends a command, and nothing is before it"},
		{"something before it", at("/a %(b)s"), `printf '%s' '(b)s` + "\n' | ( /a  )", false, "printf writes it"},
		{"within a value", at("curl -d a=%20b x"), `printf '%s' '20b x` + "\n' | ( curl -d a= )", true, "here within a word"},
		{"within a URL", at("curl http://x/a%20b"), `printf '%s' '20b` + "\n' | ( curl http://x/a )", true, "here within a word"},
		{"behind an address", at("mail -s x a@b.example%hello"), `printf '%s' 'hello` + "\n' | ( mail -s x a@b.example )", false, "printf writes it"},
	})
}

// TestADateThatAPercentCuts: a format of date whose % are escaped is whole, whatever standard input follows.
func TestADateThatAPercentCuts(t *testing.T) {
	t.Parallel()
	const cut = "a format of date is cut off"
	for line, want := range map[string]bool{
		"/x > /tmp/x-$(date +%F)": true, "/x $(date -u '+%F')": true, "/x `date +\\%Y-%m`": true, "/x $(/bin/date --utc +%F).log": true,
		"/x $(date +\\%F)%in": false, "echo $(date +\\%F) | /x%in": false, "/x `date +\\%F`%in": false, "/x +a%in": false,
	} {
		if _, e := lastJob(imported(t, at(line))); strings.Contains(strings.Join(e.Notes, "\n"), cut) != want {
			t.Errorf("%s: %q", line, e.Notes)
		}
	}
}
