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
	"github.com/batchplane/batchplane/internal/port"
)

// TestTook: targets add up, notices do not share them, and they expire.
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

// TestRequestsExpire: a person's request is kept as long as runs are, under each key: with all others,
// with its job's and with its author's.
func TestRequestsExpire(t *testing.T) {
	t.Parallel()
	base := newTable(t)
	for _, kept := range []time.Duration{0, 30 * 24 * time.Hour} {
		s := dynamo.New(dynamo.Config{DB: base.db, Table: base.name, RunsKept: kept})
		id := "for " + kept.String()
		if err := s.PutAsked(t.Context(), port.Asked{ID: id, At: start.Add(kept), By: "mia" + id, Job: "etl" + id}); err != nil {
			t.Fatal(err)
		}
	}
	out, err := base.db.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String(base.name)})
	if err != nil || len(out.Items) != 6 {
		t.Fatalf("%d items, %v", len(out.Items), err)
	}
	byDefault, short := start.Add(400*24*time.Hour), start.Add(60*24*time.Hour)
	found := map[string]int{}
	for _, item := range out.Items {
		found[value(item, dynamo.TTLAttribute)]++
	}
	if found[strconv.FormatInt(byDefault.Unix(), 10)] != 3 || found[strconv.FormatInt(short.Unix(), 10)] != 3 {
		t.Errorf("they expire at %v", found)
	}
}
