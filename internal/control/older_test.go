package control_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// TestASyncByAnOlderReading: if the job's item is newer than the reading of the registry, the
// registry is asked about that job, as of the item's time. What it holds now counts. If
// nobody can tell, the item stays, which is reported, and the other jobs are synced.
func TestASyncByAnOlderReading(t *testing.T) {
	t.Parallel()
	second := with(hourly, func(j *job.Job) { j.Command = []string{"second"} })
	third := with(hourly, func(j *job.Job) { j.Command = []string{"third"} })
	bad := with(hourly, func(j *job.Job) { j.Schedule = "cron(nonsense)" })
	other := with(hourly, func(j *job.Job) { j.Name = "other" })
	changed := func(w *world) { w.redeployAt(clockAt(18, 5, 0), second) }
	left := func(w *world) { w.redeployAt(clockAt(18, 5, 0)) }
	for name, c := range map[string]struct {
		since func(*world)
		now   *renewals
		want  string
		gone  bool
		err   string
	}{
		"nothing better is known":    {changed, &renewals{}, hourly.Hash(), false, ""},
		"it is as the item says":     {changed, &renewals{answers: []port.Renewal{holds(second)}}, second.Hash(), false, ""},
		"it changed once more":       {changed, &renewals{answers: []port.Renewal{holds(third)}}, third.Hash(), false, ""},
		"it cannot be read any more": {changed, &renewals{answers: []port.Renewal{holds(bad)}}, bad.Hash(), false, "reading the"},
		"it left":                    {changed, &renewals{answers: []port.Renewal{goneSince(18, 6)}}, second.Hash(), true, ""},
		"it left before it was made": {changed, &renewals{answers: []port.Renewal{goneSince(18, 4)}}, second.Hash(), false, ""},
		"it cannot be told":          {changed, &renewals{err: errBroken}, second.Hash(), false, errBroken.Error()},
		"it left, nothing better":    {left, &renewals{}, hourly.Hash(), false, ""},
		"it left, and still is gone": {left, &renewals{answers: []port.Renewal{goneSince(18, 6)}}, hourly.Hash(), true, ""},
		"it left, and came back":     {left, &renewals{answers: []port.Renewal{holds(third)}}, third.Hash(), false, ""},
		"it left, it cannot be told": {left, &renewals{err: errBroken}, hourly.Hash(), true, errBroken.Error()},
		"the item is of no later":    {func(*world) {}, &renewals{answers: []port.Renewal{holds(third)}}, hourly.Hash(), false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, hourly)
			c.since(w)
			w.clock.AdvanceTo(clockAt(18, 7, 0))
			w.ctl.Registry = c.now
			err := w.ctl.Sync(t.Context(), []job.Job{hourly, other})
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || (c.err == errBroken.Error()) != errors.Is(err, errBroken) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			item, err := w.store.Item(t.Context(), "hourly")
			if err != nil || item.Definition != c.want || item.Gone != c.gone {
				t.Errorf("%+v, %v; want %s, gone %t", item, err, c.want, c.gone)
			}
			want := "hourly 18:05:00"
			switch name {
			case "the item is of no later":
				want = ""
			case "it left, nothing better", "it left, and came back": // once more when it is written
				want += ", " + want
			}
			if asked := strings.Join(c.now.asked, ", "); asked != want {
				t.Errorf("asked %q", asked)
			}
			if item, err := w.store.Item(t.Context(), "other"); err != nil || item.Definition != other.Hash() {
				t.Errorf("the other: %+v, %v", item, err)
			}
		})
	}
}

// TestAPartOfTheRegistry: a job that is missing from a partial reading has not left, and
// nobody takes the reading for one of the whole.
func TestAPartOfTheRegistry(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	before, err := w.store.Mark(t.Context(), port.MarkRegistry)
	if err != nil {
		t.Fatal(err)
	}
	other := with(hourly, func(j *job.Job) { j.Name = "other" })
	w.clock.AdvanceTo(clockAt(18, 7, 0))
	if err := w.ctl.SyncSome(t.Context(), []job.Job{other}); err != nil {
		t.Fatal(err)
	}
	after, err := w.store.Mark(t.Context(), port.MarkRegistry)
	if err != nil || !after.Equal(before) {
		t.Errorf("read as a whole at %s, %v; before at %s", after, err, before)
	}
	for _, name := range []string{"hourly", "other"} {
		if item, err := w.store.Item(t.Context(), name); err != nil || item.Gone {
			t.Errorf("%+v, %v", item, err)
		}
	}
}
