package localecs

// InMemory is how much a server knows by heart: tasks, what it started of them, and
// tokens whose sends it counts.
func (s *Server) InMemory() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tasks) + len(s.live) + len(s.sends)
}
