package stop

import (
	"strings"
	"testing"
)

// TestRelaunchIsNarrow: a relaunch needs proof that nothing started and a chance that it helps,
// whatever else the verdict says.
func TestRelaunchIsNarrow(t *testing.T) {
	t.Parallel()
	for _, class := range []Class{Succeeded, AppFailed, Config, Interrupted, StoppedByUser, NotStopped, Retry, Ambiguous} {
		for _, started := range []Answer{Yes, No, Unknown} {
			for _, helps := range []Answer{Yes, No, Unknown} {
				want := (class == Retry || class == Ambiguous) && started == No && helps != No
				if v := (Verdict{Class: class, Started: started, Helps: helps}); v.Relaunch() != want {
					t.Errorf("%s, started %s, helps %s: relaunched %v", class, started, helps, !want)
				}
			}
		}
	}
	for _, started := range []Answer{Yes, Unknown} {
		if v := (Verdict{Class: Retry, Started: started, Rule: ruleCapacity}); v.Lacks() != "" {
			t.Errorf("started %s, and it lacks %s", started, v.Lacks())
		}
	}
	for p := proofNone; p <= proofTask; p++ {
		if got := started(&Stop{StartedAt: now}, p); got != Yes {
			t.Errorf("it started, and a text of proof %d says %s", p, got)
		}
	}
}

// TestEvidenceAmongContainers: what one container says proves nothing about another, in whatever
// order they are listed. Containers that AWS added say nothing about the job.
func TestEvidenceAmongContainers(t *testing.T) {
	t.Parallel()
	agent, proxy := Container{Name: "aws-guardduty-agent-x"}, Container{Name: "proxy"}
	mentions := func(name string) func(*Stop) { return func(s *Stop) { s.Mentioned = []string{name} } }
	of := func(name string) func(*Stop) { return func(s *Stop) { s.Container = name } }
	hung := func(while string, cs ...Container) Stop {
		return Stop{Kind: Task, Code: codeUserInitiated, Asked: AskedByLaunchTimeout, AskedWhile: while, Containers: cs}
	}
	for name, c := range map[string]struct {
		stop    Stop
		started Answer
	}{
		"the agent beside the one that a reason means":          {failed(beforePull, app, agent), No},
		"the agent before the one that a reason means":          {failed(beforePull, agent, app), No},
		"the agent before two of which it may mean either":      {failed(beforePull, agent, app, proxy), Unknown},
		"a name that is mentioned, and listed":                  {with(failed(pullText, app), mentions("app")), No},
		"a name that is mentioned, and not listed":              {with(failed(pullText, app), mentions("proxy")), Unknown},
		"the job's container, listed":                           {with(failed(pullText, app), of("app")), No},
		"the job's container, not listed":                       {with(failed(pullText, app), of("proxy")), Unknown},
		"hung before its network, with its containers":          {hung("PROVISIONING", app, proxy), No},
		"hung before its network, one has an id":                {hung("PROVISIONING", app, Container{Name: "proxy", RuntimeID: onFargate}), Unknown},
		"hung later, and no code says that it failed to start":  {Stop{Kind: Task, CodeMissing: true, Reason: eniText, Asked: AskedByLaunchTimeout, AskedWhile: "PENDING"}, Unknown},
		"hung, beside an agent that ran":                        {hung("PROVISIONING", app, Container{Name: agent.Name, ExitCode: code(143)}), Unknown},
		"hung, beside an agent that did not":                    {hung("PROVISIONING", app, agent), No},
		"hung later, and its code says that it failed to start": {Stop{Kind: Task, Code: codeFailedToStart, Reason: eniText, Asked: AskedByLaunchTimeout, AskedWhile: "PENDING"}, No},
	} {
		if v := Classify(c.stop); v.Started != c.started {
			t.Errorf("%s: started %s by %s, want %s", name, v.Started, v.Rule, c.started)
		}
	}
}

