package stop

import "bytes"

// text is a reason made comparable: lower case, straight quotes, single
// blanks, without names, with what clients and ECS print before it cut away.
// It holds no slice of itself, so that it can stay on the stack.
type text struct {
	room   [1024]byte
	long   []byte // used instead of room by texts that do not fit
	lo, hi int
	// triples has a bit for each three neighbouring bytes, so that nearly all
	// fragments are refused without a search.
	triples [64]uint64
	// resource is whether a leading "ResourceInitializationError:" was cut.
	resource bool
	// unpulled is whether the words were cut that a container's image was not
	// pulled because its task was stopped before.
	unpulled bool
}

func (t *text) bytes() []byte {
	if t.long != nil {
		return t.long[t.lo:t.hi]
	}
	return t.room[t.lo:t.hi]
}

// preludes come before a task's real reason and say nothing.
var preludes = []string{
	"taskfailedtostart:", "task failed to start -", "task failed to start:",
	"the task failed to start due to:", "task failed to start due to:",
	"stoppedreason:", "stopped reason", "stop reason", "status reason", "reason:", "stopped (", "error: ", ": ",
}

// Cut with a note, see text.resource and text.unpulled. The words of the agent
// are in its TaskStoppedBeforePullBeginError
// (https://github.com/aws/amazon-ecs-agent/blob/master/agent/engine/errors.go).
var (
	resourceError = []string{"resourceinitializationerror:"}
	unpulledError = []string{"taskstoppedbeforepullbeginerror:", "taskstoppedbeforepullbeginerror", "task stopped before image pull could begin"}
)

// announcements stand in events of a service, before a task's real reason.
var announcements = []string{"unable to place a task. reason:", "all of its requirements. reason:", "failed to launch a task with (error"}

// read fills t from a task's or a container's reason.
func (t *text) read(s string) {
	t.normalise(s)
	for cut := true; cut; {
		resource, unpulled := t.skipAny(resourceError), t.skipAny(unpulledError)
		t.resource, t.unpulled = t.resource || resource, t.unpulled || unpulled
		cut = t.skipAny(preludes) || t.announced() || resource || unpulled
	}
}

// announced cuts what an event of a service says before the reason, in the same
// or the sentence before.
func (t *text) announced() bool {
	if !t.begins("(service ") && !t.begins("service ") {
		return false
	}
	b := t.bytes()
	for _, a := range announcements {
		if at := bytes.Index(b, []byte(a)); at >= 0 && !bytes.Contains(b[:at], []byte(". ")) {
			t.drop(at + len(a))
			return true
		}
	}
	return false
}

// skipAny cuts each of these prefixes, in their order.
func (t *text) skipAny(prefixes []string) (cut bool) {
	for _, p := range prefixes {
		cut = t.skip(p) || cut
	}
	return cut
}

// skip cuts a prefix and the blanks after it.
func (t *text) skip(prefix string) bool {
	if !t.begins(prefix) {
		return false
	}
	t.drop(len(prefix))
	return true
}

// drop cuts n bytes and the blanks after them.
func (t *text) drop(n int) {
	b := t.bytes()
	for n < len(b) && b[n] == ' ' {
		n++
	}
	t.lo += n
}

// bare is whether nothing but "the task failed to start" is said.
func (t *text) bare() bool {
	b := t.bytes()
	for len(b) > 0 && (b[len(b)-1] == '.' || b[len(b)-1] == ':') {
		b = b[:len(b)-1]
	}
	switch string(b) {
	case "", "task failed to start", "taskfailedtostart", "failed to start":
		return !t.resource
	}
	return false
}

func (t *text) begins(prefix string) bool {
	b := t.bytes()
	return len(b) >= len(prefix) && b[0] == prefix[0] && string(b[:len(prefix)]) == prefix
}

func (t *text) beginsAny(prefixes []string) bool {
	for _, p := range prefixes {
		if t.begins(p) {
			return true
		}
	}
	return false
}

