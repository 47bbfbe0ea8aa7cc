package stop

import (
	"strings"
	"testing"
)

// TestIndex: the index finds exactly the words that stand in a text, at every place and whatever
// names stand beside them.
func TestIndex(t *testing.T) {
	t.Parallel()
	var x text
	x.answer("the first of four words, (two of team/a) and the last")
	plain := string(x.bytes())
	for from := range plain {
		for to := from + 4; to <= len(plain); to++ {
			if s := plain[from:to]; !strings.Contains(s, "#") && !stands(&x, "absent", s) {
				t.Errorf("%q is not found", s)
			}
			if s := plain[from:to-1] + "\x01"; stands(&x, s) {
				t.Errorf("%q is found", s)
			}
			if s := "\x01" + plain[from+1:to]; stands(&x, s) {
				t.Errorf("%q is found", s)
			}
		}
	}
	for _, s := range []string{"the last word", "team", "first off", plain + "x", "x" + plain} {
		if stands(&x, s) {
			t.Errorf("%q is found", s)
		}
	}
}

// stands reports whether one of the words stands in a text.
func stands(t *text, words ...string) bool {
	m := Match{Any: []stems{words}}
	t.look(newIndex(nil, []*Match{&m}))
	return m.in(t)
}

// TestWhereWordsStand: a family holds a text that is one of its phrases, or begins with or
// contains one.
func TestWhereWordsStand(t *testing.T) {
	t.Parallel()
	f := Family{Is: []string{"alone"}, Begins: []string{"first"}, Vague: []string{"vaguely"}, Has: stems{"inside", "first"}}
	x, l := newIndex([]*Family{&f}, nil), lexicon{&f}
	for said, want := range map[string]grip{
		"alone": anchored, "alone now": none, "not alone": none, "first": anchored, "firstly": anchored, "the first": inside,
		"inside": inside, "the insides": inside, "vaguely said": vague, "said vaguely": none, "vaguely inside": inside, "": none,
	} {
		var read text
		read.normalise(said)
		read.look(x)
		if _, hold := l.find(&read); hold != want {
			t.Errorf("%q is held %d, want %d", said, hold, want)
		}
	}
}

// TestWhatWasCutIsNoWord: words that were cut from either end of a text are not found.
func TestWhatWasCutIsNoWord(t *testing.T) {
	t.Parallel()
	var x text
	x.normalise("before the words behind")
	x.drop(len("before"))
	x.hi -= len(" behind")
	for _, word := range []string{"before", "fore the", "behind", "words beh", "rds be"} {
		if stands(&x, word) {
			t.Errorf("%q is found in %q", word, x.bytes())
		}
	}
	if !stands(&x, "the words") {
		t.Errorf("%q is not found whole", x.bytes())
	}
}

// TestEachListHasANumber: every list that is looked for has its own number.
func TestEachListHasANumber(t *testing.T) {
	t.Parallel()
	Table()
	for _, x := range []struct {
		families lexicon
		asked    []*Match
	}{{append(append(lexicon{}, endLexicon...), taskLexicon...), askedOfTasks}, {lexicon{launchFamily()}, askedOfLaunches}} {
		seen := map[uint8]bool{introducing: true}
		numbered := func(of string, n uint8, words int) {
			if words > 0 && (n == 0 || seen[n]) || words == 0 && n != 0 {
				t.Errorf("%d words of %s have the number %d", words, of, n)
			}
			seen[n] = true
		}
		matches := x.asked
		for _, f := range x.families {
			numbered(f.Title, f.is, len(f.Is))
			numbered(f.Title, f.begins, len(f.Begins))
			numbered(f.Title, f.has, len(f.Has))
			numbered(f.Title, f.vague, len(f.Vague))
			for i := range f.Rules {
				matches = append(matches, &f.Rules[i].Match)
			}
		}
		for _, m := range matches {
			numbered("a match", m.any, len(m.Any))
			numbered("a match", m.with, len(m.With))
			numbered("a match", m.not, len(m.Not))
		}
	}
}
