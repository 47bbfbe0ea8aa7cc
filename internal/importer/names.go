package importer

import (
	"fmt"
	"slices"
	"strings"
)

// names gives each job a name of its own.
type names map[string]bool

// launchers start other programs: the job's name is that of what they start.
var launchers = []string{
	"sh", "bash", "dash", "zsh", "php", "python", "python2", "python3", "perl", "ruby", "node", "nodejs", "java", "env", "exec", "sudo",
	"printf", "cd", "test", "[", "source", ".", "export", "sleep", "docker", "docker-compose", "run", "exec", "bundle", "rake", "npm", "npx", "yarn",
	"poetry", "uv", "pipenv", "make", "-m", "-jar", "set", "umask", "command", "flock", "xargs", "if", "then", "root",
	"timeout", "nice", "ionice", "chronic", "nohup", "setsid",
}

// of names a job after the program that its command runs.
func (n names) of(line string) string {
	tokens, _ := lex(line)
	name := programOf(segments(tokens))
	unique := name
	for i := 2; n[unique]; i++ {
		suffix := fmt.Sprintf("-%d", i)
		unique = name[:min(len(name), 48-len(suffix))] + suffix
	}
	n[unique] = true
	return unique
}

var extensions = []string{".sh", ".py", ".rb", ".pl", ".php", ".js", ".jar", ".ts", ".bash"}

// programOf names the first command that is more than preparation.
func programOf(all []segment) string {
	if i := slices.IndexFunc(all, func(s segment) bool { return !isSetup(s) }); i >= 0 {
		return programName(all[i])
	}
	if len(all) > 0 {
		return programName(all[len(all)-1])
	}
	return "job"
}

func programName(s segment) string {
	best := ""
	for i, w := range s.words {
		if inner, ok := lex(held(s.words, i)); ok && len(inner) > 0 {
			return programOf(segments(inner))
		}
		word, name := wordName(w.text)
		if name == "" {
			continue
		}
		if best == "" {
			best = name
		}
		if !slices.Contains(launchers, word) && !strings.HasPrefix(word, "-") {
			return name
		}
	}
	if best == "" {
		return "job"
	}
	return best
}

// wordName is the name that a word of a command gives, "" for none.
func wordName(text string) (word, name string) {
	word = strings.Trim(text, `"'(){} `)
	if isAssignment(word) || strings.ContainsAny(word, "$`\\ ") {
		return word, ""
	}
	word = base(word)
	for _, x := range extensions {
		word = strings.TrimSuffix(word, x)
	}
	if _, isTime := seconds(word); isTime {
		return word, ""
	}
	return word, clean(word)
}

// clean makes a job's name of a text.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r == '.', r == ':', r == '/':
			return '-'
		}
		return -1
	}, s)
	return strings.Trim(s[:min(len(s), 48)], "-_")
}
