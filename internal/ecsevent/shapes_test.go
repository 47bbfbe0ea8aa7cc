package ecsevent

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/stop"
)

// Documents that the shapes below carry.
const (
	ended   = `{"taskArn":"arn:a","lastStatus":"STOPPED","stopCode":"EssentialContainerExited","stoppedReason":"Essential container in task exited","containers":[{"name":"app","exitCode":0}]}`
	unready = `{"TaskArn":"arn:b","LastStatus":"STOPPED","StopCode":"TaskFailedToStart","StoppedReason":"Timeout waiting for network interface provisioning to complete.","Containers":[{"Name":"app"}]}`
	running = `{"taskArn":"arn:c","lastStatus":"RUNNING"}`
	change  = `{"id":"e-1","source":"aws.ecs","detail-type":"ECS Task State Change","detail":` + ended + `}`
	noRoom  = `{"arn":"arn:aws:ecs:us-east-1:123456789012:container-instance/i","reason":"RESOURCE:MEMORY"}`
	gone    = `{"arn":"arn:aws:ecs:us-east-1:123456789012:task/jobs/0a1","reason":"MISSING"}`
	sfnText = "Error retrieving security group information for [sg-1]: Rate exceeded (ErrorCode: Throttling) (Service: AmazonECS; Status Code: 400; Error Code: InvalidParameterException; Request ID: r)"
)

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func in64(s string) string { return `"` + base64.StdEncoding.EncodeToString([]byte(s)) + `"` }

func notification(message string) string {
	return `{"Type":"Notification","MessageId":"n-1","TopicArn":"arn:t","Message":` + quote(message) + `}`
}

func trail(rest string) string {
	return `{"eventVersion":"1.08","eventID":"c-1","eventSource":"ecs.amazonaws.com","eventName":"RunTask"` + rest + `}`
}

