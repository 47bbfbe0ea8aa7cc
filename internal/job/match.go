package job

// Match reports whether a name matches a pattern in which `*` stands for any text, as in a
// Rule.
func Match(pattern, name string) bool { return wildcard(pattern, name) }
