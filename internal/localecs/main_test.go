//go:build linux || darwin || freebsd

package localecs_test

import (
	"os"
	"testing"

	"github.com/batchplane/batchplane/internal/localecs"
)

func TestMain(m *testing.M) {
	localecs.MaybeSupervise()
	if os.Getenv(parentMode) != "" {
		beParent()
		return
	}
	// The race detector makes every process linger for a second at its end. Supervisors inherit this
	// setting and need not linger.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
