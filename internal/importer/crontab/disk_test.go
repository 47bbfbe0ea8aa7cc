package crontab_test

import (
	"strings"
	"testing"
)

// TestLeftOnTheDisk: what a line brings to the disk of its task is lost, unless something that follows
// works with it or sends it away.
func TestLeftOnTheDisk(t *testing.T) {
	t.Parallel()
	stays := func(name, command string, off bool, says string) lineCase {
		return lineCase{name, at("/a") + at(command), command, off, says} // the first line shows that no column names users
	}
	runCases(t, []lineCase{
		stays("a mirror (https://pgxn.org/mirroring/)", "/usr/bin/rsync -az --delete rsync://master.pgxn.org/pgxn /usr/local/pgxn", true, "it writes to /usr/local/pgxn"),
		stays("to a server", "rsync -a /srv/ backup@h:/srv/", false, "it logs in elsewhere"),
		stays("from disk to disk", "rsync -a --delete /srv/a /mnt/nas/a", true, "it writes to /mnt/nas/a"),
		stays("to a place that a variable names", "rsync -a $SRC/ $DEST/", false, "it logs in elsewhere"),
		stays("one of two mirrored places (docs.gitlab.com, topics/offline)", "gsutil -m rsync -r -d gs://b $ROOT/vendor/package_metadata", true, "it writes to $ROOT/vendor/package_metadata"),
		stays("down", "aws s3 sync --delete s3://b/x /backup --quiet", true, "it writes to /backup"),
		stays("up (github.com/calvinsettachatgul/athena, bash/crontab/example.md)", "aws s3 sync --delete /var/www/html/wp-content/uploads s3://b", true, "it deletes elsewhere what /var/www/html/wp-content/uploads of its host does not have"),
		stays("up, and nothing is deleted", "aws s3 sync /srv/x s3://b", false, ""),
		stays("to a server, as it is", "rsync -a --delete-after -e 'ssh -p 22' /srv/ backup@h:/srv/", true, "it deletes elsewhere what /srv/"),
		stays("as it is, by rclone", "rclone sync /srv gdrive:a", true, "it deletes elsewhere what /srv"),
		stays("as it is, by gsutil", "cd / && gsutil -m rsync -r -d ./srv gs://b", true, "it deletes elsewhere what ./srv"),
		stays("from a host of a short name", "rsync -a h:/srv /srv && /x", false, ""),
		stays("a copy by rclone", "rclone copy /srv gdrive:a", false, ""),
		stays("what a program before made", "/x --to /srv && aws s3 sync --delete /srv s3://b", false, ""),
		stays("what another program brought", "wget -q -m https://h -P /srv; rsync -a --delete /srv/ h:/b", false, ""),
		stays("what came from elsewhere", "rsync -a a:/b /srv/ && rsync -a --delete /srv/ h:/b", false, ""),
		stays("what was unpacked", "tar xzf /app/a.tgz -C /srv && rsync -a --delete /srv/ h:/b", false, ""),
		stays("all that is there, by gsutil", "gsutil -m rsync -r /srv gs://b", false, ""),
		stays("its folders, without deleting", "rsync -d /srv/ h:/b", false, ""),
		stays("by a program that is not known", "/opt/x --delete /srv h:/b", false, ""),
		stays("after a ping by wget", "wget -qO /dev/null https://hc-ping.com/x/start; rsync -a --delete /srv/ h:/b", true, "it deletes elsewhere what /srv/"),
		stays("after a ping", "curl -fsS https://hc-ping.com/x/start; rsync -a --delete /srv/ h:/b", true, "it deletes elsewhere what /srv/"),
		stays("after a look at the other side", "ping -c1 h && mountpoint -q /srv && ssh h mkdir -p /b && rsync -a --delete /srv/ h:/b", true, "it deletes elsewhere what /srv/"),
		stays("after a call", "wget -q --spider https://h && rsync -a --delete /srv/ h:/b", true, "it deletes elsewhere what /srv/"),
		stays("after another folder", "rsync -a /a/ h:/a; rsync -a --delete /srv/ h:/b", true, "it deletes elsewhere what /srv/"),
		stays("with a dump among those of earlier days", "pg_dump -h h x > /srv/x.sql && rsync -a --delete /srv/ h:/b", true, "it deletes elsewhere what /srv/"),
		stays("a dump that is a folder", "pg_dump -Fd -f /srv/x -h h x && rsync -a --delete /srv/x h:/b", false, "it writes to /srv/x"),
		stays("with an archive among those of earlier days", "tar czf /srv/x.tgz /x && rsync -a --delete /srv/ h:/b", true, "it deletes elsewhere what /srv/"),
		stays("the user's own folder", "rsync -a --delete $HOME/ h:/b", true, "it deletes elsewhere what $HOME/"),
		stays("the user's own folder in braces", `rsync -a --delete "${HOME}/x" h:/b`, true, "it deletes elsewhere what ${HOME}/x"),
		stays("what two variables name", "rsync -a --delete $HOMES/ $B", false, ""),
		stays("up as it is, with words of options", "rsync -a --delete --exclude .git --exclude-from /etc/x /srv/ h:/b", true, "it deletes elsewhere what /srv/"),
		stays("up as it is, with words of options behind", "rsync -a --delete /srv/ --exclude-from /etc/x h:/b", true, "it deletes elsewhere what /srv/"),
		stays("up as it is, by another endpoint", "aws s3 sync --delete --endpoint-url https://h /srv/x s3://b", true, "it deletes elsewhere what /srv/x"),
		stays("from one remote to another", "rclone sync --exclude-from /etc/x a:b c:d", false, ""),
		stays("from bucket to bucket, as it is", "aws s3 sync --delete s3://a s3://b", false, ""),
		stays("up by another endpoint", "aws s3 cp --endpoint-url https://h /srv/x s3://b", false, ""),
		stays("up, with an option behind", "aws s3 cp /srv/x s3://b --recursive", false, ""),
		stays("from bucket to bucket", "aws s3 sync s3://a s3://b", false, ""),
		stays("to the output", "aws s3 cp s3://a/x - | wc -l", false, ""),
		stays("by scp", "scp -i k u@h:/x/* ~/backup/", true, "it writes to ~/backup/"),
		stays("by rclone", "rclone sync gdrive:a /data/a", true, "it writes to /data/a"),
		stays("an archive", "tar -czf /backup/a.tgz /srv && find /backup -mtime +7 -delete", true, "it writes to /backup/a.tgz"),
		stays("an archive in a script", "test -d /srv && sh -c 'cd /srv; tar czf /backup/a.tgz .'", true, "it writes to /backup/a.tgz"),
		stays("an archive elsewhere", "tar -C /srv -czf /backup/a.tgz .", true, "it writes to /backup/a.tgz"),
		stays("an archive by long options", "tar --create --gzip --file=/backup/a.tgz /srv", true, "it writes to /backup/a.tgz"),
		stays("an archive by single letters", "tar -c -z -f /backup/a.tgz /srv", true, "it writes to /backup/a.tgz"),
		stays("dumps of a loop", "for d in a b; do mysqldump -h db $d > /b/$d.sql; done", true, "it writes to /b/$d.sql"),
		stays("the output of a block", "( /x; /y ) > /b/x.csv", true, "it writes to /b/x.csv"),
		stays("the output of a block that sends something else", "( aws s3 cp /a s3://b; /y ) > /b/x.csv", true, "it writes to /b/x.csv"),
		stays("the output of a block that is read", "{ /x; } > /b/x.csv; /y /b/x.csv", false, "it writes to /b/x.csv"),
		stays("a dump whose folder something works with", "pg_dump -h h x > /b/x.sql && /y --from=/b/", false, "it writes to /b/x.sql"),
		stays("a dump whose folder is tidied up", "pg_dump -h h x > /b/x.sql && find /b -delete", true, "it writes to /b/x.sql"),
		stays("a dump beside a folder of like name", "pg_dump -h h x > /b/x.sql && /y /b/x", true, "it writes to /b/x.sql"),
		stays("a name in braces", "pg_dump -h h x > ${F} && /y \"$F\"", false, "it writes to ${F}"),
		stays("a name in braces later", "pg_dump -h h x > $F/x && /y ${F}/x", false, "it writes to $F/x"),
		stays("the time of a success", "/x && date > /var/run/x", false, "it writes to /var/run/x"),
		stays("a log in a loop", "for d in a b; do /x $d >> /var/log/x.log; done", false, ""),
		stays("an archive that is sent", "tar czf /tmp/a.tgz /srv && aws s3 cp /tmp/a.tgz s3://b/", false, "it writes to /tmp/a.tgz"),
		stays("an archive in a pipe", "tar czf - /srv | ssh h 'cat > a.tgz'", false, "it logs in elsewhere"),
		stays("unpacked", "tar xzf /app/a.tgz && /app/load", false, ""),
		stays("zipped", "zip -r -q /backup/a.zip /srv", true, "it writes to /backup/a.zip"),
		stays("a database in a file", `sqlite3 /srv/x.db ".backup '/backup/x.db'"`, true, "it writes to /backup/x.db"),
		stays("copied", "cp -r /srv/x ${HOME}/y", true, "it writes to ${HOME}/y"),
		stays("copied, then sent", "cp /srv/x /srv/y && scp /srv/y h:/y", false, "it logs in elsewhere"),
		stays("copied, then told", "cp /srv/x /srv/y && curl https://h/done", true, "it writes to /srv/y"),
		stays("copied to one place", "cp -R /srv/a $BACKUP && cp -R /srv/b $BACKUP", true, "it writes to $BACKUP"),
		stays("moved after the work", "/app/run && mv /app/out.csv /var/www/", true, "it writes to /var/www/"),
		stays("fetched for what follows", "aws s3 cp s3://b/app.yml /app/ && /app/run", false, ""),
		stays("fetched", "wget -qN -P /data/x https://h/x.zip", true, "it writes to /data/x"),
		stays("fetched under its name", "curl -fsSLO https://h/x.zip", true, "it writes to its folder"),
		stays("fetched, then unpacked", "curl -O https://h/x.zip && unzip x.zip && python load.py", false, ""),
		stays("a page that is called", "wget -q https://h/cron.php", false, ""),
		stays("a checkout", "git -C /srv/x pull --ff-only", true, "it writes to /srv/x"),
		stays("a checkout that runs", "git -C /srv/x pull; /srv/x/run", false, ""),
		stays("a checkout that is pushed", "git -C /srv/x pull -q && git -C /srv/x push mirror", false, ""),
		stays("a checkout of what is there", "cd /srv/x && git fetch -q && git reset -q --hard origin/main", true, "it writes to /srv/x"),
		stays("a base backup", "pg_basebackup -h db -D /backup/x", true, "it writes to /backup/x"),
		stays("a push", "git -C /srv/x push mirror", false, ""),
		stays("a folder and a checkout", "cd /srv/x && git pull", true, "it writes to /srv/x"),
		stays("a base backup of another kind", "mariadb-backup --backup --host=db --target-dir=/backup/x", true, "it writes to /backup/x"),
		stays("a dump of documents", "mongodump --host=db --out=/backup/x", true, "it writes to /backup/x"),
		stays("a mirror by wget", "wget -q --mirror https://h/x/", true, "it writes to its folder"),
		stays("fetched under several names", "curl -s --remote-name-all https://h/a https://h/b", true, "it writes to its folder"),
		stays("a pattern that is no option of tar", "tar -t --to-command=/x cf /srv/a.tar", false, ""),
		stays("down to the output, then worked on", "gsutil cp gs://b/x - | /y", false, ""),
		stays("a product beside a repository", "/x > /b/y.csv; git -C /srv gc", true, "it writes to /b/y.csv"),
		stays("moved, then sent", "/x && mv /srv/x /srv/y && curl -T /srv/y https://h/", false, ""),
		stays("moved to its place at last", "/x > /srv/y.new && mv /srv/y.new /srv/y", true, "it writes to /srv/y"),
		stays("a checkout and a time", "git -C /srv/x pull && sleep 1 && date", true, "it writes to /srv/x"),
		stays("a checkout and a copy of something else", "git -C /srv/x pull && cp /srv/a /tmp/a", true, "it writes to /srv/x"),
		stays("errors beside the output", "/x 2>&1 | /y", false, ""),
		stays("of redis", "redis-cli -h h --rdb /backup/x.rdb", true, "it writes to /backup/x.rdb"),
		stays("rm alone", "rm -rf /srv/cache/*", true, "it only deletes or changes files of its host"),
		stays("owners", "chown -R www-data /srv && chmod -R 755 /srv", true, "it only deletes or changes files of its host"),
		stays("a find that works", `find /x -execdir /y {} \; ; rm -f /x/lock`, false, ""),
		stays("a find that looks", "find /x; rm -f /x/lock", true, "it only deletes or changes files of its host"),
		stays("an upgrade (github.com/WWBN/AVideo, deploy/crontab)", "pip3 install --upgrade youtube-dl", true, "it only deletes or changes files of its host"),
		stays("an upgrade before the work", "pip3 install --upgrade youtube-dl && /app/run", false, ""),
		stays("a script of npm", "npm run report", false, ""),
		stays("rm before the work", "rm -rf /tmp/x && /app/run", false, ""),
		stays("the last program that is examined", strings.Repeat("/x;", 199)+"cp /srv/x /srv/y", true, "it writes to /srv/y"),
		stays("one more", strings.Repeat("/x;", 200)+"cp /srv/x /srv/y", false, ""),
		stays("a folder", "mkdir -p /tmp/x", false, ""),
	})
	if _, e := lastJob(imported(t, at("gsutil cp gs://b/x /dev/null"))); strings.Contains(strings.Join(e.Notes, "\n"), "it writes to") {
		t.Errorf("what goes nowhere: %q", e.Notes)
	}
	_, e := lastJob(imported(t, at("/x >> /srv/x.csv; /y >> /srv/x.csv")))
	if notes := strings.Join(e.Notes, "\n"); strings.Count(notes, "it writes to") != 1 {
		t.Errorf("one file is reported more than once:\n%s", notes)
	}
}

