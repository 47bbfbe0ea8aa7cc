package template_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// deployments are the parameters with which stacks are deployed.
var deployments = map[string]map[string]string{
	"plain": {},
	"company": {
		"Clusters":  "arn:aws:ecs:eu-central-1:123456789012:cluster/jobs,arn:aws:ecs:eu-central-1:123456789012:cluster/b",
		"TaskRoles": "arn:aws:iam::123456789012:role/x/etl,arn:aws:iam::123456789012:role/x/b", "EventBusArn": "arn:aws:events:eu-central-1:123456789012:event-bus/ours",
		"AlarmTopicArn": "arn:aws:sns:eu-central-1:123456789012:alarms", "LogGroups": "/team/", "PermissionsBoundary": "arn:aws:iam::123456789012:policy/b", "RolePath": "/service/",
		"KmsKeyArn": keyARN, "SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1", "ReservedConcurrency": "5",
		"ExistingTable": "arn:aws:dynamodb:eu-central-1:123456789012:table/kept/stream/2026-11-22T17:30:00.123", "ExistingScheduleGroup": "yes", "Dashboard": "true",
	},
	"silent": {"LogGroups": "", "Dashboard": "true"},
	"wild": {
		"Clusters":     "arn:aws:ecs:eu-central-1:123456789012:cluster/batch-*",
		"TaskRolePath": "/team-*/batch/", "TaskRoles": "arn:aws:iam::123456789012:role/etl-*",
	},
	// A stack whose tasks may be given only the roles of a list.
	"listed": {"TaskRolePath": "", "TaskRoles": "arn:aws:iam::123456789012:role/x/etl"},
}

const keyARN = "arn:aws:kms:eu-central-1:123456789012:key/1234"

// asked is one request, with what IAM must decide.
type asked struct {
	deployment, who, service, action, resource string
	context                                    map[string]string
	may                                        bool
}

func (a asked) String() string {
	return fmt.Sprintf("%s: %s %s: %s on %s with %v", a.deployment, a.who, a.service, a.action, a.resource, a.context)
}

// TestIAMDecides: for every policy of the stack, under several sets of parameters, IAM decides
// what the table of requests says. Every statement is decisive for at least one request, and
// every call of test/calls is in the table.
func TestIAMDecides(t *testing.T) {
	t.Parallel()
	var requests []asked
	unused, given := map[string]bool{}, map[string][]object{}
	for name, parameters := range deployments {
		d := deployed{t, load(t), parameters}
		requests = append(requests, d.requests(name)...)
		documents := d.documents()
		documents["key"] = keyPolicy(t)
		for who, statements := range documents {
			for i, s := range statements {
				sid := fmt.Sprintf("S%d", i)
				s["Sid"], unused[name+" "+who+" "+sid] = sid, true
			}
			given[name+" "+who] = statements
		}
	}
	for i, a := range simulate(t, requests, given) {
		r := requests[i]
		if (a.Decision == "Allowed") != r.may || a.Error != "" || len(a.Ignored) > 0 {
			t.Errorf("%s\nis %s, and the table says %t; %s %q", r, a.Decision, r.may, a.Error, a.Ignored)
		}
		for _, sid := range a.Statements {
			delete(unused, r.deployment+" "+r.who+" "+sid)
		}
	}
	for _, s := range slices.Sorted(maps.Keys(unused)) {
		parts := strings.Fields(s)
		statements := given[parts[0]+" "+parts[1]]
		t.Errorf("no request of the table needs %s: %v", s, statements[slices.IndexFunc(statements, func(o object) bool { return o["Sid"] == parts[2] })])
	}
	called(t, requests)
}

// called: each call that goes over the wire in test/calls is in the table.
func called(t *testing.T, requests []asked) {
	t.Helper()
	functions := map[string]string{"trigger": "TriggerRole", "onstopped": "OnStoppedRole", "notify": "NotifyRole", "sweep": "SweepRole"}
	calls := strings.Fields(string(read(t, "test/calls/testdata/actions.golden")))
	if len(calls) < 40 || len(calls)%2 != 0 {
		t.Fatalf("%d words in the list of calls", len(calls))
	}
	for i := 0; i < len(calls); i += 2 {
		for name := range deployments {
			if !slices.ContainsFunc(requests, func(a asked) bool {
				return a.may && a.deployment == name && a.who == functions[calls[i]] && a.action == calls[i+1]
			}) && (calls[i+1] != "logs:GetLogEvents" || name != "silent") {
				t.Errorf("%s calls %s, which the table does not ask for in %s", calls[i], calls[i+1], name)
			}
		}
	}
}

// requests returns the lines of the table for a deployment.
func (d deployed) requests(name string) (out []asked) {
	d.t.Helper()
	own := d.own(name)
	for line := range strings.Lines(string(read(d.t, "test/template/testdata/requests.txt"))) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, " |")
		for len(f) < 6 {
			f = append(f, "")
		}
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		if f[5] != "" && !slices.Contains(strings.Fields(f[5]), name) {
			continue
		}
		context := map[string]string{}
		for pair := range strings.FieldsSeq(f[4]) {
			key, value, _ := strings.Cut(pair, "=")
			context[key] = d.substituted(own.Replace(value))
		}
		for who := range strings.FieldsSeq(f[1]) {
			who, service, _ := strings.Cut(who, "<")
			for action := range strings.FieldsSeq(f[2]) {
				out = append(out, asked{name, who, service, action, d.substituted(own.Replace(f[3])), context, f[0] == "yes"})
			}
		}
	}
	return out
}

