package wire

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// TestSettings: a list is read as CloudFormation reads it, which takes the spaces off each member
// (AWS CloudFormation user guide, "Parameters", CommaDelimitedList).
func TestSettings(t *testing.T) {
	t.Parallel()
	got := settings("prod", nil, map[string]string{"Clusters": "a, b ,,c", "TaskRoles": " "})
	if !slices.Equal(got.Clusters, []string{"a", "b", "c"}) || len(got.TaskRoles) != 0 {
		t.Errorf("got %q and %q", got.Clusters, got.TaskRoles)
	}
	at := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	if got := settings("prod", nil, map[string]string{"NotBefore": "2026-11-22T17:30Z"}); !got.NotBefore.Equal(at) {
		t.Errorf("not before %s", got.NotBefore)
	}
	if got := settings("prod", nil, map[string]string{"NotBefore": ""}); !got.NotBefore.IsZero() {
		t.Errorf("without NotBefore: %s", got.NotBefore)
	}
}

// TestPatient: a client of IAM that was throttled asks more slowly, and more often than three times, which
// is the SDK's standard.
func TestPatient(t *testing.T) {
	t.Parallel()
	var o iam.Options
	patient(&o)
	if _, ok := o.Retryer.(*retry.AdaptiveMode); !ok || o.Retryer.MaxAttempts() <= retry.DefaultMaxAttempts {
		t.Errorf("%T, %d attempts", o.Retryer, o.Retryer.MaxAttempts())
	}
}
