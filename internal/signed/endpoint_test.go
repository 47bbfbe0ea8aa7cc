package signed_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"

	"github.com/batchplane/batchplane/internal/signed"
)

// TestEndpoint: in each partition, requests go where the SDK's own client sends them.
func TestEndpoint(t *testing.T) {
	t.Parallel()
	for _, region := range []string{
		"eu-central-1", "us-gov-west-1", "cn-north-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1", "eusc-de-east-1", "xx-new-1",
	} {
		want, err := scheduler.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), scheduler.EndpointParameters{Region: aws.String(region)})
		if err != nil {
			t.Fatal(err)
		}
		if got := signed.Endpoint("scheduler", region); got != want.URI.String() {
			t.Errorf("%s: %s, and the SDK has %s", region, got, want.URI.String())
		}
		want, err = eventbridge.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), eventbridge.EndpointParameters{Region: aws.String(region)})
		if err != nil {
			t.Fatal(err)
		}
		if got := signed.Endpoint("events", region); got != want.URI.String() {
			t.Errorf("%s: %s, and the SDK has %s", region, got, want.URI.String())
		}
	}
}
