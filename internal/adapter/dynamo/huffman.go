package dynamo

import (
	"math/bits"
	"sync"
)

// huffman is a code of at most maxBits bits a symbol (3.2.2).
type huffman struct {
	// short has the symbol of each row of shortBits bits that begins with its code, and
	// the length of that; 0 where the code is longer.
	short [1 << shortBits]uint16
	// count is how many codes have a length; symbols are they, in order.
	count   [maxBits + 1]uint16
	symbols [maxLiterals + 2]uint16
}

const (
	maxBits   = 15
	shortBits = 8
	lengthOf  = 4 // bits of an entry of short
)

// make makes the code of the lengths of its symbols, of which the first has a number.
// Like that of compress/flate it is whole, or of one symbol of one bit, or of none,
// which then may not be used.
func (h *huffman) make(used []length, first int) bool {
	h.count = [maxBits + 1]uint16{}
	for _, l := range used {
		h.count[l.bits]++
	}
	var next, place [maxBits + 2]uint16 // the next code, and the next symbol's place
	left := 1
	for n := 1; n <= maxBits; n++ {
		left = left<<1 - int(h.count[n])
		if left < 0 {
			return false
		}
		next[n+1] = (next[n] + h.count[n]) << 1
		place[n+1] = place[n] + h.count[n]
	}
	if left > 0 && len(used) > 0 && (len(used) > 1 || h.count[1] == 0) {
		return false
	}
	h.short = [1 << shortBits]uint16{}
	for _, l := range used {
		symbol, n := l.symbol-uint16(first), l.bits
		h.symbols[place[n]] = symbol
		place[n]++
		if n <= shortBits {
			for row := int(bits.Reverse16(next[n]) >> (16 - n)); row < len(h.short); row += 1 << n {
				h.short[row] = symbol<<lengthOf | uint16(n)
			}
		}
		next[n]++
	}
	return true
}

// symbol reads one; -1 is at the end, or of a code that there is not.
func (f *inflater) symbol(h *huffman) int {
	if f.have < maxBits {
		f.fill()
	}
	e := h.short[f.bits%uint64(len(h.short))]
	n := uint(e % (1 << lengthOf))
	if n == 0 {
		return f.long(h)
	}
	if n > f.have {
		return -1
	}
	f.drop(n)
	return int(e >> lengthOf)
}

// long reads a symbol bit by bit: the codes of a length follow upon each other.
func (f *inflater) long(h *huffman) int {
	code, first, at := 0, 0, 0
	for n := uint(1); n <= min(maxBits, f.have); n++ {
		code = code<<1 | int(f.bits>>(n-1)&1)
		count := int(h.count[n])
		if code-first < count {
			f.drop(n)
			return int(h.symbols[at+code-first])
		}
		at, first = at+count, (first+count)<<1
	}
	return -1
}

// fixed are the codes that a block need not bring (3.2.6).
var fixed = sync.OnceValues(func() (lit, dist *huffman) {
	var f inflater
	for i := range maxLiterals + 2 {
		n := 8
		switch {
		case i >= 144 && i < 256:
			n = 9
		case i >= 256 && i < 280:
			n = 7
		}
		f.use(i, n)
	}
	lit, dist = &huffman{}, &huffman{}
	lit.make(f.used, 0)
	f.used = f.used[:0]
	for i := range maxDistances + 2 {
		f.use(i, 5)
	}
	dist.make(f.used, 0)
	return lit, dist
})
