package stop

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEveryExampleIsDecidedByItsRule(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, g := range Table() {
		for _, r := range g.Rules {
			e := exampleOf(r.Name)
			if v := Classify(e.stop); v.Rule != r.Name {
				t.Errorf("the example of %s is decided by %s: %q", r.Name, v.Rule, e.stop.Reason)
			}
			if seen[r.Name] || r.Why == "" || e.source == "" {
				t.Errorf("rule %s: its name is used twice, or why or source is missing", r.Name)
			}
			seen[r.Name] = true
		}
		if n := len(g.Rules); g.Begins != nil && g.Rules[n-1].Match.restricts() {
			t.Errorf("family %s has no last rule for everything else", g.Title)
		}
	}
	for name := range examples {
		if !seen[name] {
			t.Errorf("there is no rule %s any more", name)
		}
	}
}

func (m *Match) restricts() bool {
	return m.Any != nil || m.With != nil || m.Not != nil || m.Codes != nil || m.Failure
}

func TestFragmentsAreInTheFormOfTheText(t *testing.T) {
	t.Parallel()
	for _, g := range Table() {
		lists := [][]string{g.Is, g.Begins, g.Vague, g.Has}
		for _, r := range g.Rules {
			lists = append(lists, slices.Concat(r.Match.Any...), slices.Concat(r.Match.With...), slices.Concat(r.Match.Not...))
		}
		for _, list := range lists {
			for _, f := range list {
				var x text
				x.answer("x " + strings.TrimSpace(f) + " x")
				if len(f) < 4 || strings.Contains(f, "#") || string(x.bytes()) != "x "+strings.TrimSpace(f)+" x" {
					t.Errorf("family %s: %q can never be found in a normalised text", g.Title, f)
				}
			}
		}
	}
}

const (
	eniText  = "Timeout waiting for network interface provisioning to complete."
	pullText = "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/x/y:1: failed to do request: Head \"https://registry-1.docker.io/v2/x/y/manifests/1\": dial tcp 34.205.13.154:443: i/o timeout"
)

func code(n int64) *int64 { return &n }

// sidecar is a stop of a job that ended with 0 beside an essential container that ended with exit
// and gave said as its reason.
func sidecar(exit int64, said, reason string) Stop {
	return Stop{
		Code: codeEssentialExited, Reason: reason, Container: "app", Definition: both,
		Containers: []Container{{Name: "app", ExitCode: code(0)}, {Name: "proxy", ExitCode: &exit, Reason: said}},
	}
}

var (
	now  = time.Unix(1_700_000_000, 0)
	app  = Container{Name: "app"}
	both = []Defined{{Name: "app", Essential: true}, {Name: "proxy", Essential: true}}
)

func exit0(name string) []Container { return []Container{{Name: name, ExitCode: code(0)}} }

