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
	os.Exit(m.Run())
}
