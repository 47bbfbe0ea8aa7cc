package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/jobdiff"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// jobList is a page of all jobs.
type jobList struct {
	Frame
	Jobs         []jobLine
	Total, Pages int
}

type jobLine struct {
	view.Summary
	Strip []view.Path
	Words string
	// Broken says that the job's item cannot be read, "" where it can.
	Broken string
}

// jobsAtMost is the largest number of jobs on a page.
const jobsAtMost = 200

// jobsListed holds the jobs of one page, and their number on all pages.
type jobsListed struct {
	summaries []view.Summary
	total     int
}

func (s *Server) jobs(r *http.Request, q Query) (rendered, error) {
	l := &jobList{Frame: s.frame(r, q, "jobs", "Jobs")}
	f := plane.JobFilter{Names: q.Jobs, Owner: q.Owner}
	listed, err := s.jobsListed(r.Context(), f, q.Page)
	if pages := listed.pages(); err == nil && q.Page > pages { // there were more jobs when the address was made
		l.Query.Page = pages
		listed, err = s.jobsListed(r.Context(), f, pages)
	}
	if err != nil {
		return rendered{}, err
	}
	l.Total, l.Pages = listed.total, listed.pages()
	for _, sum := range listed.summaries {
		l.JobZone(sum.Job, sum.Zone)
		l.Jobs = append(l.Jobs, lineOf(sum))
	}
	return rendered{name: "jobs", data: l}, nil
}

func (l jobsListed) pages() int { return (l.total + jobsAtMost - 1) / jobsAtMost }

// jobsListed returns one page of the jobs that a filter selects.
func (s *Server) jobsListed(ctx context.Context, f plane.JobFilter, page int) (jobsListed, error) {
	return remember(ctx, s.memo, fmt.Sprintf("page %d of jobs %#v", page, f), func(ctx context.Context) (out jobsListed, err error) {
		out.summaries, out.total, err = s.cfg.Plane.JobPage(ctx, f, page, jobsAtMost)
		return out, err
	})
}

// lineOf returns a job in one line. Its strip has one path for each class.
func lineOf(s view.Summary) jobLine {
	l := jobLine{Summary: s, Words: "no run so far"}
	paths := map[view.Class]string{}
	for i, r := range s.Runs {
		x := view.Recent - 1 - i
		paths[view.ClassOf(r.State)] += fmt.Sprintf("M%d .5h.8", x)
	}
	for c := view.ClassFailed; c <= view.ClassPlanned; c++ {
		if paths[c] != "" {
			l.Strip = append(l.Strip, view.Path{Class: c, D: paths[c]})
		}
	}
	if s.Unreadable {
		l.Broken = view.UnreadableWords
	}
	switch {
	case s.Judged == 0 && len(s.Runs) > 0:
		l.Words = fmt.Sprintf("none of the last %d succeeded, failed or was missed", len(s.Runs))
	case s.Judged > 0:
		l.Words = fmt.Sprintf("%d of the last %d succeeded", s.Succeeded, s.Judged)
	}
	return l
}

// jobPage is a job explained.
type jobPage struct {
	Frame
	view.Summary
	Line  jobLine
	Slots []slot
	Runs  []view.Row
	// Chart has a bar for each run, and Room is how many there is room for.
	Chart  []shape
	Room   int
	Middle *int64 // the median, in milliseconds
	Most   *int64 // the top of the chart
	// OK and Judged give the rate of success of the chart's runs.
	OK, Judged int
	Failed     bool
	Definition string
	Hash       string
	Former     []former
	Since      time.Time
	Of         job.Job
}

// former is a definition that was replaced, with what changed then, in words.
type former struct {
	job.Former
	Words []string
}

// slot is a future slot. Note says what is special about it.
type slot struct {
	At   time.Time
	Note string
}

// Bounds of a job's page.
const (
	charted    = 200
	listedRuns = 20
	slotsAhead = 10
)

