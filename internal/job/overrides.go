package job

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// MaxOverrides is the most characters that the overrides of RunTask may have, including JSON
// syntax (ECS API reference, RunTask "overrides").
const MaxOverrides = 8192

// RunVariables are set in the job's container for every attempt. OverridesSize reserves room
// for them: the values here are the longest possible, except those that hold the job's name.
var RunVariables = map[string]string{
	"BATCHPLANE_RUN_ID":        "-",
	"BATCHPLANE_JOB":           "-",
	"BATCHPLANE_SCHEDULED_FOR": "2026-11-22T17:30:00Z",
	"BATCHPLANE_ATTEMPT":       "1000",
	"BATCHPLANE_STACK":         strings.Repeat("s", 48),
}

// OverridesSize gives the most characters that the overrides of this job take as JSON in a
// RunTask request. MaxOverrides is the limit.
func (j Job) OverridesSize() int {
	type pair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	own := j.Variables()
	env := make([]pair, 0, len(own)+len(RunVariables))
	for _, k := range sortedKeys(own) {
		env = append(env, pair{k, own[k]})
	}
	for _, k := range sortedKeys(RunVariables) {
		env = append(env, pair{k, RunVariables[k]})
	}
	container := map[string]any{"name": j.Container, "environment": env}
	if len(j.Command) > 0 {
		container["command"] = j.Command
	}
	overrides := map[string]any{"containerOverrides": []any{container}}
	if j.CPU > 0 {
		overrides["cpu"], overrides["memory"] = strconv.Itoa(j.CPU), strconv.Itoa(j.Memory)
	}
	if j.TaskRole != "" {
		overrides["taskRoleArn"] = j.TaskRole
	}
	if j.ExecutionRole != "" {
		overrides["executionRoleArn"] = j.ExecutionRole
	}
	var b bytes.Buffer
	text := json.NewEncoder(&b)
	text.SetEscapeHTML(false) // as the SDK sends it: a shell command has many of < > &
	if err := text.Encode(overrides); err != nil {
		return MaxOverrides + 1
	}
	// BATCHPLANE_RUN_ID holds the name and at most 20 more characters, and BATCHPLANE_JOB
	// holds the name. If the job names no container, the name may have the 255 characters
	// that ECS allows.
	size := b.Len() + 2*len(j.Name) + 20
	if j.Container == "" {
		size += 255
	}
	return size
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
