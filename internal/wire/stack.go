package wire

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/batchplane/batchplane/internal/adapter/deployer"
	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/logs"
	"github.com/batchplane/batchplane/internal/adapter/people"
	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/signed"
)

// StackConfig says which stack is meant, and whose credentials to use.
type StackConfig struct {
	// Name is the name of the CloudFormation stack. Profile and Region select from the AWS
	// configuration; "" means its defaults.
	Name, Profile, Region string
	// Code asks the person for the code that an MFA device shows; nil means that nobody can be asked.
	Code func(ctx context.Context, device string) (string, error)
	// Log receives what went wrong but does no harm; nil discards it.
	Log *slog.Logger

	state string // the stack's status in CloudFormation, once it is found
}

// StackPlane finds a stack on AWS and returns it as a plane, with the clients that a person's credentials
// give access to. Its error is a whole sentence.
func StackPlane(ctx context.Context, c StackConfig) (*plane.Plane, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	cfg, err := loadAWS(ctx, c)
	if err != nil {
		return nil, err
	}
	var is found
	err = inTime(ctx, foundWithin, cfg.Region, func(ctx context.Context) (err error) {
		is, err = findStack(ctx, cloudformation.NewFromConfig(cfg), c.Name, cfg.Region)
		return err
	})
	if err != nil {
		return nil, explain(c, cfg.Region, err)
	}
	c.state = is.state
	outputs := is.outputs
	own := func(service string) *signed.Client {
		return &signed.Client{Config: cfg, Service: service, Endpoint: signed.Endpoint(service, cfg.Region), Skew: is.skew}
	}
	asks := &people.Door{Lambda: lambda.NewFromConfig(cfg), Function: outputs["PeopleArn"]}
	inspector := &people.Inspector{
		Stack: c.Name, Region: cfg.Region, Version: outputs["Version"], State: is.state,
		Resources: cloudformation.NewFromConfig(cfg), Alarms: cloudwatch.NewFromConfig(cfg), Topics: sns.NewFromConfig(cfg), Queues: sqs.NewFromConfig(cfg),
		Events: own("events"),
	}
	return &plane.Plane{
		Name: c.Name, Version: outputs["Version"], Skew: is.skew,
		Reader: dynamo.New(dynamo.Config{DB: dynamodb.NewFromConfig(cfg), Table: outputs["TableName"], KeepDefinitions: true, Log: c.Log}),
		Door:   asks, May: asks.May,
		Output: &logs.Follower{Logs: cloudwatchlogs.NewFromConfig(cfg), Region: cfg.Region},
		Account: &people.Facts{
			Stack: c.Name, ECS: ecs.NewFromConfig(cfg), Logs: cloudwatchlogs.NewFromConfig(cfg), IAM: iam.NewFromConfig(cfg, patient),
			ECR: ecr.NewFromConfig(cfg), Secrets: secretsmanager.NewFromConfig(cfg), SSM: ssm.NewFromConfig(cfg),
			EC2: own("ec2"), Quotas: own("servicequotas"),
		},
		Stack: settings(c.Name, outputs, is.parameters),
		Registry: registry{
			&deployer.Writer{
				Scheduler: scheduler.NewFromConfig(cfg), Name: outputs["ScheduleGroupName"], ARN: groupARN(outputs), Read: entry.Registered,
				Trigger: outputs["TriggerArn"], Role: outputs["ScheduleRoleArn"], Failures: outputs["TriggerFailuresArn"],
			},
			&deployer.Definitions{ECS: ecs.NewFromConfig(cfg), Stack: c.Name, Region: cfg.Region},
		},
		Who: people.Who{STS: sts.NewFromConfig(cfg)}.ARN, Inspect: inspector.Inspect,
		Explain: func(err error) error { return explain(c, cfg.Region, err) },
		Poll:    plane.Poll{Least: time.Second, Most: 8 * time.Second},
	}, nil
}

// foundWithin is how long AWS may take to say what a stack is.
const foundWithin = 30 * time.Second

// inTime asks AWS a first question. The SDK would wait for the answer for ever, as behind a proxy or a
// firewall that drops packets.
func inTime(ctx context.Context, within time.Duration, region string, ask func(context.Context) error) error {
	timed, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := ask(timed)
	if err != nil && timed.Err() != nil && ctx.Err() == nil {
		return unanswered(region, within, err)
	}
	return err
}

// patient makes doctor's many questions go out as fast as IAM takes them, which throttles its policy simulator.
func patient(o *iam.Options) {
	o.Retryer = retry.NewAdaptiveMode(func(a *retry.AdaptiveModeOptions) {
		a.StandardOptions = append(a.StandardOptions, func(s *retry.StandardOptions) { s.MaxAttempts = 10 })
	})
}

