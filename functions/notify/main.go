// Command notify is a Lambda function. It sends the notices that runs owe.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/batchplane/batchplane/internal/wire/notify"
)

func main() {
	handler, err := notify.New(os.LookupEnv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "batchplane notify cannot start:", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}
