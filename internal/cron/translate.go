package cron

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// ErrNeverFires refuses to translate an expression that selects no minute.
var ErrNeverFires = errors.New("it never fires")

// Translation is a crontab expression written for EventBridge Scheduler.
type Translation struct {
	// AWS holds one expression, or two that share their slots: a run is known by its
	// minute, so a minute of both starts one run.
	AWS []string
	// Zone is the time zone to give to Scheduler. It is UTC if the expression fires at the
	// same minutes there, such as */15 * * * *.
	Zone string
	// Guard, unless empty, is the crontab expression that the trigger checks against the
	// slot (Schedule.Matches). AWS then has more minutes than are wanted. Those that do not
	// match are neither run nor missed.
	Guard string
	// Notes tells a person what to know, one sentence each.
	Notes []string
}

// Translate finds the expressions for a crontab expression in its zone and proves them; see
// Prove. If either day field may match, there are two. If both must match and EventBridge
// has no such expression, there is the smallest superset and a guard. Each expression has at
// most 256 characters. The zone and the notes are about the time from the given one on.
//
// From then on, and without a guard, Scheduler starts no minute that is not the schedule's,
// whatever its rule for changes of the clock. The translation does not make up for slots that
// Scheduler's rule loses: see Schedule.SchedulerMisses. The error is ErrNeverFires, a
// *DifferenceError (a defect of this package), or a sentence about the dialect.
func (c Schedule) Translate(from time.Time) (Translation, error) {
	s := c.spec
	if s.dialect != Crontab {
		return Translation{}, fmt.Errorf("translating %s: it is an EventBridge expression already", clip(s.text))
	}
	if s.never {
		return Translation{}, fmt.Errorf("translating %s: %w", clip(s.text), ErrNeverFires)
	}
	t := Translation{Zone: c.zone.name}
	for _, day := range s.awsDays() {
		t.AWS = append(t.AWS, "cron("+strings.Join([]string{
			list(s.minute, 0, 60), list(uint64(s.hour), 0, 24), day.dom, list(uint64(s.month), 1, 12), day.dow, "*",
		}, " ")+")")
	}
	specs, exact, err := t.proved(s, from)
	if err != nil {
		return Translation{}, fmt.Errorf("translating %s: %w", clip(s.text), err)
	}
	if !exact {
		t.Guard = s.text
	}
	t.note(s, specs, from)
	if c.zone != UTC && c.evenFrom(floorDiv(from.Unix(), 60)) {
		t.Zone = UTC.name
		t.Notes = append(t.Notes, "it fires at the same minutes in UTC, where no change of clocks disturbs it")
	}
	return t, nil
}

// proved reads the expressions back and compares them with s. If they are not exact, they
// are a superset and need the guard.
func (t *Translation) proved(s *Spec, from time.Time) (specs []*Spec, exact bool, err error) {
	specs = make([]*Spec, len(t.AWS))
	for i, text := range t.AWS {
		if specs[i], err = ParseAWS(text); err != nil {
			return nil, false, err
		}
	}
	if Prove(s, specs, from) == nil {
		return specs, true, nil
	}
	return specs, false, prove(s, specs, from, true)
}

func (t *Translation) note(s *Spec, specs []*Spec, from time.Time) {
	add := func(format string, args ...any) { t.Notes = append(t.Notes, fmt.Sprintf(format, args...)) }
	if s.random {
		add("the ~ range becomes a fixed value; cron would draw a new one each time it loads the file")
	}
	if t.Guard != "" {
		add("EventBridge cannot combine the two day fields: it starts more often, and starts that do not match %s are filtered", t.Guard)
	}
	if len(specs) == 2 {
		if at, ok := firstBoth(specs[0], specs[1], from); ok {
			add("both expressions fire at %s for the first time: one slot, one run", at.Format(minuteLayout))
		}
	}
}

// evenFrom reports whether a crontab schedule runs, from a UTC minute on, at exactly the
// minutes that its expression selects in UTC. For that it must select every hour of every
// day, and the same minutes when they are moved by the odd part of each offset. Both passes
// of each overlap must run, too: an entry with fixed hours, such as 0-23, runs in the first
// pass only.
func (c *Schedule) evenFrom(from int64) bool {
	s := c.spec
	if s.dialect != Crontab || !s.everyHour() {
		return false
	}
	reached := int64(0) // what the wall clock showed at the end of the segment before
	for i := range c.zone.segments {
		seg := &c.zone.segments[i]
		overlap := reached - seg.localStart
		if i > 0 && overlap > 0 && seg.start+overlap > from && !c.twice(overlap) {
			return false
		}
		if seg.end > from && !s.turns(floorMod(seg.offset(), 60)) {
			return false
		}
		reached = seg.localEnd
	}
	return true
}

