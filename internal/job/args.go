package job

import (
	"path"
	"slices"
)

// WithArgs gives a command with arguments added. A shell's `-c` takes the first word after
// its script for $0. If that word is missing, WithArgs puts the shell's own name there, and
// the arguments arrive as "$@".
func WithArgs(command, args []string) []string {
	if len(args) > 0 && isScript(command) {
		return slices.Concat(command, []string{command[0]}, args)
	}
	return slices.Concat(command, args)
}

// shells are programs that take `-c SCRIPT $0 $1 ...` (POSIX, "sh").
var shells = []string{"sh", "bash", "dash", "ash", "ksh", "zsh"}

// scriptOption matches an option that ends in c, such as -c or -ec; plainOption matches any
// other.
var (
	scriptOption = compiled(`^-[a-zA-Z]*c$`)
	plainOption  = compiled(`^-[a-zA-Z]*[abd-zA-Z]$`)
)

// isScript reports whether a command is a shell with a script and nothing after it. The
// script follows the one option that ends in c.
func isScript(command []string) bool {
	n := len(command)
	return n >= 3 && slices.Contains(shells, path.Base(command[0])) && scriptOption().MatchString(command[n-2]) &&
		!slices.ContainsFunc(command[1:n-2], func(o string) bool { return !plainOption().MatchString(o) })
}
