package people

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/port"
)

// Allowed returns whether roles may do what ECS does as them before a task starts, as IAM's policy
// simulator says it. It has no answer where there is nothing to allow, as for a public image, and for
// a role that does not exist.
func (f *Facts) Allowed(ctx context.Context, uses []doctor.Use) map[doctor.Use]doctor.Answer {
	out := make(map[doctor.Use]doctor.Answer, len(uses))
	var mu sync.Mutex
	asks := map[string]func() doctor.Answer{}
	port.InParallel(len(uses), askers, func(i int) {
		u := uses[i]
		var answer doctor.Answer
		for _, r := range f.rights(ctx, u) {
			key := u.Role + " " + r.actions[0] + " " + r.resource
			mu.Lock()
			if asks[key] == nil { // all images need the same token
				asks[key] = sync.OnceValue(func() doctor.Answer { return f.allowed(ctx, u.Role, r) })
			}
			ask := asks[key]
			mu.Unlock()
			if answer = ask(); answer.Verdict != doctor.Good {
				break
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if answer.Verdict != "" {
			out[u] = answer
		}
	})
	return out
}

// right is what a role must be allowed.
type right struct {
	actions          []string
	resource, region string
	// policy reads the resource's own policy, which may allow it too; nil if it has none.
	policy func(context.Context) (found bool, err error)
}

// allowed asks for a right. A call goes to a Region: policies that allow only some are the most common of
// those with a condition.
func (f *Facts) allowed(ctx context.Context, role string, r right) doctor.Answer {
	out, err := f.IAM.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{
		PolicySourceArn: &role, ActionNames: r.actions, ResourceArns: []string{r.resource},
		ContextEntries: []types.ContextEntry{{ContextKeyName: aws.String("aws:RequestedRegion"), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{r.region}}},
	})
	switch {
	case missing(err):
		return doctor.Answer{} // the role's own finding says so
	case denied(err):
		return doctor.Answer{Verdict: doctor.Unknown, Why: "you may not ask what it may do: " + said(err)}
	case err != nil:
		return doctor.Answer{Verdict: doctor.Unknown, Why: "asking what it may do: " + said(err)}
	case len(out.EvaluationResults) < len(r.actions):
		return doctor.Answer{Verdict: doctor.Unknown, Why: "IAM does not say whether it may " + strings.Join(r.actions, ", ")}
	}
	for i := range out.EvaluationResults {
		if e := &out.EvaluationResults[i]; e.EvalDecision != types.PolicyEvaluationDecisionTypeAllowed {
			return r.refused(ctx, e)
		}
	}
	return doctor.Answer{Verdict: doctor.Good}
}

// said returns what AWS says of an error, without the request's id: it is the same for all uses of a role.
func said(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}

// refused says what the simulator's refusal means. Of the policies of an organization and of a permissions
// boundary it does not tell which conditions they have (IAM API reference, EvaluationResult).
func (r right) refused(ctx context.Context, e *types.EvaluationResult) doctor.Answer {
	does := fmt.Sprintf("%s on %s", aws.ToString(e.EvalActionName), r.resource)
	unknown := func(format string, args ...any) doctor.Answer {
		return doctor.Answer{Verdict: doctor.Unknown, Why: fmt.Sprintf(format, args...)}
	}
	conditions, boundary := slices.Clone(e.MissingContextValues), e.PermissionsBoundaryDecisionDetail
	for _, s := range e.ResourceSpecificResults {
		conditions, boundary = append(conditions, s.MissingContextValues...), cmp.Or(boundary, s.PermissionsBoundaryDecisionDetail)
	}
	slices.Sort(conditions)
	switch organization := e.OrganizationsDecisionDetail; {
	case len(conditions) > 0:
		return unknown("whether it may %s depends on %s", does, strings.Join(slices.Compact(conditions), ", "))
	case organization != nil && !organization.AllowedByOrganizations:
		return unknown("it may not %s, unless the organization's policies let it on a condition that IAM does not tell", does)
	case boundary != nil && !boundary.AllowedByPermissionsBoundary:
		return unknown("it may not %s, unless its permissions boundary lets it on a condition that IAM does not tell", does)
	case e.EvalDecision == types.PolicyEvaluationDecisionTypeExplicitDeny:
		return doctor.Answer{Verdict: doctor.Wrong, Why: "a policy denies it to " + does, Denied: true}
	case r.policy == nil:
		return doctor.Answer{Verdict: doctor.Wrong, Why: "it may not " + does}
	}
	found, err := r.policy(ctx)
	switch {
	case err != nil:
		return unknown("it may not %s, unless the resource's own policy lets it, which cannot be read: %s", does, said(err))
	case found:
		return unknown("it may not %s, unless the resource's own policy lets it", does)
	}
	return doctor.Answer{Verdict: doctor.Wrong, Why: "it may not " + does}
}

// rights returns what a role must be allowed for a use (Amazon ECS developer guide, "Amazon ECS task
// execution IAM role"; the resources of the actions are those of the Service Authorization Reference).
func (f *Facts) rights(ctx context.Context, u doctor.Use) []right {
	role := strings.SplitN(u.Role, ":", 6)
	if len(role) != 6 || role[0] != "arn" {
		return nil
	}
	partition, account, here := role[1], role[4], f.Logs.Options().Region
	switch u.Of.Kind {
	case doctor.Image:
		owner, region, repository, _, private := inRegistry(u.Of.Name)
		if !private {
			return nil
		}
		policy := func(ctx context.Context) (bool, error) { return f.repositoryPolicy(ctx, owner, region, repository) }
		if owner != account { // both sides must allow it
			policy = nil
		}
		return []right{
			{[]string{"ecr:GetAuthorizationToken"}, "*", region, nil},
			{[]string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}, fmt.Sprintf("arn:%s:ecr:%s:%s:repository/%s", partition, region, owner, repository), region, policy},
		}
	case doctor.LogGroup:
		region, name := doctor.Where(u.Of.Name)
		region = cmp.Or(region, here)
		return []right{{[]string{"logs:CreateLogStream", "logs:PutLogEvents"}, fmt.Sprintf("arn:%s:logs:%s:%s:log-group:%s:log-stream:%s", partition, region, account, name, u.Stream+anyTask), region, nil}}
	case doctor.Secret:
		if secret, ok := secretOf(u.Of.Name); ok {
			return []right{f.ofSecret(ctx, secret, account)}
		}
		parameter := u.Of.Name
		if !strings.HasPrefix(parameter, "arn:") {
			parameter = fmt.Sprintf("arn:%s:ssm:%s:%s:parameter/%s", partition, here, account, strings.TrimPrefix(parameter, "/"))
		}
		return []right{{[]string{"ssm:GetParameters"}, parameter, regionOf(parameter), nil}}
	}
	return nil
}

