package importer

import (
	"regexp"
	"sync"
)

// Pattern compiles an expression when a file is first examined, not at the start of every
// command.
func Pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
