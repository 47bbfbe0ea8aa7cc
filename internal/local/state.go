package local

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Places finds the states on this machine.
type Places struct {
	// Getenv is os.Getenv.
	Getenv func(string) string
	// Dir is the person's working directory.
	Dir string
}

// stateDir is the folder for states beside a jobs file.
const stateDir = ".batchplane"

// Of returns where the state of a jobs file is. It is beside the file, whatever folder or link leads
// there. If nothing can be written there, it is in $STATE_DIRECTORY (systemd), else in the user's state
// folder. A state that exists in one of these places stays the file's state: beside it, a new one would
// know of no pause, and would launch slots again. Of returns an error if that state cannot be written.
func (p Places) Of(file string) (string, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("finding the folder of %s: %w", file, err)
	}
	target, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return "", fmt.Errorf("finding the folder of %s: %w", file, err)
	}
	at := abs
	if !swapped(target) {
		at = target
	}
	states := p.states(at)
	for _, db := range states {
		_, err := os.Stat(db)
		if absent(err) || errors.Is(err, fs.ErrPermission) && filepath.Dir(db) == p.user() {
			continue // HOME may be that of another user, as in a container that is given a number for its user
		}
		if err := changeable(db); err != nil {
			return "", fmt.Errorf("the state of %s is %s, which cannot be written: put that right, or name another state with --db, which knows no earlier run and no pause (%w)", file, db, err)
		}
		return db, nil
	}
	switch {
	case writable(filepath.Dir(states[0])) == nil:
		return states[0], nil
	case len(states) > 1:
		return states[1], nil
	}
	return "", fmt.Errorf("nothing can be written beside %s, and there is neither STATE_DIRECTORY nor HOME: name a place for the state with --db", file)
}

// states returns where the state of a jobs file may be, the first choice first.
func (p Places) states(file string) []string {
	name := strings.TrimSuffix(filepath.Base(file), ".yaml")
	states := []string{filepath.Join(filepath.Dir(file), stateDir, name+".db")}
	sum := sha256.Sum256([]byte(file))
	name += "-" + hex.EncodeToString(sum[:4]) + ".db"
	service, _, _ := strings.Cut(p.Getenv("STATE_DIRECTORY"), ":")
	for _, dir := range []string{service, p.user()} {
		if dir != "" {
			states = append(states, filepath.Join(dir, name))
		}
	}
	return states
}

// changeable returns an error if a state cannot be written: SQLite also needs files beside it
// (https://sqlite.org/wal.html).
func changeable(db string) error {
	f, err := os.OpenFile(db, os.O_RDWR, 0) //nolint:gosec // the place is ours
	if err != nil {
		return err //nolint:wrapcheck // says which file
	}
	return errors.Join(f.Close(), writable(filepath.Dir(db)))
}

// swapped reports whether a file is in a folder that each update replaces, below a name that stays.
// Kubernetes keeps a ConfigMap's files in folders whose names begin with two dots, and a link leads to
// the newest (Kubernetes documentation, "ConfigMaps", "Mounted ConfigMaps are updated automatically").
func swapped(file string) bool {
	return strings.Contains(filepath.Dir(file), string(filepath.Separator)+"..")
}

// writable creates a folder if it is absent, and returns an error if no files can be created in it. It
// tries, since a file system may refuse what its modes allow.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err //nolint:wrapcheck // says which folder
	}
	f, err := os.CreateTemp(dir, ".try-")
	if err != nil {
		return err //nolint:wrapcheck // says which file
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// user returns the user's folder for states, "" if none is known.
func (p Places) user() string {
	if dir := p.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "batchplane")
	}
	if home := p.Getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "batchplane")
	}
	return ""
}

// mostRecent is how many states are remembered.
const mostRecent = 20

func (p Places) recentFile() string {
	if p.user() == "" {
		return ""
	}
	return filepath.Join(p.user(), "recent")
}

// recent returns the states on which control planes were started, the newest first.
func (p Places) recent() []string {
	text, err := os.ReadFile(p.recentFile())
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(strings.Split(string(text), "\n"), func(path string) bool { return !filepath.IsAbs(path) })
}

// Remember notes that a control plane was started on a state, for commands that name none. If that
// cannot be noted, they need --db.
func (p Places) Remember(db string) {
	file := p.recentFile()
	db, err := filepath.Abs(db)
	if file == "" || err != nil || strings.Contains(db, "\n") {
		return
	}
	all := slices.Concat([]string{db}, slices.DeleteFunc(p.recent(), func(path string) bool { return path == db }))
	if os.MkdirAll(filepath.Dir(file), 0o700) != nil {
		return
	}
	next := fmt.Sprintf("%s.%d", file, os.Getpid())
	if os.WriteFile(next, []byte(strings.Join(all[:min(len(all), mostRecent)], "\n")+"\n"), 0o600) == nil {
		_ = os.Rename(next, file)
	}
}

// Found is the state that a command means if it names none, with the others that it could mean.
type Found struct {
	DB     string
	Others []string
	// Here says that the state is one of the folder itself.
	Here bool
}

// Find returns the state that is meant in this folder: the folder's own, else the one on which a
// control plane was last started.
func (p Places) Find() Found {
	here := p.here()
	recent := slices.DeleteFunc(p.recent(), func(path string) bool { return !exists(path) })
	if len(here) > 0 {
		rank := func(db string) int {
			abs, _ := filepath.Abs(db)
			if i := slices.Index(recent, abs); i >= 0 {
				return i
			}
			return mostRecent
		}
		slices.SortStableFunc(here, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
		for i, db := range here {
			if rel, err := filepath.Rel(p.Dir, db); err == nil {
				here[i] = rel
			}
		}
		return Found{DB: here[0], Others: here[1:], Here: true}
	}
	if len(recent) > 0 {
		return Found{DB: recent[0], Others: recent[1:]}
	}
	return Found{DB: filepath.Join(stateDir, "jobs.db"), Here: true}
}

// here returns the states of the folder itself. If nobody may look, it has one, and whoever opens that says
// why it cannot be read: the state of another folder is not meant.
func (p Places) here() (states []string) {
	dir := filepath.Join(p.Dir, stateDir)
	entries, err := os.ReadDir(dir) // not by a pattern: the folder's own name may look like one
	if err != nil && !absent(err) {
		return []string{filepath.Join(dir, "jobs.db")}
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".db") {
			states = append(states, filepath.Join(dir, e.Name()))
		}
	}
	return states
}

// absent reports whether an error says that there is no such file.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
