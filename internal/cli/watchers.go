package cli

import (
	"context"
	"net/http"
	"time"

	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

// watchers are notified of every saved change of a run.
func (c *localCmd) watchers(t *transcript, cfg *wire.LocalConfig) func(job.Job, run.Run, run.Run, string) {
	t.quiet = c.Quiet
	if c.Output {
		c.live = &liveOutput{t: t, logs: local.Logs{Dir: local.LogDir(cfg.DB)}, tasks: map[string]*liveTask{}}
	}
	if c.Metrics != "" {
		c.counted = &local.Metrics{}
	}
	return func(j job.Job, before, after run.Run, why string) {
		if c.live != nil {
			c.live.watch(after)
		}
		if c.counted != nil {
			c.counted.Watch(j, before, after, why)
		}
		t.watch(j, before, after, why)
	}
}

// metrics serves the counters, if that is asked for.
func (c *localCmd) metrics(ctx context.Context, l *wire.Local) error {
	if c.counted == nil {
		return nil
	}
	c.counted.Lag = func(ctx context.Context) (map[run.Lane]time.Duration, error) {
		st, err := plane.ReadStanding(ctx, l.Store, l.Control.Now())
		lag := map[run.Lane]time.Duration{}
		for lane, ms := range st.LagMs {
			lag[lane] = time.Duration(ms) * time.Millisecond
		}
		return lag, err
	}
	return l.ServeMetrics(ctx, c.Metrics, onLoopback(c.counted))
}

// onLoopback answers requests for this machine's own names only. A stranger's page whose name
// resolves to this address uses another name.
func onLoopback(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !console.Named(r.Host) {
			http.Error(w, "this server does not go by that name: ask localhost", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// tellManager tells a service manager, if there is one, the state of this process.
func (c *localCmd) tellManager(l *wire.Local, state string) {
	if err := local.TellManager(state); err != nil {
		l.Control.Log.Warn(err.Error())
	}
}
