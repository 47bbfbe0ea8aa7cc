//go:build linux || darwin || freebsd

package localecs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// output keeps what a command writes: the first bytes as they come, and the last bytes of the rest,
// which it adds at the end. Where bytes are left out, or were lost because the disk was full, the file
// says so. A file that takes no more never holds up a command or makes it fail.
type output struct {
	path string
	head int64 // most bytes that are written as they come
	tail int   // most bytes that are held for the end

	file  *os.File
	wrote int64
	held  []byte
	over  int64 // bytes that are neither written nor held
	lost  int64 // of these, those that the disk did not take
	why   error // why the disk takes nothing now
	cut   error // why bytes were lost most recently
	said  bool  // the file says that only the last bytes are kept from now on
}

func newOutput(path string, most int64) *output {
	tail := min(most/2, 64<<10)
	return &output{path: path, head: most - tail, tail: int(tail)}
}

// copy takes all of r.
func (o *output) copy(r io.Reader) {
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			o.take(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

func (o *output) take(p []byte) {
	if o.why != nil {
		o.recover()
	}
	if o.why == nil && len(o.held) == 0 && o.wrote < o.head {
		n := min(int64(len(p)), o.head-o.wrote)
		p = p[o.write(p[:n]):]
	}
	o.hold(p)
}

// hold keeps the last bytes in memory.
func (o *output) hold(p []byte) {
	if len(p) >= o.tail {
		o.drop(int64(len(o.held) + len(p) - o.tail))
		o.held = append(o.held[:0], p[len(p)-o.tail:]...)
		return
	}
	if more := len(o.held) + len(p) - o.tail; more > 0 {
		o.drop(int64(more))
		o.held = append(o.held[:0], o.held[more:]...)
	}
	o.held = append(o.held, p...)
}

func (o *output) drop(n int64) {
	if n == 0 {
		return
	}
	if o.why == nil && !o.said { // for readers who follow it: nothing more comes before the end
		o.said = true
		o.write(fmt.Appendf(nil, "\n[batchplane: of one task's output %d bytes are kept; the last of them come when it ends]\n", o.head+int64(o.tail)))
	}
	o.over += n
	if o.why != nil {
		o.lost += n
		o.cut = o.why
	}
}

// recover writes what is held, once the disk takes it again.
func (o *output) recover() {
	why := o.why
	o.why = nil
	gap := o.gap(why)
	if o.write(gap) < len(gap) {
		return
	}
	o.over = 0
	held := o.held
	o.held = nil
	if n := o.write(held); n < len(held) {
		o.hold(held[n:])
	}
}

// write appends to the file and returns how many bytes it took.
func (o *output) write(p []byte) int {
	if len(p) == 0 {
		return 0
	}
	if o.file == nil {
		if o.file, o.why = openLog(o.path); o.why != nil {
			return 0
		}
	}
	n, err := o.file.Write(p)
	o.wrote += int64(n)
	o.why = err
	return n
}

func openLog(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) //nolint:gosec // LogPath named it
	if errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err //nolint:wrapcheck // says which folder
		}
		f, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) //nolint:gosec // as above
	}
	return f, err //nolint:wrapcheck // says which file
}

// gap returns the text that says what is missing at this place.
func (o *output) gap(why error) []byte {
	switch {
	case why != nil && o.over > 0:
		return fmt.Appendf(nil, "\n[batchplane: %d bytes are missing here: %v]\n", o.over, reasonOf(why))
	case o.over > 0:
		return fmt.Appendf(nil, "[batchplane: %d bytes were left out here]\n", o.over)
	}
	return nil
}

func reasonOf(err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	return err
}

// end adds what is held. What the disk does not take is lost. end says so in place of the last bytes
// that the disk did take, which needs no more room.
func (o *output) end() (lost int64, why string) {
	if o.why != nil {
		o.recover()
	} else if len(o.held) > 0 {
		if gap := o.gap(nil); o.write(gap) == len(gap) {
			held := o.held
			o.held = nil
			if n := o.write(held); n < len(held) {
				o.held = held[n:]
			}
		}
	}
	if o.why == nil {
		o.close()
		if o.lost > 0 {
			return o.lost, reasonOf(o.cut).Error()
		}
		return 0, ""
	}
	why = reasonOf(o.why).Error()
	o.over += int64(len(o.held))
	o.confess()
	o.close()
	return o.over, why
}

// confess overwrites the end of the file with a text that says that the rest is missing.
func (o *output) confess() {
	text := fmt.Appendf(nil, "\n[batchplane: the rest, %d bytes, is missing: %v]\n", o.over, reasonOf(o.why))
	f, err := os.OpenFile(o.path, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }() // nothing more can be done about it
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil && size >= int64(len(text)) {
		_, _ = f.WriteAt(text, size-int64(len(text)))
	}
}

func (o *output) close() {
	if o.file != nil {
		_ = o.file.Close() // each write was checked
	}
}
