package wire

import (
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/local"
)

// Trouble returns the Program's trouble, what keeps the ends of tasks from being recorded, and why the jobs
// files were not read again.
func (l *Local) Trouble() string {
	var all []string
	if text := l.Program.Trouble(); text != "" {
		all = append(all, text)
	}
	var unwritten, owing []error
	for _, why := range l.ECS.Trouble() {
		if local.Owed(why) {
			owing = append(owing, why)
		} else {
			unwritten = append(unwritten, why)
		}
	}
	if n := len(unwritten); n > 0 {
		all = append(all, fmt.Sprintf("cannot write what became of %s, trying again: %v", job.Counted(n, "task"), unwritten[0]))
	}
	if n := len(owing); n > 0 {
		all = append(all, fmt.Sprintf("not all could be done yet that the ends of %s ask for, such as notices; trying again: %v", job.Counted(n, "task"), owing[0]))
	}
	if why := l.unread.Load(); why != nil {
		all = append(all, "the jobs files could not be read again, so the jobs go on as before, and a restart may fail: "+local.OneLine(*why))
	}
	return strings.Join(all, "; ")
}

// Unread keeps why the jobs files were not read again when somebody asked for that; nil means that they were.
// Whoever asked by a signal got no answer, and the next start may fail on the same files.
func (l *Local) Unread(why error) {
	if why == nil {
		l.unread.Store(nil)
		return
	}
	l.unread.Store(&why)
}
