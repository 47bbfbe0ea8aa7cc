package cli

import "testing"

// TestAFileThatIsGone: that a file is gone is a change too, and that it is still absent is none.
func TestAFileThatIsGone(t *testing.T) {
	t.Parallel()
	f := jobsFiles{stamps: map[string]string{"no such file": "1 2 644 3"}}
	if f.changed() == "" {
		t.Error("it is not noticed")
	}
	f.stamps["no such file"] = "absent"
	if got := f.changed(); got != "" {
		t.Errorf("changed: %s", got)
	}
}

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
