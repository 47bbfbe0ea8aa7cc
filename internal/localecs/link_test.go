//go:build linux || darwin || freebsd

package localecs

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
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
	go func() { over <- near.send(strings.Repeat("x", maxMessage-2)) }()
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

// TestRefusedStartIsReportedOnce: a command that the supervisor could not start is nobody's once that is
// said. If the supervisor died next, it would be reported as lost too.
func TestRefusedStartIsReportedOnce(t *testing.T) {
	t.Parallel()
	near, file, err := linkPair()
	if err != nil {
		t.Fatal(err)
	}
	far, err := linkOf(file)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sleep", "60") // in place of a supervisor
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r, sup := &ProcessRunner{}, &supervision{cmd: cmd, link: near, over: make(chan struct{}), commands: map[uint64]*process{}}
	p := &process{sup: sup, id: 1, started: make(chan report, 1), exited: func(Exit) { t.Error("it counts as started") }}
	sup.commands[1] = p
	go r.listen(sup)
	if err := far.send(report{ID: 1, Error: "no such file"}); err != nil {
		t.Fatal(err)
	}
	first := p.first()
	sup.mu.Lock()
	left := len(sup.commands)
	sup.mu.Unlock()
	far.close()
	<-sup.over
	if first.Error != "no such file" || left != 0 {
		t.Errorf("said is %+v, and %d commands are left", first, left)
	}
}

// TestWhoDrops: a command is taken off by one of two, who then counts it.
func TestWhoDrops(t *testing.T) {
	t.Parallel()
	sup := &supervision{commands: map[uint64]*process{}}
	p := &process{sup: sup, id: 1, lock: filepath.Join(t.TempDir(), "lock")}
	sup.commands[1] = p
	r := &ProcessRunner{}
	if first, second := r.drop(p), r.drop(p); !first || second {
		t.Errorf("first %t, second %t", first, second)
	}
}
