package crontab_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/crontab"
)

// debian is the beginning of Debian's own /etc/crontab.
const debian = `# /etc/crontab: system-wide crontab
# Unlike any other crontab you don't have to run the 'crontab'
# command to install the new version when you edit this file.

SHELL=/bin/sh
# Example of job definition:
# .---------------- minute (0 - 59)
# |  .------------- hour (0 - 23)
# |  |  .---------- day of month (1 - 31)
# |  |  |  |  |
# *  *  *  *  * user-name command to be executed
17 *	* * *	root	cd / && run-parts --report /etc/cron.hourly
25 6	* * *	root	test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }
47 6	* * 7	root	test -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.weekly )
#
`

// TestFieldFiles: crontabs of public repositories that were read wrongly once.
// Sources: Tronje-the-Falconer/Pi-Ager, NetBSD/src (1993),
// SoftwareHeritage/swh-lister, MullinsLab/viroverse, Liver64/LoxBerry-Sonos
// (their crontabs; names changed), and what the gem whenever writes.
func TestFieldFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, text string
		names, users     []string
		describes        string
		off              int
		never            string // what no note says
	}{
		{"debian", "pi/etc/crontab", debian, []string{"cron-hourly", "cron-daily", "cron-weekly"}, []string{"root", "root", "root"}, "", 2, "several commands with ;"},
		{"a job of old syntax that is off", "crontab", "#0/15\t*\t*\t*\t*\t/usr/libexec/atrun\n0 2 * * * /etc/daily\n", []string{"daily"}, []string{""}, "", 0, ""},
		{
			"an assignment is no user", "repo/etc/crontab", "LISTER_ROOT=$HOME/src/lister\n  0 8  *   *   *     PATH=$LISTER_ROOT/bin:$PATH PYTHONPATH=$LISTER_ROOT update-list\n",
			[]string{"update-list"},
			[]string{""},
			"", 0, "say --users",
		},
		{
			"commands that begin with a variable", "etc/crontab", "V=/home/app\nVV=/home/app/bin/env\n* * * * *  env Q=1 $VV $V/scripts/worker Align::Needle\n*/5 * * * * env Q=1 $VV $V/scripts/refresh a\n" +
				"*/5 * * * * env Q=1 $VV $V/scripts/refresh b\n10 3 * * * $VV $V/scripts/update-blast.pl\n",
			[]string{"worker-Align-Needle", "refresh-a", "refresh-b", "update-blast"},
			[]string{"", "", "", ""},
			"", 0, "",
		},
		{"the heading names users", "cron/crontab", "# m h dom mon dow user  command\n3 */2 * * *\tshop /usr/bin/php /opt/a/stock.php\n", []string{"stock"}, []string{"shop"}, "", 0, "say --users"},
		{
			"whenever", "crontab", "# Begin Whenever generated tasks for: /path/schedule.rb\n0 17 * * * /bin/bash -l -c 'echo '\\''search'\\'''\n\n" +
				"0 18 * * * /bin/bash -l -c 'cd /srv/app && RAILS_ENV=production bundle exec rake -s sitemap:refresh --silent >> log/cron.log 2>&1'\n\n" +
				"0 19 * * * /bin/bash -l -c 'cd /srv/app && bin/rails runner -e production '\\''Invoice.remind'\\'''\n# End Whenever generated tasks\n",
			[]string{"search", "sitemap-refresh", "Invoice-remind"},
			[]string{"", "", ""},
			"", 0, "",
		},
		{"frameworks", "crontab", at("cd /a && python3 manage.py send_mail --all") + at("python manage.py clear") + at("php bin/console app:sync --env=prod") + at("docker exec -t shop php artisan queue:prune") + at("wp --path=/w cron event run"), []string{"send_mail", "clear", "app-sync", "queue-prune", "cron-event"}, nil, "", 1, ""},
		{"URLs", "crontab", at("curl -fsS https://a.example.com/tasks/stock.php?full=1 > /dev/null") + at("wget -q -O - 'https://a.example.com/tasks/mail'"), []string{"stock", "mail"}, nil, "", 0, ""},
		{"scripts of one name", "crontab", at("/opt/reports/run.sh") + at("/opt/invoices/run.sh --fast") + at("cd /srv/shop && ./run"), []string{"reports-run", "invoices-run", "shop-run"}, nil, "", 0, ""},
		{"wrappers", "crontab", at("nice -n 10 flock -n /tmp/l timeout 1h /usr/bin/env python3 -m shop.sync") + at("sudo -u www /opt/x.sh"), []string{"shop-sync", "x"}, nil, "", 0, ""},
		{
			"one framework, several applications", "crontab", at("cd /var/www/shop/current && php artisan schedule:run") + at("/usr/bin/php8.1 /var/www/other/artisan schedule:run") + at("/srv/a/backup.sh daily") + at("/srv/b/backup.sh daily"),
			[]string{"schedule-run-shop", "schedule-run-other", "backup-daily-a", "backup-daily-b"},
			nil, "", 0, "",
		},
		{
			"containers", "crontab", at("docker exec -t db pg_dump -U a b") + at("docker exec -u www cloud php -f /var/www/html/cron.php") + at("docker compose -f /srv/c.yml run --rm certbot renew") +
				at("docker run --rm -v d:/d backup:latest /go.sh") + at("docker system prune -af") + at("kubectl -n x exec deploy/app -- bin/console app:cleanup"),
			[]string{"pg_dump", "cloud-cron", "certbot-renew", "backup", "docker-system-prune", "app-cleanup"},
			nil, "", 6, "",
		},
		{
			"hosting", "crontab", "SHELL=/usr/local/cpanel/bin/jailshell\n" + at("/usr/local/bin/ea-php74 /home/shopuser/public_html/index.php cli/stock run") + at("php -f /home/shopuser/public_html/cron.php") +
				at("curl -fsS https://hc-ping.com/2b3c4d5e-aaaa-bbbb-cccc-1234567890ab"),
			[]string{"index-stock", "shopuser-cron", "hc-ping-com"},
			nil, "", 0, "must have /usr/local/cpanel",
		},
		{
			"starters and watchdogs", "crontab", at("/opt/sync/run.sh prod") + at("/opt/sync/run.sh staging") + at("pgrep -f worker.py || nohup python3 /srv/bot/worker.py &"),
			[]string{"sync-run-prod", "sync-run-staging", "bot-worker"},
			nil, "", 1, "",
		},
		{"a shell of the host", "crontab", "SHELL=/opt/menu\n" + at("/x"), []string{"x"}, nil, "", 1, ""},
		{"a URL without quotes", "crontab", at("wget -q -O - http://a.example.com/index.php?route=a/stock&full=1"), []string{"index-a-stock"}, nil, "", 1, "runs in the background"},
		{"marks of Magento", "crontab", "#~ MAGENTO START c5f9e5ed71cceaabc4d4fd9b3e827a2b\n" + at("/usr/bin/php /srv/shop/bin/magento cron:run") + "#~ MAGENTO END c5f9e5ed71cceaabc4d4fd9b3e827a2b\n", []string{"cron-run"}, nil, "", 0, ""},
		{
			"Debian's example", "crontab", "# For example, you can run a backup of all your user accounts\n# at 5 a.m every week with:\n# 0 5 * * 1 tar -zcf /var/backups/home.tgz /home/\n#\n" + at("/opt/a"),
			[]string{"a"},
			nil, "", 0,
			"a job that is switched off",
		},
		{"a generator's id", "crontab", "# 5d41402abc4b2a76b9719d911017c592 of the panel\n" + at("/opt/a"), []string{"a"}, nil, "", 0, ""},
		{"no programs of the host", "crontab", at("/usr/bin/php /srv/shop/artisan mail service reload") + at("/opt/check docker mail"), []string{"mail", "check"}, nil, "", 0, "needs a decision"},
		{"no log", "etc/crontab", "-5 1 * * * root /opt/dump\n-*/5 * * * * root /opt/b\n", []string{"dump", "b"}, []string{"root", "root"}, "", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := importer.New(crontab.Kind, importer.Options{Zone: "UTC", From: from})
			if err := (crontab.Reader{}).Read(in, []*importer.File{{Name: c.file, Data: []byte(c.text)}}); err != nil {
				t.Fatal(err)
			}
			var names, users, notes []string
			off := 0
			for _, e := range in.Entries {
				notes = append(notes, e.Notes...)
				if e.Job != nil {
					user := ""
					if e.User != nil {
						user = *e.User
					}
					users = append(users, user)
				}
			}
			for _, j := range in.Jobs {
				names = append(names, j.Name)
				if j.Disabled {
					off++
				}
				if j.Description != c.describes {
					t.Errorf("%s is described as %q", j.Name, j.Description)
				}
			}
			all := strings.Join(notes, "\n")
			if !slices.Equal(names, c.names) || c.users != nil && !slices.Equal(users, c.users) || off != c.off || c.never != "" && strings.Contains(all, c.never) {
				t.Errorf("names %q, users %q, %d off\n%s", names, users, off, all)
			}
		})
	}
}

