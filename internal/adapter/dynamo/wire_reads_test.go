package dynamo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// batchOf returns what a BatchGetItem asks of the table, and keysOf the keys.
func batchOf(r request) map[string]any {
	requests, _ := r.body["RequestItems"].(map[string]any)
	table, _ := requests["t"].(map[string]any)
	return table
}

func keysOf(r request) []any {
	keys, _ := batchOf(r)["Keys"].([]any)
	return keys
}

// TestUnprocessedKeys: the store asks again for what DynamoDB leaves out of a batch, until it has been
// left with nothing too often.
func TestUnprocessedKeys(t *testing.T) {
	t.Parallel()
	ids := []run.ID{"a/20261122T1730Z", "b/20261122T1730Z", "a/20261122T1730Z"}
	const first = `{"pk":{"S":"R#a"},"sk":{"S":"20261122T1730Z"}}`
	const second = `{"pk":{"S":"R#b"},"sk":{"S":"20261122T1730Z"}}`
	w, s := newWire(t, func(n int, _ request) (int, string) {
		if n == 1 {
			return 200, `{"Responses":{"t":[` + first + `]},"UnprocessedKeys":{"t":{"Keys":[` + second + `]}}}`
		}
		return 200, `{"Responses":{"t":[` + second + `]},"UnprocessedKeys":{}}`
	})
	got, err := s.Exist(t.Context(), ids)
	if n := strings.Count(fmt.Sprint(w.asked[0].body["RequestItems"]), "R#"); n != 2 { // it refuses a key that comes twice
		t.Errorf("asked for %d keys", n)
	}
	if err != nil || len(got) != 2 || !got[ids[0]] || !got[ids[1]] || len(w.asked) != 2 {
		t.Errorf("got %v, %v after %d requests", got, err, len(w.asked))
	}
	if again := fmt.Sprint(w.asked[1].body["RequestItems"]); strings.Contains(again, "R#a") || !strings.Contains(again, "R#b") {
		t.Errorf("asked again for %s", again)
	}
	w, s = newWire(t, func(int, request) (int, string) {
		return 200, `{"Responses":{},"UnprocessedKeys":{"t":{"Keys":[` + first + `,` + second + `]}}}`
	})
	if _, err := s.Exist(t.Context(), ids); !errors.Is(err, dynamo.ErrBusy) || len(w.asked) != 8 {
		t.Errorf("got %v after %d requests", err, len(w.asked))
	}
	var many []run.ID
	for n := range 12 {
		many = append(many, run.ID(fmt.Sprintf("j%02d/20261122T1730Z", n)))
	}
	w, s = newWire(t, func(_ int, r request) (int, string) { // processes one key each time
		keys := keysOf(r)
		one, err1 := json.Marshal(keys[:1])
		left, err2 := json.Marshal(keys[1:])
		if err := errors.Join(err1, err2); err != nil {
			t.Error(err)
		}
		return 200, `{"Responses":{"t":` + string(one) + `},"UnprocessedKeys":{"t":{"Keys":` + string(left) + `}}}`
	})
	if got, err := s.Exist(t.Context(), many); err != nil || len(got) != 12 || len(w.asked) != 12 {
		t.Errorf("one by one: got %d, %v after %d requests", len(got), err, len(w.asked))
	}
}

// TestReadsAreConsistent: every read by which the contract wants to see each write.
func TestReadsAreConsistent(t *testing.T) {
	t.Parallel()
	w, s := newWire(t, func(int, request) (int, string) { return 200, "{}" })
	_, _ = s.Run(t.Context(), "a/20261122T1730Z")
	_, _ = s.Item(t.Context(), "a")
	_, _ = s.Items(t.Context())
	_, _ = s.Mark(t.Context(), "m")
	_, _ = s.Took(t.Context(), "n")
	_, _ = s.Kept(t.Context(), 10)
	for _, r := range w.asked {
		if r.body["ConsistentRead"] != true {
			t.Errorf("%s: ConsistentRead is %v", r.operation, r.body["ConsistentRead"])
		}
	}
	if len(w.asked) != 20 {
		t.Errorf("%d requests", len(w.asked))
	}
}