var structureCases = map[string]struct {
	stop    Stop
	class   Class
	started Answer
	re      bool
}{
	"task-level text needs no list": {Stop{Code: codeFailedToStart, Reason: eniText}, Retry, No, true},
	"startedAt wins over the text":  {Stop{Code: codeFailedToStart, Reason: eniText, StartedAt: now}, AppFailed, Yes, false},
	"startedAt wins over an end":    {Stop{Code: codeFailedToStart, Reason: "EC2 instance i-1 terminated", StartedAt: now}, AppFailed, Yes, false},
	"runtime id wins over the text": {Stop{Code: codeFailedToStart, Reason: eniText, Containers: []Container{{Name: "app", RuntimeID: "r"}}}, AppFailed, Yes, false},
	"a running container wins":      {Stop{Code: codeFailedToStart, Reason: eniText, Containers: []Container{{Name: "app", LastStatus: "RUNNING"}}}, AppFailed, Yes, false},
	"exit code zero is evidence":    {Stop{Code: codeFailedToStart, Reason: eniText, Containers: []Container{{Name: "app", ExitCode: code(0)}}}, AppFailed, Yes, false},
	"image digest is no evidence":   {Stop{Code: codeFailedToStart, Reason: eniText, Containers: []Container{{Name: "app", ImageDigest: "sha256:0"}}}, Retry, No, true},

	"pull, no list":                                    {Stop{Code: codeFailedToStart, Reason: pullText}, Ambiguous, Unknown, false},
	"pull, list, definition unknown":                   {Stop{Code: codeFailedToStart, Reason: pullText, Containers: []Container{app}}, Ambiguous, No, true},
	"pull, list shorter than definition":               {Stop{Code: codeFailedToStart, Reason: pullText, Containers: []Container{app}, Definition: both}, Ambiguous, Unknown, false},
	"pull, all listed":                                 {Stop{Code: codeFailedToStart, Reason: pullText, Containers: []Container{app, {Name: "proxy"}}, Definition: both}, Ambiguous, No, true},
	"pull, another name listed":                        {Stop{Code: codeFailedToStart, Reason: pullText, Containers: []Container{app, {Name: "other"}}, Definition: both}, Ambiguous, Unknown, false},
	"pull, a mentioned name is missing":                {Stop{Code: codeFailedToStart, Reason: pullText, Containers: []Container{app}, Mentioned: []string{"proxy"}}, Ambiguous, Unknown, false},
	"pull, the job's container is missing":             {Stop{Code: codeFailedToStart, Reason: pullText, Containers: []Container{app}, Container: "job"}, Ambiguous, Unknown, false},
	"pull, only an injected sidecar listed":            {Stop{Code: codeFailedToStart, Reason: pullText, Containers: []Container{{Name: "aws-guardduty-agent-x"}}}, Ambiguous, Unknown, false},
	"pull, injected sidecar ran":                       {Stop{Code: codeFailedToStart, Reason: pullText, Containers: []Container{app, {Name: "aws-guardduty-agent-x", RuntimeID: "r"}}}, Ambiguous, No, true},
	"pull, injected sidecar ended":                     {Stop{Code: codeFailedToStart, Reason: pullText, Containers: []Container{app, {Name: "aws-guardduty-agent-x", ExitCode: code(143)}}}, Ambiguous, No, true},
	"pull, injected sidecar ran, one of two is silent": {Stop{Code: codeFailedToStart, Reason: pullText, Containers: []Container{app, {Name: "proxy"}, {Name: "aws-guardduty-agent-x", LastStatus: "RUNNING"}}}, Ambiguous, Unknown, false},
	"no interface, and an injected sidecar that ran":   {Stop{Code: codeFailedToStart, Reason: eniText, Containers: []Container{app, {Name: "aws-guardduty-agent-x", ExitCode: code(143)}}}, Retry, Unknown, false},
	"pull, a sidecar was healthy":                      {Stop{Code: codeFailedToStart, Reason: pullText, Containers: []Container{app, {Name: "proxy", Ran: true}}}, AppFailed, Yes, false},
	"pull, an injected name in the overrides":          {Stop{Code: codeFailedToStart, Reason: pullText, Containers: []Container{app}, Mentioned: []string{"aws-guardduty-agent-x", "app"}}, Ambiguous, No, true},
	"pull, no stop code":                               {Stop{CodeMissing: true, Reason: pullText, Containers: []Container{app}}, Ambiguous, Unknown, false},
	"task-level text, no stop code":                    {Stop{CodeMissing: true, Reason: eniText}, Retry, No, true},
	"task-level text inside, no stop code":             {Stop{CodeMissing: true, Reason: "my job said: " + eniText}, Retry, Unknown, false},
	"a start's text that names the host, no stop code": {Stop{CodeMissing: true, Reason: eniText + " Look at the underlying host."}, Retry, No, true},
	"task-level text, empty stop code":                 {Stop{Reason: eniText}, Retry, Unknown, false},
	"task-level text, unknown stop code":               {Stop{Code: "New", Reason: eniText}, Retry, Unknown, false},
	"internal error":                                   {Stop{Code: codeFailedToStart, Reason: "InternalError"}, Retry, No, true},
	"internal error, no stop code":                     {Stop{CodeMissing: true, Reason: "InternalError"}, Retry, Unknown, false},
	"internal error, another stop code":                {Stop{Code: "New", Reason: "InternalError"}, Retry, Unknown, false},
	"agent, no instance":                               {Stop{Code: codeFailedToStart, Reason: "AGENT"}, Retry, No, true},
	"agent, placed":                                    {Stop{Code: codeFailedToStart, Reason: "AGENT", OnInstance: true}, Retry, Unknown, false},
	"a container's words lower the proof":              {Stop{Code: codeFailedToStart, Reason: eniText, Containers: []Container{{Name: "app", Reason: "Something new"}}}, Retry, Unknown, false},
	"a container that says nothing keeps it":           {Stop{Code: codeFailedToStart, Reason: eniText, Containers: []Container{{Name: "app", Reason: "Reason:"}}}, Retry, No, true},
	"a container's mistake wins":                       {Stop{Code: codeFailedToStart, Reason: eniText, Containers: []Container{{Name: "app", Reason: "CannotPullContainerError: manifest unknown"}}}, Config, No, false},
	"a container out of memory":                        {Stop{Code: codeFailedToStart, Reason: "Task failed to start", Containers: []Container{{Name: "app", Reason: "OutOfMemoryError: Container killed due to memory usage"}}}, AppFailed, Unknown, false},

	"the job's name, though not essential":              {Stop{Code: codeEssentialExited, Container: "app", Containers: exit0("app"), Definition: []Defined{{"app", false}}}, Succeeded, Yes, false},
	"the one essential, beside one that is not defined": {Stop{Code: codeEssentialExited, Containers: append(exit0("app"), Container{Name: "mesh"}), Definition: []Defined{{"app", true}, {"init", false}}}, Succeeded, Yes, false},
	"one without a name, which is not essential":        {Stop{Code: codeEssentialExited, Containers: exit0(""), Definition: []Defined{{"", false}}}, AppFailed, Yes, false},
	"one of two essentials gives no exit code":          {Stop{Code: codeEssentialExited, Containers: append(exit0("app"), Container{Name: "proxy"}), Definition: both}, AppFailed, Yes, false},
	"no status, but a container's reason":               {Stop{CodeMissing: true, Containers: []Container{{Name: "app", Reason: "CannotPullContainerError: i/o timeout"}}}, Ambiguous, Unknown, false},
	"a caller's word error":                             {Stop{CodeMissing: true, LastStatus: "STOPPED", Reason: "error in last night's data"}, StoppedByUser, Unknown, false},
	"an error's name":                                   {Stop{CodeMissing: true, LastStatus: "STOPPED", Reason: "NewError in last night's data"}, Ambiguous, Unknown, false},
	"a container's new reason":                          {Stop{CodeMissing: true, LastStatus: "STOPPED", Containers: []Container{{Name: "app", Reason: "Something new"}}}, Ambiguous, Unknown, false},
	"a caller's words under a new code":                 {Stop{Code: "NewCode", LastStatus: "STOPPED", Reason: "moto testing"}, Ambiguous, Unknown, false},
	"no status and no word":                             {Stop{CodeMissing: true, Containers: []Container{{Name: "app"}}}, NotStopped, Unknown, false},

	"spot warning":              {Stop{Code: codeSpot, LastStatus: "RUNNING", StartedAt: now}, NotStopped, Unknown, false},
	"failed to start, not over": {Stop{Code: codeFailedToStart, Reason: eniText, LastStatus: "DEPROVISIONING"}, NotStopped, Unknown, false},
	"exit 0, not over":          {Stop{Code: codeEssentialExited, LastStatus: "DEPROVISIONING", Containers: exits(0)}, NotStopped, Unknown, false},
	"nothing at all":            {Stop{CodeMissing: true}, NotStopped, Unknown, false},
	"a later text, started":     {Stop{CodeMissing: true, Reason: "Insufficient capacity: the task was evicted", StartedAt: now}, Interrupted, Yes, false},
	"taken by Spot":             {Stop{CodeMissing: true, Reason: "Task stopped by SpotInterruption"}, Interrupted, Unknown, false},
	"taken with its instance":   {Stop{CodeMissing: true, Reason: "EC2 instance i-1 terminated"}, Interrupted, Unknown, false},
	"ECS's own fault":           {Stop{CodeMissing: true, Reason: "Task stopped due to internal error"}, Ambiguous, Unknown, false},
	"a full disk":               {Stop{CodeMissing: true, Reason: "Container exceeded ephemeral storage limit"}, Ambiguous, Unknown, false},
	"a service without a place": {Stop{CodeMissing: true, Reason: "(service web) was unable to place a task"}, Ambiguous, Unknown, false},
	"a caller's words":          {Stop{CodeMissing: true, Reason: "enough for today"}, StoppedByUser, Unknown, false},
	"an error never heard of":   {Stop{CodeMissing: true, Reason: "UnheardOfError: enough for today"}, Ambiguous, Unknown, false},
	"a resource never heard of": {Stop{CodeMissing: true, Reason: "ResourceInitializationError: enough for today"}, Ambiguous, Unknown, false},
	"stopped, nothing said":     {Stop{CodeMissing: true, LastStatus: "STOPPED"}, Ambiguous, Unknown, false},

	"windows exit code":                                  {Stop{Code: codeEssentialExited, Containers: exits(3221225786)}, AppFailed, Yes, false},
	"exit 0, sidecar named first":                        {Stop{Code: codeEssentialExited, Container: "app", Containers: []Container{{Name: "aws-guardduty-agent-x", ExitCode: code(2)}, {Name: "app", ExitCode: code(0)}}}, Succeeded, Yes, false},
	"exit 0 of another name":                             {Stop{Code: codeEssentialExited, Container: "app", Containers: []Container{{Name: "x", ExitCode: code(0)}}}, AppFailed, Yes, false},
	"exit 0, sidecar failed":                             {Stop{Code: codeEssentialExited, Container: "app", Containers: []Container{{Name: "app", ExitCode: code(0)}, {Name: "proxy", ExitCode: code(3)}}, Definition: both}, AppFailed, Yes, false},
	"exit 0, sidecar not essential":                      {Stop{Code: codeEssentialExited, Container: "app", Containers: []Container{{Name: "app", ExitCode: code(0)}, {Name: "init", ExitCode: code(3)}}, Definition: []Defined{{"app", true}, {"init", false}}}, Succeeded, Yes, false},
	"exit 0, sidecar ended by SIGTERM":                   {Stop{Code: codeEssentialExited, Container: "app", Containers: []Container{{Name: "app", ExitCode: code(0)}, {Name: "proxy", ExitCode: code(143)}}, Definition: both}, Succeeded, Yes, false},
	"exit 143 of the job":                                {Stop{Code: codeEssentialExited, Container: "app", Containers: []Container{{Name: "app", ExitCode: code(143)}, {Name: "proxy", ExitCode: code(0)}}, Definition: both}, AppFailed, Yes, false},
	"exit 0, sidecar out of memory":                      {Stop{Code: codeEssentialExited, Container: "app", Containers: []Container{{Name: "app", ExitCode: code(0)}, {Name: "proxy", ExitCode: code(137), Reason: "OutOfMemoryError: Container killed"}}, Definition: both}, AppFailed, Yes, false},
	"exit 0, sidecar killed":                             {sidecar(137, "", exitText), Succeeded, Yes, false},
	"exit 0, sidecar ended by Ctrl-C":                    {sidecar(3221225786, "", exitText), Succeeded, Yes, false},
	"exit 0, sidecar ended by Ctrl-C, signed":            {sidecar(-1073741510, "", ""), Succeeded, Yes, false},
	"exit 0, sidecar oomkilled":                          {sidecar(137, "OOMKilled", exitText), AppFailed, Yes, false},
	"exit 0, sidecar out of memory in the task's reason": {sidecar(137, "", "OutOfMemoryError: Container killed due to memory usage"), AppFailed, Yes, false},
	"exit 0, a task that is out of memory":               {sidecar(0, "", "task ran OUT OF MEMORY"), AppFailed, Yes, false},
	"exit 0, but unhealthy":                              {sidecar(0, "", "Task failed container Health Checks"), AppFailed, Yes, false},
	"exit 0, sidecar unhealthy":                          {sidecar(143, "", "Task failed container health checks"), AppFailed, Yes, false},
	"exit 0, sidecar killed, and says why":               {sidecar(137, "Something new", exitText), AppFailed, Yes, false},
	"exit 0, sidecar killed, the task says why":          {sidecar(137, "", exitText+" because of something new"), AppFailed, Yes, false},
	"exit 0, but out of memory":                          {Stop{Code: codeEssentialExited, Reason: exitText, Container: "app", Containers: []Container{{Name: "app", ExitCode: code(0), Reason: "OutOfMemoryError: Container killed due to memory usage"}}}, AppFailed, Yes, false},
	"exit 0, a side container out of memory":             {Stop{Code: codeEssentialExited, Reason: exitText, Container: "app", Containers: []Container{{Name: "app", ExitCode: code(0)}, {Name: "init", ExitCode: code(137), Reason: "OutOfMemoryError"}}, Definition: []Defined{{"app", true}, {"init", false}}}, Succeeded, Yes, false},
	"exit 0, DELETED since":                              {Stop{Code: codeEssentialExited, LastStatus: "DELETED", Reason: exitText, Containers: exits(0)}, Succeeded, Yes, false},
	"one essential is the job":                           {Stop{Code: codeEssentialExited, Containers: []Container{{Name: "app", ExitCode: code(1)}, {Name: "init", ExitCode: code(0)}}, Definition: []Defined{{"app", true}, {"init", false}}}, AppFailed, Yes, false},
	"same name twice":                                    {Stop{Code: codeEssentialExited, Container: "d", Containers: []Container{{Name: "d", ExitCode: code(999)}, {Name: "d", ExitCode: code(0)}}}, AppFailed, Yes, false},
	"same name twice, one of them stopped":               {Stop{Code: codeEssentialExited, Container: "d", Containers: []Container{{Name: "d", ExitCode: code(143)}, {Name: "d", ExitCode: code(0)}}}, AppFailed, Yes, false},
	"exit 0 under UserInitiated":                         {Stop{Code: codeUserInitiated, Containers: exits(0)}, StoppedByUser, Yes, false},
	"exit 0 under Spot":                                  {Stop{Code: codeSpot, Containers: exits(0)}, Interrupted, Yes, false},

	"person asked, exit 0":                {Stop{Code: codeEssentialExited, Containers: exits(0), Asked: AskedByPerson}, StoppedByUser, Yes, false},
	"person asked, never started":         {Stop{Code: codeFailedToStart, Reason: eniText, Asked: AskedByPerson}, StoppedByUser, Unknown, false},
	"timeout, exit 0":                     {Stop{Code: codeEssentialExited, Containers: exits(0), Asked: AskedByTimeout}, AppFailed, Yes, false},
	"timeout, exit 0 under UserInitiated": {Stop{Code: codeUserInitiated, Containers: exits(0), Asked: AskedByTimeout}, AppFailed, Yes, false},
	"hung in PROVISIONING":                {Stop{Code: codeUserInitiated, Asked: AskedByLaunchTimeout, AskedWhile: "PROVISIONING"}, Retry, No, true},
	"hung in PENDING":                     {Stop{Code: codeUserInitiated, Asked: AskedByLaunchTimeout, AskedWhile: "PENDING"}, AppFailed, Unknown, false},
	"hung, then pulled":                   {Stop{Code: codeUserInitiated, Asked: AskedByLaunchTimeout, AskedWhile: "PROVISIONING", SawPull: true}, AppFailed, Unknown, false},
	"hung, says that it ran":              {Stop{Code: codeUserInitiated, Asked: AskedByLaunchTimeout, AskedWhile: "PROVISIONING", Containers: []Container{{Name: "app", Reason: "OutOfMemoryError: Container killed due to memory usage"}}}, AppFailed, Unknown, false},
	"hung, a mistake, its start unclear":  {Stop{Code: codeFailedToStart, Reason: "CannotPullContainerError: manifest for x:1 not found", Asked: AskedByLaunchTimeout, AskedWhile: "PROVISIONING"}, Config, Unknown, false},
	"hung, tells of a later time":         {Stop{Code: codeFailedToStart, Reason: "Network interface eni-1 was detached", Asked: AskedByLaunchTimeout, AskedWhile: "PROVISIONING"}, AppFailed, Unknown, false},
	"hung, in our own words":              {Stop{Code: codeUserInitiated, Reason: "batchplane: not RUNNING 20m after its launch", Asked: AskedByLaunchTimeout, AskedWhile: "PROVISIONING"}, Retry, No, true},
	"hung, then ran":                      {Stop{Code: codeUserInitiated, Asked: AskedByLaunchTimeout, AskedWhile: "PROVISIONING", Containers: exits(0)}, AppFailed, Yes, false},
	"hung, runtime id":                    {Stop{Code: codeUserInitiated, Asked: AskedByLaunchTimeout, AskedWhile: "PROVISIONING", Containers: []Container{{RuntimeID: "r"}}}, AppFailed, Yes, false},
	"hung, essential exited":              {Stop{Code: codeEssentialExited, Asked: AskedByLaunchTimeout, AskedWhile: "PROVISIONING"}, AppFailed, Yes, false},
	"hung, not over":                      {Stop{LastStatus: "DEPROVISIONING", Code: codeUserInitiated, Asked: AskedByLaunchTimeout, AskedWhile: "PROVISIONING"}, NotStopped, Unknown, false},
	"hung, failed by itself, proved":      {Stop{Code: codeFailedToStart, Reason: eniText, Asked: AskedByLaunchTimeout, AskedWhile: "PENDING"}, Retry, No, true},
	"hung, failed by itself, not":         {Stop{Code: codeFailedToStart, Reason: pullText, Asked: AskedByLaunchTimeout, AskedWhile: "PENDING"}, AppFailed, Unknown, false},

	"failures":                                 {Stop{Kind: LaunchFailure, Reason: "RESOURCE:CPU"}, Retry, No, true},
	"failures, a task that is not found":       {Stop{Kind: LaunchFailure, Reason: "MISSING", ARN: "arn:aws:ecs:eu-west-1:123456789012:task/jobs/0a1"}, Ambiguous, Unknown, false},
	"failures, a task, for another reason":     {Stop{Kind: LaunchFailure, Reason: "RESOURCE:CPU", ARN: "arn:aws:ecs:eu-west-1:123456789012:task/jobs/0a1"}, Ambiguous, Unknown, false},
	"failures, not found, of what":             {Stop{Kind: LaunchFailure, Reason: "MISSING"}, Ambiguous, Unknown, false},
	"failures, an instance not found":          {Stop{Kind: LaunchFailure, Reason: "MISSING", ARN: "arn:aws:ecs:eu-west-1:123456789012:container-instance/0a1"}, Ambiguous, No, true},
	"failures, a detail beside a known reason": {Stop{Kind: LaunchFailure, Reason: "RESOURCE:MEMORY", Detail: "the container instance is inactive"}, Retry, No, true},
	"no code, taken away while it ran":         {Stop{CodeMissing: true, Reason: "Task retirement", Containers: exits(137)}, Interrupted, Yes, false},
	"failures, detail":                         {Stop{Kind: LaunchFailure, Reason: "ERROR", Detail: "not authorized to perform iam:PassRole"}, Config, No, false},
	"conflict":                                 {Stop{Kind: LaunchException, ErrorCode: "ConflictException"}, Config, Yes, false},
	"server error":                             {Stop{Kind: LaunchException, ErrorCode: "ServerException", Reason: "Rate exceeded"}, Ambiguous, Unknown, false},
	"client error":                             {Stop{Kind: LaunchException, ErrorCode: "ClientException"}, Ambiguous, No, true},
	"unknown code":                             {Stop{Kind: LaunchException, ErrorCode: "New", Reason: "x"}, Ambiguous, Unknown, false},
	"unknown code, a refusal":                  {Stop{Kind: LaunchException, ErrorCode: "NewException", Reason: "x status code: 400, request id: y"}, Ambiguous, No, true},
	"server error that quotes a status":        {refused("ServerException", "EC2 said so (Status Code: 400)"), Ambiguous, Unknown, false},
	"server error around a throttled call":     {refused("", "ServerException: An error occurred (ThrottlingException) when calling the X operation: Rate exceeded"), Ambiguous, Unknown, false},
	"lost answer after a refusal":              {refused("", "context deadline exceeded, last error: status code: 400"), Ambiguous, Unknown, false},
	"unknown code, known text":                 {refused("New", "Capacity is unavailable at this time."), Retry, Unknown, false},
	"no code, known text":                      {refused("", "Capacity is unavailable at this time."), Retry, No, true},
	"code with a name space":                   {Stop{Kind: LaunchException, ErrorCode: "com.amazonaws.ecs#ThrottlingException"}, Retry, No, true},
}