// TestDescriptions: a comment is a description only if it is about its job.
func TestDescriptions(t *testing.T) {
	t.Parallel()
	const job, next = "30 2 * * * /opt/report --all\n", "0 3 * * * /opt/other\n"
	for text, want := range map[string]string{
		"# Nightly report for the finance team\n" + job:                            "Nightly report for the finance team",
		"# Nightly report\n# for the finance team\n" + job:                         "Nightly report for the finance team",
		"# sends the report\n" + job + next:                                        "sends the report",
		"# Finance\n" + job + next:                                                 "",
		"# BACKUPS\n" + job:                                                        "",
		"# Backups:\n" + job:                                                       "",
		"######## Reports ########\n" + job:                                        "",
		"### Backups\n# Rebuilds the sales report\n" + job:                         "Rebuilds the sales report",
		"# ---- Reports ----\n" + job:                                              "",
		"# Report jobs\n" + "0 1 * * * /opt/a\n" + job:                             "",
		"# nightly report\n\n" + job:                                               "",
		"# m h  dom mon dow   command\n" + job:                                     "",
		"# minute hour day month weekday command\n" + job:                          "",
		"# *  *  *  *  *  command to be executed\n" + job:                          "",
		"# ┌───────── minute\n" + job:                                              "",
		"# |  |  |  |  |\n" + job:                                                  "",
		"#Ansible: nightly report\n" + job:                                         "",
		"# Puppet Name: report\n" + job:                                            "",
		"# Chef Name: report\n" + job:                                              "",
		"# Plesk scheduled task\n" + job:                                           "",
		"# Begin Whenever generated tasks for: report\n" + job:                     "",
		"# DO NOT EDIT THIS FILE - edit the master and reinstall.\n" + job:         "",
		"# Copyright (c) 2020 The report authors\n" + job:                          "",
		"# SPDX-License-Identifier: MIT\n" + job:                                   "",
		"# Redistribution of the report is permitted\n# under the licence\n" + job: "",
		"#0 4 * * * /opt/report --old\n" + job:                                     "",
		"# report of old\n#0/15 * * * * /opt/report --old\n" + job:                 "",
		"#*/5 * * * 1-5 /opt/report\n" + job:                                       "",
		"#@daily /opt/report\n" + job:                                              "",
		"#MAILTO=ops@example.com\n" + job:                                          "",
		"# See https://example.com/report\n" + job:                                 "",
		"# For example, a backup of all your reports at 5 a.m every week\n" + job:  "",
		"# Edit this file to introduce tasks to be run by cron.\n# \n" + job:       "",
		"# one\n# two\n# three\n# four lines of prose about the report\n" + job:    "",
		"# nightly report, part 2 of the chain\nX=1\n" + job:                       "",
	} {
		r, err := readText([]byte(text), options{Zone: "UTC", From: from})
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range r.Jobs {
			if strings.Contains(strings.Join(j.Command, " "), "report --all") && j.Description != want {
				t.Errorf("%q: described as %q, want %q", text, j.Description, want)
			}
		}
	}
}

// TestWholeFileOfOthers: a file whose lines are all another scheduler's gives one sentence.
func TestWholeFileOfOthers(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"SHELL=/bin/sh\n1 5 cron.daily nice run-parts /etc/cron.daily\n7 25 cron.weekly run-parts /x\n": "anacrontab",
		"0 0 12 * * ? /a\n0 0 0 ? * 1 /b\n": "Quartz",
		"H 3 * * * /a\nH H * * * /b\n":      "Jenkins",
		"one: two\nthree: four\n- five\n":   "no crontab",
	} {
		r, err := readText([]byte(text), options{Zone: "UTC", From: from})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") || len(r.Jobs) > 0 {
			t.Errorf("%q: %v", text, err)
		}
	}
}
