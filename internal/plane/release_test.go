package plane_test

import (
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/plane"
)

// TestOlder: a warning appears only for a control plane that may not know what is asked for.
func TestOlder(t *testing.T) {
	t.Parallel()
	for version, older := range map[string]bool{
		"": false, plane.Release: false, "0.0.9": true, "0.0.10": true, "0.2.0": false, "0.10.0": false, "1.0.0": false, "unknown": false,
	} {
		p := plane.Plane{Name: "prod", Version: version}
		if says := p.Older(); (says != "") != older || older && !strings.Contains(says, "prod was deployed by batchplane "+version+", and this is "+plane.Release) {
			t.Errorf("of %q it says %q", version, says)
		}
	}
}
