// Package foreign recognises files of schedulers that are not imported, and says what to do with each. It invents nothing: such a file makes no job.
package foreign

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/batchplane/batchplane/internal/importer"
)

// kind is a kind of file that is recognised.
type kind struct {
	// name is what it is, with its article; schedules says what its schedules are.
	name, schedules string
	// todo says what to do instead.
	todo string
	// file is a pattern for the file's name, and content one for its text. If both are given, both
	// must match.
	file, content func() pattern
}

// pattern is a regular expression. Everything that it matches contains one of needs, which are in
// lower case. Looking for these takes a hundredth of the time.
type pattern struct {
	*regexp.Regexp
	needs []string
}

// re gives a pattern that is compiled when a file is examined, not at every start.
func re(text string) func() pattern {
	return sync.OnceValue(func() pattern { return pattern{regexp.MustCompile(text), needs(text)} })
}

// in reports whether the pattern matches in a text, which is also given in lower case.
func (p pattern) in(text, lower string) bool {
	may := len(p.needs) == 0 || slices.ContainsFunc(p.needs, func(n string) bool { return strings.Contains(lower, n) })
	return may && p.MatchString(text)
}

// maxLooked is how many bytes of a file are examined.
const maxLooked = 256 << 10

// Name says what a file is, or gives nil if it is none of the kinds.
func Name(f *importer.File) *importer.ForeignError { return among(f, kinds) }

// Loose is Name for files that only look as if they had schedules.
func Loose(f *importer.File) *importer.ForeignError { return among(f, loose) }

func among(f *importer.File, kinds []kind) *importer.ForeignError {
	text := string(f.Data[:min(len(f.Data), maxLooked)])
	lower := strings.ToLower(text)
	for _, k := range kinds {
		if k.file != nil && !k.file().MatchString(f.Base()) || k.content != nil && !k.content().in(text, lower) {
			continue
		}
		return k.of(f.Name)
	}
	return nil
}

func (k kind) of(name string) *importer.ForeignError {
	return &importer.ForeignError{
		Sentence: fmt.Sprintf("%s is %s, which is not imported. Its schedules are %s. What to do instead: %s", importer.Said(name), k.name, k.schedules, k.todo),
	}
}

// Dialect gives the sentence for a file whose lines are all those of a scheduler with its own
// kind of crontab.
func Dialect(name, dialect string) *importer.ForeignError {
	return &importer.ForeignError{
		Sentence: fmt.Sprintf("%s holds lines of %s, which are not imported. What to do instead: `batchplane cron` says for each schedule what to write in a jobs file", importer.Said(name), dialect),
	}
}
