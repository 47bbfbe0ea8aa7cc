// Command sdk is a Lambda function that makes the clients that trigger and onstopped need, and
// does nothing with them. The time that it takes longer than a bare one is due to the SDK.
package main

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

func main() {
	table, tasks := dynamodb.NewFromConfig(aws.Config{}), ecs.NewFromConfig(aws.Config{})
	lambda.Start(func(ctx context.Context, _ json.RawMessage) error {
		_, _ = table.GetItem(ctx, &dynamodb.GetItemInput{})
		_, _ = table.PutItem(ctx, &dynamodb.PutItemInput{})
		_, _ = table.UpdateItem(ctx, &dynamodb.UpdateItemInput{})
		_, _ = tasks.RunTask(ctx, &ecs.RunTaskInput{})
		return nil
	})
}
