package people

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/signed"
)

// Facts asks AWS, by calls that only read, whether what jobs need exists.
type Facts struct {
	Stack   string
	ECS     *ecs.Client
	Logs    *cloudwatchlogs.Client
	IAM     *iam.Client
	ECR     *ecr.Client
	Secrets *secretsmanager.Client
	SSM     *ssm.Client
	EC2     *signed.Client
	Quotas  *signed.Client
}

// askers is how many subjects are asked about at once.
const askers = 16

// Answers returns what AWS says about subjects. A subject that the caller may not ask about is Unknown,
// which is no error.
func (f *Facts) Answers(ctx context.Context, subjects []doctor.Subject) map[doctor.Subject]doctor.Answer {
	out := make(map[doctor.Subject]doctor.Answer, len(subjects))
	var mu sync.Mutex
	port.InParallel(len(subjects), askers, func(i int) {
		s := subjects[i]
		a := f.answer(ctx, s)
		mu.Lock()
		defer mu.Unlock()
		out[s] = a
	})
	return out
}

func (f *Facts) answer(ctx context.Context, s doctor.Subject) doctor.Answer {
	ask, ok := map[doctor.Kind]func(context.Context, string) (string, error){
		doctor.Cluster: f.cluster, doctor.TaskDefinition: f.definition, doctor.Role: f.role, doctor.Image: f.image,
		doctor.LogGroup: f.logGroup, doctor.Secret: f.secret, doctor.Target: f.target, doctor.Subnet: f.subnet, doctor.SecurityGroup: f.securityGroup,
	}[s.Kind]
	if !ok {
		return doctor.Answer{Verdict: doctor.Unknown, Why: "there is no way to check this"}
	}
	wrong, err := ask(ctx, s.Name)
	switch {
	case denied(err):
		return doctor.Answer{Verdict: doctor.Unknown, Why: "you may not ask: " + err.Error()}
	case missing(err):
		return doctor.Answer{Verdict: doctor.Wrong, Why: notThere}
	case err != nil:
		return doctor.Answer{Verdict: doctor.Unknown, Why: err.Error()}
	case wrong != "":
		return doctor.Answer{Verdict: doctor.Wrong, Why: wrong}
	}
	return doctor.Answer{Verdict: doctor.Good}
}

// errNotInAnswer: something between here and AWS answered.
var errNotInAnswer = errors.New("it is not in the answer")

// missing reports whether AWS says that there is no such thing.
func missing(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode() {
	case "NoSuchEntity", "NoSuchEntityException", "ResourceNotFoundException", "ParameterNotFound", "RepositoryNotFoundException", "ImageNotFoundException", "ClusterNotFoundException",
		"InvalidSubnetID.NotFound", "InvalidGroup.NotFound", "InvalidSubnetID.Malformed", "InvalidGroupId.Malformed", "NoSuchResourceException":
		return true
	case "ClientException": // of DescribeTaskDefinition
		return strings.Contains(api.ErrorMessage(), "Unable to describe task definition")
	}
	return false
}

func (f *Facts) cluster(ctx context.Context, name string) (string, error) {
	out, err := f.ECS.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{name}})
	if err != nil {
		return "", fmt.Errorf("describing the cluster: %w", err)
	}
	if len(out.Clusters) == 0 {
		return notThere, nil
	}
	if status := aws.ToString(out.Clusters[0].Status); status != "ACTIVE" && status != "" {
		return "it is " + status, nil
	}
	return "", nil
}

func (f *Facts) definition(ctx context.Context, name string) (string, error) {
	out, err := f.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &name})
	if err != nil {
		return "", fmt.Errorf("describing the task definition: %w", err)
	}
	if out.TaskDefinition == nil {
		return "", fmt.Errorf("describing the task definition: %w", errNotInAnswer)
	}
	if status := string(out.TaskDefinition.Status); status != "ACTIVE" && status != "" {
		return "it is " + status, nil
	}
	return "", nil
}

func (f *Facts) role(ctx context.Context, arn string) (string, error) {
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	out, err := f.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return "", fmt.Errorf("reading the role: %w", err)
	}
	if out.Role == nil {
		return "", fmt.Errorf("reading the role: %w", errNotInAnswer)
	}
	if is := aws.ToString(out.Role.Arn); is != arn {
		return "the role of that name is " + is, nil
	}
	trust, err := url.QueryUnescape(aws.ToString(out.Role.AssumeRolePolicyDocument))
	if err == nil && !strings.Contains(trust, "ecs-tasks.amazonaws.com") {
		return "its trust policy does not let ecs-tasks.amazonaws.com assume it", nil
	}
	return "", nil
}

func (f *Facts) logGroup(ctx context.Context, name string) (string, error) {
	region, name := doctor.Where(name)
	out, err := f.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name}, func(o *cloudwatchlogs.Options) { o.Region = cmp.Or(region, o.Region) })
	if err != nil {
		return "", fmt.Errorf("describing the log group: %w", err)
	}
	for _, g := range out.LogGroups {
		if aws.ToString(g.LogGroupName) == name {
			return "", nil
		}
	}
	return notThere, nil
}

func (f *Facts) secret(ctx context.Context, arn string) (string, error) {
	if secret, ok := secretOf(arn); ok {
		_, err := f.wholeSecret(ctx, secret)
		return "", err
	}
	return f.parameter(ctx, arn)
}

// wholeSecret returns the ARN of a secret with the six characters at its end that a name of it may lack and
// that policies speak of (Secrets Manager user guide, "What's in a Secrets Manager secret?").
func (f *Facts) wholeSecret(ctx context.Context, arn string) (string, error) {
	in := &secretsmanager.DescribeSecretInput{SecretId: &arn}
	out, err := f.Secrets.DescribeSecret(ctx, in, func(o *secretsmanager.Options) { o.Region = cmp.Or(regionOf(arn), o.Region) })
	if err != nil {
		return arn, fmt.Errorf("describing the secret: %w", err)
	}
	return cmp.Or(aws.ToString(out.ARN), arn), nil
}

// secretOf returns the ARN of a secret of Secrets Manager. Behind it, a task definition may name a key of
// the secret, a version's stage and its id (ECS developer guide, "Pass Secrets Manager secrets").
func secretOf(arn string) (secret string, ok bool) {
	parts := strings.SplitN(arn, ":", 8)
	if len(parts) < 7 || parts[2] != "secretsmanager" {
		return "", false
	}
	return strings.Join(parts[:7], ":"), true
}

// regionOf returns the Region in an ARN, "" for a name.
func regionOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 5); len(parts) == 5 {
		return parts[3]
	}
	return ""
}

func (f *Facts) target(ctx context.Context, name string) (string, error) {
	return f.parameter(ctx, "/batchplane/"+f.Stack+"/slack/"+name)
}

// parameter checks that a parameter exists. It neither decrypts its value nor looks at it.
func (f *Facts) parameter(ctx context.Context, name string) (string, error) {
	in := &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(false)}
	if _, err := f.SSM.GetParameter(ctx, in, func(o *ssm.Options) { o.Region = cmp.Or(regionOf(name), o.Region) }); err != nil {
		return "", fmt.Errorf("looking for the parameter: %w", err)
	}
	return "", nil
}
