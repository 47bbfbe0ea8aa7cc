package jenkins

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// line is one line of a timer: what it says, and what Jenkins makes of that.
type line struct {
	text   string
	fields importer.Fields
	drawn  bool // it has an H
}

// bounds are those of Jenkins' fields (hudson/scheduler/BaseParser.java). H draws from fewer days:
// those that each month has, and one Sunday.
type bounds struct {
	name          string
	low, high, of int
}

var fieldBounds = [...]bounds{{"minute", 0, 59, 59}, {"hour", 0, 23, 23}, {"day of month", 1, 31, 28}, {"month", 1, 12, 12}, {"day of week", 0, 7, 6}}

// aliases are what Jenkins reads them as (hudson/scheduler/CrontabParser.g4).
var aliases = map[string]string{
	"@yearly": "H H H H *", "@annually": "H H H H *", "@monthly": "H H H * *", "@weekly": "H H * * H", "@daily": "H H * * *", "@midnight": "H H(0-2) * * *", "@hourly": "H * * * *",
}

// timer reads what a job's timer says, as hudson/scheduler/CronTabList.java does: a first line may
// name a zone, and all further lines draw from one hash.
func timer(text string, h *hash) (zone string, lines []line, err error) {
	for i, one := range strings.Split(text, "\n") {
		one = strings.TrimSpace(one)
		if given, ok := strings.CutPrefix(one, "TZ="); ok && i == 0 {
			zone = given
			continue
		}
		if one == "" || strings.HasPrefix(one, "#") {
			continue
		}
		f, drawn, err := fields(one, h)
		if err != nil {
			return "", nil, fmt.Errorf("its timer is refused by Jenkins: %w", err)
		}
		lines = append(lines, line{one, f, drawn})
	}
	return zone, lines, nil
}

// fields reads one line. A day counts only if both day fields have it.
func fields(text string, h *hash) (f importer.Fields, drawn bool, err error) {
	if of, ok := aliases[text]; ok {
		text = of
	}
	parts := strings.Fields(text)
	if len(parts) != len(fieldBounds) {
		return f, false, fmt.Errorf("%q has %d fields instead of five", importer.Clip(text), len(parts))
	}
	var sets [len(fieldBounds)]uint64
	for i, b := range fieldBounds {
		for item := range strings.SplitSeq(parts[i], ",") {
			set, err := b.item(item, h)
			if err != nil {
				return f, false, fmt.Errorf("%q is no %s: %w", importer.Clip(item), b.name, err)
			}
			sets[i] |= set
		}
	}
	const sunday = 7
	if sets[4]>>sunday&1 != 0 {
		sets[4] = sets[4]&^(1<<sunday) | 1
	}
	return importer.Fields{Minute: sets[0], Hour: sets[1], Day: sets[2], Month: sets[3], Weekday: sets[4]}, strings.Contains(text, "H"), nil
}

// items matches what a list has between its commas: *, N-M, H or H(N-M), each with a step or
// without, or N.
var items = lazyregexp.New(`^(?:(\*|H)|(H\(|)(\d{1,3})-(\d{1,3})(\)|))(?:/(\d{1,3}))?$|^(\d{1,3})$`)

// item reads one.
func (b bounds) item(text string, h *hash) (set uint64, err error) {
	m := items().FindStringSubmatch(text)
	if m == nil || (m[2] == "") != (m[5] == "") {
		return 0, errors.New("a field has N, N-M, *, H and H(N-M), all but the first with a /STEP or without")
	}
	low, high, step := importer.Number(cmp.Or(m[3], m[7]), b.low), importer.Number(cmp.Or(m[4], m[7]), b.high), importer.Number(m[6], 1)
	if m[1] == "H" {
		high = b.of
	}
	drawn := text[0] == 'H'
	if low < b.low || high > b.high || low > high {
		return 0, fmt.Errorf("values are from %d to %d, the smaller one first", b.low, b.high)
	}
	if step < 1 || drawn && step > high-low+1 {
		return 0, errors.New("the step has to be from 1 to the number of values")
	}
	if drawn {
		return draw(low, high, step, h), nil
	}
	return steps(low, high, step), nil
}

// draw gives what an H stands for: one value without a step, or with one of 1; otherwise it begins with
// a value below the step.
func draw(low, high, step int, h *hash) uint64 {
	if step == 1 {
		return 1 << (low + h.next(high-low+1))
	}
	return steps(low+h.next(step), high, step)
}

func steps(low, high, step int) (set uint64) {
	for v := low; v <= high; v += step {
		set |= 1 << v
	}
	return set
}
