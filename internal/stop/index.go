package stop

import (
	"encoding/binary"
	"slices"
	"sync"
)

// The rules ask of each text about a hundred times whether it contains a word of some list. So
// the lists are numbered, an index knows which lists each word is in, and one pass over the text
// finds every list that has a word in it.

// lists is a set of lists by number. No list has the number 0.
type lists [2]uint64

func (l *lists) has(n uint8) bool { return l[n>>6]>>(n&63)&1 != 0 }

func (l *lists) add(n uint8) { l[n>>6] |= 1 << (n & 63) }

func (l *lists) drop(n uint8) { l[n>>6] &^= 1 << (n & 63) }

func (l *lists) join(other *lists) {
	l[0] |= other[0]
	l[1] |= other[1]
}

// introducing is the number of the list introduce in every index.
const introducing = 1

// Each index is built for the first text that needs it: most processes read none.
var tasks, launches struct {
	once  sync.Once
	index *index
}

// ofTasks returns the index of everything that is asked of the reasons of tasks.
func ofTasks() *index {
	tasks.once.Do(func() {
		launchFamily() // it has copies of rules, which are numbered here
		tasks.index = newIndex(slices.Concat(endLexicon, taskLexicon), askedOfTasks)
	})
	return tasks.index
}

// ofLaunches returns the index for the answers of RunTask.
func ofLaunches() *index {
	launches.once.Do(func() { launches.index = newIndex(lexicon{launchFamily()}, askedOfLaunches) })
	return launches.index
}

// index finds words in a text. It looks only at every second byte, so it also knows each word by
// the bytes after its first.
type index struct {
	words  []entry
	pieces []piece
	heads  [1 << headBits]uint16 // the first piece of each key, by the key's hash
	// keys holds, by the first byte, the mask of the bytes to hash: as many as every piece that
	// begins with it has, at most wide.
	keys [256]uint64
}

// entry is a word and the lists that contain it.
type entry struct {
	text  string
	last  uint32 // its last four bytes, because many words share their first
	where where
	in    lists
}

// where says at which place in a text a word must stand.
type where uint8

const (
	anywhere where = iota
	atBegin
	alone
)

// piece holds up to wide bytes of a word from offset off on, shifted so that it contains no other
// bytes. Off is -1 for a word that must follow begin.
type piece struct {
	bytes      uint64
	shift      uint8
	off        int8
	word, next uint16
}

const (
	headBits = 13
	wide     = 8
	// begin stands before each text and never within one.
	begin = 2
)

func hash(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 >> (64 - headBits) }

// of returns the lists of which a word stands in b[:n]. b[0] must be begin, and b must have wide
// more bytes after n.
func (x *index) of(b []byte, n int) (in lists) {
	for rest := b[:n+wide]; len(rest) > wide; rest = rest[2:] {
		v := binary.LittleEndian.Uint64(rest)
		for next := x.heads[hash(v&x.keys[byte(v)])]; next != 0; {
			p := &x.pieces[next]
			next = p.next
			if v<<p.shift != p.bytes {
				continue
			}
			w, from := &x.words[p.word], n+wide-len(rest)-int(p.off)
			if to := from + len(w.text); to <= n && w.last == binary.LittleEndian.Uint32(b[to-4:]) &&
				string(b[from:to]) == w.text && (w.where != alone || to == n) {
				in.join(&w.in)
			}
		}
	}
	return in
}

// newIndex numbers the lists of the families, of their rules and of other matches.
func newIndex(families []*Family, others []*Match) *index {
	x := indexer{index: &index{words: make([]entry, 0, 700)}, known: make(map[list]int, 128)}
	x.number(anywhere, introduce)
	for _, f := range families {
		f.begins, f.has, f.vague = x.number(atBegin, f.Begins), x.number(anywhere, f.Has), x.number(atBegin, f.Vague)
		f.is = x.number(alone, f.Is)
		for i := range f.Rules {
			x.match(&f.Rules[i].Match)
		}
	}
	for _, m := range others {
		x.match(m)
	}
	return x.done()
}

// indexer builds an index. A list that several matches share is stored once.
type indexer struct {
	*index
	lists uint8        // how many have a number
	known map[list]int // the index in words of a list's first word
}

// list identifies a list by the address of its first word.
type list struct {
	first *string
	at    where
}

func (x *indexer) match(m *Match) {
	m.any, m.with, m.not = x.number(anywhere, m.Any...), x.number(anywhere, m.With...), x.number(anywhere, m.Not...)
}

// number gives the lists in some one common number, or 0 if all are empty.
func (x *indexer) number(at where, some ...stems) (n uint8) {
	for _, words := range some {
		if len(words) == 0 {
			continue
		}
		if n == 0 {
			x.lists++
			n = x.lists
		}
		key := list{&words[0], at}
		from, known := x.known[key]
		if !known {
			from = len(x.words)
			x.known[key] = from
			for _, text := range words {
				x.words = append(x.words, entry{text: text, last: four(text[len(text)-4:]), where: at})
			}
		}
		for i := range words {
			x.words[from+i].in.add(n)
		}
	}
	return n
}

// four returns the first four bytes of s as one number.
func four(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// done builds the table of pieces.
func (x *indexer) done() *index {
	x.pieces = make([]piece, 1, 2*len(x.words)+1)
	for i := range x.words {
		if x.words[i].where == anywhere {
			x.piece(i, 0)
			x.piece(i, 1)
		} else {
			x.piece(i, -1)
		}
	}
	for i := 1; i < len(x.pieces); i++ {
		p := &x.pieces[i]
		v := p.bytes >> p.shift
		head := &x.heads[hash(v&x.keys[byte(v)])]
		p.next, *head = *head, uint16(i)
	}
	return x.index
}

// piece adds the piece of word i that begins at offset off.
func (x *indexer) piece(i, off int) {
	b := [wide]byte{begin}
	n := max(0, -off)
	n += copy(b[n:], x.words[i].text[max(0, off):])
	shift := 8 * (wide - n)
	if key := ^uint64(0) >> shift; x.keys[b[0]] == 0 || x.keys[b[0]] > key {
		x.keys[b[0]] = key
	}
	x.pieces = append(x.pieces, piece{bytes: binary.LittleEndian.Uint64(b[:]) << shift, shift: uint8(shift), off: int8(off), word: uint16(i)})
}
