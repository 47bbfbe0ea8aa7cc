package jobfile_test

import (
	"path/filepath"
	"reflect"
	"testing"

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
