package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/batchplane/batchplane/internal/importer/kinds"
	"github.com/batchplane/batchplane/internal/preview"
)

// grammar is the command line.
type grammar struct {
	DB   string `name:"db" help:"The local state to use; by default that of this folder's jobs file, or else the last one started." env:"BATCHPLANE_DB" placeholder:"PATH"`
	JSON bool   `name:"json" help:"Print one JSON object per line."`

	Stack   stacks `help:"The stack on AWS to use instead of the local state." env:"BATCHPLANE_STACK" placeholder:"NAME"`
	Profile string `help:"The AWS profile to use." placeholder:"NAME"`
	Region  string `help:"The AWS Region to use." placeholder:"REGION"`

	Local    localCmd    `cmd:"" help:"Run jobs on their schedules on this machine."`
	Run      runCmd      `cmd:"" help:"Start a new run of a job now."`
	Retry    retryCmd    `cmd:"" help:"Launch a further attempt of a run that has ended."`
	Stop     stopCmd     `cmd:"" help:"Stop a run."`
	Jobs     jobsCmd     `cmd:"" help:"List jobs: when they run, their state, how long they take."`
	History  historyCmd  `cmd:"" help:"List runs, newest first."`
	Show     showCmd     `cmd:"" help:"Explain what happened to a run."`
	Logs     logsCmd     `cmd:"" help:"Print the output of a run."`
	Pause    pauseCmd    `cmd:"" help:"Pause the schedule of a job, or of all jobs."`
	Pauses   pausesCmd   `cmd:"" help:"List the pauses in force: who, why, until when, what was skipped."`
	Resume   resumeCmd   `cmd:"" help:"End a pause, or undo a skip-next."`
	SkipNext skipNextCmd `cmd:"" name:"skip-next" help:"Skip the next slot of a job."`
	Status   statusCmd   `cmd:"" help:"Show whether the control plane itself is well."`
	Tail     tailCmd     `cmd:"" help:"Print changes of the newest runs as they happen."`
	Audit    auditCmd    `cmd:"" help:"List requests: who asked for what, through which door, and the answer."`
	Kept     keptCmd     `cmd:"" help:"List inputs that could not be used; try one again or drop it."`
	Redrive  redriveCmd  `cmd:"" help:"List the messages in a stack's failure queues; try them again or drop them."`
	UI       uiCmd       `cmd:"" name:"ui" help:"Serve the web pages: what ran, what failed, what did not run, what comes next."`
	Classify classifyCmd `cmd:"" help:"Explain what ECS's stops and refusals mean: JSON in, verdicts out."`
	Validate validateCmd `cmd:"" help:"Check jobs files and report all problems at once."`
	Schema   schemaCmd   `cmd:"" help:"Print the JSON schema of jobs files, for editors."`
	Preview  previewCmd  `cmd:"" help:"Show what jobs would do: when they run, when too many start at once, what they cost."`
	Diff     diffCmd     `cmd:"" help:"Describe what a deployment would change."`
	Apply    applyCmd    `cmd:"" help:"Deploy jobs files to a stack: show the changes, ask, make them, read them back."`
	Doctor   doctorCmd   `cmd:"" help:"Check what would keep jobs from running on a stack and how to fix it; changes nothing."`
	Render   renderCmd   `cmd:"" help:"Write the jobs as a CloudFormation template, or as Terraform."`
	Import   importCmd   `cmd:"" help:"Make a jobs file from a crontab or another scheduler's files, with a report on each item."`
	Notify   notifyCmd   `cmd:"" help:"Test the targets for notices of local mode."`
	Cron     cronCmd     `cmd:"" help:"Explain what a schedule means, when it fires, and how EventBridge writes it."`

	Version    versionCmd    `cmd:"" help:"Print the version."`
	Completion completionCmd `cmd:"" help:"Print a shell completion script for commands, flags, jobs and runs."`
	Man        manCmd        `cmd:"" help:"Print the manual page."`
	Complete   completeCmd   `cmd:"" name:"__complete" hidden:""`
}

const description = `Runs a team's batch jobs: launched once, relaunched only when safe, never silent.

    batchplane local -f jobs.yaml              run a file's jobs on this machine
    batchplane history --status failed,missed  what failed or did not run
    batchplane show report                     why, and is a retry safe?
    batchplane retry report --follow           retry it and print its output
    batchplane ui --open                       all of this in the browser

A run is named like job/20261122T1730Z. A job's name alone means its open run (stop), its
newest run with output (logs), or its newest run (all others); job@02:30 means its newest run
at 02:30 in its time zone. Exit codes: 0 success, 1 refused or failed, 2 wrong usage or a
file that cannot be used.`

