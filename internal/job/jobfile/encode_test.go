package jobfile_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
)

// TestEncodedFilesAreRead: `validate --print` writes a jobs file that says the same, with its
// project and its base definitions.
func TestEncodedFilesAreRead(t *testing.T) {
	t.Parallel()
	texts := map[string]string{"project": `
project: my-team
defaults: {owner: team-a, taskDefinition: app, tags: {cost: "12"}}
taskDefinitions: {app: {image: "app:1", environment: {A: "${B}"}}, bare: {image: i}}
jobs: [{name: a, schedule: "0 3 * * *"}, {name: b, taskDefinition: bare}]
`}
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		texts[file] = string(read(t, file))
	}
	encoded := 0
	for name, text := range texts {
		f, problems := jobfile.Load([]jobfile.Source{{Data: []byte(text)}}, jobfile.Options{})
		if len(problems) > 0 {
			continue
		}
		encoded++
		written, err := jobfile.Encode(f, nil)
		if err != nil {
			t.Fatal(err)
		}
		again, problems := jobfile.Load([]jobfile.Source{{Data: written}}, options(nil))
		if len(problems) > 0 || !reflect.DeepEqual(f, again) {
			t.Errorf("%s: %v\n%s\nread as %+v\nwant %+v", name, problems, written, again, f)
		}
	}
	if encoded < 8 {
		t.Errorf("only %d files were read", encoded)
	}
}

// TestNothingIsHidden: whoever reviews a jobs file sees each text in its order, in comments too, and
// the file says the same.
func TestNothingIsHidden(t *testing.T) {
	t.Parallel()
	const hostile = "rm x \u202e#\u2066 \u200b\u009b31m\x7f\u0085\x1b"
	f := jobfile.File{Jobs: []job.Job{{Name: "a", Description: hostile, Command: []string{"echo", hostile}, Environment: map[string]string{"A": hostile}}}}
	written, err := jobfile.Encode(f, map[string][]string{"a": {"its name was " + hostile}})
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(written), "\n") {
		if strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
			t.Errorf("%q", line)
		}
	}
	again, problems := jobfile.Load([]jobfile.Source{{Data: written}}, jobfile.Options{})
	if len(problems) > 0 || len(again.Jobs) != 1 || again.Jobs[0].Description != hostile || !reflect.DeepEqual(again.Jobs[0].Command, f.Jobs[0].Command) {
		t.Errorf("%v\n%s", problems, written)
	}
}
