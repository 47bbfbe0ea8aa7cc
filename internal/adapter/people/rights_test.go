package people_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/doctor"
)

// simulated is an answer of IAM's policy simulator (IAM API reference, SimulatePrincipalPolicy).
func simulated(action, decision string, missing ...string) answer {
	members := ""
	for _, m := range missing {
		members += "<member>" + m + "</member>"
	}
	return answer{http.StatusOK, fmt.Sprintf(`<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated>
<EvaluationResults><member><EvalActionName>%s</EvalActionName><EvalDecision>%s</EvalDecision><MissingContextValues>%s</MissingContextValues></member>
<member><EvalActionName>x:Z</EvalActionName><EvalDecision>allowed</EvalDecision></member></EvaluationResults>
</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`, action, decision, members)}
}

// refused is a refusal whose details are those of its resource, as far as IAM has them there.
func refused(decision, details, ofResource string) answer {
	return answer{http.StatusOK, fmt.Sprintf(`<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult>
<EvaluationResults><member><EvalActionName>x:Y</EvalActionName><EvalDecision>%[1]s</EvalDecision>%[2]s<ResourceSpecificResults><member>
<EvalResourceName>r</EvalResourceName><EvalResourceDecision>%[1]s</EvalResourceDecision>%[3]s</member></ResourceSpecificResults></member>
<member><EvalActionName>x:Z</EvalActionName><EvalDecision>allowed</EvalDecision></member></EvaluationResults>
</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`, decision, details, ofResource)}
}

