package crontab

import (
	"maps"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
)

// steps adds how to switch the lines of a crontab off and on again.
func (in *importing) steps(f *importer.File) {
	if len(in.dot) == 0 {
		return
	}
	if in.Local {
		in.Steps.Local = &importer.Local{User: in.user, Secrets: slices.Sorted(maps.Keys(in.Secrets.All()))}
	}
	name := f.Base()
	if f.Name == "-" {
		name = "crontab"
	}
	imported, old := importer.Word(name+".imported"), importer.Word(name+".old")
	if off := in.off(); len(off) > 0 {
		undo, kept := "batchplane import crontab "+imported+" --undo --job ", importer.Word(name+".kept")
		in.Steps.Switch("# "+imported+" also comments out the lines of jobs that came over switched off, and nothing would run in their place: first decide on them and switch them on in the jobs file",
			"# one line alone comes back with: "+undo+"NAME")
		in.Steps.Switch("# or keep their lines, and put "+kept+" in place of "+imported+" below: "+undo+strings.Join(off, ",")+" -o "+kept,
			"# one line alone comes back with: "+undo+"NAME")
	}
	place := in.place(f)
	if place == unknownPlace {
		in.Steps.Switch("# "+unknownPlace+" is where the system reads this crontab, such as /etc/cron.d/NAME", "# "+unknownPlace+" as above")
	}
	// A crontab may hold secrets. cp keeps owner and mode of a file that is there, and crontab's own are
	// for their user alone.
	if place != "" {
		in.Steps.Switch("sudo cp -p "+place+" "+old+" && sudo cp "+imported+" "+place, "sudo cp "+old+" "+place)
		return
	}
	in.Steps.Switch("(umask 077; crontab -l > "+old+") && crontab "+imported, "crontab "+old)
}

// off names the jobs that came over switched off.
func (in *importing) off() (names []string) {
	for _, j := range in.Jobs {
		if j.Disabled {
			names = append(names, j.Name)
		}
	}
	return names
}

// unknownPlace stands in the steps for a system crontab whose name is not a path below /etc.
const unknownPlace = "PLACE"

// place gives where the system reads the file, or "" for a user's crontab.
func (in *importing) place(f *importer.File) string {
	if strings.HasPrefix(f.Name, "/etc/") {
		return importer.Word(f.Name)
	}
	for number := range in.dot {
		if in.lines[number].User != "" {
			return unknownPlace
		}
	}
	return ""
}
