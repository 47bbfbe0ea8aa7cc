package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// current returns a job's item and its newest definition.
func (s *Server) current(ctx context.Context, a *ask) (item job.Item, j job.Job, err error) {
	if item, err = s.cfg.Plane.Item(ctx, a.Job); err != nil {
		return item, j, err
	}
	a.JobZone(a.Job, item.Plan.Timezone)
	j, err = s.cfg.Plane.Definition(ctx, item.Definition)
	if errors.Is(err, port.ErrNotFound) {
		err = nil
	}
	return item, j, err
}

// summary returns a job in one line, without its runs.
func (s *Server) summary(ctx context.Context, a *ask, item job.Item, j job.Job) (view.Summary, error) {
	all, err := s.cfg.Plane.Item(ctx, job.All)
	if err != nil && !errors.Is(err, port.ErrNotFound) {
		return view.Summary{}, err
	}
	return view.SummaryOf(item, all, j, nil, a.Now), nil
}

func prepareRun(ctx context.Context, s *Server, a *ask) error {
	item, j, err := s.current(ctx, a)
	if err != nil {
		return err
	}
	a.Title, a.Button = "Run "+a.Job+" now", "Run it now"
	a.Says = append(a.Says, "A new run of "+a.Job+" is claimed and its task launched with the deployed definition. The schedule goes on as before.")
	if item.Gone {
		a.Warns = append(a.Warns, "The job is no longer deployed: the control plane will refuse.")
	}
	switch sum, err := s.summary(ctx, a, item, j); {
	case err != nil:
		return err
	case sum.PausedAll:
		a.Warns = append(a.Warns, "All jobs are paused "+view.PauseWords(*sum.Paused)+".")
	case sum.Paused != nil:
		a.Warns = append(a.Warns, "The job is paused "+view.PauseWords(*sum.Paused)+".")
	}
	a.Inputs, a.Args = inputsOf(j), j.Args
	holder, err := s.holder(ctx, item, j)
	switch {
	case err != nil:
		return err
	case holder != "" && j.Overlap == job.Queue && item.Waiting == "":
		a.Warns = append(a.Warns, string(holder)+" is open, and the job's runs may not overlap: this one waits for its end.")
	case holder != "":
		a.Warns = append(a.Warns, string(holder)+" is open, and the job's runs may not overlap: the control plane will refuse.")
	}
	return nil
}

// holder returns the open run that lets no other run of its job run beside it, or "" if there is
// none.
func (s *Server) holder(ctx context.Context, item job.Item, j job.Job) (run.ID, error) {
	if !j.Exclusive() || item.Lock == "" {
		return "", nil
	}
	r, err := s.cfg.Plane.Run(ctx, run.ID(item.Lock))
	if errors.Is(err, port.ErrNotFound) || err == nil && r.Status.Terminal() {
		return "", nil
	}
	return r.ID, err
}

func prepareRetry(ctx context.Context, s *Server, a *ask) error {
	r, story, err := s.runOf(ctx, a)
	if err != nil {
		return err
	}
	a.Title, a.Button, a.Attempts = "Retry "+string(r.ID), "Retry it", len(r.Attempts)
	a.Says = append(a.Says, "The same run gets a further attempt, with the newest definition of its job.")
	switch t := story.Retry; t.Safety {
	case run.RetrySafe:
		a.Says = append(a.Says, "A retry is safe: "+t.Why+".")
	case run.RetryEnded:
		a.Warns = append(a.Warns, "Only you know whether its work may be done twice: "+t.Why+".")
	case run.RetryOpen:
		a.Warns = append(a.Warns, "There is nothing to retry: "+t.Why+".")
	case run.RetryDone:
		a.Warns = append(a.Warns, strings.ToUpper(t.Why[:1])+t.Why[1:]+".")
		a.Confirm, a.Reason = a.Job, true
	case run.RetryUnsafe:
		a.Warns = append(a.Warns, "A retry may do work twice: "+t.Why+".")
		a.Confirm, a.Reason = a.Job, true
	}
	item, j, err := s.current(ctx, a)
	if errors.Is(err, port.ErrNotFound) {
		return nil // what ran before is all that is known
	}
	if err != nil {
		return err
	}
	holder, err := s.holder(ctx, item, j)
	if holder != "" && holder != r.ID {
		a.Warns = append(a.Warns, string(holder)+" is open, and the job's runs may not overlap: the control plane will refuse.")
	}
	return err
}

func prepareStop(ctx context.Context, s *Server, a *ask) error {
	r, _, err := s.runOf(ctx, a)
	if err != nil {
		return err
	}
	a.Title, a.Button, a.Reason = "Stop "+string(r.ID), "Stop it", true
	a.Says = append(a.Says, stopSays(r)...)
	if r.Status.Terminal() {
		a.Warns = append(a.Warns, "It has ended already.")
	}
	return nil
}

// stopSays says what a stop does to a run.
func stopSays(r run.Run) []string {
	const ends = "The run ends as stopped. It is not launched again unless somebody retries it."
	switch {
	case view.DoubtOf(r) != nil:
		return []string{
			"It is not known whether ECS launched its task. The launch is not sent again: batchplane searches for the task and stops it if found.",
			"If none is found, the run fails and says that it may have run.",
		}
	case r.Status == run.Running:
		return []string{"ECS is asked to stop the task: it gets SIGTERM, then SIGKILL after its stop timeout. What it did so far stays done.", ends}
	}
	return []string{"No further task of it is launched.", ends}
}

