package importer

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
)

// Parts are the words that tell a command from others, the most telling first:
// the script, the command of a framework, the last part of a URL, and then its
// arguments. Interpreters and wrappers are none. There is always one.
func Parts(line string, variables map[string]string) []string {
	list, err := shell.Parse(line)
	if err != nil {
		list = shell.List{roughly(line)}
	}
	parts := partsOf(list, variables, 0)
	if len(parts) == 0 {
		return []string{"job"}
	}
	return parts
}

// roughly cuts a line at its blanks, where no shell can read it.
func roughly(line string) (c shell.Command) {
	for _, f := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\"'`(){};&|", r) }) {
		c.Words = append(c.Words, shell.Word{Text: f})
	}
	return c
}

// feeding are commands that only give others something to read.
var feeding = []string{"echo", "printf", "cat", "yes"}

// idle are commands that do nothing of their own.
var idle = []string{"true", "false", ":", "wait", "exit", "date", "logger"}

// partsOf names the first command that is more than preparation, else the last.
func partsOf(list shell.List, variables map[string]string, depth int) []string {
	var prepared []string
	folder := ""
	for i, c := range list {
		parts := commandParts(c, variables, folder, depth)
		name := c.Name()
		if name == "cd" && len(c.Words) == 2 {
			folder = Expand(shell.Unquote(c.Words[1].Text), variables)
		}
		switch {
		case len(parts) == 0:
		case isSetup(c), slices.Contains(idle, name), slices.Contains(feeding, name) && strings.HasPrefix(c.After, "|") && i+1 < len(list):
			prepared = parts
		default:
			return parts
		}
	}
	return prepared
}

func commandParts(c shell.Command, variables map[string]string, folder string, depth int) []string {
	if depth > maxHeld {
		return nil
	}
	for _, inner := range c.Inner {
		if parts := partsOf(inner, variables, depth+1); len(parts) > 0 {
			return parts
		}
	}
	if len(c.Inner) > 0 {
		return nil
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
	return w.parts()
}

// starts is whether a shell is among the words, or what hands a text to one.
func starts(words []shell.Word) bool {
	return slices.ContainsFunc(words, func(w shell.Word) bool {
		return slices.Contains([]string{"sh", "bash", "dash", "zsh", "ksh", "ash", "su", "runuser", "flock", "script", "xvfb-run", "setuidgid"}, shell.Base(w.Text))
	})
}

// wording looks for the parts among the words of a command.
type wording struct {
	words     []string
	variables map[string]string
	folder    string // into which was changed before
	script    string // the word that gave the first part
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
	if len(w.out) == 1 && slices.Contains(general, strings.ToLower(w.out[0])) {
		if folder := w.inFolder(w.script); folder != "" && !slices.Contains(places, folder) {
			w.out[0] = Clean(folder + "-" + w.out[0])
		}
	}
	if len(w.out) == 0 && Clean(w.program) != "" {
		return []string{w.program}
	}
	return w.out
}

// skipLaunchers takes off what only starts other programs.
func (w *wording) skipLaunchers() {
	for range 32 {
		if len(w.words) == 0 {
			return
		}
		program := bare(w.words[0])
		if m := versioned.FindStringSubmatch(program); m != nil {
			program = m[1]
		}
		l, ok := launchers[program]
		if !ok {
			return
		}
		w.program = program
		w.words = w.words[1:]
		if slices.Contains([]string{"python", "java"}, program) && w.module() {
			return
		}
		for range l.words {
			w.options(l.valued)
			w.words = w.words[min(1, len(w.words)):]
		}
		w.options(l.valued)
		if program == "docker" || program == "podman" {
			w.composed()
		}
	}
}

// composed takes `compose exec` off that stood behind docker.
func (w *wording) composed() {
	for len(w.words) > 0 && slices.Contains([]string{"exec", "run"}, w.words[0]) {
		w.words = w.words[1:]
		w.options(launchers["docker"].valued)
	}
}

// module keeps the module of `python -m` and the archive of `java -jar`.
func (w *wording) module() bool {
	i := slices.IndexFunc(w.words, func(s string) bool { return s == "-m" || s == "-jar" })
	if i < 0 || i+1 >= len(w.words) || slices.ContainsFunc(w.words[:i], func(s string) bool { return !strings.HasPrefix(s, "-") }) {
		return false
	}
	w.words = w.words[i+1:]
	return true
}

// options takes options off, and the values of some, and assignments.
func (w *wording) options(valued []string) {
	for len(w.words) > 0 {
		word := w.words[0]
		switch {
		case slices.Contains(valued, word):
			w.words = w.words[min(2, len(w.words)):]
		case strings.HasPrefix(word, "-") || shell.IsAssignment(word):
			w.words = w.words[1:]
		default:
			return
		}
	}
}

// bare is the name of a program or script without quotes, folder and ending.
func bare(word string) string {
	name := shell.Base(strings.Trim(word, `"'`))
	for _, x := range []string{".sh", ".py", ".rb", ".pl", ".php", ".js", ".mjs", ".cjs", ".jar", ".ts", ".bash", ".exe", ".R", ".phar", ".ps1"} {
		name = strings.TrimSuffix(name, x)
	}
	return name
}

// add takes a word as a part where it can be one.
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
	}
	w.out = append(w.out, name)
}

// needsMore is whether a part says little without the next.
func needsMore(part string) bool {
	return slices.Contains(general, strings.ToLower(part)) || slices.Contains(subcommanded, part)
}

// variable puts the value into a word that begins with a variable; it is true
// where the word is one alone, since what is behind it tells more.
func (w *wording) variable(text *string) bool {
	name := strings.Trim(*text, "${}")
	if shell.IsName(name) && w.program == "" {
		w.program = Clean(bare(cmp.Or(w.variables[name], strings.ToLower(name))))
		return true
	}
	*text = Expand(*text, w.variables)
	return false
}

// saysLittle is whether a word is an option, a time, an assignment or a pattern.
func saysLittle(text string) bool {
	_, isTime := seconds(text)
	return isTime || strings.HasPrefix(text, "-") || strings.ContainsAny(shell.Base(text), "$`*?\\;") || shell.IsAssignment(text)
}

// inFolder is the folder of a script, or the one that was changed into.
func (w *wording) inFolder(script string) string {
	dir := path.Dir(script)
	if !path.IsAbs(dir) && w.folder != "" {
		dir = path.Join(w.folder, dir)
	}
	return Clean(path.Base(dir))
}

// urlParts are the last part of a URL's path, what its query says, and its host.
func urlParts(text string) (out []string) {
	_, rest, _ := strings.Cut(text, "://")
	rest, query, _ := strings.Cut(rest, "?")
	host, place, _ := strings.Cut(rest, "/")
	host = host[strings.LastIndexByte(host, '@')+1:]
	place = strings.Trim(place, "/")
	if last := Clean(bare(place)); last != "" && !strings.ContainsAny(place, "$`") {
		out = append(out, last)
	}
	for pair := range strings.SplitSeq(query, "&") {
		if _, v, _ := strings.Cut(pair, "="); Clean(v) != "" && len(v) < 24 && !strings.ContainsAny(v, "$`") {
			out = append(out, Clean(v))
		}
	}
	if name := Clean(host); name != "" && !strings.ContainsAny(host, "$`") {
		out = append(out, name)
	}
	if len(out) > 1 && slices.Contains(general, out[0]) {
		out = append([]string{out[0] + "-" + out[1]}, out[2:]...)
	}
	return out
}
