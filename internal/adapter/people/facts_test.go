package people_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/batchplane/batchplane/internal/adapter/people"
	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/signed"
	"github.com/batchplane/batchplane/internal/signed/signedtest"
)

// recorded answers as AWS does, in the forms of its API references, where the emulator of test/aws has
// no answer or a different one. A request is identified by its operation and a word of its body.
type recorded struct {
	mu      sync.Mutex
	answers map[string]answer
	asked   []string
	signed  []string // for whom
}

type answer struct {
	status int
	body   string
}

func (r *recorded) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	target := q.Header.Get("X-Amz-Target")
	operation := target[strings.LastIndexByte(target, '.')+1:]
	if form, err := url.ParseQuery(string(body)); target == "" && err == nil {
		operation = form.Get("Action")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked, r.signed = append(r.asked, operation), append(r.signed, q.Header.Get("Authorization"))
	for key, a := range r.answers {
		if name, word, _ := strings.Cut(key, " "); name == operation && strings.Contains(string(body), word) {
			w.WriteHeader(a.status)
			_, _ = io.WriteString(w, a.body)
			return
		}
	}
	w.WriteHeader(http.StatusBadRequest)
	_, _ = io.WriteString(w, `{"__type":"AccessDeniedException","message":"User: u is not authorized to perform: x:`+operation+`"}`) //nolint:gosec // nobody's browser reads it
}

func facts(t *testing.T, answers map[string]answer) (*people.Facts, *recorded) {
	t.Helper()
	r := &recorded{answers: answers}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	c := aws.Config{
		Region: "eu-central-1", BaseEndpoint: &server.URL, HTTPClient: server.Client(), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	}
	own := c
	own.HTTPClient = signedtest.Checked(t, c.HTTPClient)
	return &people.Facts{
		Stack: "prod", ECS: ecs.NewFromConfig(c), Logs: cloudwatchlogs.NewFromConfig(c), IAM: iam.NewFromConfig(c), ECR: ecr.NewFromConfig(c),
		Secrets: secretsmanager.NewFromConfig(c), SSM: ssm.NewFromConfig(c),
		EC2: &signed.Client{Config: own, Service: "ec2"}, Quotas: &signed.Client{Config: own, Service: "servicequotas"},
	}, r
}

func ok(body string) answer { return answer{http.StatusOK, body} }

func no(code string) answer {
	return answer{http.StatusBadRequest, `{"__type":"` + code + `","message":"no"}`}
}

func noXML(code string) answer {
	return answer{http.StatusBadRequest, `<Response><Errors><Error><Code>` + code + `</Code><Message>no</Message></Error></Errors></Response>`}
}

const (
	digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	host   = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/"
	stored = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-a1b2c3"
)

