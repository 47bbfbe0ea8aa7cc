package localecs

// InMemory returns how much a server holds in memory: tasks, what it started for them, and tokens whose
// sends it counts.
func (s *Server) InMemory() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tasks) + len(s.live) + len(s.sends)
}
