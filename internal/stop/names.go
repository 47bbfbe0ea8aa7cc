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
	"i/o", "log-opt", "insufficient_scope", "manifest_unknown", "name_unknown", "fargate_spot", "out-of-memory",
}

// ellipsis is where ECS cut. With a letter after it, a name has ended there.
var ellipsis = []byte("...")

// introduce are the words that a name follows, however it is spelled.
var introduce = []string{"resolve ref ", "manifest for ", "denied for ", "fetch secret ", "lookup "}

// introduceEnds holds the last letters of introduce.
var introduceEnds = func() (ends [256]bool) {
	for _, w := range introduce {
		ends[w[len(w)-2]] = true
	}
	return ends
}()

const (
	marks   = "/-_"
	quotes  = "\"'`"
	opening = "([{<" + quotes
	closing = ".,:;)]}>!?" + quotes
)

// blank replaces the word of b that begins at start, if it is a name, and keeps
// the punctuation around it. spelled is whether the word has a mark or a quote.
func blank(b []byte, start int, spelled bool) []byte {
	follows := introduced(b[:start])
	if !spelled && !follows {
		return b
	}
	lo := len(b) - len(bytes.TrimLeft(b[start:], opening))
	hi := lo + len(bytes.TrimRight(b[lo:], closing))
	if cut := lo + bytes.Index(b[lo:hi], ellipsis); cut > lo && cut+3 < hi && letter(b[cut+3]) {
		hi = cut
	}
	name := b[lo:hi]
	if len(name) < 2 || isWord(name) || (!follows && !bytes.ContainsAny(name, marks) && !quoted(b[start:lo], name, b[hi:])) {
		return b
	}
	b[lo] = blanked
	return append(b[:lo+1], b[hi:]...)
}

// quoted is whether a word stands in quotes of its own.
func quoted(before, word, after []byte) bool {
	return len(before) > 0 && len(after) > 0 && quote(before[len(before)-1]) && quote(after[0]) && !bytes.ContainsAny(word, quotes)
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' }

func isWord(b []byte) bool {
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
	n := len(b)
	if n < 2 || !introduceEnds[b[n-2]] {
		return false
	}
	for _, w := range introduce {
		if n >= len(w) && string(b[n-len(w):]) == w {
			return true
		}
	}
	return false
}
