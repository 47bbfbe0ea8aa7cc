package cli_test

import (
	"slices"
	"strings"
	"testing"
)

const (
	printedRefusal = "botocore.errorfactory.ClusterNotFoundException: An error occurred (ClusterNotFoundException) when calling the RunTask operation: Cluster not found."
	printedGo      = "operation error ECS: RunTask, https response error StatusCode: 400, RequestID: 6f0c, ClientException: TaskDefinition is inactive"
	printedJava    = "com.amazonaws.services.ecs.model.ClientException: TaskDefinition is inactive (Service: AmazonECS; Status Code: 400; Error Code: ClientException; Request ID: 1b2c; Proxy: null)"
)

// TestClassifyWhatSDKsPrint: an error of RunTask is found in what a terminal or a log shows of it, with
// other lines around it.
func TestClassifyWhatSDKsPrint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, rules string }{
		"the AWS CLI":              {"\nAn error occurred (ClusterNotFoundException) when calling the RunTask operation: Cluster not found.\n", "launch-refused"},
		"the AWS CLI since 2.32":   {"\naws: [ERROR]: An error occurred (ClientException) when calling the RunTask operation: TaskDefinition is inactive\n", "launch-inactive"},
		"Python":                   {"Traceback (most recent call last):\n  File \"a.py\", line 3, in <module>\n" + printedRefusal + "\n", "launch-refused"},
		"Java":                     {printedJava + "\n\tat com.amazonaws.services.ecs.AmazonECSClient.executeRunTask(AmazonECSClient.java:1)\n", "launch-inactive"},
		"Java, first without":      {"ERROR " + printedJava + "\n" + printedJava + "\n\tat com.amazonaws.services.ecs.AmazonECSClient.executeRunTask(AmazonECSClient.java:1)\n", "launch-inactive"},
		"Java, as a cause":         {"java.lang.RuntimeException: launching\n\tat a.B.c(B.java:1)\nCaused by: " + printedJava + "\n\tat com.amazonaws.services.ecs.AmazonECSClient.runTask(AmazonECSClient.java:1)\n\t... 12 more\nCaused by: " + printedJava + "\n", "launch-inactive"},
		"Go, behind a time":        {"2026/11/30 10:00:00 launching: operation error ECS: RunTask, https response error StatusCode: 400, RequestID: 6f0c, ThrottlingException: Rate exceeded\n", "launch-throttled"},
		"Ruby":                     {"run.rb:5:in 'launch': TaskDefinition is inactive (Aws::ECS::Errors::ClientException)\n\tfrom /gems/aws-sdk-ecs-1.1/lib/aws-sdk-ecs/client.rb:9:in 'run_task'\n", "launch-inactive"},
		".NET":                     {"Unhandled exception. Amazon.ECS.Model.ClusterNotFoundException: Cluster not found.\n   at Amazon.ECS.AmazonECSClient.RunTaskAsync(RunTaskRequest request)\n", "launch-refused"},
		"JavaScript":               {"ClusterNotFoundException: Cluster not found.\n    at de_RunTaskCommandError (/node_modules/@aws-sdk/client-ecs/dist-cjs/index.js:1:2) {\n  '$fault': 'client',\n  '$metadata': { httpStatusCode: 400 }\n}\n", "launch-refused"},
		"a line of many":           {"10:00 a\n10:01 b\n10:02 " + printedRefusal + "\n10:03 c\n", "launch-refused"},
		"two, and one again":       {printedRefusal + "\n" + printedRefusal + "\n" + printedGo + "\n", "launch-refused launch-inactive"},
		"before a document":        {"2026-01-01 START\n2026-01-01 ERROR " + printedGo + "\n2026-01-01 INFO " + detail + "\n", "launch-inactive interface-late"},
		"after a document":         {detail + "\n" + printedGo + "\n", "interface-late launch-inactive"},
		"before JSON of its line":  {"ERROR " + printedGo + ` {"job": "nightly"}`, "launch-inactive"},
		"a line of JSON, by a key": {`{"level": "error", "text": "launching: ` + printedRefusal + `"}`, "launch-refused"},
	} {
		got := withInput(t, c.in, "classify")
		var rules []string
		for line := range strings.Lines(got.out) {
			_, rule, _ := strings.Cut(line, `"rule":"`)
			rule, _, _ = strings.Cut(rule, `"`)
			rules = append(rules, rule)
		}
		if got.code != 0 || got.err != "" || strings.Join(rules, " ") != c.rules {
			t.Errorf("%s: exit code %d, %s%s; want %s", name, got.code, got.out, got.err, c.rules)
		}
	}
}

