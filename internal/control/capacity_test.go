package control_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
)

// TestCapacityReachesECS: what RunTask asks for, attempt by attempt.
func TestCapacityReachesECS(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		capacity job.Capacity
		inject   func(localecs.Kind, localecs.Subject) bool
		want     []string
	}{
		"on demand":                              {job.OnDemand, nil, []string{"FARGATE"}},
		"Spot":                                   {job.Spot, nil, []string{"FARGATE_SPOT"}},
		"Spot, then on demand where it had none": {job.SpotThenOnDemand, strikes(localecs.FaultCapacity, "1"), []string{"FARGATE_SPOT", "FARGATE"}},
		"Spot that has capacity":                 {job.SpotThenOnDemand, strikes(localecs.FaultENI, "1"), []string{"FARGATE_SPOT", "FARGATE_SPOT"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{inject: tc.inject, script: func(localecs.ContainerSpec) localecs.Script { return localecs.Script{For: time.Second} }})
			var asked []string
			w.transport(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
				if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".RunTask") {
					body, _ := io.ReadAll(r.Body)
					r.Body = io.NopCloser(bytes.NewReader(body))
					asked = append(asked, capacityOf(t, body))
				}
				return next.RoundTrip(r)
			})
			j := report
			j.Capacity = tc.capacity
			once(w, j)
			w.live()
			if !slices.Equal(asked, tc.want) {
				t.Errorf("RunTask asked for %q, want %q: %s", asked, tc.want, w.story())
			}
		})
	}
}

// capacityOf returns the launch type or the one capacity provider of a request.
func capacityOf(t *testing.T, body []byte) string {
	t.Helper()
	var in struct {
		LaunchType               string
		CapacityProviderStrategy []struct{ CapacityProvider string }
	}
	if err := json.Unmarshal(body, &in); err != nil {
		t.Error(err)
	}
	for _, p := range in.CapacityProviderStrategy {
		in.LaunchType += p.CapacityProvider
	}
	return in.LaunchType
}
