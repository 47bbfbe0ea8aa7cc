package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/notice"
)

// Screen is what is known about the terminal. The zero value means none: a pipe, a file, a test.
type Screen struct {
	// Width is the number of columns of standard output, or 0 if it is not a terminal.
	Width int
	// Color reports whether standard output may be coloured.
	Color bool
	// Asks reports whether a person can be asked: standard input and output are terminals.
	Asks bool
	// Progress reports whether standard error may be overwritten.
	Progress bool
}

// Process returns the environment of this process.
func Process() Env {
	path, _ := os.Executable() // "" only makes hints less exact
	return Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, User: userName(os.Getenv),
		Executable: path, Called: os.Args[0], Screen: screenOf(os.Stdin, os.Stdout, os.Stderr, os.LookupEnv),
	}
}

// userName returns who runs this, according to the environment or else to the system: cron and
// containers set no variable. It returns "" if nobody knows.
func userName(getenv func(string) string) string {
	if name := cmp.Or(getenv("USER"), getenv("LOGNAME")); name != "" {
		return name
	}
	known, err := user.Current()
	if err != nil {
		return ""
	}
	return known.Username
}

// screenOf examines a process's files. NO_COLOR (no-color.org) and TERM=dumb turn colours off.
func screenOf(in, out, errs *os.File, lookup func(string) (string, bool)) Screen {
	terminal := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	no, _ := lookup("NO_COLOR")
	name, _ := lookup("TERM")
	plain := no != "" || name == "dumb"
	s := Screen{Asks: terminal(in) && terminal(out), Progress: terminal(errs) && name != "dumb"}
	if terminal(out) {
		s.Color = !plain
		width, _, _ := term.GetSize(int(out.Fd())) // 0 if it is not known
		s.Width = cmp.Or(max(width, 0), usualWidth)
	}
	return s
}

// usualWidth is assumed for a terminal that does not say its width, such as one without a window.
const usualWidth = 80

// working prints on a terminal what is taking time, until done is called.
func (a *app) working(on string) (done func()) {
	if !a.Screen.Progress {
		return func() {}
	}
	_, _ = fmt.Fprint(a.Stderr, on+" …")
	return func() { _, _ = fmt.Fprint(a.Stderr, freeLine) }
}

// freeLine goes back to the beginning of the terminal's line and clears it.
const freeLine = "\r\x1b[K"

// besides writes what is not the answer: errors, hints and questions. They repeat file names,
// arguments and the words of services, so control characters are replaced.
type besides struct{ io.Writer }

func (b besides) Write(p []byte) (int, error) {
	text := string(p)
	if text != freeLine {
		text = notice.PrintableText(text)
	}
	if _, err := io.WriteString(b.Writer, text); err != nil {
		return 0, err //nolint:wrapcheck // callers say what they print
	}
	return len(p), nil
}

// zoneName names the zone of times, by its IANA name if there is one. UTC always has the same
// name.
func (a *app) zoneName() string {
	name := a.zoneAsIs()
	if zone, err := cron.LoadZone(name); err == nil {
		return zone.Name()
	}
	return name
}

func (a *app) zoneAsIs() string {
	if name := a.zone.String(); name != "Local" {
		return name
	}
	if tz, ok := os.LookupEnv("TZ"); ok && tz != "" && !strings.HasPrefix(tz, ":") {
		return tz
	}
	if to, err := os.Readlink("/etc/localtime"); err == nil {
		if _, name, ok := strings.Cut(to, "zoneinfo/"); ok {
			return name
		}
	}
	name, _ := a.now().In(a.zone).Zone()
	return name
}

// at shows a time in the view's zone, which a heading names.
func (a *app) at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(a.zone).Format(time.DateTime)
}

// atPointer is like at, for a time that may be unknown.
func (a *app) atPointer(t *time.Time) string {
	if t == nil {
		return ""
	}
	return a.at(*t)
}
