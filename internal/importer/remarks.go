package importer

import (
	"regexp"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/job"
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

var remarks = []remark{
	{nil, pattern(`(?i)^(?:[?*0-9][0-9*/,?#-]*(?:\s|$)|(?:sun|mon|tue|wed|thu|fri|sat)(?:[-,](?:sun|mon|tue|wed|thu|fri|sat))*\s*$)`), stops, "the command begins with what looks like a sixth time field, as in schedulers that count seconds or years"},
	{nil, pattern(`^(?:\w+=\S+\s+)*(?:ID=\S+\s+(?:\w+=\S+\s+)*(?:FREQ|WAIT|AFTER)=|(?:FREQ|WAIT|AFTER)=\S+\s+(?:\w+=\S+\s+)*ID=)`), stops, "it begins with options of dcron (FREQ, WAIT, AFTER), which say when or after which job it runs and which a shell takes for variables: say that with the schedule, or with one job for both, and remove them"},
	{nil, pattern(`-[defx]\s+["']?/run/systemd/system(?:/?[^\w/.-]|/?$)`), stops, "it checks whether its host runs systemd, which a container does not: here it may do what a timer did there instead of it, or nothing, so check `systemctl list-timers` before it runs here"},
	{nil, pattern(`-[efx]\s+["']?\S*bin/anacron(?:[^\w/.-]|$)`), stops, "it checks whether its host has anacron, which a container does not: here it may do what anacron did there instead of it, or nothing, so check `ls -l /usr/sbin/anacron` before it runs here"},
	{nil, pattern(`(?:^|[^\\])(?:\\\\)*\\[ \t]*$`), decided, "it ends with a backslash, which does not join lines in a crontab: the next line was never part of it"},
	{hostPrograms, pattern(`/etc/init\.d/`), stops, "it acts on its host, which a container does not: leave it there, or find a replacement"},
	{[]string{"run-parts"}, nil, decided, "run-parts runs every script of a folder in order: better make each script a job; the folder must be in the image"},
	{nil, deletes, stops, "it deletes old files of its host, and a task has only its own: leave it there"},
	{containers, nil, stops, "it drives containers from its host: make that container the job"},
	{[]string{"sudo", "su", "doas", "runuser"}, nil, decided, "it changes its user: set user in the task definition instead"},
	{[]string{"flock"}, nil, stops, "flock is left in it and locks nothing, since each task has its own files: use `overlap`"},
	{lockers, lockForm, stops, "it takes a lock, which holds nothing back, since each task has its own files and processes: use `overlap`, and remove the lock"},
	{[]string{"mail", "mailx", "mutt", "sendmail", "msmtp", "ssmtp"}, nil, decided, "it sends mail, and a container has no mail system: `notify` reports failures"},
	{nil, pattern(`hc-ping\.com|healthchecks\.io|cronitor|deadmanssnitch|uptimerobot`), known, "it reports to its own monitoring: keep that, or drop it, since batchplane tells missed runs"},
	{nil, pattern(`(^|[\s="':])(~/|/(?:home|root|Users)/)|virtualenv|\.nvm|\.rvm|\.rbenv|\.pyenv`), known, "it uses a user's folder on its host: the image must have its contents"},
	{[]string{"ps", "pgrep", "pidof", "pkill", "killall", "kill", "start-stop-daemon"}, nil, stops, "it looks for processes on its host, but a task sees only its own: a service keeps a program running; `overlap: forbid` keeps two runs apart"},
	{[]string{"cd", "pushd"}, nil, known, "it changes into a folder that the image must have"},
	{[]string{"source", "."}, nil, known, "it reads a settings file: put it into the image, or its settings into environment and secrets"},
	{nil, pattern(`\bsleep\b.*\bRANDOM\b`), known, "it waits at random: `window` does that without paying for the wait, if it is shorter than the time between two runs"},
	{nil, pattern(`\s-p[A-Za-z]{6,}(\s|$)|\s(-u|-a|--user|--auth)[= ]["']?[A-Za-z][\w.-]*:[^\s"'$]*[A-Za-z]`), decided, "it may hold a password, which anyone who may read ECS events could read: if so, put it into the task definition's secrets"},
	{[]string{"ssh", "rsync", "scp", "sftp"}, nil, known, "it logs in elsewhere: put its keys into the task definition's secrets"},
}

// deletes matches a line that deletes what find finds and does nothing else.
var deletes = pattern(`^(?:cd\s+\S+\s*(?:&&|;)\s*)?(?:sudo\s+)?find\s(?:[^;&|]|\\;)*(?:\s-delete\b|\s-exec(?:dir)?\s+(?:/bin/)?rm\s|(?:\|[^;&|]*)?\|\s*xargs\s[^;&|]*\brm(?:\s|$))` +
	`(?:[^;&|]|\\;|[;&|]+\s*(?:find|rm|rmdir|sudo|xargs|echo|true|date|logger)\b)*$`)

// hostPrograms are programs that make sense only on a host.
var hostPrograms = []string{
	"systemctl", "service", "shutdown", "reboot", "poweroff", "logrotate", "anacron", "apt-get", "apt", "yum", "dnf", "zypper", "apk", "pacman", "snap", "certbot", "fstrim", "mdadm", "checkarray",
	"atrun", "newsyslog", "tmpwatch", "tmpreaper", "periodic", "freshclam", "updatedb", "ntpdate", "hwclock", "iptables", "ufw", "modprobe", "mount", "umount", "supervisorctl", "pm2", "monit", "raid-check",
	"osascript", "launchctl", "wall", "screen", "tmux", "notify-send", "xset",
}

// wrapping are programs that start the command after their options.
var wrapping = []string{
	"sudo", "doas", "env", "nice", "ionice", "chrt", "timeout", "flock", "lockrun", "setlock", "chronic", "cronic", "nohup", "setsid", "time", "exec", "command", "xargs", "runuser",
	"stdbuf", "systemd-cat", "xvfb-run", "cronitor", "eval", "!", "run-one", "cpulimit",
}

// programs gives the names of all programs that a list starts, also within its blocks and
// substitutions, in its shells and after its wrappers.
func programs(s shell.List, depth int) (all []string) {
	for _, c := range s {
		w := wording{}
		for _, word := range c.Words {
			w.words = append(w.words, shell.Unquote(word.Text))
		}
		for w.options(nil); len(w.words) > 0; {
			name := shell.Base(w.words[0])
			all = append(all, name)
			w.words = w.words[1:]
			if !slices.Contains(wrapping, name) {
				break
			}
			l := launchers[name]
			for range l.words {
				w.options(l.valued)
				w.words = w.words[min(1, len(w.words)):]
			}
			w.options(l.valued)
		}
		for _, inner := range append(within(c, depth), c.Substituted...) {
			all = append(all, programs(inner, depth+1)...)
		}
	}
	return all
}

// Starts reports whether a command, given as words or as the text of a shell, starts a program.
func Starts(words []string, program string) bool {
	if len(words) == 0 {
		return false
	}
	if s, ok := job.ScriptOf(words); ok && s.At < len(words) && len(words[s.At]) <= maxCommand {
		list, err := shell.Parse(words[s.At])
		return err == nil && slices.Contains(programs(list, 0), program)
	}
	return shell.Base(words[0]) == program
}

// applies reports whether a remark is about this command.
func (m remark) applies(line string, started []string) bool {
	return m.form != nil && m.form().MatchString(line) || slices.ContainsFunc(m.programs, func(p string) bool { return slices.Contains(started, p) })
}

// remarks reports what stays in the command and a person should know.
func (r *Command) remarks(s shell.List) {
	started := programs(s, 0)
	for _, m := range remarks {
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
	if ownHost().MatchString(r.Line) && !slices.Contains(started, "ssh") { // where another's host is meant
		r.Off("it calls its own host, where in a task nothing answers: write the name of the service that it calls")
	}
	r.outputs(s)
	r.failures(s)
	r.guards(s)
	if bashForm().MatchString(r.Line) && r.interpreter() == "/bin/sh" {
		r.E.Decide("it uses bash syntax, and its SHELL is /bin/sh: that works only if /bin/sh is bash")
	}
	if name := shell.Base(r.interpreter()); name != "" && !slices.Contains(usualShells, name) {
		r.Off("its SHELL is %s, which images do not have: name /bin/sh or /bin/bash", r.interpreter())
	}
}

// ownHost matches a URL, an argument of curl and wget, or a client's option that names the host
// itself.
var ownHost = pattern(`(?:://(?:[^\s/@]*@)?|\b(?:curl|wget)\s(?:[^|;&]*\s)?["']?|\s(?:-h|--host)[= ]?["']?)(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1\])(?:[:/?"'\s]|$)`)

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
