package stop

import (
	"bytes"
	"encoding/binary"
)

// text is a reason made comparable: lower case, straight quotes, single
// blanks, without names, with what clients and ECS print before it cut away.
// It holds no slice of itself, so that it can stay on the stack.
type text struct {
	room   [1024]byte
	long   []byte // used instead of room by texts that do not fit
	lo, hi int
	// fours marks each four neighbouring bytes, before names are blanked, so that
	// nearly all stems are refused without a search.
	fours [1 << slotBits]bool
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

// services is how events of a service begin, and announcements what stands in
// them before a task's real reason.
var services = []string{"(service ", "service "}

var announcements = []string{
	"unable to place a task. reason:", "all of its requirements. reason:", "failed to launch a task with (error", "unable to place a task because ",
}

// cuts are the first bytes of all that read cuts.
var cuts = func() (first [256]bool) {
	for _, list := range [][]string{preludes, resourceError, unpulledError, services} {
		for _, p := range list {
			first[p[0]] = true
		}
	}
	return first
}()

// read fills t from a task's or a container's reason.
func (t *text) read(s string) {
	t.normalise(s)
	for cut := true; cut && t.lo < t.hi && cuts[t.bytes()[0]]; {
		resource, unpulled := t.skipAny(resourceError), t.skipAny(unpulledError)
		t.resource, t.unpulled = t.resource || resource, t.unpulled || unpulled
		cut = t.skipAny(preludes) || t.announced() || resource || unpulled
	}
}

// announced cuts what an event of a service says before the reason, in the same
// or the sentence before.
func (t *text) announced() bool {
	if !t.beginsAny(services) {
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

// first is the first four bytes of t as one number, 0 when it is shorter.
func (t *text) first() uint32 {
	if b := t.bytes(); len(b) >= 4 {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// normalise fills t from s. Runs of white space become one blank, curly quotes
// straight ones; other bytes outside ASCII stay as they are. Names are blanked.
func (t *text) normalise(s string) {
	t.lo, t.long = 0, nil
	b := t.room[:]
	if len(s) > len(b) {
		t.long = make([]byte, len(s))
		b = t.long
	}
	b = b[:len(s)]
	if !simple(b, s) {
		b = spell(b[:0], s)
	}
	t.hi = len(bytes.TrimSuffix(b, []byte{' '}))
	t.mark()
	t.hi = len(t.blankNames(t.bytes()))
}

// simple writes s in plain form into b, which is as long, if each byte of s
// stands for one of it; else it gives false. It does not branch, for no
// processor foresees where words end.
func simple(b []byte, s string) bool {
	odd, before := uint16(0), isBlank
	for i := range b {
		f := forms[s[i]]
		b[i] = byte(f)
		odd |= f & (before | isForeign)
		before = f & isBlank
	}
	return odd&^0xff == 0
}

// spell appends the plain form of s to b.
func spell(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		f, n := forms[s[i]], 1
		c := byte(f)
		if f&isForeign != 0 {
			c, n = plain(s[i:])
		}
		i += n
		if c != ' ' || (len(b) > 0 && b[len(b)-1] != ' ') {
			b = append(b, c)
		}
	}
	return b
}

// mark marks the fours of t.
func (t *text) mark() {
	for b := t.bytes(); len(b) >= 4; b = b[1:] {
		t.fours[slot(binary.LittleEndian.Uint32(b))] = true
	}
}

// What forms says beside the plain form: that it is a blank, and that the byte
// belongs to a longer rune.
const (
	isBlank   uint16 = 1 << 8
	isForeign uint16 = 1 << 9
)

// forms holds the plain form of each ASCII character.
var forms = func() (forms [256]uint16) {
	for c := range uint16(256) {
		switch {
		case c >= 0x80:
			forms[c] = isForeign
		case c <= ' ':
			forms[c] = ' ' | isBlank
		case c >= 'A' && c <= 'Z':
			forms[c] = c + 'a' - 'A'
		default:
			forms[c] = c
		}
	}
	return forms
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
