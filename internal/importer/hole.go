package importer

import (
	"strings"

	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// holes match what is still to be filled in, by a program or a person: a variable of Jinja or
// Mustache and its filters; statements of Jinja; ERB; the tags of mySociety's own program; the
// names of YunoHost's and of sed scripts; those of configure; a {name} or a <name> within a path;
// a [NAME]; and the /path/to/ of examples. A template that a command gives to docker or kubectl
// has a dot before each name, and so no hole.
var holes = lazyregexp.New(`\{\{-?\s*[A-Za-z_][\w.\[\]'"]*\s*(?:\|[^{}]*)?-?\}\}|\{%-?\s*\w[^%]*%\}|<%[^%]*%>|!!\(\*.*?\*\)!!|__[A-Z][A-Z0-9_]*__|@@[A-Za-z_]\w*@@|(?:^|[\s"'=/:])@[A-Z][A-Z0-9_]*@|[/=:@]<[A-Za-z][\w -]*>|(?:^|[\s"'=/])\{[A-Za-z_]+\}/|(?:^|[\s"'=])\[[A-Z]{2,}(?:[_-][A-Z]{2,})*\]/|(?:^|[\s"'=])/path/to/`)

// noHoles look like holes: the constants of PHP, C and Perl, statements of Go's templates, and actions of
// awk and sed between two patterns.
var noHoles = lazyregexp.New(`^(?:__(?:FILE|DIR|LINE|CLASS|FUNCTION|METHOD|NAMESPACE|PACKAGE|END|DATA)__|/\{(?:next|print|exit|[dpqn])\}/|\{\{-?\s*(?:end|else|break|continue)\s*-?\}\})$`)

// Hole gives the first part of a text that is still to be filled in, short and without secrets, or
// "".
func Hole(text string) string {
	for _, h := range holes().FindAllString(text, -1) {
		if !noHoles().MatchString(h) {
			return Clip(Hide(strings.TrimSpace(h)))
		}
	}
	return ""
}

// FilledIn is what is said of a hole.
const FilledIn = "which is still to be filled in: import what was installed, such as what `crontab -l` or `systemctl cat` prints, or write what belongs there"
