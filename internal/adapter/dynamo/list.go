package dynamo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// defaultLimit applies if a port.Query has no limit.
const defaultLimit = 100

// Runs implements port.Store. It reads the runs themselves, consistently.
func (s *Store) Runs(ctx context.Context, q port.Query) ([]run.Run, error) {
	q.Limit = cmp.Or(q.Limit, defaultLimit)
	if q.Status != "" && q.Status != run.Succeeded {
		return s.byStatus(ctx, q)
	}
	out, err := s.collect(ctx, s.listing(q), q, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("listing runs: %w", err)
	}
	sort.Slice(out, func(i, k int) bool {
		a, b := &out[i], &out[k]
		return cmp.Or(b.ScheduledFor.Compare(a.ScheduledFor), b.QueuedAt.Compare(a.QueuedAt), cmp.Compare(b.ID, a.ID)) < 0
	})
	return out, nil
}

func (s *Store) byStatus(ctx context.Context, q port.Query) (out []run.Run, err error) {
	w := port.Walk{Statuses: []run.Status{q.Status}, Since: q.Since, Until: q.Until, Page: q.Limit}
	if q.Job != "" {
		w.Jobs = []string{q.Job}
	}
	if q.Scheduled {
		w.Match = func(id run.ID) bool { return !id.ByHand() }
	}
	for r, err := range s.walk(ctx, w, true) {
		if err != nil {
			return nil, err
		}
		if out = append(out, r); len(out) == q.Limit {
			break
		}
	}
	return out, nil
}

// listing returns the entries that a query selects from, the newest first.
func (s *Store) listing(q port.Query) *merged {
	switch {
	case q.Job != "" && q.Scheduled:
		return &merged{db: s.db, newest: true, cursors: []*cursor{s.scheduled(q)}}
	case q.Job != "":
		return &merged{db: s.db, newest: true, cursors: s.ofJob(q, true)}
	}
	return s.sharded(indexRecent, attrRecent, "N", attrAt, spanOf(q))
}

// spanOf returns the span of a query's times, for as many entries as it asks for.
func spanOf(q port.Query) span {
	sp := anyTime
	sp.newest, sp.page = true, q.Limit
	if !q.Since.IsZero() {
		sp.from = q.Since.UnixMilli()
	}
	if !q.Until.IsZero() {
		sp.to = q.Until.UnixMilli()
	}
	return sp
}

// ofJob returns cursors over the runs of the query's job: over its scheduled runs, whole, and over the
// keys of its runs by hand.
func (s *Store) ofJob(q port.Query, consistent bool) []*cursor {
	scheduled := s.scheduled(q)
	scheduled.in.ConsistentRead = aws.Bool(consistent)
	return []*cursor{scheduled, s.entries(indexByHand, attrPK, runPrefix+q.Job, attrByHand, spanOf(q))}
}

// scheduled returns a cursor over a job's scheduled runs by slot, in the table itself. Their slots
// begin with a digit, those of runs by hand with a letter.
func (s *Store) scheduled(q port.Query) *cursor {
	from, to := "0", ":"
	if !q.Since.IsZero() {
		from = run.ScheduledID(q.Job, q.Since).Slot()
	}
	if !q.Until.IsZero() {
		to = run.ScheduledID(q.Job, q.Until).Slot()
	}
	return &cursor{
		whole: true,
		at:    func(item attributes) int64 { return integer(item, attrAt) },
		in: dynamodb.QueryInput{
			TableName: &s.table, ScanIndexForward: aws.Bool(false), ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(min(q.Limit, maxPage))),
			KeyConditionExpression:    aws.String("pk = :pk AND sk BETWEEN :from AND :to"),
			ExpressionAttributeValues: attributes{":pk": str(runPrefix + q.Job), ":from": str(from), ":to": str(to)},
		},
	}
}

// collect loads the runs of entries until want of them match the query. It leaves out unreadable runs:
// the look sets them aside.
func (s *Store) collect(ctx context.Context, entries *merged, q port.Query, want int) ([]run.Run, error) {
	var out []run.Run
	for len(out) < want {
		next, err := entries.next(ctx, min(want-len(out), batchSize))
		if err != nil {
			return nil, err
		}
		if len(next) == 0 {
			break
		}
		rs, _, err := s.load(ctx, onlyOf(next, q.Job))
		if err != nil {
			return nil, err
		}
		for _, l := range rs {
			if selects(q, l.run) {
				out = append(out, l.run)
			}
		}
	}
	return out, nil
}

// onlyOf drops entries of other jobs before their runs are read.
func onlyOf(entries []entry, name string) []entry {
	if name == "" {
		return entries
	}
	return slices.DeleteFunc(entries, func(e entry) bool { return text(e.item, attrPK) != runPrefix+name })
}

func selects(q port.Query, r run.Run) bool {
	return (q.Status == "" || r.Status == q.Status) && (!q.Scheduled || !r.ID.ByHand()) && q.At(r.ScheduledFor)
}
