package dynamo

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/batchplane/batchplane/internal/port"
)

// asBody is an item with a body.
func asBody(body []byte) attributes {
	return attributes{attrBody: binary(body), attrVersion: number(itemVersion)}
}

// TestInflatersAreShared: what is decoded belongs to the caller, even while others decode, and after a
// body that could not be read.
func TestInflatersAreShared(t *testing.T) {
	t.Parallel()
	var got string
	if err := decode("it", asBody([]byte("no deflated text")), &got); !errors.Is(err, port.ErrUnreadable) {
		t.Fatalf("read what is no body: %v", err)
	}
	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() {
			want := strings.Repeat(string(rune('a'+n%26)), 1+n*100)
			body, err := encode(want)
			if err != nil {
				t.Error(err)
				return
			}
			var got, half string
			var raw json.RawMessage
			var wrong int
			err = errors.Join(decode("it", asBody(body), &got), decode("it", asBody(body), &raw))
			saved := salvage(asBody(body))
			if decode("it", asBody(body[:len(body)/2]), &half) == nil {
				t.Error("read half a body")
			}
			if !errors.Is(decode("it", asBody(body), &wrong), port.ErrUnreadable) {
				t.Error("read a text as a number")
			}
			other, _ := encode("another text of some length")
			errOther := decode("it", asBody(other), &half)
			if err != nil || errOther != nil || got != want || string(raw) != `"`+want+`"` || string(saved) != string(raw) {
				t.Errorf("got %d, %d and %d bytes of %d, %v, %v", len(got), len(raw), len(saved), len(want), err, errOther)
			}
		})
	}
	wg.Wait()
}
