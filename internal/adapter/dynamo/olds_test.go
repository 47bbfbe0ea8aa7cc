package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/run"
)

var lanes = []run.Lane{run.LookLane, run.LaunchLane}

// parts counts which hash keys of lanes are read. If older is set, it acts as an earlier program, which
// writes runs to all eight of them.
type parts struct {
	dynamo.API
	older bool
	fails atomic.Bool

	mu    sync.Mutex
	asked []string
}

func (p *parts) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if key, ok := in.ExpressionAttributeValues[":h"].(*types.AttributeValueMemberS); ok && in.ExclusiveStartKey == nil {
		p.mu.Lock()
		p.asked = append(p.asked, key.Value)
		p.mu.Unlock()
	}
	if p.fails.Load() {
		return nil, errors.New("throttled")
	}
	return p.API.Query(ctx, in, o...)
}

func (p *parts) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	p.asOlder(in.Item, in.Item, "op")
	return p.API.PutItem(ctx, in, o...)
}

func (p *parts) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	p.asOlder(in.Key, in.ExpressionAttributeValues, ":op")
	return p.API.UpdateItem(ctx, in, o...)
}

func (p *parts) asOlder(key, values map[string]types.AttributeValue, name string) {
	id, isRun := idOf(key)
	op, open := values[name].(*types.AttributeValueMemberS)
	if !p.older || !isRun || !open {
		return
	}
	lane, _, _ := strings.Cut(op.Value, "#")
	values[name] = &types.AttributeValueMemberS{Value: fmt.Sprintf("%s#%d", lane, dynamo.OldPart(id))}
}

func idOf(key map[string]types.AttributeValue) (id run.ID, ok bool) {
	pk, isText := key["pk"].(*types.AttributeValueMemberS)
	sk, alsoText := key["sk"].(*types.AttributeValueMemberS)
	if !isText || !alsoText {
		return "", false
	}
	return dynamo.RunID(pk.Value, sk.Value)
}

// take returns the keys that were read since its last call, sorted.
func (p *parts) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := slices.Sorted(slices.Values(p.asked))
	p.asked = nil
	return out
}

// pair is a table with two programs, of this version and of an earlier one.
type pair struct {
	table
	now          time.Time
	mine, before *parts
	newer, older *dynamo.Store
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{table: newTable(t), now: start}
	p.mine, p.before = &parts{API: p.db}, &parts{API: p.db, older: true}
	p.newer, p.older = p.store(p.mine), p.store(p.before)
	return p
}

func (p *pair) store(db dynamo.API) *dynamo.Store {
	return dynamo.New(dynamo.Config{DB: db, Table: p.name, Now: func() time.Time { return p.now }})
}

