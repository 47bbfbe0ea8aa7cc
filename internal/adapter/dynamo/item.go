package dynamo

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

const runPrefix = "R#"

func runKey(id run.ID) attributes { return key(runPrefix+id.Job(), id.Slot()) }

// RunID is the run that a key of the table belongs to, as a stream record
// carries it; ok is false for an item that is no run.
func RunID(pk, sk string) (id run.ID, ok bool) {
	name, ok := strings.CutPrefix(pk, runPrefix)
	if !ok {
		return "", false
	}
	return run.ID(name + "/" + sk), true
}

// runItem is a run as it is stored at its next revision, with its own times in
// all indexes.
func (s *Store) runItem(r *run.Run, mark []byte) (attributes, error) {
	body, err := encode(r)
	if err != nil {
		return nil, fmt.Errorf("storing run %s: %w", r.ID, err)
	}
	n := shard(string(r.ID))
	item := runKey(r.ID)
	item[attrVersion], item[attrRev], item[attrWrite] = number(itemVersion), number(r.Rev+1), binary(mark)
	item[attrBody], item[attrStatus] = binary(body), str(string(r.Status))
	item[attrRecent], item[attrAt] = str(sharded("N", n)), number(r.ScheduledFor.UnixMilli())
	if r.ID.ByHand() {
		item[attrByHand] = item[attrAt]
	}
	switch {
	case r.Open():
		item[attrOpen], item[attrOpenAt] = str(sharded(string(r.Lane()), partOf(r.ID))), number(laneAt(r, r.Rev+1))
	case r.Status != run.Succeeded:
		item[attrOpen], item[attrOpenAt] = str(sharded(string(r.Status), n)), item[attrAt]
	}
	if kinds := owedNotices(r); kinds != "" {
		item[attrTell] = str(kinds)
	}
	if !r.Open() {
		item[TTLAttribute] = seconds(r.FinishedAt.Add(s.runsKept))
	}
	return item, nil
}

// Marks of lanes' entries: what is left of their times, divided by a second. Entries
// of earlier programs have any.
const (
	markEnded = 1 // the run has ended, and owes something
	markOf    = 1000
	// Other marks are even: the run has not ended. That of a running one is of its
	// revision, so that each write of it is seen by the keys alone, also one that
	// leaves the time as it is; after so many they come again.
	markTurns = 50
)

// laneAt is where the entry of an open run, at a revision, stands in its lane: at most
// a second before the run is due, and with its mark.
func laneAt(r *run.Run, rev int64) int64 {
	mark := int64(0)
	switch {
	case r.Status.Terminal():
		mark = markEnded
	case r.Status == run.Running:
		mark = rev % markTurns * 2
	}
	at := r.DueAt.UnixMilli() - mark
	return at - (at%markOf+markOf)%markOf + mark
}

// mayHave is whether the run of a lane's entry may have one of these statuses.
func mayHave(at int64, ended, open bool) bool {
	switch mark := at % markOf; {
	case mark == markEnded:
		return ended
	case mark%2 == 0 && mark < 2*markTurns:
		return open
	}
	return true
}

func owedNotices(r *run.Run) string {
	var kinds []string
	for _, e := range r.Owed {
		if e.Kind == run.Tell {
			kinds = append(kinds, e.Notice)
		}
	}
	return strings.Join(kinds, ",")
}

// decodeRun reads a run's item.
func decodeRun(item attributes) (run.Run, error) {
	var r run.Run
	id, _ := RunID(text(item, attrPK), text(item, attrSK))
	if err := decode("run "+string(id), item, &r); err != nil {
		return run.Run{}, err
	}
	r.Rev = integer(item, attrRev)
	return r, nil
}

const itemPrefix = "J"

func itemKey(name string) attributes { return key(sharded(itemPrefix, shard(name)), name) }

// jobItem is a job's item as it is stored at its next revision.
func jobItem(i *job.Item, mark []byte) (attributes, error) {
	body, err := encode(i)
	if err != nil {
		return nil, fmt.Errorf("storing the item of job %s: %w", i.Name, err)
	}
	item := itemKey(i.Name)
	item[attrVersion], item[attrRev], item[attrWrite], item[attrBody] = number(itemVersion), number(i.Rev+1), binary(mark), binary(body)
	return item, nil
}

func decodeItem(item attributes) (job.Item, error) {
	var i job.Item
	if err := decode("the item of job "+text(item, attrSK), item, &i); err != nil {
		return job.Item{}, err
	}
	i.Rev = integer(item, attrRev)
	return i, nil
}

const keptPrefix = "K"

// keptItem is an input that could not be used. Its sort key is the time of the
// write, so that inputs of one moment keep their order.
func keptItem(k control.Kept, now time.Time, mark []byte) attributes {
	sk := fmt.Sprintf("%019d-%x", now.UnixNano(), mark)
	item := key(sharded(keptPrefix, shard(sk)), sk)
	item[attrVersion], item[attrAt] = number(itemVersion), number(k.At.UnixMilli())
	item[attrReason] = str(k.Reason)
	if len(k.Body) > 0 { // DynamoDB takes no binary that is null
		item[attrRaw] = binary(k.Body)
	}
	item[TTLAttribute] = seconds(now.Add(InputsKept))
	return item
}

func decodeKept(item attributes) control.Kept {
	return control.Kept{
		At: time.UnixMilli(integer(item, attrAt)).UTC(), Reason: text(item, attrReason), Body: octets(item, attrRaw), Place: text(item, attrSK),
	}
}

// KeptID is the id of a kept input of which a stream record carries these attributes: as
// text, a binary one in base64. It is "" where they are none.
func KeptID(at, reason, raw string) string {
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return ""
	}
	body, err := base64.StdEncoding.DecodeString(raw)
	if err != nil {
		return ""
	}
	return control.Kept{At: time.UnixMilli(ms), Reason: reason, Body: body}.ID()
}

// keptAt is when a kept input was written, from its sort key.
func keptAt(item attributes) int64 {
	at, _, _ := strings.Cut(text(item, attrSK), "-")
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
