package calls_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/cost"
	"github.com/batchplane/batchplane/internal/localecs"
)

// TestCostModel: what the model of costs says that a success takes is what is
// counted at the wire and stored.
func TestCostModel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.runner.Script = func(localecs.ContainerSpec) localecs.Script { return localecs.Script{For: 90 * time.Second} }
	w.must(w.fire(slot))
	w.clock.Advance(3 * time.Minute)
	w.must(w.look("a look"))
	var got cost.Use
	for _, s := range w.steps {
		if s.function != sweep {
			got.Calls, got.Writes, got.Reads = got.Calls+1, got.Writes+s.written, got.Reads+s.read
		}
	}
	if m := cost.Success; got.Calls != m.Calls || got.Writes != m.Writes || got.Reads != m.Reads {
		t.Errorf("a success takes %+v, and the model says %+v", got, m)
	}
	if bytes := logged(w.log.String(), int(cost.Success.Calls)); float64(bytes) < cost.Success.LogBytes*0.9 || float64(bytes) > cost.Success.LogBytes {
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

// logged is what CloudWatch Logs takes for these lines and for those that Lambda
// writes around each call: START, END and REPORT (AWS Lambda Developer Guide,
// "Working with Lambda function logs"), each event with 26 bytes more
// (PutLogEvents in the API's reference).
func logged(lines string, calls int) int {
	const (
		event = 26
		id    = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"
		frame = "START RequestId: " + id + " Version: $LATEST\n" + "END RequestId: " + id + "\n" +
			"REPORT RequestId: " + id + "\tDuration: 125.58 ms\tBilled Duration: 126 ms\tMemory Size: 256 MB\tMax Memory Used: 44 MB\t\n"
	)
	return len(lines) + strings.Count(lines, "\n")*event + calls*(len(frame)+3*event)
}

// stored is what an item takes in the table and in the indexes that it is in: the
// names and values of its attributes, and 100 bytes each time (Amazon DynamoDB
// Developer Guide, "DynamoDB item sizes and formats" and "Storage considerations
// for global secondary indexes").
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
