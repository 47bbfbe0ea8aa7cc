package job

import (
	"regexp"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// Placeholder is what an import writes where only a person knows the value.
const Placeholder = "REPLACE-ME"

var (
	secretName = lazyregexp.New(`(?i)(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|WEBHOOK(_?URL)?|` +
		`(API|PRIVATE|ACCESS|ACCOUNT|ENCRYPTION|SIGNING|MASTER)_?KEY|(^|_)PASS|_PWD|(^|_)PW|_KEY)_?[0-9]*$`)
	// publicKey matches names of keys that open nothing, and of numbers of tokens.
	publicKey = lazyregexp.New(`(?i)(^|_)((PUBLIC|PRIMARY|FOREIGN|PARTITION|SORT|HASH|RANGE|SHARD|ROUTING|CACHE|OBJECT|S3|KMS|LOCK|GROUP|INDEX|UNIQUE|IDEMPOTENCY)_KEY|(MAX|MIN|NUM)_TOKEN)_?[0-9]*$`)
	// noSecret matches a reference (an ARN, a path, the name of a file of keys, where a program finds it, or what it asks for it in code), a
	// switch, a number that is too short, no value, or our placeholder.
	noSecret = lazyregexp.New(`^((arn|file|env|vault|ssm|secretsmanager):.*|op://.*|[\w.~/-]+\.(pem|key|crt|cer|p12|pfx|jks|ppk|gpg|asc)|(~|\.{1,2})?/[A-Za-z0-9_./@-]*|[\w.]*(environ|getenv|env|ENV)[.[(].*|[0-9]{1,2}|(?i:true|false|yes|no|on|off|null|none|nil)|` + Placeholder + `)$`)
)

// LooksSecret reports whether a variable most likely holds a secret. It goes by the name,
// unless the value is only a reference (such as an ARN or a path), a switch, a short number or none, and by the value,
// whatever the name. In names of options and headers, - and . count as _.
func LooksSecret(name, value string) bool {
	if value == "" {
		return false
	}
	if strings.ContainsAny(name, "-.") {
		name = strings.NewReplacer("-", "_", ".", "_").Replace(name)
	}
	if secretName().MatchString(name) && !publicKey().MatchString(name) && !noSecret().MatchString(value) {
		return true
	}
	return len(SecretsIn(value)) > 0
}

// secretForms are values that are secrets whatever their name: passwords in URLs and in
// connection strings, such as ?password=x of JDBC, Password=x; of ADO.NET and password=x of libpq,
// and tokens with the prefix that their issuer gives to all of them. The first group is the secret itself.
// Every match contains one of the words, so most values are ruled out without an expression.
var secretForms = []struct {
	words []string
	form  func() *regexp.Regexp
}{
	{[]string{"://"}, lazyregexp.New(`[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"']*:([^\s/"']+)@`)},
	{[]string{"assword", "ASSWORD", "wd", "WD", "ccountKey", "ccessKey"}, lazyregexp.New(`(?i)(?:^|--|[?&;,.\s"'])(?:password|passwd|pwd|accountkey|sharedaccesskey)[ \t]*=[ \t]*["']?([^\s&;,"'\x60$<{%/\\=-][^\s&;,"']*)`)},
	{[]string{"hooks.slack.com/", "discord"}, lazyregexp.New(`(?:hooks\.slack\.com/(?:services|workflows)|discord(?:app)?\.com/api/webhooks)/([^\s"']+)`)},
	{[]string{"k_live_", "k_test_", "gh", "github_pat_", "glpat-", "xox"}, lazyregexp.New(`\b((?:sk|rk)_(?:live|test)_[A-Za-z0-9]+|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[a-z]-[A-Za-z0-9-]{8,})`)},
	{[]string{"eyJ"}, lazyregexp.New(`\b(eyJ[A-Za-z0-9_-]{6,}[A-Za-z0-9_.-]*)`)},
	{[]string{"-----BEGIN "}, lazyregexp.New(`(-----BEGIN [A-Z ]*PRIVATE KEY-----.*)`)},
}

// SecretsIn gives the places (start and end, in bytes) in a text of what is most likely a
// secret, whatever its name, in order. References, such as a path or a shell variable, and switches do
// not count.
func SecretsIn(text string) (places [][2]int) {
	for _, s := range secretForms {
		if !slices.ContainsFunc(s.words, func(w string) bool { return strings.Contains(text, w) }) {
			continue
		}
		for _, m := range s.form().FindAllStringSubmatchIndex(text, -1) {
			if text[m[2]] != '$' && !noSecret().MatchString(text[m[2]:m[3]]) {
				at, _ := slices.BinarySearchFunc(places, m[2], func(p [2]int, start int) int { return p[0] - start })
				places = slices.Insert(places, at, [2]int{m[2], m[3]})
			}
		}
	}
	return places
}
