package cli

import "testing"

// TestWatcher: a change is told once it stays as it is, and then not again, though it could not be read.
func TestWatcher(t *testing.T) {
	t.Parallel()
	var w watcher
	told := ""
	for _, changed := range []string{"", "a", "b", "b", "b", "b", "", "c", "c", "", ""} {
		told += "-"
		if w.settled(changed) {
			told += changed
		}
	}
	if want := "----b-----c--"; told != want {
		t.Errorf("told %s, want %s", told, want)
	}
}
