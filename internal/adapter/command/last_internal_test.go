package command

import (
	"bytes"
	"testing"
)

// TestLastKeepsNoMore: of a command that writes without end, the last bytes are kept and nothing else.
func TestLastKeepsNoMore(t *testing.T) {
	t.Parallel()
	var l last
	var all []byte
	for n := range 3 * mostSaid {
		p := bytes.Repeat([]byte{byte('a' + n%26)}, n)
		all = append(all, p...)
		if took, err := l.Write(p); took != n || err != nil {
			t.Fatalf("%d of %d bytes, %v", took, n, err)
		}
		if want := all[max(0, len(all)-mostSaid):]; !bytes.Equal(l.text, want) || cap(l.text) > 2*mostSaid {
			t.Fatalf("after %d bytes it keeps %q, want %q", len(all), l.text, want)
		}
	}
}
