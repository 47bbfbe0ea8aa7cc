package dynamo_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

func commit(t *testing.T, s port.Store, rs ...run.Run) {
	t.Helper()
	for _, r := range rs {
		if err := s.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatalf("committing %s: %v", r.ID, err)
		}
	}
}

// follow commits the next state of a run.
func follow(t *testing.T, s port.Store, was, r run.Run) {
	t.Helper()
	if err := s.Commit(t.Context(), port.Change{Run: &r, Was: &was}); err != nil {
		t.Fatalf("committing %s: %v", r.ID, err)
	}
}

func ids(rs []run.Run) []run.ID {
	out := make([]run.ID, 0, len(rs))
	for _, r := range rs {
		out = append(out, r.ID)
	}
	return out
}

func wantIDs(t *testing.T, what string, got []run.Run, err error, want ...run.ID) {
	t.Helper()
	if err != nil || !slices.Equal(ids(got), want) {
		t.Errorf("%s: got %v, %v, want %v", what, ids(got), err, want)
	}
}

func value(item map[string]types.AttributeValue, name string) string {
	switch v := item[name].(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	case nil:
		return ""
	}
	return "?"
}

func millis(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }

// entryOf returns the position of the entry of an open run that is due at a time. Entries of runs that
// have ended or are running also have a mark.
func entryOf(due time.Time) string { return millis(due.Truncate(time.Second)) }

// runningAt returns the position of the entry of a running run that was written at a revision.
func runningAt(due time.Time, rev int) string {
	return millis(due.Truncate(time.Second).Add(time.Duration(2*rev) * time.Millisecond))
}

// TestAttributes: the attributes that the indexes, the stream's filter and time to live use.
func TestAttributes(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	tell := []run.Effect{{Kind: run.Tell, Notice: "failed"}, {Kind: run.Tell, Notice: "recovered"}}
	due, end := start.Add(time.Minute), start.Add(time.Hour)
	ttl := strconv.FormatInt(end.Add(400*24*time.Hour).Unix(), 10)
	cases := []struct {
		name               string
		run                run.Run
		lane, at, ttl, tel string
	}{
		{"a/20261122T1730Z", run.Run{Status: run.Queued, DueAt: due}, "launch", entryOf(due), "", ""},
		{"b/20261122T1730Z", run.Run{Status: run.Launching, DueAt: due}, "look", entryOf(due), "", ""},
		{"c/20261122T1730Z", run.Run{Status: run.Running, DueAt: due}, "look", runningAt(due, 1), "", ""},
		{"d/20261122T1730Z", run.Run{Status: run.Failed, DueAt: due, FinishedAt: end, Owed: tell}, "look", millis(due.Truncate(time.Second).Add(time.Millisecond)), "", "failed,recovered"},
		{"e/20261122T1730Z", run.Run{Status: run.Failed, FinishedAt: end}, "failed", millis(start), ttl, ""},
		{"f/20261122T1730Z", run.Run{Status: run.Missed, FinishedAt: end}, "missed", millis(start), ttl, ""},
		{"g/20261122T1730Z", run.Run{Status: run.Succeeded, FinishedAt: end}, "", "", ttl, ""},
		{"h/manual-0123456789ab", run.Run{Status: run.Succeeded, FinishedAt: end}, "", "", ttl, ""},
	}
	for _, c := range cases {
		r := c.run
		r.ID, r.ScheduledFor = run.ID(c.name), start
		commit(t, s, r)
		item := s.item(t, r.ID)
		lane, _, _ := strings.Cut(value(item, "op"), "#")
		hand := ""
		if r.ID.ByHand() {
			hand = millis(start)
		}
		for what, pair := range map[string][2]string{
			"lane": {lane, c.lane}, "od": {value(item, "od"), c.at}, "ttl": {value(item, "ttl"), c.ttl}, "tell": {value(item, "tell"), c.tel},
			"at": {value(item, "at"), millis(start)}, "hand": {value(item, "hand"), hand}, "status": {value(item, "status"), string(r.Status)},
			"v": {value(item, "v"), "1"}, "r": {value(item, "r"), "1"},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s (%s): %s is %q, want %q", r.ID, r.Status, what, pair[0], pair[1])
			}
		}
		if id, ok := dynamo.RunID(value(item, "pk"), value(item, "sk")); !ok || id != r.ID {
			t.Errorf("the key of %s is of %s", r.ID, id)
		}
	}
	if id, ok := dynamo.RunID("J#1", "report"); ok {
		t.Errorf("a job's item is run %s", id)
	}
}

