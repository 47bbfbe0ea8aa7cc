package crontab

import (
	"strings"
	"testing"
)

func TestUserColumn(t *testing.T) {
	t.Parallel()
	const three = "0 1 * * * root /a\n0 2 * * * root /b\n0 3 * * * www-data /c\n"
	const own = "0 1 * * * /a\n0 2 * * * /b x\n0 3 * * * cd /c && ./d\n"
	cases := []struct {
		name, text    string
		users         UserColumn
		user, command string // of the last line
		doubt         string
	}{
		{"root", "0 1 * * * root a b\n", Detect, "root", "a b", ""},
		{"one known among others", "0 1 * * * root a\n0 2 * * * shop b c\n", Detect, "shop", "b c", ""},
		{"a command beside root", "0 1 * * * root a\n0 2 * * * /bin/b\n", Detect, "", "/bin/b", "names users and this line none"},
		{"a command that looks like a user", "0 1 * * * tar cf x\n", Detect, "", "tar cf x", ""},
		{"root alone is a command", "0 1 * * * root\n", Detect, "", "root", "not certain"},
		{"told", "0 1 * * * shop b\n", Present, "shop", "b", ""},
		{"told there is none", "0 1 * * * root b\n", Absent, "", "root b", ""},
		{"told, and no user", "0 1 * * * /bin/a b\n", Present, "", "/bin/a b", "no user is called /bin/a"},
		{"capitals", three + "0 4 * * * Debian-exim /x\n", Detect, "Debian-exim", "/x", ""},
		{"an account of Debian alone", "0 4 * * * Debian-exim /x\n", Detect, "Debian-exim", "/x", ""},
		{"dots", three + "0 4 * * * john.doe /x\n", Detect, "john.doe", "/x", ""},
		{"a domain", three + `0 4 * * * DOMAIN\svc /x` + "\n", Detect, `DOMAIN\svc`, "/x", ""},
		{"a domain alone", `0 4 * * * DOMAIN\svc /x` + "\n", Detect, `DOMAIN\svc`, "/x", ""},
		{"a forgotten user", three + "0 4 * * * /x y\n", Detect, "", "/x y", "names users and this line none"},
		{"a forgotten user, a program", three + "0 4 * * * python3 y\n", Detect, "", "python3 y", "names users and this line none"},
		{"a script is no user", three + "0 4 * * * backup.sh y\n", Detect, "", "backup.sh y", "names users and this line none"},
		{"behind an odd one", "0 0 * * * /odd\n" + three, Detect, "www-data", "/c", ""},
		{"behind one of Quartz", "0 0 12 * * ? /q\n" + three, Detect, "www-data", "/c", ""},
		{"Quartz among users", three + "0 0 12 * * ? /q\n", Detect, "", "? /q", ""},
		{"puppet alone", "*/30 * * * * puppet agent --test\n", Detect, "", "puppet agent --test", "whether puppet is a user"},
		{"git alone", "0 1 * * * git gc\n", Detect, "", "git gc", "whether git is a user"},
		{"backup alone", "0 1 * * * backup /data /mnt\n", Detect, "", "backup /data /mnt", "whether backup is a user"},
		{"node runs a script", "0 1 * * * node /app/a.mjs\n", Detect, "", "node /app/a.mjs", ""},
		{"node runs a folder", "0 1 * * * node .\n", Detect, "", "node .", ""},
		{"the user node", "0 1 * * * node /usr/local/bin/node /app/a.js\n", Detect, "node", "/usr/local/bin/node /app/a.js", ""},
		{"the user node changes into a folder", "0 1 * * * node cd /app && npm start\n", Detect, "node", "cd /app && npm start", ""},
		{"the user node in a file of the system", "0 1 * * * node /app/run.sh\n", System, "node", "/app/run.sh", ""},
		{"node and a program without a name's end", "0 1 * * * node /srv/app/www\n", Detect, "", "node /srv/app/www", "whether node is a user"},
		{"node and what could be a program", "0 1 * * * node test\n", Detect, "", "node test", ""},
		{"node and what could be a program, with a log", "0 1 * * * node test >> /var/log/a\n", Detect, "", "node test >> /var/log/a", ""},
		{"the user node asks something", "0 1 * * * node test -f /a && /b\n", Detect, "node", "test -f /a && /b", ""},
		// As in github.com/BeardedFish/WebMonitor-Pro, etc/crontab.
		{"a shell of another system", "0 */6 * * * pwsh /apps/a.ps1\n", System, "", "pwsh /apps/a.ps1", ""},
		{"an account of Debian's mysql", "0 4 * * * mysql /usr/bin/rotate all\n", System, "mysql", "/usr/bin/rotate all", ""},
		{"mysql runs a program of its own", "0 4 * * * mysql mysqldump --all-databases\n", Detect, "mysql", "mysqldump --all-databases", ""},
		{"mysql and a program", "0 4 * * * mysql /usr/bin/rotate\n", Detect, "", "mysql /usr/bin/rotate", "whether mysql is a user"},
		{"mysql reads a file", "0 4 * * * mysql shop < /opt/nightly.sql\n", System, "", "mysql shop < /opt/nightly.sql", ""},
		{"mysql and a database of its own name", "0 4 * * * mysql mysql < /a.sql\n", System, "", "mysql mysql < /a.sql", ""},
		{"a person called julia", "0 4 * * * julia /home/julia/bin/report --now\n", System, "julia", "/home/julia/bin/report --now", ""},
		{"julia runs a script", "0 4 * * * julia /opt/report.jl\n", System, "", "julia /opt/report.jl", ""},
		// As in github.com/Adityapras/opsifin-scheduler, github.com/Ircam-Web/mezzo and AppCivico/De-Olho-Nas-Metas-2017.
		{"a user changes into a folder", "* * * * * opsifin_admin cd /var/www/a && php artisan b\n", Detect, "opsifin_admin", "cd /var/www/a && php artisan b", ""},
		{"a user of several", "0 3 * * * cri cd $APP; ./a\n0 4 * * * cri bin/b\n", Detect, "cri", "bin/b", ""},
		{"a user and parentheses", "0 3 */15 * * app ( cd /src/; . env; ./a.pl) 2>&1\n", Detect, "app", "( cd /src/; . env; ./a.pl) 2>&1", ""},
		{"a program that is told a folder", "0 3 * * * syncer cdrom\n", Detect, "", "syncer cdrom", "whether syncer is a user"},
		{"a program that is told what a shell runs", "0 3 * * * wrap 'cd /a && ./b'\n", Detect, "", "wrap 'cd /a && ./b'", "whether wrap is a user"},
		{"the user rails", "0 4 * * * rails cd /app && bin/rake a\n", Detect, "rails", "cd /app && bin/rake a", ""},
		// restic's documentation makes an account of this name (https://restic.readthedocs.io/en/stable/080_examples.html).
		{"the user restic", "0 4 * * * restic /home/restic/bin/restic backup /srv\n", System, "restic", "/home/restic/bin/restic backup /srv", ""},
		{"restic itself", "0 4 * * * restic backup /srv\n", System, "", "restic backup /srv", ""},
		{"rails runs a job", "0 4 * * * rails runner Job.run\n", System, "", "rails runner Job.run", ""},
		{"any word alone", "0 1 * * * shop /data\n", Detect, "", "shop /data", "whether shop is a user"},
		{"an option follows", "0 1 * * * shop --all\n", Detect, "", "shop --all", ""},
		{"a redirection follows", "0 1 * * * shop > /x\n", Detect, "", "shop > /x", ""},
		{"cron's own option follows", "0 1 * * * shop -n /x\n", Detect, "", "shop -n /x", "whether shop is a user"},
		{"puppet among commands", own + "*/30 * * * * puppet agent --test\n", Detect, "", "puppet agent --test", ""},
		{"puppet among users", three + "*/30 * * * * puppet /x\n", Detect, "puppet", "/x", ""},
		{"root among commands", own + "0 1 * * * root /a\n", Detect, "", "root /a", "names the user root"},
		{"an unclear one where some do and some do not", three + "0 1 * * * /odd\n0 2 * * * shop x\n", Detect, "shop", "x", "whether shop is a user"},
		{"as many as others", "0 1 * * * /odd\n0 2 * * * root x\n", Detect, "root", "x", "whether root is a user"},
		{"a file of the system", "0 1 * * * shop x\n", System, "shop", "x", ""},
		{"a file of the system, none in all of it", "0 1 * * * /shop x\n", System, "", "/shop x", ""},
		{"a file of the system, none in one line", "0 2 * * * shop y\n0 1 * * * /shop x\n", System, "", "/shop x", "names users and this line none"},
		{"an assignment is no user", "0 1 * * * PATH=$A/bin:$PATH update-list\n", System, "", "PATH=$A/bin:$PATH update-list", ""},
		{"the heading names users", "# m h dom mon dow user  command\n0 1 * * * shop /usr/bin/php x\n", Detect, "shop", "/usr/bin/php x", ""},
		{"a drawn heading names users", "# *  *  *  *  * user-name  command to be executed\n0 1 * * * shop php x\n", Detect, "shop", "php x", ""},
		{"the heading names no users", "# m h  dom mon dow   command\n0 1 * * * backup /data /mnt\n", Detect, "", "backup /data /mnt", ""},
		// As in 4lambda/ark-server, crontab: an image's crontab of a user under the legend of /etc/crontab.
		{"the heading names users, and a program with its own commands follows", "# m h dom mon dow user command\n0 * * * * arkmanager update --warn\n0 * * * * arkmanager saveworld >> /x\n", Detect, "arkmanager", "saveworld >> /x", "whether arkmanager is a user"},
		{"the heading names users, and so does another line", "# m h dom mon dow user command\n0 * * * * shop php x\n0 * * * * shop update\n", Detect, "shop", "update", ""},
		{"the heading names users and no line can", "# m h dom mon dow user command\n0 1 * * * /a b\n", Detect, "", "/a b", ""},
	}
	for _, c := range cases {
		lines, err := Parse([]byte(c.text), c.users)
		last := lines[len(lines)-1]
		if err != nil || last.User != c.user || last.Command != c.command || !strings.Contains(last.Doubt, c.doubt) || (last.Doubt == "") != (c.doubt == "") {
			t.Errorf("%s: %+v, %v", c.name, last, err)
		}
	}
	lines, _ := Parse([]byte("0 1 * * * root\n"), Present)
	if lines[0].Kind != Invalid {
		t.Errorf("a user without a command: %+v", lines[0])
	}
}

func TestExpectUsers(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]UserColumn{
		"/etc/crontab": System, "host/etc/crontab": System, "/etc/cron.d/php": System, "crontab": Detect, "-": Detect, "/etc/other": Detect, "cron.d": Detect,
		"debian/cron.d": System, "x/debian/hpcstats-agent.cron.d": System, "debian/crontab": Detect, "x.cron.d": Detect,
	} {
		if got := ExpectUsers(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