func (t *text) is(words []string) bool {
	for _, w := range words {
		if string(t.bytes()) == w {
			return true
		}
	}
	return false
}

func (t *text) hasAny(fragments []string) bool {
	for _, f := range fragments {
		if len(f) < 3 || (t.marked(f[:3]) && t.marked(f[len(f)-3:])) {
			if t.has(f) {
				return true
			}
		}
	}
	return false
}

// marked is whether the three bytes of s may stand in t.
func (t *text) marked(s string) bool {
	h := triple(triple(uint16(s[0]), s[1]), s[2])
	return t.triples[h>>6]&(1<<(h&63)) != 0
}

func (t *text) has(fragment string) bool {
	for i := 3; i < len(fragment); i++ {
		if !t.marked(fragment[i-2 : i+1]) {
			return false
		}
	}
	b := t.bytes()
	for i := 0; i+len(fragment) <= len(b); i++ {
		if b[i] == fragment[0] && string(b[i:i+len(fragment)]) == fragment {
			return true
		}
	}
	return false
}

// triple rolls c into a 12-bit mark of the last three bytes: each byte has
// left it after three shifts.
func triple(h uint16, c byte) uint16 { return (h<<4 ^ uint16(c)) & 0xfff }

// normalise fills t from s. Runs of white space become one blank, curly quotes
// straight ones; other bytes outside ASCII stay as they are.
func (t *text) normalise(s string) {
	t.lo, t.long = 0, nil
	if len(s) <= len(t.room) {
		t.hi = len(t.fill(t.room[:0], s))
		return
	}
	t.long = t.fill(make([]byte, 0, len(s)), s)
	t.hi = len(t.long)
}

// fill appends s to b in plain form and marks its triples.
func (t *text) fill(b []byte, s string) []byte {
	start, spelled := 0, false
	for i := 0; i < len(s); {
		c, n := plainASCII[s[i]], 1
		if c < 'a' {
			if c == 0 {
				c, n = plain(s[i:])
			}
			spelled = spelled || c == '-' || c == '/' || c == '_' || quote(c)
		}
		i += n
		if c != ' ' {
			b = append(b, c)
			continue
		}
		if len(b) > start {
			b = append(blank(b, start, spelled), ' ')
		}
		start, spelled = len(b), false
	}
	b = bytes.TrimSuffix(blank(b, start, spelled), []byte{' '})
	t.mark(b)
	return b
}

// mark sets the bits of b's triples.
func (t *text) mark(b []byte) {
	h := uint16(0)
	for _, c := range b {
		h = triple(h, c)
		t.triples[h>>6] |= 1 << (h & 63)
	}
}

// plainASCII holds the plain form of each ASCII character, and 0 for bytes of
// longer runes.
var plainASCII = func() (form [256]byte) {
	for c := range byte(0x80) {
		switch {
		case c >= 'A' && c <= 'Z':
			form[c] = c + 'a' - 'A'
		case c < ' ':
			form[c] = ' '
		default:
			form[c] = c
		}
	}
	return form
}()

// plain gives the next rune of s, which is not ASCII, in plain form and how
// many bytes it took.
func plain(s string) (byte, int) {
	c := s[0]
	switch {
	case c == 0xc2 && len(s) > 1 && s[1] == 0xa0: // no-break space
		return ' ', 2
	case c == 0xe2 && len(s) > 2 && s[1] == 0x80:
		return punctuation(s)
	}
	return c, 1
}

// punctuation reads the three-byte runes of U+2000 to U+203F that stand for an
// ASCII character.
func punctuation(s string) (byte, int) {
	switch b := s[2]; {
	case b == 0x98 || b == 0x99: // ‘ ’
		return '\'', 3
	case b == 0x9c || b == 0x9d: // “ ”
		return '"', 3
	case b == 0x93 || b == 0x94: // – —
		return '-', 3
	case b <= 0x8b || b == 0xaf: // spaces of any width
		return ' ', 3
	}
	return s[0], 1
}
