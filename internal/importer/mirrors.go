package importer

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// deleting matches options by which a copy also deletes what its source does not have.
var deleting = lazyregexp.New(`^--del`)

// ofDisk matches words that are folders of the disk by their form.
var ofDisk = lazyregexp.New(`^(?:[/~.]|\$HOME\b|\$\{HOME\})`)

// mirrors reports a line that mirrors a folder of its host to another place and deletes there what the
// folder does not have. A folder that a task has by the same name may be empty. One that a program before
// may have filled is the line's own.
func (r *Command) mirrors(all []call) {
	if r.settled {
		return
	}
	for i, c := range all[:min(len(all), maxCalls)] {
		source := c.mirrored()
		made := func(before call) bool { return before.fills() || before.lands("") == source }
		if source != "" && !slices.ContainsFunc(all[:i], made) {
			r.Off("it deletes elsewhere what %s of its host does not have, and in a task that may be all of it: leave it there, or mount the folder from EFS in the task definition", source)
			return
		}
	}
}

var (
	// asking are programs that look at another place or tell it something, and singles those whose product is
	// one file: the others of its folder are of earlier runs.
	asking  = slices.Concat(mailers, []string{"curl", "ping", "ping6", "nc", "ssh", "mountpoint"})
	singles = []string{"tee", "pg_dump", "pg_dumpall", "mysqldump", "mariadb-dump", "redis-cli", "sqlite3", "zip"}
)

// fills reports whether a call may have filled a folder of its disk.
func (c call) fills() bool {
	switch {
	case c.is(quiet...), c.is(asking...), c.is(singles...), c.changes():
		return false
	case c.is(copying...), c.is("wget"):
		place := c.lands("")
		return place != "" && place != nowhere
	case c.is("tar"):
		return c.lands("") == "" // it unpacks
	}
	return true
}

// mirrored gives the folder of its own disk that a call mirrors to another place; "" if it deletes nothing
// there, or there is none.
func (c call) mirrored() string {
	if !c.is(copying...) || !c.deletes() || c.lands("") != "" {
		return ""
	}
	source, places := c.source()
	if places != 1 { // none, or from one to another
		return ""
	}
	return source
}

// source gives the folder that a call copies to another place, and how many of these it names. The folder is
// the last word of this disk before such a place that follows no option, or else the first: some options have
// no value.
func (c call) source() (folder string, places int) {
	last := ""
	for _, w := range c.args {
		value := strings.HasPrefix(last, "-")
		switch {
		case places == 0 && ofDisk().MatchString(w) && (folder == "" || !value):
			folder = w
		case !value && away().MatchString(w):
			places++
		}
		last = w
	}
	return folder, places
}

// deletes reports whether a copy also deletes what its source does not have.
func (c call) deletes() bool {
	return slices.ContainsFunc(c.args, deleting().MatchString) || c.is("gsutil") && slices.Contains(c.args, "-d") || c.is("rclone") && slices.Contains(c.args, "sync")
}
