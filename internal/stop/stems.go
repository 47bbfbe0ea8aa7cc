package stop

import "encoding/binary"

// stems are fragments to be looked for in a text. Each has at least four bytes,
// and none the mark of a blanked name. They are lists and no more, so that the
// compiler lays all tables out and a process's start makes none.
type stems []string

const slotBits = 12

// slot is a number for four bytes: the high bits of a product with 2^32 divided
// by the golden ratio.
func slot(four uint32) uint32 { return four * 0x9e3779b9 >> (32 - slotBits) }

// four is the first four bytes of s as one number.
func four(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// hasAny is whether one of the stems stands in t.
func (t *text) hasAny(s stems) bool {
	for _, word := range s {
		if t.fours[slot(four(word))] && t.has(word) {
			return true
		}
	}
	return false
}

// hasOne is whether a stem of one of the lists stands in t.
func (t *text) hasOne(lists []stems) bool {
	for _, s := range lists {
		if t.hasAny(s) {
			return true
		}
	}
	return false
}

// has is whether a word stands in t.
func (t *text) has(word string) bool {
	for i := len(word) - 4; i > 0; i-- {
		if !t.fours[slot(four(word[i:]))] {
			return false
		}
	}
	first := four(word)
	for b := t.bytes(); len(b) >= len(word); b = b[1:] {
		if binary.LittleEndian.Uint32(b) == first && string(b[:len(word)]) == word {
			return true
		}
	}
	return false
}