func TestStructure(t *testing.T) {
	t.Parallel()
	for name, c := range structureCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.stop.Kind == "" {
				c.stop.Kind = Task
			}
			v := Classify(c.stop)
			if v.Class != c.class || v.Started != c.started || v.Relaunch() != c.re {
				t.Errorf("%s started %s relaunch %t by %s, want %s %s %t", v.Class, v.Started, v.Relaunch(), v.Rule, c.class, c.started, c.re)
			}
		})
	}
}

// TestAnEndAfterTheLimit: ECS says that the job ended by itself, so our stop did not end it.
func TestAnEndAfterTheLimit(t *testing.T) {
	t.Parallel()
	s := Stop{Kind: Task, Code: codeEssentialExited, Reason: exitText, Containers: exits(0), Asked: AskedByTimeout, AskedWhile: "RUNNING"}
	if v := Classify(s); v.Rule != RuleEndedLate || v.Class != AppFailed || v.Helps != No {
		t.Errorf("exit 0 by itself: %+v", v)
	}
	s.Containers = exits(1)
	if v := Classify(s); v.Rule != RuleTimedOut || v.Helps != Unknown {
		t.Errorf("exit 1: %+v", v)
	}
	s.Code, s.Containers = codeUserInitiated, exits(0)
	if v := Classify(s); v.Rule != RuleTimedOut || v.Helps != Unknown {
		t.Errorf("exit 0 of a stopped task: %+v", v)
	}
}

