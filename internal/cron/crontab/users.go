package crontab

import (
	"path"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// UserColumn says whether the sixth column of job lines names a user, as in
// /etc/crontab and /etc/cron.d.
type UserColumn uint8

// How a reader knows whether there is a user column.
const (
	Detect  UserColumn = iota // by the shape of the lines
	Present                   // there is one
	Absent                    // there is none
	System                    // there should be one, going by the file's name
)

// ExpectUsers says what the name of a file tells about its user column. A Debian package has what it
// puts into /etc/cron.d in debian/cron.d or debian/NAME.cron.d
// (https://manpages.debian.org/bookworm/debhelper/dh_installcron.1.en.html).
func ExpectUsers(name string) UserColumn {
	folder, file := path.Split(strings.ReplaceAll(name, `\`, "/"))
	switch base := path.Base(folder); {
	case base == "cron.d", base == "etc" && file == "crontab", base == "debian" && (file == "cron.d" || strings.HasSuffix(file, ".cron.d")):
		return System
	}
	return Detect
}

// shape is what the sixth word of a line looks like.
type shape uint8

const (
	unclear   shape = iota // a user or a program
	leads                  // the same, but what follows can be a command
	aUser                  // an account, followed by a command
	aProgram               // no user has this name, or what follows can only follow a program
	notJudged              // not a job, or a sixth time field
)

// accounts are the usual users of systems whose names are not also programs.
var accounts = []string{
	"root", "www-data", "nobody", "daemon", "apache", "postgres", "ubuntu", "ec2-user", "debian", "centos", "jenkins", "operator",
	"munin", "www", "smmsp", "zabbix", "nagios", "tomcat", "redis",
}

// programs are names that no user has.
var programs = []string{
	"Rscript", "[", "ansible-playbook", "apt", "apt-get", "artisan", "awk", "aws", "az", "bash", "borg", "borgmatic", "bq", "bun", "bundle", "bzip2",
	"cargo", "case", "cat", "cd", "certbot", "chgrp", "chmod", "chown", "chronic", "command", "composer", "cp", "cronic", "crontab", "curl", "date",
	"dbt", "dd", "deno", "df", "diff", "docker", "docker-compose", "dotnet", "drush", "du", "duplicity", "duply", "echo", "env", "eval", "exec",
	"export", "false", "ffmpeg", "find", "flock", "for", "freshclam", "fstrim", "gcloud", "gh", "go", "gradle", "grep", "gsutil", "gunzip", "gzip",
	"head", "helm", "if", "ionice", "java", "journalctl", "julia", "k6", "kill", "killall", "kubectl", "lftp", "ln", "logger", "logrotate", "ls", "lua",
	"lynx", "mailx", "make", "mix", "mkdir", "mktemp", "mongodump", "mongosh", "mountpoint", "mv", "mvn", "mysql", "mysqladmin", "mysqldump", "nc",
	"nice", "nocache", "nodejs", "nohup", "npm", "npx", "octave", "openssl", "perl", "pg_dump", "pg_dumpall", "pgrep", "php", "pidof", "ping", "pip",
	"pip3", "pkill", "pnpm", "podman", "poetry", "powershell", "printf", "ps", "psql", "pwsh", "python", "python2", "python3", "rails", "rake",
	"rclone", "read", "redis-cli", "restic", "rm", "rmdir", "rsync", "ruby", "run-parts", "s3cmd", "sbt", "scp", "sed", "service", "set", "setsid",
	"sh", "sleep", "sort", "source", "speedtest-cli", "sqlite3", "ssh", "stat", "su", "sudo", "supervisorctl", "sync", "systemctl", "systemd-run",
	"tail", "tar", "tee", "terraform", "test", "time", "timeout", "touch", "true", "ts-node", "tsx", "type", "ulimit", "umask", "uname", "unset",
	"until", "uv", "vacuumdb", "wc", "wget", "which", "while", "wp", "xargs", "xvfb-run", "xz", "yarn", "youtube-dl", "yt-dlp", "yum", "zip", "zsh",
}

// both are programs whose names are also those of usual accounts.
var both = []string{"borg", "julia", "mysql", "node", "rails", "restic"}

var (
	userForm   = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_.@-]*(\\[A-Za-z0-9_.-]+)?\$?$`)
	scriptForm = lazyregexp.New(`\.(sh|bash|py|pl|rb|php|[cm]?js|ts|jl|jar|exe)$`)
	timeForm   = lazyregexp.New(`^[0-9?*][0-9?*/,LW#-]*$`)
)

// userLike reports whether a user can have this name, also in a directory service.
func userLike(word string) bool { return len(word) <= 64 && userForm().MatchString(word) }

// sixth gives the word after the schedule, and what it looks like.
func (l *Line) sixth() (string, shape) {
	text := strings.TrimLeft(l.Text, " \t")
	if _, _, ok := envLine(text); ok {
		return "", notJudged
	}
	text, _ = cutNoLog(text)
	schedule, rest := cutSchedule(text)
	word, command := cutWord(rest)
	if _, err := cron.ParseCrontab(schedule); err != nil || rest == "" || timeForm().MatchString(word) {
		return word, notJudged
	}
	if slices.Contains(both, word) {
		return word, shapeOfBoth(word, command)
	}
	return word, shapeOf(word, command)
}

// shapeOf judges a word by its name and by what follows it.
func shapeOf(word, command string) shape {
	switch {
	case !userLike(word) || scriptForm().MatchString(word) || slices.Contains(programs, word):
		return aProgram
	case slices.Contains(accounts, word) || strings.HasPrefix(word, "Debian-") || strings.Contains(word, `\`):
		if command == "" {
			return unclear
		}
		return aUser
	case command == "" || strings.ContainsRune("-><|&;", rune(command[0])) && !strings.HasPrefix(command, "-n "):
		return aProgram
	}
	return shapeBefore(command)
}

// shapeBefore judges a word that tells nothing by what follows it, which can only be a command if it is
// a path, an assignment, a known program or what only a shell reads. No program is told to run cd or
// what stands in parentheses.
func shapeBefore(command string) shape {
	first, _ := cutWord(command)
	if first == "cd" || first[0] == '(' {
		return aUser
	}
	if strings.ContainsAny(first[:1], "/~.$[({\"'`") || strings.Contains(first, "=") || scriptForm().MatchString(first) || slices.Contains(programs, first) {
		return leads
	}
	return unclear
}

// shapeOfBoth judges a word that is a program and an account, such as node, the user of its official
// image (https://github.com/nodejs/docker-node/blob/main/docs/BestPractices.md#non-root-user).
func shapeOfBoth(word, command string) shape {
	first, rest := cutWord(command)
	alone := rest == "" || strings.ContainsRune("><|&;", rune(rest[0]))
	switch {
	case alone && (first == "test" || first == word): // a file or a database: as a program it would do nothing
		return aProgram
	case slices.Contains(programs, path.Base(first)) || path.Base(first) == word:
		return aUser
	case strings.HasPrefix(first, "/") && !scriptForm().MatchString(first) || strings.HasSuffix(first, ".sh"):
		return unclear
	}
	return aProgram
}

const sayUsers = "say --users yes or --users no"

// legend is what the comments of a file say about its columns.
type legend uint8

const (
	noLegend    legend = iota
	namesUsers         // one of the columns is the user
	namesNoUser        // the columns are named, and none is
)

var legendForm = lazyregexp.New(`(?i)^[#*|\s.\x60'+-]*(?:m|min|mins|minutes?)\b.*\b(?:h|hr|hours?)\b.*\b(?:dow|day|w|week|weekday|wday|day-of-week|day_of_week|d)\b`)

var userWord = lazyregexp.New(`(?i)\b(?:user|user-?name|who|account)\b`)

// drawnUser is a legend drawn in stars, as Debian and RHEL ship it.
var drawnUser = lazyregexp.New(`^#[\s#]*(?:\*\s+){5}(?:user|user-name|username)\b`)

// headings finds the legend of a file. If there are several, one that names users takes
// precedence.
func headings(data string) (found legend) {
	for text := range strings.Lines(data) {
		text = strings.TrimSpace(text)
		switch {
		case text == "" || text[0] != '#' || len(text) > 200:
		case drawnUser().MatchString(text), legendForm().MatchString(text) && userWord().MatchString(text):
			return namesUsers
		case legendForm().MatchString(text):
			found = namesNoUser
		}
	}
	return found
}

// judge decides for the whole file. The function that it returns says whether a line has a
// user, and what is in doubt about that.
func judge(lines []Line, users UserColumn, told legend) func(word string, s shape) (user bool, doubt string) {
	var count [notJudged + 1]int
	if users == Detect || users == System {
		for i := range lines {
			_, s := lines[i].sixth()
			count[s]++
		}
	}
	return func(word string, s shape) (bool, string) {
		switch {
		case s == notJudged && timeForm().MatchString(word):
			return false, ""
		case users == Absent:
			return false, ""
		case users == Present && !userLike(word):
			return false, "no user is called " + word + ", so cron rejects this line where the file names users"
		case users == Present:
			return true, ""
		}
		return evidence{users == System, told, count[aUser], count[aProgram], count[unclear], count[leads]}.read(word, s)
	}
}

// evidence is what speaks for and against a user column: the file's place, its legend, and
// how many lines name users, cannot name one, or could do either, without and with a command behind.
type evidence struct {
	system                        bool
	told                          legend
	with, without, unclear, leads int
}

// read decides for a line in its file. If no line can name a user, there is no column,
// whatever the place and the legend say: people copy both from other files.
func (v evidence) read(word string, s shape) (user bool, doubt string) {
	if v.with == 0 && v.unclear == 0 && v.leads == 0 {
		return false, ""
	}
	present := v.expected() || v.with > 0 && v.with >= v.without
	switch {
	case present && s == aProgram:
		return false, "the file names users and this line none, so cron takes " + word + " for one: " + sayUsers
	case !present && s == aUser:
		return false, "this line names the user " + word + " and most of the file none: " + sayUsers
	case v.unsettled(s):
		return present, "it is not certain whether " + word + " is a user or the command: " + sayUsers
	}
	return present, ""
}

// expected reports whether the place or the legend says that there is a column.
func (v evidence) expected() bool { return v.system || v.told == namesUsers }

// unsettled reports whether neither the place nor the legend nor most lines decide. A legend that
// names users decides only if some line can: people copy it from /etc/crontab into their own.
func (v evidence) unsettled(s shape) bool {
	switch {
	case v.system, v.told == namesNoUser && v.with == 0:
		return false
	case v.told == namesUsers:
		return v.with == 0 && v.leads == 0
	}
	return v.with == v.without || v.with*v.without > 0 && (s == unclear || s == leads)
}
