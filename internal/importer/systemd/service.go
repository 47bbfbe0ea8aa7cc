package systemd

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// command makes the job's command of what the service runs.
func (r *reading) command(started string) {
	if r.service == nil {
		r.e.Off(&r.j, "%s, which it starts, is not in these files: `systemctl cat %s %s` prints both", importer.Clip(started), importer.Word(r.timer.name), importer.Word(started))
		return
	}
	if r.service.size() > maxService {
		r.e.Off(&r.j, "%s has more than %d KiB, which no command of a task holds: put it into a script of the image", importer.Clip(started), maxService>>10)
		return
	}
	r.j.Description = importer.Hide(r.service.filled(r.service.last("Unit", "Description")))
	r.variables()
	r.limits()
	r.around()
	var lines []string
	for _, key := range []string{"ExecStartPre", "ExecStart", "ExecStartPost"} {
		for _, s := range r.service.all("Service", key) {
			for _, one := range commands(s.value) {
				lines = append(lines, r.line(one))
			}
		}
	}
	switch n := len(r.service.all("Service", "ExecStart")); {
	case n == 0, len(lines) == 0:
		r.e.Off(&r.j, "%s has no ExecStart: write its command", importer.Clip(started))
		return
	case n > 1 && r.service.last("Service", "Type") != "oneshot": // systemd.service(5)
		r.e.Off(&r.j, "systemd refuses more than one ExecStart without `Type=oneshot`: if these are several units, give each as a file of its own, or as `systemctl cat` prints them")
	}
	line := r.folder() + strings.Join(lines, " && ")
	r.holes(line)
	shown := importer.Hide(line)
	r.e.Command = &shown
	c := &importer.Command{Line: line, Job: &r.j, E: &r.e, Variables: r.j.Environment, Secrets: &r.in.Secrets}
	c.Rewrite()
	c.ReplaceSecrets()
	if strings.TrimSpace(c.Line) != "" {
		r.j.Command = c.Words()
	}
}

// holes reports a service that is still to be filled in, unless its command still shows that.
func (r *reading) holes(line string) {
	if h := r.service.hole(); h != "" && importer.Hole(line) == "" {
		r.e.Off(&r.j, "it holds %s, %s", h, importer.FilledIn)
	}
}

// folder gives what a command starts with in the service's folder.
func (r *reading) folder() string {
	switch dir := r.specified(strings.TrimLeft(r.service.last("Service", "WorkingDirectory"), "-")); dir {
	case "":
		return ""
	case "~":
		return "cd && "
	default:
		return "cd " + importer.Word(dir) + " && "
	}
}

// specifier gives the first specifier of systemd.unit(5) in a text, or "". %% is a %.
func specifier(text string) string {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '%' {
			continue
		}
		if c := text[i+1] | 0x20; c >= 'a' && c <= 'z' {
			return text[i : i+2]
		}
		i++
	}
	return ""
}

// commands gives the commands of one setting, between which a ; is a word of its own (systemd.service(5),
// "COMMAND LINES").
func commands(text string) (all []string) {
	from := 0
	for _, at := range word().FindAllStringIndex(text, -1) {
		if text[at[0]:at[1]] == ";" {
			all, from = append(all, strings.TrimSpace(text[from:at[0]])), at[1]
		}
	}
	return slices.DeleteFunc(append(all, strings.TrimSpace(text[from:])), func(s string) bool { return s == "" })
}

// specified gives a text without doubled percent signs. One with a specifier switches the job off.
func (r *reading) specified(text string) string {
	text = r.service.filled(text)
	if found := specifier(text); found != "" {
		r.e.Off(&r.j, "it holds a specifier of systemd (%s), which stands for a part of its host or unit: write what belongs there", found)
	}
	return strings.ReplaceAll(text, "%%", "%")
}

// line gives what runs as a shell would read it. systemd starts programs itself: quotes are as in a
// shell, $NAME alone is split into words, and ${NAME} is not. A program is a name or a whole path
// (systemd.service(5), "COMMAND LINES").
func (r *reading) line(text string) string {
	plain := strings.TrimLeft(text, "@-:+!|")
	prefix := text[:len(text)-len(plain)]
	words := split(r.specified(plain))
	r.program(words, plain)
	if strings.Contains(prefix, "@") && len(words) > 1 { // the second word is what it calls itself
		words = append(words[:1], words[2:]...)
	}
	for i, w := range words {
		words[i] = inShell(w, i > 0 && !strings.Contains(prefix, ":")) // its program is no variable
	}
	line := strings.Join(words, " ")
	if strings.Contains(prefix, "-") {
		line = "{ " + line + " || true; }"
	}
	return line
}

// program reports a program that systemd does not start, by the words of its command and their text.
func (r *reading) program(words []string, text string) {
	if len(words) > 0 && strings.Contains(words[0], "/") && words[0][0] != '/' && specifier(r.service.filled(text)) == "" {
		r.e.Off(&r.j, "systemd starts no program by the path %s, which does not begin at the root, so this has never run: write its path", importer.Clip(words[0]))
	}
}

// inShell gives a word for a shell. expands says whether systemd replaces its variables.
func inShell(word string, expands bool) string {
	switch {
	case !expands || !strings.Contains(word, "$"):
		return importer.Word(word)
	case variable().MatchString(word):
		return word
	}
	return quoted(word)
}

