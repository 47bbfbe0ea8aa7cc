// Package ssm reads secrets from SSM Parameter Store.
package ssm

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// API is the part of the SSM client that is used.
type API interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
}

// Secrets reads parameters under a path, each once: it remembers values, not
// errors, until it is told to forget.
type Secrets struct {
	SSM API
	// Path goes before each name, with a slash at its end.
	Path string

	mu    sync.Mutex
	known map[string]string
}

// Secret is the value of a parameter, decrypted.
func (s *Secrets) Secret(ctx context.Context, name string) (string, error) {
	s.mu.Lock()
	value, ok := s.known[name]
	s.mu.Unlock()
	if ok {
		return value, nil
	}
	out, err := s.SSM.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(s.Path + name), WithDecryption: aws.Bool(true)})
	if err != nil {
		return "", fmt.Errorf("reading parameter %s: %w", s.Path+name, err)
	}
	if out.Parameter == nil || aws.ToString(out.Parameter.Value) == "" {
		return "", fmt.Errorf("parameter %s has no value", s.Path+name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]string{}
	}
	s.known[name] = *out.Parameter.Value
	return s.known[name], nil
}

// Forget has the next Secret of that name read it again.
func (s *Secrets) Forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, name)
}