// TestClassifyWhatIsNoLaunch: an error of another call or service says nothing about a launch, and
// neither does one within a document that cannot be read.
func TestClassifyWhatIsNoLaunch(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"another call":                "An error occurred (ThrottlingException) when calling the DescribeTasks operation: Rate exceeded",
		"another service":             "com.amazonaws.services.ec2.model.AmazonEC2Exception: Request limit exceeded. (Service: AmazonEC2; Status Code: 503; Error Code: RequestLimitExceeded; Request ID: 1)",
		"another call, in Go":         "operation error ECS: DescribeTasks, https response error StatusCode: 400, RequestID: 6f0c, ThrottlingException: Rate exceeded",
		"another call, to a function": `{"errorType": "ClientError", "errorMessage": "An error occurred (ThrottlingException) when calling the DescribeTasks operation: Rate exceeded"}`,
		"another call, by a code":     `{"code": "ThrottlingException", "message": "operation error ECS: DescribeTasks, https response error StatusCode: 400, RequestID: 6f0c, ThrottlingException: Rate exceeded"}`,
		"another call, named first":   "ClientException: An error occurred (ClientException) when calling the StopTask operation: x",
		"another call, as a cause":    printedJava + "\n\tat com.amazonaws.services.ecs.AmazonECSClient.executeDescribeTasks(AmazonECSClient.java:1)\nCaused by: " + printedJava + "\n",
		"another call, by its trace":  "Caused by: " + printedJava + "\n\tat com.amazonaws.services.ecs.AmazonECSClient.doInvoke(AmazonECSClient.java:1)\n\tat com.amazonaws.services.ecs.AmazonECSClient.executeDescribeTasks(AmazonECSClient.java:1)\n",
		"a task that is wrong":        `{"taskArn": "arn:t", "startedAt": "yesterday", "stoppedReason": "` + printedRefusal + `"}`,
		"a task that is cut off":      `{"taskArn": "arn:t", "startedAt": 1763775000, "stoppedReason": "` + printedRefusal + `", "lastSt`,
		"text that is no error":       "2026-01-01 12:00:00 INFO RunTask was called",
		"words after a number":        "12 drummers",
	} {
		got := withInput(t, in, "classify")
		if got.code != 2 || got.out != "" || strings.Count(got.err, "standard input:1: ") != 1 {
			t.Errorf("%s: exit code %d, %s%s", name, got.code, got.out, got.err)
		}
	}
}

