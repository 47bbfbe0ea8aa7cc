package dynamo

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// SetAside implements port.Store. It refuses a run that a newer batchplane wrote with a *NewerError
// and leaves it in place: other programs can read it.
func (s *Store) SetAside(ctx context.Context, id run.ID, reason string) error {
	what := "setting run " + string(id) + " aside"
	item, err := s.get(ctx, "run "+string(id), runKey(id))
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if version := integer(item, attrVersion); version > itemVersion {
		return &NewerError{What: "run " + string(id), Version: version}
	}
	if !inLane(item) {
		return nil // somebody else set it aside, or it has ended
	}
	kept := keptItem(port.Kept{
		At: time.UnixMilli(integer(item, attrOpenAt)), Reason: fmt.Sprintf("run %s: %s", id, reason), Body: salvage(item),
	}, s.now(), writeMark())
	same, values := "b = :b", attributes{":b": item[attrBody], ":op": item[attrOpen], ":none": number(0), ":one": number(1)}
	if item[attrBody] == nil {
		same = "attribute_not_exists(b)"
		delete(values, ":b")
	}
	_, err = s.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: &s.table, Item: kept}},
		{Update: &types.Update{
			TableName: &s.table, Key: runKey(id),
			UpdateExpression:          aws.String("SET r = if_not_exists(r, :none) + :one REMOVE op, od, tell"),
			ConditionExpression:       aws.String(same + " AND op = :op"),
			ExpressionAttributeValues: values,
		}},
	}})
	if err != nil {
		return failed(what, err)
	}
	return nil
}

// inLane reports whether a run's entry of the open index is in a lane, and not in a list of runs that
// have ended.
func inLane(item attributes) bool {
	lane, _, _ := strings.Cut(text(item, attrOpen), "#")
	return lane == string(run.LaunchLane) || lane == string(run.LookLane)
}

// salvage returns what can be had of a body: its JSON or, if it cannot be inflated, its bytes as they
// are.
func salvage(item attributes) (is []byte) {
	err := read(item, func(plain []byte) error {
		is = bytes.Clone(plain)
		return nil
	})
	if err != nil {
		return octets(item, attrBody)
	}
	return is
}