// TestAnswers: what AWS says about each kind of thing: it exists, it does not, or it could not be
// asked.
func TestAnswers(t *testing.T) {
	t.Parallel()
	f, _ := facts(t, map[string]answer{
		"DescribeClusters jobs":           ok(`{"clusters":[{"clusterName":"jobs","status":"ACTIVE"}]}`),
		"DescribeClusters gone":           ok(`{"clusters":[{"clusterName":"gone","status":"INACTIVE"}]}`),
		"DescribeClusters none":           ok(`{"clusters":[],"failures":[{"reason":"MISSING"}]}`),
		"DescribeTaskDefinition app:7":    ok(`{"taskDefinition":{"status":"ACTIVE"}}`),
		"DescribeTaskDefinition old:1":    ok(`{"taskDefinition":{"status":"INACTIVE"}}`),
		"DescribeTaskDefinition void":     ok(`{}`),
		"GetRole RoleName=void":           ok(`<GetRoleResponse><GetRoleResult></GetRoleResult></GetRoleResponse>`),
		"DescribeTaskDefinition nope":     {http.StatusBadRequest, `{"__type":"ClientException","message":"Unable to describe task definition."}`},
		"DescribeImages v1":               ok(`{"imageDetails":[{"imageDigest":"` + digest + `"}]}`),
		"DescribeImages 0123456789abcdef": ok(`{"imageDetails":[{"imageDigest":"` + digest + `"}]}`),
		`DescribeImages "both"`:           ok(`{"imageDetails":[{"imageDigest":"x"}]}`),
		"DescribeImages v3":               ok(`{"imageDetails":[{"imageDigest":"` + digest + `","imageStatus":"ARCHIVED"}]}`),
		"DescribeImages v4":               ok(`{"imageDetails":[{"imageDigest":"` + digest + `","imageStatus":"ACTIVE"}]}`),
		"DescribeImages v5":               ok(`{"imageDetails":[]}`),
		"DescribeImages v2":               no("ImageNotFoundException"),
		"DescribeImages absent":           no("RepositoryNotFoundException"),
		"DescribePullThroughCacheRules 1": ok(`{"pullThroughCacheRules":[]}`),
		"DescribeLogGroups ecs/jobs":      ok(`{"logGroups":[{"logGroupName":"/ecs/jobs-old"},{"logGroupName":"/ecs/jobs"}]}`),
		"DescribeLogGroups ecs/none":      ok(`{"logGroups":[{"logGroupName":"/ecs/none-of-it"}]}`),
		"DescribeSecret db-a1b2c3":        ok(`{"ARN":"` + stored + `"}`),
		"DescribeSecret gone":             no("ResourceNotFoundException"),
		"GetParameter /etl/key":           ok(`{"Parameter":{"Name":"/etl/key"}}`),
		"GetParameter /etl/none":          no("ParameterNotFound"),
		"GetParameter prod/slack/ops":     ok(`{"Parameter":{"Name":"ops"}}`),
		"GetParameter prod/slack/none":    no("ParameterNotFound"),
		"DescribeSubnets subnet-1":        ok(`<DescribeSubnetsResponse><subnetSet><item><subnetId>subnet-1</subnetId><state>available</state></item></subnetSet></DescribeSubnetsResponse>`),
		"DescribeSubnets subnet-2":        noXML("InvalidSubnetID.NotFound"),
		"DescribeSubnets subnet-3":        ok(`<DescribeSubnetsResponse><subnetSet><item><state>pending</state></item></subnetSet></DescribeSubnetsResponse>`),
		"DescribeSubnets subnet-4":        noXML("UnauthorizedOperation"),
		"DescribeSecurityGroups sg-1":     ok(`<DescribeSecurityGroupsResponse><securityGroupInfo><item><groupId>sg-1</groupId></item></securityGroupInfo></DescribeSecurityGroupsResponse>`),
		"DescribeSecurityGroups sg-2":     noXML("InvalidGroup.NotFound"),
		"GetRole RoleName=good":           ok(role("good", "ecs-tasks.amazonaws.com")),
		"GetRole RoleName=lambda":         ok(role("lambda", "lambda.amazonaws.com")),
		"GetRole RoleName=moved":          ok(role("elsewhere/moved", "ecs-tasks.amazonaws.com")),
		"GetRole RoleName=none":           {http.StatusNotFound, `<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>no</Message></Error></ErrorResponse>`},
	})
	wants := map[doctor.Subject]string{
		{Kind: doctor.Cluster, Name: "jobs"}: "ok", {Kind: doctor.Cluster, Name: "gone"}: "wrong: it is INACTIVE", {Kind: doctor.Cluster, Name: "none"}: "wrong: it does not exist",
		{Kind: doctor.TaskDefinition, Name: "app:7"}: "ok", {Kind: doctor.TaskDefinition, Name: "old:1"}: "wrong: it is INACTIVE", {Kind: doctor.TaskDefinition, Name: "nope"}: "wrong: it does not exist",
		{Kind: doctor.Image, Name: host + "etl:v1"}: "ok", {Kind: doctor.Image, Name: host + "etl@" + digest}: "ok", {Kind: doctor.Image, Name: host + "both:v2@sha256:ff"}: "ok", {Kind: doctor.Image, Name: host + "etl:v2"}: "wrong: it does not exist, or ECR has archived it", {Kind: doctor.Image, Name: host + "etl:v3"}: "wrong: it is ARCHIVED and cannot be pulled", {Kind: doctor.Image, Name: host + "etl:v4"}: "ok", {Kind: doctor.Image, Name: host + "etl:v5"}: "wrong: it does not exist, or ECR has archived it",
		{Kind: doctor.Image, Name: host + "absent"}: "wrong: it does not exist", {Kind: doctor.Image, Name: "busybox:1"}: "not checked: not in a private registry of ECR",
		{Kind: doctor.LogGroup, Name: "/ecs/jobs"}: "ok", {Kind: doctor.LogGroup, Name: "/ecs/none"}: "wrong: it does not exist", {Kind: doctor.LogGroup, Name: "/denied"}: "not checked: you may not ask: ",
		{Kind: doctor.Secret, Name: stored}: "ok", {Kind: doctor.Secret, Name: stored + ":password::"}: "ok", {Kind: doctor.Secret, Name: strings.Replace(stored, "db-a1b2c3", "gone", 1)}: "wrong: it does not exist",
		{Kind: doctor.Secret, Name: "/etl/key"}: "ok", {Kind: doctor.Secret, Name: "/etl/none"}: "wrong: it does not exist",
		{Kind: doctor.Target, Name: "ops"}: "ok", {Kind: doctor.Target, Name: "none"}: "wrong: it does not exist",
		{Kind: doctor.Subnet, Name: "subnet-1"}: "ok", {Kind: doctor.Subnet, Name: "subnet-2"}: "wrong: it does not exist", {Kind: doctor.Subnet, Name: "subnet-3"}: "wrong: it is pending",
		{Kind: doctor.Subnet, Name: "subnet-4"}: "not checked: you may not ask: ", {Kind: doctor.SecurityGroup, Name: "sg-1"}: "ok", {Kind: doctor.SecurityGroup, Name: "sg-2"}: "wrong: it does not exist",
		{Kind: doctor.Role, Name: "arn:aws:iam::123456789012:role/good"}: "ok", {Kind: doctor.Role, Name: "arn:aws:iam::123456789012:role/lambda"}: "wrong: its trust policy does not let ecs-tasks",
		{Kind: doctor.Role, Name: "arn:aws:iam::123456789012:role/moved"}: "wrong: the role of that name is arn:aws:iam::123456789012:role/elsewhere/moved", {Kind: doctor.Role, Name: "arn:aws:iam::123456789012:role/none"}: "wrong: it does not exist",
		{Kind: doctor.TaskDefinition, Name: "void"}: "not checked: describing the task definition: it is not in the answer", {Kind: doctor.Role, Name: "arn:aws:iam::123456789012:role/void"}: "not checked: reading the role: it is not in the answer",
		{Kind: "moon", Name: "x"}: "not checked: there is no way to check this",
	}
	subjects := make([]doctor.Subject, 0, len(wants))
	for s := range wants {
		subjects = append(subjects, s)
	}
	got := f.Answers(t.Context(), subjects)
	for s, want := range wants {
		if text := strings.TrimSuffix(string(got[s].Verdict)+": "+got[s].Why, ": "); !strings.HasPrefix(text, want) {
			t.Errorf("%s %s: %s, want %s", s.Kind, s.Name, text, want)
		}
	}
}

