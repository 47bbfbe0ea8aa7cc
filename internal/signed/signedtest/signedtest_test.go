package signedtest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestFaults: a request that a service takes has no fault, and each way to leave its form is one.
func TestFaults(t *testing.T) {
	t.Parallel()
	const put, rules, get, form = "AWSEvents.PutEvents", "AWSEvents.ListRules", "GET /schedules", "POST Action=DescribeSubnets&Version=1"
	full := strings.Repeat(`,{"Source":"ä","DetailType":"d","Detail":"{}"}`, 10)[1:]
	for name, c := range map[string]struct{ of, service, kind, body, fault string }{
		"as it takes it":       {put, "events", json1, `{"Entries":[` + full + `]}`, ""},
		"optional members":     {rules, "events", json1, `{"Limit":100,"NextToken":"` + strings.Repeat("ä", 2048) + `"}`, ""},
		"a path":               {get + "/a%2Fb?groupName=g", "scheduler", "", "", ""},
		"a query":              {get + "?MaxResults=100", "scheduler", "", "", ""},
		"a form":               {form + "&SubnetId.1=s", "ec2", query, "", ""},
		"an unknown operation": {"AWSEvents.ListRule", "events", json1, `{}`, "in no table"},
		"no JSON":              {rules, "events", json1, `Limit=1`, "no request of the JSON protocol"},
		"another protocol":     {rules, "events", json0, `{}`, "content type"},
		"another signature":    {rules, "scheduler", json1, `{}`, "signature"},
		"an absent member":     {put, "events", json1, `{}`, "Entries is absent"},
		"an absent member in":  {put, "events", json1, `{"Entries":[{"Source":"s","DetailType":"d"}]}`, "Entries[].Detail is absent"},
		"an unknown member":    {rules, "events", json1, `{"limit":1}`, "limit is unknown"},
		"too large a number":   {rules, "events", json1, `{"Limit":101}`, "Limit is or has 101"},
		"too small a number":   {get + "?MaxResults=0", "scheduler", "", "", "MaxResults is or has 0"},
		"no number":            {get + "?MaxResults=many", "scheduler", "", "", "MaxResults is string"},
		"too long a text":      {rules, "events", json1, `{"NamePrefix":"` + strings.Repeat("a", 65) + `"}`, "NamePrefix is or has 65"},
		"an empty text":        {rules, "events", json1, `{"NextToken":""}`, "NextToken is or has 0"},
		"too many entries":     {put, "events", json1, `{"Entries":[` + full + `,{"Source":"s","DetailType":"d","Detail":"{}"}]}`, "Entries is or has 11"},
		"a text for a number":  {rules, "events", json1, `{"Limit":true}`, "Limit is bool"},
		"a number for a text":  {rules, "events", json1, `{"NamePrefix":1}`, "NamePrefix is float64"},
		"a text for a list":    {put, "events", json1, `{"Entries":"e"}`, "Entries is string"},
		"a list for a text":    {rules, "events", json1, `{"NamePrefix":[]}`, "NamePrefix is []interface"},
		"texts for structures": {put, "events", json1, `{"Entries":["e"]}`, "Entries[]. is string"},
		"structures for texts": {"AmazonSQS.ReceiveMessage", "sqs", json0, `{"QueueUrl":"q","AttributeNames":[{}]}`, "AttributeNames[]. is map"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method, path, rest := http.MethodPost, "/", strings.HasPrefix(c.of, "GET ")
			if rest {
				method, path = http.MethodGet, strings.TrimPrefix(c.of, "GET ")
			}
			body := c.body
			if text, is := strings.CutPrefix(c.of, "POST "); is {
				body = text
			}
			r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
			if !rest && body == c.body {
				r.Header.Set("X-Amz-Target", c.of)
			}
			if c.kind != "" {
				r.Header.Set("Content-Type", c.kind)
			}
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=id/20261122/eu-central-1/"+c.service+"/aws4_request, SignedHeaders=host")
			text, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(faults(r, text), "; ")
			if c.fault == "" && got != "" || !strings.Contains(got, c.fault) {
				t.Errorf("got %q, want %q", got, c.fault)
			}
		})
	}
}
