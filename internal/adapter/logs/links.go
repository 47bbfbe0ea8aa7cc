package logs

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// stream is a log stream of CloudWatch Logs.
type stream struct {
	partition, region, group, name string
}

// streamOf returns the log stream of the job's container: <prefix>/<container>/<task id> (Amazon ECS
// developer guide, "Send Amazon ECS logs to CloudWatch").
func streamOf(o port.Output) (stream, bool) {
	task, ok := parseTask(o.TaskARN)
	log := o.Task.Log
	if !ok || log.Group == "" || log.Prefix == "" {
		return stream{}, false
	}
	return stream{
		partition: task.partition, region: cmp.Or(log.Region, task.region), group: log.Group,
		name: log.Prefix + "/" + o.Task.Container + "/" + task.id,
	}, true
}

// linkOf fills in the link that a task definition gives for output that is not in CloudWatch Logs.
func linkOf(o port.Output) string {
	t, _ := parseTask(o.TaskARN)
	return strings.NewReplacer(
		"{taskArn}", url.QueryEscape(o.TaskARN), "{task}", url.QueryEscape(t.id), "{job}", url.QueryEscape(o.Run.Job()), "{run}", url.QueryEscape(string(o.Run)),
	).Replace(o.Task.Log.Link)
}

// elsewhere says in words where output goes that is not in CloudWatch Logs.
func elsewhere(log run.Log) string {
	if log.Driver == "" {
		return ""
	}
	return strings.TrimSuffix("by the log driver "+log.Driver+" to "+log.To, " to ")
}

func (s stream) url() string {
	return fmt.Sprintf("%s/cloudwatch/home?region=%s#logsV2:log-groups/log-group/%s/log-events/%s",
		console(s.partition, s.region), url.QueryEscape(s.region), escape(s.group), escape(s.name))
}

// TaskURL returns the address of a task in the AWS console, which shows a stopped task for about an
// hour. It returns "" for anything but a task of a named cluster.
func TaskURL(arn string) string {
	t, ok := parseTask(arn)
	if !ok || t.cluster == "" {
		return ""
	}
	return fmt.Sprintf("%s/ecs/v2/clusters/%s/tasks/%s/configuration?region=%s",
		console(t.partition, t.region), url.PathEscape(t.cluster), url.PathEscape(t.id), url.QueryEscape(t.region))
}

// task is a parsed task ARN. cluster is "" in the short form of old accounts.
type task struct {
	partition, region, cluster, id string
}

// parseTask reads arn:<partition>:ecs:<region>:<account>:task/<cluster>/<id>.
func parseTask(arn string) (t task, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "ecs" || parts[3] == "" {
		return task{}, false
	}
	path := strings.Split(parts[5], "/")
	if len(path) < 2 || len(path) > 3 || path[0] != "task" || path[len(path)-1] == "" {
		return task{}, false
	}
	t = task{partition: parts[1], region: parts[3], id: path[len(path)-1]}
	if len(path) == 3 {
		t.cluster = path[1]
	}
	return t, true
}

// console returns the base address of a partition's console.
func console(partition, region string) string {
	domain := map[string]string{"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}[partition]
	return "https://" + url.PathEscape(region) + "." + cmp.Or(domain, "console.aws.amazon.com")
}

// escape spells a name as the console's URL fragments do: escaped twice as in a URL, with $ for the
// second %.
func escape(s string) string {
	once := strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
	return strings.ReplaceAll(url.QueryEscape(once), "%", "$")
}