// TestClassifyWhatNamesNoCall: an error of ECS that may be any call's, such as DescribeTasks' of a task
// that runs, proves nothing, until a stack trace names a launch.
func TestClassifyWhatNamesNoCall(t *testing.T) {
	t.Parallel()
	const (
		java   = "com.amazonaws.services.ecs.model.AmazonECSException: Rate exceeded (Service: AmazonECS; Status Code: 400; Error Code: ThrottlingException; Request ID: 1; Proxy: null)"
		launch = "\n\tat com.amazonaws.http.AmazonHttpClient.execute(AmazonHttpClient.java:1)\n\tat com.amazonaws.services.ecs.AmazonECSClient.doInvoke(AmazonECSClient.java:1)" +
			"\n\tat com.amazonaws.services.ecs.AmazonECSClient.executeRunTask(AmazonECSClient.java:1)\n"
		python = "An error occurred (ThrottlingException) when calling the RunTask operation: Rate exceeded"
		other  = "\n\tat com.amazonaws.services.ecs.AmazonECSClient.executeDescribeTasks(AmazonECSClient.java:1)\n"
	)
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"Java":                      {java, []string{"unknown"}},
		"Ruby":                      {"Aws::ECS::Errors::ThrottlingException: Rate exceeded", []string{"unknown"}},
		".NET":                      {"Amazon.ECS.Model.LimitExceededException: The limit was exceeded.\n   at A.B.C()\n", []string{"unknown"}},
		"JavaScript":                {"ClientException: Rate exceeded\n    at a (b.js:1:2) {\n  '$fault': 'client'\n}\n", []string{"unknown"}},
		"a line of JSON":            {`{"level": "error", "text": "` + java + `"}`, []string{"unknown"}},
		"Python":                    {python, []string{"no"}},
		"Ruby, with a trace":        {"Aws::ECS::Errors::ThrottlingException: Rate exceeded\n\tfrom /gems/aws-sdk-core-3/lib/x.rb:1:in 'call'\n\tfrom /gems/aws-sdk-ecs-1/lib/aws-sdk-ecs/client.rb:9:in 'run_task'\n", []string{"no"}},
		"in one message":            {strings.ReplaceAll(java+launch, "\n", "\r"), []string{"no"}},
		"again as a cause":          {java + launch + "Caused by: " + java, []string{"no"}},
		"above another's trace":     {strings.Replace(java, "Rate", "A rate", 1) + "\nb\n" + java + launch, []string{"unknown", "no"}},
		"below another call's":      {java + launch + strings.Replace(java, "Rate", "A rate", 1) + other + strings.Replace(java, "Rate", "A rate", 1) + launch, []string{"no", "no"}},
		"and then a trace":          {"ERROR " + java + "\n" + java + launch, []string{"no"}},
		"one of two":                {java + launch + "b\n" + strings.Replace(java, "Rate", "A rate", 1), []string{"no", "unknown"}},
		"another call's":            {"ERROR a\n" + java + other + "Caused by: " + java + "\n" + java + launch, []string{"no"}},
		"the API's answer":          {`{"__type": "ThrottlingException", "message": "Rate exceeded"}`, []string{"unknown"}},
		"JavaScript's JSON":         {`{"name": "ThrottlingException", "$fault": "client", "message": "Rate exceeded"}`, []string{"unknown"}},
		"boto3's part":              {`{"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}`, []string{"unknown"}},
		"a function's":              {`{"errorType": "ThrottlingException", "errorMessage": "Rate exceeded"}`, []string{"unknown"}},
		"a function's, of a launch": {`{"errorType": "ClientError", "errorMessage": "An error occurred (ThrottlingException) when calling the RunTask operation: Rate exceeded"}`, []string{"no"}},
		"Step Functions, any call":  {`{"Error": "Ecs.ThrottlingException", "Cause": "Rate exceeded (Service: Ecs, Status Code: 400, Request ID: 1)"}`, []string{"unknown"}},
		"Step Functions, a launch":  {`{"Error": "ECS.ThrottlingException", "Cause": "Rate exceeded (Service: AmazonECS; Status Code: 400; Error Code: ThrottlingException)"}`, []string{"no"}},
		"CloudTrail":                {`{"eventSource": "ecs.amazonaws.com", "eventName": "RunTask", "errorCode": "ThrottlingException", "errorMessage": "Rate exceeded"}`, []string{"no"}},
		".NET, with a trace":        {"Amazon.ECS.Model.ThrottlingException: Rate exceeded\n   at Amazon.ECS.AmazonECSClient.RunTaskAsync(RunTaskRequest request)\n", []string{"no"}},
	} {
		got := withInput(t, c.in, "classify")
		var started []string
		for line := range strings.Lines(got.out) {
			_, answer, _ := strings.Cut(line, `"started":"`)
			answer, _, _ = strings.Cut(answer, `"`)
			if started = append(started, answer); strings.Contains(line, `"relaunch":true`) != (answer == "no") || strings.Contains(line, "if this was RunTask's answer: ") == (answer == "no") {
				t.Errorf("%s: %s", name, line)
			}
		}
		if got.code != 0 || got.err != "" || !slices.Equal(started, c.want) {
			t.Errorf("%s: exit code %d, %s%s; want %s", name, got.code, got.out, got.err, c.want)
		}
	}
}

