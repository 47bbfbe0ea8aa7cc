//go:build linux || darwin || freebsd

package localecs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/localecs"
)

// TestOutputIsBounded: the first bytes and the last are kept, with a note of what is missing between.
func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		most   int64
		want   string
	}{
		"as much as fits": {`printf 0123456789`, 10, "0123456789"},
		"one byte more":   {`printf 0123456789A`, 10, "01234\n[batchplane: of one task's output 10 bytes are kept; the last of them come when it ends]\n[batchplane: 1 bytes were left out here]\n6789A"},
		"much more":       {`i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done`, 20, "0\n1\n2\n3\n4\n\n[batchplane: of one task's output 20 bytes are kept; the last of them come when it ends]\n[batchplane: 13870 bytes were left out here]\n2998\n2999\n"},
		"none":            {`:`, 10, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.MaxOutput = c.most
			x := spec("/bin/sh", "-c", c.script)
			s.start(x)
			equal(t, "exit code", s.code(), 0)
			text, err := os.ReadFile(filepath.Join(s.LogDir, x.TaskID+".log"))
			if err != nil && c.want != "" {
				t.Fatal(err)
			}
			equal(t, "the log", string(text), c.want)
		})
	}
}

// TestStrays: what left its command's group is killed at that command's end, and nothing of other
// commands, even if it shows neither variables nor open files.
func TestStrays(t *testing.T) {
	t.Parallel()
	if setsid() == "" {
		t.Skip("nobody can find those who got away here")
	}
	s := newShop(t)
	long := spec("/bin/sh", "-c", `setsid sleep 1000 & echo "$!" >"$FIFO"; read line <"$GO"; exit 5`)
	long.Env = map[string]string{"FIFO": fifo(t), "GO": fifo(t)}
	s.start(long)
	mine := hear(t, long.Env["FIFO"])

	short := spec("/bin/sh", "-c", `setsid sleep 1000 & a=$!
		env -i /bin/sh -c 'exec setsid sleep 1000 3<&-' & b=$!
		echo "$a $b" >"$FIFO"; read line <"$GO"; exit 6`)
	short.TaskID, short.Env = strings.Repeat("f", 32), map[string]string{"FIFO": fifo(t), "GO": fifo(t)}
	s.start(short)
	theirs := strings.Fields(hear(t, short.Env["FIFO"]))
	tell(t, short.Env["GO"])
	equal(t, "exit code", s.code(), 6)
	equal(t, "the marked one lives", lives(t, theirs[0]), false)
	equal(t, "that of the other command lives", lives(t, mine), true)

	tell(t, long.Env["GO"])
	equal(t, "exit code", s.code(), 5)
	for _, pid := range append(theirs, mine) {
		equal(t, "process "+pid+" lives after all have ended", lives(t, pid), false)
	}
}

// tell lets a command continue that waits for a line from a fifo.
func tell(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
}

// TestManyCommandsUnderOneSupervisor: each ends with its own code and output.
func TestManyCommandsUnderOneSupervisor(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const n = 60
	type end struct {
		i    int
		code int64
	}
	ends := make(chan end, n)
	parents := make(chan string, n)
	for i := range n {
		x := spec("/bin/sh", "-c", fmt.Sprintf("echo %d $PPID; exit %d", i, i%7))
		x.TaskID = fmt.Sprintf("%032d", i)
		if _, err := s.Start(x, exitCodes(func(code int64) {
			text, _ := os.ReadFile(filepath.Join(s.LogDir, x.TaskID+".log"))
			fields := strings.Fields(string(text))
			if len(fields) != 2 || fields[0] != fmt.Sprint(i) {
				t.Errorf("command %d wrote %q", i, text)
			} else {
				parents <- fields[1]
			}
			ends <- end{i, code}
		})); err != nil {
			t.Fatal(err)
		}
	}
	for range n {
		if e := <-ends; e.code != int64(e.i%7) {
			t.Errorf("command %d ended with %d", e.i, e.code)
		}
	}
	close(parents)
	all := map[string]bool{}
	for p := range parents {
		all[p] = true
	}
	equal(t, "supervisors", len(all), 1)
}

func exitCodes(f func(int64)) func(localecs.Exit) {
	return func(e localecs.Exit) {
		if e.Code == nil {
			f(-1)
			return
		}
		f(*e.Code)
	}
}
