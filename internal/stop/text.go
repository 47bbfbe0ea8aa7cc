package stop

// text is a reason made comparable: lower case, straight quotes, single
// blanks, with what clients and ECS print before it cut away.
type text struct {
	b []byte
	// pairs has a bit for each pair of neighbouring bytes, so that most
	// fragments are refused without a search.
	pairs [64]uint64
	// resource is whether a leading "ResourceInitializationError:" was cut.
	resource bool
	room     [768]byte
}

// preludes come before a task's real reason and say nothing.
var preludes = []string{
	"taskfailedtostart:", "task failed to start -", "task failed to start:",
	"stoppedreason:", "stopped reason:", "status reason:", "error: ",
}

const resourceError = "resourceinitializationerror:"

// read fills t from a task's or a container's reason.
func (t *text) read(s string) {
	t.normalise(s)
	for cut := true; cut; {
		cut = t.skip(resourceError)
		t.resource = t.resource || cut
		for _, p := range preludes {
			cut = t.skip(p) || cut
		}
	}
}

// skip cuts a prefix and the blanks after it.
func (t *text) skip(prefix string) bool {
	if !t.begins(prefix) {
		return false
	}
	t.b = t.b[len(prefix):]
	for len(t.b) > 0 && t.b[0] == ' ' {
		t.b = t.b[1:]
	}
	return true
}

// bare is whether nothing but "the task failed to start" is said.
func (t *text) bare() bool {
	b := t.b
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
	return len(t.b) >= len(prefix) && string(t.b[:len(prefix)]) == prefix
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
		if string(t.b) == w {
			return true
		}
	}
	return false
}

func (t *text) hasAny(fragments []string) bool {
	for _, f := range fragments {
		if t.has(f) {
			return true
		}
	}
	return false
}

func (t *text) has(fragment string) bool {
	for i := 1; i < len(fragment); i++ {
		p := pair(fragment[i-1], fragment[i])
		if t.pairs[p>>6]&(1<<(p&63)) == 0 {
			return false
		}
	}
	for i := 0; i+len(fragment) <= len(t.b); i++ {
		if t.b[i] == fragment[0] && string(t.b[i:i+len(fragment)]) == fragment {
			return true
		}
	}
	return false
}

func pair(a, b byte) uint16 { return uint16(a&63)<<6 | uint16(b&63) }

// normalise writes s into t.b. Runs of white space become one blank, curly
// quotes straight ones; other bytes outside ASCII stay as they are.
func (t *text) normalise(s string) {
	t.b = t.room[:0]
	last := byte(' ')
	for i := 0; i < len(s); {
		c, n := plain(s[i:])
		i += n
		if c == ' ' && last == ' ' {
			continue
		}
		t.b = append(t.b, c)
		p := pair(last, c)
		t.pairs[p>>6] |= 1 << (p & 63)
		last = c
	}
	if n := len(t.b); n > 0 && t.b[n-1] == ' ' {
		t.b = t.b[:n-1]
	}
}

// plain gives the next byte of s in plain form and how many bytes it took.
func plain(s string) (byte, int) {
	c := s[0]
	switch {
	case c >= 'A' && c <= 'Z':
		return c + 'a' - 'A', 1
	case c < ' ':
		return ' ', 1
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
