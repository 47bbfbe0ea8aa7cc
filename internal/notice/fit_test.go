package notice_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/notice"
)

// TestFit: what is taken from a notice that is too long, in which order, and that one that cannot be made small
// enough is an error.
func TestFit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 60) // 120 bytes
	whole := notice.Notice{Run: id, Owner: "team-a", Cause: long, Logs: []string{"1", "2", "3"}, Attempts: []notice.Attempt{{N: 1}, {N: 2}, {N: 3}}}
	encode := func(n notice.Notice) (string, error) {
		words := append([]string{n.Owner, n.Cause}, n.Logs...)
		for _, a := range n.Attempts {
			words = append(words, string(rune('a'+a.N-1)))
		}
		return strings.Join(words, " "), nil
	}
	half := strings.Repeat("é", 30) + "…"
	for name, c := range map[string]struct {
		limit int
		want  string
	}{
		"it fits":                       {139, "team-a " + long + " 1 2 3 a b c"},
		"the oldest lines go":           {138, "team-a " + long + " 3 a b c"},
		"then all lines":                {134, "team-a " + long + " a b c"},
		"then old attempts, long texts": {132, "team-a " + half + " c"},
		"then all attempts":             {71, "team-a " + half},
		"and then nothing":              {69, ""},
	} {
		got, full, err := notice.Fit(whole, c.limit, encode)
		if got != c.want || full != 139 || (err != nil) != (c.want == "") {
			t.Errorf("%s: %q of %d bytes, %v", name, got, full, err)
		}
	}
	if len(whole.Logs) != 3 || whole.Logs[0] != "1" || len(whole.Attempts) != 3 {
		t.Errorf("the notice itself was changed: %+v", whole)
	}
	broken := errors.New("broken")
	if _, _, err := notice.Fit(whole, 1000, func(notice.Notice) (string, error) { return "", broken }); !errors.Is(err, broken) {
		t.Errorf("what cannot be encoded: %v", err)
	}
}

// TestWordsHaveNoticesOfTheirOwn: what a run owes again about something else is another notice.
func TestWordsHaveNoticesOfTheirOwn(t *testing.T) {
	t.Parallel()
	n := notice.Notice{ID: "a"}
	one, other := n.OfWords("one").ID, n.OfWords("other").ID
	if one == other || one != n.OfWords("one").ID || !strings.HasPrefix(one, "a-") {
		t.Errorf("%s and %s", one, other)
	}
}
