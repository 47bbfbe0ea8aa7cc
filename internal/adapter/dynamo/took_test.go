package dynamo_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
)

// TestTook: targets add up, each notice has its own, and they expire.
func TestTook(t *testing.T) {
	t.Parallel()
	base := newTable(t)
	s := dynamo.New(dynamo.Config{DB: base.db, Table: base.name, Now: func() time.Time { return start }})
	const id = "failed:prod/etl/20261122T1730Z/2"
	if took, err := s.Took(t.Context(), id); err != nil || len(took) != 0 {
		t.Errorf("before any: %q, %v", took, err)
	}
	for _, targets := range [][]string{{"sns", "slack/ops"}, {"eventbridge", "sns"}} {
		if err := s.SetTook(t.Context(), id, targets); err != nil {
			t.Fatal(err)
		}
	}
	took, err := s.Took(t.Context(), id)
	slices.Sort(took)
	if err != nil || !slices.Equal(took, []string{"eventbridge", "slack/ops", "sns"}) {
		t.Errorf("%q, %v", took, err)
	}
	if took, err := s.Took(t.Context(), "recovered:prod/etl/20261122T1730Z/2"); err != nil || len(took) != 0 {
		t.Errorf("another notice: %q, %v", took, err)
	}
	out, err := base.db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(base.name), Key: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "T#" + id}, "sk": &types.AttributeValueMemberS{Value: "T"},
	}})
	if want := strconv.FormatInt(start.Add(dynamo.TookKept).Unix(), 10); err != nil || value(out.Item, dynamo.TTLAttribute) != want {
		t.Errorf("expires at %s, %v, want %s", value(out.Item, dynamo.TTLAttribute), err, want)
	}
}
