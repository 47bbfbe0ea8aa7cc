package stop

import "bytes"

// A name inside ECS's text is no word of it: that an image is called
// data-validation says nothing about its pull. So every name is blanked before
// the rules are asked. These are names: what holds a '/', a '-' or a '_' (paths,
// URLs, ARNs, image references, most resources), one quoted word, and the word
// after one of introduce.

// blanked stands where a name was.
const blanked = '#'

// words are spelled like names and are words of the texts.
var words = []string{
	"i/o", "log-opt", "insufficient_scope", "manifest_unknown", "name_unknown", "fargate_spot", "out-of-memory", "media-type",
}

// wordsBegin is how more of them begin: RESOURCE:PORTS_TCP is one.
const wordsBegin = "resource:"

// ellipsis is where ECS cut. With a letter after it, a name has ended there.
var ellipsis = []byte("...")

// introduce are the words that a name follows, however it is spelled.
var introduce = stems{"resolve ref ", "manifest for ", "denied for ", "fetch secret ", "lookup ", "for capacity provider ", "container named "}

const (
	marks   = "/-_"
	quotes  = "\"'`"
	opening = "([{<" + quotes
	closing = ".,:;)]}>!?" + quotes
)

// These are the bytes of opening, of closing, those that spell a name, and the last
// letters of introduce.
var opens, closes, spells, spellsOrBlank, introduceEnds [256]bool

// They are filled here, and not where they stand: beside a variable that a call fills
// the compiler lays out no table of rules that names another.
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

// blankIntroduced blanks the names that follow one of introduce. What is spelled
// like a name is blanked already.
func (t *text) blankIntroduced() { t.blankNames(&spellsOrBlank) }

// blankNames blanks the names in t: words in which one of stops stands, if they are
// spelled like names, and where blanks are among the stops those that are introduced.
func (t *text) blankNames(stops *[256]bool) { t.hi = t.lo + len(blankNames(t.bytes(), stops)) }

func blankNames(b []byte, stops *[256]bool) []byte {
	out, from := b[:0], 0 // what is done, and where the rest begins
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

// word moves the rest of b from on to out up to the end of the word around at,
// which it blanks if it is a name, and gives where the rest begins then.
func word(b, out []byte, from, at int, follows bool) (done []byte, rest int) {
	start := from + bytes.LastIndexByte(b[from:at], ' ') + 1
	end := len(b)
	if n := bytes.IndexByte(b[at:], ' '); n >= 0 {
		end = at + n
	}
	out = append(out, b[from:end]...)
	return blank(out, len(out)-(end-start), follows), end
}

// blank replaces the word of b that begins at start, if it is a name, and keeps
// the punctuation around it. follows is whether it comes after one of introduce.
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

// bare gives the part of the word from start on that is within its punctuation.
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

// quoted is whether a word stands in quotes of its own.
func quoted(before, word, after []byte) bool {
	return len(before) > 0 && len(after) > 0 && quote(before[len(before)-1]) && quote(after[0]) && !bytes.ContainsAny(word, quotes)
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' }

func isWord(b []byte) bool {
	if bytes.HasPrefix(b, []byte(wordsBegin)) {
		return true
	}
	for _, w := range words {
		if string(b) == w {
			return true
		}
	}
	return false
}

func quote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

// introduced is whether b ends with one of introduce.
func introduced(b []byte) bool {
	for _, w := range introduce {
		if bytes.HasSuffix(b, []byte(w)) {
			return true
		}
	}
	return false
}