// Each verdict is written as the document's id, its task and the rule that decides.
var allShapes = map[string]struct {
	doc  string
	want []string
}{
	"DescribeTasks, several":       {`{"tasks":[` + ended + `,` + unready + `,` + running + `],"failures":[]}`, []string{" arn:a exit-zero", " arn:b interface-late", " arn:c not-stopped"}},
	"DescribeTasks, not found":     {`{"tasks":[` + ended + `],"failures":[` + gone + `]}`, []string{" arn:a exit-zero", "  task-not-found"}},
	"not found, in few words":      {`{"tasks":[],"failures":[{"reason":"MISSING"}]}`, []string{"  task-not-found"}},
	"RunTask, launched and not":    {`{"tasks":[` + running + `],"failures":[` + noRoom + `]}`, []string{" arn:c not-stopped", "  launch-placement-resource"}},
	"RunTask, launched nothing":    {`{"failures":[` + noRoom + `,{"reason":"AGENT"}]}`, []string{"  launch-placement-resource", "  launch-placement-agent"}},
	"RunTask, in Pascal case":      {`{"Tasks":[],"Failures":[{"Reason":"AGENT"}]}`, []string{"  launch-placement-agent"}},
	"what is known, beside":        {`{"id":"x","tasks":[` + ended + `],"container":"other"}`, []string{"x arn:a exit-not-zero"}},
	"an array":                     {`[` + ended + `,` + change + `,[` + running + `]]`, []string{" arn:a exit-zero", "e-1 arn:a exit-zero", " arn:c not-stopped"}},
	"SNS":                          {notification(change), []string{"e-1 arn:a exit-zero"}},
	"SNS, the detail":              {notification(ended), []string{"n-1 arn:a exit-zero"}},
	"SNS to Lambda":                {`{"Records":[{"EventSource":"aws:sns","EventVersion":"1.0","Sns":` + notification(change) + `}]}`, []string{"e-1 arn:a exit-zero"}},
	"SQS, received":                {`{"Messages":[{"MessageId":"m-1","ReceiptHandle":"r","Body":` + quote(ended) + `},{"MessageId":"m-2","Body":` + quote(unready) + `}]}`, []string{"m-1 arn:a exit-zero", "m-2 arn:b interface-late"}},
	"SQS, one message":             {`{"MessageId":"m-1","Body":` + quote(change) + `}`, []string{"e-1 arn:a exit-zero"}},
	"SQS to Lambda":                {`{"Records":[{"messageId":"m-1","eventSource":"aws:sqs","body":` + quote(change) + `}]}`, []string{"e-1 arn:a exit-zero"}},
	"SNS over SQS to Lambda":       {`{"Records":[{"messageId":"m-1","eventSource":"aws:sqs","body":` + quote(notification(change)) + `}]}`, []string{"e-1 arn:a exit-zero"}},
	"Kinesis to Lambda":            {`{"Records":[{"kinesis":{"data":` + in64(change) + `},"eventSource":"aws:kinesis","eventName":"aws:kinesis:record"}]}`, []string{"e-1 arn:a exit-zero"}},
	"Firehose to Lambda":           {`{"deliveryStreamArn":"arn:f","records":[{"recordId":"1","data":` + in64(change) + `}]}`, []string{"e-1 arn:a exit-zero"}},
	"log events":                   {`{"events":[{"timestamp":1,"message":` + quote(change) + `}],"nextToken":"x"}`, []string{"e-1 arn:a exit-zero"}},
	"log events to Lambda":         {`{"logGroup":"g","logEvents":[{"id":"l-1","message":` + quote(ended) + `}]}`, []string{"l-1 arn:a exit-zero"}},
	"a failed invocation":          {`{"version":"1.0","requestContext":{"condition":"RetriesExhausted"},"requestPayload":` + change + `,"responsePayload":{"errorMessage":"x"}}`, []string{"e-1 arn:a exit-zero"}},
	"an event in a log line":       {`{"level":"info","event":` + change + `}`, []string{"e-1 arn:a exit-zero"}},
	"PutEvents":                    {`{"Entries":[{"Source":"my.test","DetailType":"ECS Task State Change","Detail":` + quote(ended) + `}]}`, []string{" arn:a exit-zero"}},
	"an event, its detail as text": {`{"id":"e-1","source":"aws.ecs","detail-type":"ECS Task State Change","detail":` + quote(ended) + `}`, []string{"e-1 arn:a exit-zero"}},
	"numbers as text":              {`{"taskArn":"arn:a","version":"4","lastStatus":"STOPPED","stopCode":"EssentialContainerExited","containers":[{"name":"app","exitCode":"0"}]}`, []string{" arn:a exit-zero"}},
	"a number as text, not zero":   {`{"taskArn":"arn:a","lastStatus":"STOPPED","stopCode":"EssentialContainerExited","containers":[{"name":"app","exitCode":"1.0"}]}`, []string{" arn:a exit-not-zero"}},
	"PutEvents, the list":          {`[{"Source":"my.test","DetailType":"ECS Task State Change","Detail":` + quote(unready) + `}]`, []string{" arn:b interface-late"}},
	"CloudTrail, refused":          {trail(`,"errorCode":"InvalidParameterException","errorMessage":"No Container Instances were found in your cluster."`), []string{"c-1  launch-no-instances"}},
	"CloudTrail, throttled":        {trail(`,"errorCode":"ThrottlingException","errorMessage":"Rate exceeded","responseElements":null`), []string{"c-1  launch-throttled"}},
	"CloudTrail, answered":         {trail(`,"responseElements":{"tasks":[{"taskArn":"arn:c","lastStatus":"PROVISIONING","createdAt":"Nov 28, 2026, 2:03:04 AM"}],"failures":[` + noRoom + `]}`), []string{"c-1 arn:c not-stopped", "c-1  launch-placement-resource"}},
	"CloudTrail, a file":           {`{"Records":[` + trail(`,"errorCode":"AccessDenied","errorMessage":"x"`) + `]}`, []string{"c-1  launch-refused-code"}},
	"CloudTrail, LookupEvents":     {`{"Events":[{"EventId":"c-2","EventName":"RunTask","CloudTrailEvent":` + quote(trail(`,"errorCode":"ClientException","errorMessage":"TaskDefinition is inactive"`)) + `}]}`, []string{"c-1  launch-inactive"}},
	"CloudTrail, as an event":      {`{"id":"e-2","source":"aws.ecs","detail-type":"AWS API Call via CloudTrail","detail":` + trail(`,"errorCode":"ServerException","errorMessage":"x"`) + `}`, []string{"c-1  launch-no-answer"}},
	"Step Functions":               {`{"Error":"States.TaskFailed","Cause":` + quote(unready) + `}`, []string{" arn:b interface-late"}},
	"Step Functions, the Cause":    {quote(unready), []string{" arn:b interface-late"}},
	"Step Functions, twice text":   {quote(quote(unready)), []string{" arn:b interface-late"}},
	"Step Functions, failures[]":   {`{"error":"ECS.Unknown","cause":` + quote(`{"Failures":[{"Reason":"AGENT"}],"Tasks":[]}`) + `}`, []string{"  launch-placement-agent"}},
	"Step Functions, refused":      {`{"Error":"ECS.AmazonECSException","Cause":` + quote(sfnText) + `}`, []string{"  launch-throttled-ec2"}},
	"Step Functions, its code":     {`{"Error":"Ecs.ClusterNotFoundException","Cause":"Cluster not found."}`, []string{"  launch-refused"}},
	"Step Functions, an execution": {`{"executionArn":"arn:x","status":"FAILED","error":"States.TaskFailed","cause":` + quote(ended) + `}`, []string{" arn:a exit-zero"}},
	"Step Functions, its event":    {`{"id":"e-3","source":"aws.states","detail-type":"Step Functions Execution Status Change","detail":{"status":"FAILED","error":"States.TaskFailed","cause":` + quote(ended) + `}}`, []string{"e-3 arn:a exit-zero"}},
	"Step Functions, its history": {`{"events":[{"id":1,"type":"ExecutionStarted","previousEventId":0,"executionStartedEventDetails":{"input":"{}"}},
		{"id":5,"type":"TaskFailed","previousEventId":4,"taskFailedEventDetails":{"resourceType":"ecs","error":"States.TaskFailed","cause":` + quote(unready) + `}},
		{"id":6,"type":"ExecutionFailed","previousEventId":5,"executionFailedEventDetails":{"error":"States.TaskFailed","cause":` + quote(unready) + `}}]}`, []string{" arn:b interface-late"}},
	"Step Functions, refused at once": {`{"events":[{"id":5,"type":"TaskSubmitFailed","previousEventId":4,"taskSubmitFailedEventDetails":{"resourceType":"ecs","resource":"runTask.sync","error":"ECS.ClientException","cause":"TaskDefinition is inactive"}},
		{"id":6,"type":"TaskStartFailed","previousEventId":5,"taskStartFailedEventDetails":{"resourceType":"ecs","error":"ECS.AmazonECSException","cause":` + quote(sfnText) + `}}]}`, []string{"  launch-inactive", "  launch-throttled-ec2"}},
	"Step Functions, a success": {`{"events":[{"id":5,"type":"TaskSucceeded","previousEventId":4,"taskSucceededEventDetails":{"resourceType":"ecs","resource":"runTask.sync","output":` + quote(ended) + `}},
		{"id":4,"type":"TaskSucceeded","previousEventId":3,"taskSucceededEventDetails":{"resourceType":"ecs","resource":"runTask","output":` + quote(`{"Tasks":[`+unready+`]}`) + `}},
		{"id":6,"type":"TaskSucceeded","previousEventId":5,"taskSucceededEventDetails":{"resourceType":"lambda","resource":"invoke","output":"{}"}}]}`, []string{" arn:a exit-zero"}},
	"Step Functions, no room":      {`{"Error":"ECS.AmazonECSException","Cause":"RESOURCE:CPU"}`, []string{"  launch-placement-resource"}},
	"Logs Insights":                {`{"status":"Complete","results":[[{"field":"@timestamp","value":"2026-01-01 00:00:00.000"},{"field":"@message","value":` + quote(change) + `},{"field":"@ptr","value":"x"}],[{"field":"@message","value":` + quote(unready) + `}]]}`, []string{"e-1 arn:a exit-zero", " arn:b interface-late"}},
	"CloudTrail, a stop":           {`{"eventID":"c-1","eventSource":"ecs.amazonaws.com","eventName":"StopTask","responseElements":{"task":` + running + `}}`, []string{"c-1 arn:c not-stopped"}},
	"containers of one task":       {`{"id":"x","message":"[{\"name\":\"app\",\"exitCode\":0},{\"containerArn\":\"c\",\"taskArn\":\"arn:d\",\"lastStatus\":\"STOPPED\"}]","container":"app"}`, []string{"x arn:d started-after-all"}},
	"an error of boto3":            {`{"Error":{"Code":"ThrottlingException","Message":"Rate exceeded"},"ResponseMetadata":{}}`, []string{"  launch-throttled"}},
	"an error of a function":       {`{"errorType":"ThrottlingException","errorMessage":"Rate exceeded","trace":[]}`, []string{"  launch-throttled"}},
	"an error of JavaScript":       {`{"name":"AccessDeniedException","$fault":"client","message":"x"}`, []string{"  launch-refused-code"}},
	"Step Functions, a last event": {`{"id":6,"type":"ExecutionFailed","previousEventId":5,"executionFailedEventDetails":{"error":"States.TaskFailed","cause":` + quote(unready) + `}}`, []string{"6 arn:b interface-late"}},
	"an error answer":              {`{"__type":"com.amazonaws.ecs#ClientException","message":"TaskDefinition is inactive"}`, []string{"  launch-inactive"}},
	"an error of an SDK":           {`{"name":"x","code":"ThrottlingException","message":"Rate exceeded"}`, []string{"  launch-throttled"}},
}

