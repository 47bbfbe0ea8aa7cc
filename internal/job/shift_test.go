package job_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// TestShiftIsReadAsWritten: an item must stay readable whatever the offset of its job's zone.
func TestShiftIsReadAsWritten(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		offset time.Duration
		json   string
	}{
		"UTC":                {0, `{"at":"2026-11-22T12:00:00Z","known":true}`},
		"east of Greenwich":  {5*time.Hour + 45*time.Minute, `{"at":"2026-11-22T12:00:00Z","known":true,"offset":"5h45m"}`},
		"west of Greenwich":  {-5 * time.Hour, `{"at":"2026-11-22T12:00:00Z","known":true,"offset":"-5h"}`},
		"west, not by hours": {-(3*time.Hour + 30*time.Minute), `{"at":"2026-11-22T12:00:00Z","known":true,"offset":"-3h30m"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := job.Shift{At: noon, Known: true, Offset: job.Offset(tc.offset)}
			b, err := json.Marshal(s)
			if err != nil || string(b) != tc.json {
				t.Fatalf("written as %s, %v", b, err)
			}
			var back job.Shift
			if err := json.Unmarshal(b, &back); err != nil || back != s {
				t.Errorf("read as %+v, %v", back, err)
			}
		})
	}
	var o job.Offset
	for _, text := range []string{"--5h", "5", "-"} {
		if err := o.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %v", text, time.Duration(o))
		}
	}
}
