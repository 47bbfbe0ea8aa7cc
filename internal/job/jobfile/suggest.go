package jobfile

import (
	"maps"
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

// within are the keys that a job has only under another key of it.
var within = map[string]string{
	"attempts": "retry", "backoff": "retry", "deadline": "retry", "exitCodes": "retry", "idempotent": "retry", "rules": "retry",
	"also": "notify", "firstOnly": "notify", "targets": "notify",
	"assignPublicIp": "network", "securityGroups": "network", "subnets": "network",
	"gap": "dst", "only": "calendar", "skip": "calendar",
}

// ofFiles are the keys of a file.
var ofFiles = []string{"defaults", "jobs", "project", "taskDefinitions"}

// belongs says where a key belongs that is unknown at a path and known elsewhere in a file, or returns "".
// ofJobs are the keys of a job, and known those at the path.
func belongs(key, path string, known, ofJobs []string) string {
	parent := path[strings.LastIndexByte(path, '.')+1:]
	inJob, inFile, inDefinition := slices.Contains(known, "taskDefinition"), slices.Contains(known, "taskDefinitions"), slices.Contains(known, "image")
	under, isWithin := within[key]
	switch {
	case !inJob && !inFile && !inDefinition && !slices.Contains(slices.Collect(maps.Values(within)), parent):
		return "" // an input or a rule has names of its own kind
	case slices.Contains(ofFiles, key):
		return "it belongs at the top of the file"
	case isWithin && inJob:
		return "it belongs under " + under
	case isWithin:
		return "it belongs under " + under + " of a job"
	case slices.Contains(ofDefinitions, key):
		return "it belongs in one of taskDefinitions, which the job names with taskDefinition"
	case slices.Contains(ofJobs, key):
		return "it belongs " + ofJob(parent, inJob, inFile, inDefinition)
	}
	return ""
}

// ofJob says where a job's key belongs that is under parent, in a file, in a definition, or in a job or its
// defaults.
func ofJob(parent string, inJob, inFile, inDefinition bool) string {
	switch {
	case inJob: // only defaults lack a key of jobs
		return "in one of jobs, since each has its own"
	case inFile:
		return "in one of jobs or, where jobs share it, in defaults"
	case inDefinition:
		return "in the job that names this definition"
	}
	return "beside " + parent + ", not under it"
}

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
