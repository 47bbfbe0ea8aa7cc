package stop

import (
	"bytes"
	"encoding/binary"
)

// text is a reason made comparable: lower case, straight quotes, single
// blanks, without names, with what clients and ECS print before it cut away.
// It holds no slice of itself, so that it can stay on the stack.
type text struct {
	room   [1 + 1024 + wide]byte
	long   []byte // used instead of room by texts that do not fit
	lo, hi int    // before and behind it is room for what the index needs
	holds  lists  // those of which a word stands in it
	// resource is whether a leading "ResourceInitializationError:" was cut.
	resource bool
	// unpulled is whether the words were cut that a container's image was not
	// pulled because its task was stopped before.
	unpulled bool
}

func (t *text) bytes() []byte { return t.all()[t.lo:t.hi] }

func (t *text) all() []byte {
	if t.long != nil {
		return t.long
	}
	return t.room[:]
}

// find looks up what stands in t. A name after one of introduce is blanked first.
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

// cuts marks the first two bytes of all that read cuts, added up.
var cuts [256]bool

func init() {
	for _, list := range [][]string{preludes, resourceError, unpulledError, services} {
		for _, p := range list {
			cuts[p[0]+7*p[1]] = true
		}
	}
}

// mayCut is whether t may begin with something that read cuts.
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

// announced cuts what an event of a service says before the reason, in the same
// or the sentence before.
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

// normalise fills t from s. Runs of white space become one blank, curly quotes
// straight ones; other bytes outside ASCII stay as they are. Names are blanked, but
// for those that find knows by a word before them.
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

// Each byte of these is what one character of eight is compared with.
const (
	ones uint64 = 0x0101010101010101
	high        = 0x80 * ones // no ASCII character has it
)

// fold gives eight ASCII characters in lower case, marks the blanks among them by their
// high bits, and what else is no printed character.
func fold(c uint64) (lower, blanks, odd uint64) {
	capitals := (c + (0x80-'A')*ones) &^ (c + (0x7f-'Z')*ones) & high
	blanks = ^((c ^ ' '*ones) + 0x7f*ones) & high
	return c | capitals>>2, blanks, (c | ^(c + (0x80-' ')*ones)) & high
}

// simple writes s in plain form into b, which is longer by wide at least, if each byte
// of s stands for one of it; else it gives false. It takes eight at once and does
// not branch, for no processor foresees where words end.
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

// eight are the first eight bytes of s as one number.
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

// plain gives the next character of s in plain form and how many bytes it took.
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