func verdicts(docs []Document) (list []string) {
	for _, d := range docs {
		list = append(list, fmt.Sprintf("%s %s %s", d.ID, d.Task.ARN, stop.Classify(d.Stop()).Rule))
	}
	return list
}

func TestAllShapes(t *testing.T) {
	t.Parallel()
	for name, c := range allShapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			docs, errs := ParseAll([]byte(" " + c.doc + "\n"))
			if got := verdicts(docs); len(errs) > 0 || !slices.Equal(got, c.want) {
				t.Errorf("%q, %v\nwant %q", got, errs, c.want)
			}
		})
	}
}

// TestParseAllReadsWhatParseReads: both read a lone document in the same way.
func TestParseAllReadsWhatParseReads(t *testing.T) {
	t.Parallel()
	for name, c := range otherShapes {
		docs, errs := ParseAll([]byte(c.doc))
		if len(docs) != 1 || len(errs) > 0 || !c.check(docs[0], docs[0].Stop()) {
			t.Errorf("%s: %+v, %v", name, docs, errs)
		}
	}
}

// TestOnlyEventsOfECSAreParsed: what ParseAll accepts as a test or a trace is not an event that
// decides over a run, so Parse refuses it.
func TestOnlyEventsOfECSAreParsed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"SNS", "SQS to Lambda", "PutEvents", "CloudTrail, refused", "Step Functions", "an error answer", "an array"} {
		if d, err := Parse([]byte(allShapes[name].doc)); err == nil {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		``:                                      `document: want an object, it is empty`,
		`12`:                                    `document: want an object, it is a number`,
		`[]`:                                    `document: want a document, the list is empty`,
		`[` + ended + `,true]`:                  `document[1]: want an object, it is true or false`,
		`"hello"`:                               `document: want an ECS document, it is text that is not JSON`,
		`""`:                                    `document: want an ECS document, it is text that is not JSON`,
		`"{\"a\":"`:                             `document: want an ECS document, it is JSON that is cut off or broken`,
		`{"a":1,"B":2}`:                         `document: want an ECS task with a taskArn, lastStatus, stopCode, stoppedReason or containers, it has ["a" "b"]`,
		`{}`:                                    `it has nothing`,
		`{"z":1,"y":1,"x":1,"w":1,"v":1,"u":1}`: `it has ["u" "v" "w" "x" "y" "more"]`,
		`{"tasks":[],"failures":[]}`:            `document: it has no task and no failure, so there is nothing to judge`,
		`{"services":[{}],"failures":[]}`:       `document: want an answer about tasks, it is one about services`,
		`{"tasks":{}}`:                          `tasks: want an array, it is an object`,
		`{"tasks":[1]}`:                         `tasks[0]: want an object, it is a number`,
		`{"tasks":[{"name":"x"}]}`:              `tasks[0]: want an ECS task`,
		`{"failures":[{"reason":7}]}`:           `failures[0].reason: want a string, it is a number`,
		`{"Records":[{"eventSource":"aws:dynamodb","eventName":"INSERT"}]}`:               `not an ECS task state change nor a launch: a record of "INSERT" by "aws:dynamodb"`,
		`{"Records":[{"eventSource":"aws:sqs","body":"hello"}]}`:                          `records[0].body: want an ECS document, it is text that is not JSON`,
		`{"Records":[{"Sns":{"Type":"Notification","Message":"You have..."}}]}`:           `records[0].sns.message: want an ECS document, it is text`,
		`{"records":[{"data":"%%"}]}`:                                                     `records[0].data: want an ECS document in base64, it is a string`,
		`{"Entries":[{"Source":"s","DetailType":"Other","Detail":"{}"}]}`:                 `not an ECS task state change: source "s", detail-type "Other"`,
		`{"Entries":[{"Source":"s","DetailType":"ECS Task State Change","Detail":"{}"}]}`: `entries[0].detail: want an ECS task`,
		`{"eventSource":"ecs.amazonaws.com","eventName":"StopTask","errorCode":"InvalidParameterException","errorMessage":"The referenced task was not found."}`: `a record of "StopTask" by "ecs.amazonaws.com"`,
		`{"eventSource":"ecs.amazonaws.com","eventName":"StopTask"}`:            `a record of "StopTask" by "ecs.amazonaws.com"`,
		`{"eventSource":"ecs.amazonaws.com","eventName":"RunTask"}`:             `responseElements: want RunTask's answer, it is absent`,
		`{"Error":"States.Timeout"}`:                                            `cause: want an ECS task as JSON, it is other text, of the error "States.Timeout"`,
		`{"Error":"States.TaskFailed","Cause":"the lambda failed"}`:             `cause: want an ECS task as JSON, it is other text`,
		`{"Error":"States.TaskFailed","Cause":"{\"TaskArn\":\"arn"}`:            `cause: want an ECS document, it is JSON that is cut off`,
		`{"events":[{"id":1,"type":"ExecutionStarted","previousEventId":0}]}`:   `events: none of them is the end of a task`,
		`{"detail-type":"ECS Service Action","source":"aws.ecs","detail":{}}`:   `detail-type "ECS Service Action"`,
		`{"detail-type":"ECS Service Action","source":"aws.ecs","detail":"{}"}`: `detail-type "ECS Service Action"`,
		`{"tasks":[{"taskArn":"a","startedAt":"yesterday"}]}`:                   `tasks[0].startedAt: want a time, it is a string`,
		`{"taskArn":"a","stop_code":"x","stopCode":"y"}`:                        `stopcode: want this key once`,
		`{"results":[[{"field":"@ptr"}]]}`:                                      `results: none of them has the field @message`,
		`{"taskArn":"a","exitCodes":[0,"x"]}`:                                   `exitCodes[1]: want an integer, it is a string`,
		`[{"name":"a","exitCode":"x"}]`:                                         `document[0].exitCode: want an integer, it is a string`,
		`{"taskArn":"a","TaskARN":"b"}`:                                         `taskarn: want this key once`,
		strings.Repeat("[", 40) + strings.Repeat("]", 40):                       `nested deeper than 16`,
	} {
		docs, errs := ParseAll([]byte(doc))
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), want) || len(docs) > 1 {
			t.Errorf("%s: %d documents, %v\nwant %s", doc, len(docs), errs, want)
		}
	}
}