// TestAllowed: what a role may not do is wrong if nothing else could let it, and not checked otherwise.
func TestAllowed(t *testing.T) {
	t.Parallel()
	const (
		role   = "arn:aws:iam::111122223333:role/ecs/starts"
		ours   = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/app:7"
		theirs = "444455556666.dkr.ecr.us-east-1.amazonaws.com/team/app@sha256:ab"
		held   = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:k-AbCdEf"
	)
	foreign := strings.Replace(held, "111122223333", "444455556666", 1)
	token := url.QueryEscape("ecr:GetAuthorizationToken")
	pull := url.QueryEscape("ecr:BatchGetImage")
	secret := ok(`{"ARN":"` + held + `"}`)
	allowed, none := simulated("x:Y", "allowed"), answer{http.StatusBadRequest, `{"__type":"RepositoryPolicyNotFoundException","message":"none"}`}
	for name, c := range map[string]struct {
		role    string
		kind    doctor.Kind
		of      string
		stream  string
		answers map[string]answer
		verdict doctor.Verdict
		why     string
	}{
		"an image":                         {kind: doctor.Image, of: ours, answers: map[string]answer{"SimulatePrincipalPolicy": allowed}, verdict: doctor.Good},
		"a public image":                   {kind: doctor.Image, of: "ghcr.io/team/app:1"},
		"no token":                         {kind: doctor.Image, of: ours, answers: map[string]answer{"SimulatePrincipalPolicy " + token: simulated("ecr:GetAuthorizationToken", "implicitDeny")}, verdict: doctor.Wrong, why: "it may not ecr:GetAuthorizationToken on *"},
		"no pull":                          {kind: doctor.Image, of: ours, answers: map[string]answer{"SimulatePrincipalPolicy " + token: allowed, "SimulatePrincipalPolicy " + pull: simulated("ecr:BatchGetImage", "implicitDeny"), "GetRepositoryPolicy": none}, verdict: doctor.Wrong, why: "it may not ecr:BatchGetImage on arn:aws:ecr:eu-central-1:111122223333:repository/app"},
		"no pull, with a policy":           {kind: doctor.Image, of: ours, answers: map[string]answer{"SimulatePrincipalPolicy " + token: allowed, "SimulatePrincipalPolicy " + pull: simulated("ecr:BatchGetImage", "implicitDeny"), "GetRepositoryPolicy": {http.StatusOK, `{"policyText":"{}"}`}}, verdict: doctor.Unknown, why: "unless the resource's own policy lets it"},
		"no pull, and no look":             {kind: doctor.Image, of: ours, answers: map[string]answer{"SimulatePrincipalPolicy " + token: allowed, "SimulatePrincipalPolicy " + pull: simulated("ecr:BatchGetImage", "implicitDeny")}, verdict: doctor.Unknown, why: "which cannot be read"},
		"a denied pull":                    {kind: doctor.Image, of: ours, answers: map[string]answer{"SimulatePrincipalPolicy " + token: allowed, "SimulatePrincipalPolicy " + pull: simulated("ecr:BatchGetImage", "explicitDeny"), "GetRepositoryPolicy": {http.StatusOK, `{"policyText":"{}"}`}}, verdict: doctor.Wrong, why: "a policy denies it to ecr:BatchGetImage on"},
		"no pull from another account":     {kind: doctor.Image, of: theirs, answers: map[string]answer{"SimulatePrincipalPolicy " + token: allowed, "SimulatePrincipalPolicy " + pull: simulated("ecr:BatchGetImage", "implicitDeny"), "GetRepositoryPolicy": {http.StatusOK, `{"policyText":"{}"}`}}, verdict: doctor.Wrong, why: "arn:aws:ecr:us-east-1:444455556666:repository/team/app"},
		"on a condition":                   {kind: doctor.LogGroup, of: "/ecs/jobs", answers: map[string]answer{"SimulatePrincipalPolicy": simulated("logs:CreateLogStream", "implicitDeny", "aws:SourceVpce")}, verdict: doctor.Unknown, why: "depends on aws:SourceVpce"},
		"no log":                           {kind: doctor.LogGroup, of: "/ecs/jobs", answers: map[string]answer{"SimulatePrincipalPolicy": simulated("logs:PutLogEvents", "implicitDeny")}, verdict: doctor.Wrong, why: "logs:PutLogEvents on arn:aws:logs:eu-central-1:111122223333:log-group:/ecs/jobs:log-stream:"},
		"no log elsewhere":                 {kind: doctor.LogGroup, of: "us-west-2:/ecs/jobs", answers: map[string]answer{"SimulatePrincipalPolicy": simulated("logs:PutLogEvents", "implicitDeny")}, verdict: doctor.Wrong, why: "arn:aws:logs:us-west-2:111122223333:log-group:/ecs/jobs"},
		"no secret":                        {kind: doctor.Secret, of: held + ":password::", answers: map[string]answer{"SimulatePrincipalPolicy": simulated("secretsmanager:GetSecretValue", "implicitDeny"), "DescribeSecret": secret, "GetResourcePolicy": {http.StatusOK, `{}`}}, verdict: doctor.Wrong, why: "it may not secretsmanager:GetSecretValue on " + held},
		"no secret, with a policy":         {kind: doctor.Secret, of: held, answers: map[string]answer{"SimulatePrincipalPolicy": simulated("secretsmanager:GetSecretValue", "implicitDeny"), "DescribeSecret": secret, "GetResourcePolicy": {http.StatusOK, `{"ResourcePolicy":"{}"}`}}, verdict: doctor.Unknown, why: "own policy"},
		"no secret, and no look":           {kind: doctor.Secret, of: held, answers: map[string]answer{"SimulatePrincipalPolicy": simulated("secretsmanager:GetSecretValue", "implicitDeny"), "DescribeSecret": secret}, verdict: doctor.Unknown, why: "which cannot be read"},
		"no secret of another account":     {kind: doctor.Secret, of: foreign, answers: map[string]answer{"SimulatePrincipalPolicy": simulated("secretsmanager:GetSecretValue", "implicitDeny"), "DescribeSecret": ok(`{"ARN":"` + foreign + `"}`), "GetResourcePolicy": {http.StatusOK, `{"ResourcePolicy":"{}"}`}}, verdict: doctor.Wrong, why: "444455556666"},
		"no parameter":                     {kind: doctor.Secret, of: "/team/k", answers: map[string]answer{"SimulatePrincipalPolicy": simulated("ssm:GetParameters", "implicitDeny")}, verdict: doctor.Wrong, why: "it may not ssm:GetParameters on arn:aws:ssm:eu-central-1:111122223333:parameter/team/k"},
		"no parameter, by its ARN":         {kind: doctor.Secret, of: "arn:aws:ssm:us-west-2:111122223333:parameter/k", answers: map[string]answer{"SimulatePrincipalPolicy": simulated("ssm:GetParameters", "implicitDeny")}, verdict: doctor.Wrong, why: "on arn:aws:ssm:us-west-2:111122223333:parameter/k"},
		"another account's, not described": {kind: doctor.Secret, of: foreign, answers: map[string]answer{"SimulatePrincipalPolicy": simulated("secretsmanager:GetSecretValue", "implicitDeny"), "GetResourcePolicy": {http.StatusOK, `{}`}}, verdict: doctor.Unknown, why: "which cannot be read: AccessDeniedException: "},
		"a secret without its end":         {kind: doctor.Secret, of: strings.TrimSuffix(held, "-AbCdEf"), answers: map[string]answer{"SimulatePrincipalPolicy k-AbCdEf": allowed, "DescribeSecret": secret}, verdict: doctor.Good},
		"a condition of one resource":      {kind: doctor.LogGroup, of: "l", answers: map[string]answer{"SimulatePrincipalPolicy": refused("explicitDeny", "", "<MissingContextValues><member>b</member><member>a</member><member>b</member></MissingContextValues>")}, verdict: doctor.Unknown, why: "depends on a, b"},
		"an organization's policy":         {kind: doctor.LogGroup, of: "l", answers: map[string]answer{"SimulatePrincipalPolicy": refused("explicitDeny", "<OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail>", "")}, verdict: doctor.Unknown, why: "unless the organization's policies let it"},
		"a permissions boundary":           {kind: doctor.LogGroup, of: "l", answers: map[string]answer{"SimulatePrincipalPolicy": refused("implicitDeny", "", "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>")}, verdict: doctor.Unknown, why: "unless its permissions boundary lets it"},
		"what limits it allows it":         {kind: doctor.LogGroup, of: "l", answers: map[string]answer{"SimulatePrincipalPolicy": refused("implicitDeny", "<OrganizationsDecisionDetail><AllowedByOrganizations>true</AllowedByOrganizations></OrganizationsDecisionDetail><PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>true</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>", "")}, verdict: doctor.Wrong, why: "it may not x:Y"},
		"in the image's Region":            {kind: doctor.Image, of: theirs, answers: map[string]answer{"SimulatePrincipalPolicy ContextKeyValues.member.1=us-east-1": allowed}, verdict: doctor.Good},
		"in the parameter's Region":        {kind: doctor.Secret, of: "/k", answers: map[string]answer{"SimulatePrincipalPolicy ContextKeyValues.member.1=eu-central-1": allowed}, verdict: doctor.Good},
		"in the log's Region":              {kind: doctor.LogGroup, of: "us-west-2:l", answers: map[string]answer{"SimulatePrincipalPolicy ContextKeyValues.member.1=us-west-2": allowed}, verdict: doctor.Good},
		"in the secret's Region":           {kind: doctor.Secret, of: foreign, answers: map[string]answer{"SimulatePrincipalPolicy ContextKeyValues.member.1=eu-central-1": allowed}, verdict: doctor.Good},
		"by the condition of that name":    {kind: doctor.LogGroup, of: "l", answers: map[string]answer{"SimulatePrincipalPolicy member.1.ContextKeyName=aws%3ARequestedRegion&ContextEntries.member.1.ContextKeyType=string&": allowed}, verdict: doctor.Good},
		"of this role":                     {kind: doctor.LogGroup, of: "l", answers: map[string]answer{"SimulatePrincipalPolicy &PolicySourceArn=" + url.QueryEscape(role) + "&": allowed}, verdict: doctor.Good},
		"a stream by its prefix":           {kind: doctor.LogGroup, of: "l", stream: "ecs/app/", answers: map[string]answer{"SimulatePrincipalPolicy log-stream%3Aecs%2Fapp%2F0": allowed}, verdict: doctor.Good},
		"no results":                       {kind: doctor.LogGroup, of: "l", answers: map[string]answer{"SimulatePrincipalPolicy": ok(`<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`)}, verdict: doctor.Unknown, why: "IAM does not say whether it may logs:CreateLogStream, logs:PutLogEvents"},
		"nobody may ask":                   {kind: doctor.Secret, of: "/k", answers: map[string]answer{"SimulatePrincipalPolicy": {http.StatusForbidden, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>m</Message></Error></ErrorResponse>`}}, verdict: doctor.Unknown, why: "you may not ask what it may do: AccessDenied: m"},
		"IAM fails":                        {kind: doctor.Secret, of: "/k", answers: map[string]answer{"SimulatePrincipalPolicy": {http.StatusBadRequest, `<ErrorResponse><Error><Code>InvalidInput</Code><Message>m</Message></Error></ErrorResponse>`}}, verdict: doctor.Unknown, why: "asking what it may do: InvalidInput: m"},
		"the role does not exist":          {kind: doctor.Secret, of: "/k", answers: map[string]answer{"SimulatePrincipalPolicy": {http.StatusNotFound, `<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>m</Message></Error></ErrorResponse>`}}},
		"a role that is no ARN":            {role: "starts", kind: doctor.Secret, of: "/k"},
		"what needs no right of the role":  {kind: doctor.Subnet, of: "subnet-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.role == "" {
				c.role = role
			}
			f, asked := facts(t, c.answers)
			u := doctor.Use{Role: c.role, Of: doctor.Subject{Kind: c.kind, Name: c.of}, Stream: c.stream}
			got, ok := f.Allowed(t.Context(), []doctor.Use{u})[u]
			if ok != (c.verdict != "") || got.Verdict != c.verdict || !strings.Contains(got.Why, c.why) || (c.why == "") != (got.Why == "") || got.Denied != strings.HasPrefix(c.why, "a policy denies") {
				t.Errorf("got %+v after %v, want %s: %s", got, asked.asked, c.verdict, c.why)
			}
			if name == "a public image" && slices.Contains(asked.asked, "SimulatePrincipalPolicy") {
				t.Error("it was asked")
			}
		})
	}
}

// TestPoliciesElsewhere: the policy of a repository or a secret is asked for in its own Region.
func TestPoliciesElsewhere(t *testing.T) {
	t.Parallel()
	const held = "arn:aws:secretsmanager:us-west-2:111122223333:secret:k-AbCdEf"
	for operation, of := range map[string]doctor.Subject{
		"GetRepositoryPolicy": {Kind: doctor.Image, Name: "111122223333.dkr.ecr.us-west-2.amazonaws.com/app:7"},
		"GetResourcePolicy":   {Kind: doctor.Secret, Name: held},
	} {
		f, asked := facts(t, map[string]answer{
			"SimulatePrincipalPolicy " + url.QueryEscape("ecr:GetAuthorizationToken"): simulated("x:Y", "allowed"), "SimulatePrincipalPolicy " + url.QueryEscape(":secret"): simulated("x:Y", "implicitDeny"),
			"SimulatePrincipalPolicy " + url.QueryEscape("ecr:BatchGetImage"): simulated("x:Y", "implicitDeny"), "DescribeSecret": ok(`{"ARN":"` + held + `"}`),
			"GetRepositoryPolicy \"registryId\":\"111122223333\"": {http.StatusOK, `{"policyText":"{}"}`}, "GetResourcePolicy": {http.StatusOK, `{"ResourcePolicy":"{}"}`},
		})
		u := doctor.Use{Role: "arn:aws:iam::111122223333:role/r", Of: of}
		got := f.Allowed(t.Context(), []doctor.Use{u})[u]
		if i := slices.Index(asked.asked, operation); i < 0 || !strings.Contains(asked.signed[i], "/us-west-2/") || !strings.HasSuffix(got.Why, "unless the resource's own policy lets it") {
			t.Errorf("%s: %+v after %v", operation, got, asked.asked)
		}
	}
}

// TestTokenOnce: a role is asked once whether it may have the token that all its images need.
func TestTokenOnce(t *testing.T) {
	t.Parallel()
	f, asked := facts(t, map[string]answer{"SimulatePrincipalPolicy": simulated("x:Y", "allowed")})
	var uses []doctor.Use
	for _, name := range []string{"a", "b", "c"} {
		uses = append(uses, doctor.Use{Role: "arn:aws:iam::123456789012:role/r", Of: doctor.Subject{Kind: doctor.Image, Name: host + name}})
	}
	if got := f.Allowed(t.Context(), uses); len(got) != 3 || len(asked.asked) != 4 {
		t.Errorf("%v after %v", got, asked.asked)
	}
}
