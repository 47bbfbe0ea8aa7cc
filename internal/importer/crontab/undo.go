package crontab

import (
	"bytes"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
)

// marker begins the comment that an imported line becomes. After it come the job's name, a colon
// and the original line.
const marker = "batchplane runs this as "

// commentOut comments out the lines of jobs and keeps every other byte.
func commentOut(data []byte, jobs map[int]string) []byte {
	var b bytes.Buffer
	number := 0
	for line := range bytes.Lines(data) {
		number++
		if name := jobs[number]; name != "" && !bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("#")) {
			b.WriteString("# " + marker + name + ": ")
		}
		b.Write(line)
	}
	return b.Bytes()
}

// Undo restores the lines that an import commented out: those of the named jobs, or all if none
// is named. restored lists the names in order.
func Undo(data []byte, jobs ...string) (crontab []byte, restored []string) {
	var b bytes.Buffer
	for line := range bytes.Lines(data) {
		rest, found := bytes.CutPrefix(line, []byte("# "+marker))
		name, original, ok := strings.Cut(string(rest), ": ")
		if found && ok && job.ValidName(name) && (len(jobs) == 0 || slices.Contains(jobs, name)) {
			restored = append(restored, name)
			line = []byte(original)
		}
		b.Write(line)
	}
	return b.Bytes(), restored
}
