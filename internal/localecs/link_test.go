//go:build linux || darwin || freebsd

package localecs

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// TestHalfAMessage: half a message ends a link, since the next message would be read as the rest of it.
func TestHalfAMessage(t *testing.T) {
	t.Parallel()
	near, far, err := linkPair() // at the far end, nobody reads more than a length
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { letGo(far); near.close() })
	over := make(chan error, 1)
	go func() { over <- near.send(strings.Repeat("x", maxMessage)) }()
	if _, err := io.ReadFull(far, make([]byte, 4)); err != nil { // the length has arrived
		t.Fatal(err)
	}
	if err := near.conn.SetWriteDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := <-over; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("what does not fit: %v", err)
	}
	if err := near.send("next"); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the next: %v", err)
	}
}