// TestSetUpOnAnInstance: on an instance, a secret, a volume or a file of variables holds back
// only the containers that need it, so another may have run.
func TestSetUpOnAnInstance(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Fetching secret data from SSM Parameter Store in us-west-2: RequestError: send request failed: i/o timeout",
		"CannotCreateVolumeError: failed to create EBS volume",
		"ResourceInitializationError: failed to validate logger args: : signal: killed",
		"CgroupError: Agent could not create task's platform resources",
		"VolumeError: Agent could not create task's volume resources",
	} {
		instance := func(cs ...Container) Stop { return with(failed(text, cs...), func(s *Stop) { s.OnInstance = true }) }
		for name, c := range map[string]struct {
			stop    Stop
			started Answer
		}{
			"on Fargate, none listed":              {failed(text), No},
			"on an instance, all listed":           {instance(app), No},
			"on an instance, none listed":          {instance(), Unknown},
			"on an instance, one is not listed":    {with(instance(app), func(s *Stop) { s.Definition = both }), Unknown},
			"on an instance, the other has run":    {instance(app, Container{Name: "proxy", RuntimeID: ofDocker}), Yes},
			"on an instance, without a stop code":  {with(instance(), func(s *Stop) { s.Code, s.CodeMissing = "", true }), Unknown},
			"on an instance, its interface failed": {with(instance(), func(s *Stop) { s.Reason = eniText }), No},
		} {
			if v := Classify(c.stop); v.Started != c.started {
				t.Errorf("%s, %q: started %s, want %s", name, text, v.Started, c.started)
			}
		}
	}
}

// TestInternalErrorBeforeThePull: ECS names an internal error of its own while it attaches the
// network interface, and its agent one of any later moment.
func TestInternalErrorBeforeThePull(t *testing.T) {
	t.Parallel()
	pulled := func(s *Stop) { s.SawPull = true }
	internal := failed("InternalError: failed to prepare the task", Container{Name: "app", RuntimeID: onFargate})
	of := func(name string) Container {
		return Container{Name: name, RuntimeID: onFargate, ImageDigest: "sha256:1"}
	}
	for name, c := range map[string]struct {
		stop    Stop
		started Answer
	}{
		"no pull":                     {internal, No},
		"a pull had begun":            {with(internal, pulled), Unknown},
		"the image was pulled":        {failed(internal.Reason, of("app")), Unknown},
		"one of two was pulled":       {failed(internal.Reason, app, of("proxy")), Unknown},
		"only what AWS added":         {failed(internal.Reason, app, of("aws-guardduty-agent-x")), No},
		"an interface, after a pull":  {with(failed(eniText, app), pulled), No},
		"no pull, by another code":    {with(internal, func(s *Stop) { s.Code = "SomethingNew" }), Unknown},
		"a pull had begun, it exited": {with(failed(internal.Reason, Container{Name: "app", ExitCode: code(0)}), pulled), Yes},
	} {
		if v := Classify(c.stop); v.Started != c.started || v.Relaunch() != (c.started == No) {
			t.Errorf("%s: started %s, relaunch %t, want %s", name, v.Started, v.Relaunch(), c.started)
		}
	}
}

// TestBeforeAnyBesideAPulledContainer: on Fargate, a text of the time before any container proves nothing
// beside a container that was pulled and says nothing: only its exit code could tell that it ran, and ECS
// does not always report one.
func TestBeforeAnyBesideAPulledContainer(t *testing.T) {
	t.Parallel()
	of := func(name, digest, reason string) Container {
		return Container{Name: name, RuntimeID: onFargate, ImageDigest: digest, Reason: reason}
	}
	for _, text := range []string{
		"ResourceInitializationError: failed to validate logger args: : signal: killed",
		"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s)",
		eniText,
	} {
		for name, c := range map[string]struct {
			containers []Container
			started    Answer
		}{
			"none was pulled":                   {[]Container{of("app", "", ""), of("proxy", "", "")}, No},
			"the only one was pulled":           {[]Container{of("app", "sha256:1", "")}, No},
			"one of two was pulled":             {[]Container{of("app", "", ""), of("proxy", "sha256:1", "")}, Unknown},
			"one was pulled, and not created":   {[]Container{of("app", "", cutPull), of("proxy", "sha256:1", cutPull)}, No},
			"the one that AWS added was pulled": {[]Container{of("app", "", ""), of("proxy", "", ""), of("aws-guardduty-agent-x", "sha256:1", "")}, No},
			"one was pulled, and it ended":      {[]Container{of("app", "", ""), {Name: "proxy", ImageDigest: "sha256:1", ExitCode: code(137)}}, Yes},
		} {
			if v := Classify(failed(text, c.containers...)); v.Started != c.started {
				t.Errorf("%s, %.60q: started %s, want %s", name, text, v.Started, c.started)
			}
		}
		unlisted := failed(text, of("proxy", "sha256:1", ""))
		unlisted.Definition = []Defined{{Name: "app"}, {Name: "proxy"}}
		if v := Classify(unlisted); v.Started != Unknown {
			t.Errorf("one of two is listed and was pulled, %.60q: started %s, want %s", text, v.Started, Unknown)
		}
	}
}

