package plane

import (
	"strconv"
	"strings"
)

// Release is the version of this program and of the template that comes with it. The template
// gives it in the stack's output Version. CHANGELOG.md says what each release contains.
const Release = "0.1.0"

// Versions says which version a stack is and which this program is. It returns "" for a control
// plane that does not say its version. A difference is not a fault: wherever this program cannot
// read what a newer version wrote, it says so there.
func (h Health) Versions() string {
	switch h.Version {
	case "":
		return ""
	case Release:
		return Release + ", the same as this command"
	}
	return h.Version + ", and this command is " + Release + ": deploy the stack, or use the command of its version"
}

// Older says in one sentence that this program may ask for something that the control plane does
// not know yet. It returns "" if that cannot be. A function refuses whatever it does not know, so
// no request is carried out in part.
func (p *Plane) Older() string {
	if !older(p.Version, Release) {
		return ""
	}
	return p.Name + " was deployed by batchplane " + p.Version + ", and this is " + Release + ". The older one refuses what it does not know, and then does nothing: deploy the stack, or use the batchplane of its version"
}

// older reports whether a version came before a release. The unknown version "" is not older.
func older(version, release string) bool {
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
