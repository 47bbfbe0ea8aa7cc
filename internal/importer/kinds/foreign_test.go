package kinds_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
)

// foreignFiles are small files of schedulers, by name, and what they are called. Their form is
// that of each tool's documentation.
var foreignFiles = map[string]struct{ text, is string }{
	"Jenkinsfile":              {"pipeline {\n agent any\n triggers { cron('H H(9-16)/2 * * 1-5') }\n stages { stage('a') { steps { sh 'x' } } }\n}\n", "a Jenkinsfile"},
	".github/workflows/n.yml":  {"name: nightly\non:\n  schedule:\n    - cron: '30 2 * * *'\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{run: make}]\n", "a GitHub Actions workflow"},
	"dagster.py":               {"from dagster import ScheduleDefinition\ns = ScheduleDefinition(job=j, cron_schedule=\"0 3 * * *\")\n", "Dagster"},
	"prefect.py":               {"from prefect import flow\nif __name__ == '__main__':\n    f.serve(name='x', cron='0 3 * * *')\n", "Prefect"},
	"modal.py":                 {"import modal\n@app.function(schedule=modal.Cron('0 3 * * *'))\ndef f(): pass\n", "Modal"},
	"gcloud.json":              {`[{"name": "projects/p/locations/l/jobs/x", "schedule": "0 3 * * *", "timeZone": "Etc/UTC", "httpTarget": {"uri": "https://x"}}]`, "Cloud Scheduler"},
	"dkron.json":               {`{"name": "backup", "schedule": "@every 1h", "executor": "shell", "executor_config": {"command": "/x"}}`, "a job of Dkron"},
	"nightly.jil":              {"insert_job: nightly  job_type: CMD\ncommand: /x\nstart_times: \"03:00\"\n", "a file of AutoSys"},
	"vercel.json":              {`{"crons": [{"path": "/api/nightly", "schedule": "0 5 * * *"}]}`, "a Vercel configuration"},
	"serverless.yml":           {"service: shop\nprovider: {name: aws}\nfunctions:\n  nightly:\n    handler: a.b\n    events:\n      - schedule: rate(10 minutes)\n", "a Serverless Framework file"},
	"config/schedule.rb":       {"every 1.day, at: '4:30 am' do\n  rake 'sitemap:refresh'\nend\n", "whenever"},
	"app/Console/Kernel.php":   {"<?php\nclass Kernel { protected function schedule(Schedule $schedule) { $schedule->command('a')->dailyAt('13:00'); } }\n", "Laravel"},
	"routes/console.php":       {"<?php\nSchedule::command('emails:send')->daily();\n", "Laravel"},
	"jobs.sql":                 {"CREATE EXTENSION pg_cron;\nSELECT cron.schedule('nightly', '0 3 $ * *', 'VACUUM');\n", "pg_cron"},
	"batch.nomad":              {"job \"report\" {\n type = \"batch\"\n periodic {\n  crons = [\"*/15 * * * *\"]\n  time_zone = \"Europe/Berlin\"\n }\n}\n", "a Nomad job"},
	"year.nomad":               {"job \"report\" {\n type = \"batch\"\n periodic {\n  crons = [\"*/15 * * * * *\"]\n }\n}\n", "six with a year behind them"}, // https://github.com/hashicorp/cronexpr
	"etc/anacron.conf":         {"1\t5\tcron.daily\trun-parts --report /etc/cron.daily\n@monthly\t15\tcron.monthly\trun-parts --report /etc/cron.monthly\n", "an anacrontab"},
	"jjb.yaml":                 {"- job:\n    name: nightly\n    triggers:\n      - timed: 'H 4 * * *'\n", "a job of Jenkins"},
	"azure-pipelines.yml":      {"schedules:\n- cron: '0 0 * * *'\n  displayName: a\nsteps:\n- script: make\n", "Azure DevOps"},
	".circleci/config.yml":     {"version: 2.1\nworkflows:\n  nightly:\n    triggers:\n      - schedule:\n          cron: '0 0 * * *'\n    jobs: [build]\n", "CircleCI"},
	"vercel.ts":                {"export const config = {\n  crons: [{ path: '/api/a', schedule: '0 0 * * *' }],\n};\n", "a Vercel configuration"},
	"own.rb":                   {"job_type :sidekiq, 'bundle exec sidekiq-client :task'\nevery 1.day, at: '4:30 am' do\n  sidekiq 'A'\nend\n", "whenever"},
	"console.php":              {"<?php\nArtisan::command('inspire', function () {\n})->purpose('x')->hourly();\n", "Laravel"},
	"grouped.php":              {"<?php\nuse Illuminate\\Support\\Facades\\Schedule;\napp(Schedule::class)->command('x')->daily();\n", "Laravel"},
	"events.sql":               {"DELIMITER $$\nCREATE DEFINER=`root`@`%` EVENT IF NOT EXISTS purge\nON SCHEDULE EVERY 1 DAY STARTS '2026-01-01 03:00:00'\nDO BEGIN\n  DELETE FROM sessions WHERE expires < NOW();\nEND$$\n", "MySQL"},
	"altered.sql":              {"alter event purge on schedule at '2027-01-01 03:00:00';\n", "MySQL"},
	"timers.txt":               {"NEXT                        LEFT       LAST                        PASSED   UNIT            ACTIVATES\nSat 2026-11-28 09:00:00 UTC 52min left Sat 2026-11-28 08:00:01 UTC 7min ago logrotate.timer logrotate.service\n\n1 timers listed.\n", "a list of systemd timers"},
	"no-legend.txt":            {"Sat 2026-11-28 09:00:00 UTC 52min left - - backup.timer backup.service\n", "a list of systemd timers"},
	"databricks.yml":           {"resources:\n  jobs:\n    a:\n      schedule:\n        quartz_cron_expression: \"0 0 3 ? * 1\"\n        timezone_id: UTC\n", "a configuration of Databricks"},
	"scaled.yaml":              {"apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nspec:\n  triggers:\n  - type: cron\n    metadata: {timezone: Asia/Tokyo, start: 0 3 * * *, end: 0 4 * * *}\n", "a trigger of KEDA"},
	"crontrigger.yaml":         {"{{- if .Values.crontrigger.enabled }}\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: crontrigger}\n{{- end }}\n", "a template of Helm"},
	"trigger.java":             {"Trigger t = newTrigger().withSchedule(x).build();\nCronTrigger c = (CronTrigger) t;\n", "Quartz"},
	"sched.py":                 {"from apscheduler.triggers.cron import CronTrigger\nsched.add_job(f, CronTrigger(hour=3, day_of_week=0))\n", "APScheduler"},
	"quartz.txt":               {"# nightly\n0 0 12 * * ?\n0 15 10 ? * MON-FRI\n0 0/5 14 * * ?\n0 0 3 L * ? 2027\n", "Quartz"},
	"one-quartz.txt":           {"0 0/10 * * * ?\n", "Quartz"},
	"job.sql":                  {"INSERT INTO cron.job (schedule, command) VALUES ('0 4 * * *', 'VACUUM');\nselect cron.unschedule('a');\n", "pg_cron"},
	"index.js":                 {"const cron = require('node-cron');\ncron.schedule('*/5 * * * *', () => {});\n", "JavaScript"},
	"pack.nomad.tpl":           {"job [[ template \"job_name\" . ]] {\n periodic {\n  cron = [[ .my.cron | toJson ]]\n }\n}\n", "a Nomad job"},
	"spring.xml":               {"<beans>\n <task:scheduled-tasks>\n  <task:scheduled ref=\"a\" method=\"b\" cron=\"0 0 3 * * *\"/>\n </task:scheduled-tasks>\n</beans>\n", "Spring"},
	"application.yml":          {"billing:\n  invoice:\n    cron: \"0 0 2 * * ?\"\n", "Spring"},
	"application.properties":   {"server.port=8080\njobs.cleanup.cron=0 0 3 * * *\n", "Spring"},
	"Jobs.cs":                  {"q.AddTrigger(o => o.ForJob(k).WithCronSchedule(\"0 0/5 * * * ?\"));\n", "Quartz"},
	"kustomization.yaml":       {"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [cronjob.yaml]\n", "kustomize"},
	"jobs.jsonnet":             {"{ rules: [{ name: n, scheduleExpression: 'rate(1 day)' } for n in ['a', 'b']] }\n", "Jsonnet"},
	"terraform.tfstate":        {"{\"version\": 4, \"serial\": 3, \"lineage\": \"x\", \"resources\": []}\n", "Terraform's own state file"},
	"copilot/api/manifest.yml": {"name: api\ntype: Load Balanced Web Service\nimage: {build: Dockerfile}\n", "a Copilot service"},
	"prow.yaml":                {"periodics:\n- name: nightly\n  cron: \"0 3 * * *\"\n  spec: {containers: [{image: a}]}\n", "a configuration with crontab fields"}, // as in github.com/kubernetes/test-infra, config/jobs
	"railway.json":             {"{\n \"deploy\": {\n  \"cronSchedule\": \"0 3 * * *\",\n  \"startCommand\": \"node a.js\"\n }\n}\n", "a configuration with crontab fields"},
	"taskflow.py":              {"from airflow.sdk import dag, task\n\n@dag(schedule=\"0 3 * * *\")\ndef nightly():\n    pass\n", "DAG of Airflow"}, // https://airflow.apache.org/docs/apache-airflow/stable/tutorial/taskflow.html
	"Tasks.java":               {"@Component class T { @Scheduled(cron = \"0 0 12 * * ?\") void a() {} }\n", "Spring"},
	"quartz.xml":               {"<job-scheduling-data><schedule><trigger><cron><cron-expression>0 0 12 * * ?</cron-expression></cron></trigger></schedule></job-scheduling-data>\n", "Quartz"},
	"main.tf":                  {"resource \"aws_scheduler_schedule\" \"a\" {\n  schedule_expression = \"cron(0 20 ? * SAT *)\"\n}\n", "Terraform's HCL"},
	"stack.ts":                 {"import * as events from 'aws-cdk-lib/aws-events';\nnew events.Rule(this, 'R', { schedule: events.Schedule.cron({ minute: '0' }) });\n", "AWS CDK"},
	"dag.py":                   {"from airflow import DAG\nwith DAG('a', schedule='@daily') as d: pass\n", "Airflow"},
	"celery.py":                {"app.conf.beat_schedule = {'a': {'task': 'b', 'schedule': 30.0}}\n", "Celery"},
	"workflow.yaml":            {"apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: a}\nspec: {schedule: '* * * * *'}\n", "Argo"},
	"cron.yaml":                {"cron:\n- description: nightly\n  url: /tasks/nightly\n  schedule: every 24 hours\n", "Google"},
	"com.example.plist":        {"<?xml version=\"1.0\"?><plist><dict><key>StartCalendarInterval</key><dict/></dict></plist>\n", "launchd"},
	"wrangler.toml":            {"name = \"a\"\n[triggers]\ncrons = [\"*/5 * * * *\"]\n", "Cloudflare"},
	"chart/cronjob.yaml":       {"apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  schedule: {{ .Values.schedule | quote }}\n", "Helm"},
	"chart/yaml-too.yaml":      {"apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: a\nspec:\n  schedule: \"0 3 * * *\"\n  jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: \"b:{{ .Values.image_tag }}\"}]}}}}\n", "Helm"},
	"openshift.yaml":           {"apiVersion: template.openshift.io/v1\nkind: Template\nobjects:\n- apiVersion: batch/v1\n  kind: CronJob\n  metadata: {name: a}\n  spec: {schedule: \"${AT}\"}\nparameters: [{name: AT}]\n", "a template of OpenShift"},
	"swarm.yml":                {"services:\n  a:\n    image: b\n    deploy:\n      labels:\n        - swarm.cronjob.enable=true\n        - swarm.cronjob.schedule=* * * * *\n", "swarm-cronjob"},
	"cdk.tf.json":              {`{"resource": {"aws_scheduler_schedule": {"a": {"name": "a", "schedule_expression": "rate(1 day)"}}}}`, "Terraform's code in JSON"},
	"Pulumi.yaml":              {"name: a\nruntime: yaml\nresources:\n  a:\n    type: aws:scheduler:Schedule\n    properties: {scheduleExpression: rate(1 day)}\n", "code of Pulumi"},
	"stack.json":               {`{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:dev::p::aws:scheduler/schedule:Schedule::a", "outputs": {"scheduleExpression": "rate(1 day)"}}]}}`, "a stack of Pulumi"},
	"rundeck.yaml":             {"- name: nightly\n  schedule:\n    month: '*'\n    time: {hour: '03', minute: '00', seconds: '0'}\n  sequence:\n    commands: [{exec: /x}]\n", "a job of Rundeck"},
	"asl.json":                 {"{\"StartAt\": \"Run\", \"States\": {\"Run\": {\"Type\": \"Task\", \"Resource\": \"arn:aws:states:::ecs:runTask.sync\", \"Parameters\": {}, \"End\": true}}}\n", "a state machine of Step Functions"},
	"sfn.tf":                   {"resource \"aws_sfn_state_machine\" \"a\" {\n  definition = jsonencode({StartAt = \"Run\", States = {Run = {Resource = \"arn:aws:states:::ecs:runTask.sync\"}}})\n}\n", "Terraform's HCL"},
	"jobs.yaml":                {"project: a\njobs:\n  # at night\n  - name: report\n    schedule: \"0 3 * * *\"\n    command: [x]\n", "a list of jobs, as in batchplane's own files"},
	"values.cron.yaml":         {"cron:\n  schedule: \"0 3 * * *\"\n  job: report\n", "a schedule of Google App Engine"},
	"tasks/main.yml":           {"- name: nightly\n  ansible.builtin.cron:\n    name: nightly\n    minute: \"0\"\n    hour: \"3\"\n    job: /opt/run\n", "a configuration of Ansible"}, // https://docs.ansible.com/ansible/latest/collections/ansible/builtin/cron_module.html
	"tasks/short.yml":          {"- cron: name=nightly minute=0 hour=3 job=/opt/run\n", "a configuration of Ansible"},
	"site.pp":                  {"cron { 'logrotate':\n  command => '/usr/sbin/logrotate',\n  hour    => 2,\n}\n", "code of Puppet or Chef"},
	"recipes/default.rb":       {"cron 'nightly' do\n  hour '3'\n  command '/opt/run'\nend\n", "code of Puppet or Chef"},
	"helmrelease.yaml":         {"apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\nspec:\n  values:\n    cronjob: {schedule: '0 3 * * *'}\n", "a HelmRelease of Flux"},
	"values.yaml":              {"jobs:\n  report:\n    schedule: \"07 08 * * *\"\n", "a configuration with crontab fields"},
	"cfn.yml.j2":               {"Resources:\n  R:\n    Type: AWS::Events::Rule\n    Properties:\n      ScheduleExpression: rate(1 hour)\n{% if on %}\n      State: ENABLED\n{% endif %}\n", "a CloudFormation template that another program fills in"}, // as in github.com/aws-samples/aws-proton-cloudformation-sample-templates
	"cronjobs.txt":             {"NAMESPACE   NAME    SCHEDULE      TIMEZONE   SUSPEND   ACTIVE   LAST SCHEDULE   AGE\ndefault     hello   */5 * * * *   <none>     False     0        3m              4d\n", "a table that kubectl prints"},
	"rules.txt":                {"RULES\tarn:aws:events:eu-west-1:123456789012:rule/a\tdefault\ta\tcron(0 1 * * ? *)\tENABLED\n", "a table or text that the AWS CLI prints"},
	"rules.tab":                {"-----------------\n|   ListRules   |\n+---------------+\n||    Rules    ||\n", "a table or text that the AWS CLI prints"},
	"plan.txt":                 {"Terraform will perform the following actions:\n\n  # aws_cloudwatch_event_rule.a will be created\n  + resource \"aws_cloudwatch_event_rule\" \"a\" {\n      + schedule_expression = \"rate(1 hour)\"\n    }\n", "a plan as Terraform shows it to people"},
	"anacrontab":               {"SHELL=/bin/sh\n1\t5\tcron.daily\tnice run-parts /etc/cron.daily\n@monthly 45 cron.monthly nice run-parts /etc/cron.monthly\n", "an anacrontab"},
}

