package plane

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
		return Release + ", as this command"
	}
	return h.Version + ", and this command is " + Release + ": deploy the stack, or take the command that goes with it"
}