// TestVolumeFromAnImage: its image was pulled, so each container must be known not to have been created.
func TestVolumeFromAnImage(t *testing.T) {
	t.Parallel()
	const text = "CannotCreateVolumeError: unable to copy contents to volume on host: containerd: failed to get image reference: context deadline exceeded"
	of := func(name, reason string) Container {
		return Container{Name: name, RuntimeID: onFargate, ImageDigest: "sha256:1", Reason: reason}
	}
	for name, c := range map[string]struct {
		stop    Stop
		started Answer
	}{
		"the only container":           {failed(text, of("app", "")), No},
		"beside one that says nothing": {failed(text, of("app", text), of("proxy", "")), Unknown},
		"in other words":               {failed(strings.Replace(text, "unable", "failed", 1), of("app", ""), of("proxy", "")), Unknown},
		"beside one not pulled":        {failed(text, of("app", text), of("proxy", cutPull)), No},
		"beside one that ran":          {failed(text, of("app", text), Container{Name: "proxy", ExitCode: code(0)}), Yes},
		"none listed":                  {failed(text), Unknown},
	} {
		if v := Classify(c.stop); v.Started != c.started || v.Relaunch() != (c.started == No) {
			t.Errorf("%s: started %s, relaunch %t, want %s", name, v.Started, v.Relaunch(), c.started)
		}
	}
}

// TestWhoseSuccess: the job's own container, known by its name or as the only essential one, must
// have ended with 0, and no other essential container may have failed by itself.
func TestWhoseSuccess(t *testing.T) {
	t.Parallel()
	exits := func(n int64, name string) Container { return Container{Name: name, ExitCode: &n} }
	unread := Container{Name: "proxy"}
	one := []Defined{{"log", false}, {"app", true}}
	agent := []Defined{{"app", true}, {"aws-guardduty-agent-x", true}}
	for name, c := range map[string]struct {
		job        string
		definition []Defined
		containers []Container
		reason     string
		want       Class
	}{
		"the job, before another that ended well":      {"app", both, []Container{exits(0, "app"), exits(0, "proxy")}, exitText, Succeeded},
		"the job, after another that ended well":       {"app", both, []Container{exits(0, "proxy"), exits(0, "app")}, exitText, Succeeded},
		"another ended well, and the job did not":      {"app", both, []Container{exits(0, "proxy"), exits(1, "app")}, exitText, AppFailed},
		"the one essential, defined last":              {"", one, []Container{exits(0, "app"), unread}, exitText, Succeeded},
		"the one essential beside the agent's":         {"", agent, []Container{exits(0, "app"), unread}, exitText, Succeeded},
		"two essentials, the second was stopped":       {"", both, []Container{exits(0, "app"), exits(143, "proxy")}, exitText, Succeeded},
		"two essentials, the first was stopped":        {"", both, []Container{exits(143, "app"), exits(0, "proxy")}, exitText, Succeeded},
		"two essentials, the second ended badly":       {"", both, []Container{exits(0, "app"), exits(1, "proxy")}, exitText, AppFailed},
		"an end in other words":                        {"app", both, []Container{exits(0, "app"), exits(0, "proxy")}, "Essential container exited in the task", Succeeded},
		"an end for want of memory":                    {"app", both, []Container{exits(0, "app"), exits(0, "proxy")}, "OutOfMemoryError: Container killed due to memory usage", AppFailed},
		"an end for its health":                        {"app", both, []Container{exits(0, "app"), exits(0, "proxy")}, "Task failed container health checks", AppFailed},
		"stopped beside the job, for a reason":         {"app", both, []Container{exits(0, "app"), exits(137, "proxy")}, "Something new", AppFailed},
		"stopped beside the job, which says no reason": {"app", both, []Container{exits(0, "app"), exits(137, "proxy")}, "", Succeeded},
	} {
		s := Stop{Kind: Task, Code: codeEssentialExited, Reason: c.reason, Container: c.job, Definition: c.definition, Containers: c.containers}
		if v := Classify(s); v.Class != c.want {
			t.Errorf("%s: %s by %s, want %s", name, v.Class, v.Rule, c.want)
		}
	}
}
