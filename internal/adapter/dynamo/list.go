package dynamo

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/run"
)

// defaultLimit is Query's.
const defaultLimit = 100

// Runs implements control.Store. With a status other than succeeded it reads
// little more than it returns; with that one, all runs since the oldest that it
// returns.
func (s *Store) Runs(ctx context.Context, q control.Query) ([]run.Run, error) {
	q.Limit = cmp.Or(q.Limit, defaultLimit)
	out, err := s.openRuns(ctx, q)
	if err == nil && !isOpen(q.Status) {
		var ended []run.Run
		ended, err = s.collect(ctx, s.listing(q), q, q.Limit)
		out = append(out, ended...)
	}
	if err != nil {
		return nil, fmt.Errorf("listing runs: %w", err)
	}
	slices.SortFunc(out, func(a, b run.Run) int {
		return cmp.Or(b.ScheduledFor.Compare(a.ScheduledFor), b.QueuedAt.Compare(a.QueuedAt), cmp.Compare(b.ID, a.ID), cmp.Compare(b.Rev, a.Rev))
	})
	// A run that ended in between was found twice: its newer state is first.
	out = slices.CompactFunc(out, func(a, b run.Run) bool { return a.ID == b.ID })
	return out[:min(q.Limit, len(out))], nil
}

func isOpen(s run.Status) bool { return s != "" && !s.Terminal() }

// openRuns are the runs of the lanes that a query for a status selects. A run
// that ended and owes something is still there. A query for all runs, or for
// succeeded ones, finds them elsewhere.
func (s *Store) openRuns(ctx context.Context, q control.Query) ([]run.Run, error) {
	if q.Status == "" || q.Status == run.Succeeded {
		return nil, nil
	}
	lane := (&run.Run{Status: q.Status}).Lane()
	sp := anyTime
	sp.page = maxPage
	return s.collect(ctx, s.lane(lane, sp), q, math.MaxInt)
}

// listing is the entries that a query selects from, the newest first.
func (s *Store) listing(q control.Query) *merged {
	sp := span{from: math.MinInt64, to: math.MaxInt64, newest: true, page: q.Limit}
	if !q.Since.IsZero() {
		sp.from = q.Since.UnixMilli()
	}
	switch {
	case q.Status != "" && q.Status != run.Succeeded:
		return s.sharded(indexOpen, attrOpen, string(q.Status), attrOpenAt, sp)
	case q.Job != "" && q.Scheduled:
		return &merged{db: s.db, newest: true, cursors: []*cursor{s.scheduled(q)}}
	case q.Job != "":
		return &merged{db: s.db, newest: true, cursors: []*cursor{
			s.scheduled(q), s.entries(indexByHand, attrPK, runPrefix+q.Job, attrByHand, sp),
		}}
	}
	return s.sharded(indexRecent, attrRecent, "N", attrAt, sp)
}

// scheduled is a cursor over a job's runs by their slots, in the table itself.
// Slots begin with a digit, those of runs by hand with a letter.
func (s *Store) scheduled(q control.Query) *cursor {
	from := "0"
	if !q.Since.IsZero() {
		from = run.ScheduledID(q.Job, q.Since).Slot()
	}
	return &cursor{
		whole: true,
		at:    func(item attributes) int64 { return integer(item, attrAt) },
		in: dynamodb.QueryInput{
			TableName: &s.table, ScanIndexForward: aws.Bool(false), ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(min(q.Limit, maxPage))),
			KeyConditionExpression:    aws.String("pk = :pk AND sk BETWEEN :from AND :to"),
			ExpressionAttributeValues: attributes{":pk": str(runPrefix + q.Job), ":from": str(from), ":to": str(":")},
		},
	}
}

// collect loads the runs of entries until it has as many as wanted that the
// query selects. Unreadable runs are left out: the look sets them aside.
func (s *Store) collect(ctx context.Context, entries *merged, q control.Query, want int) ([]run.Run, error) {
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

// onlyOf leaves out entries of other jobs before they are read.
func onlyOf(entries []entry, name string) []entry {
	if name == "" {
		return entries
	}
	return slices.DeleteFunc(entries, func(e entry) bool { return text(e.item, attrPK) != runPrefix+name })
}

func selects(q control.Query, r run.Run) bool {
	return (q.Status == "" || r.Status == q.Status) && (!q.Scheduled || !r.ID.ByHand()) && !r.ScheduledFor.Before(q.Since)
}
