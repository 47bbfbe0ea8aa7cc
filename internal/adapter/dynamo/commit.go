package dynamo

import (
	"bytes"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/port"
)

// Commit implements port.Store.
func (s *Store) Commit(ctx context.Context, c port.Change) error {
	var writes []write
	mark := writeMark()
	if c.Run != nil {
		item, err := s.runItem(c.Run, mark)
		if err != nil {
			return err
		}
		writes = append(writes, write{what: "writing run " + string(c.Run.ID), item: item, rev: c.Run.Rev})
	}
	if c.Item != nil {
		item, err := jobItem(c.Item, mark)
		if err != nil {
			return err
		}
		writes = append(writes, write{what: "writing the item of job " + c.Item.Name, item: item, rev: c.Item.Rev})
		defer s.items.wrote(c.Item.Name)
	}
	switch {
	case len(writes) == 0:
		return nil
	case len(writes) > 1:
		return s.putAll(ctx, writes)
	case c.KeepsPlace() && c.Run.Rev > 0:
		return s.putInPlace(ctx, writes[0])
	}
	return s.put(ctx, writes[0])
}

// write is an item that is to be stored at revision rev+1 if it is at rev.
type write struct {
	what string
	item attributes
	rev  int64
}

func (w write) condition() (expression string, values attributes) {
	if w.rev == 0 {
		return "attribute_not_exists(" + attrPK + ")", nil
	}
	return attrRev + " = :r", attributes{":r": number(w.rev)}
}

func (s *Store) put(ctx context.Context, w write) error {
	condition, values := w.condition()
	_, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.table, Item: w.item, ConditionExpression: &condition, ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	return w.result(err)
}

// result turns the answer into the error of the write. A condition that failed because this very write
// is already stored is no error: the answer was lost, and the SDK sent the request again.
func (w write) result(err error) error {
	if err == nil || w.isStored(inTheWay(err)) {
		return nil
	}
	return failed(w.what, err)
}

func (w write) isStored(item attributes) bool {
	return bytes.Equal(octets(item, attrWrite), octets(w.item, attrWrite))
}

// putInPlace writes a run without moving its entry in the open index, provided that the entry is in the
// same lane and not later than the run is due. Otherwise it writes the run with a new entry.
func (s *Store) putInPlace(ctx context.Context, w write) error {
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.table, Key: attributes{attrPK: w.item[attrPK], attrSK: w.item[attrSK]},
		UpdateExpression:         aws.String("SET v = :v, r = :next, w = :w, b = :b, #status = :status REMOVE tell, #ttl"),
		ConditionExpression:      aws.String("r = :r AND op = :op AND od <= :od"),
		ExpressionAttributeNames: map[string]string{"#status": attrStatus, "#ttl": TTLAttribute},
		ExpressionAttributeValues: attributes{
			":v": w.item[attrVersion], ":r": number(w.rev), ":next": w.item[attrRev], ":w": w.item[attrWrite], ":b": w.item[attrBody], ":status": w.item[attrStatus],
			":op": w.item[attrOpen], ":od": w.item[attrOpenAt],
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if integer(inTheWay(err), attrRev) == w.rev {
		return s.put(ctx, w)
	}
	return w.result(err)
}

// putAll writes all items or none. The SDK gives the transaction a token, so sending it again within 10
// minutes does no harm (Amazon DynamoDB API Reference, TransactWriteItems).
func (s *Store) putAll(ctx context.Context, writes []write) error {
	in := &dynamodb.TransactWriteItemsInput{}
	what := ""
	for i, w := range writes {
		condition, values := w.condition()
		in.TransactItems = append(in.TransactItems, types.TransactWriteItem{Put: &types.Put{
			TableName: &s.table, Item: w.item, ConditionExpression: &condition, ExpressionAttributeValues: values,
		}})
		if i > 0 {
			what += " and "
		}
		what += w.what
	}
	if _, err := s.db.TransactWriteItems(ctx, in); err != nil {
		return failed(what, err)
	}
	return nil
}