// sweep asks for both lanes, a minute after the last sweep.
func (p *pair) sweep(t *testing.T, s *dynamo.Store) (ids []run.ID) {
	t.Helper()
	p.now = p.now.Add(time.Minute)
	for _, lane := range lanes {
		due, err := s.Due(t.Context(), lane, p.now, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range due {
			ids = append(ids, r.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// quiet sweeps until the old parts are read in turn.
func (p *pair) quiet(t *testing.T) {
	t.Helper()
	for range 11 {
		p.sweep(t, p.newer)
	}
	p.mine.take()
}

// ofAllParts returns runs that are due at a time, each in a different part for an earlier program.
func ofAllParts(at time.Time) (rs []run.Run) {
	for _, status := range []run.Status{run.Launching, run.Queued} {
		had := map[int]bool{}
		for n := 0; len(had) < 8; n++ {
			id := run.ScheduledID(fmt.Sprintf("%s-%d", status, n), start)
			if part := dynamo.OldPart(id); !had[part] {
				had[part] = true
				rs = append(rs, run.Run{ID: id, ScheduledFor: start, Status: status, DueAt: at, QueuedAt: start})
			}
		}
	}
	return rs
}

func put(t *testing.T, s control.Store, rs ...run.Run) (ids []run.ID) {
	t.Helper()
	for _, r := range rs {
		if err := s.Commit(t.Context(), control.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids
}

// keysOf returns the hash keys of both lanes, for so many parts.
func keysOf(parts int) (keys []string) {
	for _, lane := range lanes {
		for n := range parts {
			keys = append(keys, fmt.Sprintf("%s#%d", lane, n))
		}
	}
	slices.Sort(keys)
	return keys
}

// TestAProgramBeforeReadsWhatThisOneWrites: it reads eight parts of each lane, and finds all runs in
// them.
func TestAProgramBeforeReadsWhatThisOneWrites(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	want := put(t, p.newer, ofAllParts(start)...)
	var got []run.ID
	for _, hash := range keysOf(8) {
		out, err := p.db.Query(t.Context(), &dynamodb.QueryInput{
			TableName: &p.name, IndexName: aws.String("open"), KeyConditionExpression: aws.String("op = :h"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":h": &types.AttributeValueMemberS{Value: hash}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Items) > 0 && !slices.Contains(keysOf(4), hash) {
			t.Errorf("%s has %d runs", hash, len(out.Items))
		}
		for _, item := range out.Items {
			id, _ := idOf(item)
			got = append(got, id)
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("it finds %v, want %v", got, want)
	}
}

// TestWhatAProgramBeforeWrote: a new process finds all of it at once. It finds what is due later in the
// minute in which it is due, however long that is after everything else.
func TestWhatAProgramBeforeWrote(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	now := put(t, p.older, ofAllParts(start)...)
	later := ofAllParts(start.Add(2 * time.Hour))
	for i := range later {
		later[i].ID = run.ScheduledID(later[i].ID.Job(), start.Add(2*time.Hour))
	}
	p.mine.take()
	if got := p.sweep(t, p.newer); !slices.Equal(got, now) {
		t.Fatalf("at first it gives %v, want %v", got, now)
	}
	if asked := p.mine.take(); !slices.Equal(asked, keysOf(8)) {
		t.Errorf("at first it asks %v", asked)
	}
	then := put(t, p.older, later...)
	for _, id := range now {
		end(t, p.newer, id)
	}
	for p.now.Before(start.Add(2*time.Hour - time.Minute)) {
		if got := p.sweep(t, p.newer); len(got) > 0 {
			t.Fatalf("at %s it gives %v", p.now, got)
		}
	}
	if got := p.sweep(t, p.newer); !slices.Equal(got, then) {
		t.Errorf("in the minute of the others it gives %v, want %v", got, then)
	}
}

func end(t *testing.T, s control.Store, id run.ID) {
	t.Helper()
	r, err := s.Run(t.Context(), id)
	r.Status, r.FinishedAt = run.Succeeded, start
	if err := errors.Join(err, s.Commit(t.Context(), control.Change{Run: &r})); err != nil {
		t.Fatal(err)
	}
}

// TestOldPartsAreAskedInTurn: one part of each lane a minute, from a process's second minute on. So
// what an earlier program then writes is found within four minutes, and all of it with the first.
func TestOldPartsAreAskedInTurn(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*pair){
		"young":      func(p *pair) { p.sweep(t, p.newer) },
		"once quiet": func(p *pair) { p.quiet(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			if begin(p); name == "young" {
				p.mine.take()
			}
			var olds []string
			for range 4 {
				if got := p.sweep(t, p.newer); len(got) > 0 {
					t.Fatalf("of nothing it gives %v", got)
				}
				asked := p.mine.take()
				if len(asked) != 10 {
					t.Errorf("in a minute it asks %v", asked)
				}
				olds = append(olds, slices.DeleteFunc(asked, isNew)...)
			}
			if want := slices.DeleteFunc(keysOf(8), isNew); !slices.Equal(slices.Sorted(slices.Values(olds)), want) {
				t.Errorf("in four minutes it asks %v, want each of %v once", olds, want)
			}
		})
	}
	p := newPair(t)
	for _, r := range ofAllParts(start) {
		if dynamo.OldPart(r.ID) < 4 {
			continue
		}
		p.quiet(t)
		ids := put(t, p.older, r)
		minutes := 1
		for ; !slices.Equal(p.sweep(t, p.newer), ids); minutes++ {
			if minutes == 4 {
				t.Fatalf("%s is not found within four minutes", r.ID)
			}
			p.mine.take()
		}
		if asked := p.mine.take(); !hasAll(asked, r.Lane()) {
			t.Errorf("with %s not all parts of its lane are asked: %v", r.ID, asked)
		}
		if p.sweep(t, p.newer); !slices.Equal(p.mine.take(), keysOf(8)) {
			t.Errorf("not all parts are asked once %s was found", r.ID)
		}
		end(t, p.newer, r.ID)
	}
}

func isNew(key string) bool { return slices.Contains(keysOf(4), key) }

func hasAll(asked []string, lane run.Lane) bool {
	for _, key := range keysOf(8) {
		if strings.HasPrefix(key, string(lane)+"#") && !slices.Contains(asked, key) {
			return false
		}
	}
	return true
}

// TestACrowdInOldPartsIsLateByNoMinute: if runs are in all old parts, the part that is read has some.
// So all are returned at once, even if none in that part is due yet.
func TestACrowdInOldPartsIsLateByNoMinute(t *testing.T) {
	t.Parallel()
	for first := range 4 {
		p := newPair(t)
		for range first + 1 {
			p.sweep(t, p.newer)
		}
		rs := ofAllParts(start)
		var want []run.ID
		for i := range rs {
			if dynamo.OldPart(rs[i].ID) == 4+first {
				rs[i].DueAt = start.Add(24 * time.Hour)
				continue
			}
			want = append(want, rs[i].ID)
		}
		put(t, p.older, rs...)
		slices.Sort(want)
		if got := p.sweep(t, p.newer); !slices.Equal(got, want) {
			t.Errorf("it gives %v, want %v", got, want)
		}
	}
}

// TestAFailedCallAsksAllAgain: it may have been the first.
func TestAFailedCallAsksAllAgain(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.sweep(t, p.newer)
	p.mine.fails.Store(true)
	p.now = p.now.Add(time.Minute)
	for _, lane := range lanes {
		if _, err := p.newer.Due(t.Context(), lane, p.now, 100); err == nil {
			t.Error("it does not fail")
		}
	}
	p.mine.fails.Store(false)
	p.mine.take()
	if p.sweep(t, p.newer); !slices.Equal(p.mine.take(), keysOf(8)) {
		t.Error("not all parts are asked")
	}
}

// TestWhoAsksRarelyAsksAllParts: so does a process whose clock was put back, and one that asks for
// another time.
func TestWhoAsksRarelyAsksAllParts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ passes, until time.Duration }{
		"after two minutes": {2 * time.Minute, 0},
		"an hour back":      {-time.Hour, 0},
		"for what comes":    {time.Minute, time.Hour},
		"the next minute":   {time.Minute, time.Minute},
	} {
		p := newPair(t)
		p.quiet(t)
		p.now = p.now.Add(c.passes)
		for _, lane := range lanes {
			if _, err := p.newer.Due(t.Context(), lane, p.now.Add(c.until), 1); err != nil {
				t.Fatal(err)
			}
		}
		if asked := p.mine.take(); slices.Equal(asked, keysOf(8)) == (name == "the next minute") {
			t.Errorf("%s: it asks %v", name, asked)
		}
	}
}

// TestBothProgramsAtOnce: whichever program writes a run next, the run has one entry, and both find it.
func TestBothProgramsAtOnce(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	turns := []*dynamo.Store{p.older, p.newer, p.newer, p.older, p.older, p.newer}
	for _, r := range ofAllParts(start) {
		put(t, p.older, r)
		for n, s := range turns {
			was, err := p.newer.Run(t.Context(), r.ID)
			if err != nil {
				t.Fatal(err)
			}
			is := was
			is.Cause = fmt.Sprint("turn ", n)
			if is.Status == run.Launching && n%2 == 1 {
				is.Status, is.Attempts = run.Running, []run.Attempt{{N: 1, TaskARN: "arn"}}
			}
			c := control.Change{Run: &is, Was: &was}
			if err := s.Commit(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			for name, reader := range map[string]*dynamo.Store{"this one": p.newer, "one that begins": p.store(p.db)} {
				due, err := reader.Due(t.Context(), r.Lane(), p.now, 100)
				if err != nil || len(due) != 1 || due[0].ID != r.ID || due[0].Cause != is.Cause {
					t.Errorf("%s, turn %d: %s finds %v (%v)", r.ID, n, name, due, err)
				}
			}
		}
		end(t, p.newer, r.ID)
	}
}
