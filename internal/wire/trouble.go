package wire

import (
	"fmt"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/local"
)

// Trouble returns the Program's trouble, and what keeps the ends of tasks from being recorded.
func (l *Local) Trouble() string {
	text := l.Program.Trouble()
	tasks, why := l.ECS.Trouble()
	if tasks == 0 {
		return text
	}
	if text != "" {
		text += "; "
	}
	if local.Owed(why) {
		return text + fmt.Sprintf("not all could be done yet that the ends of %s ask for, such as notices; trying again: %v", job.Counted(tasks, "task"), why)
	}
	return text + fmt.Sprintf("cannot write what became of %s, trying again: %v", job.Counted(tasks, "task"), why)
}
