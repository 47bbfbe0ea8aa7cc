package run

import (
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/stop"
)

// cause describes a bad end in few words, the exit code first if there is one.
func (d *decider) cause(a *Attempt, v *stop.Verdict) string {
	if s := d.r.Stopping; s != nil && s.Asker == stop.AskedByTimeout {
		if v.Rule == stop.RuleEndedLate {
			return s.Reason + "; " + v.Why
		}
		return s.Reason
	}
	if v.Class == stop.AppFailed && a.ExitCode != nil && *a.ExitCode != 0 {
		if a.ContainerReason != "" {
			return fmt.Sprintf("exit code %d: %s", *a.ExitCode, a.ContainerReason)
		}
		return fmt.Sprintf("exit code %d%s", *a.ExitCode, usual(*a.ExitCode))
	}
	if v.Class == stop.Config && a.TaskARN == "" && a.StoppedReason != "" {
		// Only ECS's own words say which role, cluster or subnet is meant.
		return fmt.Sprintf("%s: %s", v.Why, strings.TrimPrefix(a.StopCode+": "+a.StoppedReason, ": "))
	}
	return v.Why
}

// usual says what an exit code means by the convention of shells
// (https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html), with the usual signals of
// Linux; "" if there is none. A program may also have chosen such a code itself.
func usual(code int64) string {
	switch code {
	case 126:
		return ", as of a command that cannot be executed"
	case 127:
		return ", as of a command that is not found"
	case 132:
		return ", as after SIGILL"
	case 134:
		return ", as after SIGABRT"
	case 137:
		return ", as after SIGKILL"
	case 139:
		return ", as after SIGSEGV"
	case 143:
		return ", as after SIGTERM"
	}
	return ""
}
