package sweep

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain gives the models of ten thousand jobs room of up to about a gigabyte: to collect
// their garbage at every doubling took a third of what they compute.
func TestMain(m *testing.M) {
	debug.SetGCPercent(300)
	os.Exit(m.Run())
}
