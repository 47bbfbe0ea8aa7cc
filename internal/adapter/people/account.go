package people

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/port"
)

// Definitions returns what the deployed task definitions of these names need. It leaves out those that
// it cannot read.
func (f *Facts) Definitions(ctx context.Context, names []string) map[string]doctor.Deployed {
	out := map[string]doctor.Deployed{}
	var mu sync.Mutex
	port.InParallel(len(names), askers, func(i int) {
		name := names[i]
		got, err := f.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &name})
		if err != nil {
			return // the check of the definition itself says why
		}
		mu.Lock()
		defer mu.Unlock()
		out[name] = f.deployed(got.TaskDefinition)
	})
	return out
}

// deployed returns those parts of a task definition that may turn out to be missing. A task needs
// them of all its containers: if one of them is missing, none starts.
func (f *Facts) deployed(d *types.TaskDefinition) (out doctor.Deployed) {
	out.CPU, _ = strconv.Atoi(aws.ToString(d.Cpu)) // ECS gives units, whatever was registered
	out.ExecutionRole = aws.ToString(d.ExecutionRoleArn)
	out.Roles = []string{aws.ToString(d.TaskRoleArn), out.ExecutionRole}
	for _, c := range d.ContainerDefinitions {
		out.Containers = append(out.Containers, doctor.Container{
			Name: aws.ToString(c.Name), Essential: c.Essential == nil || *c.Essential, Restarts: c.RestartPolicy != nil && aws.ToBool(c.RestartPolicy.Enabled),
		})
		out.Images = append(out.Images, aws.ToString(c.Image))
		secrets := c.Secrets
		if log := c.LogConfiguration; log != nil {
			out.LogGroups = append(out.LogGroups, logGroupOf(log, f.Logs.Options().Region))
			out.Streams = append(out.Streams, streamOf(log, aws.ToString(c.Name)))
			secrets = slices.Concat(secrets, log.SecretOptions)
		}
		for _, s := range secrets {
			out.Secrets = append(out.Secrets, aws.ToString(s.ValueFrom))
		}
		if r := c.RepositoryCredentials; r != nil && strings.HasPrefix(aws.ToString(r.CredentialsParameter), "arn:") {
			out.Secrets = append(out.Secrets, *r.CredentialsParameter)
		}
	}
	return out
}

// logGroupOf returns the log group that must be there before a container starts, "" if there is none.
func logGroupOf(log *types.LogConfiguration, here string) string {
	group := log.Options["awslogs-group"]
	if log.LogDriver != types.LogDriverAwslogs || group == "" || log.Options["awslogs-create-group"] == "true" {
		return ""
	}
	if region := log.Options["awslogs-region"]; region != "" && region != here {
		return region + ":" + group
	}
	return group
}

// streamOf returns what the name of a container's log stream begins with (ECS developer guide, "Send Amazon
// ECS logs to CloudWatch").
func streamOf(log *types.LogConfiguration, container string) string {
	if prefix := log.Options["awslogs-stream-prefix"]; prefix != "" {
		return prefix + "/" + container + "/"
	}
	return ""
}

// subnet and securityGroup ask EC2 and say what is wrong, if anything is (Amazon EC2 API reference,
// DescribeSubnets and DescribeSecurityGroups).
func (f *Facts) subnet(ctx context.Context, id string) (string, error) {
	var out struct {
		Subnets []struct {
			State string `xml:"state"`
		} `xml:"subnetSet>item"`
	}
	if err := f.EC2.Query(ctx, url.Values{"Action": {"DescribeSubnets"}, "Version": {ec2Version}, "SubnetId.1": {id}}, xml.Unmarshal, &out); err != nil {
		return "", fmt.Errorf("describing the subnet: %w", err)
	}
	switch {
	case len(out.Subnets) == 0:
		return notThere, nil
	case out.Subnets[0].State != "available" && out.Subnets[0].State != "":
		return "it is " + out.Subnets[0].State, nil
	}
	return "", nil
}

func (f *Facts) securityGroup(ctx context.Context, id string) (string, error) {
	var out struct {
		Groups []struct {
			ID string `xml:"groupId"`
		} `xml:"securityGroupInfo>item"`
	}
	if err := f.EC2.Query(ctx, url.Values{"Action": {"DescribeSecurityGroups"}, "Version": {ec2Version}, "GroupId.1": {id}}, xml.Unmarshal, &out); err != nil {
		return "", fmt.Errorf("describing the security group: %w", err)
	}
	if len(out.Groups) == 0 {
		return notThere, nil
	}
	return "", nil
}

const (
	ec2Version = "2016-11-15"
	notThere   = "it does not exist"
)

// quota is a quota in an answer of Service Quotas.
type quota struct {
	Name  string  `json:"QuotaName"`
	Value float64 `json:"Value"`
}

// quotaCodes holds the codes of AWS Fargate's quotas (AWS General Reference).
var quotaCodes = map[string]string{doctor.OnDemand: "L-3032A538", doctor.Spot: "L-36FBB829"}

// Limits returns the quotas of the account that many launches at once can reach. A quota that the
// caller may not read is Unseen, which is no error.
func (f *Facts) Limits(ctx context.Context) map[string]doctor.Limit {
	out := map[string]doctor.Limit{}
	for name, code := range quotaCodes {
		out[name] = f.limit(ctx, code)
	}
	out[doctor.Invocations] = f.invocations(ctx)
	return out
}

// limit returns the applied quota, else its default: a quota that was never raised has no applied value
// (Service Quotas API reference, GetServiceQuota).
func (f *Facts) limit(ctx context.Context, code string) doctor.Limit {
	var out struct {
		Quota quota `json:"Quota"`
	}
	in := map[string]string{"ServiceCode": "fargate", "QuotaCode": code}
	err := f.Quotas.JSON(ctx, "1.1", quotas+"GetServiceQuota", in, &out)
	if missing(err) {
		err = f.Quotas.JSON(ctx, "1.1", quotas+"GetAWSDefaultServiceQuota", in, &out)
	}
	return limitOf(out.Quota.Value, err)
}

// quotas begins the names of Service Quotas' operations on the wire.
const quotas = "ServiceQuotasV20190624."

// invocations finds the quota by its name.
func (f *Facts) invocations(ctx context.Context) doctor.Limit {
	for _, operation := range []string{"ListServiceQuotas", "ListAWSDefaultServiceQuotas"} {
		var out struct {
			Quotas []quota `json:"Quotas"`
		}
		if err := f.Quotas.JSON(ctx, "1.1", quotas+operation, map[string]any{"ServiceCode": "scheduler", "MaxResults": 100}, &out); err != nil {
			return limitOf(0, err)
		}
		for _, q := range out.Quotas {
			if strings.HasPrefix(q.Name, "Invocations throttle limit") {
				return doctor.Limit{Value: q.Value}
			}
		}
	}
	return doctor.Limit{Unseen: "Service Quotas has no quota of that name"}
}

func limitOf(value float64, err error) doctor.Limit {
	switch {
	case denied(err):
		return doctor.Limit{Unseen: "you may not ask: " + err.Error()}
	case err != nil:
		return doctor.Limit{Unseen: err.Error()}
	}
	return doctor.Limit{Value: value}
}
