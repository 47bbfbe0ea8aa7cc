package entry

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/port"
)

// TestWhatIsKeptOfARequest: of each kind of request, the audit says what was asked for, of what, and by whom.
func TestWhatIsKeptOfARequest(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]port.Asked{
		"run":       {What: "run", Job: "nightly-report", By: "mia"},
		"retry":     {What: "retry", Job: "nightly-report", Run: "nightly-report/20261122T1800Z", By: "mia"},
		"stop":      {What: "stop", Job: "nightly-report", Run: "nightly-report/20261122T1800Z", By: "mia"},
		"pause":     {What: "pause", Job: "nightly-report", By: "mia"},
		"pause-all": {What: "pause", Job: "*", By: "mia"},
		"resume":    {What: "resume", Job: "nightly-report", By: "mia"},
		"skip-next": {What: "skipNext", Job: "nightly-report", By: "mia"},
		"kept":      {What: "kept", By: "mia"},
		"redrive":   {What: "redrive", By: "mia"},
		"rule":      {What: "slot", Job: "nightly-report"},
	} {
		body, err := os.ReadFile("../../events/trigger-" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		req, err := Parse(body)
		if err != nil {
			t.Fatal(err)
		}
		got := asking(FromPeople, "lambda-1", req, body)
		if len(got.Request) == 0 || strings.Contains(string(got.Request), `"job"`) {
			t.Errorf("%s: it keeps %s", name, got.Request)
		}
		got.Request, want.ID, want.Door = nil, "lambda-1", "people"
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	for _, body := range []string{`{"run":"etl","requestId":"mine"}`, `{"retry":"etl/20261122T1800Z","requestId":"mine"}`} {
		req, err := Parse([]byte(body))
		if got := asking(FromPeople, "lambda-1", req, []byte(body)); err != nil || got.ID != "mine" {
			t.Errorf("%s is kept as %s, %v", body, got.ID, err)
		}
	}
}