func (s *Server) runOf(ctx context.Context, a *ask) (run.Run, view.Story, error) {
	if a.Run == "" {
		return run.Run{}, view.Story{}, port.ErrNotFound
	}
	r, err := s.cfg.Plane.Run(ctx, a.Run)
	if err != nil {
		return r, view.Story{}, err
	}
	story, err := s.cfg.Plane.Story(ctx, r)
	a.JobZone(a.Job, story.Zone)
	return r, story, err
}

func preparePause(ctx context.Context, s *Server, a *ask) error {
	a.Title, a.Button, a.Reason, a.Until = "Pause "+a.Who(), "Pause "+a.Who(), true, true
	a.Says = append(a.Says, "Slots during the pause are recorded as skipped and are not caught up later. Open runs go on, and people can still start runs by hand.")
	if a.Job == job.All {
		a.Warns = append(a.Warns, "This pauses every job of "+a.Stack+".")
		a.Confirm = "all jobs"
		return nil
	}
	item, _, err := s.current(ctx, a)
	if p := item.PausedAt(a.Now); err == nil && p != nil {
		a.Warns = append(a.Warns, "It is already paused, "+view.PauseWords(*p)+": this pause replaces that one.")
	}
	return err
}

func prepareResume(ctx context.Context, s *Server, a *ask) error {
	a.Title, a.Button = "Resume "+a.Who(), "Resume "+a.Who()
	if a.Job == job.All {
		a.Says = append(a.Says, "The pause of all jobs ends now. Jobs that are paused themselves stay so, and slots that were skipped stay skipped.")
		return nil
	}
	item, j, err := s.current(ctx, a)
	if err != nil {
		return err
	}
	sum, err := s.summary(ctx, a, item, j)
	if err != nil {
		return err
	}
	own := sum.Paused != nil && !sum.PausedAll
	switch {
	case own:
		a.Says = append(a.Says, "Its pause ends now. Slots that were skipped stay skipped.")
		if sum.Skip != nil {
			a.Says = append(a.Says, "The next slot will still be skipped: resume again to undo that.")
		}
	case sum.Skip != nil:
		a.Says = append(a.Says, "The slot that was to be skipped will run.")
	default:
		a.Warns = append(a.Warns, "It is not paused itself and has no slot to be skipped: the control plane will refuse.")
	}
	if sum.OfAll != nil {
		a.Warns = append(a.Warns, "All jobs are paused, too: its slots are skipped until they are resumed.")
	}
	return nil
}

func prepareSkip(ctx context.Context, s *Server, a *ask) error {
	item, j, err := s.current(ctx, a)
	if err != nil {
		return err
	}
	a.Title, a.Button, a.Reason = "Skip the next slot of "+a.Job, "Skip it", true
	sum, err := s.summary(ctx, a, item, j)
	if err != nil {
		return err
	}
	switch {
	case sum.Skip != nil:
		a.Warns = append(a.Warns, "Its next slot will already be skipped.")
	case sum.Paused != nil && sum.GoesOn.IsZero():
		a.Warns = append(a.Warns, "It is paused until somebody resumes it, and all its slots until then are skipped: the control plane will refuse.")
	case sum.Next != nil:
		a.Says = append(a.Says, fmt.Sprintf("The slot of %s will be recorded as skipped, and only that one.", a.At(*sum.Next, a.Job).Full))
	default:
		a.Says = append(a.Says, "The next slot of its schedule will be recorded as skipped.")
	}
	if sum.Paused != nil && !sum.GoesOn.IsZero() {
		a.Says = append(a.Says, "Its slots until then are skipped anyway, since it is paused.")
	}
	return nil
}

func prepareRetryAll(ctx context.Context, s *Server, a *ask) error {
	if a.Query.Since == "" {
		a.Query.Since = "12h"
	}
	f, err := a.filter()
	if err != nil {
		return err
	}
	candidates, unread, err := s.cfg.Plane.Candidates(ctx, f)
	if err != nil {
		return err
	}
	a.Candidates = candidates
	a.unread(unread)
	a.Title, a.Button = "Retry many", "Retry the chosen runs"
	a.Says = append(a.Says, "The newest "+orFailed(f.Statuses)+" run of each job that has not succeeded since. Each chosen one gets a further attempt, with the newest definition of its job. Those that are safe to retry are chosen; check the others one by one.")
	a.Back = a.Href("/history")
	return nil
}

// Since says since when runs are looked for: how long ago, or a time.
func (a *ask) Since() string {
	if _, is := plane.ParseTime(a.Query.Since, a.zone); is {
		return a.Query.Since
	}
	return a.Query.Since + " ago"
}

// orFailed names statuses, none being that of runs that failed.
func orFailed(statuses []run.Status) string {
	var words []string
	for _, s := range statuses {
		words = append(words, string(s))
	}
	return cmp.Or(strings.Join(words, " or "), string(run.Failed))
}
