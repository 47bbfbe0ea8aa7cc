package localecs

import (
	"regexp"
	"sync"
)

// pattern returns a pattern that is compiled when it is first used, not each time a command starts.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
