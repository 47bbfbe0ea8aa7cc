package wire

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// tokens answers AssumeRole: with credentials if the code is 123456, else with what STS says to a wrong one, or to
// one that is none.
func tokens(w http.ResponseWriter, r *http.Request) {
	const space = `xmlns="https://sts.amazonaws.com/doc/2011-06-15/"`
	if len(r.FormValue("TokenCode")) != 6 {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `<ErrorResponse %s><Error><Code>ValidationError</Code><Message>1 validation error detected: Value at 'tokenCode' failed to satisfy constraint: Member must have length greater than or equal to 6</Message></Error></ErrorResponse>`, space)
		return
	}
	if r.FormValue("TokenCode") != "123456" || r.FormValue("SerialNumber") != "arn:aws:iam::123456789012:mfa/me" || r.FormValue("DurationSeconds") != map[string]string{"x": "3600", "old": "3600", "long": "7200"}[path.Base(r.FormValue("RoleArn"))] {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `<ErrorResponse %s><Error><Code>AccessDenied</Code><Message>MultiFactorAuthentication failed with invalid MFA one time pass code. </Message></Error></ErrorResponse>`, space)
		return
	}
	expires := map[string]string{"old": "2001"}[path.Base(r.FormValue("RoleArn"))]
	_, _ = fmt.Fprintf(w, `<AssumeRoleResponse %s><AssumeRoleResult><Credentials><AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, space, cmp.Or(expires, "2099"))
}

// TestMFA: a profile whose role asks for an MFA code has the person asked, once.
func TestMFA(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(tokens))
	defer server.Close()
	dir := t.TempDir()
	for name, text := range map[string]string{ //nolint:gosec // no credentials
		"config": "[profile base]\nregion = eu-central-1\n[profile mfa]\nregion = eu-central-1\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n" +
			"[profile long]\nregion = eu-central-1\nrole_arn = arn:aws:iam::123456789012:role/long\nsource_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/me\nduration_seconds = 7200\n" +
			"[profile old]\nregion = eu-central-1\nrole_arn = arn:aws:iam::123456789012:role/old\nsource_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n",
		"credentials": "[base]\naws_access_key_id = BASE\naws_secret_access_key = s\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "credentials"))
	t.Setenv("AWS_ENDPOINT_URL_STS", server.URL)
	asked := 0
	answer := func(code string) func(context.Context, string) (string, error) {
		return func(_ context.Context, device string) (string, error) {
			asked++
			if device != "arn:aws:iam::123456789012:mfa/me" {
				t.Errorf("asked for the code of %s", device)
			}
			return code, nil
		}
	}

	cfg, err := loadAWS(t.Context(), StackConfig{Profile: "mfa", Code: answer("123456")})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if who, err := cfg.Credentials.Retrieve(t.Context()); err != nil || who.AccessKeyID != "ROLE" {
			t.Errorf("the credentials are %v, %v", who.AccessKeyID, err)
		}
	}
	if limited, ok := cfg.HTTPClient.(interface {
		GetReadTimeout() (time.Duration, bool)
	}); !ok {
		t.Error("a call may wait for ever")
	} else if limit, ok := limited.GetReadTimeout(); !ok || limit != silence {
		t.Errorf("a call may wait for %s, %t", limit, ok)
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	if _, err := loadAWS(t.Context(), StackConfig{Profile: "long", Code: answer("123456")}); err != nil {
		t.Errorf("with a duration of its own: %v", err)
	}
	for _, code := range []string{"999999", "12345"} {
		if _, err := loadAWS(t.Context(), StackConfig{Profile: "mfa", Code: answer(code)}); err == nil || !strings.HasPrefix(err.Error(), "AWS refuses the role of the profile; if it asks for an MFA code") {
			t.Errorf("with the wrong code %s: %v", code, err)
		}
	}
	if _, err := loadAWS(t.Context(), StackConfig{Profile: "mfa"}); err == nil || !strings.Contains(err.Error(), `run `+"`"+`eval "$(aws configure export-credentials --profile mfa --format env)"`) {
		t.Errorf("with nobody to ask: %v", err)
	}
	// These have expired when they come, as others have after an hour: a call needs a further code.
	codes := []string{"123456", "999999"}
	cfg, err = loadAWS(t.Context(), StackConfig{Profile: "old", Code: func(context.Context, string) (code string, err error) {
		code, codes = codes[0], codes[1:]
		return code, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = dynamodb.NewFromConfig(cfg).ListTables(t.Context(), &dynamodb.ListTablesInput{})
	if got := explain(StackConfig{Name: "prod"}, "eu-central-1", err); got == nil || !strings.HasPrefix(got.Error(), "AWS refuses the role of the profile; if it asks for an MFA code") {
		t.Errorf("with a wrong code later: %v", got)
	}
	server.Close()
	if _, err := loadAWS(t.Context(), StackConfig{Profile: "mfa", Code: answer("123456")}); err == nil || !strings.HasPrefix(err.Error(), "AWS cannot be reached in eu-central-1") {
		t.Errorf("without a network: %v", err)
	}
}

// TestSilence: a call that AWS does not answer ends, and the error says so.
func TestSilence(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	defer server.Close()
	defer close(over)
	api := dynamodb.New(dynamodb.Options{
		Region: "mars-1", BaseEndpoint: &server.URL, HTTPClient: client(10 * time.Millisecond), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key"}, nil
		}),
	})
	_, err := api.ListTables(t.Context(), &dynamodb.ListTablesInput{})
	if got := explain(StackConfig{}, "mars-1", err); err == nil || !strings.HasPrefix(got.Error(), "AWS did not answer within 10ms in mars-1: is the Region right") {
		t.Errorf("got %v", got)
	}
}
