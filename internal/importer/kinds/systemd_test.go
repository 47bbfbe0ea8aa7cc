package kinds_test

import (
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
)

// TestTimers: what a timer and its service say that a job cannot keep is named, and switches the job off
// where it would do something else.
func TestTimers(t *testing.T) {
	t.Parallel()
	timer := func(timer, service string) string {
		return "# /etc/systemd/system/a.timer\n[Timer]\n" + timer + "\n# /etc/systemd/system/a.service\n[Unit]\nDescription=x\n[Service]\nType=oneshot\n" + service + "\n"
	}
	const daily, run1 = "OnCalendar=03:00", "ExecStart=/x"
	run(t, "systemd", "cat.txt", []told{
		{name: "a plain one", text: timer(daily, run1), zone: "UTC", says: []string{"sudo systemctl disable --now a.timer", "`overlap: forbid`"}, never: "dst", jobs: 1},
		{name: "no zone", text: timer(daily, run1), says: []string{"UTC is assumed; set it with --zone"}, jobs: 1},
		{name: "its own zone", text: timer(daily+" Europe/Rome", run1), zone: "UTC", says: []string{"runs one in the repeated hour once"}, jobs: 1},
		{name: "a zone that is none", text: timer(daily+" Europe/Nowhere", run1), zone: "UTC", says: []string{"could not be read as systemd.time(7) says"}},
		{name: "a second", text: timer(daily+":30", run1), zone: "UTC", says: []string{"the second is left out"}, jobs: 1},
		{name: "years", text: timer("OnCalendar=2027-01-01 03:00", run1), zone: "UTC", says: []string{"it names years"}},
		{name: "never", text: timer("OnCalendar=*-02-30", run1), zone: "UTC", says: []string{"it never fires"}},
		{name: "two times of a day", text: timer(daily+"\nOnCalendar=Mon 03,04:00", run1), zone: "UTC", says: []string{"the timer has 2 times", "name the same minute"}, jobs: 2},
		{name: "hours of one schedule", text: timer(daily+"\nOnCalendar=05:00\nOnCalendar=04:00", run1), zone: "UTC", says: []string{"03:00 and 05:00 and 04:00 is 0 3-5 * * *", "the times of its timer are one schedule"}, never: "needs a decision", jobs: 1},
		{name: "minutes of one schedule", text: timer("OnCalendar=*:28:10\nOnCalendar=*:58", run1), zone: "UTC", says: []string{"is 28,58 * * * *", "the second is left out"}, jobs: 1},
		{name: "days of one schedule", text: timer(daily+"\nOnCalendar=Mon 03:00", run1), zone: "UTC", says: []string{"is 0 3 * * *"}, never: "same minute", jobs: 1},
		{name: "a time of one schedule that cannot be read", text: timer(daily+"\nOnCalendar=2027-01-01 03:00\nOnCalendar=04:00", run1), zone: "UTC", says: []string{"03:00 and 04:00 is 0 3,4 * * *", "it names years"}, jobs: 1},
		{name: "weeks of a month", text: timer("OnCalendar=Mon *-*-1..7\nOnCalendar=Mon *-*-15..21", run1), zone: "UTC", says: []string{"(0 0 ? * 2#1 *)", "(0 0 ? * 2#3 *)"}, never: "refused", jobs: 2},
		{name: "hours of one week of a month", text: timer("OnCalendar=Mon *-*-1..7 03:00\nOnCalendar=Mon *-*-1..7 05:00", run1), zone: "UTC", says: []string{"(0 3,5 ? * 2#1 *)"}, jobs: 1},
		{name: "twice in a minute", text: timer("OnCalendar=*:28:10\nOnCalendar=*:28:40", run1), zone: "UTC", says: []string{"refused: it names several times in a minute"}, never: "second is left out"},
		{name: "a second twice", text: timer("OnCalendar=*:28:10\nOnCalendar=*:28:10", run1), zone: "UTC", says: []string{"the second is left out"}, never: "refused", jobs: 1},
		{name: "a second beside one that cannot be read", text: timer("OnCalendar=*:28:10\nOnCalendar=*:28:99\nOnCalendar=*:28:10", run1), zone: "UTC", says: []string{"99 is not from 0 to 59", "*:28:10 is 28 * * * *"}, never: "several times in a minute", jobs: 1},
		{name: "on a minute and within it", text: timer("OnCalendar=*:28\nOnCalendar=*:28:40", run1), zone: "UTC", says: []string{"refused: it names several times in a minute"}, never: "second is left out"},
		{name: "within a minute and on it", text: timer("OnCalendar=*:28:40\nOnCalendar=*:28", run1), zone: "UTC", says: []string{"refused: it names several times in a minute"}, never: "second is left out"},
		{name: "a second of the second", text: timer("OnCalendar=*:28\nOnCalendar=*:58:10", run1), zone: "UTC", says: []string{"the second is left out"}, jobs: 1},
		{name: "days of the month", text: timer("OnCalendar=*-*-01\nOnCalendar=*-*-15", run1), zone: "UTC", says: []string{"is 0 0 1,15 * *"}, jobs: 1},
		{name: "months of one schedule", text: timer("OnCalendar=*-01-01\nOnCalendar=*-07-01", run1), zone: "UTC", says: []string{"is 0 0 1 1,7 *"}, jobs: 1},
		{name: "two that cannot be read", text: timer("OnCalendar=2027-01-01\nOnCalendar=2028-01-01", run1), zone: "UTC", says: []string{"it names years"}},
		{name: "a clock that cannot be read", text: timer(daily+"\nOnCalendar=*-*-* 03:00:99", run1), zone: "UTC", says: []string{"99 is not from 0 to 59", "03:00 is 0 3 * * *"}, jobs: 1},
		{name: "the zone of one that cannot be read", text: timer("OnCalendar=2027-01-01 Europe/Rome\n"+daily, run1), zone: "UTC", says: []string{"it names years"}, never: "several zones", jobs: 1},
		{name: "last weekdays of months", text: timer("OnCalendar=Mon *-*~07/1 03:00\nOnCalendar=Mon *-*~07/1 04:00", run1), zone: "UTC", says: []string{"the timer has 2 times"}, jobs: 2},
		{name: "ends of months", text: timer("OnCalendar=*-*~1 03:00\nOnCalendar=*-*~1 04:00", run1), zone: "UTC", says: []string{"the timer has 2 times"}, jobs: 2},
		{name: "one time in two zones", text: timer(daily+" UTC\nOnCalendar=04:00 Europe/Rome", run1), zone: "UTC", says: []string{"they are in several zones"}, jobs: 2},
		{name: "two times in the zone of its host", text: timer(daily+" UTC\nOnCalendar=04:00", run1), zone: "UTC", says: []string{"04:00 is 0 3,4 * * *"}, jobs: 1},
		{name: "times beside each other", text: timer(daily+"\nOnCalendar=04:30", run1), zone: "UTC", says: []string{"the timer has 2 times"}, never: "name the same minute", jobs: 2},
		{name: "a time that is taken back", text: timer(daily+"\nOnCalendar=\nOnCalendar=04:00", run1), zone: "UTC", says: []string{"04:00 is 0 4 * * *"}, never: "times", jobs: 1},
		{name: "after each start", text: timer("OnUnitActiveSec=90min", run1), zone: "UTC", says: []string{"keeps its interval of 1h30m"}, jobs: 1},
		{name: "after each end", text: timer("OnUnitInactiveSec=1h", run1), zone: "UTC", says: []string{"from the end of the run before"}, jobs: 1},
		{name: "seconds", text: timer("OnUnitActiveSec=30s", run1), zone: "UTC", says: []string{"shorter than a minute"}},
		{name: "months", text: timer("OnUnitActiveSec=1month", run1), zone: "UTC", says: []string{"is none that could be read"}},
		{name: "once after the start", text: timer("OnBootSec=1h", run1), zone: "UTC", says: []string{"once after the start of its host"}},
		{name: "a short delay", text: timer(daily+"\nRandomizedDelaySec=30", run1), zone: "UTC", never: "RandomizedDelaySec", jobs: 1},
		{name: "a long delay", text: timer(daily+"\nRandomizedDelaySec=2d", run1), zone: "UTC", says: []string{"`window` takes 1m to 24h"}, jobs: 1},
		{name: "what it missed", text: timer(daily+"\nPersistent=yes", run1), zone: "UTC", says: []string{"Persistent is `catchUp: last`", "starts at once what it missed"}, jobs: 1},
		{name: "what it missed of an interval", text: timer("OnUnitActiveSec=1h\nPersistent=yes", run1), zone: "UTC", never: "missed", jobs: 1},
		{name: "nothing of what it missed", text: timer(daily+"\nPersistent=no", run1), zone: "UTC", never: "catchUp", jobs: 1},
		{name: "too many times", text: timer(strings.Repeat(daily+"\n", 101), run1), zone: "UTC", says: []string{"it has 101 times, and at most 100 are read"}},
		{name: "a large service", text: timer(daily, run1+" "+strings.Repeat("a", 33<<10)), zone: "UTC", says: []string{"a.service has more than 32 KiB"}, jobs: 1, off: true},
		{name: "many conditions", text: timer(daily, run1+"\n[Unit]"+strings.Repeat("\nConditionHost=a", 9)+"\nConditionHost=b\nConditionHost=c\nConditionHost=d\nConditionHost=e\nConditionHost=f"), zone: "UTC", says: []string{"only where ConditionHost=a, ConditionHost=b, ConditionHost=c, ConditionHost=d, ConditionHost=e, ... holds"}, jobs: 1, off: true},
		{name: "a condition of the timer", text: timer(daily+"\n[Unit]\nConditionACPower=true", run1), zone: "UTC", says: []string{"only where ConditionACPower=true holds"}, jobs: 1, off: true},
		{name: "after the start of its host as well", text: timer(daily+"\nOnBootSec=5min", run1), zone: "UTC", says: []string{"OnBootSec=5min is left out"}, jobs: 1},
		{name: "a template", text: strings.ReplaceAll(timer(daily, run1), "system/a.", "system/a@."), zone: "UTC", says: []string{"it is a template", "systemctl disable --now a@INSTANCE.timer"}, jobs: 1, off: true},
		{name: "an instance", text: strings.Replace(timer(daily, run1), "system/a.service", "system/b@.service", 1) + "# /etc/systemd/system/a.timer.d/b.conf\n[Timer]\nUnit=b@c.service\n", zone: "UTC", never: "is not in these files", jobs: 1},
		{name: "an instance's own settings", text: strings.ReplaceAll(timer(daily, run1), "system/a.", "system/a@.") + "# /etc/systemd/system/a@b.timer.d/x.conf\n[Timer]\nOnCalendar=\nOnCalendar=04:00\n", zone: "UTC", says: []string{"disable --now a@b.timer", "0 4 * * *"}, never: "which it starts, is not", jobs: 2, off: true},
		{name: "the name of an instance", text: strings.ReplaceAll(timer(daily, "ExecStart=/x %i %%i\nEnvironment=A=%i B=%I\nWorkingDirectory=/srv/%i"), "system/a.", "system/a@b-c."), zone: "UTC", says: []string{": A=b-c, B=b/c"}, never: "specifier", jobs: 1},
		{name: "an escaped name of an instance", text: strings.ReplaceAll(timer(daily, "ExecStart=/x %i"), "system/a.", `system/a@b\x2dc.`), zone: "UTC", says: []string{"it holds a specifier of systemd (%i)"}, jobs: 1, off: true},
		{name: "the name of no instance", text: timer(daily, "ExecStart=/x %i"), zone: "UTC", says: []string{"it holds a specifier of systemd (%i)"}, jobs: 1, off: true},
		{name: "services that were put together", text: timer(daily, run1+"\n[Unit]\nDescription=y\n[Service]\nType=oneshot\nExecStart=/y"), zone: "UTC", says: []string{"several units"}, jobs: 1, off: true},
		{name: "timers that were put together", text: timer(daily+"\n[Install]\n[Timer]\nOnCalendar=05:30", run1), zone: "UTC", says: []string{"several units"}, jobs: 2, off: true},
		{name: "a secret that no variable can name", text: timer(daily, run1+"\nEnvironment=\"DB PASSWORD=hunter2\""), zone: "UTC", says: []string{`its variable "DB PASSWORD" is left out`}, never: "hunter2", jobs: 1, off: true},
		{name: "a drop-in", text: timer(daily, "") + "# /etc/systemd/system/a.service.d/b.conf\n[Service]\n" + run1 + "\n", zone: "UTC", never: "several units", jobs: 1},
		{name: "a folder of the unit", text: timer(daily, run1+"\nWorkingDirectory=%h/a"), zone: "UTC", says: []string{"it holds a specifier of systemd (%h)"}, jobs: 1, off: true},
		{name: "a unit that it needs", text: timer(daily, run1+"\n[Unit]\nRequires=network.target mnt-a.mount"), zone: "UTC", says: []string{"Requires=mnt-a.mount ties it"}, jobs: 1, off: true},
		{name: "a mount that it needs", text: timer(daily, run1+"\n[Unit]\nRequiresMountsFor=/mnt/a"), zone: "UTC", says: []string{"RequiresMountsFor=/mnt/a ties it"}, jobs: 1, off: true},
		{name: "a unit that it stops", text: timer(daily, run1+"\n[Unit]\nConflicts=db.service shutdown.target"), zone: "UTC", says: []string{"Conflicts=db.service ties it"}, jobs: 1, off: true},
		{name: "a unit that it starts", text: timer(daily, run1+"\n[Unit]\nWants=network-online.target b.service a.timer"), zone: "UTC", says: []string{"systemd starts b.service along with it"}, jobs: 1, off: true},
		{name: "points of the host's start", text: timer(daily, run1+"\n[Unit]\nWants=network-online.target\nRequires=network.target"), zone: "UTC", never: "network", jobs: 1},
		{name: "a folder of its own", text: timer(daily, run1+"\nStateDirectory=a"), zone: "UTC", says: []string{"StateDirectory=a is a folder"}, jobs: 1, off: true},
		{name: "an input", text: timer(daily, run1+"\nStandardInput=file:/a"), zone: "UTC", says: []string{"StandardInput gives it"}, jobs: 1, off: true},
		{name: "a file of its output", text: timer(daily, run1+"\nStandardOutput=append:/a"), zone: "UTC", says: []string{"StandardOutput=append:/a is left out"}, jobs: 1},
		{name: "the journal", text: timer(daily, run1+"\nStandardOutput=journal"), zone: "UTC", never: "StandardOutput", jobs: 1},
		{name: "other exit codes", text: timer(daily, run1+"\nSuccessExitStatus=1"), zone: "UTC", says: []string{"SuccessExitStatus=1 counts"}, jobs: 1},
		{name: "a service that stays", text: timer(daily, run1+"\nRemainAfterExit=yes"), zone: "UTC", says: []string{"RemainAfterExit leaves it active"}, jobs: 1, off: true},
		{name: "a credential in the unit", text: timer(daily, run1+"\nSetCredential=key:hunter2"), zone: "UTC", says: []string{"SetCredential (key) gives"}, never: "hunter2", jobs: 1, off: true},
		{name: "a percent sign in a variable", text: timer(daily, run1+"\nEnvironment=A=5%%"), zone: "UTC", says: []string{"A=5%"}, never: "A=5%%", jobs: 1},
		{name: "no service", text: "[Timer]\n" + daily, zone: "UTC", says: []string{"cat.txt.service, which it starts, is not in these files"}, jobs: 1, off: true},
		{name: "another unit", text: strings.Replace(timer(daily+"\nUnit=b.service", run1), "system/a.service", "system/b.service", 1), zone: "UTC", never: "not in these files", jobs: 1},
		{name: "no command", text: timer(daily, ""), zone: "UTC", says: []string{"a.service has no ExecStart"}, jobs: 1, off: true},
		{name: "a condition", text: timer(daily, run1+"\n[Unit]\nConditionPathExists=/y"), zone: "UTC", says: []string{"only where ConditionPathExists=/y holds"}, jobs: 1, off: true},
		{name: "what has to hold", text: timer(daily, run1+"\n[Unit]\nAssertPathExists=/y"), zone: "UTC", says: []string{"only where AssertPathExists=/y holds"}, jobs: 1, off: true},
		{name: "a user's unit", text: strings.ReplaceAll(timer(daily, run1), "/etc/systemd/system/", "/etc/systemd/user/"), zone: "UTC", says: []string{"systemctl --user disable --now a.timer"}, never: "sudo", jobs: 1},
		{name: "the same time twice", text: timer(daily+"\n"+daily, run1), zone: "UTC", says: []string{": 03:00 is 0 3 * * *"}, never: "one schedule", jobs: 1},
		{name: "a limit of the whole run", text: strings.Replace(timer(daily, run1+"\nRuntimeMaxSec=1h"), "oneshot", "simple", 1), zone: "UTC", says: []string{"RuntimeMaxSec is `timeout: 1h`"}, jobs: 1},
		{name: "a limit that a oneshot does not have", text: timer(daily, run1+"\nRuntimeMaxSec=10min\nTimeoutStartSec=1h"), zone: "UTC", says: []string{"RuntimeMaxSec=10min is left out", "TimeoutStartSec is `timeout: 1h`"}, jobs: 1}, // github.com/ya-rav/postgresql-backup-recovery has both
		{name: "a hole among its words", text: timer(daily, "ExecStart=/usr/bin/rsync h:/a '{{ archive_dir }}/packages'"), zone: "UTC", says: []string{"it holds {{ archive_dir }}, which is still"}, jobs: 1, off: true},
		{name: "a hole that its words hide", text: timer(daily, "ExecStart=/usr/bin/rsync h:/a {{ archive_dir }}/packages"), zone: "UTC", says: []string{"it holds {{ archive_dir }}, which is still"}, jobs: 1, off: true}, // github.com/archlinux/infrastructure
		{name: "a hole in its description", text: timer(daily, run1+"\n[Unit]\nDescription={{ a }}"), zone: "UTC", never: "still to be filled in", jobs: 1},
		{name: "a hole in a variable", text: timer(daily, run1+"\nEnvironment=A={{ a }}"), zone: "UTC", says: []string{"it holds {{ a }}, which is still"}, jobs: 1, off: true},
		{name: "a template of docker's", text: timer(daily, "ExecStart=/x --format '{{.Names}}'"), zone: "UTC", never: "still to be filled in", jobs: 1},
		{name: "a program that an installer names", text: timer(daily, "ExecStart=SETUP_PATH/backup/x.sh"), zone: "UTC", says: []string{"no program by the path SETUP_PATH/backup/x.sh"}, jobs: 1, off: true}, // github.com/axeleroy/setup
		{name: "a program behind an @", text: timer(daily, "ExecStart=@bindir@/x"), zone: "UTC", says: []string{"no program by the path bindir@/x"}, jobs: 1, off: true},
		{name: "a program in a variable's folder", text: timer(daily, "ExecStart=${HOME}/x"), zone: "UTC", says: []string{"no program by the path ${HOME}/x"}, jobs: 1, off: true},
		{name: "a program in a user's folder", text: timer(daily, "ExecStart=%h/x"), zone: "UTC", says: []string{"specifier"}, never: "no program by the path", jobs: 1, off: true},
		{name: "a program's name", text: timer(daily, "ExecStart=x a/b"), zone: "UTC", never: "no program by the path", jobs: 1},
		{name: "a file of variables", text: timer(daily, run1+"\nEnvironmentFile=-/etc/default/a"), zone: "UTC", says: []string{"EnvironmentFile (/etc/default/a)"}, jobs: 1, off: true},
		{name: "a secret", text: timer(daily, run1+"\nEnvironment=DB_PASSWORD=hunter2"), zone: "UTC", says: []string{"DB_PASSWORD looks like a secret"}, jobs: 1},
		{name: "a secret in a command", text: timer(daily, "ExecStart=/usr/bin/mysql -h db.example.com --password=hunter2 -e x"), zone: "UTC", says: []string{"looks like a secret"}, jobs: 1, off: true},
		{name: "a command without a program", text: timer(daily, "ExecStart=;"), zone: "UTC", says: []string{"a.service has no ExecStart"}, jobs: 1, off: true},
		{name: "several commands of one program", text: timer(daily, "Type=exec\nExecStart=/x\nExecStart=/y"), zone: "UTC", says: []string{"systemd refuses more than one ExecStart"}, jobs: 1, off: true},
		{name: "several commands, one by one", text: timer(daily, "ExecStart=/x\nExecStart=/y"), zone: "UTC", never: "refuses", jobs: 1},
		{name: "a specifier", text: timer(daily, "ExecStart=/x %H"), zone: "UTC", says: []string{"it holds a specifier of systemd (%H)"}, jobs: 1, off: true},
		{name: "a specifier in a variable", text: timer(daily, run1+"\nEnvironment=A=%h/b"), zone: "UTC", says: []string{"its variable A holds a specifier"}, jobs: 1, off: true},
		{name: "a percent sign", text: timer(daily, "ExecStart=/x %%H"), zone: "UTC", never: "specifier", jobs: 1},
		{name: "what follows", text: timer(daily, run1+"\n[Unit]\nOnSuccess=b.service"), zone: "UTC", says: []string{"it starts b.service when it succeeds"}, jobs: 1, off: true},
		{name: "a daemon", text: strings.Replace(timer(daily, run1), "oneshot", "forking", 1), zone: "UTC", says: []string{"of the type forking"}, jobs: 1, off: true},
		{name: "a time limit", text: timer(daily, run1+"\nTimeoutStartSec=10min"), zone: "UTC", says: []string{"TimeoutStartSec is `timeout: 10m`"}, jobs: 1},
		{name: "a time limit of the start alone", text: strings.Replace(timer(daily, run1+"\nTimeoutStartSec=10min"), "oneshot", "simple", 1), zone: "UTC", never: "timeout", jobs: 1},
		{name: "no time limit", text: timer(daily, run1+"\nTimeoutStartSec=infinity"), zone: "UTC", never: "timeout", jobs: 1},
		{name: "what restarts", text: timer(daily, run1+"\nRestart=on-failure"), zone: "UTC", says: []string{"Restart=on-failure"}, jobs: 1},
		{name: "what does not", text: timer(daily, run1+"\nRestart=no"), zone: "UTC", never: "Restart", jobs: 1},
	})
}

