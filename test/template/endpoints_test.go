package template_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEndpointsAreListed: for each service that a function may call, the documentation names the
// endpoint that it needs in a VPC. Lambda and other services, not the functions, use what is
// allowed on a key or a queue, and on the log groups of functions.
func TestEndpointsAreListed(t *testing.T) {
	t.Parallel()
	rows := regexp.MustCompile("(?m)^\\| `com\\.amazonaws\\.<region>\\.([a-z]+)` \\| [^|]+ \\| ([^|]+) \\|$").FindAllStringSubmatch(string(read(t, "docs/deploy.md")), -1)
	listed := map[string]string{}
	for _, r := range rows {
		listed[r[1]] = strings.Replace(r[2], "all functions", "trigger onstopped notify sweep widget", 1)
	}
	if len(listed) < 7 {
		t.Fatalf("%d endpoints are listed", len(listed))
	}
	elsewhere := []string{"ec2", "iam", "kms"}
	d := deployed{t, load(t), map[string]string{"Dashboard": "true"}}
	used := map[string]bool{}
	for id, statements := range d.documents() {
		function, ok := strings.CutSuffix(strings.ToLower(id), "role")
		if !ok || functionNamed(function) == "" {
			continue
		}
		for _, s := range statements {
			for _, action := range texts(s["Action"]) {
				service, name, _ := strings.Cut(action, ":")
				if slices.Contains(elsewhere, service) || name == "CreateLogStream" || name == "PutLogEvents" || name == "SendMessage" {
					continue
				}
				used[service] = true
				if !slices.Contains(strings.FieldsFunc(listed[service], func(r rune) bool { return r == ' ' || r == ',' }), function) {
					t.Errorf("%s may call %s, and the endpoint is not said to be for it: %q", function, action, listed[service])
				}
			}
		}
	}
	for service := range listed {
		if !used[service] {
			t.Errorf("the endpoint of %s is for nothing", service)
		}
	}
}

// functionNamed returns the logical id of a function by its folder's name.
func functionNamed(folder string) string {
	for id := range functions {
		if strings.ToLower(id) == folder {
			return id
		}
	}
	return ""
}