func TestLauncherHelpers(t *testing.T) {
	t.Parallel()
	throttled := map[string]Stop{
		"ecs":  refused("ThrottlingException", "Rate exceeded"),
		"ec2":  refused("InvalidParameterException", "Error retrieving subnet information for [subnet-1]: Rate exceeded (ErrorCode: Throttling)"),
		"ec2b": refused("InvalidParameterException", "Error retrieving security group information for [sg-1]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)"),
	}
	for name, s := range throttled {
		if !Throttled(s) {
			t.Errorf("%s: not seen as throttled", name)
		}
	}
	for _, s := range []Stop{refused("ServerException", "Rate exceeded"), refused("ClientException", "x"), failed("Rate limit exceeded while preparing network interface"), {Kind: LaunchFailure, Reason: "RESOURCE:CPU"}} {
		if Throttled(s) {
			t.Errorf("%v is no rate limit of the API", s)
		}
	}
	if v := Classify(Stop{Kind: LaunchFailure, Reason: "Capacity is unavailable at this time."}); v.Lacks() != NoCapacity {
		t.Error("no capacity: ", v)
	}
	if v := Classify(failed("Capacity is unavailable at this time.")); v.Lacks() != NoCapacity {
		t.Error("no capacity: ", v)
	}
	if v := Classify(refused("ClientException", "TaskDefinition is inactive")); v.Rule != RuleInactive {
		t.Error("not inactive: ", v)
	}
}

func TestLongTexts(t *testing.T) {
	t.Parallel()
	v := Classify(failed(strings.Repeat("x ", 100_000) + eniText))
	if v.Class != Retry {
		t.Errorf("%+v", v)
	}
}

func exits(codes ...int64) []Container {
	list := make([]Container, len(codes))
	for i := range codes {
		list[i] = Container{ExitCode: &codes[i]}
	}
	return list
}
