package jobfile

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/cron"
)

// elsewhere holds the names that the files of other schedulers have for a key, in lower case.
var elsewhere = map[string]string{
	"cmd": "command", "exec": "command", "run": "command", "script": "command",
	"cron": "schedule", "cronspec": "schedule", "crontab": "schedule", "trigger": "schedule", "triggers": "schedule", "when": "schedule",
	"env": "environment", "envs": "environment", "envvars": "environment", "variables": "environment", "vars": "environment",
	"tz": "timezone", "zone": "timezone",
	"backofflimit": "retry", "maxretries": "retry", "retries": "retry", "retrystrategy": "retry",
	"concurrency": "overlap", "concurrencypolicy": "overlap",
	"activedeadlineseconds": "timeout", "startingdeadlineseconds": "startWithin",
	"disabled": "enabled", "suspend": "enabled", "suspended": "enabled",
	"email": "notify", "mailto": "notify", "notifications": "notify", "onfailure": "notify",
	"ram": "memory", "title": "name",
}

// ofDefinitions are the keys that a definition has and a job does not have.
var ofDefinitions = []string{"architecture", "image", "logGroup", "secrets", "user"}

// nearest gives the known key that was most likely meant, or "" if none is close. It is what
// others call so, or else the key that differs in at most a third of the letters and one.
func nearest(key string, known []string) string {
	lower := strings.ToLower(key)
	if k := elsewhere[lower]; slices.Contains(known, k) {
		return k
	}
	best, least := "", len(key)/3+1
	for _, k := range known {
		if d := cron.Distance(lower, strings.ToLower(k)); d <= least && (best == "" || d < least) {
			best, least = k, d
		}
	}
	return best
}

func listed(known []string) string { return strings.Join(known, ", ") }
