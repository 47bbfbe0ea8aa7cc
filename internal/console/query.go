package console

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Query is everything that a page's address says about what it shows, so that everyone who opens
// the address sees the same. Zero fields mean the page's default.
type Query struct {
	// Zone is "" for the viewer's zone, ZoneJob, or an IANA name.
	Zone string
	// Span is how far a timeline reaches on both sides of At. A zero At means now.
	Span time.Duration
	At   time.Time
	// Jobs holds names or patterns. Owner, Statuses, Cause and ByHand select like the flags of
	// `history`. Class keeps the rows of a timeline that have something of that class.
	Jobs           []string
	Owner, Cluster string
	Class          string
	Statuses       []run.Status
	Since, Until   string
	Cause          string
	ByHand         bool
	// Before is where a page of history continues. Page is the number of a page of rows.
	Before run.ID
	Page   int
	// Attempt is the attempt whose output a run's page shows; 0 means the newest.
	Attempt int
}

// ZoneJob means to show each time in the zone of its job.
const ZoneJob = "job"

// spans says how far timelines can reach, with the words used in addresses.
var spans = []struct {
	Word string
	Span time.Duration
}{{"3h", 3 * time.Hour}, {"24h", 24 * time.Hour}, {"7d", 7 * 24 * time.Hour}}

// defaultSpan is a timeline's span if the address gives none.
const defaultSpan = 24 * time.Hour

// longestText is the maximum length of one text of an address.
const longestText = 200

// mostOfList is the maximum number of values of one parameter.
const mostOfList = 100

// ParseQuery reads an address's query. An error is a sentence for people.
func ParseQuery(v url.Values) (Query, error) {
	r := reader{values: v}
	q := Query{
		Zone: r.text("zone", zoneName), Span: r.span(), At: r.time("at"), Jobs: r.list("job", jobPattern),
		Owner: r.text("owner", anything), Cluster: r.text("cluster", anything), Class: r.text("class", class),
		Since: r.text("since", anything), Until: r.text("until", anything), Cause: r.text("cause", anything),
		ByHand: r.text("hand", yes) != "", Before: run.ID(r.text("before", runID)), Page: r.number("page"), Attempt: r.number("attempt"),
	}
	for _, s := range r.list("status", status) {
		q.Statuses = append(q.Statuses, run.Status(s))
	}
	return q, r.err
}

// Values returns the query in the form that ParseQuery reads.
func (q Query) Values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("zone", q.Zone)
	for _, s := range spans {
		if s.Span == q.Span {
			set("span", s.Word)
		}
	}
	if !q.At.IsZero() {
		set("at", q.At.UTC().Format(time.RFC3339))
	}
	set("job", strings.Join(q.Jobs, ","))
	set("owner", q.Owner)
	set("cluster", q.Cluster)
	set("class", q.Class)
	words := make([]string, len(q.Statuses))
	for i, s := range q.Statuses {
		words[i] = string(s)
	}
	set("status", strings.Join(words, ","))
	set("since", q.Since)
	set("until", q.Until)
	set("cause", q.Cause)
	if q.ByHand {
		set("hand", "yes")
	}
	set("before", string(q.Before))
	if q.Page > 0 {
		set("page", strconv.Itoa(q.Page))
	}
	if q.Attempt > 0 {
		set("attempt", strconv.Itoa(q.Attempt))
	}
	return v
}

// Fixed returns the query with times that mean the same to everyone who opens its address.
// If the address names no zone, since and until without a zone of their own are taken as times
// in zone, the viewer's, and become UTC. Durations stay. changed reports whether there were
// such times.
func (q Query) Fixed(zone *time.Location) (fixed Query, changed bool) {
	if q.Zone != "" && q.Zone != ZoneJob {
		return q, false
	}
	for _, text := range []*string{&q.Since, &q.Until} {
		at, ok := plane.ParseTime(*text, zone)
		utc, _ := plane.ParseTime(*text, time.UTC)
		if east, _ := plane.ParseTime(*text, time.FixedZone("", 3600)); !ok || east.Equal(utc) { // it has a zone of its own
			continue
		}
		*text, changed = at.UTC().Format("2006-01-02T15:04Z"), true
	}
	return q, changed
}

// Narrow reports whether the query leaves out something that the page would otherwise show.
func (q Query) Narrow() bool {
	return len(q.Jobs)+len(q.Statuses) > 0 || q.Owner+q.Cluster+q.Class+q.Since+q.Until+q.Cause != "" || q.ByHand
}

// reader reads values. Its error is about the first that is wrong.
type reader struct {
	values url.Values
	err    error
}

func (r *reader) wrong(name string, err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("the address says %s=%.60q: %w", name, r.values.Get(name), err)
	}
}

func (r *reader) text(name string, check func(string) error) string {
	s := strings.TrimSpace(r.values.Get(name))
	if s == "" {
		return ""
	}
	err := check(s)
	if len(s) > longestText {
		err = fmt.Errorf("that is longer than %d bytes", longestText)
	}
	r.wrong(name, err)
	if err != nil {
		return ""
	}
	return s
}

// list reads a parameter that may occur several times and have several values.
func (r *reader) list(name string, check func(string) error) (out []string) {
	for _, text := range r.values[name] {
		for _, s := range strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ' ' }) {
			if err := check(s); err != nil {
				r.wrong(name, err)
				continue
			}
			if slices.Contains(out, s) {
				continue
			}
			if len(out) == mostOfList {
				r.wrong(name, fmt.Errorf("those are more than %d; report-* matches all that begin with report-", mostOfList))
				return out
			}
			out = append(out, s)
		}
	}
	return out
}

func (r *reader) span() time.Duration {
	word := r.values.Get("span")
	for _, s := range spans {
		if s.Word == word {
			return s.Span
		}
	}
	if word != "" {
		r.wrong("span", errors.New("a span is 3h, 24h or 7d"))
	}
	return 0
}

func (r *reader) time(name string) time.Time {
	s := r.values.Get(name)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err == nil && (t.Year() < 2000 || t.Year() > 2200) {
		err = errors.New("no run is that far away")
	}
	r.wrong(name, err)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func (r *reader) number(name string) int {
	s := r.values.Get(name)
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1_000_000 {
		r.wrong(name, errors.New("that is not a number from 0 to 1000000"))
		return 0
	}
	return n
}

func anything(string) error { return nil }

func zoneName(s string) error {
	if s == ZoneJob {
		return nil
	}
	_, err := cron.LoadZone(s)
	return err
}

func jobPattern(s string) error {
	if !job.ValidName(strings.ReplaceAll(s, "*", "x")) {
		return errors.New("that cannot name a job; report-* matches all that begin with report-")
	}
	return nil
}

func class(s string) error {
	for c := view.ClassFailed; c <= view.ClassPlanned; c++ {
		if c.String() == s {
			return nil
		}
	}
	return errors.New("there is nothing of that kind")
}

func status(s string) error {
	if !run.Status(s).Valid() {
		return fmt.Errorf("a status is one of %v", run.Statuses)
	}
	return nil
}

func yes(s string) error {
	if s != "yes" {
		return errors.New("write yes, or leave it out")
	}
	return nil
}

func runID(s string) error {
	_, err := run.ParseID(s)
	return err
}
