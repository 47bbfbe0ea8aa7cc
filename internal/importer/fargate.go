package importer

import "github.com/batchplane/batchplane/internal/job"

// FitFargate gives the smallest size of Fargate that has room for the CPU units and MiB. ok is
// false if there is none.
func FitFargate(cpu, memory int) (c, m int, ok bool) {
	for c = 256; ; c *= 2 {
		memories, there := job.FargateMemory(c)
		if !there {
			return 0, 0, false
		}
		for _, m := range memories {
			if c >= cpu && m >= memory {
				return c, m, true
			}
		}
	}
}
