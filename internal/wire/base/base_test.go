package base

import (
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/batchplane/batchplane/internal/signed"
	"github.com/batchplane/batchplane/internal/wire/environ"
)

func TestAWS(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
		"AWS_ENDPOINT_URL_ECS": "http://ecs",
	}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	a, err := NewAWS(lookup)
	if err != nil {
		t.Fatal(err)
	}
	ecs := a.For("ECS")
	who, err := ecs.Credentials.Retrieve(t.Context())
	if err != nil || who.AccessKeyID != "id" || who.SecretAccessKey != "secret" || who.SessionToken != "token" || ecs.Region != "eu-central-1" {
		t.Errorf("got %+v in %s, %v", who, ecs.Region, err)
	}
	if got := aws.ToString(ecs.BaseEndpoint); got != "http://ecs" {
		t.Errorf("ECS is at %q", got)
	}
	if got := a.For("SNS").BaseEndpoint; got != nil {
		t.Errorf("SNS is at %q", *got)
	}
	env["AWS_ENDPOINT_URL"] = "http://all"
	if got := aws.ToString(a.For("ECS").BaseEndpoint) + " " + aws.ToString(a.For("SNS").BaseEndpoint); got != "http://ecs http://all" {
		t.Errorf("endpoints %s", got)
	}
	clear(env)
	if _, err := NewAWS(lookup); err == nil || !strings.Contains(err.Error(), "AWS_REGION") || !strings.Contains(err.Error(), "AWS_SECRET_ACCESS_KEY") {
		t.Errorf("got %v", err)
	}
}

// TestStackNames: every name is accepted that CloudFormation accepts and that is short enough for
// startedBy. The Terraform module accepts the same.
func TestStackNames(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile("../../../deploy/terraform/variables.tf")
	said := regexp.MustCompile(`regex\("(.+)", var\.name\)`).FindSubmatch(module)
	if err != nil || said == nil {
		t.Fatalf("the module says of no name what it must be: %v", err)
	}
	terraform := regexp.MustCompile(string(said[1]))
	for name, ok := range map[string]bool{
		"batchplane": true, "Prod": true, "my-Stack1": true, strings.Repeat("a", 48): true,
		strings.Repeat("a", 49): false, "1st": false, "a_b": false, "a/b": false, "": false,
	} {
		var c Config
		err := environ.Fill(&c, func(v string) (string, bool) {
			value, known := map[string]string{"BATCHPLANE_STACK": name, "BATCHPLANE_TABLE": "t", "BATCHPLANE_KEEP_DAYS": "400"}[v]
			return value, known
		})
		if (err == nil) != ok || terraform.MatchString(name) != ok {
			t.Errorf("%q: %v; by Terraform %t", name, err, !ok)
		}
	}
}

// TestCallsHaveLimits: no call waits for ever, and a connection that was idle while the process was
// frozen is not used again.
func TestCallsHaveLimits(t *testing.T) {
	t.Parallel()
	a := AWS{lookup: func(string) (string, bool) { return "", false }}
	for service, limit := range map[string]time.Duration{"ECS": 10 * time.Second, "SCHEDULER": 10 * time.Second, "SNS": 10 * time.Second, "DYNAMODB": 3 * time.Second} {
		client, ok := a.For(service).HTTPClient.(signed.Whole)
		if !ok || client.GetTimeout() != limit || client.GetTransport().IdleConnTimeout != 5*time.Second {
			t.Errorf("%s: %+v", service, client)
		}
	}
	if idle := Transport().IdleConnTimeout; idle != 5*time.Second {
		t.Errorf("others keep connections for %s", idle)
	}
}

// TestLog: each byte of a line costs money.
func TestLog(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	Log(&out).Info("claimed", "run", "a/1", slog.Group("of", "time", "x"))
	want := regexp.MustCompile(`^\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"INFO","msg":"claimed","run":"a/1","of":\{"time":"x"\}\}\n$`)
	if !want.MatchString(out.String()) {
		t.Errorf("got %s", out.String())
	}
}