// TestADatabaseInAFile: sqlite3 makes an empty database where its host has one, and ends well.
func TestADatabaseInAFile(t *testing.T) {
	t.Parallel()
	const own = "a file of its host, and a task would get an empty database or none"
	for command, off := range map[string]bool{
		"sqlite3 /srv/x.db VACUUM":                                                 true,
		"/x && sqlite3 -batch ~/x.db 'PRAGMA optimize'":                            true,
		`sqlite3 -cmd ".timeout 5000" /srv/x.db VACUUM`:                            true,
		"sqlite3 -readonly -separator , /srv/x.db 'select 1'":                      true,
		`sqlite3 "file:/srv/x.db?mode=ro" 'select 1'`:                              true,
		"sqlite3 -readonly 'file:///srv/x.db?immutable=1' 'select 1'":              true,
		"aws s3 cp s3://b/x /srv/x.db && sqlite3 'file:///srv/x.db?mode=ro' .dump": false,
		"sqlite3 -cmd 'select 1' :memory: .quit":                                   false,
		"sqlite3 'file:x?mode=memory' 'select 1'":                                  false,
		"cd /srv && sqlite3 x.db VACUUM":                                           false, // the folder is told elsewhere
		"sqlite3 :memory: 'select 1'":                                              false,
		"sqlite3 $DB VACUUM":                                                       false,
		"aws s3 cp s3://b/x.db /srv/x.db && sqlite3 /srv/x.db 'select 1'":          false,
		"curl -fsS https://h/x.db > /srv/x.db && sqlite3 /srv/x.db 'select 1'":     false,
		"curl -fsSo /srv/x.db https://h/x && sqlite3 /srv/x.db 'select count(*)'":  false,
	} {
		says := ""
		if off {
			says = own
		}
		j, e := lastJob(imported(t, at("/a")+at(command)))
		if notes := strings.Join(e.Notes, "\n"); off && !j.Disabled || strings.Contains(notes, own) != off {
			t.Errorf("%s: off %v, %q; want %v, %q", command, j.Disabled, notes, off, says)
		}
	}
}