// turns reports whether the same minutes are selected when each moves by that many minutes.
func (s *Spec) turns(minutes int64) bool {
	return (s.minute<<minutes|s.minute>>(60-minutes))&(1<<60-1) == s.minute
}

// everyHour reports whether a crontab expression selects every hour of every day.
func (s *Spec) everyHour() bool {
	for kind, mask := range s.mask {
		if mask != 1<<(kindLength(kind)+1)-2 {
			return false
		}
	}
	return s.hour == 1<<24-1 && s.month == 1<<12-1
}

// SchedulerMisses reports whether EventBridge Scheduler does not start the translation at
// this slot of the schedule: Scheduler skips local times in a gap and runs those in an
// overlap once (Scheduler guide, "Schedule types"). Someone else must launch the slot.
func (c Schedule) SchedulerMisses(slot time.Time) bool {
	if c.spec.rateEvery > 0 || !c.Matches(slot) {
		return false
	}
	zone := c.zone
	if c.evenFrom(floorDiv(slot.Unix(), 60)) {
		zone = UTC
	}
	return !c.spec.In(zone, DST{GapSkip, OverlapOnce}).Matches(slot)
}

// awsDay is how EventBridge selects days.
type awsDay struct {
	dom, dow string
	rule     dayRule
}

// awsDays finds the day fields: one pair that is exact; or else two pairs if either field
// may match; or else the smallest superset.
func (s *Spec) awsDays() []awsDay {
	best, fewest := awsDay{}, 0
	wanted := s.countDays(&s.mask)
	for _, day := range s.candidates() {
		masks := day.rule.masks()
		if !s.covered(&masks) {
			continue
		}
		n := s.countDays(&masks)
		if n == wanted {
			return []awsDay{day}
		}
		if fewest == 0 || n < fewest {
			best, fewest = day, n
		}
	}
	if s.day.and {
		return []awsDay{best}
	}
	return []awsDay{domDay(s.day.dom), dowDay(s.day.dow)}
}

// candidates gives the forms that may cover the expression's days: every day, a set of
// dates, a set of weekdays, and the nth or last of a weekday.
func (s *Spec) candidates() []awsDay {
	all := []awsDay{domDay(allDays), domDay(s.day.dom), dowDay(s.day.dow)}
	if bits.OnesCount8(s.day.dow) == 1 {
		n := bits.TrailingZeros8(s.day.dow)
		for k := range 5 {
			all = append(all, awsDay{
				"?", strconv.Itoa(n+1) + "#" + strconv.Itoa(k+1), dayRule{nth: uint8(k + 1), nthDow: uint8(n)},
			})
		}
		all = append(all, awsDay{"?", strconv.Itoa(n+1) + "L", dayRule{lastDow: 1 << n}})
	}
	return all
}

func domDay(dom uint32) awsDay {
	return awsDay{list(uint64(dom>>1), 1, 31), "?", dayRule{dom: dom}}
}

func dowDay(dow uint8) awsDay {
	return awsDay{"?", list(uint64(dow), 1, 7), dayRule{dow: dow}}
}

// eachKind calls f for each kind of month that the expression names.
func (s *Spec) eachKind(f func(kind int)) {
	for month := range 12 {
		if s.month>>month&1 == 0 {
			continue
		}
		for length := monthLength(2001, month); length <= monthLength(2000, month); length++ {
			for first := range 7 {
				f(int(kindOf(length, first)))
			}
		}
	}
}

func (s *Spec) countDays(masks *[kindCount]uint32) (n int) {
	s.eachKind(func(kind int) { n += bits.OnesCount32(masks[kind]) })
	return n
}

func (s *Spec) covered(masks *[kindCount]uint32) bool {
	ok := true
	s.eachKind(func(kind int) { ok = ok && s.mask[kind]&^masks[kind] == 0 })
	return ok
}

// list writes a set whose bit 0 is low: * if it is full, runs of three and more as ranges,
// the rest one by one.
func list(set uint64, low, size int) string {
	if set == 1<<size-1 {
		return "*"
	}
	var b []byte
	for set != 0 {
		start := bits.TrailingZeros64(set)
		run := bits.TrailingZeros64(^(set >> start))
		if run < 3 {
			run = 1
		}
		if len(b) > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(low+start), 10)
		if run > 1 {
			b = append(b, '-')
			b = strconv.AppendInt(b, int64(low+start+run-1), 10)
		}
		set &^= (1<<run - 1) << start
	}
	return string(b)
}
