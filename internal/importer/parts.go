package importer

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// Parts gives the words that tell a command from others, the most telling first: the script, the
// command of a framework, the last part of a URL, then its arguments. Interpreters and wrappers
// do not count. There is always at least one.
func Parts(line string, variables map[string]string) []string {
	list, err := shell.Parse(line)
	if err != nil {
		list = shell.List{roughly(line)}
	}
	parts, _ := partsOf(list, variables, 0)
	if len(parts) == 0 {
		return []string{"job"}
	}
	return parts
}

// roughly splits at its blanks a line that no shell can read.
func roughly(line string) (c shell.Command) {
	for _, f := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\"'`(){};&|", r) }) {
		c.Words = append(c.Words, shell.Word{Text: f})
	}
	return c
}

// feeding are commands that only give others something to read.
var feeding = []string{"echo", "printf", "cat", "yes"}

// saying are commands that only say that another begins.
var saying = []string{"echo", "printf"}

// idle are commands that do no work of their own.
var idle = []string{"true", "false", ":", "wait", "exit", "date", "logger"}

// partsOf names the first command that is more than preparation, or else the last. works reports whether
// there is one that is more.
func partsOf(list shell.List, variables map[string]string, depth int) (prepared []string, works bool) {
	folder := ""
	for i, c := range list {
		parts, more := commandParts(c, variables, folder, depth)
		name := c.Name()
		if name == "cd" && len(c.Words) == 2 {
			folder = expand(shell.Unquote(c.Words[1].Text), variables)
		}
		switch {
		case len(parts) == 0:
		case !more, isSetup(c), isDelay(c), isCondition(c), slices.Contains(idle, name), name == "exec" && len(c.Words) == 1, i+1 < len(list) && (slices.Contains(saying, name) || slices.Contains(feeding, name) && strings.HasPrefix(c.After, "|")):
			prepared = parts
		default:
			return parts, true
		}
	}
	return prepared, false
}

// isDelay reports whether a command only waits, in another language than the shell's, as in
// Debian's crontab for certbot (perl -e 'sleep int(rand(43200))').
func isDelay(c shell.Command) bool {
	m := versioned().FindStringSubmatch(c.Name())
	return m != nil && len(c.Words) == 3 && slices.Contains([]string{"-e", "-c", "-r"}, c.Words[1].Text) && delay().MatchString(c.Words[2].Text)
}

// delay matches a text that imports what it needs and sleeps.
var delay = lazyregexp.New(`^["'](?:(?:import|from|use) [\w ,.:]+;\s*)*(?:time\.)?(?:u?sleep)\b[^;]*;?\s*["']$`)

func commandParts(c shell.Command, variables map[string]string, folder string, depth int) (parts []string, works bool) {
	if depth > maxHeld {
		return nil, false
	}
	if len(c.Inner) > 0 {
		return blockParts(c, variables, depth)
	}
	for n := range c.Words {
		if inner := held(c.Words, n); inner != "" && starts(c.Words[:n]) {
			if list, err := shell.Parse(inner); err == nil {
				return partsOf(list, variables, depth+1)
			}
		}
	}
	w := wording{variables: variables, folder: folder}
	for _, word := range c.Words {
		if !shell.IsAssignment(word.Text) {
			w.words = append(w.words, word.Text)
		}
	}
	return w.parts(), true
}

// blockParts names the first list of a block that does more than prepare, or else its first.
func blockParts(c shell.Command, variables map[string]string, depth int) (parts []string, works bool) {
	for _, inner := range c.Inner {
		one, more := partsOf(inner, variables, depth+1)
		if more {
			return one, true
		}
		if len(parts) == 0 {
			parts = one
		}
	}
	return parts, false
}

// starts reports whether one of the words is a shell, or a program that hands a text to one.
func starts(words []shell.Word) bool {
	return slices.ContainsFunc(words, func(w shell.Word) bool {
		return slices.Contains([]string{"sh", "bash", "dash", "zsh", "ksh", "ash", "su", "runuser", "flock", "script", "xvfb-run", "setuidgid"}, shell.Base(w.Text))
	})
}

// wording finds the parts among the words of a command.
type wording struct {
	words     []string
	variables map[string]string
	folder    string // the folder of a cd before the command
	script    string // the word that gave the first part
	framework string // the last word with a folder that only starts others
	container string // the container in which the command runs
	out       []string
	program   string // the last word that only starts others
}

