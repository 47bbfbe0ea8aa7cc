package kubernetes

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
)

// bounds are those of a field in robfig/cron v3, with which Kubernetes reads schedules (parser.go
// and spec.go).
type bounds struct {
	name      string
	low, high int
	words     []string
}

var fieldBounds = [...]bounds{
	{"minute", 0, 59, nil},
	{"hour", 0, 23, nil},
	{"day of month", 1, 31, nil},
	{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{"day of week", 0, 6, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

var macros = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

// fields reads five fields as robfig/cron does. The week counts from Sunday = 0 and has no 7. N/s
// steps up to the end of the field, and ? is *. A day field is open only if it has a * without a
// step. If one day field is open, the other alone decides; if none is, either may match.
func fields(text string) (f importer.Fields, err error) {
	if fields, ok := macros[text]; ok {
		text = fields
	}
	parts := strings.Fields(text)
	if len(parts) != len(fieldBounds) {
		return f, fmt.Errorf("%q has %d fields, and Kubernetes reads five", importer.Clip(text), len(parts))
	}
	var sets [5]uint64
	var open [5]bool
	for i, b := range fieldBounds {
		if sets[i], open[i], err = b.list(parts[i]); err != nil {
			return f, err
		}
	}
	return importer.Fields{Minute: sets[0], Hour: sets[1], Day: sets[2], Month: sets[3], Weekday: sets[4], Either: !open[2] && !open[4]}, nil
}

func (b bounds) list(text string) (set uint64, open bool, err error) {
	for item := range strings.SplitSeq(text, ",") {
		if item == "" {
			continue // FieldsFunc skips empty items
		}
		one, star, err := b.item(item)
		if err != nil {
			return 0, false, err
		}
		set, open = set|one, open || star
	}
	if set == 0 {
		return 0, false, b.wrong(text)
	}
	return set, open, nil
}

func (b bounds) wrong(text string) error {
	return fmt.Errorf("bad %s %q: Kubernetes refuses it", b.name, importer.Clip(text))
}

func (b bounds) item(item string) (set uint64, open bool, err error) {
	base, stepText, stepped := strings.Cut(item, "/")
	low, high, ok := b.span(base, stepped)
	step := 1
	if stepped {
		n, err := strconv.Atoi(stepText)
		step, ok = n, ok && err == nil && n >= 1
	}
	if !ok || low < b.low || high > b.high || low > high {
		return 0, false, b.wrong(item)
	}
	for v := low; v <= high; v += step {
		set |= 1 << v
	}
	return set, (base == "*" || base == "?") && step == 1, nil
}

// span gives the values that an item covers, before its step.
func (b bounds) span(base string, stepped bool) (low, high int, ok bool) {
	if base == "*" || base == "?" {
		return b.low, b.high, true
	}
	from, to, ranged := strings.Cut(base, "-")
	low, ok = b.value(from)
	switch {
	case ranged:
		var fine bool
		high, fine = b.value(to)
		return low, high, ok && fine
	case stepped:
		return low, b.high, ok
	}
	return low, low, ok
}

func (b bounds) value(text string) (int, bool) {
	for i, w := range b.words {
		if strings.EqualFold(text, w) {
			return b.low + i, true
		}
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}
