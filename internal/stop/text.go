package stop

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// text is a reason in comparable form: lower case, straight quotes, single blanks, no names, and
// without what clients and ECS print before it. It holds no slice of itself, so that it can stay
// on the stack.
type text struct {
	room   [1 + 1024 + wide]byte
	long   []byte // used instead of room by a text that does not fit
	lo, hi int    // room is left before and after it for the index
	holds  lists  // the lists of which the text contains a word
	// resource reports whether a leading "ResourceInitializationError:" was cut.
	resource bool
	// unpulled reports whether the words were cut that say that an image was not pulled because
	// the task was stopped first.
	unpulled bool
}

func (t *text) bytes() []byte { return t.all()[t.lo:t.hi] }

func (t *text) all() []byte {
	if t.long != nil {
		return t.long
	}
	return t.room[:]
}

// find records which lists' words t contains. It first blanks the names that follow introduce.
func (t *text) find(x *index) {
	t.look(x)
	if t.holds.has(introducing) {
		t.blankIntroduced()
		t.look(x)
	}
}

func (t *text) look(x *index) {
	b := t.all()[t.lo-1:]
	b[0] = begin
	t.holds = x.of(b, 1+t.hi-t.lo)
}

// preludes come before a task's real reason and carry no meaning.
var preludes = []string{
	"taskfailedtostart:", "task failed to start -", "task failed to start:",
	"the task failed to start due to:", "task failed to start due to:",
	"stoppedreason:", "stopped reason", "stop reason", "status reason", "reason:", "stopped (", "stopped |", "error: ", ": ",
}

// Cutting one of these is recorded in text.resource and text.unpulled. The agent's words come
// from its TaskStoppedBeforePullBeginError
// (https://github.com/aws/amazon-ecs-agent/blob/master/agent/engine/errors.go).
var (
	resourceError = []string{"resourceinitializationerror:"}
	unpulledError = []string{"taskstoppedbeforepullbeginerror:", "taskstoppedbeforepullbeginerror", "task stopped before image pull could begin"}
)

// services lists how service events begin; announcements lists what such an event says before the
// task's real reason.
var services = []string{"(service ", "service "}

var announcements = []string{
	"unable to place a task. reason:", "all of its requirements. reason:", "failed to launch a task with (error", "unable to place a task because ",
}

// cuts marks, by a hash of its first two bytes, every prefix that read cuts.
var cuts [256]bool

func init() {
	for _, list := range [][]string{preludes, resourceError, unpulledError, services} {
		for _, p := range list {
			cuts[p[0]+7*p[1]] = true
		}
	}
}

// mayCut reports whether t may begin with something that read cuts.
func (t *text) mayCut() bool {
	b := t.bytes()
	return len(b) > 1 && cuts[b[0]+7*b[1]]
}

// read fills t from a task's or a container's reason.
func (t *text) read(s string) {
	t.normalise(s)
	for cut := true; cut && t.mayCut(); {
		resource, unpulled := t.skipAny(resourceError), t.skipAny(unpulledError)
		t.resource, t.unpulled = t.resource || resource, t.unpulled || unpulled
		cut = t.skipAny(preludes) || t.announced() || resource || unpulled
	}
	t.find(ofTasks())
}

// announced cuts the words with which a service event introduces the reason, if they begin in the
// text's first sentence.
func (t *text) announced() bool {
	if !t.beginsAny(services) {
		return false
	}
	t.blankIntroduced()
	b := t.bytes()
	for _, a := range announcements {
		if at := bytes.Index(b, []byte(a)); at >= 0 && !bytes.Contains(b[:at], []byte(". ")) {
			t.drop(at + len(a))
			return true
		}
	}
	return false
}

// skipAny cuts each of these prefixes, in order.
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

// bare reports whether the text says nothing but "the task failed to start".
func (t *text) bare() bool {
	b := t.bytes()
	for len(b) > 0 && (b[len(b)-1] == '.' || b[len(b)-1] == ':' || b[len(b)-1] == ')') {
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
	return slices.ContainsFunc(prefixes, t.begins)
}

func (t *text) is(words []string) bool {
	for _, w := range words {
		if string(t.bytes()) == w {
			return true
		}
	}
	return false
}

// normalise fills t from s. It turns runs of white space into one blank and curly quotes into
// straight ones; other bytes outside ASCII stay as they are. It blanks names, except those that
// only a word before them identifies, which find blanks.
func (t *text) normalise(s string) {
	t.lo, t.long = 1, nil
	if 1+len(s)+wide > len(t.room) {
		t.long = make([]byte, 1+len(s)+wide)
	}
	b := t.all()[1:]
	if simple(b, s) {
		b = b[:len(s)]
	} else {
		b = spell(b[:0], s)
	}
	t.hi = 1 + len(bytes.TrimSuffix(b, []byte{' '}))
	t.blankNames(&spells)
}

// These constants repeat one byte eight times, to compare eight characters at once.
const (
	ones uint64 = 0x0101010101010101
	high        = 0x80 * ones // no ASCII character has it
)

// fold returns eight ASCII characters in lower case. It marks the blanks among them by their high
// bits, and likewise everything that is not a printable character.
func fold(c uint64) (lower, blanks, odd uint64) {
	capitals := (c + (0x80-'A')*ones) &^ (c + (0x7f-'Z')*ones) & high
	blanks = ^((c ^ ' '*ones) + 0x7f*ones) & high
	return c | capitals>>2, blanks, (c | ^(c + (0x80-' ')*ones)) & high
}

// simple writes the plain form of s to b, which must be at least wide bytes longer, if every byte
// of s becomes exactly one byte; otherwise it returns false. It takes eight bytes at a time and
// does not branch, because processors cannot predict where words end.
func simple(b []byte, s string) bool {
	before, wrong := high, uint64(0)
	for ; len(s) >= wide; b, s = b[wide:], s[wide:] {
		lower, blanks, odd := fold(eight(s))
		binary.LittleEndian.PutUint64(b, lower)
		wrong |= odd | blanks&(blanks<<8|before>>56)
		before = blanks
	}
	last := [wide]byte{'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x'}
	copy(last[:], s)
	lower, blanks, odd := fold(binary.LittleEndian.Uint64(last[:]))
	binary.LittleEndian.PutUint64(b, lower)
	return wrong|odd|blanks&(blanks<<8|before>>56) == 0
}

// eight returns the first eight bytes of s as one number.
func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// spell appends the plain form of s to b.
func spell(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		c, n := plain(s[i:])
		i += n
		if c != ' ' || (len(b) > 0 && b[len(b)-1] != ' ') {
			b = append(b, c)
		}
	}
	return b
}

// plain returns the next character of s in plain form and the number of bytes it took.
func plain(s string) (byte, int) {
	c := s[0]
	switch {
	case c <= ' ':
		return ' ', 1
	case c >= 'A' && c <= 'Z':
		return c + 'a' - 'A', 1
	case c == 0xc2 && len(s) > 1 && s[1] == 0xa0: // no-break space
		return ' ', 2
	case c == 0xe2 && len(s) > 2 && s[1] == 0x80:
		return punctuation(s)
	}
	return c, 1
}

// punctuation reads the three-byte runes of U+2000 to U+203F that correspond to an ASCII
// character.
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