func (w *wording) parts() []string {
	w.skipLaunchers()
	if len(w.words) > 0 && w.program != "" && strings.HasPrefix(w.words[0], "$") {
		w.program = ""
	}
	for _, word := range w.words {
		w.add(word)
	}
	if len(w.out) == 0 && Clean(w.container) == "" && Clean(w.program) != "" {
		return []string{w.program}
	}
	w.where()
	return w.out
}

// where adds the container and the folder. What a command runs says most; its arguments say more
// than where it runs.
func (w *wording) where() {
	folder := cmp.Or(w.inFolder(), Clean(w.container))
	if len(w.out) == 1 && folder != "" && slices.Contains(general, strings.ToLower(w.out[0])) {
		w.out[0] = Clean(folder + "-" + w.out[0])
	}
	for _, where := range []string{w.container, folder} {
		if name := Clean(bare(where)); name != "" && !slices.Contains(w.out, name) {
			w.out = slices.Insert(w.out, min(len(w.out), maxParts-2), name)
		}
	}
}

// bare gives the name of a program or script without quotes, folder and extension.
func bare(word string) string {
	name := shell.Base(strings.Trim(word, `"'`))
	for _, x := range []string{".sh", ".py", ".rb", ".pl", ".php", ".js", ".mjs", ".cjs", ".jar", ".ts", ".bash", ".exe", ".R", ".phar", ".ps1"} {
		name = strings.TrimSuffix(name, x)
	}
	return name
}

// add takes a word as a part if it can be one.
func (w *wording) add(word string) {
	text := strings.Trim(word, "\"'(){} `")
	if strings.Contains(text, "://") {
		w.out = append(w.out, urlParts(text)...)
		return
	}
	if len(w.out) == 0 && strings.HasPrefix(text, "$") && w.variable(&text) {
		return
	}
	name := Clean(bare(text))
	if name == "" || saysLittle(text) {
		return
	}
	if len(w.out) == 1 && needsMore(w.out[0]) && len(strings.Fields(text)) == 1 {
		w.out[0] = Clean(w.out[0] + "-" + name)
		return
	}
	if len(w.out) == 0 {
		w.script = text
		name = w.started(name)
	}
	w.out = append(w.out, name)
}

// started gives the name of the script. If that says only that something starts, the folder goes
// before it.
func (w *wording) started(name string) string {
	if !slices.Contains(starters, strings.ToLower(name)) || !strings.Contains(w.script, "/") {
		return name
	}
	if folder := w.inFolder(); folder != "" {
		return Clean(folder + "-" + name)
	}
	return name
}

// needsMore reports whether a part says little without the next one.
func needsMore(part string) bool {
	program, _, second := strings.Cut(part, "-")
	return slices.Contains(general, strings.ToLower(part)) || slices.Contains(subcommanded, part) ||
		second && slices.Contains(grouped, program) && strings.Count(part, "-") == 1
}

// variable expands a word that begins with a variable. It returns true if the word is only a
// variable: what follows it then says more.
func (w *wording) variable(text *string) bool {
	name := strings.Trim(*text, "${}")
	if shell.IsName(name) && w.program == "" {
		w.program = Clean(bare(cmp.Or(w.variables[name], strings.ToLower(name))))
		return true
	}
	*text = expand(*text, w.variables)
	return false
}

// saysLittle reports whether a word is an option, a time, an identifier, an assignment or a
// pattern.
func saysLittle(text string) bool {
	_, isTime := seconds(text)
	return isTime || strings.HasPrefix(text, "-") || identifier().MatchString(shell.Base(text)) || strings.ContainsAny(shell.Base(text), "$`*?\\;") || shell.IsAssignment(text)
}

// inFolder gives the nearest meaningful folder of the script, or of the folder of a cd. It is ""
// if there is none.
func (w *wording) inFolder() string {
	file := w.script
	if !strings.Contains(file, "/") && w.framework != "" {
		file = w.framework
	}
	dir := path.Dir(expand(shell.Unquote(file), w.variables))
	if !path.IsAbs(dir) && w.folder != "" {
		dir = path.Join(w.folder, dir)
	}
	for range 16 {
		name := path.Base(dir)
		if says := Clean(name); says != "" && says[0] > '9' && !slices.Contains(places, strings.ToLower(says)) && !saysLittle(name) {
			return says
		}
		dir = path.Dir(dir)
	}
	return ""
}
