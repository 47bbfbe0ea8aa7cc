// Package signed sends signed requests to AWS services of which batchplane needs little and whose
// SDK module would cost much: over a megabyte in the program and, at each cold start of a
// function, the schemas of hundreds of operations.
package signed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
)

// Client calls one service.
type Client struct {
	aws.Config
	// Service is its name in signatures.
	Service string
	// Endpoint is its address, unless the configuration sets one.
	Endpoint string
}

// mostAnswer limits an answer, in bytes.
const mostAnswer = 64 << 20

// JSON calls an operation with the AWS JSON protocol of a version, "1.0" or "1.1". target is the
// operation's name with the service's prefix. out may be nil.
func (c *Client) JSON(ctx context.Context, version, target string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", target, err)
	}
	status, text, err := c.post(ctx, body, map[string]string{"Content-Type": "application/x-amz-json-" + version, "X-Amz-Target": target})
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", target, err)
	case status != http.StatusOK:
		return jsonRefusal(target, status, text)
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("the answer to %s cannot be read: %w", target, err)
	}
	return nil
}

// Query calls an operation with the EC2 query protocol. unmarshal is xml.Unmarshal, which none of
// the functions needs and which would build tables each time they start.
func (c *Client) Query(ctx context.Context, in url.Values, unmarshal func([]byte, any) error, out any) error {
	action := in.Get("Action")
	status, text, err := c.post(ctx, []byte(in.Encode()), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", action, err)
	case status != http.StatusOK:
		return xmlRefusal(action, status, text, unmarshal)
	}
	if err := unmarshal(text, out); err != nil { // into a type of ours, limited in size; encoding/xml has no external entities
		return fmt.Errorf("the answer to %s cannot be read: %w", action, err)
	}
	return nil
}

// Get calls a read-only operation with the REST protocol and JSON. path includes the query.
func (c *Client) Get(ctx context.Context, operation, path string, out any) error {
	status, header, text, err := c.send(ctx, http.MethodGet, path, nil, nil)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", operation, err)
	case status != http.StatusOK:
		return restRefusal(operation, status, header.Get("X-Amzn-Errortype"), text)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("the answer to %s cannot be read: %w", operation, err)
	}
	return nil
}

func (c *Client) post(ctx context.Context, body []byte, header map[string]string) (status int, text []byte, err error) {
	status, _, text, err = c.send(ctx, http.MethodPost, "/", body, header)
	return status, text, err
}

func (c *Client) send(ctx context.Context, method, path string, body []byte, header map[string]string) (status int, said http.Header, text []byte, err error) {
	endpoint := c.Endpoint
	if c.BaseEndpoint != nil {
		endpoint = *c.BaseEndpoint
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(endpoint, "/")+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("making the request: %w", err)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	who, err := c.Credentials.Retrieve(ctx)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("reading the credentials: %w", err)
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, who, r, hex.EncodeToString(sum[:]), c.Service, c.Region, time.Now()); err != nil {
		return 0, nil, nil, fmt.Errorf("signing the request: %w", err)
	}
	answer, err := c.HTTPClient.Do(r)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("calling %s: %w", c.Service, err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err = io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("reading the answer: %w", err)
	}
	return answer.StatusCode, answer.Header, text, nil
}

func jsonRefusal(operation string, status int, text []byte) error {
	var said struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &said) != nil || said.Type == "" {
		return unread(operation, status, text)
	}
	return refused(operation, said.Type, said.Message)
}

// restRefusal reads a refusal. The header gives the error's name, followed by a colon and more.
func restRefusal(operation string, status int, name string, text []byte) error {
	var said struct{ Message string }
	if json.Unmarshal(text, &said) != nil || name == "" {
		return unread(operation, status, text)
	}
	name, _, _ = strings.Cut(name, ":")
	return refused(operation, name, said.Message)
}

func xmlRefusal(operation string, status int, text []byte, unmarshal func([]byte, any) error) error {
	var said struct {
		Code    string `xml:"Errors>Error>Code"`
		Message string `xml:"Errors>Error>Message"`
	}
	err := unmarshal(text, &said)
	if err != nil || said.Code == "" {
		return unread(operation, status, text)
	}
	return refused(operation, said.Code, said.Message)
}

// refused returns the error that a service gave instead of an answer, as the SDK represents it.
func refused(operation, code, message string) error {
	return fmt.Errorf("%s: %w", operation, &smithy.GenericAPIError{Code: code[strings.LastIndexByte(code, '#')+1:], Message: message})
}

func unread(operation string, status int, text []byte) error {
	return fmt.Errorf("%s was answered with status %d: %.300q", operation, status, text)
}
