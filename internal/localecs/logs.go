package localecs

import "path/filepath"

// LogPath is the file in dir that takes the standard output and error of a
// task, given by its id or ARN.
func LogPath(dir, task string) string {
	return filepath.Join(dir, taskID(task)+".log")
}
