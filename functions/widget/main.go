// Command widget is a Lambda function: it is what a dashboard of CloudWatch shows.
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
