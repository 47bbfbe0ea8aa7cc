package calls_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/cost"
)

// TestCostModel: what the cost model says that a success uses, including the check of its slot,
// matches what is counted on the wire and stored.
func TestCostModel(t *testing.T) {
	t.Parallel()
	w, check := checkedSlot(t)
	got := cost.Use{Reads: check}
	var called, model []string
	for _, s := range w.steps {
		if s.function != sweep {
			called = append(called, s.function)
			got.Writes, got.Reads = got.Writes+s.written, got.Reads+s.read
		}
	}
	for _, c := range cost.Success.Calls {
		model = append(model, slices.Repeat([]string{c.Function}, int(c.N))...)
	}
	if m := cost.Success; !slices.Equal(called, model) || got.Writes != m.Writes || got.Reads != m.Reads {
		t.Errorf("a success calls %q and takes %+v, and the model says %+v", called, got, m)
	}
	if bytes := logged(w.log.String()); float64(bytes) < cost.Success.LogBytes*0.9 || float64(bytes) > cost.Success.LogBytes {
		t.Errorf("a success writes %d bytes of logs, and the model says %g:\n%s", bytes, cost.Success.LogBytes, w.log.String())
	}
	out, err := w.db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &w.table, Key: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "R#" + w.id.Job()}, "sk": &types.AttributeValueMemberS{Value: w.id.Slot()},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if bytes := stored(w.table, out.Item); float64(bytes) < cost.Success.Bytes*0.9 || float64(bytes) > cost.Success.Bytes {
		t.Errorf("a success is stored in %d bytes, and the model says %g", bytes, cost.Success.Bytes)
	}
}

// logged returns the bytes that CloudWatch Logs counts for these lines, each with 26 bytes more
// (PutLogEvents in the API reference). At the level that the template sets, Lambda writes no
// lines of its own about calls that end well (AWS Lambda Developer Guide, "System log level event
// mapping").
func logged(lines string) int { return len(lines) + strings.Count(lines, "\n")*26 }

// stored returns the bytes that an item takes in the table and in each index that contains it:
// the names and values of its attributes, and 100 bytes each time (Amazon DynamoDB Developer
// Guide, "DynamoDB item sizes and formats" and "Storage considerations for global secondary
// indexes").
func stored(table string, item map[string]types.AttributeValue) int {
	const overhead = 100
	bytes := overhead
	for name, value := range item {
		bytes += len(name) + length(value)
	}
	for _, index := range dynamo.TableInput(table).GlobalSecondaryIndexes {
		keys, there := map[string]bool{"pk": true, "sk": true}, true
		for _, k := range index.KeySchema {
			keys[*k.AttributeName] = true
			there = there && item[*k.AttributeName] != nil
		}
		if !there {
			continue
		}
		bytes += overhead
		for name := range keys {
			bytes += len(name) + length(item[name])
		}
	}
	return bytes
}

func length(v types.AttributeValue) int {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return len(v.Value)/2 + 2
	}
	return 1
}
