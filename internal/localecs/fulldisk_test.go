package localecs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// full returns a file on a disk without room.
func full(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full")
	}
	return f
}

// TestAFullDiskIsSaidInTheLog: the file says what was lost, in place of the last bytes if need be.
func TestAFullDiskIsSaidInTheLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.log")
	o := newOutput(path, 1<<10)
	o.take([]byte(strings.Repeat("0123456789", 10)))
	mine := o.file
	o.file = full(t)
	o.take([]byte("lost\n"))
	lost, why := o.end()
	if err := mine.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path) //nolint:gosec // a test's own file
	if lost != 5 || why != "no space left on device" || err != nil {
		t.Errorf("lost %d, %q, %v", lost, why, err)
	}
	if want := "\n[batchplane: the rest, 5 bytes, is missing: no space left on device]\n"; !strings.HasSuffix(string(text), want) || len(text) != 100 {
		t.Errorf("the log is %q", text)
	}
}

// TestADiskThatHasRoomAgain: the file gets what was held, and says where bytes are missing.
func TestADiskThatHasRoomAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.log")
	o := newOutput(path, 20)
	o.take([]byte("one\n"))
	mine := o.file
	o.file = full(t)
	o.take([]byte("aaaaaaaaaaaabbbbbbbbb\n"))
	o.file = mine
	o.take([]byte("two\n"))
	lost, why := o.end()
	text, err := os.ReadFile(path) //nolint:gosec // a test's own file
	if lost != 12 || why != "no space left on device" || err != nil {
		t.Errorf("lost %d, %q, %v", lost, why, err)
	}
	if want := "one\n\n[batchplane: 12 bytes are missing here: no space left on device]\nbbbbbbbbb\ntwo\n"; string(text) != want {
		t.Errorf("the log is %q", text)
	}
}
