package localecs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Transport answers requests by calling a handler on the caller's goroutine, without a network, for
// deterministic simulations. A handler that hangs up gives io.ErrUnexpectedEOF.
type Transport struct {
	Handler http.Handler
}

// RoundTrip lets the handler answer the request.
func (t Transport) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	defer func() {
		switch why := recover(); {
		case why == nil:
		case isHangUp(why):
			answer, err = nil, fmt.Errorf("reading the answer: %w", io.ErrUnexpectedEOF)
		default:
			panic(why)
		}
	}()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer r.Body.Close()
	w := &answerWriter{header: http.Header{}, status: http.StatusOK}
	t.Handler.ServeHTTP(w, r)
	return &http.Response{
		Status:     http.StatusText(w.status),
		StatusCode: w.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        w.header,
		Body:          io.NopCloser(&w.Buffer),
		ContentLength: int64(w.Len()),
		Request:       r,
	}, nil
}

// answerWriter keeps an answer in memory.
type answerWriter struct {
	bytes.Buffer // the body; its Write is the ResponseWriter's

	header http.Header
	status int
}

func (w *answerWriter) Header() http.Header    { return w.header }
func (w *answerWriter) WriteHeader(status int) { w.status = status }

func isHangUp(why any) bool {
	err, ok := why.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}
