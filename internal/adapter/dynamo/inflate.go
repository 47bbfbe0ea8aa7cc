package dynamo

import (
	endian "encoding/binary"
	"errors"
	"slices"
	"sync"
)

// errInflating is of bytes that were not deflated, or not with the dictionary.
var errInflating = errors.New("inflating: the bytes are not what deflating makes")

// inflater reads what was deflated with the dictionary (RFC 1951). The bodies of runs
// are so short that compress/flate takes most of its time to make ready, which here is
// done once. It may be used again, and is kept for that.
type inflater struct {
	in []byte
	// bits are the next ones, of which have were read; further ones are 0.
	bits uint64
	have uint
	// out is the dictionary, and what was inflated behind it.
	out             []byte
	used            []length
	meta, lit, dist huffman
}

var inflaters = sync.Pool{New: func() any { return &inflater{out: append([]byte(nil), dictionary1...)} }}

// mostKept is how much room of an inflater is kept: a definition's body is far
// smaller.
const mostKept = 1 << 20

func (f *inflater) release() {
	if f.in = nil; cap(f.out) <= mostKept {
		inflaters.Put(f)
	}
}

// inflate returns what was deflated, which is good until the inflater is released.
func (f *inflater) inflate(body []byte) ([]byte, error) {
	f.in, f.bits, f.have, f.out = body, 0, 0, f.out[:len(dictionary1)]
	for last := 0; last == 0; {
		if last = f.take(1); !f.block(f.take(2)) {
			return nil, errInflating
		}
	}
	return f.out[len(dictionary1):], nil
}

// block reads a block of a kind (RFC 1951, 3.2.3); ok is false where it is none.
func (f *inflater) block(kind int) (ok bool) {
	switch kind {
	case 0:
		return f.stored()
	case 1:
		lit, dist := fixed()
		return f.compressed(lit, dist)
	case 2:
		return f.codes() && f.compressed(&f.lit, &f.dist)
	}
	return false
}

// fill reads as much as there is room for.
func (f *inflater) fill() {
	if len(f.in) >= 8 {
		n := (63 - f.have) / 8
		f.bits |= endian.LittleEndian.Uint64(f.in) << f.have
		f.in, f.have = f.in[n:], f.have+8*n
		f.bits &= 1<<f.have - 1
		return
	}
	for ; f.have <= 56 && len(f.in) > 0; f.have += 8 {
		f.bits |= uint64(f.in[0]) << f.have
		f.in = f.in[1:]
	}
}

// take is the next n bits, 16 at most, as a number; -1 at the end.
func (f *inflater) take(n uint) int {
	if f.have < n {
		if f.fill(); f.have < n {
			return -1
		}
	}
	v := f.bits & (1<<n - 1)
	f.drop(n)
	return int(v)
}

func (f *inflater) drop(n uint) { f.bits, f.have = f.bits>>n, f.have-n }

// stored reads bytes that are as they were (3.2.4).
func (f *inflater) stored() bool {
	f.drop(f.have % 8)
	n, not := f.take(16), f.take(16)
	if n < 0 || n^not != 0xffff {
		return false
	}
	for ; n > 0 && f.have > 0; n-- {
		f.out = append(f.out, byte(f.take(8)))
	}
	if n > len(f.in) {
		return false
	}
	f.out, f.in = append(f.out, f.in[:n]...), f.in[n:]
	return true
}

// compressed reads literals and copies up to the end of the block (3.2.3).
func (f *inflater) compressed(lit, dist *huffman) bool {
	for {
		switch symbol := f.symbol(lit); {
		case symbol < 0:
			return false
		case symbol < endOfBlock:
			f.out = append(f.out, byte(symbol))
		case symbol == endOfBlock:
			return true
		case !f.repeat(symbol-endOfBlock-1, dist):
			return false
		}
	}
}

// Lengths and distances of copies, each with how many bits are added to it (3.2.5).
var (
	copyLengths = []uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthBits  = []uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distances   = []uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distBits    = []uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// repeat copies what came before.
func (f *inflater) repeat(length int, dist *huffman) bool {
	if length >= len(copyLengths) {
		return false
	}
	more := f.take(uint(lengthBits[length]))
	d := f.symbol(dist)
	if more < 0 || d < 0 || d >= len(distances) {
		return false
	}
	n, further := int(copyLengths[length])+more, f.take(uint(distBits[d]))
	from := len(f.out) - int(distances[d]) - further
	if further < 0 || from < 0 {
		return false
	}
	for n > 0 { // what is copied may be longer than what there is
		some := f.out[from:min(from+n, len(f.out))]
		f.out = append(f.out, some...)
		n -= len(some)
	}
	return true
}

// Counts of symbols (3.2.5 and 3.2.7).
const (
	endOfBlock   = 256
	maxLiterals  = 286
	maxDistances = 30
	maxMeta      = 19
	again        = 16 // the first symbol of several lengths
)

// metaOrder is the order in which the lengths of the codes of lengths come (3.2.7).
var metaOrder = [maxMeta]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// length is how long the code of a symbol is. Symbols without one are left out, and they
// are most: all that is done for each costs more here than what is read by the code.
type length struct {
	symbol uint16
	bits   uint8
}

// codes reads a block's own codes (3.2.7).
func (f *inflater) codes() bool {
	literals, dists, metas := f.take(5)+endOfBlock+1, f.take(5)+1, f.take(4)
	if metas < 0 || literals > maxLiterals || dists > maxDistances {
		return false
	}
	var meta [maxMeta]int
	for _, symbol := range metaOrder[:metas+4] {
		n := f.take(3)
		if n < 0 {
			return false
		}
		meta[symbol] = n
	}
	f.used = f.used[:0]
	for symbol, n := range meta {
		f.use(symbol, n)
	}
	if !f.meta.make(f.used, 0) || !f.readLengths(literals+dists) {
		return false
	}
	n, _ := slices.BinarySearchFunc(f.used, literals, func(l length, first int) int { return int(l.symbol) - first })
	return f.lit.make(f.used[:n], 0) && f.dist.make(f.used[n:], literals)
}

func (f *inflater) use(symbol, n int) {
	if n > 0 {
		f.used = append(f.used, length{uint16(symbol), uint8(n)})
	}
}

// repeats are how a length comes several times: the one before, or none (3.2.7).
var repeats = [...]struct {
	bits  uint
	least int
}{{2, 3}, {3, 3}, {7, 11}}

// readLengths reads the lengths of codes: first those of literals and copies, then those
// of distances.
func (f *inflater) readLengths(all int) bool {
	f.used = f.used[:0]
	for i, before := 0, 0; i < all; {
		symbol, n := f.symbol(&f.meta), 1
		switch {
		case symbol < 0 || symbol == again && i == 0:
			return false
		case symbol < again:
			before = symbol
		default:
			if symbol > again {
				before = 0
			}
			how := repeats[symbol-again]
			more := f.take(how.bits)
			if n = how.least + more; more < 0 || n > all-i {
				return false
			}
		}
		for ; n > 0; n-- {
			f.use(i, before)
			i++
		}
	}
	return true
}
