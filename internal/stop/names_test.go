package stop

import (
	"slices"
	"strings"
	"testing"
)

// namedTexts are published texts with NAME in place of a name, or WORD if the name is quoted or
// introduced and so is recognised however it is spelled.
var namedTexts = map[string]Stop{
	"image, registry out of order":   failed("CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref 123456789012.dkr.ecr.eu-west-1.amazonaws.com/NAME:1: unexpected status code [manifests 1]: 503 Service Unavailable", app),
	"image, no answer":               failed("CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/NAME:2.1: failed to do request: Head \"https://registry-1.docker.io/v2/NAME/manifests/2.1\": dial tcp 34.205.13.154:443: i/o timeout", app),
	"image, not found":               failed("CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref \"WORD:latest\": WORD/x:latest: not found", app),
	"host, not resolved":             failed("CannotPullContainerError: failed to do request: dial tcp: lookup WORD.example on 10.0.0.2:53: server misbehaving", app),
	"image of the hub, not found":    failed("CannotPullContainerError: Error response from daemon: manifest for WORD:latest not found: manifest unknown", app),
	"image, no connection":           failed("The task cannot pull ‘WORD’ from the Amazon ECR repository ‘WORD’. There is a connection issue between the task and Amazon ECR. Check your task network configuration.", app),
	"image, cut":                     failed("CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReaderSeeker: failed open: unexpected status code https://NAME.example.com/NAME", app),
	"secret, no answer":              failed("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:NAME-AbCdEf from secrets manager: RequestCanceled: request context canceled caused by: context deadline exceeded"),
	"secret by its name, throttled":  failed("ResourceInitializationError: failed to fetch secret WORD from secrets manager: ThrottlingException: Rate exceeded"),
	"parameter, no answer":           failed("ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secrets from ssm: failed to retrieve secret /prod/WORD/key: RequestCanceled: request context canceled"),
	"secret, quoted, not found":      failed("ResourceInitializationError: The task can't retrieve the secret with ARN 'WORD' from AWS Secrets Manager. Check whether the secret exists in the specified Region. ResourceNotFoundException: x"),
	"log group, throttled":           failed("ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, group /ecs/WORD: ThrottlingException: Rate exceeded"),
	"file system, no route":          failed("ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: Connection timed out' (NAME) : unsuccessful EFS utils command execution; code: 32"),
	"subnet, full":                   failed("Unexpected EC2 error while attempting to Create Network Interface in subnet 'NAME': InsufficientFreeAddressesInSubnet: not enough free addresses"),
	"container, no start":            failed("CannotStartContainerError: Error response from daemon: container \"WORD\" did not answer", app),
	"capacity provider":              refused("InvalidParameterException", "The specified capacity provider 'WORD' was not found"),
	"cluster, throttled":             refused("InvalidParameterException", "Error retrieving subnet information for [NAME]: Rate exceeded (ErrorCode: Throttling)"),
	"role":                           refused("AccessDeniedException", "User: arn:aws:sts::123456789012:assumed-role/NAME/x is not authorized to perform: ecs:RunTask"),
	"task definition, a revision":    refused("ClientException", "TaskDefinition arn:aws:ecs:eu-west-1:123456789012:task-definition/NAME:3 is inactive"),
	"network interface":              failed("Timeout waiting for network interface provisioning to complete. (task NAME)"),
	"host, taken":                    {Kind: Task, CodeMissing: true, Reason: "Host EC2 (instance NAME) terminated."},
	"nothing known, a name":          failed("Something that ECS says for the first time of /ecs/WORD"),
	"nothing known, a quoted name":   failed("ResourceInitializationError: what is new with 'WORD'"),
	"a stop by somebody who names x": {Kind: Task, CodeMissing: true, Reason: "enough of 'WORD' for today"},
}

// TestNamesAreNoWords puts every fragment of the rules into the names of images, secrets and
// other things: the verdict must not change.
func TestNamesAreNoWords(t *testing.T) {
	t.Parallel()
	stems := fragments()
	if len(stems) < 250 {
		t.Fatalf("only %d fragments", len(stems))
	}
	for title, s := range namedTexts {
		calm := Classify(called(s, "orders-sync", "orders"))
		for _, f := range stems {
			slug := strings.Trim(strings.Map(inName, f), "-")
			for _, name := range []string{"data-" + slug, slug + "-sync", "team/" + slug + "/x", "team_" + slug} {
				if v := Classify(called(s, name, strings.ReplaceAll(slug, "-", ""))); v != calm {
					t.Errorf("%s: %s is read as %s started %s, not %s started %s", title, name, v.Rule, v.Started, calm.Rule, calm.Started)
				}
			}
		}
	}
}

