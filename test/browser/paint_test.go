package browser

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/test/browser/driver"
	"github.com/batchplane/batchplane/test/browser/seed"
)

// painted returns when the first contents were on the screen, in milliseconds. It waits for them,
// because a page is complete before it is painted.
const painted = `new Promise(done => new PerformanceObserver(list => {
	const [first] = list.getEntriesByName('first-contentful-paint');
	if (first) done(first.startTime);
}).observe({type: 'paint', buffered: true}))`

// BenchmarkFirstPaint measures from the navigation to the first contents on the screen, with a
// local state of 1,000 jobs and 100,000 runs.
func BenchmarkFirstPaint(b *testing.B) {
	p := of(b, func(ctx context.Context, store *sqlite.Store) error {
		return seed.Crowd(ctx, store, 1000, 100, time.Hour, now)
	})
	s := serving(b, p, func(c *console.Config) { c.Now = p.Now })
	s.Warm(b.Context())
	t := open(b)
	t.signIn(s)
	for _, path := range []string{"/", "/timeline", "/jobs"} {
		b.Run(path, func(b *testing.B) {
			var sum float64
			n := 0
			for b.Loop() {
				t.visit(s, path)
				var ms float64
				t.Do("first paint", chromedp.Evaluate(painted, &ms, chromedp.EvalAsValue, driver.Awaited))
				sum, n = sum+ms, n+1
			}
			b.ReportMetric(sum/float64(n), "ms-to-paint")
		})
	}
}
