package cli

import (
	"bytes"
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
