package foreign

const (
	writeJobs  = "write each as a job of a jobs file (`batchplane cron` says what a schedule means)"
	jenkins    = "Jenkins' five fields, in which H stands for a value that Jenkins derives from the job's name"
	fiveUTC    = "five crontab fields in UTC"
	getJob     = "`java -jar jenkins-cli.jar get-job NAME > NAME.xml` prints a job with its timer, and `batchplane import jenkins NAME.xml` reads that"
	sixSpring  = "six fields of Spring, seconds first and 1 = Monday, or fixed rates"
	ofHosts    = "`crontab -l` prints what a host has, and `batchplane import crontab` reads that"
	springTodo = "`batchplane cron` says for each expression what to write; a method is no command, so each needs one that an image can run"
)

// kinds are tried in order.
var kinds = []kind{
	{
		name: "a list of systemd timers", schedules: "in their units, of which it shows the next times alone", content: re(`(?m)^NEXT\b.*\bUNIT\b.*\bACTIVATES\s*$|\s\S+\.timer[ \t]+\S+\.service[ \t]*$`),
		todo: "`systemctl cat NAME.timer NAME.service` prints when and what each starts, and `batchplane import systemd` reads that",
	},
	{
		name: "a table that kubectl prints", schedules: "those of CronJobs", content: re(`(?m)^(?:NAMESPACE +)?NAME +SCHEDULE +(?:TIMEZONE +)?SUSPEND\b`),
		todo: "`kubectl get cronjobs -A -o json` prints them whole, and `batchplane import kubernetes` reads that",
	},
	{
		name: "a table or text that the AWS CLI prints", schedules: "expressions of EventBridge", content: re(`(?m)^(?:RULES|SCHEDULES|TARGETS)\t|^\| +(?:ListRules|ListTargetsByRule|DescribeRule|ListSchedules|GetSchedule) +\|`),
		todo: "the same command with --output json prints what `batchplane import eventbridge` reads",
	},
	{
		name: "a plan as Terraform shows it to people", schedules: "expressions of EventBridge", content: re(`(?m)^[ \t]*(?:\+|-|~|-/\+|\+/-)[ \t]+resource "aws_(?:scheduler_schedule|cloudwatch_event_\w+)"`),
		todo: "`terraform show -json PLANFILE > plan.json` writes it, and `batchplane import terraform plan.json` reads that",
	},
	{
		name: "a Jenkinsfile", schedules: jenkins, content: re(`(?s)(?:\bpipeline\s*\{|\bproperties\s*\(\s*\[|\bpipelineTriggers\b|\btriggers\s*\{).*\b(?:cron|parameterizedCron|pollSCM)\b`),
		todo: getJob,
	},
	{
		name: "a GitHub Actions workflow", schedules: fiveUTC + ", which GitHub starts minutes late or not at all", content: re(`(?m)^\s*["']?on["']?\s*:[\s\S]*?\bschedule\s*:[\s\S]*?\bcron\s*:[\s\S]*?^jobs\s*:|^jobs\s*:[\s\S]*?^["']?on["']?\s*:[\s\S]*?\bcron\s*:`),
		todo: "put what its steps do into an image, and " + writeJobs,
	},
	{
		name: "a job of Jenkins", schedules: jenkins, content: re(`(?m)^\s*-\s*(?:timed|pollscm)\s*:`),
		todo: getJob,
	},
	{
		name: "a configuration of Ansible", schedules: "those that its module cron writes into the crontabs of hosts",
		content: re(`(?m)^[ \t]*-[ \t]+(?:[^\n]*\n(?:[ \t]+[^\n]*\n){0,9}?[ \t]+)?["']?(?:ansible\.builtin\.)?cron["']?[ \t]*:[ \t]*(?:[^\n]*\b(?:job|special_time|cron_file)=|\n(?:[ \t]+\w+:[^\n]*\n){0,9}?[ \t]+(?:job|special_time|cron_file)[ \t]*:)`),
		todo:    ofHosts,
	},
	{
		name: "code of Puppet or Chef", schedules: "those that it writes into the crontabs of hosts", content: re(`(?m)^[ \t]*cron(?:::job)?[ \t]*\{[ \t]*["'$]|^[ \t]*cron(?:_d)?[ \t]+["'][^"'\n]+["'][ \t]+do\b`),
		todo: ofHosts,
	},
	{
		name: "a pipeline of Azure DevOps", schedules: fiveUTC, content: re(`(?m)^schedules\s*:\s*\n\s*-\s*cron\s*:`),
		todo: "put what its steps do into an image, and " + writeJobs,
	},
	{
		name: "a configuration of CircleCI", schedules: fiveUTC, content: re(`(?m)^workflows\s*:[\s\S]*\btriggers\s*:[\s\S]*\bschedule\s*:[\s\S]*\bcron\s*:`),
		todo: "put what its steps do into an image, and " + writeJobs,
	},
	{
		name: "a Vercel configuration", schedules: fiveUTC + " that call a path of the site", content: re(`"?\bcrons"?\s*:\s*\[\s*\{[^}]*(?:\bpath\b[^}]*\bschedule\b|\bschedule\b[^}]*\bpath\b)`),
		todo: "a job that calls the path with curl can take its place; " + writeJobs,
	},
	{
		name: "a Serverless Framework file", schedules: "rate(...) and cron(...) of EventBridge that call Lambda functions", file: re(`(?i)serverless[^/]*\.(?:ya?ml|json|ts|js)$`),
		todo: "`serverless package` writes the CloudFormation template, which `batchplane import eventbridge` reads; a function is no ECS task, so each needs an image",
	},
	{
		name: "a Serverless Framework file", schedules: "rate(...) and cron(...) of EventBridge that call Lambda functions", content: re(`(?m)^provider\s*:[\s\S]*^functions\s*:[\s\S]*\bschedule\s*:|^functions\s*:[\s\S]*\bhandler\s*:[\s\S]*\bschedule\s*:`),
		todo: "`serverless package` writes the CloudFormation template, which `batchplane import eventbridge` reads; a function is no ECS task, so each needs an image",
	},
	{
		name: "a schedule of the gem whenever", schedules: "Ruby's every ..., at: ...", content: re(`(?m)^\s*job_type\s+:\w+\s*,|^\s*every[\s(]+[^\n]*\bdo\b[\s\S]*?^\s*(?:rake|runner|command|script|rails)\b|^\s*every\s*\(?[^\n]*\)?\s*\{\s*(?:rake|runner|command|script)\b`),
		todo: "`whenever` prints it as a crontab: `whenever | batchplane import crontab - --zone ...`",
	},
	{
		name: "a schedule of Laravel", schedules: "PHP calls such as ->dailyAt('13:00') in the application's zone", content: re(`(?s)\$schedule\s*->\s*(?:command|job|call|exec)\b|\bSchedule::(?:\w+\([^)]*\)\s*->\s*)*(?:command|job|call|exec|group)\b|\bSchedule::class\)\s*->|\bArtisan::command\s*\(.*->\s*(?:hourly|daily|weekly|monthly|yearly|cron|every\w+|quarterly|twice\w+)(?:\w*)\s*\(`),
		todo: "`php artisan schedule:list` prints the crontab fields of each; one job for each command, " + writeJobs,
	},
	{
		name: "SQL of pg_cron", schedules: "five crontab fields, $ for the last day of the month, or '[1-59] seconds', in GMT unless cron.timezone says otherwise", content: re(`(?is)\b(?:select|perform)\s+cron\.(?:schedule|schedule_in_database|alter_job|unschedule)\s*\(|\bcreate\s+extension\b[^;]*\bpg_cron\b|\b(?:into|update)\s+cron\.job\b`),
		todo: "a job that runs the SQL with psql can take its place; " + writeJobs,
	},
	{
		name: "SQL with events of MySQL or MariaDB", schedules: "EVERY and AT of ON SCHEDULE, in the time zone of the session that made them",
		content: re(`(?is)\b(?:create|alter)\s[^;]*?\bevent\b[^;]*?\bon\s+schedule\s+(?:every|at)\b`),
		todo:    "`SHOW EVENTS` lists what the server has; a job that runs the SQL with mysql can take its place; " + writeJobs,
	},
	{
		name: "a Nomad job", schedules: "crontab fields: five, six with a year behind them, or seven with seconds before them too, in its own time_zone", content: re(`(?s)\bjob\s+(?:"[^"]+"|\[\[[^\n]*\]\])\s*\{.*\bperiodic\s*\{|"Periodic"\s*:\s*\{[^}]*"Spec`),
		todo: "`nomad job inspect NAME` prints what is deployed; " + writeJobs + ", with the image and command of its task",
	},
	{
		name: "a configuration of Databricks", schedules: "six or seven fields of Quartz, seconds first and 1 = Sunday, in their timezone_id", content: re(`\bquartz_cron_expression\b`),
		todo: "`batchplane cron` says for each expression what to write; a task there is no command, so each needs one that an image can run",
	},
	{
		name: "a trigger of KEDA", schedules: "five crontab fields at which a range of time begins and ends, in its timezone", content: re(`(?m)^apiVersion\s*:\s*["']?keda\.(?:sh|k8s\.io)/`),
		todo: "it scales and starts nothing by itself; write what has to begin at its start as a job of a jobs file",
	},
	{
		name: "Java or Kotlin code with Spring's @Scheduled", schedules: sixSpring, content: re(`@Scheduled\s*\(`),
		todo: springTodo,
	},
	{
		name: "a configuration of Spring", schedules: sixSpring, content: re(`<task:scheduled\b`),
		todo: springTodo,
	},
	{
		name: "a configuration of Spring", schedules: sixSpring, file: re(`(?i)\.(?:properties|ya?ml)$`),
		content: re(`(?m)^[ \t]*[\w.-]*cron[\w.-]*[ \t]*[:=][ \t]*["']?(?:[0-9*?/,-]+[ \t]+){4}[0-9*?/,A-Za-z#-]+[ \t]+[0-9*?/,A-Za-z#-]+["']?[ \t]*$`),
		todo:    springTodo,
	},
	{
		name: "a template of Helm", schedules: "five fields that its values say", content: re(`(?s)kind:\s*CronJob.*\{\{|\{\{.*kind:\s*CronJob`),
		todo: "`helm template` renders it, and `batchplane import kubernetes` reads that; or `kubectl get cronjobs -o json`, which prints what is deployed",
	},
	{
		name: "a template of OpenShift", schedules: "five fields that its parameters may say", content: re(`(?ms)^(?:\{?\s*"kind"|kind)\s*:\s*["']?Template\b.*\bCronJob\b|\bCronJob\b.*^(?:\s*"kind"|kind)\s*:\s*["']?Template\b`),
		todo: "`oc process -f FILE -o json` renders it, and `batchplane import kubernetes` reads that; or `oc get cronjobs -o json`, which prints what is deployed",
	},
	{
		name: "Python code with APScheduler", schedules: "fields by name in the scheduler's zone, in which 0 is Monday", content: re(`\bapscheduler\.(?:schedulers|triggers)\b`),
		todo: writeJobs + "; a function is no command, so each needs one that an image can run",
	},
	{
		name: "a file of Quartz", schedules: "six or seven fields of Quartz, seconds first and 1 = Sunday", content: re(`(?i)org\.quartz|cron-expression>|CronScheduleBuilder|WithCronSchedule|<cron>|quartz\.job|(?-i:\bCronTrigger)`),
		todo: "`batchplane cron` says for each expression what to write",
	},
	{
		name: "a HelmRelease of Flux", schedules: "in its chart and its values", content: re(`(?m)^kind\s*:\s*["']?HelmRelease\b`),
		todo: "`kubectl get cronjobs -A -o json` prints what is deployed, and `batchplane import kubernetes` reads that",
	},
	{
		name: "a CloudFormation template that another program fills in", schedules: "expressions of EventBridge", // {{resolve:...}} is CloudFormation's own
		content: re(`(?s)AWS::(?:Events::Rule|Scheduler::Schedule)\b.*(?:\{\{(?:[^r]|r[^e]|re[^s])|\{%|<%)|(?:\{\{(?:[^r]|r[^e]|re[^s])|\{%|<%).*AWS::(?:Events::Rule|Scheduler::Schedule)\b`),
		todo:    "import what it makes of it, or what was deployed with `batchplane import eventbridge --live`",
	},
	{
		name: "a CronWorkflow of Argo", schedules: "five crontab fields in its own timezone", content: re(`(?m)^\s*["']?kind["']?\s*:\s*["']?CronWorkflow\b`),
		todo: "a workflow has several steps and a job has one command, so " + writeJobs + " for each that stands alone",
	},
	{
		name: "a folder's list of kustomize", schedules: "in the files that it names", content: re(`(?m)^kind\s*:\s*Kustomization\b`),
		todo: "`kubectl kustomize FOLDER` prints the whole, and `batchplane import kubernetes` reads that",
	},
	{
		name: "a program in Jsonnet", schedules: "in what it prints", file: re(`\.(?:jsonnet|libsonnet)$`),
		todo: "`jsonnet FILE > rendered.json` prints it, and `batchplane import rendered.json` says what that is",
	},
	{
		name: "Terraform's own state file", schedules: "expressions of EventBridge", content: re(`(?s)^\s*\{.*"serial"\s*:.*"lineage"\s*:|^\s*\{.*"lineage"\s*:.*"serial"\s*:`),
		todo: "`terraform show -json > state.json` prints it in the form that has a promise, and `batchplane import terraform state.json` reads that",
	},
	{
		name: "the manifest of a Copilot service", schedules: "those of its application's Scheduled Jobs, if it has any", content: re(`(?m)^type\s*:\s*["']?(?:Load Balanced Web Service|Backend Service|Worker Service|Request-Driven Web Service|Static Site)\b`),
		todo: "`batchplane import copilot copilot/NAME/manifest.yml` reads the manifest of a Scheduled Job",
	},
	{
		name: "Terraform's HCL", schedules: "expressions of EventBridge, which mostly refer to variables", file: re(`\.(?:tf|tofu|hcl)$`), content: re(`(?m)^\s*(?:resource|module|data|variable|provider|locals|terraform|output)\b[^\n]*\{`),
		todo: "`terraform show -json > state.json` writes what is deployed, and `batchplane import terraform state.json` reads that",
	},
	{
		name: "Terraform's HCL", schedules: "expressions of EventBridge, which mostly refer to variables", content: re(`(?m)^\s*resource\s+"aws_[a-z_]+"\s+"[^"]+"\s*\{`),
		todo: "`terraform show -json > state.json` writes what is deployed, and `batchplane import terraform state.json` reads that",
	},
	{
		name: "code of the AWS CDK", schedules: "Schedule.cron({...}) and Schedule.rate(...) of EventBridge", content: re(`(?s)(?:aws-cdk|aws_cdk|awscdk).*(?:Schedule\.(?:cron|rate|expression)|ScheduledFargateTask|ScheduleExpression\.(?:cron|rate|at))`),
		todo: "`cdk synth` writes the CloudFormation template, and `batchplane import eventbridge cdk.out/*.template.json` reads that",
	},
	{
		name: "code of Pulumi", schedules: "expressions of EventBridge", content: re(`(?s)@pulumi/aws|pulumi_aws.*(?:EventRule|Schedule)|\btype\s*:\s*aws:(?:scheduler|cloudwatch)[:/]`),
		todo: "`batchplane import eventbridge --live` reads what is deployed",
	},
	{
		name: "a stack of Pulumi", schedules: "expressions of EventBridge", content: re(`urn:pulumi:`),
		todo: "`batchplane import eventbridge --live` reads what is deployed",
	},
	{
		name: "Terraform's code in JSON", schedules: "expressions of EventBridge, which mostly refer to variables", content: re(`(?s)"resource"\s*:\s*\{.*"aws_(?:scheduler_schedule|cloudwatch_event_rule)"\s*:`),
		todo: "`terraform show -json > state.json` writes what is deployed, and `batchplane import terraform state.json` reads that",
	},
	{
		name: "a job of Rundeck", schedules: "fields of Quartz, seconds first, in its server's zone", content: re(`(?s)\bschedule\s*:.*\bsequence\s*:.*\bcommands\s*:`),
		todo: writeJobs + " with a command that an image can run",
	},
	{
		name: "Python code with a schedule of Dagster, Prefect or Modal", schedules: "five crontab fields or intervals, in UTC where the code names no zone",
		content: re(`\bScheduleDefinition\s*\(|\bcron_schedule\s*=|\bprefect\b[\s\S]*\.(?:serve|deploy)\s*\([\s\S]{0,400}?\b(?:cron|interval)\s*=|\bmodal\.(?:Cron|Period)\s*\(`),
		todo:    writeJobs + "; a function is no command, so each needs one that an image can run",
	},
	{
		name: "a DAG of Airflow", schedules: "five crontab fields or presets, whose runs come at the end of their interval", content: re(`(?s)\bairflow\b.*(?:\bDAG\b|@dag\b).*\b(?:schedule|schedule_interval)\s*=`),
		todo: "tasks of a DAG depend on each other and jobs do not; write those that stand alone as jobs of a jobs file (`batchplane cron` says what a schedule means)",
	},
	{
		name: "a schedule of Celery beat", schedules: "crontab(...) and seconds of Celery", content: re(`beat_schedule|CELERYBEAT_SCHEDULE|CELERY_BEAT_SCHEDULE`),
		todo: "a message to a worker is no task: " + writeJobs + " with a command that does the same",
	},
	{
		name: "a schedule of Sidekiq", schedules: "five crontab fields, or with seconds six, in the application's zone", content: re(`(?m)sidekiq[-_]cron|Sidekiq::Cron|^:?scheduler?:\s*$[\s\S]*\bclass:|^\s*cron:[^\n]*\n\s*class:|^\s*class:[^\n]*\n\s*cron:`),
		todo: "a message to a worker is no task: " + writeJobs + " with a command that does the same",
	},
	{
		name: "a GitLab CI file", schedules: "kept in GitLab itself, not in this file", file: re(`\.gitlab-ci[^/]*\.ya?ml$`),
		todo: "`glab schedule list` lists them; " + writeJobs,
	},
	{
		name: "an answer of gcloud with jobs of Cloud Scheduler", schedules: "five crontab fields, in the timeZone of each", content: re(`"(?:httpTarget|pubsubTarget|appEngineHttpTarget)"\s*:`),
		todo: "a job that calls the URL with curl can take its place; " + writeJobs,
	},
	{
		name: "a job of Dkron", schedules: "six fields, seconds first, or @every", content: re(`"executor_config"\s*:`),
		todo: "`batchplane cron` says for each expression what to write; its command becomes that of a job of a jobs file",
	},
	{
		name: "a file of AutoSys", schedules: "start_times, start_mins and calendars of its own", content: re(`(?m)^\s*insert_job\s*:`),
		todo: "jobs that wait for others (condition) become one; " + writeJobs,
	},
	{
		name: "a schedule of Google App Engine or Cloud Scheduler", schedules: "English such as every 24 hours, or five crontab fields", content: re(`(?m)^cron\s*:\s*$[\s\S]*^\s*-?\s*(?:url|schedule)\s*:`),
		todo: "a job that calls the URL with curl can take its place; " + writeJobs,
	},
	{
		name: "a Render blueprint", schedules: fiveUTC, content: re(`(?m)^services\s*:[\s\S]*^\s*-?\s*type\s*:\s*cron\s*$`),
		todo: writeJobs + " with the image and command of each service",
	},
	{
		name: "a file with labels of Ofelia", schedules: "six fields, seconds first, or @every", content: re(`ofelia\.(?:job|enabled)|\[job-(?:exec|run|local|service-run)`),
		todo: writeJobs + " with the image and command of each container",
	},
	{
		name: "a file with labels of swarm-cronjob", schedules: "five fields, or with seconds six, or @every", content: re(`swarm\.cronjob\.\w`),
		todo: writeJobs + " with the image and command of each service",
	},
	{
		name: "a state machine of Step Functions", schedules: "those of the rules and schedules of EventBridge that start it", content: re(`(?s)\bStartAt\b.*\barn:aws[a-z-]*:states:::`),
		todo: "`batchplane import eventbridge --live` lists what starts it, and makes a job of it where it only runs ecs:runTask",
	},
	{
		name: "a launchd property list", schedules: "StartCalendarInterval and StartInterval of macOS", content: re(`(?s)<plist.*(?:StartCalendarInterval|StartInterval)`),
		todo: writeJobs,
	},
	{
		name: "a task of the Windows Task Scheduler", schedules: "XML triggers in the host's zone", content: re(`(?s)<Task\b[^>]*schemas\.microsoft\.com/windows.*<Triggers`),
		todo: writeJobs,
	},
	{
		name: "code with node-cron or a cron library of JavaScript", schedules: "five fields, or six with seconds first", content: re(`(?s)(?:node-cron|node-schedule|croner|from ['"]cron['"]|require\(['"](?:node-)?cron['"]\)|@nestjs/schedule).*(?:schedule\(|scheduleJob\(|new Cron|CronJob|@Cron\()`),
		todo: "a function is no command: " + writeJobs + " with one that an image can run",
	},
	{
		name: "a wrangler configuration of Cloudflare", schedules: fiveUTC, content: re(`(?s)\[triggers\].*\bcrons\s*=|"triggers"\s*:\s*\{\s*"crons"`),
		todo: "a Worker is no task: " + writeJobs + " with a command that an image can run",
	},
	{
		name: "an anacrontab", schedules: "days and delays since the last run, not times of a clock", file: re(`(?i)anacrontab$`),
		todo: "choose a time for each, such as 0 3 * * *, and " + writeJobs,
	},
	{
		// Those of Debian and Fedora have these lines; cron would read none of them.
		name: "an anacrontab", schedules: "days and delays since the last run, not times of a clock", content: re(`(?m)^(?:[0-9]+|@(?:daily|weekly|monthly|yearly|annually))[ \t]+[0-9]+[ \t]+[A-Za-z][\w-]*\.(?:daily|weekly|monthly|yearly)[ \t]+\S`),
		todo: "choose a time for each, such as 0 3 * * *, and " + writeJobs,
	},
}

// loose are what is left to say of a file of which nothing else is known.
var loose = []kind{
	{
		name: "a list of jobs, as in batchplane's own files", schedules: "those of its jobs", file: re(`(?i)\.ya?ml$`), content: re(`(?m)^jobs[ \t]*:[ \t]*\n(?:[ \t]*#[^\n]*\n)*[ \t]*-[ \t]+(?:name|schedule)[ \t]*:`),
		todo: "`batchplane validate -f FILE` says whether it is one of these, which needs no import",
	},
	{
		name: "a configuration with crontab fields", schedules: "five crontab fields, in the zone of the program that reads it", file: re(`(?i)\.(?:ya?ml|json|toml|properties)$`),
		content: re(`(?im)(?:cron|schedule)[\w.-]*["']?[ \t]*[:=][ \t]*\[?[ \t]*["']?(?:[0-9*?/,H-]+[ \t]+){3}[0-9*?/,A-Z-]+[ \t]+[0-9*?/,A-Z#-]+["']?[ \t]*[\],}]*[ \t]*$`),
		todo:    writeJobs + ", with the command that it starts",
	},
}
