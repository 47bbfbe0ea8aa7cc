package localecs

import (
	"strconv"
	"strings"
)

// What failures[] say where there is no room, as the ECS developer guide has it
// ("Service event messages").
const (
	noCapacity = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
	noQuota    = "You've reached the limit on the number of vCPUs you can run concurrently"
)

// overQuota is whether more tasks of the same capacity would run than the account
// may have at once. A task counts until it is STOPPED.
func (s *Server) overQuota(more []*record) bool {
	if s.cfg.VCPUs == 0 || len(more) == 0 {
		return false
	}
	var units float64
	for _, r := range more {
		units += r.units()
	}
	for _, r := range s.tasks {
		if r.Task.CapacityProviderName == more[0].Task.CapacityProviderName {
			units += r.units()
		}
	}
	return units > s.cfg.VCPUs*unitsPerVCPU
}

const unitsPerVCPU = 1024

// units are a task's CPU units; ECS takes "256" and ".25 vCPU" alike. One that says
// nothing has the least that Fargate gives.
func (r *record) units() float64 {
	number, vcpus := strings.CutSuffix(strings.ToLower(r.Task.CPU), "vcpu")
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	switch {
	case err != nil:
		return 256
	case vcpus:
		return n * unitsPerVCPU
	}
	return n
}
