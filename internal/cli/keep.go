package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/wire"
)

// keepFlags say what is kept, and for how long.
type keepFlags struct {
	Keep      job.Duration `help:"How long to keep runs that have ended; at least 2d." default:"400d" placeholder:"400d"`
	KeepLogs  job.Duration `help:"How long to keep the output of tasks." default:"30d" placeholder:"30d"`
	MostLogs  byteSize     `help:"How much output to keep per job: the newest." default:"100MB" placeholder:"100MB"`
	MaxOutput byteSize     `help:"How much output to keep per task: its beginning and its end." default:"10MB" placeholder:"10MB"`
}

// byteSize reads and writes sizes as people do: 500KB, 10MB, 2GB, in units of 1024.
type byteSize int64

var byteUnits = []struct {
	name string
	size int64
}{{"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1}}

// UnmarshalText reads a size of at least 1 KB.
func (b *byteSize) UnmarshalText(text []byte) error {
	for _, u := range byteUnits {
		number, ok := strings.CutSuffix(strings.ToUpper(string(text)), u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(number, 10, 64)
		if err == nil && n > 0 && n <= 1<<40/u.size && n*u.size >= 1<<10 {
			*b = byteSize(n * u.size)
			return nil
		}
	}
	return fmt.Errorf("%q is not a size from 1KB to 1024GB, such as 10MB", text)
}

// String writes a size in a form that UnmarshalText reads.
func (b byteSize) String() string {
	for _, u := range byteUnits {
		if n := int64(b); n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + u.name
		}
	}
	return "" // not reached: every size is one of bytes
}

// minKeep is the shortest time for which runs are kept: slots are judged by them.
const minKeep = job.Duration(48 * time.Hour)

// keepEvery is how often old data is dropped.
const keepEvery = time.Hour

// keep drops old data, first one minute after the start and then each hour.
func (c *localCmd) keep(ctx context.Context, l *wire.Local) {
	keeper := l.Keeper(time.Duration(c.Keep), time.Duration(c.KeepLogs), int64(c.MostLogs))
	timer := time.NewTimer(time.Minute)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if _, _, err := keeper.Sweep(ctx); err != nil && ctx.Err() == nil {
			l.Control.Log.ErrorContext(ctx, "dropping what is old", "err", err)
		}
		timer.Reset(keepEvery)
	}
}

// watchEvery is how often the jobs files are checked. A changed file is read once it has not
// changed again for as long.
const watchEvery = time.Second

// watcher notices when files have changed and stay as they are.
type watcher struct{ last, taken string }

// settled reports whether files differ in a new way, and did so the last time too.
func (w *watcher) settled(changed string) bool {
	out := changed != "" && changed == w.last && changed != w.taken
	if w.last = changed; out || changed == "" {
		w.taken = changed
	}
	return out
}

// changed says which files are no longer as they were when they were read, and how they are now; "" if all
// are.
func (f *jobsFiles) changed() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(f.stamps)) {
		if now := stamp(name); now != f.stamps[name] {
			fmt.Fprintf(&b, "%s %s;", name, now)
		}
	}
	return b.String()
}

// stamp stays the same as long as a file does.
func stamp(name string) string {
	info, err := os.Stat(name)
	if err != nil {
		return "absent"
	}
	return fmt.Sprintf("%d %d %o %s", info.ModTime().UnixNano(), info.Size(), info.Mode(), inode(info))
}

// inode distinguishes files that have the same name one after the other: a file that replaces
// another by a rename or a link may have the same time and length.
func inode(info os.FileInfo) string {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprint(stat.Dev, " ", stat.Ino)
	}
	return ""
}
