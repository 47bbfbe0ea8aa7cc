package aws_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// deployBySAM deploys a template as a stack of that name as people do, with the settings in
// samconfig.toml, so that nobody is asked anything.
func (w *world) deployBySAM(t *testing.T, template, name string, parameters ...string) map[string]string {
	t.Helper()
	config, err := filepath.Abs(root + "/samconfig.toml")
	if err != nil {
		t.Fatal(err)
	}
	sam(t, w.emulator, append([]string{
		"deploy", "--config-file", config, "--template-file", template, "--stack-name", name,
		"--no-progressbar", "--parameter-overrides", "Architecture=" + architecture(),
	}, parameters...)...)
	return w.resources(t, name)
}

// deploy deploys a template as a stack of that name with the calls that SAM makes, and with the
// parameters that it sends: the program itself takes two seconds of processor time each time.
func (w *world) deploy(t *testing.T, template, name string, parameters ...string) map[string]string {
	t.Helper()
	w.changed(t, w.packaged(t, template), name, append(parameters, "Architecture="+architecture())...)
	return w.resources(t, name)
}

// resources returns a stack's physical ids by logical ids.
func (w *world) resources(t *testing.T, name string) map[string]string {
	t.Helper()
	var found struct {
		Members []struct {
			LogicalResourceID  string `xml:"LogicalResourceId"`
			PhysicalResourceID string `xml:"PhysicalResourceId"`
		} `xml:"DescribeStackResourcesResult>StackResources>member"`
	}
	w.asked(t, "DescribeStackResources", url.Values{"StackName": {name}}, &found)
	resource := map[string]string{}
	for _, m := range found.Members {
		resource[m.LogicalResourceID] = m.PhysicalResourceID
	}
	return resource
}

// packaged returns the template with its zips at a place where CloudFormation finds them.
func (w *world) packaged(t *testing.T, template string) []byte {
	t.Helper()
	text, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range functions {
		zip, err := os.ReadFile(filepath.Join(scratch, "build", id+".zip"))
		if err != nil {
			t.Fatal(err)
		}
		local := `"CodeUri": "` + id + `.zip"`
		if strings.Count(string(text), local) != 1 {
			t.Fatalf("%s does not name the zip of %s once", template, id)
		}
		text = []byte(strings.Replace(string(text), local, `"CodeUri": "s3://`+w.stored(t, zip)+`"`, 1))
	}
	return text
}

// stored puts data into the bucket for deployments, unless it is there already, and returns where
// it is: the bucket and the name, which follows from the data.
func (w *world) stored(t *testing.T, data []byte) string {
	t.Helper()
	bucket := "deployments-" + w.account + "-" + w.region
	sum := sha256.Sum256(data)
	at := bucket + "/" + hex.EncodeToString(sum[:])
	if status, _, _ := w.request(t, "s3", http.MethodHead, "/"+at, nil, nil); status == http.StatusOK {
		return at
	}
	var where []byte
	if w.region != home.region {
		where = []byte(`<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>` + w.region + `</LocationConstraint></CreateBucketConfiguration>`)
	}
	if status, _, answer := w.request(t, "s3", http.MethodPut, "/"+bucket, nil, where); status != http.StatusOK && status != http.StatusConflict {
		t.Fatalf("making the bucket %s: %d %s", bucket, status, answer)
	}
	if status, _, answer := w.request(t, "s3", http.MethodPut, "/"+at, nil, data); status != http.StatusOK {
		t.Fatalf("storing %s: %d %s", at, status, answer)
	}
	return at
}

// changed makes a stack match a template, by a change set. Parameters that are not given keep
// their values in an existing stack and get their defaults in a new one.
func (w *world) changed(t *testing.T, template []byte, name string, parameters ...string) {
	t.Helper()
	in := w.changeSet(t, template, name, parameters)
	w.asked(t, "CreateChangeSet", in, nil)
	of := url.Values{"StackName": {name}, "ChangeSetName": in["ChangeSetName"]}
	w.becomes(t, "CREATE_COMPLETE", func() (string, string) {
		var is struct {
			Status string `xml:"DescribeChangeSetResult>Status"`
			Why    string `xml:"DescribeChangeSetResult>StatusReason"`
		}
		w.asked(t, "DescribeChangeSet", of, &is)
		return is.Status, is.Why
	})
	w.asked(t, "ExecuteChangeSet", of, nil)
	w.becomes(t, in.Get("ChangeSetType")+"_COMPLETE", func() (string, string) { return w.stackStatus(t, name) })
}

