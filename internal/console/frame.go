package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
)

// Frame is what every page has. Templates call its methods as `$`.
type Frame struct {
	Title string
	// Nav is the page's name in the navigation.
	Nav string
	// Path and Query are the page's address.
	Path  string
	Query Query
	Stack string
	// Standby means that the stack launches nothing.
	Standby bool
	// Down says what is wrong with the control plane, on pages that are not about it; Old, that what they show
	// may be old for that reason.
	Down []string
	Old  bool
	// Others are the pages of other stacks.
	Others []Other
	// Now is when the page was made; ago and in count from it.
	Now time.Time
	// Attention is how many things need attention, or -1 if that is not known.
	Attention int
	// ReadOnly says why nothing may be asked for, or is "" if requests are allowed.
	ReadOnly string
	Token    string
	// Unread says what could not be read. A list that is missing for that reason is not empty.
	Unread []string
	// Events is the address of the stream that reports changes, or "" for a page that does not
	// change.
	Events string

	zone     *time.Location
	zoneName string
	yours    string
	zones    map[string]*time.Location
	command  func(string) string
}

// frame returns the frame of a requested page.
func (s *Server) frame(r *http.Request, q Query, nav, title string) Frame {
	f := Frame{
		Title: title, Nav: nav, Path: r.URL.Path, Query: q, Stack: s.cfg.Plane.Name, Standby: s.cfg.Plane.Stack.Standby, Others: s.cfg.Others, Now: s.cfg.Now(), Attention: -1,
		ReadOnly: s.readOnly(r.Context()), Token: tokenOf(r), Events: "/events",
		zone: s.cfg.Zone, zoneName: s.cfg.ZoneName, yours: s.cfg.ZoneName, zones: map[string]*time.Location{}, command: s.cfg.Command,
	}
	if q.Zone != "" && q.Zone != ZoneJob {
		f.zone, f.zoneName = plane.Zone(q.Zone), q.Zone
	}
	if nav != "overview" && nav != "problems" {
		var err error
		if f.Down, f.Old, err = s.cfg.Plane.Pulse(r.Context()); err != nil {
			f.Unread = append(f.Unread, "the state of the control plane: "+s.cfg.Plane.Explained(err).Error())
		}
	}
	return f
}

// CanAct reports whether requests for changes are allowed.
func (f *Frame) CanAct() bool { return f.ReadOnly == "" }

// JobZone notes a job's zone, for showing times in the zones of jobs.
func (f *Frame) JobZone(job, zone string) { f.zones[job] = plane.Zone(zone) }

// ZoneName names the zone of the page's times.
func (f *Frame) ZoneName() string {
	if f.Query.Zone == ZoneJob {
		return "each job's own zone"
	}
	return f.zoneName
}

// OwnZone names the zone for times about no job, or about several.
func (f *Frame) OwnZone() string { return f.zoneName }

// Zones returns the zones that the page offers.
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

// Href returns an address in the same zone. pairs are the names and values of parameters.
func (f *Frame) Href(path string, pairs ...string) string {
	v := url.Values{}
	if f.Query.Zone != "" {
		v.Set("zone", f.Query.Zone)
	}
	return address(path, v, pairs)
}

// Same returns this page's own address with other parameters; "" removes one.
func (f *Frame) Same(pairs ...string) string { return address(f.Path, f.Query.Values(), pairs) }

// Rest returns the address's parameters except for those that a form sets itself.
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

// unread says which runs the page leaves out because they cannot be read.
func (f *Frame) unread(ids []run.ID) {
	show := "batchplane show --stack " + f.Stack
	if f.command != nil { // a widget has none
		show = f.command("show")
	}
	if len(ids) > 0 {
		f.Unread = append(f.Unread, plane.UnreadWords(ids, show))
	}
}

// Command returns a subcommand as a person types it.
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

// zoneOf returns the zone of times about a job, or about all jobs.
func (f *Frame) zoneOf(about []string) *time.Location {
	if f.Query.Zone == ZoneJob && len(about) > 0 {
		name, _, _ := strings.Cut(about[0], "/")
		if name == job.All {
			return f.zone
		}
		if z := f.zones[name]; z != nil {
			return z
		}
		return time.UTC
	}
	return f.zone
}
