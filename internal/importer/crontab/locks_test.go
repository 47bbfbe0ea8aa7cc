package crontab_test

import "testing"

// TestLocks: a lock that stays in the command holds nothing back, so its job is off (lines as in
// github.com/mysociety/fixmystreet, conf/crontab-example, and github.com/guifi/snpservices,
// debian/cron.d; the programs are those of daemontools, procmail, liblockfile, moreutils, run-one
// and FreeBSD; solo as in github.com/CollectorsQuest/collectorsquest.com, config/crontab/services).
func TestLocks(t *testing.T) {
	t.Parallel()
	const holds = "which holds nothing back, since each task has its own files and processes"
	var cases []lineCase
	for _, command := range []string{
		`"$FMS/commonlib/bin/run-with-lockfile.sh" -n "$LOCK_DIR/send-alerts.lock" "$FMS/bin/send-alerts"`, "/usr/local/bin/run-with-lock x /y",
		"setlock -nX /l /x", "chpst -u app -L /l /x", "lockrun --lockfile=/l -- /x", "lckdo /l /x", "with-lock-ex -q /l /x", "run-one /x", "run-this-one /x", "run-one-until-success /x",
		"lockfile -r 0 /tmp/x.lock && /x; rm -f /tmp/x.lock", "lockfile-create /tmp/x && /x", "dotlockfile -r 0 /tmp/x.lock && /x", "lockf -t 0 /tmp/x /y", "shlock -f /tmp/x -p $$ && /y",
		"cd /x && setlock -n /l ./y", "bash -lc 'cd /x && run-one ./y && ./z'", "nice setlock -n /l /y; /z",
		"[ -f /tmp/x.pid ] || /x", "test -e /run/x.lock || /x", "[ ! -f x.lock ] && /x", "[ -e \"$D/x.lock\" ] || /x", "mkdir /tmp/x.lock && /x", "mkdir '/tmp/joblock' && /x", "solo -silent -port=2037 ./symfony x", "mkdir lock && /x", "if [ ! -x /var/lock/mrtg ]; then /x; mkdir /var/lock/mrtg; fi",
	} {
		after := command
		switch command {
		case "bash -lc 'cd /x && run-one ./y && ./z'":
			after = "cd /x && run-one ./y && ./z"
		}
		cases = append(cases, lineCase{command, at(command), after, true, holds})
	}
	for _, command := range []string{"cat /data/Gemfile.lock", "[ -f /data/list ] && /x", "/opt/run-with-locked-config", "mkdir /data/locks && /x", "mkdir -p /data/block && /x", "mkdir /srv/clock && /x", "test -s /data/x.pid.csv && /x", "chpst -u app /x", "/x --lockfile=/l"} {
		cases = append(cases, lineCase{command, at(command), command, false, ""})
	}
	runCases(t, cases)
}

// TestNameOfTheUser: cron sets USER and LOGNAME, and a container has neither
// (https://manpages.debian.org/bookworm/cron/crontab.5.en.html; a line as in
// github.com/AbrahamWong/SoalShift_Modul1_B05, crontab).
func TestNameOfTheUser(t *testing.T) {
	t.Parallel()
	const asks = "cron set USER to the owner of its crontab, which a task does not have"
	runCases(t, []lineCase{
		{"a path", at("bash /home/$USER/x.sh"), "bash /home/$USER/x.sh", true, asks},
		{"braces", at(`/x --as "${USER}"`), `/x --as "${USER}"`, true, asks},
		{"the other name", at("/x $LOGNAME"), "/x $LOGNAME", true, "cron set LOGNAME to"},
		{"what the file sets is cron's all the same", "USER=app\n" + at("/x $USER"), "/x $USER", true, asks},
		{"another variable", at("/x $USERS ${USER_ID}"), "/x $USERS ${USER_ID}", false, ""},
		{"set by the line", at("USER=app; /x $USER"), "USER=app; /x $USER", false, ""},
		{"exported by the line", at("cd /x; export USER=app; /x $USER"), "cd /x; export USER=app; /x $USER", false, ""},
		{"a variable that ends so", at("DB_USER=$USER /x"), "DB_USER=$USER /x", true, asks},
		{"another", at("PGUSER=app /x --as $USER"), "PGUSER=app /x --as $USER", true, asks},
	})
	j, e := lastJob(imported(t, "0 1 * * * root /a\n0 2 * * * www-data /x $USER $LOGNAME\n"))
	if j.Disabled || j.Environment["USER"] != "www-data" || j.Environment["LOGNAME"] != "www-data" {
		t.Errorf("%+v\n%q", j, e.Notes)
	}
}

// TestWithinSubstitutions: a program counts wherever a line starts it (a script as in
// github.com/redhat-appstudio/infra-deployments, components/authentication).
func TestWithinSubstitutions(t *testing.T) {
	t.Parallel()
	const lock, host = "flock is left in it", "it acts on its host"
	runCases(t, []lineCase{
		{"a function", at("f() { flock -n l /x; }; f"), "f() { flock -n l /x; }; f", true, lock},
		{"a function of bash", at("function f { flock -n l /x; }; f"), "function f { flock -n l /x; }; f", true, lock},
		{"$( )", at("x=$(systemctl is-active y); echo $x"), "x=$(systemctl is-active y); echo $x", true, host},
		{"in quotes", at(`echo "up: $(systemctl is-active y)"`), `echo "up: $(systemctl is-active y)"`, true, host},
		{"` `", at("/x `mount`"), "/x `mount`", true, host},
		{"<( )", at("diff <(systemctl list-units) /x"), "diff <(systemctl list-units) /x", true, host},
		{"of a for", at("for c in $(systemctl list-units); do /x $c; done"), "for c in $(systemctl list-units); do /x $c; done", true, host},
		{"of a redirection", at("/x > /data/$(uname -n)-$(systemctl is-active y)"), "/x > /data/$(uname -n)-$(systemctl is-active y)", true, host},
		{"timed", at("time /x $(systemctl is-active y)"), "time /x $(systemctl is-active y)", true, host},
		{"twice", at("/x $(/y $(systemctl is-active z))"), "/x $(/y $(systemctl is-active z))", true, host},
		{"how many processes", at("[ $(ps -C php | wc -l) -lt 2 ] && /x"), "[ $(ps -C php | wc -l) -lt 2 ] && /x", true, "it looks for processes on its host"},
		{"a list of processes", at("ps -ef | grep '[x].py' || /x.py"), "ps -ef | grep '[x].py' || /x.py", true, "it looks for processes on its host"},
		{"a process", at("kill -HUP `cat /var/run/bandwidthd.pid`"), "kill -HUP `cat /var/run/bandwidthd.pid`", true, "it looks for processes on its host"},
	})
}
