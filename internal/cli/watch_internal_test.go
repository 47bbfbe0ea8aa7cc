package cli

import "testing"

// TestWatcher: a change is told once it stays as it is, and then not again, though it could not be read. Once
// all has been read, as by SIGHUP, the same change is a new one.
func TestWatcher(t *testing.T) {
	t.Parallel()
	var w watcher
	told := ""
	for _, changed := range []string{"", "a", "b", "b", "b", "b", "", "c", "c", "", "", "c", "c"} {
		told += "-"
		if w.settled(changed) {
			told += changed
		}
	}
	if want := "----b-----c----c"; told != want {
		t.Errorf("told %s, want %s", told, want)
	}
}
