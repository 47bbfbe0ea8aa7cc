package console_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/test/browser/seed"
)

// table is as much of DynamoDB as the store's reads and first writes need. It answers over HTTP
// in DynamoDB's wire format; a call takes 5 ms while slow is set.
type table struct {
	slow   bool
	mu     sync.Mutex
	items  map[string]*row
	groups map[string][]*row // by the attribute of a hash key, and its value
	sorted map[string][]*row // the same in the order of a range key
	calls  int
}

// row is an item in its wire format, whole and only its keys, with its attributes.
type row struct {
	key         string
	whole, keys json.RawMessage
	of          map[string]string
}

type attribute struct{ S, N string }

// newRow reads an item.
func newRow(raw json.RawMessage) *row {
	var parts map[string]json.RawMessage
	_ = json.Unmarshal(raw, &parts)
	r := &row{whole: raw, of: map[string]string{}}
	keys := map[string]json.RawMessage{}
	for _, name := range []string{"pk", "sk", "op", "od", "np", "at", "hand"} {
		if part, ok := parts[name]; ok {
			var a attribute
			_ = json.Unmarshal(part, &a)
			r.of[name], keys[name] = cmp.Or(a.S, a.N), part
		}
	}
	r.key = r.of["pk"] + "\x00" + r.of["sk"]
	r.keys, _ = json.Marshal(keys)
	return r
}

// RoundTrip implements http.RoundTripper.
func (t *table) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.slow {
		time.Sleep(5 * time.Millisecond)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	t.calls++
	var out any
	switch r.Header.Get("X-Amz-Target") {
	case "DynamoDB_20120810.PutItem":
		var in struct{ Item json.RawMessage }
		_ = json.Unmarshal(body, &in)
		r := newRow(in.Item)
		t.items[r.key] = r
		for _, hash := range []string{"pk", "op", "np"} {
			if v, ok := r.of[hash]; ok {
				t.groups[hash+"\x00"+v] = append(t.groups[hash+"\x00"+v], r)
			}
		}
		out = struct{}{}
	case "DynamoDB_20120810.BatchGetItem":
		out = t.batch(body)
	case "DynamoDB_20120810.Query":
		out = t.query(body)
	default: // a mark, or an item of all jobs, that does not exist
		out = struct{}{}
	}
	t.mu.Unlock()
	answer, err := json.Marshal(out)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, Body: io.NopCloser(bytes.NewReader(answer)), Request: r}, err
}

func (t *table) batch(body []byte) any {
	var in struct {
		RequestItems map[string]struct{ Keys []map[string]attribute }
	}
	_ = json.Unmarshal(body, &in)
	found := []json.RawMessage{}
	for _, k := range in.RequestItems["t"].Keys {
		if item, ok := t.items[k["pk"].S+"\x00"+k["sk"].S]; ok {
			found = append(found, item.whole)
		}
	}
	return map[string]any{"Responses": map[string]any{"t": found}, "UnprocessedKeys": map[string]any{}}
}

// order returns the rows that an index, or the table, has under a hash key.
func (t *table) order(hash, value, by string) []*row {
	name := hash + "\x00" + value + "\x00" + by
	if o, ok := t.sorted[name]; ok {
		return o
	}
	out := slices.DeleteFunc(slices.Clone(t.groups[hash+"\x00"+value]), func(r *row) bool { return r.of[by] == "" })
	slices.SortFunc(out, func(a, b *row) int { return compare(a.of[by], b.of[by]) })
	t.sorted[name] = out
	return out
}

// compare compares numbers numerically.
func compare(a, b string) int {
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(a, b)
}

