package job

import (
	"path"
	"slices"
)

// WithArgs is a command with arguments added. A shell's `-c` takes the first word
// behind its script for $0, so the shell's own name goes there, where nothing
// stands yet, and the arguments arrive as "$@".
func WithArgs(command, args []string) []string {
	if len(args) > 0 && isScript(command) {
		return slices.Concat(command, []string{command[0]}, args)
	}
	return slices.Concat(command, args)
}

// shells take `-c SCRIPT $0 $1 ...` (POSIX, "sh").
var shells = []string{"sh", "bash", "dash", "ash", "ksh", "zsh"}

// scriptOption is an option that names -c, such as -c or -ec; plainOption any other.
var (
	scriptOption = compiled(`^-[a-zA-Z]*c$`)
	plainOption  = compiled(`^-[a-zA-Z]*[abd-zA-Z]$`)
)

// isScript is whether a command is a shell with a script and nothing behind it.
// The script stands behind the one option that names -c.
func isScript(command []string) bool {
	n := len(command)
	return n >= 3 && slices.Contains(shells, path.Base(command[0])) && scriptOption().MatchString(command[n-2]) &&
		!slices.ContainsFunc(command[1:n-2], func(o string) bool { return !plainOption().MatchString(o) })
}
