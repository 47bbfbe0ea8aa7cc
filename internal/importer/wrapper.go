package importer

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

var duration = lazyregexp.New(`^([0-9]+(?:\.[0-9]+)?)([smhd]?)$`)

// seconds reads a duration of timeout(1) and sleep(1).
func seconds(s string) (time.Duration, bool) {
	m := duration().FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	unit := map[string]string{"": "s", "s": "s", "m": "m", "h": "h", "d": "h"}[m[2]]
	d, err := time.ParseDuration(m[1] + unit)
	if m[2] == "d" {
		d *= 24
	}
	return d, err == nil && d > 0 && d <= job.MaxTimeout
}

// wrapper removes the outermost wrapper of the command.
func (r *Command) wrapper(s shell.List) bool {
	seg, ok := r.core(s)
	if !ok {
		return false
	}
	words := seg.Words
	for len(words) > 0 && shell.IsAssignment(words[0].Text) {
		words = words[1:]
	}
	if len(words) < 2 {
		return false
	}
	n := r.simple(words)
	switch shell.Base(shell.Unquote(words[0].Text)) {
	case "flock":
		return r.flock(words)
	case "timeout":
		if n = 0; !slices.ContainsFunc(s, func(s shell.Command) bool { return s.Name() == "sleep" }) { // the sleep would count against the timeout as well
			n = r.timeout(words)
		}
	}
	if n == 0 {
		return false
	}
	r.cut(words[0].Start, words[n].Start)
	return true
}

// plain are wrappers that a container does not need, with their options: those that stand alone,
// and those that take a value. A wrapper with any other option stays.
var plain = map[string]struct{ alone, valued, why string }{
	"chronic":  {`-v|-e|-ve|-ev`, `$`, "notices come for failures, and output goes to the task's log"},
	"croncape": {`$`, `$`, "notices come for failures, and output goes to the task's log"},
	"cronic":   {`$`, `$`, "notices come for failures, and output goes to the task's log"},
	"nice":     {`-n-?[0-9]+|--?[0-9]+|--adjustment=-?[0-9]+`, `-n|--adjustment`, ownCPU},
	"ionice":   {`-t|-c[0-3]|-n[0-7]|--class=\w+|--classdata=[0-7]`, `-c|-n|--class|--classdata`, ownCPU},
	"chrt":     {`-[bfiorRv]|--(?:batch|fifo|idle|other|rr)`, `$`, ownCPU},
	"nohup":    {`$`, `$`, noTerminal},
	"setsid":   {`-[cfw]+|--ctty|--fork|--wait`, `$`, noTerminal},
}

const (
	ownCPU     = "a task has its own cpu; choose its size with cpu and memory"
	noTerminal = "there is no terminal to hang up"
)

// simple counts the words of a wrapper that has no counterpart; 0 for other programs.
func (r *Command) simple(words []shell.Word) int {
	name := shell.Base(shell.Unquote(words[0].Text))
	w, ok := plain[name]
	if !ok {
		return 0
	}
	n, ok := options(words, w.alone, w.valued)
	if name == "chrt" {
		n++ // its priority
	}
	if !ok || n >= len(words) {
		return 0
	}
	r.E.Change("%s is removed: %s", name, w.why)
	return n
}

// options counts the words of a wrapper and its options. ok is false if an option is not known.
// alone and valued are alternatives of a regular expression.
func options(words []shell.Word, alone, valued string) (n int, ok bool) {
	one, two := regexp.MustCompile(`^(?:`+alone+`)$`), regexp.MustCompile(`^(?:`+valued+`)$`)
	for n = 1; n < len(words) && strings.HasPrefix(words[n].Text, "-"); n++ {
		switch {
		case two.MatchString(words[n].Text):
			n++
		case !one.MatchString(words[n].Text):
			return n, false
		}
	}
	return n, n < len(words)
}

func (r *Command) timeout(words []shell.Word) int {
	n, ok := options(words, `--foreground|-v|--verbose|-[sk]\w+|--(?:signal|kill-after)=\w+`, `-s|--signal|-k|--kill-after`)
	if !ok || n+1 >= len(words) {
		return 0
	}
	d, ok := seconds(words[n].Text)
	if !ok {
		return 0
	}
	d = max(d, time.Second)
	r.Job.Timeout = job.Duration(d)
	r.E.Change("timeout is removed: the job has `timeout: %s`, after which its task is stopped and the run fails as timed out", r.Job.Timeout)
	return n + 1
}

