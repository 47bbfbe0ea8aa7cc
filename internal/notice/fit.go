package notice

import (
	"fmt"
	"strings"
)

// long is the length in bytes from which a text is cut.
const long = 100

// Fit makes a notice smaller until encode turns it into at most limit bytes. First log lines
// go, the oldest first, then the oldest attempts and the ends of long texts. full is how many
// bytes the whole notice had.
func Fit(n Notice, limit int, encode func(Notice) (string, error)) (text string, full int, err error) {
	text, err = encode(n)
	full = len(text)
	for err == nil && len(text) > limit {
		less, ok := n.smaller()
		if !ok {
			return "", full, fmt.Errorf("the notice of %s does not fit into %d bytes", n.Run, limit)
		}
		n = less
		text, err = encode(n)
	}
	return text, full, err
}

// smaller returns a smaller notice; ok is false if nothing is left to take away.
func (n Notice) smaller() (less Notice, ok bool) {
	if len(n.Logs) > 0 {
		n.Logs = n.Logs[(len(n.Logs)+1)/2:]
		return n, true
	}
	before := n.size()
	n.Cause, n.Description, n.Owner = half(n.Cause), half(n.Description), half(n.Owner)
	n.Attempts = n.Attempts[(len(n.Attempts)+1)/2:]
	return n, n.size() < before
}

func (n Notice) size() int {
	return len(n.Cause) + len(n.Description) + len(n.Owner) + len(n.Attempts)
}

func half(s string) string {
	if len(s) <= long {
		return s
	}
	return strings.ToValidUTF8(s[:len(s)/2], "") + "…"
}
