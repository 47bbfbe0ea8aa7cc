// Command sweep is a Lambda function. It does what must happen by time alone.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/batchplane/batchplane/internal/wire/sweep"
)

func main() {
	handler, err := sweep.New(os.LookupEnv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "batchplane sweep cannot start:", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}
