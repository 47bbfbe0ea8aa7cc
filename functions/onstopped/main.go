// Command onstopped is a Lambda function. It handles the events of tasks that stopped.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/batchplane/batchplane/internal/wire/onstopped"
)

func main() {
	handler, err := onstopped.New(os.LookupEnv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "batchplane onstopped cannot start:", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}
