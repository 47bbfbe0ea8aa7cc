package cli

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestABrokenConnection: a request whose connection breaks was not sent, and the command says so.
// Only a reader that has seen enough is no error.
func TestABrokenConnection(t *testing.T) {
	t.Parallel()
	broken := &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}
	var errs bytes.Buffer
	if code := (Env{Stderr: &errs}).exitCode(fmt.Errorf("stopping the run: %w", broken)); code != exitRefused || !strings.Contains(errs.String(), "stopping the run") {
		t.Errorf("exit code %d, %s", code, errs.String())
	}
}

// TestNobodyReadsOnButItIsDone: what is printed to a reader that has left is dropped, and said once.
func TestNobodyReadsOnButItIsDone(t *testing.T) {
	t.Parallel()
	closed := writes(func([]byte) (int, error) { return 0, &os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE} })
	var errs bytes.Buffer
	a := &app{Env: Env{Stdout: answers{closed}, Stderr: &errs}}
	end := a.tillEnd(&redriveCmd{fate: fate{Again: true}})
	for range 2 {
		if err := a.write([]byte("x\n")); err != nil {
			t.Error(err)
		}
	}
	end()
	if want := "batchplane: nobody read the output to its end; the command went on to its own\n"; errs.String() != want {
		t.Errorf("it says %q", errs.String())
	}
	for want, commands := range map[error][]any{
		nil: {
			&runCmd{}, &retryCmd{}, &stopCmd{}, &pauseCmd{}, &resumeCmd{}, &skipNextCmd{}, &applyCmd{}, &notifyTestCmd{},
			&keptCmd{fate: fate{Drop: true}}, &importCmd{Output: "x"}, &renderCmd{Output: "x"},
		},
		errUnread: {&redriveCmd{}, &keptCmd{}, &importCmd{}, &renderCmd{}, &historyCmd{}},
	} {
		for _, command := range commands {
			a := &app{Env: Env{Stdout: answers{closed}, Stderr: &errs}}
			end := a.tillEnd(command)
			if err := a.write([]byte("x\n")); !errors.Is(err, want) {
				t.Errorf("%T: %v, want %v", command, err, want)
			}
			end()
		}
	}
}

// TestHelpThatCannotBePrinted: who asks for help on a full disk has used the command rightly, and who reads
// only its first lines has seen enough.
func TestHelpThatCannotBePrinted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		why  error
		code int
		says string
	}{
		"a full disk":          {syscall.ENOSPC, exitRefused, "batchplane: printing: no space left on device\n"},
		"a reader that is off": {syscall.EPIPE, exitDone, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var errs bytes.Buffer
			out := writes(func([]byte) (int, error) { return 0, c.why })
			for _, args := range [][]string{{"--help"}, {"run", "--help"}, nil} {
				errs.Reset()
				if code := Main(t.Context(), args, Env{Stdout: out, Stderr: &errs}); code != c.code || errs.String() != c.says {
					t.Errorf("%v: exit code %d, %q", args, code, errs.String())
				}
			}
		})
	}
}

// writes is a writer.
type writes func([]byte) (int, error)

func (w writes) Write(p []byte) (int, error) { return w(p) }
