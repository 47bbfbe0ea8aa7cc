package job_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// TestPausesAreKept: a pause is kept as long as a slot in it may be judged, however many come after it.
func TestPausesAreKept(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		every time.Duration
		n     int
		keeps int
	}{
		"often":                     {time.Hour, 60, 60},
		"now and then":              {7 * 24 * time.Hour, 60, job.MaxPauses},
		"so often that it is a bug": {time.Minute, 2000, job.MaxPausesNeeded},
	} {
		var i job.Item
		for n := range c.n {
			from := at.Add(time.Duration(n) * c.every)
			i.AddPause(job.Pause{From: from})
			i.EndPause(from.Add(c.every / 2))
		}
		newest := at.Add(time.Duration(c.n-1) * c.every)
		if len(i.Pauses) != c.keeps || !i.Pauses[len(i.Pauses)-1].From.Equal(newest) {
			t.Errorf("%s: %d pauses up to %s, want %d up to %s", name, len(i.Pauses), i.Pauses[len(i.Pauses)-1].From, c.keeps, newest)
		}
	}
}

// TestPausesOfLongTexts: however many pauses say as much as they may, an item of DynamoDB, of
// 400 KB, can hold them. All still pause, and the newest say who asked for them and why.
func TestPausesOfLongTexts(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	by, reason := strings.Repeat("\U0001f4a9", 1024), strings.Repeat("\U0001f4a9", 1000)
	var i job.Item
	for n := range 300 {
		from := at.Add(time.Duration(n) * 10 * time.Minute)
		i.AddPause(job.Pause{From: from, To: from.Add(5 * time.Minute), By: by, Reason: reason})
	}
	body, err := json.Marshal(i)
	if err != nil || len(body) > 300<<10 {
		t.Errorf("it has %d bytes, %v", len(body), err)
	}
	for n, p := range i.Pauses {
		newest := n >= len(i.Pauses)-20
		if p.From.IsZero() || p.To.Sub(p.From) != 5*time.Minute || newest && (p.By != by || p.Reason != reason) {
			t.Errorf("pause %d of %d is from %s to %s, by %.9q", n, len(i.Pauses), p.From, p.To, p.By)
		}
	}
	if len(i.Pauses) != job.MaxPausesNeeded {
		t.Errorf("%d pauses", len(i.Pauses))
	}
}
