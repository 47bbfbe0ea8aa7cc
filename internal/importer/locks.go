package importer

import "github.com/batchplane/batchplane/internal/lazyregexp"

// lockers are programs that keep two commands apart by a file or by the processes of one host.
var lockers = []string{
	"setlock", "lockrun", "lckdo", "with-lock-ex", "lockf", "shlock", "cronlock", "lockfile", "lockfile-create", "lockfile-check", "dotlockfile",
	"run-one", "run-this-one", "keep-one-running", "run-one-constantly", "run-one-until-success", "run-one-until-failure",
	"run-with-lock", "run-with-lock.sh", "run-with-lockfile", "run-with-lockfile.sh",
}

// lockForm matches a lock that the line makes itself: a file or a folder whose name ends so, which
// a block and a clock do not, and the locks of chpst and solo.
var lockForm = lazyregexp.New(`(?:\[|\btest)\s+(?:!\s+)?-[defs]\s+\S*\.(?:lock|lck|pid)(?:["'}\s;&|)\]]|$)|\bmkdir\s+(?:-\S+\s+)*(?:\S*(?:[^\sbc]|[A-Za-z][bc]))?(?:lock|lck)(?:["'\s;&|]|$)|/(?:var|run)/lock/|\bchpst\s+(?:-\S+\s+|\w+\s+)*?-[lL]\s|\bsolo\s+(?:-\w+\s+)*-port=`)
