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
	switch tasks, why := l.ECS.Trouble(); {
	case tasks == 0:
	case local.Owed(why):
		all = append(all, fmt.Sprintf("not all could be done yet that the ends of %s ask for, such as notices; trying again: %v", job.Counted(tasks, "task"), why))
	default:
		all = append(all, fmt.Sprintf("cannot write what became of %s, trying again: %v", job.Counted(tasks, "task"), why))
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
