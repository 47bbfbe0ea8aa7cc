package cli

import (
	"errors"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/batchplane/batchplane/internal/importer/kinds"
	"github.com/batchplane/batchplane/internal/preview"
)

// grammar is the command line.
type grammar struct {
	DB   string `name:"db" help:"The local state: which control plane is meant. Unless given, that of this folder's jobs file, else the one that was started last." env:"BATCHPLANE_DB" placeholder:"PATH"`
	JSON bool   `name:"json" help:"Print one JSON object a line."`

	Stack   stacks `help:"The stack on AWS that is meant; the local state unless given." env:"BATCHPLANE_STACK" placeholder:"NAME"`
	Profile string `help:"The profile of the AWS configuration." placeholder:"NAME"`
	Region  string `help:"The AWS Region." placeholder:"REGION"`

	Local    localCmd    `cmd:"" help:"Run jobs on their schedules on this machine."`
	Run      runCmd      `cmd:"" help:"Start a new run of a job now."`
	Retry    retryCmd    `cmd:"" help:"Make a further attempt of a run that has ended."`
	Stop     stopCmd     `cmd:"" help:"Stop a run."`
	Jobs     jobsCmd     `cmd:"" help:"List jobs: when they run, how they stand, how long they take."`
	History  historyCmd  `cmd:"" help:"List runs, newest first."`
	Show     showCmd     `cmd:"" help:"Explain one run."`
	Logs     logsCmd     `cmd:"" help:"Print what a run's task wrote."`
	Pause    pauseCmd    `cmd:"" help:"Have the slots of a job, or of all, skipped for a time."`
	Pauses   pausesCmd   `cmd:"" help:"List the pauses in force: who, why, until when, what was skipped."`
	Resume   resumeCmd   `cmd:"" help:"End a pause, or take back a skip-next."`
	SkipNext skipNextCmd `cmd:"" name:"skip-next" help:"Have the next slot of a job skipped."`
	Status   statusCmd   `cmd:"" help:"Say how the control plane itself stands."`
	Tail     tailCmd     `cmd:"" help:"Print what happens, as it happens: a line for each change of a run."`
	Audit    auditCmd    `cmd:"" help:"List who asked for what, by which door, and the answer."`
	Kept     keptCmd     `cmd:"" help:"List inputs that could not be used and were kept; try one again, or drop it."`
	Redrive  redriveCmd  `cmd:"" help:"List what lies in a stack's queues of failures; try it again, or drop it."`
	UI       uiCmd       `cmd:"" name:"ui" help:"Serve the pages: what ran, what failed, what did not run, what comes, and the buttons."`
	Classify classifyCmd `cmd:"" help:"Say what stops and refusals mean: JSON in, verdicts out."`
	Validate validateCmd `cmd:"" help:"Tell all problems of jobs files at once."`
	Schema   schemaCmd   `cmd:"" help:"Print the JSON schema of jobs files, for editors."`
	Preview  previewCmd  `cmd:"" help:"Say what jobs would do: when they run, where they meet, what they cost."`
	Diff     diffCmd     `cmd:"" help:"Say in words what a deployment would change."`
	Apply    applyCmd    `cmd:"" help:"Deploy jobs files to a stack: says what changes, asks, changes it, reads it back."`
	Doctor   doctorCmd   `cmd:"" help:"Say what would keep jobs from running on a stack, and what mends it; only reads."`
	Render   renderCmd   `cmd:"" help:"Write the CloudFormation template of the jobs stack, or its Terraform."`
	Import   importCmd   `cmd:"" help:"Make a jobs file of a crontab or another scheduler's files, with a report on each item."`
	Notify   notifyCmd   `cmd:"" help:"Try where notices of local mode go."`
	Cron     cronCmd     `cmd:"" help:"Say what a schedule means, when it fires, and what EventBridge calls it."`

	Version    versionCmd    `cmd:"" help:"Say which version this is."`
	Completion completionCmd `cmd:"" help:"Print what makes a shell complete commands, flags, jobs and runs."`
	Man        manCmd        `cmd:"" help:"Print the manual page."`
	Complete   completeCmd   `cmd:"" name:"__complete" hidden:""`
}

const description = `Runs a team's batch jobs: launched once, relaunched only when safe, never silent.

RUN is job/20261122T1730Z. A job's name alone means the run that the command can be
about (stop: the open one; logs: the newest with output; else the newest), job@02:30 its
newest at that time of its zone. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.`

// parser reads a command line into g.
func (g *grammar) parser(more ...kong.Option) (*kong.Kong, error) {
	return kong.New(g, append(more, //nolint:wrapcheck // Main says it
		kong.Name("batchplane"), kong.Description(description), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"faults": faultKinds(), "kinds": strings.Join(kinds.Names(), ", "), "regions": strings.Join(preview.Regions, ", ")},
	)...)
}

// apart says of a further argument behind a flag why the list before that has ended.
func apart(err error) string {
	var wrong *kong.ParseError
	if !errors.As(err, &wrong) || wrong.Context.Selected() == nil || !strings.HasPrefix(err.Error(), "unexpected argument ") {
		return ""
	}
	if args := wrong.Context.Selected().Positional; len(args) == 0 || !args[len(args)-1].IsCumulative() {
		return ""
	}
	return ": write all of them in a row, no flag between them"
}

// stacks are names with commas between them; a flag that is repeated adds to them.
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
