package importer

import (
	"regexp"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// remark is something that a person should know about a command: about the programs that it
// starts, or about the form of the line.
type remark struct {
	programs []string
	form     func() *regexp.Regexp
	as       weight
	text     string
}

// weight says how much a remark matters.
type weight uint8

const (
	known   weight = iota // for information
	decided               // a person should choose
	stops                 // a person must choose: the job is imported switched off
)

// everywhere are true of all jobs, remarks of those in containers, and remarksOnHost of those that stay on
// their host.
var everywhere = []remark{
	{nil, lazyregexp.New(`(?i)^(?:[?*0-9][0-9*/,?#-]*(?:\s|$)|(?:sun|mon|tue|wed|thu|fri|sat)(?:[-,](?:sun|mon|tue|wed|thu|fri|sat))*\s*$)`), stops, "the command begins with what looks like a sixth time field, as in schedulers that count seconds or years"},
	{nil, lazyregexp.New(`^(?:\w+=\S+\s+)*(?:ID=\S+\s+(?:\w+=\S+\s+)*(?:FREQ|WAIT|AFTER)=|(?:FREQ|WAIT|AFTER)=\S+\s+(?:\w+=\S+\s+)*ID=)`), stops, "it begins with options of dcron (FREQ, WAIT, AFTER), which say when or after which job it runs and which a shell takes for variables: say that with the schedule, or with one job for both, and remove them"},
	{nil, lazyregexp.New(`(?:^|[^\\])(?:\\\\)*\\[ \t]*$`), decided, "it ends with a backslash, which does not join lines in a crontab: the next line was never part of it"},
	{nil, lazyregexp.New(`hc-ping\.com|healthchecks\.io|cronitor|deadmanssnitch|uptimerobot`), known, "it reports to its own monitoring: keep that, or drop it, since batchplane tells missed runs"},
}

var remarks = []remark{
	{nil, lazyregexp.New(`-[defx]\s+["']?/run/systemd/system(?:/?[^\w/.-]|/?$)`), stops, "it checks whether its host runs systemd, which a container does not: here it may do what a timer did there instead of it, or nothing, so check `systemctl list-timers` before it runs here"},
	{nil, lazyregexp.New(`-[efx]\s+["']?\S*bin/anacron(?:[^\w/.-]|$)`), stops, "it checks whether its host has anacron, which a container does not: here it may do what anacron did there instead of it, or nothing, so check `ls -l /usr/sbin/anacron` before it runs here"},
	{hostPrograms, lazyregexp.New(`/etc/init\.d/`), stops, "it acts on its host, which a container does not: leave it there, or find a replacement"},
	{[]string{"run-parts"}, nil, decided, "run-parts runs every script of a folder in order: better make each script a job; the folder must be in the image"},
	{containers, nil, stops, "it drives containers from its host: make that container the job"},
	{[]string{"sudo", "su", "doas", "runuser"}, nil, decided, "it changes its user: set user in the task definition instead"},
	{[]string{"flock"}, nil, stops, "flock is left in it and locks nothing, since each task has its own files: use `overlap`"},
	{lockers, lockForm, stops, "it takes a lock, which holds nothing back, since each task has its own files and processes: use `overlap`, and remove the lock"},
	{mailers, nil, decided, "it sends mail, and a container has no mail system: `notify` reports failures"},
	{nil, lazyregexp.New(`(^|[\s="':])(~/|/(?:home|root|Users)/)|virtualenv|\.nvm|\.rvm|\.rbenv|\.pyenv`), known, "it uses a user's folder on its host: the image must have its contents"},
	{[]string{"ps", "pgrep", "pidof", "pkill", "killall", "kill", "start-stop-daemon"}, nil, stops, "it looks for processes on its host, but a task sees only its own: a service keeps a program running; `overlap: forbid` keeps two runs apart"},
	{[]string{"cd", "pushd"}, nil, known, "it changes into a folder that the image must have"},
	{[]string{"source", "."}, nil, known, "it reads a settings file: put it into the image, or its settings into environment and secrets"},
	{nil, lazyregexp.New(`\bsleep\b.*\bRANDOM\b`), known, "it waits at random: `window` does that without paying for the wait, if it is shorter than the time between two runs"},
	{nil, passwordForm, decided, "it may hold a password, which anyone who may read ECS events could read: if so, put it into the task definition's secrets"},
	{[]string{"ssh", "rsync", "scp", "sftp"}, nil, known, "it logs in elsewhere: put its keys into the task definition's secrets"},
}

var remarksOnHost = []remark{
	{[]string{"run-parts"}, nil, known, "run-parts runs every script of a folder in order: with a job for each, each has a history and notices of its own"},
	{[]string{"sudo", "su", "doas"}, nil, decided, "it changes its user, which works as it did, but not in the unit that `batchplane local install` prints unless that runs as root: NoNewPrivileges forbids it there"},
	{[]string{"start-stop-daemon", "screen", "tmux", "daemonize", "daemon", "supervisord", "pm2", "forever", "setsid", "anacron", "invoke-rc.d", "rc-service"}, daemonForm, stops, "it may start what is to run on, and what a task leaves running is killed when it ends: leave such a line in its crontab, or let the system's service manager start it"},
	{[]string{"service"}, nil, decided, "on a host without systemd, `service` itself starts what is to run on, and what a task leaves running is killed when it ends: check that it asks systemd, or leave the line in its crontab"},
	{nil, awayForm, decided, "what it starts runs on after its run has ended, as before: without -d, the run lasts as long as that, and has its exit code and its output"},
	{nil, keepsForm, decided, "it starts a program unless that runs already: what a task leaves running is killed when it ends, and tasks are stopped with local mode, so if that program is to run on, leave the line in its crontab, or let the system's service manager start it"},
	{nil, passwordForm, decided, "it may hold a password, which anyone who may read the jobs file or its runs could read: if so, put it into the task definition's secrets"},
}

// passwordForm matches options that may hold one.
var passwordForm = lazyregexp.New(`\s-p[A-Za-z]{6,}(\s|$)|\s(-u|-a|--user|--auth)[= ]["']?[A-Za-z][\w.-]*:(?:[^/\s"'$][^\s"'$]*)?[A-Za-z]`)

// daemonForm matches scripts that start a service by themselves, and options by which a program stays
// behind: some mean that with some programs alone.
var daemonForm = lazyregexp.New(`/etc/(?:rc\.d/)?init\.d/\S+\s+(?:re)?start|\s--?daemon(?:ize)?(?:[\s=]|$)` +
	`|\b(?:gunicorn|unicorn(?:_rails)?|celery)\s(?:[^;&|]*\s)?(?:-D|--detach)(?:\s|$)|\bcelery\s(?:[^;&|]*\s)?multi\s+(?:re)?start\s` +
	`|\b(?:auto)?ssh\s+(?:-[^\s"']+(?:"[^"]*"|'[^']*')?\s+(?:(?:"[^"]*"|'[^']*'|[^-\s"'][^\s"']*)\s+)?)*?-[46AaCGgKkMNnqsTtVvXxYy]*f[46AaCGgKkMNnqsTtVvXxYy]*(?:\s|$)` +
	`|\b(?:apachectl|apache2ctl|pg_ctl)\s+(?:[^;&|]*\s)?start(?:\s|$)|\bpg_ctl\s+(?:[^;&|]*\s)?restart(?:\s|$)|\bhttpd\s+-k\s+start(?:\s|$)|\bpodman\s+run\s+` + detached)

// awayForm matches containers that a daemon of the host keeps after the line has ended.
var awayForm = lazyregexp.New(`\bdocker(?:-compose)?\s+(?:[^;&|]*\s)?(?:run|up)\s+` + detached)

// detached matches the option that does not wait for a container, among those before its image: all but --rm may
// take a value.
const detached = `(?:--rm\s+|-(?:[^-\s]|-[^r\s]|-r[^m\s])\S*\s+(?:[^-\s]\S*\s+)?)*?(?:-[it]*d[it]*|--detach)(?:\s|$)`

// keepsForm matches lines that look for a process and start one if there is none.
var keepsForm = lazyregexp.New(`(?:\b(?:pgrep|pidof)\b|\bps\s[^;|]*\|[^;]*\bgrep\b|\bkill\s+-0\b)[^;|]*\|\||!\s*(?:pgrep|pidof)\b`)

// hostPrograms are programs that make sense only on a host.
var hostPrograms = []string{
	"systemctl", "service", "shutdown", "reboot", "poweroff", "logrotate", "anacron", "apt-get", "apt", "yum", "dnf", "zypper", "apk", "pacman", "snap", "certbot", "fstrim", "mdadm", "checkarray",
	"rsnapshot", "sysctl", "smartctl", "zpool", "zfs", "btrfs", "atrun", "newsyslog", "tmpwatch", "tmpreaper", "periodic", "freshclam", "updatedb", "ntpdate", "hwclock", "iptables", "ufw", "modprobe", "mount", "umount", "supervisorctl", "pm2", "monit", "raid-check",
	"osascript", "launchctl", "wall", "screen", "tmux", "notify-send", "xset",
}

// applies reports whether a remark is about this command.
func (m remark) applies(line string, started []string) bool {
	return m.form != nil && m.form().MatchString(line) || slices.ContainsFunc(m.programs, func(p string) bool { return slices.Contains(started, p) })
}

// remarks reports what stays in the command and a person should know.
func (r *Command) remarks(s shell.List) {
	all, started := callsOf(s, 0), programs(s)
	table := remarks
	if r.Local {
		table = remarksOnHost
	}
	for _, m := range slices.Concat(everywhere, table) {
		switch {
		case !m.applies(r.Line, started):
		case m.as == stops:
			r.Off("%s", m.text)
		case m.as == decided:
			r.E.Decide("%s", m.text)
		default:
			r.E.Note("%s", m.text)
		}
	}
	if r.Local {
		r.failures(s)
		r.onHost(s)
		return
	}
	r.itself(all)
	r.disk(s, all)
	r.mirrors(all)
	r.failures(s)
	r.guards(s)
	r.absent(s)
	if bashForm().MatchString(r.Line) && r.interpreter() == "/bin/sh" {
		r.E.Decide("it uses bash syntax, and its SHELL is /bin/sh: that works only if /bin/sh is bash")
	}
	if name := shell.Base(r.interpreter()); name != "" && !slices.Contains(usualShells, name) {
		r.Off("its SHELL is %s, which images do not have: name /bin/sh or /bin/bash", r.interpreter())
	}
}

// usualShells are shells that an image may have.
var usualShells = []string{"sh", "bash", "dash", "zsh", "ksh", "ash", "busybox", "fish", "csh", "tcsh"}

// cutURL reports whether a & ends a command in the middle of a URL without quotes.
func cutURL(c shell.Command) bool {
	if len(c.Words) == 0 || c.After != "&" || c.AfterEnd-1 != c.End {
		return false
	}
	last := c.Words[len(c.Words)-1].Text
	return strings.Contains(last, "://") && strings.Contains(last, "?")
}
