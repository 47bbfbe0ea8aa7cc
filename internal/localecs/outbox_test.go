package localecs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"
	"unsafe"
)

// TestOutbox compares what is delivered next with what a search through all events finds, over random
// changes that postpone events, keep tasks busy, and let loose events overtake others.
func TestOutbox(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a fixed seed
	at := time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	o := newOutbox()
	var all []*event // in the order of their changes
	for i := range 5000 {
		switch random.IntN(6) {
		case 0, 1:
			e := &event{Seq: int64(i), TaskID: strconv.Itoa(random.IntN(20)), Due: at.Add(time.Duration(random.IntN(20)) * time.Second), Loose: random.IntN(4) == 0}
			all = append(all, e)
			o.add(e)
		case 2:
			if id := strconv.Itoa(random.IntN(20)); o.flying[id] {
				delete(o.flying, id)
			} else {
				o.flying[id] = true
			}
		default:
			e, want := o.next(), nextOf(all, o.flying)
			if e != want {
				t.Fatalf("step %d: next is %+v, want %+v", i, e, want)
			}
			if e == nil {
				continue
			}
			if random.IntN(2) == 0 {
				o.postpone(e, e.Due.Add(time.Duration(random.IntN(5))*time.Second))
				continue
			}
			o.remove(e)
			all = slices.DeleteFunc(all, func(x *event) bool { return x == e })
		}
	}
	if len(o.events) != len(all) {
		t.Errorf("%d events are left, want %d", len(o.events), len(all))
	}
}

// nextOf is what outbox.next promises, in the plainest words.
func nextOf(all []*event, flying map[string]bool) (first *event) {
	waits := map[string]bool{}
	for _, e := range all {
		if flying[e.TaskID] || !e.Loose && waits[e.TaskID] {
			continue
		}
		if !e.Loose {
			waits[e.TaskID] = true
		}
		if first == nil || e.Due.Before(first.Due) {
			first = e
		}
	}
	return first
}

// TestOutboxAfterTheClockWasPutBack: of two events that were postponed before and after that, the later
// one is due earlier by the wall clock, and a new event, whose time has no monotonic reading, is due
// between them.
func TestOutboxAfterTheClockWasPutBack(t *testing.T) {
	t.Parallel()
	before := time.Now()
	after := before.Add(-time.Hour)
	(*[2]int64)(unsafe.Pointer(&after))[1] += int64(time.Hour + time.Minute) //nolint:gosec // no other way to set a monotonic reading
	if got := after.Sub(before); got != time.Minute {
		t.Fatalf("%v pass between them", got)
	}
	o := newOutbox()
	events := []*event{{Seq: 1, TaskID: "before"}, {Seq: 2, TaskID: "after"}, {Seq: 3, TaskID: "new", Due: after.Round(0).Add(time.Minute)}}
	o.add(events...)
	o.postpone(events[0], before)
	o.postpone(events[1], after)
	for _, i := range []int{1, 2, 0} {
		if e := o.next(); e != events[i] {
			t.Fatalf("%+v comes before %s", e, events[i].TaskID)
		}
		o.remove(events[i])
	}
	if e := o.next(); e != nil || len(o.ofTask) > 0 {
		t.Errorf("left: %+v, of tasks %v", e, o.ofTask)
	}
}

// BenchmarkOutbox hands on events of as many tasks as wait at once.
func BenchmarkOutbox(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				o := newOutbox()
				for i := range n {
					o.add(&event{Seq: int64(i), TaskID: fmt.Sprint("task", i), Due: time.Unix(int64(i), 0)})
				}
				for range n {
					o.remove(o.next())
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/event")
		})
	}
}