// own returns the names of a deployment that are not names of resources in every deployment.
func (d deployed) own(name string) *strings.Replacer {
	table := d.value([]any{"!If", "OwnTable", "!GetAtt Table.Arn", "arn:aws:dynamodb:eu-central-1:123456789012:table/kept"})
	stream := d.value([]any{"!If", "OwnTable", "!GetAtt Table.StreamArn", "!Ref ExistingTable"})
	role, named := "arn:aws:iam::123456789012:role/batchplane/etl", "arn:aws:iam::123456789012:role/batchplane/b"
	cluster := "arn:aws:ecs:eu-central-1:123456789012:cluster/default"
	switch name {
	case "company":
		named, cluster = "arn:aws:iam::123456789012:role/x/etl", "arn:aws:ecs:eu-central-1:123456789012:cluster/jobs"
	case "listed":
		role, named = "arn:aws:iam::123456789012:role/x/etl", "arn:aws:iam::123456789012:role/x/etl"
	case "wild":
		role, named = "arn:aws:iam::123456789012:role/team-a/batch/etl", "arn:aws:iam::123456789012:role/etl-nightly"
		cluster = "arn:aws:ecs:eu-central-1:123456789012:cluster/batch-nightly"
	}
	bus := d.value([]any{"!If", "NamesBus", "!Ref EventBusArn", "arn:aws:events:eu-central-1:123456789012:event-bus/default"})
	return strings.NewReplacer(
		"${table}", fmt.Sprint(table), "${stream}", fmt.Sprint(stream), "${taskRole}", role, "${namedRole}", named, "${bus}", fmt.Sprint(bus),
		"${cluster}", cluster, "${key}", keyARN,
	)
}

// keyPolicy returns the statements about services in the key policy that the documentation shows.
// The first statement is the account's own, and says that the account's policies count.
func keyPolicy(t *testing.T) []object {
	t.Helper()
	return objects(t, list(t, at(t, keyDocument(t), "Statement"))[1:])
}

func keyDocument(t *testing.T) any {
	t.Helper()
	_, text, ok := strings.Cut(string(read(t, "docs/deploy.md")), "```json\n{\n  \"Version\"")
	text, _, end := strings.Cut(text, "```")
	if !ok || !end {
		t.Fatal("docs/deploy.md shows no key policy")
	}
	return decoded(t, `{"Version"`+text)
}

// decision is the evaluator's decision.
type decision struct {
	Decision, Error     string
	Statements, Ignored []string
}

// simulate asks the evaluator all requests at once.
func simulate(t *testing.T, requests []asked, given map[string][]object) []decision {
	t.Helper()
	program, err := filepath.Abs(root + ".tools/iam-simulate/simulate.mjs")
	if err == nil {
		_, err = os.Stat(program)
	}
	if err != nil {
		const why = "the evaluator of policies is not installed in .tools/iam-simulate: run `make tools-iam`, which needs Node.js 20 or newer"
		if os.Getenv("CI") == "true" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	var in bytes.Buffer
	e := json.NewEncoder(&in)
	account := object{"Version": "2012-10-17", "Statement": list(t, at(t, keyDocument(t), "Statement"))[:1]}
	for _, r := range requests {
		statements, ok := given[r.deployment+" "+r.who]
		if !ok {
			t.Fatalf("there is no %s", r.who)
		}
		document := object{"Version": "2012-10-17", "Statement": statements}
		s := object{"serviceControlPolicies": []any{}, "resourceControlPolicies": []any{}, "identityPolicies": []any{}}
		principal := "arn:aws:iam::" + accountID + ":role/somebody"
		if r.service != "" {
			principal, s["resourcePolicy"] = r.service, document
		} else {
			s["identityPolicies"] = []any{object{"name": r.who, "policy": document}}
		}
		if strings.HasPrefix(r.action, "kms:") && r.service == "" {
			s["resourcePolicy"] = account // without it no policy of the account counts for a key
		}
		s["request"] = object{
			"action": r.action, "principal": principal, "contextVariables": r.context,
			"resource": object{"accountId": accountID, "resource": r.resource},
		}
		if err := e.Encode(s); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "node", program)
	// The evaluator does not know encryption contexts: another key stands in for them.
	cmd.Stdin = strings.NewReader(strings.ReplaceAll(in.String(), "kms:EncryptionContext:aws:logs:arn", "aws:PrincipalTag/context"))
	said, err := cmd.Output()
	if err != nil {
		t.Fatalf("the evaluator: %v\n%s", err, said)
	}
	out := make([]decision, 0, len(requests))
	for d := json.NewDecoder(bytes.NewReader(said)); len(out) < len(requests); {
		var one decision
		if err := d.Decode(&one); err != nil {
			t.Fatalf("answer %d of %d: %v", len(out), len(requests), err)
		}
		out = append(out, one)
	}
	return out
}
