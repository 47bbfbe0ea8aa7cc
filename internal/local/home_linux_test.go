package local_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// TestAHomeOfAnotherUser: a container that is given a number for its user has the HOME of its image,
// where that user may not look. No state of his is there.
func TestAHomeOfAnotherUser(t *testing.T) {
	t.Parallel()
	const nobody = 65534
	home, dir, file := folderWith(t), folderWith(t), "jobs.yaml"
	t.Cleanup(func() { _ = os.Chmod(home, 0o700) })                                                            //nolint:gosec // a folder
	if err := errors.Join(os.WriteFile(filepath.Join(dir, file), nil, 0o644), os.Chmod(home, 0)); err != nil { //nolint:gosec // another user reads it
		t.Fatal(err)
	}
	done := make(chan struct{})
	var got string
	var err error
	go func() {
		defer close(done)
		if os.Geteuid() == 0 { // whom no mode stops: this thread, which ends here, is another user's
			runtime.LockOSThread()
			err = errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chown(dir, nobody, nobody), syscall.Setfsuid(nobody)) //nolint:gosec // a folder
		}
		if err == nil {
			got, err = places(dir, map[string]string{"HOME": home}).Of(filepath.Join(dir, file))
		}
	}()
	<-done
	if want := filepath.Join(dir, ".batchplane", "jobs.db"); err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