var (
	nonblock = lazyregexp.New(`^(-[a-zA-Z]*n[a-zA-Z]*|--nonblock|--nb)$`)
	// conflict matches the option by which a flock that gives up is a success.
	conflict   = lazyregexp.New(`(?:^|\s)(?:-E\s*|--conflict-exit-code[= ])0+(?:\s|$)`)
	descriptor = lazyregexp.New(`^[0-9]+$`)
	flockWait  = lazyregexp.New(`^(?:-w|--wait=|--timeout=)([0-9.]+)$`)
)

const (
	flockAlone  = `-[nxeFo]+|--nonblock|--nb|--exclusive|--close|--no-fork|--verbose|-w[0-9.]+|-E[0-9]+|--(?:wait|timeout|conflict-exit-code)=[0-9.]+`
	flockValued = `-w|--wait|--timeout|-E|--conflict-exit-code`
)

// flock turns a flock into the job's overlap. A shared lock stays, and so does the lock of a file
// that is already open.
func (r *Command) flock(words []shell.Word) bool {
	n, ok := options(words, flockAlone, flockValued)
	if !ok || n+1 >= len(words) {
		return false
	}
	wait, limited := waitOf(words[1:n])
	skips := gives(words[1:n])
	lock := shell.Unquote(words[n].Text)
	if !r.unlock(words, n+1) {
		return false
	}
	r.Lock = lock
	if skips {
		r.Job.Overlap = job.Forbid
		r.E.Change("flock is removed, since each task has its own files and it would lock nothing: `overlap: forbid` skips a run while another of the job is open")
		return true
	}
	r.Job.Overlap = job.Queue
	r.E.Change("flock is removed, since each task has its own files and it would lock nothing: `overlap: queue` makes one run wait for the other's end")
	if limited {
		r.Off("flock gave up after %gs, and a run in a queue waits until the other ends: choose `overlap: forbid`, which does not wait, or `queue` with the longest `timeout` that may be waited for", wait)
	}
	return true
}

// gives reports whether a flock with these options gives up at once if its lock is taken.
func gives(options []shell.Word) bool {
	wait, limited := waitOf(options)
	return limited && wait == 0 || slices.ContainsFunc(options, func(w shell.Word) bool { return nonblock().MatchString(w.Text) })
}

// waitOf gives the seconds for which a flock waits.
func waitOf(options []shell.Word) (seconds float64, limited bool) {
	for i, w := range options {
		text := ""
		if m := flockWait().FindStringSubmatch(w.Text); m != nil {
			text = m[1]
		} else if slices.Contains([]string{"-w", "--wait", "--timeout"}, w.Text) && i+1 < len(options) {
			text = options[i+1].Text
		}
		if text != "" {
			seconds, err := strconv.ParseFloat(text, 64)
			return seconds, err == nil
		}
	}
	return 0, false
}

// unlock removes a flock whose command begins with the nth word. The text of -c becomes the line
// if it is the whole of it and quotes change nothing. Otherwise a shell gets it as flock gave it.
func (r *Command) unlock(words []shell.Word, n int) bool {
	if words[n].Text != "-c" && words[n].Text != "--command" {
		r.cut(words[0].Start, words[n].Start)
		return true
	}
	if n+2 != len(words) {
		return false
	}
	text := words[n+1]
	literal := text.Text[0] == '\'' || !strings.ContainsAny(text.Text, "$`\\")
	if inner := shell.Unquote(text.Text); literal && inner != text.Text && words[0].Start == 0 && text.End == len(r.Line) {
		r.Line = inner
		return true
	}
	r.Line = r.Line[:words[0].Start] + r.interpreter() + " -c " + r.Line[text.Start:]
	return true
}

// SettleQueue gives a job whose runs wait the timeout that it needs.
func (r *Command) SettleQueue() {
	if r.Job.Overlap == job.Queue && r.Job.Timeout == 0 {
		r.Job.Timeout = job.Duration(24 * time.Hour)
		r.E.Decide("a waiting run needs the one before it to end: `timeout: %s` is proposed", r.Job.Timeout)
	}
}
