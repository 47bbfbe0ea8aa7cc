package dynamo

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Names of attributes.
const (
	attrPK      = "pk"
	attrSK      = "sk"
	attrVersion = "v"
	attrRev     = "r"
	attrWrite   = "w"
	attrBody    = "b"
	attrStatus  = "status"
	attrTell    = "tell"
	attrOpen    = "op"
	attrOpenAt  = "od"
	attrRecent  = "np"
	attrAt      = "at"
	attrByHand  = "hand"
	attrReason  = "reason"
	attrRaw     = "raw"
	attrTook    = "took"
)

// TTLAttribute is the attribute for which DynamoDB's time to live must be enabled.
const TTLAttribute = "ttl"

// Names of indexes.
const (
	indexOpen   = "open"
	indexRecent = "recent"
	indexByHand = "byhand"
)

// TableInput describes the table for CreateTable. Time to live (TTLAttribute), point-in-time recovery
// and the kind of encryption are set afterwards, by calls of their own.
func TableInput(name string) *dynamodb.CreateTableInput {
	return &dynamodb.CreateTableInput{
		TableName:   aws.String(name),
		BillingMode: types.BillingModePayPerRequest,
		KeySchema:   keySchema(attrPK, attrSK),
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String(attrPK), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(attrSK), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(attrOpen), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(attrOpenAt), AttributeType: types.ScalarAttributeTypeN},
			{AttributeName: aws.String(attrRecent), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String(attrAt), AttributeType: types.ScalarAttributeTypeN},
			{AttributeName: aws.String(attrByHand), AttributeType: types.ScalarAttributeTypeN},
		},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{
			keysOnly(indexOpen, attrOpen, attrOpenAt),
			keysOnly(indexRecent, attrRecent, attrAt),
			keysOnly(indexByHand, attrPK, attrByHand),
		},
		StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage,
		},
	}
}

func keySchema(hash, sort string) []types.KeySchemaElement {
	return []types.KeySchemaElement{
		{AttributeName: aws.String(hash), KeyType: types.KeyTypeHash},
		{AttributeName: aws.String(sort), KeyType: types.KeyTypeRange},
	}
}

func keysOnly(name, hash, sort string) types.GlobalSecondaryIndex {
	return types.GlobalSecondaryIndex{
		IndexName: aws.String(name), KeySchema: keySchema(hash, sort),
		Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
	}
}
