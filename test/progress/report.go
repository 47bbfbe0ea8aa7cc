package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// event is a line of `go test -json` (go doc test2json).
type event struct {
	Time       time.Time
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string
}

// report is what is known of the running packages.
type report struct {
	out      io.Writer
	packages map[string]*testedPackage
	ok       int
	failed   int
	untested int
}

// testedPackage is a package that has begun.
type testedPackage struct {
	began time.Time
	// open holds since when each test has been running. output holds what each test printed; ""
	// is the package itself.
	open   map[string]time.Time
	output map[string][]string
	failed []string
}

func newReport(out io.Writer) *report {
	return &report{out: out, packages: map[string]*testedPackage{}}
}

// say prints. An error is ignored: if nobody can read, nothing else helps.
func (r *report) say(format string, args ...any) { _, _ = fmt.Fprintf(r.out, format, args...) }

// line handles one line. It prints a line that is not an event, such as a panic of the go
// command, as it is.
func (r *report) line(line []byte) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil || e.Action == "" {
		r.say("%s\n", line)
		return
	}
	if e.ImportPath != "" { // of the build, which is reported only if it fails
		r.say("%s", e.Output)
		return
	}
	p := r.packages[e.Package]
	if p == nil {
		p = &testedPackage{began: e.Time, open: map[string]time.Time{}, output: map[string][]string{}}
		r.packages[e.Package] = p
	}
	r.event(p, e)
}

func (r *report) event(p *testedPackage, e event) {
	switch e.Action {
	case "run", "cont":
		p.open[e.Test] = e.Time
	case "pause":
		delete(p.open, e.Test)
	case "output":
		p.output[e.Test] = append(p.output[e.Test], e.Output)
	case "pass", "skip", "fail":
		if e.Test == "" {
			r.end(p, e)
			return
		}
		delete(p.open, e.Test)
		if e.Action == "fail" {
			p.failed = append(p.failed, e.Test)
		} else {
			delete(p.output, e.Test)
		}
	}
}

// end prints how a package ended.
func (r *report) end(p *testedPackage, e event) {
	delete(r.packages, e.Package)
	switch e.Action {
	case "pass":
		r.ok++
	case "skip":
		r.untested++
		return
	case "fail":
		r.failed++
		for t := range p.open { // cut off, for instance by a panic
			p.failed = append(p.failed, t)
		}
		slices.Sort(p.failed)
		for _, t := range slices.Compact(p.failed) {
			r.print(p.output[t])
		}
	}
	r.print(lastOf(p.output[""], e.Action))
}

// lastOf drops all but the last line of the output of a package that passed.
func lastOf(output []string, action string) []string {
	if action == "pass" && len(output) > 1 {
		return output[len(output)-1:]
	}
	return output
}

func (r *report) print(output []string) {
	for _, o := range output {
		if t := strings.TrimSpace(o); strings.HasPrefix(t, "=== ") || t == "PASS" {
			continue
		}
		r.say("%s", o)
	}
}

// longest is the number of tests per package that a report of what is running names.
const longest = 2

// running says of each package that has been running for at least a report's time what it is
// doing.
func (r *report) running(now time.Time) {
	var names []string
	for name, p := range r.packages {
		if now.Sub(p.began) >= every && len(p.open) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		p := r.packages[name]
		tests, more := p.working(), ""
		if len(tests) > longest {
			more = fmt.Sprintf(" and %d more", len(tests)-longest)
			tests = tests[:longest]
		}
		r.say("...\t%s has run for %s: %s%s\n", name, now.Sub(p.began).Round(time.Second), strings.Join(tests, ", "), more)
	}
}

// working returns the running tests, longest first, without those that only wait for their
// subtests.
func (p *testedPackage) working() []string {
	var tests []string
	for t := range p.open {
		waits := false
		for o := range p.open {
			waits = waits || strings.HasPrefix(o, t+"/")
		}
		if !waits {
			tests = append(tests, t)
		}
	}
	slices.SortFunc(tests, func(a, b string) int { return cmp.Or(p.open[a].Compare(p.open[b]), cmp.Compare(a, b)) })
	return tests
}

// close prints the sum. A package that never ended has failed.
func (r *report) close() (ok bool) {
	for name, p := range r.packages {
		r.failed++
		r.say("FAIL\t%s did not end\n", name)
		for t := range p.open {
			r.print(p.output[t])
		}
		r.print(p.output[""])
	}
	words := "PASS"
	if r.failed > 0 || r.ok == 0 {
		words = "FAIL"
	}
	r.say("test: %d packages ok, %d failed, %d without tests: %s\n", r.ok, r.failed, r.untested, words)
	return words == "PASS"
}
