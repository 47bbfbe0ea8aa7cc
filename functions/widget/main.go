// Command widget is a Lambda function. It returns what a CloudWatch dashboard shows.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/batchplane/batchplane/internal/wire/widget"
)

func main() {
	handler, err := widget.New(os.LookupEnv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "batchplane widget cannot start:", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}
