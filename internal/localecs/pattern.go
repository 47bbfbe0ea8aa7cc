package localecs

import (
	"regexp"
	"sync"
)

// pattern is one that is compiled at the first request, not at each start of each
// command.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
