package importer

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
)

// crowded is a few times the time that a task takes to start. Runs closer together than that
// are not what Fargate is for.
const crowded = 5 * time.Minute

// Crowded reports runs that are too close together.
func (in *Import) Crowded(e *Entry, s cron.Schedule) {
	if gap := in.Period(s); gap > 0 && gap < crowded {
		e.Decide("its runs are %s apart: a task takes 20 to 60 seconds or more to start and is billed for at least a minute; run it less often, for longer", job.Duration(gap))
	}
}

// Translated fills in a schedule in EventBridge's terms, with what was proved about it.
func (e *Entry) Translated(t cron.Translation) {
	e.AWS, e.Proof = t.AWS, exact(t)
	if t.Guard != "" {
		e.Guard = &t.Guard
	}
	for _, n := range t.Notes {
		e.Note("%s", n)
	}
}

// EventBridge gives a job an EventBridge expression as its schedule, unchanged. ok is false if
// that is not possible. For EventBridge it writes the expression's normal form, which it proves
// to be the same.
func (in *Import) EventBridge(e *Entry, j *job.Job, expression, zone string) (ok bool) {
	expression = strings.TrimSpace(expression)
	e.Schedule = &expression
	spec, err := cron.ParseAWS(expression)
	if err != nil {
		e.Refuse("%s", hideErr(err))
		return false
	}
	loaded, err := cron.LoadZone(cmp.Or(zone, "UTC"))
	if err != nil {
		e.Refuse("%s", hideErr(err))
		return false
	}
	if spec.NeverFires() {
		e.NeverFires = true
		e.Refuse("it never fires, since no such day exists")
		return false
	}
	normal, err := spec.Normal()
	if err != nil {
		e.Refuse("%s", hideErr(err))
		return false
	}
	e.AWS, j.Schedule = []string{normal}, expression
	if zone != "" && zone != "UTC" {
		j.Timezone = zone
	}
	in.known(e, spec, normal)
	in.looks(e, spec, loaded)
	return true
}

func hideErr(err error) string { return Hide(err.Error()) }

// known says what is proved about an expression that remains one of EventBridge's.
func (in *Import) known(e *Entry, spec *cron.Spec, normal string) {
	if every, rate := spec.Rate(); rate {
		e.Note("a rate counts from the creation of its schedule, so it keeps its interval of %s but not its minutes", job.Duration(every))
		return
	}
	same, err := cron.ParseAWS(normal)
	if err == nil {
		err = cron.Prove(spec, []*cron.Spec{same}, in.From)
	}
	if err != nil {
		e.Decide("what would be written for EventBridge differs: %s", err.Error())
		return
	}
	e.Proof = "proved: the same minutes of the wall clock, by the same rule for changes of the clock"
}

// looks reports what a person should know about a schedule.
func (in *Import) looks(e *Entry, spec *cron.Spec, zone *cron.Zone) {
	for _, w := range spec.Warnings() {
		e.Decide("%s", w)
	}
	s := spec.In(zone, cron.DST{})
	if spec.OneTime() {
		if at, ok := s.Next(in.From); !ok {
			e.Note("its one time has passed")
		} else {
			e.Note("it fires once, at %s", job.UTC(at))
		}
		return
	}
	s = s.Since(in.From)
	if _, ok := s.Next(in.From); !ok {
		e.Note("its last time has passed")
		return
	}
	in.Crowded(e, s)
}

// Period gives the shortest time between two of the next runs; 0 if there are fewer than two.
func (in *Import) Period(s cron.Schedule) time.Duration {
	key := s.Spec().String() + " " + s.Zone().Name()
	if known, ok := in.periods[key]; ok {
		return known
	}
	in.periods[key] = s.ShortestAfter(in.From, 100)
	return in.periods[key]
}

