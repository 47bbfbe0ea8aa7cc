package people

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/doctor"
)

// Allowed returns whether roles may do what ECS does as them before a task starts, as IAM's policy
// simulator says it. It has no answer where there is nothing to allow, as for a public image, and for
// a role that does not exist.
func (f *Facts) Allowed(ctx context.Context, uses []doctor.Use) map[doctor.Use]doctor.Answer {
	out := make(map[doctor.Use]doctor.Answer, len(uses))
	var mu sync.Mutex
	inParallel(uses, func(u doctor.Use) {
		a := f.allowed(ctx, u)
		mu.Lock()
		defer mu.Unlock()
		if a.Verdict != "" {
			out[u] = a
		}
	})
	return out
}

// right is what a role must be allowed.
type right struct {
	actions  []string
	resource string
	// policy reads the resource's own policy, which may allow it too; nil if it has none.
	policy func(context.Context) (found bool, err error)
}

func (f *Facts) allowed(ctx context.Context, u doctor.Use) doctor.Answer {
	var answer doctor.Answer
	for _, r := range f.rights(u) {
		out, err := f.IAM.SimulatePrincipalPolicy(ctx, &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &u.Role, ActionNames: r.actions, ResourceArns: []string{r.resource}})
		switch {
		case missing(err):
			return doctor.Answer{} // the role's own finding says so
		case denied(err):
			return doctor.Answer{Verdict: doctor.Unknown, Why: "you may not ask what it may do: " + err.Error()}
		case err != nil:
			return doctor.Answer{Verdict: doctor.Unknown, Why: "asking what it may do: " + err.Error()}
		}
		answer = doctor.Answer{Verdict: doctor.Good}
		for _, e := range out.EvaluationResults {
			if e.EvalDecision != types.PolicyEvaluationDecisionTypeAllowed {
				return r.refused(ctx, e)
			}
		}
	}
	return answer
}

// refused says what the simulator's refusal means.
func (r right) refused(ctx context.Context, e types.EvaluationResult) doctor.Answer {
	why := fmt.Sprintf("it may not %s on %s", aws.ToString(e.EvalActionName), r.resource)
	switch {
	case len(e.MissingContextValues) > 0:
		return doctor.Answer{Verdict: doctor.Unknown, Why: fmt.Sprintf("whether it may %s on %s depends on %s", aws.ToString(e.EvalActionName), r.resource, strings.Join(e.MissingContextValues, ", "))}
	case e.EvalDecision == types.PolicyEvaluationDecisionTypeExplicitDeny || r.policy == nil:
		return doctor.Answer{Verdict: doctor.Wrong, Why: why}
	}
	found, err := r.policy(ctx)
	switch {
	case err != nil:
		return doctor.Answer{Verdict: doctor.Unknown, Why: fmt.Sprintf("%s, unless the resource's own policy lets it, which cannot be read: %v", why, err)}
	case found:
		return doctor.Answer{Verdict: doctor.Unknown, Why: why + ", unless the resource's own policy lets it"}
	}
	return doctor.Answer{Verdict: doctor.Wrong, Why: why}
}

// rights returns what a role must be allowed for a use (Amazon ECS developer guide, "Amazon ECS task
// execution IAM role"; the resources of the actions are those of the Service Authorization Reference).
func (f *Facts) rights(u doctor.Use) []right {
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
			{[]string{"ecr:GetAuthorizationToken"}, "*", nil},
			{[]string{"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}, fmt.Sprintf("arn:%s:ecr:%s:%s:repository/%s", partition, region, owner, repository), policy},
		}
	case doctor.LogGroup:
		region, name := doctor.Where(u.Of.Name)
		return []right{{[]string{"logs:CreateLogStream", "logs:PutLogEvents"}, fmt.Sprintf("arn:%s:logs:%s:%s:log-group:%s:log-stream:batchplane", partition, cmp.Or(region, here), account, name), nil}}
	case doctor.Secret:
		if secret, ok := secretOf(u.Of.Name); ok {
			policy := func(ctx context.Context) (bool, error) { return f.secretPolicy(ctx, secret) }
			if owner := strings.SplitN(secret, ":", 6)[4]; owner != account {
				policy = nil
			}
			return []right{{[]string{"secretsmanager:GetSecretValue"}, secret, policy}}
		}
		parameter := u.Of.Name
		if !strings.HasPrefix(parameter, "arn:") {
			parameter = fmt.Sprintf("arn:%s:ssm:%s:%s:parameter/%s", partition, here, account, strings.TrimPrefix(parameter, "/"))
		}
		return []right{{[]string{"ssm:GetParameters"}, parameter, nil}}
	}
	return nil
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
