package simulation

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain lets the heap grow: a world leaves much behind and needs little, so frequent
// collections would be most of the work.
func TestMain(m *testing.M) {
	debug.SetGCPercent(1600)
	os.Exit(m.Run())
}
