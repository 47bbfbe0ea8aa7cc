package console

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// What a stream says has changed. Regions of pages name one or more of these.
const (
	changedJobs = "jobs"
	changedRuns = "runs"
	changedLog  = "log"
	// changedTime: times relative to now are out of date.
	changedTime = "time"
	// changedLost: the control plane cannot be read. Any other word says that it can be.
	changedLost = "lost"
)

// Bounds of streams.
const (
	mostStreams  = 2000
	streamWrite  = 10 * time.Second
	leastWatch   = time.Second
	timeEvery    = 30 * time.Second
	openWatched  = 5000
	watchTimeout = 20 * time.Second
)

// watcher looks for changes while somebody listens. One look serves all listeners.
type watcher struct {
	plane *plane.Plane

	mu        sync.Mutex
	listeners map[chan string]bool
	// looks reports whether a look is going on: a browser that leaves and returns a moment later,
	// as it does from page to page, finds the same look.
	looks bool
}

func newWatcher(p *plane.Plane) *watcher {
	return &watcher{plane: p, listeners: map[chan string]bool{}}
}

// listen returns a channel of what changes until leave is called. ok is false if too many listen.
func (w *watcher) listen(ctx context.Context) (heard chan string, leave func(), ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.listeners) >= mostStreams {
		return nil, nil, false
	}
	heard = make(chan string, 8)
	w.listeners[heard] = true
	if !w.looks {
		w.looks = true
		go w.look(context.WithoutCancel(ctx))
	}
	return heard, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.listeners, heard)
	}, true
}

// tell notifies all listeners. One that is behind will look anyway.
func (w *watcher) tell(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := range w.listeners {
		select {
		case l <- what:
		default:
		}
	}
}

// look looks until nobody listens.
func (w *watcher) look(ctx context.Context) {
	var jobs, runs uint64
	first, lost := true, false
	timed := time.Now()
	for w.goesOn() {
		began := time.Now()
		j, r, err := w.marks(ctx)
		switch {
		case err != nil:
			if !lost {
				w.tell(changedLost)
			}
			lost = true
		default:
			if !first && (j != jobs || lost) {
				w.tell(changedJobs)
			}
			if !first && (r != runs || lost) {
				w.tell(changedRuns)
			}
			jobs, runs, first, lost = j, r, false, false
		}
		if time.Since(timed) >= timeEvery {
			timed = time.Now()
			w.tell(changedTime)
		}
		// A look that takes long must not be repeated all the time.
		wait := time.NewTimer(max(leastWatch, w.plane.Poll.Least, 4*time.Since(began)))
		<-wait.C
	}
}

// goesOn reports whether somebody listens. If nobody does, the look ends.
func (w *watcher) goesOn() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks = len(w.listeners) > 0
	return w.looks
}

// marks returns values that change with the jobs' items, and with the open runs and the newest
// run.
func (w *watcher) marks(ctx context.Context) (jobs, runs uint64, err error) {
	defer panics.Recover(&err) // the server recovers only what answers requests
	ctx, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	if jobs, err = w.jobs(ctx); err != nil {
		return 0, 0, err
	}
	if c, ok := w.plane.Reader.(*recent); ok {
		place, err := c.feed.Place(ctx)
		return jobs, uint64(place), err
	}
	h := fnv.New64a()
	open, err := w.plane.OpenRuns(ctx, openWatched)
	if err != nil {
		return 0, 0, err
	}
	for _, r := range open {
		_, _ = fmt.Fprintf(h, "%s %d\n", r.ID, r.Rev)
	}
	for r, err := range w.plane.Walk(ctx, port.Walk{Page: 1}) {
		if err != nil {
			return 0, 0, err
		}
		_, _ = fmt.Fprintf(h, "%s %d\n", r.ID, r.Rev)
		break
	}
	return jobs, h.Sum64(), nil
}

// jobs returns a value that changes with the jobs' items.
func (w *watcher) jobs(ctx context.Context) (uint64, error) {
	read := w.plane.Items
	if c, ok := w.plane.Reader.(*recent); ok {
		read = c.newItems
	}
	items, err := read(ctx)
	if len(items) == 0 && err != nil {
		return 0, err
	}
	h := fnv.New64a()
	for _, i := range items {
		_, _ = fmt.Fprintf(h, "%s %d\n", i.Name, i.Rev)
	}
	return h.Sum64(), nil
}

// events is the stream of a page. It says which regions changed, and nothing about their content.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	heard, leave, ok := s.watch.listen(r.Context())
	if !ok {
		http.Error(w, "too many pages listen", http.StatusServiceUnavailable)
		return
	}
	defer leave()
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{}) // the request has been read; only the answer continues
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(text string) bool {
		_ = rc.SetWriteDeadline(time.Now().Add(streamWrite))
		_, err := w.Write([]byte(text))
		return err == nil && rc.Flush() == nil
	}
	if send("retry: 2000\nevent: hello\ndata: hello\n\n") {
		s.stream(r.Context(), run.ID(r.URL.Query().Get("run")), heard, send)
	}
}

// quietFor is the time without news after which a stream says that it is alive. A page that hears nothing for
// three times as long says that its server does not answer.
const quietFor = 15 * time.Second

// stream sends what it hears, and when the output of a run has grown.
func (s *Server) stream(ctx context.Context, id run.ID, heard <-chan string, send func(string) bool) {
	look := time.NewTicker(max(leastWatch, s.cfg.Plane.Poll.Least))
	defer look.Stop()
	place, spoke := s.place(ctx, id, ""), time.Now()
	for {
		text := ""
		select {
		case <-ctx.Done():
			return
		case what := <-heard:
			text = "event: changed\ndata: " + what + "\n\n"
		case <-look.C:
			if next := s.place(ctx, id, place); next != place {
				place, text = next, "event: changed\ndata: "+changedLog+"\n\n"
			}
		}
		if text == "" && time.Since(spoke) >= quietFor {
			text = "event: here\ndata: here\n\n"
		}
		if text == "" {
			continue
		}
		if spoke = time.Now(); !send(text) {
			return
		}
	}
}

// place returns the place after the last line of a run's output.
func (s *Server) place(ctx context.Context, id run.ID, from string) string {
	if id == "" {
		return from
	}
	r, err := s.cfg.Plane.Run(ctx, id)
	if err != nil {
		return from
	}
	place, err := s.cfg.Plane.Place(ctx, r, from)
	if err != nil {
		return from
	}
	return place
}
