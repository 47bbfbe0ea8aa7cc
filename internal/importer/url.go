package importer

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// identifier matches what tells things apart but says nothing to people: a UUID, a long number, a
// hash.
var identifier = lazyregexp.New(`^(?:[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{13,}|[0-9]{5,}|[0-9A-Fa-f]{16,}|[A-Za-z0-9_-]{32,})$`)

// fixed reports whether a shell inserts nothing into a text.
func fixed(text string) bool { return !strings.ContainsAny(text, "$`") }

// urlParts gives the last part of a URL's path, the values in its query, and its host.
func urlParts(text string) (out []string) {
	_, rest, _ := strings.Cut(text, "://")
	rest, query, _ := strings.Cut(rest, "?")
	host, place, _ := strings.Cut(rest, "/")
	host = host[strings.LastIndexByte(host, '@')+1:]
	place = strings.Trim(place, "/")
	for place != "" && identifier().MatchString(shell.Base(place)) {
		place = strings.Trim(strings.TrimSuffix(place, shell.Base(place)), "/")
	}
	if last := Clean(bare(place)); last != "" && fixed(place) {
		out = append(out, last)
	}
	out = append(out, asked(query)...)
	if name := Clean(host); name != "" && fixed(host) {
		out = append(out, name)
	}
	if len(out) > 1 && slices.Contains(general, out[0]) {
		out = append([]string{out[0] + "-" + out[1]}, out[2:]...)
	}
	return out
}

// asked gives the values of a query that say something.
func asked(query string) (out []string) {
	for pair := range strings.SplitSeq(query, "&") {
		if _, v, _ := strings.Cut(pair, "="); Clean(v) != "" && len(v) < 24 && !identifier().MatchString(v) && fixed(v) {
			out = append(out, Clean(v))
		}
	}
	return out
}
