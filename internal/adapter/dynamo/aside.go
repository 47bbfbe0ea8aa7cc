package dynamo

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/run"
)

// SetAside implements control.Store. It refuses a run that a newer batchplane wrote with a *NewerError
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
	if _, open := item[attrOpen]; !open {
		return nil // somebody else set it aside
	}
	kept := keptItem(control.Kept{
		At: time.UnixMilli(integer(item, attrOpenAt)), Reason: fmt.Sprintf("run %s: %s", id, reason), Body: salvage(item),
	}, s.now(), writeMark())
	_, err = s.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: &s.table, Item: kept}},
		{Update: &types.Update{
			TableName: &s.table, Key: runKey(id),
			UpdateExpression:          aws.String("SET r = if_not_exists(r, :none) + :one REMOVE op, od, tell"),
			ConditionExpression:       aws.String("b = :b AND attribute_exists(op)"),
			ExpressionAttributeValues: attributes{":b": item[attrBody], ":none": number(0), ":one": number(1)},
		}},
	}})
	if err != nil {
		return failed(what, err)
	}
	return nil
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
