package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// patience is how long to wait until somebody writes to a pipe that a person named.
const patience = 5 * time.Second

// readBounded reads a file that a person named, up to one byte more than most. It waits for the
// end of a pipe, but not longer than ctx lasts, and not for a pipe that nobody writes to.
func readBounded(ctx context.Context, name string, most int64) ([]byte, error) {
	return readNamed(ctx, name, most, patience)
}

func readNamed(ctx context.Context, name string, most int64, patience time.Duration) (data []byte, err error) {
	opened, over := make(chan struct{}), make(chan error, 1)
	var read []byte
	go func() { // stays behind if what it waits for never comes
		f, err := os.Open(name) //nolint:gosec // the file that the person named
		close(opened)           // of a pipe: somebody writes to it (fifo(7))
		if err == nil {
			read, err = io.ReadAll(io.LimitReader(f, most+1))
			_ = f.Close() // it was only read
		}
		over <- err
	}()
	if info, err := os.Stat(name); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		select {
		case <-opened:
		case <-ctx.Done():
		case <-time.After(patience):
			return nil, fmt.Errorf("nobody writes to the pipe %s: write to it first, or name a file", name)
		}
	}
	select {
	case err := <-over:
		return read, err
	case <-ctx.Done():
		return nil, fmt.Errorf("reading %s: %w", name, context.Cause(ctx))
	}
}

// input is standard input. A read ends when ctx ends, so that a person need not ask for the end
// twice.
type input struct {
	ctx context.Context //nolint:containedctx // io.Reader has none
	io.Reader
}

func (i input) Read(p []byte) (int, error) {
	var chunk bytes.Buffer // after ctx ends, p belongs to the caller again
	over := make(chan error, 1)
	go func() {
		own := make([]byte, len(p))
		n, err := i.Reader.Read(own)
		chunk.Write(own[:n])
		over <- err
	}()
	select {
	case err := <-over:
		return copy(p, chunk.Bytes()), err
	case <-i.ctx.Done():
		return 0, fmt.Errorf("waiting for standard input: %w", context.Cause(i.ctx))
	}
}
