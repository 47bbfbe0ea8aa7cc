package localecs

import "testing"

// TestQuota: tasks count by their size, and Spot separately.
func TestQuota(t *testing.T) {
	t.Parallel()
	task := func(cpu, status, provider string) *record {
		return &record{Task: Task{CPU: cpu, LastStatus: status, CapacityProviderName: provider}}
	}
	s := &Server{cfg: Config{VCPUs: 1}, tasks: map[string]*record{
		"a": task("256", statusRunning, ""), "b": task(".5 vCPU", statusProvisioning, ""),
		"d": task("1024", statusRunning, "FARGATE_SPOT"),
	}}
	for _, c := range []struct {
		more []*record
		over bool
	}{
		{[]*record{task("256", "", "")}, false},
		{[]*record{task("", "", "")}, false},
		{[]*record{task("0.25 vcpu", "", ""), task("256", "", "")}, true},
		{[]*record{task("512", "", "")}, true},
		{[]*record{task("256", "", "FARGATE_SPOT")}, true},
		{nil, false},
	} {
		if got := s.overQuota(c.more); got != c.over {
			t.Errorf("%d more: over %v", len(c.more), got)
		}
	}
	s.cfg.VCPUs = 0
	if s.overQuota([]*record{task("16384", "", "")}) {
		t.Error("there is no quota")
	}
}
