package console

import (
	"maps"
	"net/http"
	"slices"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// problems shows how the control plane itself is doing.
type problems struct {
	Frame
	Status plane.Status
	Lanes  []laneLag
	// HeldUp lists the runs that have waited longest to be launched. MoreHeldUp is how many
	// others have waited too long.
	HeldUp     []plane.HeldUp
	MoreHeldUp int
	// Kept lists inputs that could not be used, newest first.
	Kept []port.Kept
	// Checks is the address of the page that checks what jobs need, or "" if there is nothing to
	// ask. After a check, Findings lists what is wrong and Unseen what nobody could tell, by
	// reason. Fine is how many other things are as they must be.
	Checks   string
	Checked  bool
	Findings []doctor.Finding
	Unseen   []unseen
	Fine     int
}

// unseen lists things that were not checked for one reason, in words such as "2 roles".
type unseen struct {
	Why    string
	Things []string
}

// unseenOf groups what was not checked: a person with few permissions may have a hundred such
// things and one reason.
func unseenOf(findings []doctor.Finding) (out []unseen) {
	counts := map[string]map[doctor.Kind]int{}
	var order []string
	for _, f := range findings {
		if counts[f.Why] == nil {
			counts[f.Why] = map[doctor.Kind]int{}
			order = append(order, f.Why)
		}
		counts[f.Why][f.Kind]++
	}
	for _, why := range order {
		u := unseen{Why: why}
		for _, kind := range slices.Sorted(maps.Keys(counts[why])) {
			u.Things = append(u.Things, job.Counted(counts[why][kind], string(kind)))
		}
		out = append(out, u)
	}
	return out
}

// How many kept inputs, and how many held-up runs, the page lists.
const (
	keptAtMost   = 20
	heldUpAtMost = 5
)

// keptWords says how many inputs are kept, as far as they were read.
func keptWords(kept []port.Kept) string {
	words := job.Counted(len(kept), "input")
	if len(kept) == keptAtMost {
		words += " or more"
	}
	return words
}

type laneLag struct {
	Lane run.Lane
	Lag  string
}

// problemsChecked is the page with what doctor finds about the deployed jobs. It is a separate
// page because it asks the account dozens of questions.
func (s *Server) problemsChecked(r *http.Request, q Query) (rendered, error) {
	out, err := s.problems(r, q)
	p, ok := out.data.(*problems)
	if err != nil || !ok {
		return out, err
	}
	findings, err := remember(r.Context(), s.plans, "doctor", s.cfg.Plane.Doctor)
	if err != nil {
		return rendered{}, err
	}
	p.Checked, p.Events = true, ""
	var unknown []doctor.Finding
	for _, f := range findings {
		switch f.Verdict {
		case doctor.Good:
			p.Fine++
		case doctor.Unknown:
			unknown = append(unknown, f)
		default:
			p.Findings = append(p.Findings, f)
		}
	}
	p.Unseen = unseenOf(unknown)
	return out, nil
}

func (s *Server) problems(r *http.Request, q Query) (rendered, error) {
	p := &problems{Frame: s.frame(r, q, "problems", "Control plane")}
	var err error
	if p.Status, err = remember(r.Context(), s.memo, "status", s.cfg.Plane.Status); err != nil {
		return rendered{}, err
	}
	if p.Kept, err = s.cfg.Plane.Kept(r.Context(), keptAtMost); err != nil {
		p.Unread = append(p.Unread, "inputs that could not be used: "+s.cfg.Plane.Explained(err).Error())
	}
	if s.cfg.Plane.Account != nil {
		p.Checks = p.Href("/problems/check")
	}
	p.Attention = len(p.Status.Wrong)
	p.HeldUp = p.Status.HeldUp[:min(len(p.Status.HeldUp), heldUpAtMost)]
	p.MoreHeldUp = len(p.Status.HeldUp) - len(p.HeldUp)
	for _, lane := range []run.Lane{run.LookLane, run.LaunchLane} {
		lag := "nothing is due"
		if ms := p.Status.LagMs[lane]; ms > 0 {
			lag = "the oldest due run has waited for " + tookOf(&ms)
		}
		p.Lanes = append(p.Lanes, laneLag{lane, lag})
	}
	if q.Zone == ZoneJob {
		err = s.zones(r, &p.Frame)
	}
	return rendered{name: "problems", data: p}, err
}