// TestForeign: for a file of a scheduler that is not imported, the error is one sentence that
// names the scheduler and describes its schedules, with or without a kind.
func TestForeign(t *testing.T) {
	t.Parallel()
	for name, f := range foreignFiles {
		for _, kind := range []string{"", "crontab"} {
			r, err := kinds.Import(kind, []*importer.File{{Name: name, Data: []byte(f.text)}}, importer.Options{From: from}, kinds.Options{})
			var foreign *importer.ForeignError
			if !errors.As(err, &foreign) || len(r.Jobs) > 0 {
				t.Errorf("%s: %v, %d jobs", name, err, len(r.Jobs))
				continue
			}
			if text := err.Error(); !strings.Contains(text, f.is) || !strings.Contains(text, name) || !strings.Contains(text, "not imported. ") || !strings.Contains(text, " What to do instead: ") || strings.Contains(text, "\n") || strings.Contains(text, "never run") {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}

// TestTemplatesOfCommands: what a command passes to kubectl or docker is not a Helm template. A
// CronJob without a schedule is a patch.
func TestTemplatesOfCommands(t *testing.T) {
	t.Parallel()
	if _, j := cronJob(t, "command: [sh, -c, \"kubectl get pods -o go-template='{{range .items}}{{.metadata.name}}{{end}}'\"]", ""); len(j.Command) != 3 {
		t.Errorf("%q", j.Command)
	}
	r, err := kinds.Import("", []*importer.File{{Name: "a.yaml", Data: []byte("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {suspend: false}\n")}}, importer.Options{From: from}, kinds.Options{})
	if err != nil || len(r.Jobs) != 0 || !strings.Contains(strings.Join(r.Entries[0].Notes, "\n"), "it has no schedule, so it is a patch") {
		t.Errorf("%v %+v", err, r.Entries)
	}
}

// TestNoTemplate: what lists kinds, as a project of Argo CD may, is no template of OpenShift.
func TestNoTemplate(t *testing.T) {
	t.Parallel()
	const project = "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nspec:\n  namespaceResourceWhitelist:\n  - group: batch\n    kind: CronJob\n  - group: template.openshift.io\n    kind: Template\n"
	_, err := kinds.Import("", []*importer.File{{Name: "a.yaml", Data: []byte(project)}}, importer.Options{From: from}, kinds.Options{})
	if err == nil || strings.Contains(err.Error(), "OpenShift") {
		t.Errorf("%v", err)
	}
	json := `{"kind": "Template", "objects": [{"kind": "CronJob"}]}`
	for _, text := range []string{json, strings.ReplaceAll(json, ", ", ",\n")} {
		if _, err := kinds.Import("", []*importer.File{{Name: "a.json", Data: []byte(text)}}, importer.Options{From: from}, kinds.Options{}); err == nil || !strings.Contains(err.Error(), "a template of OpenShift") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestOffered: a file that is given as another kind than its own is named.
func TestOffered(t *testing.T) {
	t.Parallel()
	for _, s := range samples {
		_, err := kinds.Import("crontab", read(t, s.files), s.options, kinds.Options{})
		var foreign *importer.ForeignError
		if !errors.As(err, &foreign) || !strings.Contains(err.Error(), "`batchplane import "+s.kind+" ") || !strings.Contains(err.Error(), "no crontab: ") {
			t.Errorf("%s: %v", s.name, err)
		}
	}
	_, err := kinds.Import("kubernetes", []*importer.File{{Name: "crontab", Data: []byte("0 1 * * * /a\n")}}, importer.Options{From: from}, kinds.Options{})
	if err == nil || !strings.Contains(err.Error(), "crontab is a crontab, no file of kubernetes") {
		t.Errorf("%v", err)
	}
	_, err = kinds.Import("terraform", []*importer.File{{Name: "state.json", Data: []byte(`{"format_version": "1.0", "values": {"root_module": {"resources": [{"address": "a", "mode": "managed", "type": "kubernetes_cron_job_v1", "name": "a", "values": {}}]}}}`)}}, importer.Options{From: from}, kinds.Options{})
	if err == nil || !strings.Contains(err.Error(), "`kubectl get cronjobs -A -o json` prints them") {
		t.Errorf("%v", err)
	}
	_, err = kinds.Import("", append(read(t, "kubernetes.yaml"), read(t, "ecschedule.yaml")...), importer.Options{From: from}, kinds.Options{})
	if err == nil || !strings.Contains(err.Error(), "several kinds") {
		t.Errorf("%v", err)
	}
}
