package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/port"
)

func tookKey(notice string) attributes { return key("T#"+notice, "T") }

// Took returns the targets that took a notice, in no particular order. It sees every SetTook that
// returned before it.
func (s *Store) Took(ctx context.Context, notice string) ([]string, error) {
	item, err := s.get(ctx, "who took notice "+notice, tookKey(notice))
	if errors.Is(err, port.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if took, ok := item[attrTook].(*types.AttributeValueMemberSS); ok {
		return took.Value, nil
	}
	return nil, nil
}

// SetTook adds targets, at least one, to those that took a notice. They are kept for TookKept.
func (s *Store) SetTook(ctx context.Context, notice string, targets []string) error {
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.table, Key: tookKey(notice),
		UpdateExpression:         aws.String("SET v = :v, #ttl = :ttl ADD took :took"),
		ExpressionAttributeNames: map[string]string{"#ttl": TTLAttribute},
		ExpressionAttributeValues: attributes{
			":v": number(itemVersion), ":ttl": seconds(s.now().Add(TookKept)), ":took": &types.AttributeValueMemberSS{Value: targets},
		},
	})
	if err != nil {
		return failed("noting who took notice "+notice, err)
	}
	return nil
}
