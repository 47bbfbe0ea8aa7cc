package signed

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// Whole is an HTTP client for clients of the SDK that sends a request in one piece.
//
// The SDK closes a request's body as soon as an answer begins. net/http does not recognise that
// body as one in memory: it sends the head by itself, then the body, and then reads on for what
// may be left. If that read comes after the close, net/http takes it for a failed write and
// closes the connection, and an answer whose body had not fully arrived is lost
// (https://github.com/aws/aws-sdk-go-v2/issues/2737). The SDK tries such a call again; it may not
// do so with RunTask.
type Whole struct{ *awshttp.BuildableClient }

// Do sends a request.
func (w Whole) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return w.BuildableClient.Do(r) //nolint:wrapcheck // the SDK reads it
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	sent := r.Clone(r.Context())
	sent.Body = io.NopCloser(bytes.NewReader(body))
	return w.BuildableClient.Do(sent) //nolint:wrapcheck // the SDK reads it
}

// With returns the client with options for its transport.
func (w Whole) With(options ...func(*http.Transport)) Whole {
	return Whole{w.WithTransportOptions(options...)}
}
