package localecs

import "path/filepath"

// LogPath returns the file below dir that receives the standard output and error of a task, given by
// the family of its definition and its id or ARN.
func LogPath(dir, family, task string) string {
	return filepath.Join(dir, filepath.Base("/"+family), taskID(task)+".log")
}
