package importer

import (
	"regexp"
	"sync"
)

// pattern compiles an expression when a file is first examined, not at the start of every
// command.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
