// Command trigger is a Lambda function. It takes triggers of schedules and requests of people,
// and launches runs.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/batchplane/batchplane/internal/wire/trigger"
)

func main() {
	handler, err := trigger.New(os.LookupEnv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "batchplane trigger cannot start:", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}
