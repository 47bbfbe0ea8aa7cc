package fargate

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/run"
)

// logsLabel is the Docker label of a job's container that says where people find its output if it does
// not go to CloudWatch Logs by the driver awslogs. Its value is an address with {task} for the task's
// id, {taskArn}, {job} and {run}.
const logsLabel = "batchplane.logs"

// logOf returns where a container's log goes: to CloudWatch Logs by the driver awslogs, or wherever the
// task definition sends it with another driver. awslogs without a stream prefix counts as no log, since
// nobody can tell the names of its streams.
func logOf(c *types.ContainerDefinition, arn string) run.Log {
	if c.LogConfiguration == nil {
		return run.Log{}
	}
	o := c.LogConfiguration.Options
	if c.LogConfiguration.LogDriver != types.LogDriverAwslogs {
		return run.Log{Driver: string(c.LogConfiguration.LogDriver), To: destination(o), Link: linkOf(c.DockerLabels[logsLabel])}
	}
	log := run.Log{Group: o["awslogs-group"], Prefix: o["awslogs-stream-prefix"], Region: o["awslogs-region"]}
	if log.Group == "" || log.Prefix == "" {
		return run.Log{}
	}
	if parts := strings.Split(arn, ":"); len(parts) > 3 && parts[3] == log.Region {
		log.Region = ""
	}
	return log
}

// told lists the options of log drivers that say where logs go, as FireLens outputs and Docker's
// drivers name them. Any other option may be a key or a token.
var told = []string{
	"Name", "log_group_name", "log-group-name", "delivery_stream", "stream", "bucket", "region", "Host", "host", "dd_service", "dd_source",
	"splunk-url", "splunk-index", "fluentd-address", "syslog-address", "gelf-address", "tag",
}

// mostSaid bounds an option's value in bytes, so that a run stays small.
const mostSaid = 128

// destination puts the options that say where a log goes into words.
func destination(options map[string]string) string {
	var words []string
	for _, name := range told {
		value := options[name]
		if value == "" || len(value) > mostSaid || strings.Contains(value, "@") { // an address may contain a password
			continue
		}
		words = append(words, name+"="+value)
	}
	return strings.Join(words, ", ")
}

// mostLink bounds a link in bytes.
const mostLink = 512

func linkOf(label string) string {
	if !strings.HasPrefix(label, "https://") || len(label) > mostLink {
		return ""
	}
	return label
}