func runningRun(id run.ID, due time.Time) run.Run {
	return run.Run{ID: id, ScheduledFor: start, Status: run.Running, DueAt: due, Attempts: []run.Attempt{{N: 1, TaskARN: "arn"}}}
}

func launchingRun(id run.ID, due time.Time) run.Run {
	r := runningRun(id, due)
	r.Status = run.Launching
	return r
}

// TestTheWriteAfterRunTask: the write leaves the index alone if it can, and the entry is never later
// than the run is due.
func TestTheWriteAfterRunTask(t *testing.T) {
	t.Parallel()
	claim := start.Add(2 * time.Minute)
	cases := []struct {
		name   string
		before run.Run
		due    time.Time
		want   string
	}{
		{"due later", launchingRun("a/20261122T1730Z", claim), start.Add(5 * time.Minute), entryOf(claim)},
		{"due at the same time", launchingRun("a/20261122T1730Z", claim), claim, entryOf(claim)},
		{"due earlier", launchingRun("a/20261122T1730Z", claim), start.Add(time.Minute), runningAt(start.Add(time.Minute), 2)},
		{"from the other lane", run.Run{ID: "a/20261122T1730Z", Status: run.Queued, DueAt: start}, start.Add(5 * time.Minute), runningAt(start.Add(5*time.Minute), 2)},
		{"of a run that ran before", runningRun("a/20261122T1730Z", start.Add(-time.Hour)), start.Add(-time.Hour), runningAt(start.Add(-time.Hour), 2)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newTable(t)
			commit(t, s, c.before)
			if err := s.set(t.Context(), c.before.ID, "v", &types.AttributeValueMemberN{Value: "0"}); err != nil { // by an older program
				t.Fatal(err)
			}
			after := runningRun(c.before.ID, c.due)
			after.Rev = 1
			follow(t, s, c.before, after)
			item := s.item(t, after.ID)
			if lane, _, _ := strings.Cut(value(item, "op"), "#"); lane != "look" || value(item, "od") != c.want {
				t.Errorf("the entry is in %s at %s, want at %s", lane, value(item, "od"), c.want)
			}
			if v := value(item, "v"); v != "1" {
				t.Errorf("the form of the item is said to be version %s", v)
			}
			if r, err := s.Run(t.Context(), after.ID); err != nil || r.Rev != 2 || !r.DueAt.Equal(c.due) || r.Status != run.Running {
				t.Errorf("stored %+v, %v", r, err)
			}
			if err := s.Commit(t.Context(), port.Change{Run: &after}); !errors.Is(err, port.ErrConflict) {
				t.Errorf("at an older revision: %v", err)
			}
		})
	}
}

