package cli

import (
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/localecs"
)

// Help is what --help says in addition to the flags.
func (c *localCmd) Help() string {
	var b strings.Builder
	b.WriteString(`A task's environment holds PATH, HOME, TMPDIR, LANG and TZ of this program and nothing else
of it; the environment and secrets of its taskDefinition; the environment of its job; the
inputs of its run; and:

  BATCHPLANE_RUN_ID, BATCHPLANE_JOB   report/20261122T0130Z, report
  BATCHPLANE_SCHEDULED_FOR            2026-11-22T01:30:00Z
  BATCHPLANE_ATTEMPT                  1, 2, ...
  BATCHPLANE_STACK                    local
  BATCHPLANE_DB                       this program's state, so commands of a task ask it
  BATCHPLANE_TASK                     names the task's processes

A command that is a string runs under /bin/sh -c. Unlike cron, batchplane ignores SHELL
(write the command as a list) and MAILTO (use notify), does not treat % specially, and takes
HOME and PATH from this program, not from a login.

SIGHUP reloads the jobs files. SIGINT, SIGTERM and SIGQUIT end it: it stops all tasks and
launches nothing more; waiting runs continue at the next start. Kinds of --fault:

`)
	for _, k := range localecs.Kinds() {
		fmt.Fprintf(&b, "  %-12s %s\n", k, localecs.Meaning(k))
	}
	return b.String()
}