// TestWhatAnIndexNamesIsReadConsistently: the index itself cannot be, and DynamoDB refuses to try.
func TestWhatAnIndexNamesIsReadConsistently(t *testing.T) {
	t.Parallel()
	w, s := newWire(t, func(_ int, r request) (int, string) {
		if r.operation == "Query" {
			return 200, `{"Items":[{"pk":{"S":"R#a"},"sk":{"S":"20261122T1730Z"},"od":{"N":"2"}}]}`
		}
		return 200, "{}"
	})
	for name, read := range map[string]func() (int, error){
		"Due":  func() (int, error) { rs, err := s.Due(t.Context(), run.LookLane, start, 10); return len(rs), err },
		"Runs": func() (int, error) { rs, err := s.Runs(t.Context(), port.Query{}); return len(rs), err },
		"Runs of a status": func() (int, error) {
			rs, err := s.Runs(t.Context(), port.Query{Status: run.Running})
			return len(rs), err
		},
		"Pending": func() (int, error) { ps, err := s.Pending(t.Context(), 10); return len(ps), err },
	} {
		w.asked = nil
		if n, err := read(); err != nil || n > 0 { // the runs have expired
			t.Errorf("%s: %d, %v", name, n, err)
		}
		for _, r := range w.asked {
			got := r.body["ConsistentRead"]
			if r.operation == "BatchGetItem" {
				got = batchOf(r)["ConsistentRead"]
			}
			if (got == true) != (r.operation == "BatchGetItem") {
				t.Errorf("%s: %s with ConsistentRead %v", name, r.operation, got)
			}
		}
		if last := w.asked[len(w.asked)-1]; last.operation != "BatchGetItem" {
			t.Errorf("%s ends with %s", name, last.operation)
		}
	}
}

// TestARunThatMovesWhileItIsListed: its entry is on two pages, and Due returns it once.
func TestARunThatMovesWhileItIsListed(t *testing.T) {
	t.Parallel()
	body, err := json.Marshal(json.RawMessage(`{"id":"a/20261122T1730Z","status":"launching","dueAt":"2026-11-22T17:30:00Z"}`))
	if err != nil {
		t.Fatal(err)
	}
	_, s := newWire(t, func(_ int, r request) (int, string) {
		values := fmt.Sprint(r.body["ExpressionAttributeValues"])
		switch {
		case r.operation != "Query":
			return 200, `{"Responses":{"t":[{"pk":{"S":"R#a"},"sk":{"S":"20261122T1730Z"},"b":{"S":` + strconv.Quote(string(body)) + `}}]}}`
		case !strings.Contains(values, "look#2"):
			return 200, "{}"
		case r.body["ExclusiveStartKey"] == nil:
			return 200, `{"Items":[{"pk":{"S":"R#a"},"sk":{"S":"20261122T1730Z"},"od":{"N":"2000"}}],"LastEvaluatedKey":{"pk":{"S":"R#a"}}}`
		}
		return 200, `{"Items":[{"pk":{"S":"R#a"},"sk":{"S":"20261122T1730Z"},"od":{"N":"4000"}}]}`
	})
	got, err := s.Due(t.Context(), run.LookLane, start.Add(time.Hour), 10)
	wantIDs(t, "due", got, err, "a/20261122T1730Z")
}

