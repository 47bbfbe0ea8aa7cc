package cli

import (
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/localecs"
)

// Help is what --help says beside the flags.
func (c *localCmd) Help() string {
	var b strings.Builder
	b.WriteString(`A task gets PATH, HOME, TMPDIR, LANG and TZ of this program's environment and nothing
else of it; the environment and secrets of its taskDefinition; the environment of its job
and the inputs of its run; and:

  BATCHPLANE_RUN_ID, BATCHPLANE_JOB   report/20261122T0130Z, report
  BATCHPLANE_SCHEDULED_FOR            2026-11-22T01:30:00Z
  BATCHPLANE_ATTEMPT                  1, 2, ...
  BATCHPLANE_STACK                    local
  BATCHPLANE_TASK                     names the task's processes

A command that is a string runs under /bin/sh -c. Unlike cron, it does not read SHELL
(write the command as a list) or MAILTO (say notify), a % is a %, and HOME and PATH are
this program's, not those of a login.

HUP reads the jobs files again. INT, TERM and QUIT end it: it launches nothing more and
stops its tasks; what waits goes on at the next start. The kinds of --fault:

`)
	for _, k := range localecs.Kinds() {
		fmt.Fprintf(&b, "  %-12s %s\n", k, localecs.Meaning(k))
	}
	return b.String()
}
