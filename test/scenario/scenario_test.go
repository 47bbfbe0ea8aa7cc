// Package scenario_test tells stories: the whole local program (the handlers, a real SQLite file,
// the real ECS client over loopback, the stand-in for ECS with scripted commands) on a clock that
// moves only when the story says so.
//
// A story is a txtar archive of jobs.yaml, script (what each job's command does, see
// parseScript), events (one per line, see verbs) and transcript: what came of it. `go test
// ./test/scenario -update` writes the transcripts anew; read them before you keep them.
package scenario_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write the stories' transcripts anew")

// minStories guards against stories that are no longer found.
const minStories = 20

func TestStories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("stories/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < minStories {
		t.Fatalf("found %d stories, want at least %d", len(files), minStories)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := tell(t, archive)
			if *update {
				write(t, file, archive, got)
				return
			}
			if want := section(archive, "transcript"); got != want {
				t.Errorf("the transcript differs; -want +got:\n%s", diff(want, got))
			}
		})
	}
}

func section(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func write(t *testing.T, path string, a *txtar.Archive, transcript string) {
	t.Helper()
	kept := a.Files[:0:0]
	for _, f := range a.Files {
		if f.Name != "transcript" {
			kept = append(kept, f)
		}
	}
	a.Files = append(kept, txtar.File{Name: "transcript", Data: []byte(transcript)})
	if err := os.WriteFile(path, bytes.TrimLeft(txtar.Format(a), "\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// diff shows the first lines that differ, with what comes before them.
func diff(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	i := 0
	for i < len(w) && i < len(g) && w[i] == g[i] {
		i++
	}
	var b strings.Builder
	for _, line := range w[max(0, i-3):i] {
		b.WriteString("  " + line + "\n")
	}
	for _, line := range w[i:min(len(w), i+8)] {
		b.WriteString("- " + line + "\n")
	}
	for _, line := range g[i:min(len(g), i+8)] {
		b.WriteString("+ " + line + "\n")
	}
	return b.String()
}
