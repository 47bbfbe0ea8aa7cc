package localecs

import (
	"strconv"
	"strings"
)

// What failures[] say if there is no room, in the words of the ECS developer guide ("Service event
// messages").
const (
	noCapacity = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
	noQuota    = "You've reached the limit on the number of vCPUs you can run concurrently"
)

// overQuota reports whether these tasks would exceed what the account may run of their capacity at
// once. A task counts until it is STOPPED.
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

// units returns a task's CPU units; ECS accepts "256" and ".25 vCPU" alike. A task without a size has
// the least that Fargate offers.
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
