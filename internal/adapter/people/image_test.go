package people_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/batchplane/batchplane/internal/adapter/people"
	"github.com/batchplane/batchplane/internal/doctor"
)

// TestImages: an image is asked about in the account and the Region of its registry, whatever form
// the registry's name has. One that is not there may be fetched by a rule of the registry.
func TestImages(t *testing.T) {
	t.Parallel()
	const account = "210987654321"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		text, _ := io.ReadAll(q.Body)
		body, west := string(text), strings.Contains(q.Header.Get("Authorization"), "/us-west-2/")
		rule := strings.HasSuffix(q.Header.Get("X-Amz-Target"), "DescribePullThroughCacheRules")
		switch {
		case rule && strings.Contains(q.Header.Get("Authorization"), "/eu-west-1/"):
			_, _ = io.WriteString(w, `{"pullThroughCacheRules":[{"ecrRepositoryPrefix":"ROOT"}]}`)
		case !strings.Contains(body, `"registryId":"`+account+`"`), rule && !west:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"AccessDeniedException","message":"no"}`)
		case rule && strings.Contains(body, "more"):
			_, _ = io.WriteString(w, `{"pullThroughCacheRules":[{"ecrRepositoryPrefix":"quay/team"}]}`)
		case rule:
			_, _ = io.WriteString(w, `{"pullThroughCacheRules":[{"ecrRepositoryPrefix":"hub"}],"nextToken":"more"}`)
		case west && strings.Contains(body, `"repositoryName":"etl"`) && (strings.Contains(body, `"imageTag":"v1"`) || strings.Contains(body, `"imageTag":"latest"`)):
			_, _ = io.WriteString(w, `{"imageDetails":[{"imageDigest":"x"}]}`)
		default:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"__type":"RepositoryNotFoundException","message":"no"}`)
		}
	}))
	t.Cleanup(server.Close)
	f := &people.Facts{ECR: ecr.NewFromConfig(aws.Config{
		Region: "eu-central-1", BaseEndpoint: &server.URL, HTTPClient: server.Client(), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	})}
	for name, want := range map[string]doctor.Verdict{
		account + ".dkr.ecr.us-west-2.amazonaws.com/etl:v1":        doctor.Good,
		account + ".dkr.ecr.us-west-2.amazonaws.com/etl":           doctor.Good, // latest is meant
		account + ".dkr.ecr-fips.us-west-2.amazonaws.com/etl:v1":   doctor.Good,
		account + ".dkr-ecr.us-west-2.on.aws/etl:v1":               doctor.Good,
		account + ".dkr-ecr-fips.us-west-2.on.aws/etl:v1":          doctor.Good,
		account + ".dkr.ecr.us-west-2.amazonaws.com/web:v1":        doctor.Wrong,
		account + ".dkr.ecr.us-west-2.amazonaws.com/hub/redis:8":   doctor.Unknown,
		account + ".dkr.ecr.us-west-2.amazonaws.com/hubs/redis:8":  doctor.Wrong,
		account + ".dkr.ecr.us-west-2.amazonaws.com/quay/team/x:1": doctor.Unknown, // by a rule of the second page
		account + ".dkr.ecr.us-west-2.amazonaws.com/quay/x:1":      doctor.Wrong,
		account + ".dkr.ecr.eu-central-1.amazonaws.com/etl:v1":     doctor.Unknown, // whose rules nobody may read
		account + ".dkr.ecr.eu-west-1.amazonaws.com/etl:v1":        doctor.Unknown, // by a rule for all names
		"109876543210.dkr.ecr.us-west-2.amazonaws.com/etl:v1":      doctor.Unknown,
		"public.ecr.aws/docker/library/busybox:1":                  doctor.Unknown,
		"registry.example.com/dkr/etl":                             doctor.Unknown,
	} {
		s := doctor.Subject{Kind: doctor.Image, Name: name}
		if got := f.Answers(t.Context(), []doctor.Subject{s})[s]; got.Verdict != want {
			t.Errorf("%s: %+v, want %v", name, got, want)
		}
	}
}

// TestSecretsElsewhere: a secret or a parameter is asked about in the Region of its ARN, and a log
// group in that of its container's options.
func TestSecretsElsewhere(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if strings.Contains(q.Header.Get("Authorization"), "/us-west-2/") {
			_, _ = io.WriteString(w, `{"logGroups":[{"logGroupName":"/ecs/agent"}]}`)
			return
		}
		code := map[bool]string{true: "ParameterNotFound", false: "ResourceNotFoundException"}[strings.HasPrefix(q.Header.Get("X-Amz-Target"), "AmazonSSM")]
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"`+code+`","message":"no"}`)
	}))
	t.Cleanup(server.Close)
	c := aws.Config{
		Region: "eu-central-1", BaseEndpoint: &server.URL, HTTPClient: server.Client(), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	}
	f := &people.Facts{Secrets: secretsmanager.NewFromConfig(c), SSM: ssm.NewFromConfig(c), Logs: cloudwatchlogs.NewFromConfig(c)}
	for name, want := range map[string]doctor.Verdict{
		"arn:aws:secretsmanager:us-west-2:123456789012:secret:db-a1b2c3:key::": doctor.Good,
		"arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-a1b2c3":    doctor.Wrong,
		"arn:aws:ssm:us-west-2:123456789012:parameter/etl/key":                 doctor.Good,
		"arn:aws:ssm:eu-central-1:123456789012:parameter/etl/key":              doctor.Wrong,
		"/etl/key": doctor.Wrong,
	} {
		s := doctor.Subject{Kind: doctor.Secret, Name: name}
		if got := f.Answers(t.Context(), []doctor.Subject{s})[s]; got.Verdict != want {
			t.Errorf("%s: %+v, want %v", name, got, want)
		}
	}
	for name, want := range map[string]doctor.Verdict{"us-west-2:/ecs/agent": doctor.Good, "/ecs/agent": doctor.Wrong} {
		s := doctor.Subject{Kind: doctor.LogGroup, Name: name}
		if got := f.Answers(t.Context(), []doctor.Subject{s})[s]; got.Verdict != want {
			t.Errorf("%s: %+v, want %v", name, got, want)
		}
	}
}
