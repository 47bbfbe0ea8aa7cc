// Package house holds the rules of the house as a test: which room may import which, what the
// pure rooms may not touch, and how large things may be.
package house

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// module is the import path of this project.
const module = "github.com/batchplane/batchplane"

// pkg is one package as the rules see it.
type pkg struct {
	path    string
	std     bool
	imports []string
	goFiles []string
	dir     string
}

// room says which of our packages a room may import. Its sub-rooms need a line of their own.
type room struct {
	left []string
	// pure rooms decide: standard library only, no clock, no I/O.
	pure bool
	// plain rooms use the standard library, except databases, and rooms to their left. Those are
	// pure or plain too, so nothing comes in through them.
	plain bool
}

// lazyRoom compiles regular expressions when they are first used.
const lazyRoom = "internal/lazyregexp"

// Groups of rooms that others may import.
var (
	deciding = []string{"stop", "job", "cron", "timetable", "run", "notice", "ecsevent"}
	// meeting is what handlers, adapters and people's tools share.
	meeting = append(slices.Clone(deciding), "panics", "port")
	// seeing is what people's tools know of a control plane.
	seeing = append(slices.Clone(meeting), "view", "entry", "plane", "render", "jobdiff", "apply", "doctor")
	wiring = append(slices.Clone(seeing), "control", "job/jobfile", "adapter/*", "signed", "local", "localecs", "localecs/*", "console")
	asking = append(slices.Clone(seeing), "cron/crontab", "importer", "importer/*", "preview", "jobdiff", "render", "job/jobfile", "yamlkeys", "wire", "local", "console", "localecs", "localecs/*")
)

// rooms is the whole house: a room that is not listed may not exist.
var rooms = map[string]room{
	"internal/stop":      {pure: true},
	"internal/ecsevent":  {pure: true, left: []string{"stop"}},
	"internal/job":       {pure: true, left: []string{"stop"}},
	"internal/cron":      {pure: true, left: []string{"stop"}},
	"internal/cron/*":    {pure: true, left: []string{"cron"}},
	"internal/timetable": {pure: true, left: []string{"job", "cron"}},
	"internal/run":       {pure: true, left: []string{"stop", "job", "cron"}},
	"internal/notice":    {pure: true, left: []string{"stop", "job", "cron", "run"}},

	"internal/apply":   {pure: true, left: []string{"job", "cron", "timetable", "render", "jobdiff"}},
	"internal/doctor":  {pure: true, left: []string{"job"}},
	"internal/view":    {pure: true, left: []string{"stop", "job", "cron", "timetable", "run", "notice"}},
	"internal/cost":    {pure: true},
	"internal/preview": {pure: true, left: []string{"job", "cron", "timetable", "cost"}},
	"internal/jobdiff": {pure: true, left: []string{"job", "cron", "timetable"}},
	"internal/render":  {pure: true, left: []string{"job", "cron", "timetable"}},
	// What all readers of other schedulers' files share. The libraries that read shells and YAML
	// stay in rooms of their own.
	"internal/importer":       {pure: true, left: []string{"job", "cron", "importer/shell", "importer/doc"}},
	"internal/importer/shell": {},
	"internal/importer/doc":   {left: []string{"yamlkeys"}},
	"internal/importer/kinds": {pure: true, left: []string{"importer", "importer/*", "cron/crontab"}},
	// The readers, which do not know each other.
	"internal/importer/*": {pure: true, left: []string{"job", "cron", "cron/crontab", "importer", "importer/shell", "importer/doc", "importer/foreign", "importer/ecs"}},

	// Reading jobs.yaml needs a library, so it lives at the edge of job.
	"internal/job/jobfile": {left: []string{"stop", "job", "cron", "timetable", "yamlkeys"}},
	// What all readers of YAML count before its library parses.
	"internal/yamlkeys": {},

	"internal/panics": {pure: true},
	// Every room may use it.
	lazyRoom: {pure: true},

	// The edge of the control plane: requests, ports and records.
	"internal/port":      {plain: true, left: deciding},
	"internal/control":   {plain: true, left: meeting},
	"internal/storetest": {plain: true, left: meeting},

	// Adapters know port and plane, and neither the handlers nor each other.
	"internal/adapter/*": {left: append(slices.Clone(seeing), "signed")},

	// What adapters send without a module of the SDK.
	"internal/signed": {},
	// What compares that with the services' models.
	"internal/signed/signedtest": {},

	// A store's own test server.
	"internal/adapter/dynamo/dynamotest": {left: append(slices.Clone(meeting), "adapter/dynamo")},

	// The stand-in is ECS: it knows nothing about its callers.
	"internal/localecs":   {left: []string{"localecs/*"}},
	"internal/localecs/*": {},

	"internal/console": {left: append(slices.Clone(seeing), "preview")},
	// Only wire knows both the handlers and the adapters.
	"internal/wire": {left: wiring},
	// The functions of the stack: each room links only what its function calls.
	"internal/wire/*": {left: append(slices.Clone(wiring), "wire/*")},
	// The local mode calls the handlers.
	"internal/local": {left: append(slices.Clone(seeing), "control", "job/jobfile", "localecs", "localecs/*", "console")},
	"internal/cli":   {left: asking},
	// What the trigger function is called with.
	"internal/entry": {plain: true, left: meeting},
	// A control plane as people's tools see it, wherever it runs.
	"internal/plane": {plain: true, left: append(slices.Clone(meeting), "view", "entry", "render", "jobdiff", "apply", "doctor")},
	"functions/*":    {left: append(slices.Clone(asking), "cli", "wire/*")},
	"cmd/*":          {left: append(slices.Clone(asking), "cli")},
}

