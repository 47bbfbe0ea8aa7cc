// Package cli is the command line: one file per subcommand. It reads, asks and prints; decisions
// are made elsewhere.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/lazyregexp"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/plane"
)

// Exit codes.
const (
	exitDone    = 0
	exitRefused = 1 // refused or failed
	exitUsage   = 2 // wrong usage, or an unusable file
)

// Env is the part of its environment that a command may use.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// User is who asks, for the record.
	User string
	// Executable is the path of this program. Called is the name or path by which it was called.
	Executable, Called string
	// Now returns the time; nil means the wall clock.
	Now func() time.Time
	// Zone is the viewer's time zone; nil means the machine's.
	Zone *time.Location
	// Screen is what is known about the terminal; zero means none.
	Screen Screen
}

func (env Env) now() time.Time {
	if env.Now == nil {
		return time.Now()
	}
	return env.Now()
}

// app is what the subcommands share.
type app struct {
	Env
	db string
	// stack is the named stack, or "" for the local state. profile and region are as given.
	stack, profile, region string

	json bool
	wide bool
	zone *time.Location
	// apart says that -- stands before the arguments of a job's command.
	apart bool
}

// errUnread is wrapped by the error of printing to a pipe whose reader has seen enough.
var errUnread = errors.New("nobody reads on")

// unwritten is an error of printing, as on a disk that is full.
type unwritten struct{ error }

func (u unwritten) Unwrap() error { return u.error }

// answers writes what a command prints. Its errors tell a reader that has left from a connection
// to a control plane that broke.
type answers struct{ io.Writer }

func (a answers) Write(p []byte) (int, error) {
	n, err := a.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		err = fmt.Errorf("%w: %w", errUnread, err)
	}
	if err != nil {
		err = unwritten{err}
	}
	return n, err
}

// errRefused is a refusal that has already been printed.
var errRefused = errors.New("refused")

// exitError is an exit code whose reason has already been printed.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// usageError is a fault of the input, not of the work itself.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Main runs one command and returns its exit code.
func Main(ctx context.Context, args []string, env Env) int {
	env.Stdout, env.Stderr = answers{env.Stdout}, besides{env.Stderr}
	var g grammar
	exited := -1
	parser, err := g.parser(kong.Writers(env.Stdout, env.Stderr), kong.Exit(func(code int) { exited = code }), kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		return fail(env, err, exitUsage)
	}
	args = asElsewhere(args)
	if i := slices.IndexFunc(args, func(arg string) bool { return !utf8.ValidString(arg) }); i >= 0 {
		// kong passes values through JSON, which would put other bytes in the place of these.
		return fail(env, fmt.Errorf("the argument %.60q is not UTF-8, so it cannot be passed on as it is: write it in UTF-8, or rename the file", args[i]), exitUsage)
	}
	command, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if errors.As(err, new(unwritten)) { // the help
		return env.exitCode(fmt.Errorf("printing: %w", err))
	}
	if other := cmp.Or(valueless(err), renamed(err)); other != nil {
		return fail(env, other, exitUsage)
	}
	if err != nil {
		return fail(env, fmt.Errorf("%w%s; see `%s --help`", err, apart(err), commandOf(err)), exitUsage)
	}
	if err := emptyFlag(command); err != nil {
		return fail(env, err, exitUsage)
	}
	if err := oneTarget(command, &g); err != nil {
		return fail(env, err, exitUsage)
	}
	target := command.Selected().Target.Addr().Interface()
	a, err := env.app(g, target)
	if err != nil {
		return fail(env, err, exitUsage)
	}
	a.apart = slices.Contains(args, "--")
	defer a.tillEnd(target)()
	return a.exitCode(command.Run(a))
}

// looks holds the flags of commands that print tables and times.
type looks struct {
	Output string `short:"o" help:"table, wide (nothing is cut or left out), or json." default:"table" enum:"table,wide,json" placeholder:"FORM"`
	Zone   string `help:"Show times in this zone; by default this machine's." placeholder:"ZONE"`
}

func (l *looks) look() looks { return *l }

