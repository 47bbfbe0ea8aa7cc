package plane

import (
	"strconv"
	"strings"
)

// Release is the version of this program and of the template beside it, which says
// it in the stack's output Version. CHANGELOG.md has what is in it.
const Release = "0.1.0"

// Versions says which version a stack is and which this program, "" of a control
// plane that does not say. A difference is no fault: what a newer version wrote and
// this program cannot read is said where it is read.
func (h Health) Versions() string {
	switch h.Version {
	case "":
		return ""
	case Release:
		return Release + ", the same as this command"
	}
	return h.Version + ", and this command is " + Release + ": deploy the stack, or use the command of its version"
}

// OlderThan is what the output Version of a stack is taken to say where it is missing.
const OlderThan = "older than "

// Older says, in a sentence, that this program may ask for what the control plane does
// not know yet; "" where that cannot be. What a function does not know it refuses: the
// request is then not carried out in part.
func (p *Plane) Older() string {
	if !older(p.Version, Release) {
		return ""
	}
	return p.Name + " was deployed by batchplane " + p.Version + ", and this is " + Release + ". The older one refuses what it does not know, and then does nothing: deploy the stack, or use the batchplane of its version"
}

// older is whether a version came before a release; "" is not known, and not older.
func older(version, release string) bool {
	if strings.HasPrefix(version, OlderThan) {
		return true
	}
	v, r := strings.SplitN(version, ".", 3), strings.SplitN(release, ".", 3)
	for i := range min(len(v), len(r)) {
		a, errA := strconv.Atoi(v[i])
		b, errB := strconv.Atoi(r[i])
		if errA != nil || errB != nil {
			return false
		}
		if a != b {
			return a < b
		}
	}
	return false
}
