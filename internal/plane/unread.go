package plane

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// unread collects the runs that walks leave out because they cannot be read.
type unread struct {
	mu   sync.Mutex
	runs map[run.ID]time.Time // with when they were scheduled, if that is known
}

// add is a port.Walk's Unread.
func (u *unread) add(id run.ID, scheduledFor time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.runs == nil {
		u.runs = map[run.ID]time.Time{}
	}
	u.runs[id] = scheduledFor
}

func (u *unread) ids() []run.ID { return u.after(time.Time{}) }

// after returns those that were scheduled for a time after at, or may have been.
func (u *unread) after(at time.Time) (ids []run.ID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(u.runs)) {
		if of := u.runs[id]; of.IsZero() || of.After(at) {
			ids = append(ids, id)
		}
	}
	return ids
}

// mostUnread is how many runs UnreadWords names.
const mostUnread = 5

// UnreadWords names runs that cannot be read and says what to do; it returns "" for no runs.
// show is the command that says why a run cannot be read.
func UnreadWords(ids []run.ID, show string) string {
	if len(ids) == 0 {
		return ""
	}
	names := make([]string, 0, mostUnread)
	for _, id := range ids[:min(mostUnread, len(ids))] {
		names = append(names, string(id))
	}
	words := fmt.Sprintf("%s whose records are damaged: %s", job.Counted(len(ids), "run"), strings.Join(names, ", "))
	if n := len(ids) - mostUnread; n > 0 {
		words += fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("%s; `%s %s` says how: restore them from a backup", words, show, ids[0])
}
