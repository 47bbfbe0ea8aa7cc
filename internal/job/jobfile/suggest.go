package jobfile

import (
	"strings"

	"github.com/batchplane/batchplane/internal/cron"
)

// nearest is the known key that was most likely meant, "" if none is close:
// at most a third of the letters may differ.
func nearest(key string, known []string) string {
	best, least := "", len(key)/3+1
	for _, k := range known {
		if d := cron.Distance(strings.ToLower(key), strings.ToLower(k)); d <= least && (best == "" || d < least) {
			best, least = k, d
		}
	}
	return best
}

func listed(known []string) string { return strings.Join(known, ", ") }