// TestEarlyEntries: Due orders runs by their own times, and moves entries that are far too early.
func TestEarlyEntries(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	early := start.Add(2 * time.Minute)
	dues := map[run.ID]time.Time{
		"a/20261122T1730Z": start.Add(9 * time.Minute), "b/20261122T1730Z": start.Add(7 * time.Minute),
		"c/20261122T1730Z": start.Add(20 * time.Minute), "d/20261122T1730Z": start.Add(3 * time.Hour),
	}
	for id, due := range dues {
		was, after := launchingRun(id, early), runningRun(id, due)
		commit(t, s, was)
		after.Rev = 1
		follow(t, s, was, after)
	}
	commit(t, s, runningRun("e/20261122T1730Z", start.Add(8*time.Minute)))
	got, err := s.Due(t.Context(), run.LookLane, early, 10)
	wantIDs(t, "while all are early", got, err)
	if at := value(s.item(t, "d/20261122T1730Z"), "od"); at != runningAt(dues["d/20261122T1730Z"], 2) {
		t.Errorf("the entry that is hours early stays at %s", at)
	}
	for _, id := range []run.ID{"a/20261122T1730Z", "b/20261122T1730Z"} {
		if at := value(s.item(t, id), "od"); at != entryOf(early) {
			t.Errorf("the entry of %s, minutes early, was moved to %s", id, at)
		}
	}
	if r, err := s.Run(t.Context(), "d/20261122T1730Z"); err != nil || r.Rev != 2 {
		t.Errorf("a move changed the run: %+v, %v", r, err)
	}
	// b's entry is the earlier of the two that are due; e is due before a, although a's entry is
	// earlier.
	got, err = s.Due(t.Context(), run.LookLane, start.Add(10*time.Minute), 2)
	wantIDs(t, "the two earliest", got, err, "b/20261122T1730Z", "e/20261122T1730Z")
	got, err = s.Due(t.Context(), run.LookLane, start.Add(10*time.Minute), 10)
	wantIDs(t, "all that are due", got, err, "b/20261122T1730Z", "e/20261122T1730Z", "a/20261122T1730Z")
	got, err = s.Due(t.Context(), run.LookLane, start.Add(4*time.Hour), 1)
	wantIDs(t, "one", got, err, "b/20261122T1730Z")
}