func (t *table) query(body []byte) any {
	var in struct {
		IndexName                 string
		KeyConditionExpression    string
		ExpressionAttributeNames  map[string]string
		ExpressionAttributeValues map[string]attribute
		ExclusiveStartKey         map[string]attribute
		ScanIndexForward          *bool
		Limit                     int
	}
	_ = json.Unmarshal(body, &in)
	hash, by, value := "pk", "sk", in.ExpressionAttributeValues[":pk"].S
	if in.IndexName != "" {
		hash, by, value = in.ExpressionAttributeNames["#h"], in.ExpressionAttributeNames["#r"], in.ExpressionAttributeValues[":h"].S
	}
	rows := t.order(hash, value, by)
	bound := func(name string) string {
		return cmp.Or(in.ExpressionAttributeValues[name].S, in.ExpressionAttributeValues[name].N)
	}
	at := func(r *row, to string) int { return compare(r.of[by], to) }
	lo, hi := 0, len(rows)
	if strings.Contains(in.KeyConditionExpression, "BETWEEN") {
		lo, _ = slices.BinarySearchFunc(rows, bound(":from"), at)
		hi, _ = slices.BinarySearchFunc(rows, bound(":to")+"~", func(r *row, _ string) int {
			if at(r, bound(":to")) <= 0 {
				return -1
			}
			return 1
		})
	}
	newest := in.ScanIndexForward != nil && !*in.ScanIndexForward
	if k := in.ExclusiveStartKey; k != nil {
		after := t.items[k["pk"].S+"\x00"+k["sk"].S]
		i, _ := slices.BinarySearchFunc(rows, after.of[by], at)
		for rows[i] != after {
			i++
		}
		if newest {
			hi = i
		} else {
			lo = i + 1
		}
	}
	out := map[string]any{}
	n := min(cmp.Or(in.Limit, 1000), 1000, hi-lo)
	more := n < hi-lo
	if rows = rows[lo : lo+n]; newest {
		rows = slices.Clone(t.order(hash, value, by)[hi-n : hi])
		slices.Reverse(rows)
	}
	if more {
		out["LastEvaluatedKey"] = rows[n-1].keys
	}
	items := make([]json.RawMessage, len(rows))
	for i, r := range rows {
		if items[i] = r.whole; in.IndexName != "" {
			items[i] = r.keys
		}
	}
	out["Items"] = items
	return out
}

// BenchmarkStackPages: pages of a stack with 1,000 jobs, whose timeline shows 24,000 runs, with a
// DynamoDB that takes 5 ms a call.
func BenchmarkStackPages(b *testing.B) {
	t := &table{items: map[string]*row{}, groups: map[string][]*row{}, sorted: map[string][]*row{}}
	db := dynamodb.New(dynamodb.Options{
		Region: "eu-central-1", HTTPClient: &http.Client{Transport: t}, BaseEndpoint: aws.String("http://table.invalid"),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	})
	store := func() *dynamo.Store {
		return dynamo.New(dynamo.Config{DB: db, Table: "t", Now: func() time.Time { return night }})
	}
	fill := store()
	if err := seed.Crowd(b.Context(), fill, 1000, 48, time.Hour, night); err != nil {
		b.Fatal(err)
	}
	t.slow = true
	open := func() (*console.Server, *http.Cookie) {
		s := console.New(console.Config{Plane: &plane.Plane{
			Name: "prod", Reader: store(), Now: func() time.Time { return night },
			Inspect: func(context.Context) (plane.Health, error) { return plane.Health{Running: true}, nil },
		}, Base: "http://" + host, Now: func() time.Time { return night }})
		w := httptest.NewRecorder()
		s.ServeHTTP(w, request("GET", s.Address()[len("http://"+host):], nil))
		return s, w.Result().Cookies()[0]
	}
	for _, path := range []string{"/", "/timeline", "/jobs", "/history"} {
		s, cookie := open()
		load(b, s, cookie, path) // builds the table's own order once
		for _, kind := range []string{"cold", "warm"} {
			b.Run(kind+path, func(b *testing.B) {
				calls := 0
				for b.Loop() {
					if kind == "cold" {
						s, cookie = open()
					}
					t.calls = 0
					load(b, s, cookie, path)
					calls = t.calls
				}
				b.ReportMetric(float64(calls), "calls/page")
			})
		}
	}
}