// isTestRoom reports whether a room is a test: stories may import whatever they prove.
func isTestRoom(name string) bool { return name == "test" || strings.HasPrefix(name, "test/") }

// never lists the parts of the standard library that pure rooms do without, each with the reason.
var never = map[string]string{
	"context":      "it waits for nothing, so it has nothing to cancel",
	"log":          "it returns its reasons as data",
	"os":           "it takes its input as arguments",
	"net":          "it talks to nobody",
	"syscall":      "it takes its input as arguments",
	"math/rand":    "a decision is deterministic",
	"crypto/rand":  "a decision is deterministic",
	"database/sql": "it keeps nothing",
}

// check returns every violation of the import rules, sorted.
func check(pkgs []pkg) []string {
	std := make(map[string]bool, len(pkgs))
	for _, p := range pkgs {
		std[p.path] = p.std
	}
	var bad []string
	for _, p := range pkgs {
		name, ours := roomName(p.path)
		if !ours || isTestRoom(name) {
			continue
		}
		r, known := find(rooms, name)
		if !known {
			bad = append(bad, fmt.Sprintf("%s is no room of the house: say in test/house what it may import", name))
			continue
		}
		bad = append(bad, checkOurs(name, r, p)...)
		bad = append(bad, checkOutside(name, r, p, std)...)
	}
	slices.Sort(bad)
	return bad
}

// checkOurs checks which rooms a room imports.
func checkOurs(name string, r room, p pkg) (bad []string) {
	for _, i := range p.imports {
		other, ours := roomName(i)
		if !ours || other == lazyRoom || slices.ContainsFunc(r.left, func(l string) bool { return matches("internal/"+l, other) }) {
			continue
		}
		bad = append(bad, fmt.Sprintf("%s imports %s, which is not to its left", name, other))
	}
	return bad
}

// checkOutside checks what a room imports that is not ours.
func checkOutside(name string, r room, p pkg, std map[string]bool) (bad []string) {
	for _, i := range p.imports {
		why, forbidden := forbiddenStd(i)
		_, ours := roomName(i)
		switch {
		case (r.pure || r.plain) && !ours && !std[i]:
			bad = append(bad, fmt.Sprintf("%s imports %s: only the standard library and rooms to its left", name, i))
		case r.pure && forbidden:
			bad = append(bad, fmt.Sprintf("%s is pure and imports %s: %s", name, i, why))
		case r.plain && under(i, "database/sql"):
			bad = append(bad, fmt.Sprintf("%s imports %s: it knows no database", name, i))
		}
	}
	return bad
}

func forbiddenStd(i string) (why string, forbidden bool) {
	for prefix, why := range never {
		if under(i, prefix) {
			return why, true
		}
	}
	return "", false
}

func under(i, prefix string) bool { return i == prefix || strings.HasPrefix(i, prefix+"/") }

// roomName returns a package's path inside the module.
func roomName(importPath string) (name string, ours bool) {
	if importPath == module {
		return "the root", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// find returns the room of that name, or the one whose pattern matches it.
func find(rooms map[string]room, name string) (room, bool) {
	if r, ok := rooms[name]; ok {
		return r, true
	}
	for pattern, r := range rooms {
		if matches(pattern, name) {
			return r, true
		}
	}
	return room{}, false
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}
