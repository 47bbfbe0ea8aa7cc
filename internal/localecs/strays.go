//go:build linux || darwin || freebsd

package localecs

import (
	"os"
	"syscall"
	"time"
)

// stray is a child that cannot be assigned to a command: it has left its command's group, and shows
// neither the mark nor the lock. It belongs to one of the commands that ran when it was first seen.
// Once all of these have ended, it is killed.
type stray struct {
	owners map[*leader]bool
	seen   int
}

// glances is how often a child is looked at before it counts as a stray: a process that is just
// executing another program shows nothing for a moment.
const glances = 5

// clear kills what a command left outside its group, and returns once it finds nothing more.
func (s *supervisor) clear(l *leader) {
	const nap = 5 * time.Millisecond
	for {
		found, sure := s.leftBy(l)
		for _, pid := range found {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if len(found) == 0 && sure {
			return
		}
		time.Sleep(nap)
	}
}

// leftBy finds the children that a command left behind. sure reports whether the owners of all other
// children are known.
func (s *supervisor) leftBy(l *leader) (found []int, sure bool) {
	ticket := s.asked.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	sure = true
	seen := map[int]bool{}
	for _, pid := range s.others(ticket) {
		if s.leaders[pid] != nil {
			continue
		}
		seen[pid] = true
		switch {
		case belongs(pid, l.mark, l.which):
			found = append(found, pid)
		case s.ofAnother(pid, l):
		case s.stray(pid, l) && isChild(pid):
			found = append(found, pid)
		default:
			sure = sure && s.strays[pid].seen >= glances
		}
	}
	for pid := range s.strays {
		if !seen[pid] {
			delete(s.strays, pid)
		}
	}
	return found, sure
}

// others returns the children that are not commands. Commands that end at the same time share a look,
// which costs more than everything else about an end: a look that began after the ticket was drawn has
// seen all that was left then. The supervisor is locked.
func (s *supervisor) others(ticket int64) []int {
	if s.looked >= ticket {
		return s.seen
	}
	s.looked, s.seen = s.asked.Load(), nil
	for _, pid := range children() {
		if s.leaders[pid] == nil {
			s.seen = append(s.seen, pid)
		}
	}
	return s.seen
}

// ofAnother reports whether a child shows that it belongs to another command. The supervisor is locked.
func (s *supervisor) ofAnother(pid int, l *leader) bool {
	for _, other := range s.leaders {
		if other != l && belongs(pid, other.mark, other.which) {
			return true
		}
	}
	return false
}

// stray reports whether a child that shows no owner can belong only to l. The supervisor is locked.
func (s *supervisor) stray(pid int, l *leader) bool {
	x := s.strays[pid]
	if x == nil {
		x = &stray{owners: map[*leader]bool{}}
		for _, other := range s.leaders {
			x.owners[other] = true
		}
		s.strays[pid] = x
	}
	if x.seen++; x.seen < glances {
		return false
	}
	for owner := range x.owners {
		if owner != l && s.leaders[owner.pid] == owner {
			return false
		}
	}
	return true
}

// killMarked kills the children of this process that show a command's mark or lock, and reaps them.
func killMarked(mark, lock string) {
	which, _ := os.Stat(lock) // nobody can have a removed lock open
	for _, pid := range children() {
		if belongs(pid, mark, which) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			_, _ = syscall.Wait4(pid, nil, 0, nil)
		}
	}
}
