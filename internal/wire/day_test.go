package wire_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/localecs/vclock"
	"github.com/batchplane/batchplane/internal/wire"
)

// BenchmarkADay plays a day of 100 jobs a minute, with runs kept for an hour, on a clock that does not
// wait. The control plane, its database and the local ECS are real, the tasks are scripts.
// BATCHPLANE_HOURS says how much of the day is played, 4 hours by default. It reports the heap after
// ten minutes, and heap and database after a quarter, when the first runs were dropped, and at the end.
// All should be the same.
func BenchmarkADay(b *testing.B) {
	hours, err := strconv.Atoi(os.Getenv("BATCHPLANE_HOURS"))
	if err != nil || hours < 4 {
		hours = 4
	}
	for range b.N {
		heap, size := day(b, hours)
		b.ReportMetric(heap[0]/1e6, "heap-MB-first")
		b.ReportMetric(heap[1]/1e6, "heap-MB-early")
		b.ReportMetric(heap[2]/1e6, "heap-MB-late")
		b.ReportMetric(heap[2]/heap[0], "late/first")
		b.ReportMetric(size[0]/1e6, "db-MB-early")
		b.ReportMetric(size[1]/1e6, "db-MB-late")
	}
}

func day(b *testing.B, hours int) (heap [3]float64, size [2]float64) {
	b.Helper()
	clock, db := vclock.New(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)), filepath.Join(b.TempDir(), "local.db")
	jobs := make([]job.Job, 100)
	for i := range jobs {
		jobs[i] = job.Job{Name: fmt.Sprint("job-", i), Schedule: "* * * * *", Command: []string{"x"}}
	}
	l, err := wire.NewLocal(b.Context(), wire.LocalConfig{
		DB: db, Clock: clock, Jobs: jobs, AtOnce: true, Slots: 128, Abreast: 32, Delays: &localecs.Delays{},
		Runner: forgetful{clock},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close(b.Context()) }()
	keeper := l.Keeper(time.Hour, time.Hour, 1<<20)
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	for minute := range hours * 60 {
		must(l.Fire(b.Context()))
		_, err := l.Control.Look(b.Context())
		must(err)
		must(l.Control.CheckSlots(b.Context()))
		clock.Advance(time.Minute)
		if minute%30 == 29 {
			_, _, err := keeper.Sweep(b.Context())
			must(err)
		}
		switch minute {
		case 10:
			heap[0] = inUse()
		case hours*15 + 60:
			heap[1], size[0] = inUse(), sizeOf(b, db)
		case hours*60 - 1:
			heap[2], size[1] = inUse(), sizeOf(b, db)
		}
	}
	return heap, size
}

// forgetful runs each container for a second and remembers none.
type forgetful struct{ clock *vclock.Clock }

// Start implements localecs.Runner.
func (r forgetful) Start(_ localecs.ContainerSpec, exited func(localecs.Exit)) (localecs.Process, error) {
	r.clock.AfterFunc(time.Second, func() { exited(localecs.ExitCode(0)) })
	return r, nil
}

// Stop implements localecs.Process.
func (forgetful) Stop(bool) {}

// inUse returns how many bytes of the heap are in use.
func inUse() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// sizeOf returns the size of a database in bytes, including its write-ahead log.
func sizeOf(b *testing.B, db string) (n float64) {
	b.Helper()
	for _, file := range []string{db, db + "-wal"} {
		if info, err := os.Stat(file); err == nil {
			n += float64(info.Size())
		}
	}
	return n
}
