package stop

import "slices"

// Rule is a rule of the table. The first rule whose family and match fit decides.
type Rule struct {
	// Name is stable: it is recorded on attempts and shown to people.
	Name  string
	Match Match
	Class Class
	// Useless means that a relaunch would not help, although the class leaves it open.
	Useless bool
	// Why is one sentence for a person.
	Why string
}

// Helps answers whether a relaunch would help.
func (r *Rule) Helps() Answer {
	if r.Useless {
		return No
	}
	return r.Class.helps()
}

func (c Class) helps() Answer {
	switch c {
	case Retry, Interrupted:
		return Yes
	case Config, Succeeded, StoppedByUser:
		return No
	default:
		return Unknown
	}
}

// Match is what a rule looks for in the normalised text: a fragment from Any, one from With, and
// none from Not. A nil list sets no condition.
type Match struct {
	Any, With, Not []stems
	// Codes are error codes of a launch exception, in lower case.
	Codes []string
	// Failure restricts the rule to entries of failures[].
	Failure bool

	any, with, not uint8 // the numbers of its lists
}

// in reports whether a text has what m looks for.
func (m *Match) in(t *text) bool {
	return (m.Any == nil || t.holds.has(m.any)) && (m.With == nil || t.holds.has(m.with)) && !t.holds.has(m.not)
}

func (m *Match) fits(t *text, kind Kind, code string) bool {
	return (!m.Failure || kind == LaunchFailure) &&
		(m.Codes == nil || slices.Contains(m.Codes, code)) &&
		m.in(t)
}

// proof is what a text proves about the time at which it was written.
type proof int

const (
	// proofNone: a process may have run.
	proofNone proof = iota
	// proofOwn: this container never started; the words of another must say why.
	proofOwn
	// proofContainers: this container was not created; says nothing about its siblings.
	proofContainers
	// proofCoded: written before any container of the task is created, if the stop code agrees
	// and no image's pull had begun.
	proofCoded
	// proofPlacement: no place was found for the task, provided that it has none.
	proofPlacement
	// proofSetUp: on Fargate, written before any container of the task is created; on a container
	// instance, before those that need what failed.
	proofSetUp
	// proofTask: written before any container of the task is created.
	proofTask
)

// Family is a group of texts that ECS writes at one point of a task's life. Its rules are tried
// in order, and the last one has an empty Match.
type Family struct {
	// Title and Life are for docs/stop-reasons.md.
	Title, Life string
	// Is, Begins and Has are known phrases that identify the family: the whole text, its
	// beginning (tried first, in all families), or a fragment anywhere. Vague lists beginnings
	// that this family shares with texts from other times. It is tried last and proves nothing.
	Is, Begins, Vague []string
	Has               stems
	Rules             []Rule

	proof                  proof
	is, begins, has, vague uint8 // the numbers of its lists
}

func (f *Family) anchored(t *text) bool { return t.holds.has(f.begins) || t.holds.has(f.is) }

func (f *Family) rule(t *text, kind Kind, code string) *Rule {
	for i := range f.Rules {
		if f.Rules[i].Match.fits(t, kind, code) {
			return &f.Rules[i]
		}
	}
	return nil
}

// grip is how firmly a family holds a text.
type grip int

const (
	none     grip = iota
	vague         // it begins with words that are also used at other times
	inside        // a known phrase stands in it
	anchored      // it begins with a known phrase
)

// lexicon is a list of families.
type lexicon []*Family

// find returns the family that holds a text most firmly.
func (l lexicon) find(t *text) (*Family, grip) {
	for _, f := range l {
		if f.anchored(t) {
			return f, anchored
		}
	}
	for _, f := range l {
		if t.holds.has(f.has) {
			return f, inside
		}
	}
	for _, f := range l {
		if t.holds.has(f.vague) {
			return f, vague
		}
	}
	return nil, none
}
