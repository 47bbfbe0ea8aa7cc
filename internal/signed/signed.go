// Package signed sends signed requests to AWS services of which batchplane needs little and whose
// SDK module would cost much: over a megabyte in the program and, at each cold start of a
// function, the schemas of hundreds of operations. A request that failed is sent again as the SDK's
// clients do it.
package signed

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
)

// Client calls one service. The configuration's Retryer, or else its RetryMaxAttempts, says how often a
// request is sent; without either it is three times, as the SDK's standard has it.
type Client struct {
	aws.Config
	// Service is its name in signatures.
	Service string
	// Endpoint is its address, unless the configuration sets one.
	Endpoint string
	// Skew is how far AWS's clock is ahead of this machine's, as far as is known. AWS refuses signatures that
	// are minutes off, which the SDK's own clients make good.
	Skew time.Duration

	once    sync.Once
	retryer aws.Retryer
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
	text, err := c.call(ctx, request{
		method: http.MethodPost, path: "/", body: body, refusal: jsonRefusal,
		header: map[string]string{"Content-Type": "application/x-amz-json-" + version, "X-Amz-Target": target},
	})
	if err != nil {
		return fmt.Errorf("%s: %w", target, err)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return unreadable(target, err)
	}
	return nil
}

// Query calls an operation with the EC2 query protocol. unmarshal is xml.Unmarshal, which none of
// the functions needs and which would build tables each time they start.
func (c *Client) Query(ctx context.Context, in url.Values, unmarshal func([]byte, any) error, out any) error {
	action := in.Get("Action")
	text, err := c.call(ctx, request{
		method: http.MethodPost, path: "/", body: []byte(in.Encode()), header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
		refusal: func(_ http.Header, text []byte) *smithy.GenericAPIError { return xmlRefusal(text, unmarshal) },
	})
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	if err := unmarshal(text, out); err != nil { // into a type of ours, limited in size; encoding/xml has no external entities
		return unreadable(action, err)
	}
	return nil
}

// Get calls a read-only operation with the REST protocol and JSON. path includes the query.
func (c *Client) Get(ctx context.Context, operation, path string, out any) error {
	text, err := c.call(ctx, request{method: http.MethodGet, path: path, refusal: restRefusal})
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return unreadable(operation, err)
	}
	return nil
}

// unreadable returns the error of an answer that is not what the operation answers.
func unreadable(operation string, err error) error {
	return &unreadableError{fmt.Errorf("the answer to %s cannot be read: %w", operation, err)}
}

// request is what one operation sends. refusal reads the error that was answered instead; its code is ""
// if the answer names none.
type request struct {
	method, path string
	body         []byte
	header       map[string]string
	refusal      func(header http.Header, text []byte) *smithy.GenericAPIError
}

// send sends a request once, and returns the text of its answer.
func (c *Client) send(ctx context.Context, q request) ([]byte, error) {
	endpoint := c.Endpoint
	if c.BaseEndpoint != nil {
		endpoint = *c.BaseEndpoint
	}
	r, err := http.NewRequestWithContext(ctx, q.method, strings.TrimRight(endpoint, "/")+q.path, bytes.NewReader(q.body))
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	for name, value := range q.header {
		r.Header.Set(name, value)
	}
	who, err := c.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the credentials: %w", err)
	}
	sum := sha256.Sum256(q.body)
	if err := v4.NewSigner().SignHTTP(ctx, who, r, hex.EncodeToString(sum[:]), c.Service, c.Region, time.Now().Add(c.Skew)); err != nil {
		return nil, fmt.Errorf("signing the request: %w", err)
	}
	answer, err := c.HTTPClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("calling %s: %w", c.Service, unansweredError{err})
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
	switch {
	case err != nil:
		return nil, &unreadableError{fmt.Errorf("reading the answer: %w", err)}
	case answer.StatusCode != http.StatusOK:
		return nil, refusal(answer.StatusCode, q.refusal(answer.Header, text), text)
	}
	return text, nil
}

func jsonRefusal(_ http.Header, text []byte) *smithy.GenericAPIError {
	var said struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	_ = json.Unmarshal(text, &said) // what cannot be read names no error
	return &smithy.GenericAPIError{Code: bare(said.Type), Message: said.Message}
}

// restRefusal reads a refusal. The header gives the error's name, or else the body does. An answer
// whose body is something else comes from a gateway.
func restRefusal(header http.Header, text []byte) *smithy.GenericAPIError {
	var said struct {
		Type          string `json:"__type"`
		Code, Message string
	}
	if err := json.Unmarshal(text, &said); err != nil && len(text) > 0 {
		return &smithy.GenericAPIError{}
	}
	return &smithy.GenericAPIError{Code: bare(cmp.Or(header.Get("X-Amzn-Errortype"), said.Code, said.Type)), Message: said.Message}
}

// bare returns an error's name without what may stand around it: namespace#name:address.
func bare(name string) string {
	name, _, _ = strings.Cut(name, ":")
	return name[strings.LastIndexByte(name, '#')+1:]
}

func xmlRefusal(text []byte, unmarshal func([]byte, any) error) *smithy.GenericAPIError {
	var said struct {
		Code    string `xml:"Errors>Error>Code"`
		Message string `xml:"Errors>Error>Message"`
	}
	_ = unmarshal(text, &said) // what cannot be read names no error
	return &smithy.GenericAPIError{Code: said.Code, Message: said.Message}
}
