package kinds_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
)

// most is how many bytes an import of a hostile file may allocate and keep.
const most = 1 << 30

// TestHostile: files that are large, deep or refer to themselves end in an error or in jobs, within
// bounds of memory.
func TestHostile(t *testing.T) { //nolint:paralleltest // it measures memory
	cronJob := "---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: j%d}\nspec: {schedule: '%d 2 * * *', timeZone: UTC, jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: b}]}}}}}\n"
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, cronJob, i, i%60)
		}
		return b.String()
	}
	laughs := "kind: CronJob\napiVersion: batch/v1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 12; i++ {
		laughs += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	for _, c := range []struct {
		name, text string
		jobs       int
		says       string
	}{
		{"11 MB", strings.Repeat("x", 11<<20), 0, "more than 10485760 bytes"},
		{"10 MB of one YAML document", "kind: CronJob\n" + strings.Repeat("a: b\n", (10<<20)/5-10), 0, "one document of more than"},
		{"3 MB of JSON", `{"Rules": [` + strings.Repeat(`{"Name":"a","ScheduleExpression":"rate(1 day)"},`, 60_000) + `{"Name":"b","ScheduleExpression":"rate(1 day)"}]}`, 0, ""},
		{"30,000 lines of crontab", strings.Repeat("0 1 * * * /opt/a b c d e f g h i j k l m n o p\n", 30_000), 10_000, ""},
		{"10 MB of comments", strings.Repeat("# * * * * * a\n", 700_000), 0, "at most 100000 are read"},
		{"10 MB of lines", strings.Repeat("a: b\n", 2_000_000), 0, "of no kind that is recognised"},
		{"a long line of YAML", "kind: CronJob\na: " + strings.Repeat("x ", 1<<20), 0, ""},
		{"a long text of YAML", "kind: CronJob\na: \"" + strings.Repeat("x ", 1<<20) + "\"", 0, ""},
		{"endless lines of systemd", "[Timer]\nOnCalendar=daily\nX=" + strings.Repeat("a\\\n", 3_000_000), 1, ""},
		{"40,000 units of systemd", units(40_000), 10_000, ""},
		{"one line", "0 1 * * * " + strings.Repeat("a && ", 1<<20), 0, ""},
		{"deep YAML", "kind: CronJob\na: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000), 0, "nested more than"},
		{"colons without commas", "kind: CronJob\na: [\n" + strings.Repeat("a: \n", 100_000) + "]", 0, "nested more than"},
		{"deep indentation", "kind: CronJob\n" + deepIndent(2000), 0, "nested more than"},
		{"deep JSON", `{"ScheduleExpression": ` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}", 0, ""},
		{"deep shell", "0 1 * * * " + strings.Repeat("(", 5000) + "a" + strings.Repeat(")", 5000), 0, ""},
		{"aliases of aliases", laughs, 0, "more than"},
		{"an alias to itself", "kind: CronJob\na: &a {b: *a}\n", 0, "has no anchor"},
		{"many anchors", "kind: CronJob\n" + strings.Repeat("a: &x 1\n", 100_000), 0, ""},
		{"many keys", "kind: CronJob\n" + strings.Repeat("a: 1\n", 100_000), 0, ""},
		{"many keys with ?", "kind: CronJob\n" + strings.Repeat("? a\n", 100_000), 0, ""},
		{"10,001 jobs", many(10_001), 10_000, ""},
		{"references that lead to themselves", "Resources:\n  A: {Type: 'AWS::ECS::TaskDefinition', Properties: {Family: !Ref A}}\n  R: {Type: 'AWS::Events::Rule', Properties: {ScheduleExpression: rate(1 day), Targets: [{Id: a, Arn: 'x:cluster/y', EcsParameters: {TaskDefinitionArn: !Ref A}}]}}\n", 1, ""},
		{"variables that hold each other", variables(40), 1, ""},
		{"10,000 rules and targets of Terraform", rules(10_000), 10_000, ""},
		{"10,000 instances in a plan of Terraform", instances(10_000), 10_000, ""},
		{"no UTF-8", "kind: CronJob\n\xff\xfe\n", 0, ""},
	} {
		var before, after runtime.MemStats
		runtime.GC()
		begun := time.Now()
		runtime.ReadMemStats(&before)
		r, err := kinds.Import("", []*importer.File{{Name: "hostile", Data: []byte(c.text)}}, importer.Options{From: from, Zone: "UTC"}, kinds.Options{})
		if err != nil && c.says != "of no kind that is recognised" && strings.Contains(err.Error(), "of no kind that is recognised") {
			kind := "crontab"
			if strings.Contains(c.text[:min(len(c.text), 40)], "CronJob") {
				kind = "kubernetes"
			}
			r, err = kinds.Import(kind, []*importer.File{{Name: "hostile", Data: []byte(c.text)}}, importer.Options{From: from, Zone: "UTC"}, kinds.Options{})
		}
		runtime.ReadMemStats(&after)
		took := time.Since(begun).Round(time.Millisecond)
		t.Logf("%s: %s, %d MB", c.name, took, after.HeapAlloc>>20)
		if took > time.Minute {
			t.Errorf("%s: %s", c.name, took)
		}
		if c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) || len(r.Jobs) != c.jobs {
			t.Errorf("%s: %d jobs, %v", c.name, len(r.Jobs), err)
		}
		if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > most {
			t.Errorf("%s: %d bytes of memory", c.name, kept)
		}
	}
}