// settings returns how the stack was deployed.
func settings(name string, outputs, parameters map[string]string) doctor.Stack {
	list := func(key string) (out []string) {
		for part := range strings.SplitSeq(parameters[key], ",") {
			if part = strings.TrimSpace(part); part != "" { // as CloudFormation reads a CommaDelimitedList
				out = append(out, part)
			}
		}
		return out
	}
	s := doctor.Stack{Name: name, Clusters: list("Clusters"), TaskRoles: list("TaskRoles"), TaskRolePath: parameters["TaskRolePath"], LogGroups: parameters["LogGroups"], Standby: parameters["Standby"] == "true"}
	s.Silent = len(parameters) > 0 && len(list("AlertEmail")) == 0 && len(list("SlackTargets")) == 0
	s.NotBefore, _ = time.Parse(run.NotBeforeForm, parameters["NotBefore"]) // the stack's template checks its form
	s.LaunchRate, _ = strconv.Atoi(parameters["LaunchRate"])                // 0 means unknown
	if parts := strings.SplitN(outputs["TriggerArn"], ":", 6); len(parts) == 6 {
		s.Partition, s.Region, s.Account = parts[1], parts[3], parts[4]
	}
	return s
}

// registry implements plane.Registry.
type registry struct {
	*deployer.Writer
	*deployer.Definitions
}

// groupARN returns the ARN of the schedule group, which is in the account and Region of the trigger.
func groupARN(outputs map[string]string) string {
	parts := strings.SplitN(outputs["TriggerArn"], ":", 6) // arn:aws:lambda:region:account:function:name
	if len(parts) < 6 {
		return outputs["ScheduleGroupName"]
	}
	return strings.Join([]string{parts[0], parts[1], "scheduler", parts[3], parts[4], "schedule-group/" + outputs["ScheduleGroupName"]}, ":")
}

// needed lists outputs that every stack of batchplane has.
var needed = []string{"TriggerArn", "PeopleArn", "TableName", "ScheduleGroupName", "Version"}

// found is what CloudFormation says of a stack.
type found struct {
	outputs, parameters map[string]string
	state               string
	skew                time.Duration // how far AWS's clock is ahead of this machine's
}

func findStack(ctx context.Context, api *cloudformation.Client, name, region string) (found, error) {
	out, err := api.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(name)})
	if isCode(err, "ValidationError") && strings.Contains(err.Error(), "does not exist") {
		return found{}, noStack(ctx, api, name, region)
	}
	if err != nil {
		return found{}, fmt.Errorf("looking for the stack %s: %w", name, err)
	}
	is := found{outputs: map[string]string{}, parameters: map[string]string{}}
	is.skew, _ = awsmiddleware.GetAttemptSkew(out.ResultMetadata)
	for _, s := range out.Stacks {
		is.state = string(s.StackStatus)
		for _, o := range s.Outputs {
			is.outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
		}
		for _, p := range s.Parameters {
			is.parameters[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
		}
	}
	return is, is.complete(name, region)
}

// complete returns an error unless the stack has all outputs. It has none until it was first deployed.
func (f found) complete(name, region string) error {
	for _, key := range needed {
		switch {
		case f.outputs[key] != "":
		case len(f.outputs) == 0 && !strings.HasPrefix(f.state, "UPDATE_") && f.state != "CREATE_COMPLETE":
			return fmt.Errorf("the stack %s in %s has no outputs: it is %s, and not deployed as a whole; `aws cloudformation describe-stack-events --stack-name %s --region %s` says what happened", name, region, f.state, name, region)
		default:
			return fmt.Errorf("the stack %s in %s is not a stack of batchplane: it has no output %s", name, region, key)
		}
	}
	return nil
}

// noStack says which stacks there are, if the person may look that up.
func noStack(ctx context.Context, api *cloudformation.Client, name, region string) error {
	found := map[string]bool{}
	pages := cloudformation.NewDescribeStacksPaginator(api, &cloudformation.DescribeStacksInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			break // somebody who may see only one stack gets no list
		}
		for _, s := range page.Stacks {
			has := map[string]bool{}
			for _, o := range s.Outputs {
				has[aws.ToString(o.OutputKey)] = true
			}
			if !slices.ContainsFunc(needed, func(key string) bool { return !has[key] }) {
				found[aws.ToString(s.StackName)] = true
			}
		}
	}
	there := "; is it in another Region or account, or not deployed yet?"
	if len(found) > 0 {
		there = "; there are " + strings.Join(slices.Sorted(maps.Keys(found)), ", ")
	}
	return fmt.Errorf("there is no stack %s in %s%s", name, region, there)
}
