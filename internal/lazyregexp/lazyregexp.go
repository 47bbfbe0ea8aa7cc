// Package lazyregexp keeps regular expressions from being compiled at the start of every program
// that links them.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns what compiles an expression when it is first called, for any number of goroutines.
// It panics then, not at the start, if the expression cannot be parsed, as regexp.MustCompile does.
func New(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
