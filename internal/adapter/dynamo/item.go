package dynamo

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

const runPrefix = "R#"

func runKey(id run.ID) attributes { return key(runPrefix+id.Job(), id.Slot()) }

// RunID returns the id of the run with this key, as a stream record carries it. ok is false if the item
// is not a run.
func RunID(pk, sk string) (id run.ID, ok bool) {
	name, ok := strings.CutPrefix(pk, runPrefix)
	if !ok {
		return "", false
	}
	return run.ID(name + "/" + sk), true
}

// runItem returns a run as it is stored at its next revision, with its own times in all indexes.
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

// Marks of lane entries: the thousandths of the second.
const (
	markEnded = 1 // the run has ended and owes something
	markOf    = 1000
	// All other marks are even and mean that the run has not ended. The mark of a running run is
	// derived from its revision, so the keys alone show that it was written, even if its time stays the
	// same. After markTurns revisions the marks repeat.
	markTurns = 50
)

// laneAt returns the position of a run's entry in its lane: its mark, at most a second before the run
// is due. rev is the revision at which the run will be stored.
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

// mayHave reports whether the run at this position of a lane may have ended, or may be open, as asked.
func mayHave(at int64, ended, open bool) bool {
	if at%markOf == markEnded {
		return ended
	}
	return open
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

// decodeRun decodes a run's item.
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

// jobItem returns a job's item as it is stored at its next revision.
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

// mostRaw is how many bytes of an input are kept, and mostReason of its reason, which may quote the input:
// an item holds 400 KB with its keys and its entries of indexes (Amazon DynamoDB Developer Guide, "Quotas").
const (
	mostRaw    = 300 << 10
	mostReason = 8 << 10
)

// keptItem returns the item of an input that could not be used, cut if it is too long. Its sort key
// begins with the time of the write, so inputs sort in the order in which they were written.
func keptItem(k port.Kept, now time.Time, mark []byte) attributes {
	if len(k.Reason) > mostReason {
		k.Reason = strings.ToValidUTF8(k.Reason[:mostReason], "") + "…"
	}
	if len(k.Body) > mostRaw {
		k.Reason += fmt.Sprintf(" (it has %d bytes, of which only the first %d are kept)", len(k.Body), mostRaw)
		k.Body = k.Body[:mostRaw]
	}
	sk := fmt.Sprintf("%019d-%x", now.UnixNano(), mark)
	item := key(sharded(keptPrefix, shard(sk)), sk)
	item[attrVersion], item[attrAt] = number(itemVersion), number(k.At.UnixMilli())
	item[attrReason] = str(k.Reason)
	if len(k.Body) > 0 { // DynamoDB accepts no null binary
		item[attrRaw] = binary(k.Body)
	}
	item[TTLAttribute] = seconds(now.Add(inputsKept))
	return item
}

func decodeKept(item attributes) port.Kept {
	return port.Kept{
		At: time.UnixMilli(integer(item, attrAt)).UTC(), Reason: text(item, attrReason), Body: octets(item, attrRaw), Place: text(item, attrSK),
	}
}

// KeptID returns the id of a kept input from the attributes in its stream record: text, with the binary
// one in base64. It returns "" if they cannot be read.
func KeptID(at, reason, raw string) string {
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return ""
	}
	body, err := base64.StdEncoding.DecodeString(raw)
	if err != nil {
		return ""
	}
	return port.Kept{At: time.UnixMilli(ms), Reason: reason, Body: body}.ID()
}

// keptAt reads from the sort key when a kept input was written.
func keptAt(item attributes) int64 {
	at, _, _ := strings.Cut(text(item, attrSK), "-")
	n, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