// variables gives a CronJob with n variables, each of which holds the one before it ten times.
func variables(n int) string {
	var b strings.Builder
	b.WriteString("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {schedule: '0 3 * * *', jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: b, args: ['$(V0)'], env: [{name: V0, value: xxxxxxxxxx}")
	for i := range n {
		fmt.Fprintf(&b, ", {name: V%d, value: '%s'}", i+1, strings.Repeat(fmt.Sprintf("$(V%d)", i), 10))
	}
	return b.String() + "]}]}}}}}\n"
}

// rules gives n Terraform rules, each with its own target and task definition.
func rules(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"address":"aws_cloudwatch_event_rule.r%[1]d","mode":"managed","type":"aws_cloudwatch_event_rule","values":{"name":"r%[1]d","schedule_expression":"rate(1 hour)"}},`+
			`{"address":"aws_cloudwatch_event_target.r%[1]d","mode":"managed","type":"aws_cloudwatch_event_target","values":{"rule":"r%[1]d","arn":"x:cluster/c","ecs_target":[{"task_definition_arn":"x:task-definition/t%[1]d:1"}]}},`+
			`{"address":"aws_ecs_task_definition.r%[1]d","mode":"managed","type":"aws_ecs_task_definition","values":{"arn":"x:task-definition/t%[1]d:1","family":"t%[1]d","container_definitions":"[]"}}`, i))
	}
	return `{"format_version":"1.0","terraform_version":"1","values":{"root_module":{"resources":[` + strings.Join(all, ",") + `]}}}`
}

// instances gives n instances of one rule, one target and one task definition in a plan, which
// refer to each other only by reference.
func instances(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"address":"aws_cloudwatch_event_rule.r[%[1]d]","mode":"managed","type":"aws_cloudwatch_event_rule","values":{"schedule_expression":"rate(1 hour)"}},`+
			`{"address":"aws_cloudwatch_event_target.t[%[1]d]","mode":"managed","type":"aws_cloudwatch_event_target","values":{"arn":"x:cluster/c","ecs_target":[{}]}},`+
			`{"address":"aws_ecs_task_definition.d[%[1]d]","mode":"managed","type":"aws_ecs_task_definition","values":{"family":"d%[1]d","container_definitions":"[]"}}`, i))
	}
	return `{"format_version":"1.0","terraform_version":"1","planned_values":{"root_module":{"resources":[` + strings.Join(all, ",") + `]}},"configuration":{"root_module":{"resources":[` +
		`{"address":"aws_cloudwatch_event_target.t","expressions":{"rule":{"references":["aws_cloudwatch_event_rule.r"]},"ecs_target":[{"task_definition_arn":{"references":["aws_ecs_task_definition.d"]}}]}}]}}}`
}

func deepIndent(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func crontabOf(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "# job number %d of the shop\n%d %d * * %d cd /srv/app%d && /usr/bin/php artisan shop:task%d --force >> /var/log/app%d.log 2>&1\n", i, i%60, i/60%24, i%7, i, i, i)
	}
	return b.Bytes()
}

func schedulesOf(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"Name":"s%d","GroupName":"g","ScheduleExpression":"cron(%d %d * * ? *)","ScheduleExpressionTimezone":"Europe/Berlin","State":"ENABLED","FlexibleTimeWindow":{"Mode":"OFF"},"Target":{"Arn":"arn:aws:ecs:eu-central-1:123456789012:cluster/c","RoleArn":"r","Input":"{\"containerOverrides\":[{\"name\":\"a\",\"command\":[\"run\",\"%d\"]}]}","EcsParameters":{"TaskDefinitionArn":"t","LaunchType":"FARGATE","NetworkConfiguration":{"awsvpcConfiguration":{"Subnets":["subnet-1"]}}}}}`+"\n", i, i%60, i/60%24, i)
	}
	return b.Bytes()
}

func BenchmarkCrontab(b *testing.B)     { benchmark(b, crontabOf, 10_000) }
func BenchmarkEventBridge(b *testing.B) { benchmark(b, schedulesOf, 1_000) }

// benchmark imports a file, which must take less than two seconds. Its peer, in turns with it, is
// a file of a tenth of the size, ten times: the import of a larger file is no slower.
func benchmark(b *testing.B, of func(int) []byte, jobs int) {
	b.Helper()
	whole, tenth := of(jobs), of(jobs/10)
	took := func(data []byte, jobs int) time.Duration {
		at := time.Now()
		r, err := kinds.Import("", []*importer.File{{Name: "f", Data: data}}, importer.Options{From: from, Zone: "Europe/Berlin"}, kinds.Options{})
		if err != nil || len(r.Jobs) != jobs {
			b.Fatal(len(r.Jobs), err)
		}
		return time.Since(at)
	}
	var one, ten time.Duration
	for b.Loop() {
		one += took(whole, jobs)
		for range 10 {
			ten += took(tenth, jobs/10)
		}
	}
	b.ReportMetric(0, "ns/op") // of both, so it is left out
	b.ReportMetric(one.Seconds()/float64(b.N), "s")
	b.ReportMetric(float64(one)/float64(ten), "whole/10-tenths")
}

// units gives n timers with their services.
func units(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "# /etc/systemd/system/u%d.timer\n[Timer]\nOnCalendar=daily UTC\n# /etc/systemd/system/u%d.service\n[Service]\nExecStart=/x\n", i, i)
	}
	return b.String()
}