// app combines the environment and the flags of a command.
func (env Env) app(g grammar, command any) (*app, error) {
	a := &app{Env: env, db: g.DB, stack: string(g.Stack), profile: g.Profile, region: g.Region, json: g.JSON, zone: cmp.Or(env.Zone, time.Local)}
	if _, many := command.(*uiCmd); !many && strings.Contains(a.stack, ",") {
		return nil, usagef("--stack takes one stack, not %s; only `ui` shows several", strings.ReplaceAll(a.stack, ",", " and "))
	}
	looking, ok := command.(interface{ look() looks })
	if !ok {
		return a, nil
	}
	l := looking.look()
	a.json, a.wide = a.json || l.Output == "json", l.Output == "wide"
	if l.Zone != "" {
		zone, err := cron.LoadZone(l.Zone)
		if err != nil {
			return nil, usagef("--zone: %w", err)
		}
		a.zone = zone.Location()
	}
	return a, nil
}

func (env Env) exitCode(err error) int {
	var usage usageError
	var code exitError
	var ref *plane.RefError
	switch {
	case err == nil, errors.Is(err, errUnread):
		return exitDone
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, errRefused):
		return exitRefused
	case errors.Is(err, context.Canceled):
		return fail(env, fmt.Errorf("interrupted (%w)", err), exitInterrupted)
	case errors.As(err, &usage), errors.As(err, &ref):
		return fail(env, err, exitUsage)
	}
	return fail(env, err, exitRefused)
}

func fail(env Env, err error, code int) int {
	_, _ = fmt.Fprintf(env.Stderr, "batchplane: %v\n", err)
	return code
}

// built matches the paths at which `go run` puts what it builds: in a temporary folder, or in the
// build cache, wherever that is.
var built = lazyregexp.New(`/go-build[0-9]*/|/b[0-9]{3}/exe/[^/]+$|/[0-9a-f]{2}/[0-9a-f]{64}-d/[^/]+$`)

// program returns how a person calls this program again. `go run` builds it at a path that does
// not exist afterwards.
func (a *app) program() string {
	switch {
	case built().MatchString(filepath.ToSlash(a.Executable)):
		return "go run ./cmd/batchplane"
	case strings.ContainsRune(a.Called, filepath.Separator):
		return importer.Word(a.Called)
	}
	return "batchplane"
}

// command returns a subcommand as a person would type it for the same stack or state.
func (a *app) command(name string) string {
	if a.stack != "" {
		return a.program() + " " + name + " --stack " + importer.Word(a.stack) + accountFlags(a.profile, a.region)
	}
	if found := a.places().Find(); a.db == "" || os.Getenv(stackVariable) == "" && found.Here && found.DB == a.db && len(found.Others) == 0 {
		return a.program() + " " + name
	}
	return fmt.Sprintf("%s %s --db %s", a.program(), name, importer.Word(a.db))
}

// accountFlags returns the flags that name an account and a Region, each with a blank before it.
func accountFlags(profile, region string) (flags string) {
	if profile != "" {
		flags += " --profile " + importer.Word(profile)
	}
	if region != "" {
		flags += " --region " + importer.Word(region)
	}
	return flags
}

// places finds states, starting from this folder.
func (a *app) places() local.Places {
	return local.Places{Getenv: os.Getenv, Dir: "."}
}

// findState finds the state that is meant if none was named. If there are others, it prints which
// one it uses.
func (a *app) findState() {
	if a.db != "" {
		return
	}
	found := a.places().Find()
	if len(found.Others) > 0 {
		_, _ = fmt.Fprintf(a.Stderr, "batchplane: using %s; choose another with --db, such as %s\n", found.DB, found.Others[0])
	}
	a.db = found.DB
}

// oneState refuses a command about all jobs that names no state where several could be meant: a note on which one it
// took would come when it has acted.
func (a *app) oneState(all bool) error {
	if !all || a.stack != "" || a.db != "" {
		return nil
	}
	if found := a.places().Find(); len(found.Others) > 0 {
		return usagef("several control planes could be meant here, and --all changes all jobs of one: name it with --db, such as --db %s or --db %s", importer.Word(found.DB), importer.Word(found.Others[0]))
	}
	return nil
}