// TestABadOneHidesNoOther: each bad document is reported by its place, and all others are read.
func TestABadOneHidesNoOther(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		`[` + ended + `,7,` + running + `]`,
		`{"tasks":[` + ended + `,{"taskArn":3},` + running + `]}`,
		`{"Messages":[{"Body":` + quote(ended) + `},{"Body":"x"},{"Body":` + quote(running) + `}]}`,
	} {
		docs, errs := ParseAll([]byte(doc))
		if len(docs) != 2 || len(errs) != 1 || !strings.Contains(errs[0].Error(), "[1]") {
			t.Errorf("%s: %q, %v", doc, verdicts(docs), errs)
		}
	}
}

// TestPublishedCases reads public reports in the shapes in which people had them, and others made
// from them.
func TestPublishedCases(t *testing.T) {
	t.Parallel()
	seen := 0
	for sc := bufio.NewScanner(bytes.NewReader(load(t, "published.jsonl"))); sc.Scan(); seen++ {
		var c struct {
			ID       string
			Input    json.RawMessage
			Class    []stop.Class // any of these; empty: refused by name
			Relaunch *bool        // nil: either
			Source   string
		}
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil || c.Source == "" {
			t.Fatalf("line %d: source %q, %v", seen+1, c.Source, err)
		}
		docs, errs := ParseAll(c.Input)
		if len(c.Class) == 0 {
			if len(docs) > 0 || len(errs) != 1 {
				t.Errorf("%s: %q, %v, want a refusal", c.ID, verdicts(docs), errs)
			}
			continue
		}
		if len(docs) != 1 || len(errs) > 0 {
			t.Errorf("%s: %q, %v, want one verdict", c.ID, verdicts(docs), errs)
			continue
		}
		v := stop.Classify(docs[0].Stop())
		if !slices.Contains(c.Class, v.Class) || (c.Relaunch != nil && v.Relaunch() != *c.Relaunch) {
			t.Errorf("%s: %s relaunch %t by %s, want %s", c.ID, v.Class, v.Relaunch(), v.Rule, c.Class)
		}
	}
	if seen < 94 {
		t.Errorf("only %d cases", seen)
	}
}

func FuzzParseAll(f *testing.F) {
	for _, c := range allShapes {
		f.Add([]byte(c.doc))
	}
	f.Add([]byte(`{"tasks":[{"taskArn":3},true,{"taskArn":"a","startedAt":"yesterday"}]}`)) // is refused
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, errs := ParseAll(data)
		if len(docs)+len(errs) == 0 {
			t.Fatal("neither a document nor an error")
		}
		for _, err := range errs {
			if s := err.Error(); strings.Contains(s, "Go value") || strings.Contains(s, "json:") {
				t.Fatal(s)
			}
		}
	})
}