// TestItsOwnDatabase: a client of a database that is not told a host calls its own.
func TestItsOwnDatabase(t *testing.T) {
	t.Parallel()
	const own = "is not told a host here"
	for _, command := range []string{
		`psql -d geonatureatlas -c "SELECT RefreshAllMaterializedViews('atlas');"`, // github.com/PnX-SI/GeoNature-atlas, docs/vues_materialisees_maj.rst
		"redis-cli BGREWRITEAOF", "redis-cli -n 1 SAVE", // github.com/ndamiens/docker-redis, boot.sh
		"mysql -u$U -p$P shop < /app/x.sql", "mysqldump -u root shop | aws s3 cp - s3://b", "sudo -u postgres vacuumdb -a", "/x; timeout -k 5 60 psql -c vacuum; /y",
	} {
		runCases(t, []lineCase{{command, at(command), command, true, own}})
	}
	for _, command := range []string{
		"psql -h db -c vacuum", "psql $DATABASE_URL -c vacuum", `psql "host=db dbname=x" -c vacuum`, `psql --dbname="$DATABASE_URL" -c vacuum`, `psql -d"${DATABASE_URL}" -c vacuum`, "mongodump --config=/app/x.yml --archive=/tmp/x", "mysql --login-path=app shop", "psql postgresql://u@db/x -c vacuum", "PGHOST=db psql -c vacuum", "export PGHOST=db; psql -c vacuum",
		". /app/env && psql -c vacuum", "mysql -hdb -u x shop", "mysql --host=db shop", "mysql --defaults-extra-file=/app/my.cnf shop", "redis-cli -u $REDIS_URL flushall", "mongodump --uri=mongodb+srv://h/x --archive=/tmp/x",
		"ssh db psql -c vacuum", "/app/psql-report",
	} {
		if j, e := lastJob(imported(t, at(command))); j.Disabled {
			t.Errorf("%s: %q", command, e.Notes)
		}
	}
	if j, e := lastJob(imported(t, "PGHOST=db\n"+at("psql -c vacuum"))); j.Disabled {
		t.Errorf("a variable of the crontab names the host: %q", e.Notes)
	}
}
