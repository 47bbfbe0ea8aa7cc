package cli

import (
	"context"
	"fmt"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
)

// ownHealth says what is wrong with the control plane itself, and which of the jobs it knows and does
// not start. What the caller may not read is not checked.
func (a *app) ownHealth(ctx context.Context, p *plane.Plane, jobs []job.Job) (out []doctor.Finding) {
	unseen := func(why string) {
		out = append(out, doctor.Finding{Subject: doctor.Subject{Kind: doctor.Plane, Name: a.stack}, Verdict: doctor.Unknown, Why: why})
	}
	st, unread := p.Status(ctx)
	if unread != nil {
		unseen("its state cannot be read: " + p.Explained(unread).Error())
	}
	out = append(out, doctor.Health(p.Stack, st.Wrong, a.command("status"))...)
	if pause, ok := st.Paused[job.All]; ok {
		out = append(out, doctor.Finding{
			Subject: doctor.Subject{Kind: doctor.Plane, Name: a.stack}, Verdict: doctor.Wrong, Why: "all jobs are paused, " + a.pauseText(pause), Mend: a.command("resume") + " --all", Passing: true,
		})
	}
	for _, u := range st.Unseen {
		unseen("not seen: " + u)
	}
	now, err := a.standing(ctx, p, st)
	if err != nil && unread == nil {
		unseen("how its jobs are cannot be read: " + p.Explained(err).Error())
	}
	return append(out, doctor.NotStarted(jobs, now, a.command("resume"))...)
}

// warnDown tells a person to whom something is shown that changes, as what runs or comes next, that the control
// plane does not work. That it cannot be told is left to status.
func (a *app) warnDown(ctx context.Context, p *plane.Plane, changes bool) {
	if a.json || !changes {
		return
	}
	wrong, old, _ := p.Pulse(ctx)
	for _, w := range wrong {
		if old {
			w += "; what is shown may be old"
		}
		_, _ = fmt.Fprintln(a.Stderr, w)
	}
}

// standing returns how the deployed jobs are.
func (a *app) standing(ctx context.Context, p *plane.Plane, st plane.Status) (map[string]doctor.Standing, error) {
	out := map[string]doctor.Standing{}
	for name := range st.Gone {
		out[name] = doctor.Standing{Gone: true}
	}
	deployed, err := p.Jobs(ctx, plane.JobFilter{Brief: true})
	for _, s := range deployed {
		of := doctor.Standing{Disabled: s.Disabled}
		switch {
		case s.SwitchedOff:
			of.Given = "somebody switched its deployed schedule off"
		case s.Ended != nil:
			of.Given = "somebody gave its deployed schedule an end, which has come: " + a.at(*s.Ended)
		case s.Awaits != nil:
			of.Given = "somebody gave its deployed schedule a start, until which nothing starts it: " + a.at(*s.Awaits)
		}
		if pause, ok := st.Paused[s.Job]; ok {
			of.Paused = "it is paused, " + a.pauseText(pause)
		}
		out[s.Job] = of
	}
	return out, err
}
