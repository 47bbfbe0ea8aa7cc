// Package signedtest compares requests that package signed sends with what the services take: the
// SDK's modules, which would do that, are not linked.
package signedtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Checked returns a client that passes requests on to next. The test fails if one of them is none that
// its service takes: of an operation that the tables do not have, signed for another service, with
// another content type, with a member that is unknown, absent, of another type or out of its bounds.
func Checked(tb testing.TB, next aws.HTTPClient) aws.HTTPClient {
	tb.Helper()
	return client{tb, next}
}

type client struct {
	tb   testing.TB
	next aws.HTTPClient
}

// Do implements aws.HTTPClient.
func (c client) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			c.tb.Errorf("reading a request: %v", err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	for _, fault := range faults(r, body) {
		c.tb.Errorf("no service takes this request: %s\n%s %s %s", fault, r.Method, r.URL, body)
	}
	return c.next.Do(r) //nolint:wrapcheck // package signed reads it
}

// faults says what is wrong with a request.
func faults(r *http.Request, body []byte) (out []string) {
	name, kind, given, err := parse(r, body)
	if err != nil {
		return []string{err.Error()}
	}
	o, known := operations[name]
	if !known {
		return []string{fmt.Sprintf("operation %q is in no table: add it, from the service's model", name)}
	}
	if r.Header.Get("Content-Type") != kind || o.kind != kind {
		out = append(out, fmt.Sprintf("content type %q, want %q", r.Header.Get("Content-Type"), o.kind))
	}
	if !strings.Contains(r.Header.Get("Authorization"), "/"+o.service+"/aws4_request,") {
		out = append(out, fmt.Sprintf("signature %q, want one for %s", r.Header.Get("Authorization"), o.service))
	}
	return append(out, o.takes.faults("", given)...)
}

// parse returns the operation that a request asks for, the content type that its form has, and its
// members.
func parse(r *http.Request, body []byte) (name, kind string, given map[string]any, err error) {
	if name = r.Header.Get("X-Amz-Target"); name != "" {
		if err := json.Unmarshal(body, &given); err != nil || r.Method != http.MethodPost || r.URL.Path != "/" {
			return name, "", nil, fmt.Errorf("%s %s is no request of the JSON protocol: %w", r.Method, r.URL.Path, err)
		}
		return name, operations[name].kind, given, nil
	}
	if r.Method == http.MethodPost {
		form, err := url.ParseQuery(string(body))
		return form.Get("Action"), query, texts(form, operations[form.Get("Action")].takes), err
	}
	name = r.Method + " " + r.URL.Path
	schedule, one := strings.CutPrefix(r.URL.EscapedPath(), "/schedules/")
	if one {
		name = r.Method + " /schedules/{Name}"
	}
	given = texts(r.URL.Query(), operations[name].takes)
	if one {
		given["Name"], err = url.PathUnescape(schedule)
	}
	return name, "", given, err //nolint:wrapcheck // it is shown in a test
}

// texts returns the members of a form or of a query, numbers as JSON has them.
func texts(values url.Values, takes members) map[string]any {
	out := map[string]any{}
	for name := range values {
		out[name] = values.Get(name)
		if n, err := strconv.Atoi(values.Get(name)); err == nil && takes[name].is == number {
			out[name] = float64(n)
		}
	}
	return out
}

// faults says what is wrong with the members of a structure; path names the structure.
func (takes members) faults(path string, given map[string]any) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(takes)) {
		if _, is := given[name]; takes[name].required && !is {
			out = append(out, path+name+" is absent")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if m, known := takes[name]; known {
			out = append(out, m.faults(path+name, given[name])...)
		} else {
			out = append(out, path+name+" is unknown")
		}
	}
	return out
}

func (m member) faults(path string, v any) (out []string) {
	is, size := text, 0
	switch v := v.(type) {
	case string:
		size = utf8.RuneCountInString(v)
	case float64:
		is, size = number, int(v)
	case []any:
		is, size = list, len(v)
		for _, one := range v {
			out = append(out, m.one(path+"[].", one)...)
		}
	default:
		return []string{fmt.Sprintf("%s is %T", path, v)}
	}
	if is != m.is {
		return []string{fmt.Sprintf("%s is %T", path, v)}
	}
	if size < m.min || m.max > 0 && size > m.max {
		out = append(out, fmt.Sprintf("%s is or has %d, out of %d to %d", path, size, m.min, m.max))
	}
	return out
}

// one says what is wrong with an entry of a list.
func (m member) one(path string, v any) []string {
	fields, structure := v.(map[string]any)
	_, word := v.(string)
	switch {
	case m.of != nil && structure:
		return m.of.faults(path, fields)
	case m.of == nil && word:
		return nil
	}
	return []string{fmt.Sprintf("%s is %T", path, v)}
}
