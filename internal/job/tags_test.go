package job_test

import (
	"maps"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
)

// TestCommonTags: a base definition has the tags that all its jobs have.
func TestCommonTags(t *testing.T) {
	t.Parallel()
	a := job.Job{Name: "a", TaskDefinition: "app", Owner: "team <a>", Tags: map[string]string{"cost": "1", "only": "a"}}
	b := job.Job{Name: "b", TaskDefinition: "app", Owner: "team <a>", Tags: map[string]string{"cost": "1", "only": "b"}}
	other := job.Job{Name: "c", TaskDefinition: "other", Tags: map[string]string{"cost": "2"}}
	pinned := job.Job{Name: "d", TaskDefinition: "app:3", Owner: "somebody else"}
	for name, c := range map[string]struct {
		jobs []job.Job
		want map[string]string
	}{
		"nobody's": {[]job.Job{other, pinned}, nil},
		"one's":    {[]job.Job{a, other}, map[string]string{"batchplane:job": "a", "batchplane:owner": "team -a-", "cost": "1", "only": "a"}},
		"two's":    {[]job.Job{a, other, b, pinned}, map[string]string{"batchplane:owner": "team -a-", "cost": "1"}},
		"none":     {[]job.Job{{Name: "x", TaskDefinition: "app"}, {Name: "y", TaskDefinition: "app", Owner: "o"}}, nil},
	} {
		if got := job.CommonTags(c.jobs, "app"); !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if len(a.Tags) != 2 {
		t.Errorf("the job's own tags changed: %v", a.Tags)
	}
}
