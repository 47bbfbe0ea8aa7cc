package dynamo_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/run"
)

// size is an item's size: names and values as UTF-8; a number takes a byte for
// two digits and one more (Amazon DynamoDB Developer Guide, "DynamoDB item sizes
// and formats"). Here it is two more, to be safe.
func size(item map[string]types.AttributeValue) int {
	n := 0
	for name, value := range item {
		n += len(name)
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			n += len(v.Value)
		case *types.AttributeValueMemberB:
			n += len(v.Value)
		case *types.AttributeValueMemberN:
			n += (len(v.Value)+1)/2 + 2
		default:
			panic("a type that no item has")
		}
	}
	return n
}

// TestItemSize: each write of a run that succeeds costs one unit only while its
// item is at most 1 KB.
func TestItemSize(t *testing.T) {
	t.Parallel()
	l := newLife(t, plain())
	check := func(status run.Status, limit int) {
		t.Helper()
		l.status(status)
		n := size(l.table.item(t, l.id))
		t.Logf("%s: %d bytes", status, n)
		if n > limit {
			t.Errorf("%s: the item takes %d bytes, want at most %d", status, n, limit)
		}
	}
	l.trigger()
	check(run.Running, 600)
	l.stopped(1, ended(0))
	check(run.Succeeded, 600)

	l = newLife(t, plain())
	l.trigger()
	l.stopped(1, neverStarted)
	l.stopped(2, neverStarted)
	l.look(time.Hour)
	l.look(time.Minute)
	l.stopped(3, ended(3))
	check(run.Failed, 1024)
}