// TestCommandsOfServices: a command is what systemd starts, as a shell reads it.
func TestCommandsOfServices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, service, want string }{
		{"a program", "ExecStart=/app/report --all", "/app/report --all"},
		{"several", "ExecStartPre=/a\nExecStart=/b\nExecStart=/c\nExecStartPost=/d", "/a && /b && /c && /d"},
		{"one that may fail", "ExecStart=/a\nExecStart=-/b c", "/a && { /b c || true; }"},
		{"other prefixes", "ExecStart=+/a\nExecStart=!!/b\nExecStart=@/c d e", "/a && /b && /c e"},
		{"quotes", `ExecStart=/a "b c" 'd$e' "it's"`, `/a 'b c' "d\$e" 'it'\''s'`},
		{"a program is no variable", `ExecStart=$A $B`, `'$A' $B`},
		{"nor a part of one", `ExecStart=/a/${B}/c ${B}`, `'/a/${B}/c' "${B}"`},
		{"variables", `ExecStart=/a $B ${C} x${D} $$E`, `/a $B "${C}" "x${D}" "\$E"`},
		{"percent signs", `ExecStart=/a +%%F`, "/a +%F"},
		{"a variable beside quotes", `ExecStart=/a x"${C} \"d\""`, `/a "x${C} \"d\""`},
		{"no defaults", `ExecStart=/a ${B:-c}`, `/a "\${B:-c}"`},
		{"unknown escapes", `ExecStart=/a \*.b "c\.d" 'e\$f'`, `/a '\*.b' 'c\.d' "e\\\$f"`},
		{"known escapes", `ExecStart=/a b\x2dc\054d\u00e4 \"e`, `/a 'b-c,dä' '"e'`},
		{"parted", `ExecStart=/a b ; -/c`, `/a b && { /c || true; }`},
		{"not parted", `ExecStart=/a -exec b {} \; ";"`, `/a -exec b '{}' ';' ';'`},
		{"home", "WorkingDirectory=~\nExecStart=/a", "cd && /a"},
		{"no variables", `ExecStart=:/a $B`, `/a '$B'`},
		{"a folder", "WorkingDirectory=-/srv/a\nExecStart=./b", "cd /srv/a && ./b"},
		{"continued lines", "ExecStart=/a \\\n  --b \\\n# a comment\n  c", "/a --b c"},
		{"several in one line", `ExecStart=/a b ; -/c '; d' \; ";"`, `/a b && { /c '; d' ';' ';' || true; }`},
		{"characters by their number", `ExecStart=/a c\x20d "e\x41f" \101g h\\x20 \xc3\xa9`, `/a 'c d' eAf Ag 'h\x20' 'é'`},
		{"taken back", "ExecStart=/a\nExecStart=\nExecStart=/b", "/b"},
		{"a shell", `ExecStart=/bin/sh -c 'a | b'`, "a | b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := []*importer.File{{Name: "a.timer", Data: []byte("[Timer]\nOnCalendar=daily\n")}, {Name: "a.service", Data: []byte("[Service]\n" + c.service + "\n")}}
			r, err := kinds.Import("", files, importer.Options{From: from, Zone: "UTC"}, kinds.Options{})
			if err != nil || len(r.Jobs) != 1 || len(r.Jobs[0].Command) != 3 {
				t.Fatal(r.Entries, err)
			}
			if got := r.Jobs[0].Command[2]; got != c.want {
				t.Errorf("%s instead of %s", got, c.want)
			}
		})
	}
}

