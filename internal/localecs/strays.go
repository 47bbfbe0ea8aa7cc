//go:build linux || darwin || freebsd

package localecs

import (
	"os"
	"slices"
	"syscall"
	"time"
)

// stray is a child that cannot be assigned to a command: it has left its command's group, and shows
// neither the mark nor the lock. It belongs to one of the commands that ran when it was first seen.
// Once all of these have ended, it is killed.
type stray struct {
	owners map[*leader]bool
	seen   int
	looked int64 // the last look that saw it
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
			if isChild(pid) { // otherwise it was reaped since the look
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
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
	others, look := s.others(s.asked.Add(1))
	s.mu.Lock()
	defer s.mu.Unlock()
	sure = true
	seen := map[int]bool{}
	for _, c := range others {
		if s.leaders[c.pid] != nil {
			continue
		}
		seen[c.pid] = true
		switch {
		case slices.Contains(c.owners, l):
			found = append(found, c.pid)
		case s.ofAnother(c):
		case s.stray(c.pid, look, l):
			found = append(found, c.pid)
		default:
			sure = sure && s.strays[c.pid].seen >= glances
		}
	}
	for pid, x := range s.strays {
		if !seen[pid] && x.looked < look {
			delete(s.strays, pid)
		}
	}
	return found, sure
}

// others returns the children that are not commands, and the number of the look that saw them. Commands
// that end at the same time share a look, which costs more than everything else about an end: a look
// that began after the ticket was drawn has seen all that was left then. The supervisor is not locked
// during a look, so that meanwhile commands start and end, and children are reaped.
func (s *supervisor) others(ticket int64) (seen []child, look int64) {
	s.looking.Lock()
	defer s.looking.Unlock()
	if s.looked >= ticket {
		return s.seen, s.looked
	}
	s.looked, s.seen = s.asked.Load(), nil
	s.mu.Lock()
	marked := make(map[string]*leader, len(s.leaders))
	leaders := make(map[int]bool, len(s.leaders))
	for pid, l := range s.leaders {
		marked[l.mark], leaders[pid] = l, true
	}
	s.mu.Unlock()
	for _, pid := range children() {
		if !leaders[pid] {
			s.seen = append(s.seen, child{pid, signsOf(pid).owners(marked)})
		}
	}
	return s.seen, s.looked
}

// child is a child that is not a command.
type child struct {
	pid int
	// owners are the commands to which it showed that it belongs.
	owners []*leader
}

// signs is what a process shows of the commands that it belongs to.
type signs struct {
	marks []string // among its variables
	locks []openLock
}

// openLock is an open file that is named like a command's lock.
type openLock struct{ mark, path string }

// owners returns the commands to which the signs point, of those with these marks. A lock is compared
// by the file itself, which is not opened unless it has a command's name: it may lie on a file system
// that does not answer.
func (x signs) owners(marked map[string]*leader) (out []*leader) {
	for _, mark := range x.marks {
		if l := marked[mark]; l != nil {
			out = append(out, l)
		}
	}
	for _, lock := range x.locks {
		l := marked[lock.mark]
		if l == nil || l.which == nil {
			continue
		}
		if info, err := os.Stat(lock.path); err == nil && os.SameFile(info, l.which) {
			out = append(out, l)
		}
	}
	return out
}

// ofAnother reports whether a child shows that it belongs to a command that is not cleared yet. The
// supervisor is locked.
func (s *supervisor) ofAnother(c child) bool {
	return slices.ContainsFunc(c.owners, func(l *leader) bool { return s.leaders[l.pid] == l })
}

// stray reports whether a child that shows no owner to a look can belong only to l. The supervisor is
// locked.
func (s *supervisor) stray(pid int, look int64, l *leader) bool {
	x := s.strays[pid]
	if x == nil {
		x = &stray{owners: map[*leader]bool{}}
		for _, other := range s.leaders {
			x.owners[other] = true
		}
		s.strays[pid] = x
	}
	if x.looked < look { // commands that share a look share the glance
		x.looked = look
		x.seen++
	}
	if x.seen < glances {
		return false
	}
	for owner := range x.owners {
		if owner != l && s.leaders[owner.pid] == owner {
			return false
		}
	}
	return true
}

// killMarked kills the children of this process that show the mark or the lock of one of these commands,
// and reaps those that it killed earlier. killed has the marks of those that are not reaped.
func killMarked(commands map[uint64]*process, killed map[int]string) {
	marked := make(map[string]*leader, len(commands))
	for _, p := range commands {
		l := &leader{mark: markOf(p.spec)}
		l.which, _ = os.Stat(p.lock) // nobody can have a removed lock open
		marked[l.mark] = l
	}
	for _, pid := range children() {
		if owners := signsOf(pid).owners(marked); len(owners) > 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			killed[pid] = owners[0].mark
		}
	}
	for pid := range killed {
		if reaped, _ := syscall.Wait4(pid, nil, syscall.WNOHANG, nil); reaped != 0 {
			delete(killed, pid)
		}
	}
}
