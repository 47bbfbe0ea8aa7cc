package preview

import (
	"slices"
	"time"
)

// chains finds three or more jobs that follow one another by the clock, always in the same order
// and a few minutes apart. On a host they may rely on that. Tasks start tens of seconds after
// their minute, so the order is not kept.
func chains(jobs []Job) (out [][]string) {
	rhythm := map[string][]Job{}
	var order []string
	for _, j := range jobs {
		// Jobs that run more often than every hour are a crowd, not a chain.
		if len(j.Next) == 0 || j.Shortest > 0 && j.Shortest < time.Hour {
			continue
		}
		key := rhythmOf(j)
		if rhythm[key] == nil {
			order = append(order, key)
		}
		rhythm[key] = append(rhythm[key], j)
	}
	for _, key := range order {
		out = append(out, runsOf(rhythm[key])...)
	}
	return out
}

// rhythmOf identifies the days of a job's runs and the times between them, but not their time of
// day.
func rhythmOf(j Job) string {
	return j.Next[0].In(j.zone).Format(time.DateOnly) + string(j.rhythm)
}

func runsOf(same []Job) (out [][]string) {
	slices.SortStableFunc(same, func(a, b Job) int { return a.Next[0].Compare(b.Next[0]) })
	var chain []string
	end := func() {
		if len(chain) >= 3 {
			out = append(out, chain)
		}
		chain = nil
	}
	for i, j := range same {
		if i > 0 {
			if gap := j.Next[0].Sub(same[i-1].Next[0]); gap < time.Minute || gap > chainGap {
				end()
			}
		}
		chain = append(chain, j.Name+" "+j.Next[0].In(j.zone).Format("15:04"))
	}
	end()
	return out
}
