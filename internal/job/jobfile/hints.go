package jobfile

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

const noJobsFile = "this is no jobs file, which begins with `jobs:`; `batchplane import FILE` makes one of a crontab or of another scheduler's file"

// meant finds the usual mistake that explains why the parser stopped at a line, or nil.
func meant(text string, near int) *Problem {
	if p := bareStar(text, near); p != nil {
		return p
	}
	if p := tabbed(text, near); p != nil {
		return p
	}
	lines := strings.Split(text, "\n")
	for _, i := range []int{near - 1, near - 2} { // the parser sees some mistakes on the line after
		if i < 0 || i >= len(lines) {
			continue
		}
		p := shellText(lines[i])
		if p == nil {
			p = crontabLine(lines[i])
		}
		if p != nil {
			p.Line = i + 1
			return p
		}
	}
	return askew(lines, near)
}

// crontabLine finds a line of a crontab: five fields, then a command.
func crontabLine(line string) *Problem {
	words := strings.Fields(line)
	if len(words) < 6 || strings.HasPrefix(line, " ") {
		return nil // a further line of a command may look so
	}
	if _, err := cron.ParseCrontab(strings.Join(words[:5], " ")); err != nil {
		return nil
	}
	return &Problem{Column: 1, Message: noJobsFile}
}

// bareSchedule matches a line whose schedule begins with a star and has no quotes. To YAML the
// star begins an alias.
var bareSchedule = lazyregexp.New(`^[\s{-]*schedule:\s*(\*[^#"'}]*)`)

// bareStar finds the first such line at or before the line where the parser stopped.
func bareStar(text string, near int) *Problem {
	for i, line := range strings.Split(text, "\n") {
		m := bareSchedule().FindStringSubmatchIndex(line)
		if m == nil {
			continue
		}
		if schedule := strings.TrimSpace(line[m[2]:m[3]]); near == 0 || i+1 <= near {
			return &Problem{Line: i + 1, Column: utf8.RuneCountInString(line[:m[2]]) + 1, Message: fmt.Sprintf(
				"a schedule that begins with * needs quotes, because * means an alias in YAML: write schedule: %q", schedule)}
		}
	}
	return nil
}

// tabbed gives the problem of the line where the parser stopped, if a tab indents that line.
func tabbed(text string, near int) *Problem {
	lines := strings.Split(text, "\n")
	if near < 1 || near > len(lines) {
		return nil
	}
	line := lines[near-1]
	i := strings.IndexByte(line[:len(line)-len(strings.TrimLeft(line, " \t"))], '\t')
	if i < 0 {
		return nil
	}
	return &Problem{Line: near, Column: i + 1, Message: "a tab indents this line, but YAML takes only spaces: use two spaces"}
}

// keyed matches a line with a key and a value: what is before the key, the key, and the value.
var keyed = lazyregexp.New(`^([\s-]*)([\w-]+):\s+(\S.*?)\s*$`)

// shellText finds a value that a shell would understand, and YAML does not.
func shellText(line string) *Problem {
	m := keyed().FindStringSubmatchIndex(line)
	if m == nil {
		return nil
	}
	key, value := line[m[4]:m[5]], line[m[6]:m[7]]
	p := &Problem{Column: m[6] + 1}
	if first := value[0]; (first == '\'' || first == '"') && closing(value) == 0 {
		p.Message = fmt.Sprintf("the value of %s begins with %c, which is not closed on this line: close it, or leave it out", key, first)
		return p
	}
	why := noValue(value)
	if why == "" {
		return nil
	}
	p.Message = fmt.Sprintf("the value of %s must not stand in YAML as it is, because %s: write `%s: |`, and the value on the next line, indented by two spaces more", key, why, key)
	return p
}

// noValue says why a text is no value of YAML, or "".
func noValue(value string) string {
	switch first := value[0]; first {
	case '\'', '"':
		if rest := strings.TrimSpace(value[closing(value)+1:]); rest != "" && rest[0] != '#' {
			return "it goes on after its closing quote"
		}
	case '[', '{':
		if end := strings.LastIndexByte(value, first+2); end > 0 && end < len(value)-1 {
			return fmt.Sprintf("it begins with %c and goes on after %c", first, first+2)
		}
	case '@', '`', ']', '}':
		return fmt.Sprintf("it begins with %c", first)
	case '|', '>':
	default:
		if strings.Contains(value, ": ") || strings.HasSuffix(value, ":") {
			return "it holds a colon that ends a word"
		}
	}
	return ""
}

// cutByComment reports whether a comment ended a command without quotes of YAML's own within quotes of
// the shell's, which the comment closes. Without that, it is rather nested quotes that inQuotes misreads.
func cutByComment(n ast.Node, command string) bool {
	t := n.GetToken()
	if t == nil || t.Type != token.StringType || t.Next == nil || t.Next.Type != token.CommentType {
		return false
	}
	open := inQuotes(command)
	return open != 0 && strings.ContainsRune(t.Next.Value, open)
}

// inQuotes gives the quote within which a shell's text ends, or 0.
func inQuotes(command string) (open rune) {
	escaped := false
	for _, r := range command {
		quote := r == '"' || r == '\''
		switch {
		case escaped:
			escaped = false
		case r == '\\' && open != '\'':
			escaped = true
		case quote && r == open:
			open = 0
		case quote && open == 0:
			open = r
		}
	}
	return open
}

// closing gives the index of the quote that closes a value which begins with one, or 0.
func closing(value string) int {
	for i := 1; i < len(value); i++ {
		switch {
		case value[i] == '\\' && value[0] == '"':
			i++
		case value[i] == value[0] && value[0] == '\'' && strings.HasPrefix(value[i:], "''"):
			i++
		case value[i] == value[0]:
			return i
		}
	}
	return 0
}

// askew finds a key below the line where the parser stopped that begins further right than the
// key on that line, which has a value.
func askew(lines []string, near int) *Problem {
	if near < 1 || near >= len(lines) {
		return nil
	}
	above, below := keyed().FindStringSubmatchIndex(lines[near-1]), keyed().FindStringSubmatchIndex(lines[near])
	if above == nil || below == nil || below[4] <= above[4] {
		return nil
	}
	return &Problem{Line: near + 1, Column: below[4] + 1, Message: fmt.Sprintf(
		"the key %s begins further right than %s above it: keys that belong together begin in the same column", lines[near][below[4]:below[5]], lines[near-1][above[4]:above[5]])}
}