// parser reads a command line into g.
func (g *grammar) parser(more ...kong.Option) (*kong.Kong, error) {
	return kong.New(g, append(more, //nolint:wrapcheck // Main says it
		kong.Name("batchplane"), kong.Description(description), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.PostBuild(func(k *kong.Kong) error { k.Model.HelpFlag.Help = "Show this help."; return nil }),
		kong.Vars{"faults": faultKinds(), "kinds": strings.Join(kinds.Names(), ", "), "regions": strings.Join(preview.Regions, ", ")},
	)...)
}

// commandOf returns the command that was typed, as far as it was understood.
func commandOf(err error) string {
	var wrong *kong.ParseError
	if !errors.As(err, &wrong) || wrong.Context.Selected() == nil {
		return "batchplane"
	}
	return wrong.Context.Selected().FullPath()
}

// apart explains where a superfluous argument may come from: a schedule whose words are not
// quoted, a flag that ended the list before it, or a jobs file without its flag. It says too how to
// give a jobs file that is missing.
func apart(err error) string {
	var wrong *kong.ParseError
	if !errors.As(err, &wrong) || wrong.Context.Selected() == nil {
		return ""
	}
	if _, ok := wrong.Context.Selected().Target.Addr().Interface().(*localCmd); ok && strings.HasPrefix(err.Error(), "[<what>] must be ") {
		return byFlag
	}
	if strings.HasPrefix(err.Error(), "missing flags: --file=") {
		return byFlag
	}
	if !strings.HasPrefix(err.Error(), "unexpected argument ") {
		return ""
	}
	if _, ok := wrong.Context.Selected().Target.Addr().Interface().(*cronCmd); ok {
		return ": put the whole schedule in quotes, '30 2 * * *'"
	}
	if wrong.Context.Selected().Target.FieldByName("jobsFiles").IsValid() {
		return byFlag
	}
	if args := wrong.Context.Selected().Positional; len(args) == 0 || !args[len(args)-1].IsCumulative() {
		return ""
	}
	return ": write them in a row, with no flag between them"
}

// asElsewhere accepts what most programs do: help, alone or before a command, and --version.
func asElsewhere(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	case args[0] == "--version":
		return append([]string{"version"}, args[1:]...)
	}
	return args
}

// otherwise gives, for the commands and flags of other programs, what they are called here.
var otherwise = map[string]string{
	"ls": "jobs", "list": "jobs", "ps": "jobs", "next": "jobs", "runs": "history", "start": "run", "trigger": "run", "exec": "run", "rerun": "retry",
	"cancel": "stop", "kill": "stop", "disable": "pause", "suspend": "pause", "enable": "resume", "unpause": "resume", "describe": "show", "explain": "show", "inspect": "show",
	"serve": "local", "server": "local", "daemon": "local", "up": "local", "check": "validate", "lint": "validate", "plan": "diff", "deploy": "apply", "convert": "import", "migrate": "import",
	"-v": "version", "-V": "version", "--tz": "--zone", "--timezone": "--zone", "--state": "--status",
}

// valueless returns the error about a flag without its value, or nil if it is not that.
func valueless(err error) error {
	if err == nil {
		return nil
	}
	flag, rest, _ := strings.Cut(err.Error(), ": ")
	if strings.HasPrefix(flag, "--") && (strings.HasPrefix(rest, "missing value") || strings.HasSuffix(rest, "(<EOL>)")) {
		return fmt.Errorf("%s needs a value; see `%s --help`", flag, commandOf(err))
	}
	return nil
}

// renamed returns the error about a word of another program, or nil if it is none.
func renamed(err error) error {
	var wrong *kong.ParseError
	if err == nil {
		return nil
	}
	words := strings.Fields(err.Error()) // unexpected argument WORD, or unknown flag WORD, and more
	if !errors.As(err, &wrong) || len(words) < 3 || words[0] != "unknown" && wrong.Context.Selected() != nil {
		return nil
	}
	word := strings.TrimRight(words[2], ",")
	here, ok := otherwise[word]
	if !ok || strings.HasPrefix(word, "-") != (words[1] == "flag") {
		return nil
	}
	switch isFlag := func(f *kong.Flag) bool { return "--"+f.Name == here }; {
	case !strings.HasPrefix(here, "-"):
		here = "batchplane " + here
	case !slices.ContainsFunc(wrong.Context.Flags(), isFlag):
		return nil // this command has none like it
	}
	return fmt.Errorf("there is no %s here: it is `%s`", word, here)
}

// byFlag ends the error about a jobs file that is missing, or given without its flag.
const byFlag = ": give a jobs file with -f, such as -f jobs.yaml"

// stacks are names separated by commas. A repeated flag adds to them.
type stacks string

// Decode implements kong.MapperValue.
func (s *stacks) Decode(d *kong.DecodeContext) error {
	var name string
	if err := d.Scan.PopValueInto("stack", &name); err != nil {
		return err //nolint:wrapcheck // kong's own words
	}
	if *s != "" {
		name = string(*s) + "," + name
	}
	*s = stacks(name)
	return nil
}
