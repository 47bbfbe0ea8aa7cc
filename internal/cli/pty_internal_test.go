//go:build linux

package cli

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// pseudo returns a terminal with that many columns. The test keeps its other end open.
func pseudo(t *testing.T, columns uint16) (terminal *os.File) {
	t.Helper()
	holder, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { _ = holder.Close() })
	var locked, n int32
	size := struct{ rows, columns, x, y uint16 }{24, columns, 0, 0}
	for request, value := range map[uintptr]unsafe.Pointer{
		syscall.TIOCSPTLCK: unsafe.Pointer(&locked), syscall.TIOCGPTN: unsafe.Pointer(&n), syscall.TIOCSWINSZ: unsafe.Pointer(&size), //nolint:gosec // ioctl takes them so
	} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, holder.Fd(), request, uintptr(value)); errno != 0 {
			t.Fatal(errno)
		}
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return terminal
}

// TestScreen: a question needs terminals at both ends, colours need that nobody turned them off,
// and a table needs the terminal's width.
func TestScreen(t *testing.T) {
	t.Parallel()
	tty, bare := pseudo(t, 40), pseudo(t, 0)
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = in.Close(), out.Close() })
	for name, c := range map[string]struct {
		in, out, errs *os.File
		env           map[string]string
		want          Screen
	}{
		"a terminal":              {tty, tty, tty, nil, Screen{Width: 40, Color: true, Asks: true, Progress: true}},
		"one without a size":      {bare, bare, bare, nil, Screen{Width: 80, Color: true, Asks: true, Progress: true}},
		"NO_COLOR":                {tty, tty, tty, map[string]string{"NO_COLOR": "1"}, Screen{Width: 40, Asks: true, Progress: true}},
		"an empty NO_COLOR":       {tty, tty, tty, map[string]string{"NO_COLOR": ""}, Screen{Width: 40, Color: true, Asks: true, Progress: true}},
		"a dumb terminal":         {tty, tty, tty, map[string]string{"TERM": "dumb"}, Screen{Width: 40, Asks: true}},
		"into a pipe":             {tty, out, tty, nil, Screen{Progress: true}},
		"from a pipe":             {in, tty, tty, nil, Screen{Width: 40, Color: true, Progress: true}},
		"a pipeline, no terminal": {in, out, out, nil, Screen{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lookup := func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }
			if got := screenOf(c.in, c.out, c.errs, lookup); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
