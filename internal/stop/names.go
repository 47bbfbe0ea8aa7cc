package stop

import (
	"bytes"
	"slices"
)

// A name inside ECS's text must not be read as words: an image called data-validation says
// nothing about its pull. So every name is blanked before the rules are tried. Names are:
// anything with a '/', a '-' or a '_' (paths, URLs, ARNs, image references, most resources), a
// single quoted word, and the word after one of introduce.

// blanked takes the place of a name.
const blanked = '#'

// words are spelled like names but are words of the texts.
var words = []string{
	"i/o", "log-opt", "insufficient_scope", "manifest_unknown", "name_unknown", "fargate_spot", "out-of-memory", "media-type", "time-out",
}

// wordsBegin is the beginning of more such words, such as RESOURCE:PORTS_TCP.
const wordsBegin = "resource:"

// ellipsis marks where ECS cut a text. If a letter follows it, a name ended there.
var ellipsis = []byte("...")

// clientConnection begins what Go's HTTP client says of a connection that no longer answers:
// "http2: client connection lost" (https://github.com/golang/net/blob/master/http2/transport.go).
const clientConnection = "http2: client connection"

// introduce lists the words after which a name follows, however it is spelled, or the word "lost"
// that does not mean the host.
var introduce = stems{"resolve ref ", "manifest for ", "denied for ", "fetch secret ", "lookup ", "for capacity provider ", "container named ", clientConnection + " "}

const (
	marks   = "/-_"
	quotes  = "\"'`"
	opening = "([{<" + quotes
	closing = ".,:;)]}>!?" + quotes
)

// These sets hold the bytes of opening and of closing, those that spell a name, and the last
// letters of introduce.
var opens, closes, spells, spellsOrBlank, introduceEnds [256]bool

// They are filled here and not at their declaration: beside a variable initialised by a call, the
// compiler does not lay out statically a table of rules that refers to another.
func init() {
	mark(&opens, opening)
	mark(&closes, closing)
	mark(&spells, marks+quotes)
	mark(&spellsOrBlank, marks+quotes+" ")
	for _, w := range introduce {
		introduceEnds[w[len(w)-2]] = true
	}
}

func mark(set *[256]bool, bytes string) {
	for i := range len(bytes) {
		set[bytes[i]] = true
	}
}

// blankIntroduced blanks the names that follow one of introduce. Names that are spelled like
// names are blanked already.
func (t *text) blankIntroduced() { t.blankNames(&spellsOrBlank) }

// blankNames blanks names in t. It looks at the words that contain one of stops and blanks those
// that are spelled like names. If stops includes the blank, it also blanks introduced names.
func (t *text) blankNames(stops *[256]bool) { t.hi = t.lo + len(blankNames(t.bytes(), stops)) }

func blankNames(b []byte, stops *[256]bool) []byte {
	out, from := b[:0], 0 // the part that is done, and where the rest begins
	for at := 0; ; {
		for at < len(b) && !stops[b[at]] {
			at++
		}
		if at == len(b) {
			return append(out, b[from:]...)
		}
		follows := b[at] == ' '
		if follows {
			at++
			if !introduceEnds[b[at-2]] {
				continue
			}
			if out, from = append(out, b[from:at]...), at; !introduced(out) {
				continue
			}
		}
		out, from = word(b, out, from, at, follows)
		at = from
	}
}

// word moves b from from to the end of the word around at on to out, and blanks that word if it
// is a name. It returns the new out and where the rest begins.
func word(b, out []byte, from, at int, follows bool) (done []byte, rest int) {
	start := from + bytes.LastIndexByte(b[from:at], ' ') + 1
	end := len(b)
	if n := bytes.IndexByte(b[at:], ' '); n >= 0 {
		end = at + n
	}
	out = append(out, b[from:end]...)
	return blank(out, len(out)-(end-start), follows), end
}

// blank replaces the word of b that begins at start with blanked if it is a name, and keeps the
// punctuation around it. follows reports whether the word comes after one of introduce.
func blank(b []byte, start int, follows bool) []byte {
	lo, hi := bare(b, start)
	if cut := lo + bytes.Index(b[lo:hi], ellipsis); cut > lo && letter(b[cut+3]) {
		hi = cut
	}
	name := b[lo:hi]
	if len(name) < 2 || isWord(name) || (!follows && !bytes.ContainsAny(name, marks) && !quoted(b[start:lo], name, b[hi:])) {
		return b
	}
	b[lo] = blanked
	return append(b[:lo+1], b[hi:]...)
}

// bare returns the part of the word at start that is inside its punctuation.
func bare(b []byte, start int) (lo, hi int) {
	lo, hi = start, len(b)
	for lo < hi && opens[b[lo]] {
		lo++
	}
	for hi > lo && closes[b[hi-1]] {
		hi--
	}
	return lo, hi
}

// quoted reports whether a word has its own quotes around it.
func quoted(before, word, after []byte) bool {
	return len(before) > 0 && len(after) > 0 && quote(before[len(before)-1]) && quote(after[0]) && !bytes.ContainsAny(word, quotes)
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' }

func isWord(b []byte) bool {
	return bytes.HasPrefix(b, []byte(wordsBegin)) || slices.ContainsFunc(words, func(w string) bool { return string(b) == w })
}

func quote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

// introduced reports whether b ends with one of introduce.
func introduced(b []byte) bool {
	for _, w := range introduce {
		if bytes.HasSuffix(b, []byte(w)) {
			return true
		}
	}
	return false
}