// TestNewer: what a newer batchplane wrote is named and left alone.
func TestNewer(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	const id = run.ID("a/20261122T1730Z")
	commit(t, s, launchingRun(id, start), launchingRun("b/20261122T1730Z", start.Add(-time.Minute)))
	if err := s.set(t.Context(), id, "v", &types.AttributeValueMemberN{Value: "2"}); err != nil {
		t.Fatal(err)
	}
	wantNewer := func(what string, err error) {
		t.Helper()
		var newer *dynamo.NewerError
		if !errors.As(err, &newer) || newer.Version != 2 || !strings.Contains(err.Error(), string(id)) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := s.Run(t.Context(), id)
	wantNewer("Run", err)
	got, err := s.Due(t.Context(), run.LookLane, start, 10)
	var unreadable *port.UnreadableError
	if !errors.As(err, &unreadable) || len(unreadable.Runs) != 1 {
		t.Fatalf("Due: %v", err)
	}
	wantNewer("Due", unreadable.Runs[id])
	if !unreadable.DueSince.Equal(start.Truncate(time.Second)) {
		t.Errorf("it is due since %s", unreadable.DueSince)
	}
	wantIDs(t, "the others", got, nil, "b/20261122T1730Z")
	for _, q := range []port.Query{{}, {Status: run.Launching}} {
		others, err := s.Runs(t.Context(), q)
		wantIDs(t, "Runs", others, err, "b/20261122T1730Z")
	}
	for _, err := range s.Walk(t.Context(), port.Walk{}) {
		if err != nil {
			wantNewer("Walk", err)
			got = nil
		}
	}
	if got != nil {
		t.Error("Walk left it out")
	}
	var left, damaged []run.ID
	w := port.Walk{Newer: func(id run.ID) { left = append(left, id) }, Unread: func(id run.ID, _ time.Time) { damaged = append(damaged, id) }}
	for r, err := range s.Walk(t.Context(), w) {
		if err != nil {
			t.Errorf("Walk past it: %v", err)
		}
		got = append(got, r)
	}
	wantIDs(t, "Walk past it", got, nil, "b/20261122T1730Z")
	if !slices.Equal(left, []run.ID{id}) || len(damaged) > 0 {
		t.Errorf("Walk left out %v, and %v as damaged", left, damaged)
	}
	_, err = s.Newest(t.Context(), []string{"a", "b"}, 2)
	wantNewer("Newest", err)
	ended := run.Run{ID: "c/20261122T1730Z", Status: run.Succeeded, ScheduledFor: start, QueuedAt: start, FinishedAt: start.Add(time.Minute)}
	commit(t, s, ended)
	if err := s.set(t.Context(), ended.ID, "v", &types.AttributeValueMemberN{Value: "2"}); err != nil {
		t.Fatal(err)
	}
	var told error
	for _, err := range s.Walk(t.Context(), port.Walk{Jobs: []string{"c"}, Statuses: []run.Status{run.Succeeded}}) {
		told = errors.Join(told, err)
	}
	if !errors.Is(told, port.ErrNewer) {
		t.Errorf("Walk of those that ended: %v", told)
	}
	before := s.item(t, id)
	wantNewer("SetAside", s.SetAside(t.Context(), id, "why"))
	if after := s.item(t, id); value(after, "r") != value(before, "r") || value(after, "op") == "" {
		t.Error("it was set aside")
	}
}

// TestDefinitionThatIsThere: writing a definition that exists is no error, unless it cannot be read.
func TestDefinitionThatIsThere(t *testing.T) {
	t.Parallel()
	for body, readable := range map[string]bool{`{\"name\":\"report\"}`: true, `{`: false} {
		_, s := newWire(t, func(_ int, r request) (int, string) {
			if r.operation == "GetItem" {
				return 200, `{"Item":{"b":{"S":"` + body + `"}}}`
			}
			return 400, `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"}`
		})
		if err := s.PutDefinition(t.Context(), job.Job{Name: "report"}); (err == nil) != readable {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestDefinitionsAreReadOnce: a known definition costs people's tools no request. Functions keep their
// own.
func TestDefinitionsAreReadOnce(t *testing.T) {
	t.Parallel()
	j := job.Job{Name: "report", Command: []string{"a"}}
	w, functions := newWire(t, func(_ int, r request) (int, string) {
		if r.operation == "GetItem" {
			return 200, `{"Item":{"b":{"S":"{\"name\":\"report\",\"command\":[\"a\"]}"}}}`
		}
		return 200, "{}"
	})
	s := functions.Keeping()
	for range 3 {
		if err := s.PutDefinition(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		got, err := s.Definition(t.Context(), j.Hash())
		if err != nil || got.Command[0] != "a" {
			t.Fatalf("got %+v, %v", got, err)
		}
		got.Command[0] = "changed"
	}
	if len(w.asked) != 1 {
		t.Errorf("%d requests", len(w.asked))
	}
	for range 2 {
		if _, err := functions.Definition(t.Context(), j.Hash()); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.asked) != 3 {
		t.Errorf("%d requests, two of them of a store that keeps none", len(w.asked))
	}
}

// TestManyRuns: lists are complete and in order over many pages and shards.
func TestManyRuns(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	// Each job has more runs than a query asks for, 1,000; of b, fewer fill a page of 1 MB.
	const runs, byHand = 1300, 280
	var all []run.Run
	for _, name := range []string{"a", "b"} {
		for i := range runs {
			at := start.Truncate(time.Minute).Add(time.Duration(i) * time.Minute)
			r := run.Run{ID: run.ScheduledID(name, at), ScheduledFor: at, Status: run.Succeeded, Cause: rand.Text()}
			for name == "b" && len(r.Cause) < 1500 {
				r.Cause += rand.Text() // so that a page ends at 1 MB
			}
			if i < byHand && name == "a" {
				at = at.Add(30 * time.Second)
				r.ID, r.ScheduledFor = run.ByHandID(name, fmt.Sprint(i)), at
			}
			if i%50 == 0 {
				r.Status = run.Failed
			}
			all = append(all, r)
		}
	}
	s.fill(t, all)
	for _, c := range []struct {
		name string
		q    port.Query
		want int
	}{
		{"all", port.Query{Limit: 10_000}, 2 * runs},
		{"one job", port.Query{Job: "a", Limit: 10_000}, runs},
		{"as many as asked for", port.Query{Limit: 1234}, 1234},
		{"by default", port.Query{Job: "b"}, 100},
		{"that failed", port.Query{Status: run.Failed, Limit: 10_000}, 2 * runs / 50},
		{"of one job that failed", port.Query{Job: "a", Status: run.Failed, Limit: 10_000}, runs / 50},
		{"that succeeded", port.Query{Status: run.Succeeded, Limit: 2100}, 2100},
		{"since a time", port.Query{Job: "b", Since: start.Truncate(time.Minute).Add(100 * time.Minute), Limit: 10_000}, runs - 100},
		{"all since a time", port.Query{Since: start.Truncate(time.Minute).Add(250*time.Minute + time.Second), Limit: 10_000}, 2*runs - 501},
		{"that run", port.Query{Status: run.Running}, 0},
	} {
		got, err := s.Runs(t.Context(), c.q)
		if err != nil || len(got) != c.want {
			t.Errorf("%s: %d runs, %v, want %d", c.name, len(got), err, c.want)
		}
		if !slices.IsSortedFunc(got, func(a, b run.Run) int { return b.ScheduledFor.Compare(a.ScheduledFor) }) {
			t.Errorf("%s: not newest first", c.name)
		}
	}
}

// TestShards: no hash key takes much more than an eighth of a herd's writes, and no key of a lane more
// than a fourth.
func TestShards(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	keys := map[string]int{}
	_, s := newWire(t, func(_ int, r request) (int, string) {
		item, _ := r.body["Item"].(map[string]any)
		mu.Lock()
		defer mu.Unlock()
		for _, name := range []string{"op", "np"} {
			v, _ := item[name].(map[string]any)
			k, _ := v["S"].(string)
			keys[k]++
		}
		return 200, "{}"
	})
	const herd = 2000
	for i := range herd {
		commit(t, s, run.Run{ID: run.ScheduledID(fmt.Sprintf("job-%04d", i), start), ScheduledFor: start, Status: run.Launching, DueAt: start})
	}
	if len(keys) != 12 {
		t.Errorf("%d hash keys: %v", len(keys), keys)
	}
	for k, n := range keys {
		share := herd / 8
		if strings.HasPrefix(k, "look#") {
			share = herd / 4
		}
		if n > share*5/4 {
			t.Errorf("%s takes %d of %d writes", k, n, herd)
		}
	}
}

// TestTheTable: the indexes hold keys only, billing is per request, and the stream has new images.
func TestTheTable(t *testing.T) {
	t.Parallel()
	in := dynamo.TableInput("t")
	var names []string
	for _, i := range in.GlobalSecondaryIndexes {
		names = append(names, aws.ToString(i.IndexName))
		if i.Projection.ProjectionType != types.ProjectionTypeKeysOnly {
			t.Errorf("index %s projects %s: each of its attributes would cost when it changes", *i.IndexName, i.Projection.ProjectionType)
		}
	}
	if !slices.Equal(names, []string{"open", "recent", "byhand"}) || in.BillingMode != types.BillingModePayPerRequest ||
		in.StreamSpecification.StreamViewType != types.StreamViewTypeNewImage {
		t.Errorf("indexes %v, billing %s, stream %s", names, in.BillingMode, in.StreamSpecification.StreamViewType)
	}
}

// TestOldBodies: bodies that were written before can be read for ever. A change of the dictionary or
// the form must raise the version.
func TestOldBodies(t *testing.T) {
	t.Parallel()
	s := newTable(t)
	_, err := s.db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &s.name, Item: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "R#report"}, "sk": &types.AttributeValueMemberS{Value: "20261122T1730Z"},
		"v": &types.AttributeValueMemberN{Value: "1"}, "r": &types.AttributeValueMemberN{Value: "3"},
		"b": &types.AttributeValueMemberB{Value: oldBody(t)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Run(t.Context(), "report/20261122T1730Z")
	if err != nil || r.Status != run.Succeeded || r.Rev != 3 || r.Attempts[0].TaskARN != taskARN(1) {
		t.Errorf("got %+v, %v", r, err)
	}
}
