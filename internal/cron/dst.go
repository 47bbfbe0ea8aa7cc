package cron

import "fmt"

// Gap says what happens to a run whose local time the clocks skip in spring.
type Gap uint8

const (
	// GapDefault is the rule of the expression's dialect; see Spec.In.
	GapDefault Gap = iota
	// GapRunLate runs it in the first minute after the gap.
	GapRunLate
	// GapSkip does not run it.
	GapSkip
)

// Overlap says what happens to a run whose local time comes twice in autumn.
type Overlap uint8

const (
	// OverlapDefault is the rule of the expression's dialect; see Spec.In.
	OverlapDefault Overlap = iota
	// OverlapOnce runs it the first time.
	OverlapOnce
	// OverlapTwice runs it both times.
	OverlapTwice
)

// DST is a job's rule for changes of the clock.
type DST struct {
	Gap     Gap
	Overlap Overlap
}

var (
	gapWords     = [...]string{"", "run-late", "skip"}
	overlapWords = [...]string{"", "once", "twice"}
)

// ParseDST reads a job's words: gap is run-late or skip, overlap is once or twice, and the
// empty word is the default.
func ParseDST(gap, overlap string) (DST, error) {
	for g, gapWord := range gapWords {
		if gap != gapWord {
			continue
		}
		for o, overlapWord := range overlapWords {
			if overlap == overlapWord {
				return DST{Gap(g), Overlap(o)}, nil
			}
		}
		return DST{}, fmt.Errorf("dst: overlap is once or twice, not %q", clip(overlap))
	}
	return DST{}, fmt.Errorf("dst: gap is run-late or skip, not %q", clip(gap))
}

// String gives the word that ParseDST reads.
func (g Gap) String() string { return gapWords[g] }

// String gives the word that ParseDST reads.
func (o Overlap) String() string { return overlapWords[o] }
