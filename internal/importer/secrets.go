package importer

import (
	"cmp"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

const (
	// Hidden replaces a value in the report that looks like a secret.
	Hidden = "(secret, not written)"
	// ReplaceMe replaces it in a command. The job is then imported disabled.
	ReplaceMe = job.Placeholder
)

// Secrets are the variables of secrets that were found, with their placeholders.
type Secrets struct {
	places map[string]string
	values map[string]string // only to compare
}

// Remember keeps a secret's name for the task definition. It returns true if the name has had
// another value.
func (s *Secrets) Remember(name, value string) (other bool) {
	if s.places == nil {
		s.places, s.values = map[string]string{}, map[string]string{}
	}
	s.places[name] = "/batchplane/" + name
	before, known := s.values[name]
	s.values[name] = value
	return known && before != value
}

// Place gives the placeholder of a secret.
func (s *Secrets) Place(name string) string { return s.places[name] }

// All gives the secrets by name, or nil if there are none.
func (s *Secrets) All() map[string]string { return maps.Clone(s.places) }

// Secret is the place of a secret's value in a text, and its name.
type Secret struct {
	Start, End int
	Name       string
}

// named matches ways to write a name before its value; the group is the name.
var named = []func() *regexp.Regexp{
	lazyregexp.New(`([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*`),
	lazyregexp.New(`(?:^|\s)--?([A-Za-z][A-Za-z0-9_.-]*)[ \t]+`),
	lazyregexp.New(`([A-Za-z_][A-Za-z0-9_.-]*)(?:\\?["']\s*:|\s*:\s)\s*(?:\\"|\\')?`),
}

// value matches a value in a line for a shell.
const value = `("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s;&|)"'<>]+)`

// valueEnd gives the end of the value that begins at i, by the same rules.
func valueEnd(text string, i int) int {
	if i == len(text) {
		return i
	}
	quote := text[i]
	if quote != '"' && quote != '\'' {
		if n := strings.IndexAny(text[i:], " \t\r\n\v\f;&|)\"'<>"); n >= 0 {
			return i + n
		}
		return len(text)
	}
	for i++; i < len(text); i++ {
		switch {
		case text[i] == quote:
			return i + 1
		case text[i] == '\\' && quote == '"':
			i++
		}
	}
	return len(text)
}

// unnamed matches ways to pass on a secret without a name; the last group is the secret. The
// text must contain one of the words, in lower case. Looking for these first keeps a long file
// from being searched a dozen times.
var unnamed = []struct {
	words []string
	form  func() *regexp.Regexp
}{
	{[]string{"key=", "auth=", "sig=", "signature="}, lazyregexp.New(`[?&](?:key|auth|sig|signature)=([^\s&"';]+)`)},
	{[]string{"authorization"}, lazyregexp.New(`(?i)authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|digest)\s+)?([^\s"'\\]+)`)},
	{[]string{"bearer"}, lazyregexp.New(`(?i)\bbearer\s+([A-Za-z0-9._~+/=-]{6,})`)},
	{[]string{"curl"}, lazyregexp.New(`\bcurl\b.*?\s(?:-u|-U|--user|--proxy-user)[= ]?\s*["']?[^\s:"'$-][^\s:"'$]*:([^\s"']+)`)},
	{[]string{"mysql", "mariadb", "sshpass"}, lazyregexp.New(`\b(?:mysql[\w-]*|mariadb[\w-]*|sshpass)\b[^|;&]*?\s-p` + value)},
	{[]string{"sshpass", "mongo"}, lazyregexp.New(`\b(?:sshpass|mongo\w*)\b[^|;&]*?\s-p\s+` + value)},
	{[]string{"login"}, lazyregexp.New(`\b(?:docker|podman)\s+login\b[^|;&]*?\s-p\s+` + value)},
	{[]string{"sqlcmd", "bcp"}, lazyregexp.New(`\b(?:sqlcmd|bcp)\b[^|;&]*?\s-P\s*` + value)},
	{[]string{"lftp"}, lazyregexp.New(`\blftp\b[^|;&]*?\s-u\s*[^\s,]+,([^\s;&|"']+)`)},
	{[]string{"redis-cli"}, lazyregexp.New(`\bredis-cli\b[^|;&]*?\s-a\s*` + value)},
	{[]string{"-p\"", "-p'"}, lazyregexp.New(`\s-p("[^"]*[^"0-9][^"]*"|'[^']*[^'0-9][^']*')`)},
	{[]string{" -p", "\t-p"}, lazyregexp.New(`\s-p([0-9]*[A-Za-z]+[0-9][A-Za-z0-9]*|[0-9]+[A-Za-z][A-Za-z0-9]*)`)},
	{[]string{"pass:"}, lazyregexp.New(`\bpass:([^\s"']+)`)},
}

// folders match what may be a folder of data, and not the program whose name it has: tar -C /var/lib/mysql -pczf.
var folders = lazyregexp.New(`/(?:lib|log|etc|run|data|srv|backups?|dumps?|spool|volumes?)/(?:mysql|mariadb|mongo)[\w.-]*`)

// unfolder gives a text of the same length without the folders of data. Programs remain: /opt/backup/mysqldump.
func unfolder(text string) string {
	return folders().ReplaceAllStringFunc(text, func(found string) string {
		if !slices.Contains([]string{"mysql", "mariadb", "mongo", "mongodb"}, path.Base(found)) {
			return found
		}
		return strings.Repeat("/", len(found))
	})
}

// telling are parts of the names of secrets, and tokenLike parts of values that are secrets by
// their form, all in lower case.
var (
	telling   = []string{"pass", "secret", "token", "credential", "webhook", "key", "pwd", "pw"}
	tokenLike = []string{"://", "hooks.slack", "discord", "sk_", "rk_", "gh", "glpat-", "xox", "eyj", "-----begin"}
)

func containsAny(text string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// FindSecrets gives the places of all that looks like a secret, in order and without overlap.
func FindSecrets(text string) []Secret {
	small := strings.ToLower(text)
	var all []Secret
	if containsAny(small, telling) || containsAny(small, tokenLike) {
		all = namedSecrets(text)
	}
	line := unfolder(text)
	for _, u := range unnamed {
		if !containsAny(small, u.words) {
			continue
		}
		for _, m := range u.form().FindAllStringSubmatchIndex(line, -1) {
			all = append(all, Secret{m[2], m[3], ""})
		}
	}
	if containsAny(small, tokenLike) {
		for _, p := range job.SecretsIn(text) {
			all = append(all, Secret{p[0], p[1], ""})
		}
	}
	return merged(slices.DeleteFunc(all, func(p Secret) bool {
		v := text[p.Start:p.End]
		// An option of find, and schemes before a token in quotes of its own.
		none := slices.Contains([]string{"rint0", "Bearer", "bearer", "Basic", "Token", "token"}, v)
		return isReference(v) || v == ReplaceMe || none || strings.HasPrefix(text[p.Start:], Hidden)
	}))
}

// namedSecrets finds the secrets that the name before them gives away.
func namedSecrets(text string) (all []Secret) {
	for _, form := range named {
		end := 0
		for _, m := range form().FindAllStringSubmatchIndex(text, -1) {
			name := text[m[2]:m[3]]
			if m[1] < end || !job.LooksSecret(name, "x") {
				continue
			}
			var found bool
			if end, found = secretEnd(text, name, text[m[3]:m[1]], m[1]); found {
				all = append(all, Secret{m[1], end, name})
			}
		}
	}
	if !strings.Contains(text, "=") {
		return all
	}
	list, err := shell.Parse(text)
	if err != nil {
		return all
	}
	for _, c := range list {
		for _, w := range c.Words {
			if name, v, _ := strings.Cut(w.Text, "="); isSecret(w.Text) {
				all = append(all, Secret{w.End - len(v), w.End, name})
			}
		}
	}
	return all
}

func merged(all []Secret) (out []Secret) {
	slices.SortFunc(all, func(a, b Secret) int { return cmp.Or(a.Start-b.Start, b.End-a.End) })
	for _, p := range all {
		if last := len(out) - 1; last >= 0 && p.Start < out[last].End {
			out[last].End = max(out[last].End, p.End)
			out[last].Name = cmp.Or(out[last].Name, p.Name)
			continue
		}
		out = append(out, p)
	}
	return out
}

var references = lazyregexp.New(`^"?(?:pass:)?(?:\$[A-Za-z_0-9]+|\$\{\w+(?::?\?[^}]*|:?-)?\}?|\$\(.*|\x60.*)+"?$`)

// isReference reports whether a value consists of variables and substitutions alone, so that it
// gives nothing away. In single quotes the shell expands nothing. pass: is how openssl names a password.
func isReference(v string) bool { return references().MatchString(v) }

// calls match a program's call with texts, as in password = b64decode("..."), and lookups those that
// give no secret away, as in SECRET = os.environ["TLS_SECRET"]: an environment is asked, or the text
// names something.
var (
	calls   = lazyregexp.New(`^(?:[A-Za-z_][\w.]*[\[(])+["'][^"']*["'](?:, ?["'][^"']*["'])*[\])]*`)
	lookups = lazyregexp.New(`^(?:[A-Za-z_][\w.]*[\[(])*(?:(?i:[\w.]*env[\w.]*)[\[(]["'][^"']*["']|[A-Za-z_][\w.]*[\[(]["'](?:[A-Z_][A-Z0-9_]*|/[\w/.-]+|[{}\[\]]+)["'])(?:, ?(?:""|''|None))?[\])]`)
)

// secretEnd gives the end of the value that begins at i behind a name, and whether it is a secret.
func secretEnd(text, name, equals string, i int) (end int, found bool) {
	if strings.HasPrefix(text[i:], "-") && strings.TrimSpace(equals) == "" { // the next option, as behind --no-password
		return i, false
	}
	if strings.HasPrefix(equals, " = ") { // no shell assigns with blanks around the =
		if lookups().MatchString(text[i:]) {
			return i, false
		}
		if call := calls().FindString(text[i:]); call != "" {
			return i + len(call), true
		}
	}
	end = valueEnd(text, i)
	return end, job.LooksSecret(name, shell.Unquote(text[i:end]))
}

// HoldsSecret reports whether a variable looks like a secret, by its name or its value.
func HoldsSecret(name, value string) bool {
	return job.LooksSecret(name, value) || len(FindSecrets(value)) > 0
}

// isSecret reports whether a word assigns what looks like a secret.
func isSecret(word string) bool {
	name, v, _ := strings.Cut(word, "=")
	return shell.IsAssignment(word) && job.LooksSecret(name, shell.Unquote(v)) && !isReference(v)
}

// Hide replaces the values of what looks like a secret.
func Hide(text string) string { return replaceAll(text, FindSecrets(text), Hidden) }

func replaceAll(text string, places []Secret, with string) string {
	if len(places) == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for _, p := range places {
		b.WriteString(text[at:p.Start] + with)
		at = p.End
	}
	b.WriteString(text[at:])
	return b.String()
}

// HideRest hides everything from the first secret on: in a line that cannot be read, nobody
// knows where the value ends.
func HideRest(text string) (string, bool) {
	found := FindSecrets(text)
	if len(found) == 0 {
		return text, false
	}
	return text[:found[0].Start] + Hidden, true
}

var told = lazyregexp.New(`(?i)\b([a-z_][a-z0-9_-]*)\s*[:=]\s*(\S+)`)

// HideComment hides the whole of a comment that holds a secret.
func HideComment(text string) (string, bool) {
	_, holds := HideRest(text)
	if !holds && containsAny(strings.ToLower(text), telling) {
		for _, m := range told().FindAllStringSubmatch(text, -1) {
			holds = holds || job.LooksSecret(m[1], m[2]) && m[2] != Hidden
		}
	}
	if holds {
		return "# " + Hidden, true
	}
	return text, false
}

// Masked gives a text with a dash in place of each secret, fit for a name.
func Masked(text string) string { return replaceAll(text, FindSecrets(text), "-") }

// Replaced gives a text with ReplaceMe in place of each secret.
func Replaced(text string) string { return replaceAll(text, FindSecrets(text), ReplaceMe) }
