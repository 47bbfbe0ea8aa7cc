package stop

// stems are fragments to be looked for in a text. Each has at least four bytes,
// and none the mark of a blanked name.
type stems struct {
	words []string
	slots []uint16 // of the first four bytes of each
}

func of(words ...string) stems {
	s := stems{words: words, slots: make([]uint16, len(words))}
	for i, w := range words {
		s.slots[i] = uint16(slot(four(w)))
	}
	return s
}

func (s stems) none() bool { return len(s.words) == 0 }

// or adds other stems.
func (s stems) or(others ...stems) stems {
	n := len(s.words)
	for _, o := range others {
		n += len(o.words)
	}
	all := stems{words: append(make([]string, 0, n), s.words...), slots: append(make([]uint16, 0, n), s.slots...)}
	for _, o := range others {
		all.words, all.slots = append(all.words, o.words...), append(all.slots, o.slots...)
	}
	return all
}

const slotBits = 12

// slot is a number for four bytes: the high bits of a product with 2^32 divided
// by the golden ratio.
func slot(four uint32) uint32 { return four * 0x9e3779b9 >> (32 - slotBits) }

// four is the first four bytes of s as one number.
func four(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}
