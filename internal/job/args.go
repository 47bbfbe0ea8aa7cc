package job

import (
	"path"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// WithArgs gives a command with arguments added. A shell's `-c` takes the first word after
// its script for $0. If that word is missing, WithArgs puts the shell's own name there, and
// the arguments arrive as "$@".
func WithArgs(command, args []string) []string {
	if s, ok := ScriptOf(command); ok && len(args) > 0 && s.At == len(command)-1 {
		return slices.Concat(command, []string{command[s.Shell]}, args)
	}
	return slices.Concat(command, args)
}

// Script says where a command names a shell and the script that its option -c gives it.
type Script struct {
	// Shell is the index of the shell, and At that of the script. At is the number of words
	// if the script is missing.
	Shell, At int
}

// ScriptOf finds the shell that gets what is added at the end of a command. Other programs
// may stand before it, such as `tini --`, `env A=b` or another shell with its script: what
// they start is the words that follow. ok is false if no word is a shell with an option -c.
func ScriptOf(command []string) (s Script, ok bool) {
	for i := 0; i < len(command); i++ {
		if !slices.Contains(shells, path.Base(command[i])) {
			continue
		}
		n, script := shellOptions(command[i], command[i+1:])
		if !script {
			continue
		}
		s, ok = Script{Shell: i, At: min(i+1+n, len(command))}, true
		i = s.At + 1 // behind $0
	}
	return s, ok
}

// takesArguments reports whether the script reads "$@". Only between double quotes are these
// the arguments as they were given.
func (s Script) takesArguments(command []string) bool {
	return s.At < len(command) && (strings.Contains(command[s.At], `"$@"`) || strings.Contains(command[s.At], `"${@`))
}

// splitting gives the program of a command of which it cannot be told where words behind it
// go: su and runuser take options between them and give the rest to the user's shell, and
// env -S cuts a word into words. It is "" if there is none.
func splitting(command []string) string {
	for i, w := range command {
		switch name := path.Base(w); {
		case name == "su" || name == "runuser":
			return name
		case name == "env" && i+1 < len(command) && splitOption().MatchString(command[i+1]):
			return "env -S"
		}
	}
	return ""
}

// splitOption matches env's option -S (GNU Coreutils, "env invocation").
var splitOption = lazyregexp.New(`^(-[a-zA-Z]*S|--split-string)`)

// shells are programs that take `-c SCRIPT $0 $1 ...` (POSIX, "sh"). BusyBox's name its
// shell in the next word.
var shells = []string{"sh", "bash", "rbash", "dash", "ash", "ksh", "ksh93", "mksh", "zsh"}

// attached are shells in which a value follows its option in the same word, if there is
// more of the word. In the others the value is always a word of its own.
var attached = []string{"ksh", "ksh93", "mksh", "zsh"}

// valued are long options that take a value: of Bash (its manual, "Invoking Bash") and of
// zsh (zshoptions and zsh's manual, "Invocation").
var valued = []string{"--rcfile", "--init-file", "--emulate"}

// long are Bash's long options that are also written with one dash. In a word of single
// options, their letters would say something else.
var long = []string{
	"-debug", "-debugger", "-dump-po-strings", "-dump-strings", "-help", "-init-file", "-login", "-noediting", "-noprofile", "-norc", "-posix",
	"-pretty-print", "-protected", "-rcfile", "-restricted", "-verbose", "-version", "-wordexp",
}

// shellOptions reads a shell's options as shells do: single ones in one word, such as -euo
// or +x, each o or O with a value, up to the first word that is no option or to - or --. It
// gives how many words they are, and whether c is among them: the next word is then the
// script, wherever c stands. (POSIX, "sh" and "set"; the manuals of Bash, dash, ksh and zsh,
// "Invocation".)
func shellOptions(shell string, words []string) (n int, script bool) {
	inWord := slices.Contains(attached, path.Base(shell))
	for n < len(words) && words[n] != "" && (words[n][0] == '-' || words[n][0] == '+') {
		w := words[n]
		n++
		if w == "-" || w == "--" {
			return n, script
		}
		values, c := optionsOf(w, inWord)
		n, script = n+values, script || c
	}
	return n, script
}

// optionsOf reads one word: how many values follow it, and whether c is among its options.
func optionsOf(word string, inWord bool) (values int, c bool) {
	switch {
	case slices.Contains(valued, word), slices.Contains(valued, "-"+word):
		return 1, false
	case strings.HasPrefix(word, "--"), slices.Contains(long, word):
		return 0, false
	}
	for i, letter := range word {
		switch letter {
		case 'c':
			c = true
		case 'o', 'O':
			if inWord && i < len(word)-1 {
				return values, c
			}
			values++
		}
	}
	return values, c
}