// variable matches a word that systemd splits at the variable's blanks, and braced what is behind the $
// of one that it does not split. It knows no ${NAME:-default}.
var (
	variable = lazyregexp.New(`^\$[A-Za-z_]\w*$`)
	braced   = lazyregexp.New(`^\{[A-Za-z_]\w*\}`)
)

// quoted gives a word with variables for a shell. $$ is a $ to systemd.
func quoted(word string) string {
	var b strings.Builder
	for i := 0; i < len(word); i++ {
		switch c := word[i]; {
		case c == '$' && strings.HasPrefix(word[i+1:], "$"):
			b.WriteString(`\$`)
			i++
		case c == '$' && braced().MatchString(word[i+1:]):
			b.WriteByte(c)
		case c == '$' || c == '"' || c == '`' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return `"` + b.String() + `"`
}

// word matches a word of a command or of Environment: parts in quotes, escaped characters and others.
var (
	word    = lazyregexp.New(`(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\.|[^\s"'\\])+`)
	partsOf = lazyregexp.New(`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?:\\.|[^"'\\])+`)
	escapes = lazyregexp.New(`\\(?:x[0-9a-fA-F]{2}|[0-3][0-7]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)`)
)

// split gives the words of a command or of Environment (systemd.syntax(7), "Quoting").
func split(text string) (words []string) {
	for _, w := range word().FindAllString(text, -1) {
		if w == `\;` {
			w = ";"
		}
		words = append(words, partsOf().ReplaceAllStringFunc(w, func(part string) string {
			if q := part[0]; q == '"' || q == '\'' {
				part = part[1 : len(part)-1]
			}
			return escapes().ReplaceAllStringFunc(part, escaped)
		}))
	}
	return words
}

// escaped gives what a character means behind a backslash. systemd keeps one that it does not know, with
// its backslash.
func escaped(pair string) string {
	switch pair[1] {
	case 's':
		return " "
	case '"', '\'':
		return pair[1:]
	}
	char, several, _, err := strconv.UnquoteChar(pair, 0)
	switch {
	case err != nil:
		return pair
	case several:
		return string(char)
	}
	return string([]byte{byte(char)})
}

// variables reads the service's environment.
func (r *reading) variables() {
	values := map[string]string{}
	for _, s := range r.service.all("Service", "Environment") {
		for _, w := range split(s.value) {
			if name, value, ok := strings.Cut(w, "="); ok {
				values[name] = value
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		values[name] = r.service.filled(values[name])
		if specifier(values[name]) != "" {
			r.e.Off(&r.j, "its variable %s holds a specifier of systemd, which stands for a part of its host or unit: write what belongs there", importer.Clip(name))
		}
		values[name] = strings.ReplaceAll(values[name], "%%", "%")
	}
	in := r.in.TakeVariables(&r.e, &r.j, values)
	r.e.Literals(in, "ECS events")
	for _, key := range []string{"EnvironmentFile", "PassEnvironment", "LoadCredential", "LoadCredentialEncrypted", "SetCredential", "ImportCredential"} {
		v := r.service.last("Service", key)
		if key == "SetCredential" { // its name, and not what it is
			v, _, _ = strings.Cut(v, ":")
		}
		if v != "" {
			r.e.Off(&r.j, "%s (%s) gives it values that the unit does not hold: write them into `environment`, or into the task definition's secrets", key, importer.Clip(strings.TrimPrefix(v, "-")))
		}
	}
}

// limits reads how long it may run, as whom, and with how much.
func (r *reading) limits() {
	r.timeout()
	if user := r.service.last("Service", "User"); user != "" && user != "root" {
		r.e.Note("it ran as %s: set user in the task definition if the image has another", importer.Clip(user))
	}
	var sizes []string
	for _, key := range []string{"MemoryMax", "MemoryHigh", "MemoryLimit", "CPUQuota"} {
		if v := r.service.last("Service", key); v != "" {
			sizes = append(sizes, key+" "+importer.Clip(v))
		}
	}
	if len(sizes) > 0 {
		r.e.Decide("its %s: write cpu and memory", strings.Join(sizes, ", "))
	}
	if restart := r.service.last("Service", "Restart"); restart != "" && restart != "no" {
		r.e.Change("systemd started it again (Restart=%s), whatever it had done; here only what provably never started is: %s", importer.Clip(restart), importer.IfHarmless)
	}
}

// timeout reads how long it may run. The limit of a start is that of the whole run for a oneshot alone, for
// which RuntimeMaxSec counts for nothing (systemd.service(5)).
func (r *reading) timeout() {
	keys := []string{"RuntimeMaxSec"}
	if r.service.last("Service", "Type") == "oneshot" {
		keys = []string{"TimeoutStartSec", "TimeoutSec"}
		if v := r.service.last("Service", "RuntimeMaxSec"); v != "" {
			r.e.Note("RuntimeMaxSec=%s is left out: systemd ignores it with `Type=oneshot`; `timeout` limits a run here", importer.Clip(v))
		}
	}
	for _, key := range keys {
		if d, ok := span(r.service.last("Service", key)); ok && d > 0 {
			r.j.Timeout = job.Duration(min(d, job.MaxTimeout))
			r.e.Note("%s is `timeout: %s`", key, r.j.Timeout)
			return
		}
	}
}