// changeSet returns the request for a change set that makes a stack match a template.
func (w *world) changeSet(t *testing.T, template []byte, name string, parameters []string) url.Values {
	t.Helper()
	in := url.Values{
		"StackName": {name}, "ChangeSetName": {fmt.Sprintf("change-%d", time.Now().UnixNano())}, "ChangeSetType": {"UPDATE"},
		"TemplateURL": {w.url + "/" + w.stored(t, template)}, "Capabilities.member.1": {"CAPABILITY_IAM"},
	}
	if status, _ := w.stackStatus(t, name); status == "" || status == "DELETE_COMPLETE" {
		in.Set("ChangeSetType", "CREATE")
	}
	if len(parameters) == 0 {
		return in
	}
	var has struct {
		Parameters map[string]any `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal(template, &has); err != nil {
		t.Fatal(err)
	}
	n := 0
	member := func(key, field, value string) {
		n++
		in.Set(fmt.Sprintf("Parameters.member.%d.ParameterKey", n), key)
		in.Set(fmt.Sprintf("Parameters.member.%d.%s", n, field), value)
	}
	for _, p := range parameters {
		key, value, _ := strings.Cut(p, "=")
		if _, ok := has.Parameters[key]; !ok {
			t.Fatalf("the template has no parameter %s", key)
		}
		delete(has.Parameters, key)
		member(key, "ParameterValue", value)
	}
	if in.Get("ChangeSetType") == "UPDATE" {
		for key := range has.Parameters {
			member(key, "UsePreviousValue", "true")
		}
	}
	return in
}

// becomes waits until a state is the wanted one, and fails with any other final one.
func (w *world) becomes(t *testing.T, want string, state func() (status, why string)) {
	t.Helper()
	within(t, soon, "CloudFormation says "+want, func() bool {
		status, why := state()
		if strings.Contains(status, "FAILED") || strings.Contains(status, "ROLLBACK") {
			t.Fatalf("CloudFormation says %s: %s", status, why)
		}
		return status == want
	})
}

// stackStatus returns the status of a stack and its reason, or nothing if there is no stack.
func (w *world) stackStatus(t *testing.T, name string) (status, why string) {
	t.Helper()
	code, answer := w.askedAs(t, w.root(), "DescribeStacks", url.Values{"StackName": {name}})
	if code != http.StatusOK {
		return "", ""
	}
	var is struct {
		Status string `xml:"DescribeStacksResult>Stacks>member>StackStatus"`
		Why    string `xml:"DescribeStacksResult>Stacks>member>StackStatusReason"`
	}
	if err := xml.Unmarshal(answer, &is); err != nil {
		t.Fatal(err)
	}
	return is.Status, is.Why
}

// asked asks CloudFormation as root.
func (w *world) asked(t *testing.T, action string, in url.Values, out any) {
	t.Helper()
	status, answer := w.askedAs(t, w.root(), action, in)
	if status != http.StatusOK {
		t.Fatalf("%s answered %d: %s", action, status, answer)
	}
	if out == nil {
		return
	}
	if err := xml.Unmarshal(answer, out); err != nil {
		t.Fatalf("%s answered %s: %v", action, answer, err)
	}
}

// askedAs asks CloudFormation with somebody's keys.
func (w *world) askedAs(t *testing.T, who keyPair, action string, in url.Values) (status int, answer []byte) {
	t.Helper()
	in.Set("Action", action)
	in.Set("Version", "2010-05-15")
	header := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	status, _, answer = w.requestAs(t, who, "cloudformation", http.MethodPost, "/", header, []byte(in.Encode()))
	return status, answer
}
