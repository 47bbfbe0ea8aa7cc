package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// whileRead returns a context that also ends when nobody reads standard output any longer, as when
// Ctrl-C ends the `tee` beside this program. By default the next line would then end the program
// on the spot (pkg.go.dev/os/signal, "SIGPIPE"), in the middle of stopping its tasks. If standard
// output is no pipe, such as the socket of the journal that systemd gives its services, the program
// goes on without a reader.
func (a *app) whileRead(ctx context.Context) (context.Context, func()) {
	ctx, end := context.WithCancel(ctx)
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGPIPE) // not ignored: tasks would inherit that
	if out, ok := a.Stdout.(answers); ok && isPipe(out.Writer) {
		a.Stdout = &readOutput{Writer: out, left: sync.OnceFunc(func() {
			_, _ = fmt.Fprintln(a.Stderr, "batchplane: nobody reads the output any longer, so it ends")
			end()
		})}
	}
	return ctx, func() {
		signal.Stop(caught)
		end()
	}
}

func isPipe(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&fs.ModeNamedPipe != 0
}

// readOutput calls left when its reader has left.
type readOutput struct {
	io.Writer
	left func()
}

func (o *readOutput) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if errors.Is(err, errUnread) {
		o.left()
	}
	return n, err //nolint:wrapcheck // callers say what they print
}

// unlessUnread drops the error of printing to a reader that has left: joined with another error,
// it would hide that one.
func unlessUnread(err error) error {
	if errors.Is(err, errUnread) {
		return nil
	}
	return err
}