// Translated gives a job five crontab fields for another program's reading of a schedule. It
// proves the fields against that reading, day by day, and their translation for EventBridge
// against the fields. When the clocks change, the job fires by the rule dst. ok is false if that
// is not possible. The written text stays if cron reads it the same way.
func (in *Import) Translated(e *Entry, j *job.Job, written string, f Fields, zone string, dst cron.DST) (ok bool) {
	text := in.same(written, f)
	if known, proved := in.proofs[text]; proved && known != "" {
		e.Refuse("%s", known)
		return false
	}
	spec, loaded, err := in.translation(text, zone)
	if errors.Is(err, cron.ErrNeverFires) {
		e.NeverFires = true
		e.Refuse("it never fires, since no such day exists")
		return false
	}
	if err != nil {
		e.Refuse("%s", hideErr(err))
		return false
	}
	if _, proved := in.proofs[text]; !proved {
		in.proofs[text] = ""
		if err := Prove(f, spec, in.From); err != nil {
			in.proofs[text] = err.Error()
			e.Refuse("%s", err.Error())
			return false
		}
	}
	t, err := spec.In(loaded, dst).Translate(in.From)
	if err != nil {
		e.Refuse("%s", hideErr(err))
		return false
	}
	j.Schedule, j.Timezone = text, zone
	e.Translated(t)
	e.Proof = "proved: " + text + " fires on the same days of 28 years and at the same minutes; for EventBridge " + strings.TrimPrefix(e.Proof, "proved: ")
	in.looks(e, spec, loaded)
	return true
}

// ZoneOr gives the zone that a file names, or that of the options. Without either it assumes UTC, and says
// whose zone counts.
func (in *Import) ZoneOr(e *Entry, named, whose string) string {
	zone := cmp.Or(named, in.Zone)
	if zone == "" {
		e.Decide("it names no zone, so that of %s counts, which the file does not say: UTC is assumed; set it with --zone", whose)
	}
	return cmp.Or(zone, "UTC")
}

// AtChanges gives the rule for changes of the clock of a program that follows the wall clock, or none if
// the clocks of the zone do not change.
func (in *Import) AtChanges(zone string, rule cron.DST) cron.DST {
	if in.clockChanges(zone) {
		return rule
	}
	return cron.DST{}
}

// KeepChanges gives a job that rule, with a note, if there is one.
func (e *Entry) KeepChanges(j *job.Job, program string, rule cron.DST) {
	if rule == (cron.DST{}) {
		return
	}
	j.DST = job.DST{Gap: rule.Gap.String(), Overlap: rule.Overlap.String()}
	e.Note("%s loses a time in the spring gap and runs one in the repeated hour %s, and so does this job: dst changes that", program, rule.Overlap.String())
}

// clockChanges reports whether the clocks of a zone change within two years.
func (in *Import) clockChanges(zone string) bool {
	z, err := cron.LoadZone(zone)
	if err != nil {
		return true // reported elsewhere
	}
	_, end := in.From.In(z.Location()).ZoneBounds()
	return !end.IsZero() && end.Before(in.From.AddDate(2, 0, 0))
}

// same gives the written text if a crontab means the fields by it, or else the fields as a
// crontab writes them.
func (in *Import) same(written string, f Fields) string {
	written = strings.Join(strings.Fields(written), " ")
	if known, ok := in.proofs[written]; ok && known == "" {
		return written
	}
	spec, err := cron.ParseCrontab(written)
	if err == nil && !spec.NeverFires() && Prove(f, spec, in.From) == nil {
		in.proofs[written] = ""
		return written
	}
	return f.Crontab()
}

func (in *Import) translation(text, zone string) (*cron.Spec, *cron.Zone, error) {
	loaded, err := cron.LoadZone(cmp.Or(zone, "UTC"))
	if err != nil {
		return nil, nil, err
	}
	spec, err := cron.ParseCrontab(text)
	if err == nil && spec.NeverFires() {
		err = cron.ErrNeverFires
	}
	return spec, loaded, err
}

// Rate gives rate(...) for a duration as Go writes it, such as 1h30m, in whole minutes. The
// error is the second half of a sentence.
func Rate(text string) (string, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s is not a duration", Clip(text))
	case d < time.Minute:
		return "", fmt.Errorf("%s is shorter than a minute, the shortest time of a schedule here", Clip(text))
	case d%time.Minute != 0:
		return "", fmt.Errorf("%s is not a whole number of minutes", Clip(text))
	case d == time.Minute:
		return "rate(1 minute)", nil
	}
	return fmt.Sprintf("rate(%d minutes)", d/time.Minute), nil
}
