package fargate

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/run"
)

// LogsLabel is the docker label of a job's container that says where people find
// what it writes, where that is not CloudWatch Logs by the driver awslogs: an address
// with {task} for the task's id, {taskArn}, {job} and {run}.
const LogsLabel = "batchplane.logs"

// logOf is where a container's log goes: CloudWatch Logs by the driver awslogs with a
// prefix, without which streams have names nobody can tell, or what the task
// definition says of another driver.
func logOf(c *types.ContainerDefinition, arn string) run.Log {
	if c.LogConfiguration == nil {
		return run.Log{}
	}
	o := c.LogConfiguration.Options
	if c.LogConfiguration.LogDriver != types.LogDriverAwslogs {
		return run.Log{Driver: string(c.LogConfiguration.LogDriver), To: destination(o), Link: linkOf(c.DockerLabels[LogsLabel])}
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

// told are the options of log drivers that say where logs go, as FireLens' outputs
// and Docker's drivers name them. Any other may be a key or a token.
var told = []string{
	"Name", "log_group_name", "log-group-name", "delivery_stream", "stream", "bucket", "region", "Host", "host", "dd_service", "dd_source",
	"splunk-url", "splunk-index", "fluentd-address", "syslog-address", "gelf-address", "tag",
}

// mostSaid bounds a value: a run stays small.
const mostSaid = 128

// destination are the options that say where a log goes, in words.
func destination(options map[string]string) string {
	var words []string
	for _, name := range told {
		value := options[name]
		if value == "" || len(value) > mostSaid || strings.Contains(value, "@") { // an address may have a password
			continue
		}
		words = append(words, name+"="+value)
	}
	return strings.Join(words, ", ")
}

// mostLink bounds a link.
const mostLink = 512

func linkOf(label string) string {
	if !strings.HasPrefix(label, "https://") || len(label) > mostLink {
		return ""
	}
	return label
}