// TestAPendingSlotThatMovesWhileItIsListed: it was put again, so its entry is on two pages. DynamoDB refuses
// a batch that names a key twice, and Pending returns the slot once.
func TestAPendingSlotThatMovesWhileItIsListed(t *testing.T) {
	t.Parallel()
	entry := func(id string) string { return `{"pk":{"S":"P#` + id + `"},"sk":{"S":"P"},"od":{"N":"1"}}` }
	batch := []string{entry("a")}
	for n := range 99 {
		batch = append(batch, entry(strconv.Itoa(n)))
	}
	for name, c := range map[string]struct {
		first, second string
		slots         int
	}{
		"in one batch":      {entry("a"), entry("a") + "," + entry("b"), 2},
		"in the next batch": {strings.Join(batch, ","), entry("b") + "," + entry("a"), 101},
		"alone in it":       {strings.Join(batch, ","), entry("a"), 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, s := newWire(t, func(_ int, r request) (int, string) {
				switch {
				case r.operation != "Query":
					var found []string
					for _, key := range keysOf(r) {
						pk, _ := key.(map[string]any)["pk"].(map[string]any)["S"].(string)
						found = append(found, `{"pk":{"S":"`+pk+`"},"sk":{"S":"P"},"b":{"S":"{}"}}`)
					}
					if slices.Sort(found); len(found) == 0 || len(slices.Compact(slices.Clone(found))) < len(found) {
						return 400, exception("ValidationException", "")
					}
					return 200, `{"Responses":{"t":[` + strings.Join(found, ",") + `]}}`
				case r.body["ExclusiveStartKey"] == nil:
					return 200, `{"Items":[` + c.first + `],"LastEvaluatedKey":{"pk":{"S":"P#a"}}}`
				}
				return 200, `{"Items":[` + c.second + `]}`
			})
			if got, err := s.Pending(t.Context(), 200); err != nil || len(got) != c.slots {
				t.Errorf("%d slots, %v", len(got), err)
			}
		})
	}
}

// TestAnAbsentRunIsLookedForAgain: what an eventually consistent read finds exists; what it does not
// find may only be late.
func TestAnAbsentRunIsLookedForAgain(t *testing.T) {
	t.Parallel()
	w, s := newWire(t, func(int, request) (int, string) { return 200, "{}" })
	_, _ = s.Exist(t.Context(), []run.ID{"a/20261122T1730Z"})
	var consistent []any
	for _, r := range w.asked {
		batch, _ := r.body["RequestItems"].(map[string]any)
		keys, _ := batch["t"].(map[string]any)
		consistent = append(consistent, keys["ConsistentRead"])
	}
	if !slices.Equal(consistent, []any{false, true}) {
		t.Errorf("asked with ConsistentRead %v", consistent)
	}
}

// TestARequestOfANewerBatchplane: it is an error, since it may be what the reader looks for.
func TestARequestOfANewerBatchplane(t *testing.T) {
	t.Parallel()
	_, s := newWire(t, func(int, request) (int, string) {
		return 200, `{"Items":[{"pk":{"S":"A"},"sk":{"S":"1-a"},"v":{"N":"2"},"b":{"S":"{}"}}]}`
	})
	if asked, err := s.Asked(t.Context(), port.AskedQuery{}); !errors.Is(err, port.ErrNewer) {
		t.Errorf("%+v, %v", asked, err)
	}
}

// TestRunsOfAJobAreReadConsistently: its scheduled runs are, for the control plane and not for people, whose
// reads cost half. Its runs by hand are named by an index.
func TestRunsOfAJobAreReadConsistently(t *testing.T) {
	t.Parallel()
	w, s := newWire(t, func(int, request) (int, string) { return 200, "{}" })
	for name, c := range map[string]struct {
		read func() error
		want bool
	}{
		"Runs":   {func() error { _, err := s.Runs(t.Context(), port.Query{Job: "a"}); return err }, true},
		"Newest": {func() error { _, err := s.Newest(t.Context(), []string{"a"}, 1); return err }, false},
	} {
		w.asked = nil
		if err := c.read(); err != nil || len(w.asked) != 2 {
			t.Errorf("%s: %d requests, %v", name, len(w.asked), err)
		}
		for _, r := range w.asked {
			if want := c.want && r.body["IndexName"] == nil; (r.body["ConsistentRead"] == true) != want {
				t.Errorf("%s of %v: ConsistentRead is %v", name, r.body["IndexName"], r.body["ConsistentRead"])
			}
		}
	}
}