// TestClassifyWhatPythonPrints: what boto3 returned, as Airflow and scripts log it.
func TestClassifyWhatPythonPrints(t *testing.T) {
	t.Parallel()
	const described = `{'tasks': [{'attachments': [], 'containers': [{'name': 'app', 'lastStatus': 'STOPPED', 'networkInterfaces': []}], ` +
		`'createdAt': datetime.datetime(2021, 3, 14, 2, 32, 49, 770000, tzinfo=tzlocal()), 'enableExecuteCommand': False, 'lastStatus': 'STOPPED', ` +
		`'stopCode': 'TaskFailedToStart', 'stoppedReason': 'Timeout waiting for network interface provisioning to complete.', 'taskArn': 'arn:t'}], 'failures': [], ` +
		`'ResponseMetadata': {'HTTPStatusCode': 200, 'RetryAttempts': 0, 'x': None}}`
	started := strings.Replace(described, "'taskArn'", "'startedAt': datetime.datetime(2021, 3, 14, 2, 33, tzinfo=datetime.timezone.utc), 'taskArn'", 1)
	plain := withInput(t, detail, "classify")
	for name, in := range map[string]string{
		"alone":                   described,
		"in a log of Airflow":     "[2021-03-14 02:33:00,035] {taskinstance.py:1462} INFO - start\n[2021-03-14 02:33:00,100] {taskinstance.py:1470} INFO - go\n[2021-03-14 02:33:01,000] {{ecs.py:573}} INFO - ECS Task stopped, check status: " + described + "\n",
		"over lines, with blanks": strings.NewReplacer("{", "{\n  ", ", '", ",\n  '").Replace(described),
		"broken by pprint":        strings.Replace(described, "network interface", "network '\n   'interface", 1),
		"broken, within brackets": strings.Replace(described, "'Timeout waiting for network interface provisioning to complete.'", "('Timeout waiting for network '\n   'interface provisioning to complete.')", 1),
		"in a log event":          `{"events": [{"message": "INFO - {ecs.py:1} ` + described + `"}]}`,
		"escaped":                 strings.Replace(described, "Timeout", `\x54imeout`, 1),
	} {
		got := withInput(t, in, "classify")
		verdicts := got.out
		if name == "in a log of Airflow" {
			if got.code != 2 || strings.Count(got.err, "\n") != 1 {
				t.Errorf("%s: the line without a document: exit code %d, %s", name, got.code, got.err)
			}
		} else if got.code != 0 || got.err != "" {
			t.Errorf("%s: exit code %d, %s", name, got.code, got.err)
		}
		if verdicts != plain.out {
			t.Errorf("%s: %s, want %s", name, verdicts, plain.out)
		}
	}
	if got := withInput(t, started, "classify"); got.code != 0 || !strings.Contains(got.out, `"started":"yes"`) {
		t.Errorf("a datetime shows a start: exit code %d, %s%s", got.code, got.out, got.err)
	}
	for _, in := range []string{
		"{'taskArn': 'arn:t'", "{'taskArn': 'arn:t', 'startedAt': datetime.datetime(2021)}", "{'taskArn': 'arn:t', 'version': 1 'cpu': 2}", "{'taskArn': 'arn:\nt'}", "{'a' 'b'}", "{'taskArn': 'arn:t', 'version': 01}",
		strings.Repeat("{'a':", 5000), "{'taskArn': 'arn:t', 'x': (1, 2)}", "{'taskArn': 'arn:t', 'startedAt': datetime.datetime(2021, 3", "{'a': '",
	} {
		if got := withInput(t, in, "classify"); got.code != 2 || got.out != "" || strings.Contains(got.err, "panic") {
			t.Errorf("%.40q: exit code %d, %s%s", in, got.code, got.out, got.err)
		}
	}
}
