package ssm

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

type store struct {
	values map[string]string
	err    error
	calls  int
}

func (s *store) GetParameter(_ context.Context, in *ssm.GetParameterInput, _ ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	s.calls++
	if s.err != nil {
		return nil, s.err
	}
	if !aws.ToBool(in.WithDecryption) {
		return nil, errors.New("not decrypted")
	}
	return &ssm.GetParameterOutput{Parameter: &types.Parameter{Value: aws.String(s.values[*in.Name])}}, nil
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	back := &store{values: map[string]string{"/batchplane/prod/slack/ops": "one"}, err: errors.New("throttled")}
	s := &Secrets{SSM: back, Path: "/batchplane/prod/slack/"}
	want := func(name, value string, calls int) {
		t.Helper()
		got, err := s.Secret(t.Context(), name)
		if got != value || (err != nil) != (value == "") || back.calls != calls {
			t.Errorf("got %q, %v after %d calls; want %q after %d", got, err, back.calls, value, calls)
		}
	}
	want("ops", "", 1) // an error is not remembered
	back.err = nil
	want("ops", "one", 2)
	back.values["/batchplane/prod/slack/ops"] = "two"
	want("ops", "one", 2)
	s.Forget("ops")
	want("ops", "two", 3)
	want("nobody", "", 4) // nor is an empty value
}
