package calls_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws/middleware"
)

// call is one request as it is sent.
type call struct{ function, service, operation string }

// wire records what is sent over it.
type wire struct {
	mu    sync.Mutex
	calls []call
}

// listen returns a transport that records which function sent what. Requests that the SDK sends
// again are counted again. The functions sign those to EventBridge themselves.
func (w *wire) listen(function string, next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		c := call{function, middleware.GetServiceID(r.Context()), middleware.GetOperationName(r.Context())}
		if c.service == "" {
			c.service, c.operation = "Slack", r.Method
			if operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AWSEvents."); ok {
				c.service, c.operation = "EventBridge", operation
			}
		}
		w.mu.Lock()
		w.calls = append(w.calls, c)
		w.mu.Unlock()
		return next.RoundTrip(r)
	})
}

func (w *wire) take() []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.calls
	w.calls = nil
	return out
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer is a service that gives everybody the same answer.
func answer(body string) http.RoundTripper { return status(http.StatusOK, body) }

func status(code int, body string) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})
}

// count formats calls as "DynamoDB GetItem 2, PutItem 1; ECS RunTask 1".
func count(calls []call) string {
	if len(calls) == 0 {
		return "none"
	}
	byService, services := map[string][]string{}, []string{}
	for _, c := range calls {
		if byService[c.service] == nil {
			services = append(services, c.service)
		}
		byService[c.service] = append(byService[c.service], c.operation)
	}
	slices.Sort(services)
	for i, service := range services {
		services[i] = service + " " + tally(byService[service])
	}
	return strings.Join(services, "; ")
}

func tally(operations []string) string {
	slices.Sort(operations)
	var out []string
	for len(operations) > 0 {
		n := len(operations)
		if i := slices.IndexFunc(operations, func(o string) bool { return o != operations[0] }); i >= 0 {
			n = i
		}
		out = append(out, fmt.Sprintf("%s %d", operations[0], n))
		operations = operations[n:]
	}
	return strings.Join(out, ", ")
}
