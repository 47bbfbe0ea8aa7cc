package cli

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/jobdiff"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/view"
)

// printed lists what commands print as JSON, by the heading under which docs/json.md describes
// the fields; and the notice.
var printed = map[string][]any{
	"jobs": {view.Summary{}}, "history": {view.Row{}}, "show": {view.Story{}}, "logs": {jsonLine{}}, "pauses": {plane.Pause{}},
	"status": {plane.Status{}}, "audit": {port.Asked{}}, "kept": {keptView{}}, "redrive": {failedView{}},
	"run": {port.Reply{}}, "doctor": {doctor.Finding{}, doctor.Herd{}}, "validate": {problem{}, validated{}},
	"diff": {jobdiff.Change{}}, "version": {version{}}, "classify": {verdict{}}, "cron": {meaning{}, fire{}},
	"notice": {notice.Notice{}},
}

var (
	heading = regexp.MustCompile("^## .*")
	word    = regexp.MustCompile("`([^`]+)`")
)

// described returns the fields of each heading of docs/json.md: the words in the first cell of
// its rows. Each command of a heading has all of its fields.
func described(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	var under []string
	for line := range strings.Lines(string(text)) {
		cell, row := strings.CutPrefix(line, "| `")
		switch {
		case heading.MatchString(line):
			under = nil
			for _, m := range word.FindAllStringSubmatch(line, -1) {
				under = append(under, m[1])
				out[m[1]] = nil
			}
		case row:
			cell, _, _ = strings.Cut("`"+cell, " |")
			for _, m := range word.FindAllStringSubmatch(cell, -1) {
				for _, command := range under {
					out[command] = append(out[command], m[1])
				}
			}
		}
	}
	return out
}

// fields returns the names that a value's fields have as JSON.
func fields(of reflect.Type) (out []string) {
	for f := range of.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported() && !f.Anonymous:
		case f.Anonymous && name == "":
			out = append(out, fields(f.Type)...)
		case name == "":
			out = append(out, f.Name)
		default:
			out = append(out, name)
		}
	}
	return out
}

// TestJSONIsDescribed: docs/json.md describes exactly the fields that a command prints.
func TestJSONIsDescribed(t *testing.T) {
	t.Parallel()
	docs := described(t)
	for _, command := range slices.Sorted(maps.Keys(printed)) {
		want := map[string]bool{}
		for _, v := range printed[command] {
			for _, f := range fields(reflect.TypeOf(v)) {
				want[f] = true
			}
		}
		for _, f := range docs[command] {
			if !want[f] {
				t.Errorf("%s: docs/json.md describes %s, which it does not have", command, f)
			}
			delete(want, f)
		}
		if len(want) > 0 {
			t.Errorf("%s: docs/json.md does not describe %v", command, slices.Sorted(maps.Keys(want)))
		}
	}
}
