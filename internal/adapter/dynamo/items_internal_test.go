package dynamo

import (
	"testing"

	"github.com/batchplane/batchplane/internal/job"
)

// TestAnItemThatIsReadAgain: what was decoded is used again only if it is what the table holds. A write
// may change nothing but the revision, which the next write must name.
func TestAnItemThatIsReadAgain(t *testing.T) {
	t.Parallel()
	item := func(rev int64, hash string, asText bool) attributes {
		is, err := jobItem(&job.Item{Name: "report", Definition: hash, Rev: rev - 1}, writeMark())
		if err != nil {
			t.Fatal(err)
		}
		if asText {
			is[attrBody] = str(`{"name":"report","definition":"` + hash + `"}`)
		}
		return is
	}
	for name, c := range map[string]struct{ was, is attributes }{
		"as it was":              {item(3, "a", false), item(3, "a", false)},
		"another revision":       {item(3, "a", false), item(4, "a", false)},
		"put back by hand":       {item(3, "a", false), item(3, "b", false)},
		"put back by hand, text": {item(3, "a", true), item(3, "b", true)},
	} {
		want, err := decodeItem(c.is)
		if err != nil {
			t.Fatal(err)
		}
		got := knownItem{}.becomes(c.was).becomes(c.is)
		if got.why != nil || got.item.Rev != want.Rev || got.item.Definition != want.Definition {
			t.Errorf("%s: revision %d of %s, %v, want %d of %s", name, got.item.Rev, got.item.Definition, got.why, want.Rev, want.Definition)
		}
	}
}