func role(path, trusts string) string {
	trust := url.QueryEscape(`{"Statement":[{"Effect":"Allow","Principal":{"Service":"` + trusts + `"},"Action":"sts:AssumeRole"}]}`)
	return `<GetRoleResponse><GetRoleResult><Role><Arn>arn:aws:iam::123456789012:role/` + path + `</Arn><AssumeRolePolicyDocument>` + trust + `</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>`
}

// TestDefinitions: what each container of a deployed task definition needs is known, not only what
// the first one does.
func TestDefinitions(t *testing.T) {
	t.Parallel()
	f, _ := facts(t, map[string]answer{
		"DescribeTaskDefinition app:7": ok(`{"taskDefinition":{"family":"app","cpu":"4096","taskRoleArn":"arn:t","executionRoleArn":"arn:e","containerDefinitions":[
			{"name":"app","image":"` + host + `etl:v1","secrets":[{"name":"KEY","valueFrom":"/etl/key"}],"logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"/ecs/app","awslogs-region":"eu-central-1","awslogs-stream-prefix":"ecs"}}},
			{"name":"agent","restartPolicy":{"enabled":true},"image":"` + host + `agent:v2","repositoryCredentials":{"credentialsParameter":"` + stored + `"},"logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"/ecs/agent","awslogs-region":"us-west-2"}}},
			{"name":"ship","essential":false,"image":"y","logConfiguration":{"logDriver":"splunk","options":{"awslogs-group":"/unused"},"secretOptions":[{"name":"splunk-token","valueFrom":"/splunk/token"}]}},
			{"name":"log","image":"x","repositoryCredentials":{"credentialsParameter":"by-name"},"logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"/made","awslogs-create-group":"true"}}}]}}`),
	})
	got := f.Definitions(t.Context(), []string{"app:7", "denied"})
	want := map[string]doctor.Deployed{"app:7": {
		Roles: []string{"arn:t", "arn:e"}, ExecutionRole: "arn:e", Images: []string{host + "etl:v1", host + "agent:v2", "y", "x"},
		LogGroups: []string{"/ecs/app", "us-west-2:/ecs/agent", "", ""}, Streams: []string{"ecs/app/", "", "", ""}, Secrets: []string{"/etl/key", stored, "/splunk/token"}, CPU: 4096,
		Containers: []doctor.Container{{Name: "app", Essential: true}, {Name: "agent", Essential: true, Restarts: true}, {Name: "ship"}, {Name: "log", Essential: true}},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestLimits: quotas as they were raised, else their defaults. A quota that may not be read says so.
func TestLimits(t *testing.T) {
	t.Parallel()
	raised := ok(`{"Quota":{"QuotaCode":"L-3032A538","Value":140}}`)
	for name, c := range map[string]struct {
		answers map[string]answer
		want    map[string]string
	}{
		"raised, default, by name": {
			map[string]answer{
				"GetServiceQuota L-3032A538": raised, "GetServiceQuota L-36FBB829": no("NoSuchResourceException"), "GetAWSDefaultServiceQuota L-36FBB829": ok(`{"Quota":{"Value":6}}`),
				"ListServiceQuotas scheduler": ok(`{"Quotas":[]}`), "ListAWSDefaultServiceQuotas scheduler": ok(`{"Quotas":[{"QuotaName":"Number of schedules","Value":1},{"QuotaName":"Invocations throttle limit in transactions per second","Value":500}]}`),
			},
			map[string]string{doctor.OnDemand: "140", doctor.Spot: "6", doctor.Invocations: "500"},
		},
		"denied": {nil, map[string]string{doctor.OnDemand: "you may not ask: ", doctor.Spot: "you may not ask: ", doctor.Invocations: "you may not ask: "}},
		"unknown": {
			map[string]answer{"GetServiceQuota": {http.StatusInternalServerError, "<oh>"}, "ListServiceQuotas": ok(`{}`), "ListAWSDefaultServiceQuotas": ok(`{}`)},
			map[string]string{doctor.OnDemand: "ServiceQuotasV20190624.GetServiceQuota: it was answered with status 500", doctor.Invocations: "Service Quotas has no quota of that name"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := facts(t, c.answers)
			got := f.Limits(t.Context())
			for name, want := range c.want {
				text := got[name].Unseen
				if text == "" {
					text = fmt.Sprint(got[name].Value)
				}
				if !strings.HasPrefix(text, want) {
					t.Errorf("%s: %s, want %s", name, text, want)
				}
			}
		})
	}
}

// TestOperateNamesEveryRight: the page for operators names every action that doctor asks of the
// account, and no other.
func TestOperateNamesEveryRight(t *testing.T) {
	t.Parallel()
	f, r := facts(t, map[string]answer{
		"GetServiceQuota": no("NoSuchResourceException"), "ListServiceQuotas": ok(`{"Quotas":[]}`),
		"DescribeImages":  no("ImageNotFoundException"), // so that the rules are asked for
		"DescribeSubnets": noXML("UnauthorizedOperation"), "DescribeSecurityGroups": noXML("UnauthorizedOperation"),
		"GetRole": {http.StatusForbidden, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`},
	})
	refusing, more := facts(t, map[string]answer{ // so that the policies of the resources are asked for
		"SimulatePrincipalPolicy GetAuthorizationToken": simulated("x:Y", "allowed"), "SimulatePrincipalPolicy BatchGetImage": simulated("x:Y", "implicitDeny"),
		"SimulatePrincipalPolicy GetSecretValue": simulated("x:Y", "implicitDeny"), "DescribeSecret": ok(`{}`),
	})
	var subjects []doctor.Subject
	var uses []doctor.Use
	for kind, name := range map[doctor.Kind]string{
		doctor.Cluster: "jobs", doctor.TaskDefinition: "app:7", doctor.Role: "arn:aws:iam::123456789012:role/r", doctor.Image: host + "etl:v1", doctor.LogGroup: "/ecs/jobs",
		doctor.Secret: stored, doctor.Target: "ops", doctor.Subnet: "subnet-1", doctor.SecurityGroup: "sg-1",
	} {
		subjects = append(subjects, doctor.Subject{Kind: kind, Name: name})
		uses = append(uses, doctor.Use{Role: "arn:aws:iam::123456789012:role/r", Of: doctor.Subject{Kind: kind, Name: name}})
	}
	refusing.Allowed(t.Context(), uses)
	for s, a := range f.Answers(t.Context(), subjects) {
		if a.Verdict != doctor.Unknown || !strings.Contains(a.Why, "you may not ask: ") {
			t.Errorf("%v: %+v", s, a)
		}
	}
	f.Limits(t.Context())
	page, err := os.ReadFile("../../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## What `doctor` asks\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var named []string
	for _, m := range regexp.MustCompile("`[a-z0-9]+:([A-Z][A-Za-z]+)`").FindAllStringSubmatch(section, -1) {
		named = append(named, m[1])
	}
	asked := slices.Concat(r.asked, more.asked)
	slices.Sort(asked)
	asked = slices.Compact(asked)
	slices.Sort(named)
	if !slices.Equal(named, asked) {
		t.Errorf("docs/operate.md names %v, and doctor asks %v", named, asked)
	}
}
