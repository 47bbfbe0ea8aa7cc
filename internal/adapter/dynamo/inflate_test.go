package dynamo

import (
	"bytes"
	"compress/flate"
	"io"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// deflated is plain as a writer of a level makes it, in pieces of some bytes.
func deflated(tb testing.TB, plain []byte, level, piece int) []byte {
	tb.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriterDict(&out, level, dictionary1)
	if err != nil {
		tb.Fatal(err)
	}
	for len(plain) > 0 {
		n := min(piece, len(plain))
		_, _ = w.Write(plain[:n])
		if plain = plain[n:]; len(plain)%2 == 0 {
			_ = w.Flush()
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// pair is both inflaters, which are used again and again.
type pair struct {
	own   *inflater
	other interface {
		io.Reader
		flate.Resetter
	}
}

func newPair() *pair {
	p := &pair{own: &inflater{out: bytes.Clone(dictionary1)}}
	p.other, _ = flate.NewReaderDict(bytes.NewReader(nil), dictionary1).(interface {
		io.Reader
		flate.Resetter
	})
	return p
}

// agrees has the same bytes read by both: they read the same, or neither can.
func (p *pair) agrees(tb testing.TB, body []byte) {
	tb.Helper()
	if err := p.other.Reset(bytes.NewReader(body), dictionary1); err != nil {
		tb.Fatal(err)
	}
	want, wantErr := io.ReadAll(p.other)
	got, err := p.own.inflate(body)
	if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
		tb.Fatalf("%d bytes, %v; want %d, %v, of %x", len(got), err, len(want), wantErr, body)
	}
}

// plains are texts of all kinds: such as bodies are, what hardly repeats, what repeats
// from afar, what is all the same, and nothing.
func plains(tb testing.TB) [][]byte {
	tb.Helper()
	d := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // it repeats
	noise, few := make([]byte, 70_000), make([]byte, 70_000)
	for i := range noise {
		noise[i], few[i] = byte(d.Uint32()), byte(d.ExpFloat64()*3)
	}
	far := bytes.Join([][]byte{noise[:300], few[:32_000], noise[:300], few[32_000:], noise[:40]}, nil)
	out := [][]byte{{}, {0}, []byte(strings.Repeat("a", 70_000)), noise[:100], noise, few, far, dictionary1}
	body, err := encode(aRun())
	if err == nil {
		body, err = io.ReadAll(flate.NewReaderDict(bytes.NewReader(body), dictionary1))
	}
	if err != nil {
		tb.Fatal(err)
	}
	return append(out, body, bytes.Repeat(body, 100))
}

// TestInflate: what compress/flate wrote is read, at each level, in pieces and whole.
func TestInflate(t *testing.T) {
	t.Parallel()
	p := newPair()
	for n, plain := range plains(t) {
		for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
			for _, piece := range []int{997, 1 << 20} {
				body := deflated(t, plain, level, piece)
				if got, err := p.own.inflate(body); err != nil || !bytes.Equal(got, plain) {
					t.Fatalf("text %d at level %d in pieces of %d: %d bytes, %v", n, level, piece, len(got), err)
				}
				p.agrees(t, body)
			}
		}
	}
}

// TestInflateWhatIsDamaged: a body of which a byte is another, or which is cut, is read
// as compress/flate reads it, or by neither.
func TestInflateWhatIsDamaged(t *testing.T) {
	t.Parallel()
	d := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // it repeats
	all, p := plains(t), newPair()
	for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, flate.BestSpeed, flate.BestCompression} {
		for _, plain := range [][]byte{all[8], all[3], all[5][:800]} {
			body := deflated(t, plain, level, 1<<20)
			for i := range body {
				p.agrees(t, body[:i])
				for range 4 {
					other := bytes.Clone(body)
					other[i] = byte(d.Uint32())
					p.agrees(t, other)
				}
			}
		}
	}
}

// bitWriter writes a block as no writer here would.
type bitWriter struct {
	out []byte
	n   uint
}

// put writes a number, its lowest bit first, code one as codes are written.
func (w *bitWriter) put(v, n uint) *bitWriter {
	for i := range n {
		if w.n%8 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[w.n/8] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
	return w
}

func (w *bitWriter) code(v, n uint) *bitWriter {
	return w.put(bits.Reverse(v)>>(bits.UintSize-n), n)
}

// lengthCodes are those symbols of lengths that have codes here, of three bits each.
var lengthCodes = []uint{0, 1, 2, 4, 8, 16, 17, 18}

// block begins the last block, one with codes of its own.
func block(literals, dists uint) *bitWriter {
	w := (&bitWriter{}).put(1, 1).put(2, 2).put(literals-257, 5).put(dists-1, 5).put(maxMeta-4, 4)
	for _, symbol := range metaOrder {
		var n uint
		if slices.Contains(lengthCodes, uint(symbol)) {
			n = 3
		}
		w.put(n, 3)
	}
	return w
}

// length is the length of a symbol's code, or how often one comes, of so many more bits.
func (w *bitWriter) length(symbol, more, n uint) *bitWriter {
	return w.code(uint(slices.Index(lengthCodes, symbol)), 3).put(more, n) //nolint:gosec // it is there
}

// none is that n symbols have none, 11 to 138 at a time.
func (w *bitWriter) none(n uint) *bitWriter {
	for ; n > 138; n -= 100 {
		w.length(18, 100-11, 7)
	}
	return w.length(18, n-11, 7)
}

// ofOne are the codes of a block with the one literal a, which is 0; the end is 1.
func (w *bitWriter) ofOne() *bitWriter {
	return w.none('a').length(1, 0, 0).none(256-'a'-1).length(1, 0, 0)
}

// withCopy are those with a copy, too: the end is 10, and the copy 11.
func withCopy(symbol, dist uint) *bitWriter {
	w := block(symbol+1, dist+1).none('a').length(1, 0, 0).none(256-'a'-1).length(2, 0, 0)
	for range symbol - 257 {
		w.length(0, 0, 0)
	}
	w.length(2, 0, 0)
	for range dist {
		w.length(0, 0, 0)
	}
	return w.length(1, 0, 0)
}

// until writes the literal until there are so many bits in the last byte.
func (w *bitWriter) until(n uint) *bitWriter {
	for w.n%8 != n {
		w.put(0, 1)
	}
	return w
}

// TestInflateBySymbols: blocks that no writer makes here, and some bytes.
func TestInflateBySymbols(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body []byte
		want string
		ok   bool
	}{
		"nothing":                       {},
		"a kind that is none":           {body: []byte{0x07}},
		"a fixed block of nothing":      {[]byte{0x03, 0x00}, "", true},
		"a fixed block that is cut":     {body: []byte{0x03}},
		"a byte behind the end":         {[]byte{0x03, 0x00, 0xff}, "", true},
		"stored":                        {[]byte{0x01, 0x01, 0x00, 0xfe, 0xff, 'a'}, "a", true},
		"stored, its length not proven": {body: []byte{0x01, 0x01, 0x00, 0xfe, 0xfe, 'a'}},
		"stored, too short":             {body: []byte{0x01, 0x02, 0x00, 0xfd, 0xff, 'a'}},
		"no distances":                  {block(257, 1).ofOne().length(0, 0, 0).code(0, 1).code(1, 1).out, "a", true},
		"too many literals":             {body: block(287, 1).ofOne().none(30).length(0, 0, 0).code(0, 1).code(1, 1).out},
		"too many distances":            {body: block(257, 31).ofOne().none(31).code(0, 1).code(1, 1).out},
		"a length again of none":        {body: block(257, 1).length(16, 0, 2).none('a'-3).length(1, 0, 0).none(256-'a'-1).length(1, 0, 0).length(0, 0, 0).code(0, 1).code(1, 1).out},
		"lengths up to the last":        {block(257, 3).ofOne().length(17, 0, 3).code(0, 1).code(1, 1).out, "a", true},
		"one length too many":           {body: block(257, 2).ofOne().length(17, 0, 3).code(0, 1).code(1, 1).out},
		"a copy":                        {withCopy(257, 0).code(0, 1).code(3, 2).code(0, 1).code(2, 2).out, "aaaa", true},
		"a copy of what is not there":   {body: withCopy(257, 29).code(3, 2).code(0, 1).put(0, 13).code(2, 2).out},
		"a distance without a code":     {body: withCopy(257, 0).code(0, 1).code(3, 2).code(1, 1).code(2, 2).out},
		// The end is what is left of bits that should belong to something else.
		"cut in a distance": {body: withCopy(257, 20).until(0).code(3, 2).code(0, 1).code(2, 2).out},
		"cut in a length":   {body: withCopy(281, 0).until(3).code(3, 2).code(0, 1).code(2, 2).out},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair()
			if got, err := p.own.inflate(c.body); string(got) != c.want || (err == nil) != c.ok {
				t.Errorf("got %q, %v, want %q, %v", got, err, c.want, c.ok)
			}
			p.agrees(t, c.body)
		})
	}
	p := newPair()
	for n := range 1 << 16 {
		p.agrees(t, []byte{byte(n), byte(n >> 8)})
	}
	d := rand.New(rand.NewPCG(1, 3)) //nolint:gosec // it repeats
	for range 10_000 {
		body := make([]byte, 1+d.IntN(60))
		for i := range body {
			body[i] = byte(d.Uint32())
		}
		body[0] = body[0]&^7 | 5 // the last block, with codes of its own
		p.agrees(t, body)
	}
}

// FuzzInflate: compress/flate has the last word.
func FuzzInflate(f *testing.F) {
	for _, plain := range plains(f) {
		plain = plain[:min(len(plain), 2000)]
		for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
			f.Add(deflated(f, plain, level, 997))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) { newPair().agrees(t, body) })
}
