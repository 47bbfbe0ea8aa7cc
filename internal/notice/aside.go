package notice

import "github.com/batchplane/batchplane/internal/run"

// Unreadable returns the notice that the store holds a run that cannot be read.
func Unreadable(stack string, id run.ID, reason string) Notice {
	return Notice{
		ID: string(Corrupt) + ":" + stack + "/" + string(id), Kind: Corrupt, Stack: stack, Job: id.Job(), Run: id,
		Cause: "its record cannot be read and was set aside: " + reason, LocalTime: "unknown",
	}
}

// Kept returns the notice that an input or a record could not be used and was kept under an
// id for a person to look at.
func Kept(stack, id, reason string) Notice {
	return Notice{
		ID: string(Unused) + ":" + stack + "/" + id, Kind: Unused, Stack: stack, Job: "input",
		Cause: "it could not be used and is kept as " + id + ": " + reason, LocalTime: "unknown",
		ShowWith: "batchplane kept " + id + " --stack " + stack,
	}
}
