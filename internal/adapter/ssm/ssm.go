// Package ssm reads secrets from SSM Parameter Store.
package ssm

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// API is the part of the SSM client that Secrets uses.
type API interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
}

// Secrets reads parameters under a path. It reads each once: it remembers values, but not errors, until
// Forget.
type Secrets struct {
	SSM API
	// Path precedes each name and ends with a slash.
	Path string

	mu    sync.Mutex
	known map[string]string
}

// Secret returns the value of a parameter, decrypted.
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

// Forget makes the next Secret of that name read the parameter again.
func (s *Secrets) Forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, name)
}
