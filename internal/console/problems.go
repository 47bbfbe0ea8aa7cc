package console

import (
	"net/http"
	"slices"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
)

// problems is how the control plane itself stands.
type problems struct {
	Frame
	Status plane.Status
	Lanes  []laneLag
	Pauses []plane.Pause
	// Kept are inputs that could not be used, the newest first.
	Kept []control.Kept
	// Checks is where what jobs need is looked at, "" where there is nothing to ask.
	// Findings are what was found when it was: what is wrong, and what nobody could
	// tell; Fine is how many others are as they must be.
	Checks   string
	Checked  bool
	Findings []doctor.Finding
	Fine     int
}

// keptAtMost is how many kept inputs the page lists.
const keptAtMost = 20

type laneLag struct {
	Lane run.Lane
	Lag  string
}

// problemsChecked is the page with what doctor finds of the deployed jobs. It is a
// page of its own: the account is asked dozens of questions.
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
	for _, f := range findings {
		if f.Verdict == doctor.Good {
			p.Fine++
			continue
		}
		p.Findings = append(p.Findings, f)
	}
	return out, nil
}

func (s *Server) problems(r *http.Request, q Query) (rendered, error) {
	p := &problems{Frame: s.frame(r, q, "problems", "Problems")}
	var err error
	if p.Status, err = remember(r.Context(), s.memo, "status", s.cfg.Plane.Status); err != nil {
		return rendered{}, err
	}
	if p.Pauses, err = remember(r.Context(), s.memo, "pauses", s.cfg.Plane.Pauses); err != nil {
		return rendered{}, err
	}
	if p.Kept, err = s.cfg.Plane.Kept(r.Context(), keptAtMost); err != nil {
		p.Unread = append(p.Unread, "inputs that could not be used: "+s.explain(err).Error())
	}
	if s.cfg.Plane.Account != nil {
		p.Checks = p.Href("/problems/check")
	}
	p.Attention = len(p.Status.Wrong)
	for lane, ms := range p.Status.LagMs {
		lag := "nothing is due"
		if ms > 0 {
			lag = "the oldest due run waits for " + tookOf(&ms)
		}
		p.Lanes = append(p.Lanes, laneLag{lane, lag})
	}
	slices.SortFunc(p.Lanes, func(a, b laneLag) int { return len(a.Lane) - len(b.Lane) })
	if q.Zone == ZoneJob {
		err = s.zones(r, &p.Frame)
	}
	return rendered{name: "problems", data: p}, err
}