// TestInstances: the name of a template's instance is filled in.
func TestInstances(t *testing.T) {
	t.Parallel()
	files := []*importer.File{{Name: "a@b-c.timer", Data: []byte("[Timer]\nOnCalendar=daily\n")}, {Name: "a@.service", Data: []byte("[Unit]\nDescription=For %i\n[Service]\nWorkingDirectory=/srv/%i\nExecStart=/x %i %I %%i\n")}}
	r, err := kinds.Import("", files, importer.Options{From: from, Zone: "UTC"}, kinds.Options{})
	if err != nil || len(r.Jobs) != 1 || r.Jobs[0].Disabled {
		t.Fatal(r.Entries, err)
	}
	if j := r.Jobs[0]; j.Description != "For b-c" || j.Command[2] != "cd /srv/b-c && /x b-c b/c %i" {
		t.Errorf("%+v", j)
	}
}

// TestNoTimer: a service alone starts nothing, and neither do other units.
func TestNoTimer(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a.service":    "[Service]\nExecStart=/x\n",
		"backup.mount": "[Unit]\nDescription=x\n[Mount]\nWhat=/dev/sdb\n[Install]\nWantedBy=multi-user.target\n",
	} {
		_, err := kinds.Import("", []*importer.File{{Name: name, Data: []byte(text)}}, importer.Options{From: from}, kinds.Options{})
		if err == nil || !strings.Contains(err.Error(), name+" has no timer: `systemctl cat NAME.timer NAME.service`") {
			t.Error(err)
		}
	}
}

// TestOtherUnits: a host's folder of units holds others beside its timers, such as systemd-exit.service,
// which is a [Unit] alone.
func TestOtherUnits(t *testing.T) {
	t.Parallel()
	files := []*importer.File{
		{Name: "exit.service", Data: []byte("[Unit]\nDescription=x\nSuccessAction=exit\n")},
		{Name: "multi-user.target", Data: []byte("[Unit]\nDescription=x\n")},
		{Name: "a.timer", Data: []byte("[Timer]\nOnCalendar=daily\n")},
		{Name: "a.service", Data: []byte("[Service]\nExecStart=/x\n")},
		{Name: "var.mount", Data: []byte("[Mount]\nWhat=/dev/sdb\n[Install]\nWantedBy=a.target\n")},
	}
	r, err := kinds.Import("", files, importer.Options{From: from, Zone: "UTC"}, kinds.Options{})
	if err != nil || len(r.Entries) != 1 || len(r.Jobs) != 1 || r.Jobs[0].Disabled {
		t.Fatal(r.Entries, err)
	}
}
