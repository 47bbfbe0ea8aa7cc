package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/plane"
)

// Frame is what every page has: templates call its methods as `$`.
type Frame struct {
	Title string
	// Nav is the page's name in the navigation.
	Nav string
	// Path and Query are the page's address.
	Path  string
	Query Query
	Stack string
	// Standby is whether the stack launches nothing.
	Standby bool
	// Others are the pages of other stacks.
	Others []Other
	// Now is when the page was made; ago and in are told from there.
	Now time.Time
	// Attention is how many things need somebody, -1 where that is not known.
	Attention int
	// ReadOnly says why nothing may be asked for, "" where it may.
	ReadOnly string
	Token    string
	// Unread says what could not be read. What is missing is not empty.
	Unread []string
	// Events is the stream that says what has changed, "" for a page that stays.
	Events string

	zone     *time.Location
	zoneName string
	yours    string
	zones    map[string]*time.Location
	command  func(string) string
}

// frame is the frame of a page that a request asks for.
func (s *Server) frame(r *http.Request, q Query, nav, title string) Frame {
	f := Frame{
		Title: title, Nav: nav, Path: r.URL.Path, Query: q, Stack: s.cfg.Plane.Name, Standby: s.cfg.Plane.Stack.Standby, Others: s.cfg.Others, Now: s.cfg.Now(), Attention: -1,
		ReadOnly: s.readOnly(r.Context()), Token: tokenOf(r), Events: "/events",
		zone: s.cfg.Zone, zoneName: s.cfg.ZoneName, yours: s.cfg.ZoneName, zones: map[string]*time.Location{}, command: s.cfg.Command,
	}
	if q.Zone != "" && q.Zone != ZoneJob {
		f.zone, f.zoneName = plane.Zone(q.Zone), q.Zone
	}
	return f
}

// CanAct is whether something may be asked for.
func (f *Frame) CanAct() bool { return f.ReadOnly == "" }

// JobZone notes a job's zone, for the view of times in the zones of jobs.
func (f *Frame) JobZone(job, zone string) { f.zones[job] = plane.Zone(zone) }

// ZoneName names the zone of the page's times.
func (f *Frame) ZoneName() string {
	if f.Query.Zone == ZoneJob {
		return "each job's own zone"
	}
	return f.zoneName
}

// OwnZone names the zone of what is about no job, or about several.
func (f *Frame) OwnZone() string { return f.zoneName }

// Zones are the zones that the page offers.
func (f *Frame) Zones() []Choice {
	seen := map[string]bool{}
	var out []Choice
	add := func(value, words string) {
		if !seen[value] {
			seen[value] = true
			out = append(out, Choice{Value: value, Words: words, Chosen: f.Query.Zone == value})
		}
	}
	add("", fmt.Sprintf("yours (%s)", f.yours))
	add(ZoneJob, "each job's")
	add("UTC", "UTC")
	if f.Query.Zone != "" {
		add(f.Query.Zone, f.Query.Zone)
	}
	return out
}

// Choice is one of several.
type Choice struct {
	Value, Words string
	Chosen       bool
}

// Href is an address in the same zone, with parameters as pairs of name and value.
func (f *Frame) Href(path string, pairs ...string) string {
	v := url.Values{}
	if f.Query.Zone != "" {
		v.Set("zone", f.Query.Zone)
	}
	return address(path, v, pairs)
}

// Same is this page's own address with other parameters; "" takes one away.
func (f *Frame) Same(pairs ...string) string { return address(f.Path, f.Query.Values(), pairs) }

// Rest are the address's parameters but for those that a form sets itself.
func (f *Frame) Rest(without ...string) []Choice {
	v := f.Query.Values()
	for _, name := range without {
		v.Del(name)
	}
	var out []Choice
	for _, name := range []string{"zone", "span", "at", "job", "owner", "cluster", "class", "status", "since", "until", "cause", "hand", "attempt"} {
		if v.Has(name) {
			out = append(out, Choice{Value: v.Get(name), Words: name})
		}
	}
	return out
}

// Command is a subcommand as a person types it.
func (f *Frame) Command(sub string) string { return f.command(sub) }

func address(path string, v url.Values, pairs []string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			v.Del(pairs[i])
		} else {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// zoneOf is the zone of times about a job.
func (f *Frame) zoneOf(job []string) *time.Location {
	if f.Query.Zone == ZoneJob && len(job) > 0 {
		name, _, _ := strings.Cut(job[0], "/")
		if z := f.zones[name]; z != nil {
			return z
		}
		return time.UTC
	}
	return f.zone
}