// anyTask is an id as tasks have it.
const anyTask = "0123456789abcdef0123456789abcdef"

// ofSecret returns the right to read a secret. What allows it names the whole ARN.
func (f *Facts) ofSecret(ctx context.Context, secret, account string) right {
	whole, unseen := f.wholeSecret(ctx, secret)
	r := right{actions: []string{"secretsmanager:GetSecretValue"}, resource: whole, region: regionOf(secret)}
	if owner := strings.SplitN(secret, ":", 6)[4]; owner == account || unseen != nil {
		r.policy = func(ctx context.Context) (bool, error) {
			if unseen != nil {
				return false, unseen
			}
			return f.secretPolicy(ctx, whole)
		}
	}
	return r
}

func (f *Facts) repositoryPolicy(ctx context.Context, account, region, repository string) (bool, error) {
	_, err := f.ECR.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RegistryId: &account, RepositoryName: &repository}, func(o *ecr.Options) { o.Region = region })
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "RepositoryPolicyNotFoundException" {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading the repository's policy: %w", err)
	}
	return true, nil
}

func (f *Facts) secretPolicy(ctx context.Context, arn string) (bool, error) {
	out, err := f.Secrets.GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: &arn}, func(o *secretsmanager.Options) { o.Region = cmp.Or(regionOf(arn), o.Region) })
	if err != nil {
		return false, fmt.Errorf("reading the secret's policy: %w", err)
	}
	return aws.ToString(out.ResourcePolicy) != "", nil
}