func (s *Server) job(r *http.Request, q Query) (rendered, error) {
	ctx, p, name := r.Context(), s.cfg.Plane, r.PathValue("job")
	if !job.ValidName(name) {
		return rendered{}, port.ErrNotFound
	}
	j := &jobPage{Frame: s.frame(r, q, "jobs", name)}
	item, err := p.Item(ctx, name)
	if err != nil {
		return rendered{}, err
	}
	all, err := p.Item(ctx, job.All)
	if err != nil && !errors.Is(err, port.ErrNotFound) {
		return rendered{}, err
	}
	definition, err := p.Definition(ctx, item.Definition)
	if err != nil && !errors.Is(err, port.ErrNotFound) {
		return rendered{}, err
	}
	newest, err := p.Newest(ctx, []string{name}, charted)
	if err != nil {
		return rendered{}, err
	}
	hashes := make([]string, len(item.Former))
	for i, f := range item.Former {
		hashes[i] = f.Definition
	}
	before, err := p.Definitions(ctx, hashes)
	if err != nil {
		return rendered{}, err
	}
	j.fill(item, all, definition, newest[name])
	j.changes(item, before)
	return rendered{name: "job", data: j}, nil
}

func (j *jobPage) fill(item, all job.Item, definition job.Job, runs []run.Run) {
	j.Summary = view.SummaryOf(item, all, definition, run.Outlines(runs[:min(len(runs), view.Recent)]), j.Now)
	j.Line = lineOf(j.Summary)
	j.JobZone(item.Name, item.Plan.Timezone)
	j.Of, j.Hash, j.Since = definition, item.Definition, item.Since
	j.Slots = slotsOf(item, all, j.Now)
	for _, r := range runs[:min(len(runs), listedRuns)] {
		j.Runs = append(j.Runs, view.RowOf(r, j.Now))
	}
	j.chart(runs)
	if definition.Name != "" {
		b, err := json.MarshalIndent(definition, "", "  ")
		if err == nil {
			j.Definition = string(b)
		}
	}
}

// changes says what changed and when, newest first.
func (j *jobPage) changes(item job.Item, before map[string]job.Job) {
	next, known := j.Of, j.Of.Name != ""
	for _, f := range slices.Backward(item.Former) {
		was, ok := before[f.Definition]
		line := former{Former: f}
		if ok && known {
			for _, c := range jobdiff.Of([]job.Job{was}, []job.Job{next}, f.To) {
				line.Words = append(line.Words, c.Words...)
			}
		}
		j.Former = append(j.Former, line)
		next, known = was, ok
	}
}

// leastRoom is for how many runs the chart has room, so that the bars of a few runs are bars.
const leastRoom = 20

// chart draws how long runs took, oldest first.
func (j *jobPage) chart(runs []run.Run) {
	var took []int64
	for _, r := range runs {
		switch r.Status {
		case run.Succeeded:
			j.OK++
			j.Judged++
		case run.Failed, run.Missed:
			j.Judged++
			j.Failed = j.Failed || r.Status == run.Failed
		}
		if d := r.Duration(); d > 0 {
			took = append(took, d.Milliseconds())
		}
	}
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	most, middle := took[len(took)-1], took[len(took)/2]
	j.Most, j.Middle = &most, &middle
	j.Room = max(len(runs), leastRoom)
	for i, r := range runs {
		row := view.RowOf(r, j.Now)
		h := 100 * float64(r.Duration().Milliseconds()) / float64(most)
		h = math.Round(max(h, 2))
		j.Chart = append(j.Chart, shape{
			X: float64(j.Room-1-i) + 0.1, W: 0.8, Y: 100 - h, H: h, Class: view.ClassOf(row.State), Href: j.Href("/runs/" + string(r.ID)),
			Title: fmt.Sprintf("%s %s %s", j.At(r.ScheduledFor, r.ID.Job()).Text, row.State, tookOf(row.Took())),
		})
	}
}

// slotsOf returns the next slots, with what becomes of them and what the clocks do.
func slotsOf(item, all job.Item, now time.Time) (out []slot) {
	zone := plane.Zone(item.Plan.Timezone)
	for s := range view.SlotsOf(&item, &all, now) {
		var notes []string
		if s.Why != "" {
			notes = append(notes, s.Why)
		}
		if d := lengthOfDay(s.At, zone); d != 24*time.Hour {
			notes = append(notes, fmt.Sprintf("the clocks change on that day in %s: it has %s", zone, Took(d, false)))
		}
		if out = append(out, slot{At: s.At, Note: strings.Join(notes, "; ")}); len(out) == slotsAhead {
			break
		}
	}
	return out
}
