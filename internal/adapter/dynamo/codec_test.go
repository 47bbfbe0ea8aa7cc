package dynamo

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"
)

// What is inflated belongs to the caller, also while others inflate, and after
// a body that could not be read.
func TestInflatersAreShared(t *testing.T) {
	t.Parallel()
	if _, err := inflate([]byte("no deflated text")); err == nil {
		t.Fatal("read what is no body")
	}
	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() {
			want, _ := json.Marshal(strings.Repeat(string(rune('a'+n%26)), 1+n*100))
			body, err := encode(json.RawMessage(want))
			if err != nil {
				t.Error(err)
				return
			}
			first, errFirst := inflate(body)
			if _, err := inflate(body[:len(body)/2]); err == nil {
				t.Error("read half a body")
			}
			other, _ := encode("another text of some length")
			_, errOther := inflate(other)
			if errFirst != nil || errOther != nil || !bytes.Equal(first, want) {
				t.Errorf("got %d bytes of %d, %v, %v", len(first), len(want), errFirst, errOther)
			}
		})
	}
	wg.Wait()
}
