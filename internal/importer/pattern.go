package importer

import (
	"regexp"
	"sync"
)

// pattern is one that is compiled when a file is first looked at, not at each start of
// each command.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