func called(s Stop, name, word string) Stop {
	s.Reason = strings.NewReplacer("NAME", name, "WORD", word).Replace(s.Reason)
	return s
}

func inName(r rune) rune {
	if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
		return r
	}
	return '-'
}

// fragments returns everything that the rules look for.
func fragments() []string {
	list := slices.Concat(unsent, clientStatus)
	for _, g := range Table() {
		list = append(append(append(list, g.Is...), g.Begins...), g.Has...)
		for i := range g.Rules {
			m := &g.Rules[i].Match
			list = append(list, slices.Concat(slices.Concat(m.Any, m.With, m.Not)...)...)
		}
	}
	return list
}

func TestBlankedNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{ //nolint:gosec // texts that speak of credentials
		"dial tcp 1.2.3.4:443: i/o timeout":                "dial tcp 1.2.3.4:443: i/o timeout",
		"Get \"https://x.example.com/v2/\": EOF":           "get \"#\": eof",
		"(instance i-0a1) terminated":                      "(instance #) terminated",
		"b'mount.nfs4: access denied by server'":           "b'mount.nfs4: access denied by server'",
		"may require 'docker login': denied":               "may require 'docker login': denied",
		"{\"message\":\"no basic auth credentials\"}":      "{\"message\":\"no basic auth credentials\"}",
		"The task can't pull ‘permission’.":                "the task can't pull '#'.",
		"in '/x' and /y":                                   "in '#' and #",
		"a / b - c _ d":                                    "a / b - c _ d",
		"cut ...team/missing off":                          "cut # off",
		"cut team/x...a off":                               "cut #...a off",
		"cut team/x...z off":                               "cut #...z off",
		"cut team/x...1 off":                               "cut # off",
		"cut team/x... off":                                "cut #... off",
		"manifest for":                                     "manifest for",
		"team/a denied for bb of team/c: lookup d/e":       "# denied for # of #: lookup #",
		"manifest for ab manifest for cd":                  "manifest for # manifest for #",
		"ref permission:1: x":                              "ref permission:1: x",
		"failed to resolve ref permission:1: x":            "failed to resolve ref #: x",
		"stat /opt/run.sh...no such file":                  "stat #...no such file",
		"secret arn:...:permissions-x: x":                  "secret #: x",
		"Task failed to start - AGENT":                     "task failed to start - agent",
		"server message: insufficient_scope: failed":       "server message: insufficient_scope: failed",
		"(Client.Timeout exceeded while awaiting headers)": "(client.timeout exceeded while awaiting headers)",
	} {
		var x text
		x.answer(in)
		if got := string(x.bytes()); got != want {
			t.Errorf("%q is read as %q, want %q", in, got, want)
		}
	}
}

// TestOnlyNamesAreBlanked: a word in brackets, or with a quote on one side only, is not a name.
// Where ECS cut a text, a name ends only if its next word follows.
func TestOnlyNamesAreBlanked(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"the `daily` job":           "the `#` job",
		"the 'daily' job":           "the '#' job",
		"the \"daily\" job":         "the \"#\" job",
		"the (daily) job":           "the (daily) job",
		"the \"daily), a job":       "the \"daily), a job",
		"the (daily\" job":          "the (daily\" job",
		"the \"da'ily\" job":        "the \"da'ily\" job",
		"of team/a...stopped now":   "of #...stopped now",
		"of team/a...1 now":         "of # now",
		"of team/a...{stopped now":  "of # now",
		"of team/a... now":          "of #... now",
		"to lookup daily, no reply": "to lookup #, no reply",
		"to find daily, no reply":   "to find daily, no reply",
		"to lookup (d), no reply":   "to lookup (d), no reply",
		"an out-of-memory i/o time": "an out-of-memory i/o time",
	} {
		var x text
		if x.answer(said); string(x.bytes()) != want {
			t.Errorf("%q is read as %q, want %q", said, x.bytes(), want)
		}
	}
}
