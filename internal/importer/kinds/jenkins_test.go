package kinds_test

import (
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
)

// aJenkinsJob gives a freestyle job with a timer, a command, and more elements.
func aJenkinsJob(spec, command, more string) string {
	return "<?xml version='1.1' encoding='UTF-8'?>\n<project><keepDependencies>false</keepDependencies><triggers><hudson.triggers.TimerTrigger><spec>" + spec +
		"</spec></hudson.triggers.TimerTrigger></triggers><builders><hudson.tasks.Shell><command>" + command + "</command></hudson.tasks.Shell></builders>" + more + "</project>"
}

// TestJenkinsJobs: what a job of Jenkins says that a job here cannot keep switches it off.
func TestJenkinsJobs(t *testing.T) {
	t.Parallel()
	builder := func(xml string) string {
		return strings.Replace(aJenkinsJob("0 3 * * *", "", ""), "<hudson.tasks.Shell><command></command></hudson.tasks.Shell>", xml, 1)
	}
	wrapped := func(xml string) string {
		return aJenkinsJob("0 3 * * *", "/x", "<concurrentBuild>true</concurrentBuild><buildWrappers>"+xml+"</buildWrappers>")
	}
	after := func(xml string) string {
		return aJenkinsJob("0 3 * * *", "/x", "<concurrentBuild>true</concurrentBuild><publishers>"+xml+"</publishers>")
	}
	parameter := func(class, xml string, command ...string) string {
		return aJenkinsJob("0 3 * * *", strings.Join(append([]string{"/x"}, command...), "\n"), "<properties><hudson.model.ParametersDefinitionProperty><parameterDefinitions><hudson.model."+class+">"+xml+"</hudson.model."+class+"></parameterDefinitions></hudson.model.ParametersDefinitionProperty></properties>")
	}
	injected := func(variables string) string {
		return aJenkinsJob("0 3 * * *", "/x", "<properties><EnvInjectJobProperty><info><propertiesContent>"+variables+"</propertiesContent></info></EnvInjectJobProperty></properties>")
	}
	blocker := func(on string) string {
		return aJenkinsJob("0 3 * * *", "/x", "<properties><hudson.plugins.buildblocker.BuildBlockerProperty><useBuildBlocker>"+on+"</useBuildBlocker><blockingJobs>a.*\nb</blockingJobs></hudson.plugins.buildblocker.BuildBlockerProperty></properties>")
	}
	run(t, "jenkins", "nightly.xml", []told{
		{name: "a plain one", text: aJenkinsJob("0 3 * * *", "/x", ""), zone: "UTC", says: []string{"`timeout: 24h` is proposed", "java -jar jenkins-cli.jar disable-job nightly"}, never: "dst", jobs: 1},
		{name: "no zone", text: aJenkinsJob("0 3 * * *", "/x", ""), says: []string{"UTC is assumed; set it with --zone"}, jobs: 1},
		{name: "its own zone", text: aJenkinsJob("TZ=Europe/Rome\n0 3 * * *", "/x", ""), zone: "UTC", says: []string{"Jenkins loses a time in the spring gap"}, jobs: 1},
		{name: "no such zone", text: aJenkinsJob("TZ=Europe/Nowhere\n0 3 * * *", "/x", ""), says: []string{"Europe/Nowhere"}},
		{name: "drawn", text: aJenkinsJob("H 3 * * *", "/x", ""), zone: "UTC", says: []string{"H 3 * * * is 1 3 * * *", "full name, nightly"}, jobs: 1},
		{name: "both day fields", text: aJenkinsJob("0 3 1-10 * 1", "/x", ""), zone: "UTC", says: []string{"only on days that both day fields have"}},
		{name: "a day field that cron would take for one alone", text: aJenkinsJob("0 3 */2 * 1", "/x", ""), zone: "UTC", says: []string{"only on days that both day fields have"}},
		{name: "never", text: aJenkinsJob("0 3 30 2 *", "/x", ""), zone: "UTC", says: []string{"it never fires"}},
		{name: "refused by Jenkins", text: aJenkinsJob("0 3 * * MON", "/x", ""), zone: "UTC", says: []string{"its timer is refused by Jenkins"}},
		{name: "no line", text: aJenkinsJob("# off", "/x", ""), zone: "UTC", says: []string{"its timer is empty"}},
		{name: "very many lines", text: aJenkinsJob(strings.Repeat("0 3 * * *\n", 101), "/x", ""), zone: "UTC", says: []string{"its timer has 101 lines"}},
		{name: "many lines", text: aJenkinsJob(strings.Repeat("0 3 * * *\n", 100), "/x", ""), zone: "UTC", says: []string{"its timer has 100 lines"}, jobs: 100},
		{name: "the same minute twice", text: aJenkinsJob("0 3 * * *\n0 3 * * 1", "/x", ""), zone: "UTC", says: []string{"name the same minute"}, jobs: 2},
		{name: "lines beside each other", text: aJenkinsJob("0 3 * * *\n0 4 * * *", "/x", ""), zone: "UTC", says: []string{"two of them may run at once"}, never: "name the same minute", jobs: 2},
		{name: "lines beside each other that may overlap", text: aJenkinsJob("0 3 * * *\n0 4 * * *", "/x", "<concurrentBuild>true</concurrentBuild>"), zone: "UTC", says: []string{"its timer has 2 lines"}, never: "at once", jobs: 2},
		{name: "lines on other days", text: aJenkinsJob("0 3 * * 1\n0 3 * * 2\n0 3 1 * *", "/x", "<disabled>true</disabled>"), zone: "UTC", says: []string{"name the same minute"}, jobs: 3, off: true},
		{name: "lines on other weekdays", text: aJenkinsJob("0 3 * * 1\n0 3 * * 2", "/x", ""), zone: "UTC", never: "name the same minute", jobs: 2},
		{name: "lines on other days of the month", text: aJenkinsJob("0 3 1 * *\n0 3 2 * *", "/x", ""), zone: "UTC", never: "name the same minute", jobs: 2},
		{name: "disabled", text: aJenkinsJob("0 3 * * *", "/x", "<disabled>true</disabled>"), zone: "UTC", says: []string{"it is disabled"}, never: "jenkins-cli", jobs: 1, off: true},
		{name: "a variable of Jenkins", text: aJenkinsJob("0 3 * * *", "cp /x s3://b/${BUILD_NUMBER}", ""), zone: "UTC", says: []string{"it uses BUILD_NUMBER"}, jobs: 1, off: true},
		{name: "a parameter with the name of one", text: parameter("StringParameterDefinition", "<name>GIT_BRANCH</name><defaultValue>main</defaultValue>", "echo $GIT_BRANCH"), zone: "UTC", never: "which Jenkins sets", jobs: 1},
		{name: "a choice with the name of one", text: parameter("ChoiceParameterDefinition", "<name>GIT_BRANCH</name><choices><string>main</string></choices>", "echo $GIT_BRANCH"), zone: "UTC", never: "which Jenkins sets", jobs: 1},
		{name: "an assignment of a secret", text: aJenkinsJob("0 3 * * *", "API_KEY=hunter2 /x", ""), zone: "UTC", says: []string{"the command sets API_KEY"}, jobs: 1},
		{name: "an unstable exit code", text: builder("<hudson.tasks.Shell><command>/x</command><unstableReturn>3</unstableReturn></hudson.tasks.Shell>"), zone: "UTC", says: []string{"the exit code 3 made a build unstable"}, jobs: 1},
		{name: "throttled", text: aJenkinsJob("0 3 * * *", "/x", "<properties><hudson.plugins.throttleconcurrents.ThrottleJobProperty><throttleEnabled>true</throttleEnabled></hudson.plugins.throttleconcurrents.ThrottleJobProperty></properties>"), zone: "UTC", says: []string{"throttled together"}, jobs: 1},
		{name: "not throttled", text: aJenkinsJob("0 3 * * *", "/x", "<properties><hudson.plugins.throttleconcurrents.ThrottleJobProperty><throttleEnabled>false</throttleEnabled></hudson.plugins.throttleconcurrents.ThrottleJobProperty></properties>"), zone: "UTC", never: "throttled together", jobs: 1},
		{name: "variables around the steps", text: aJenkinsJob("0 3 * * *", "/x", "<buildWrappers><EnvInjectBuildWrapper><info><propertiesContent>B=c</propertiesContent></info></EnvInjectBuildWrapper></buildWrappers>"), zone: "UTC", says: []string{": B=c"}, jobs: 1},
		{name: "variables of a script", text: aJenkinsJob("0 3 * * *", "/x", "<properties><EnvInjectJobProperty><info><propertiesContent>#A=hidden\nB=c</propertiesContent><scriptContent>x</scriptContent></info></EnvInjectJobProperty></properties>"), zone: "UTC", says: []string{"variables by scriptContent", ": B=c"}, never: "hidden", jobs: 1, off: true},
		{name: "a pipeline whose builds may overlap", text: "<flow-definition><triggers><hudson.triggers.TimerTrigger><spec>0 3 * * *</spec></hudson.triggers.TimerTrigger></triggers><definition><script>x</script></definition></flow-definition>", zone: "UTC", says: []string{"a pipeline in Groovy"}, never: "overlap", jobs: 1, off: true},
		{name: "a key's credential", text: wrapped("<x.SecretBuildWrapper><bindings><x.SSHUserPrivateKeyBinding><credentialsId>c</credentialsId><keyFileVariable>K</keyFileVariable><usernameVariable>U</usernameVariable></x.SSHUserPrivateKeyBinding></bindings></x.SecretBuildWrapper>"), zone: "UTC", says: []string{"its credential c was a file", "its variable U"}, jobs: 1, off: true},
		{name: "a checkout", text: aJenkinsJob("0 3 * * *", "/x", `<scm class="hudson.plugins.git.GitSCM"><a><url>https://u:hunter2@h/r</url></a></scm>`), zone: "UTC", says: []string{"a checkout of https://u:(secret"}, jobs: 1, off: true},
		{name: "no checkout", text: aJenkinsJob("0 3 * * *", "/x", `<scm class="hudson.scm.NullSCM"/>`), zone: "UTC", never: "checkout", jobs: 1},
		{name: "a step that starts another job", text: builder("<hudson.plugins.parameterizedtrigger.TriggerBuilder><configs><hudson.plugins.parameterizedtrigger.BlockableBuildTriggerConfig><configs/><projects>deploy, check</projects></hudson.plugins.parameterizedtrigger.BlockableBuildTriggerConfig></configs></hudson.plugins.parameterizedtrigger.TriggerBuilder>"), zone: "UTC", says: []string{"its step TriggerBuilder starts deploy, check, and batchplane chains no jobs: put their commands into one"}, never: "write its command", jobs: 1, off: true},
		{name: "a step of Windows", text: builder("<hudson.tasks.BatchFile><command>dir</command></hudson.tasks.BatchFile>"), zone: "UTC", says: []string{"its step BatchFile is no shell's"}, never: "no steps", jobs: 1, off: true},
		{name: "a step in Python", text: builder("<hudson.tasks.Shell><command>#!/usr/bin/env python3\nprint()</command></hudson.tasks.Shell>"), zone: "UTC", says: []string{"a script of /usr/bin/env python3"}, never: "no steps", jobs: 1, off: true},
		{name: "a process that stays", text: aJenkinsJob("0 3 * * *", "BUILD_ID=dontKillMe /srv/start.sh", ""), zone: "UTC", says: []string{"leaves a process behind"}, jobs: 1, off: true},
		{name: "a step that is empty", text: aJenkinsJob("0 3 * * *", "", ""), zone: "UTC", says: []string{"it has no steps"}, jobs: 1, off: true},
		{name: "a step of comments alone", text: aJenkinsJob("0 3 * * *", "# /x", ""), zone: "UTC", says: []string{"it has no steps"}, jobs: 1, off: true},
		{name: "no step", text: builder(""), zone: "UTC", says: []string{"it has no steps"}, jobs: 1, off: true},
		{name: "a secret in a command", text: aJenkinsJob("0 3 * * *", "mysql -u root --password=hunter2 -h db.example.com -e 'select 1'", ""), zone: "UTC", says: []string{"looks like a secret"}, jobs: 1, off: true},
		{name: "a secret in a parameter", text: parameter("StringParameterDefinition", "<name>API_TOKEN</name><defaultValue>hunter2</defaultValue>"), zone: "UTC", says: []string{"its variable API_TOKEN looks like a secret"}, jobs: 1},
		{name: "a credential with a parameter's name", text: strings.Replace(parameter("StringParameterDefinition", "<name>API_TOKEN</name><defaultValue>hunter2</defaultValue>"), "</project>", "<buildWrappers><x.SecretBuildWrapper><bindings><x.StringBinding><variable>API_TOKEN</variable></x.StringBinding></bindings></x.SecretBuildWrapper></buildWrappers></project>", 1), zone: "UTC", says: []string{"its variable API_TOKEN looks like a secret"}, never: "other value", jobs: 1},
		{name: "a password", text: parameter("PasswordParameterDefinition", "<name>A</name><defaultValue>{AQAAABAAAAAQhunter2}</defaultValue>"), zone: "UTC", says: []string{"its variable A looks like a secret"}, jobs: 1},
		{name: "a parameter that is a file", text: parameter("FileParameterDefinition", "<name>A</name>"), zone: "UTC", says: []string{"is a FileParameterDefinition"}, jobs: 1, off: true},
		{name: "a choice with nothing", text: parameter("ChoiceParameterDefinition", "<name>A</name><choices><string></string><string>b</string></choices>"), zone: "UTC", says: []string{"`inputs` with a `pattern`"}, jobs: 1},
		{name: "a file's credential", text: wrapped("<x.SecretBuildWrapper><bindings><x.FileBinding><credentialsId>c</credentialsId><variable>F</variable></x.FileBinding></bindings></x.SecretBuildWrapper>"), zone: "UTC", says: []string{"its credential c was a file"}, jobs: 1, off: true},
		{name: "a user and password", text: wrapped("<x.SecretBuildWrapper><bindings><x.UsernamePasswordMultiBinding><usernameVariable>U</usernameVariable><passwordVariable>P</passwordVariable></x.UsernamePasswordMultiBinding></bindings></x.SecretBuildWrapper>"), zone: "UTC", says: []string{"its variable U", "its variable P"}, jobs: 1},
		{name: "an unknown wrapper", text: wrapped("<x.DockerBuildWrapper/>"), zone: "UTC", says: []string{"DockerBuildWrapper does something around its steps"}, jobs: 1, off: true},
		{name: "a time limit of another kind", text: wrapped(`<x.BuildTimeoutWrapper><strategy class="x.LikelyStuckTimeOutStrategy"/></x.BuildTimeoutWrapper>`), zone: "UTC", says: []string{"write `timeout`"}, jobs: 1},
		{name: "a job that it starts", text: after("<hudson.tasks.BuildTrigger><childProjects>b</childProjects></hudson.tasks.BuildTrigger>"), zone: "UTC", says: []string{"it starts b when it ends"}, jobs: 1, off: true},
		{name: "files that it keeps", text: after("<hudson.tasks.ArtifactArchiver/>"), zone: "UTC", says: []string{"lost with the container"}, jobs: 1, off: true},
		{name: "a plugin that runs a script after the steps", text: after("<hudson.plugins.postbuildtask.PostbuildTask><tasks/></hudson.plugins.postbuildtask.PostbuildTask>"), zone: "UTC", says: []string{"PostbuildTask did something after its steps that a task does not do"}, jobs: 1, off: true},
		{name: "a plugin that copies files after the steps", text: after("<jenkins.plugins.publish__over__ssh.BapSshPublisherPlugin/>"), zone: "UTC", says: []string{"BapSshPublisherPlugin did something"}, jobs: 1, off: true}, // github.com/NexellCorp/infrastructure_jenkins_config
		{name: "files that it copies", text: after("<com.michelin.cio.hudson.plugins.copytoslave.CopyToMasterNotifier/>"), zone: "UTC", says: []string{"lost with the container"}, jobs: 1, off: true},
		{name: "plugins that tell", text: after("<org.jenkinsci.plugins.emotional__jenkins.EmotionalJenkinsPublisher/><hudson.plugins.ircbot.IrcPublisher/><org.jenkinsci.plugins.github.status.GitHubCommitStatusSetter/><io.jenkins.plugins.analysis.core.steps.IssuesRecorder/><org.jenkinsci.plugins.android__lint.LintPublisher/>"), zone: "UTC", says: []string{"IrcPublisher did something after its steps", "IssuesRecorder did"}, never: "that a task does not do", jobs: 1},
		{name: "old builds that it discards", text: after("<org.jenkinsci.plugins.discardbuild.DiscardBuildPublisher/>"), zone: "UTC", never: "DiscardBuild", jobs: 1},
		{name: "an unknown publisher", text: after("<x.HueNotifier/>"), zone: "UTC", says: []string{"HueNotifier did something after its steps"}, jobs: 1},
		{name: "Maven", text: strings.ReplaceAll(aJenkinsJob("0 3 * * *", "", "<goals>deploy</goals>"), "project>", "maven2-moduleset>"), zone: "UTC", says: []string{"it runs Maven (deploy)"}, jobs: 1, off: true},
		{name: "a matrix", text: strings.ReplaceAll(aJenkinsJob("0 3 * * *", "/x", ""), "project>", "matrix-project>"), zone: "UTC", says: []string{"each combination of its axes"}, jobs: 1, off: true},
		{name: "a folder of its node", text: aJenkinsJob("0 3 * * *", "make", "<customWorkspace>/srv/build</customWorkspace>"), zone: "UTC", says: []string{"in the folder /srv/build of its node"}, jobs: 1, off: true},
		{name: "another trigger", text: strings.Replace(aJenkinsJob("0 3 * * *", "/x", ""), "<triggers>", "<triggers><jenkins.triggers.ReverseBuildTrigger><upstreamProjects>first</upstreamProjects></jenkins.triggers.ReverseBuildTrigger>", 1), zone: "UTC", says: []string{"needs a decision: ReverseBuildTrigger starts it as well as its timer"}, never: "TimerTrigger starts", jobs: 1},
		{name: "a token", text: aJenkinsJob("0 3 * * *", "/x", "<authToken>hunter2</authToken>"), zone: "UTC", says: []string{"by a URL with a token"}, never: "hunter2", jobs: 1},
		{name: "a quiet period", text: aJenkinsJob("0 3 * * *", "/x", "<quietPeriod>600</quietPeriod>"), zone: "UTC", says: []string{"waited 600 seconds"}, jobs: 1},
		{name: "no quiet period and no token", text: aJenkinsJob("0 3 * * *", "/x", ""), zone: "UTC", never: "waited", jobs: 1},
		{name: "not beside jobs before it", text: aJenkinsJob("0 3 * * *", "/x", "<blockBuildWhenUpstreamBuilding>true</blockBuildWhenUpstreamBuilding>"), zone: "UTC", says: []string{"jobs before or after it"}, jobs: 1},
		{name: "not beside jobs after it", text: aJenkinsJob("0 3 * * *", "/x", "<blockBuildWhenDownstreamBuilding>true</blockBuildWhenDownstreamBuilding>"), zone: "UTC", says: []string{"jobs before or after it"}, jobs: 1},
		{name: "blocked by jobs", text: blocker("true"), zone: "UTC", says: []string{"needs a decision: it waited while a.* b were being built"}, jobs: 1},
		{name: "blocked by no jobs", text: blocker("false"), zone: "UTC", never: "waited", jobs: 1},
		{name: "a variable with a variable", text: injected("DIR=/opt/x\nPATH=$DIR/bin:$PATH"), zone: "UTC", says: []string{"reads \\ in the value of PATH"}, never: "of DIR", jobs: 1, off: true},
		{name: "a variable with a backslash", text: injected("LINE=a \\\n b"), zone: "UTC", says: []string{"the value of LINE", "the value of b"}, jobs: 1, off: true},
		{name: "plain variables", text: injected("\n# a\n! $b\nA=b c\n"), zone: "UTC", says: []string{": A=b c"}, never: "the value of A", jobs: 1},
		{name: "files that it mails", text: after("<hudson.plugins.emailext.ExtendedEmailPublisher><attachmentsPattern>out/*.csv</attachmentsPattern></hudson.plugins.emailext.ExtendedEmailPublisher>"), zone: "UTC", says: []string{"mails files of its workspace (out/*.csv)"}, jobs: 1, off: true},
		{name: "mails without files", text: after("<hudson.plugins.emailext.ExtendedEmailPublisher><attachmentsPattern></attachmentsPattern></hudson.plugins.emailext.ExtendedEmailPublisher>"), zone: "UTC", says: []string{"ExtendedEmailPublisher is dropped"}, jobs: 1},
		{name: "a choice of secrets", text: parameter("ChoiceParameterDefinition", "<name>DB_PASSWORD</name><choices><string>hunter2</string><string>hunter3</string></choices>"), zone: "UTC", says: []string{"its variable DB_PASSWORD looks like a secret"}, never: "hunter", jobs: 1},
		{name: "a job of another kind", text: strings.ReplaceAll(aJenkinsJob("0 3 * * *", "/x", ""), "project>", "com.tikal.jenkins.plugins.multijob.MultiJobProject>"), says: []string{"it is a MultiJobProject, a kind of job that is not read"}},
		{name: "a folder", text: "<com.cloudbees.hudson.plugins.folder.Folder><triggers><hudson.triggers.TimerTrigger><spec>H H * * *</spec></hudson.triggers.TimerTrigger></triggers></com.cloudbees.hudson.plugins.folder.Folder>", says: []string{"it is no job"}},
		{name: "no timer", text: "<project><keepDependencies>false</keepDependencies></project>", says: []string{"it has no timer"}},
		{name: "a timer with parameters", text: "<project><triggers><org.jenkinsci.plugins.parameterizedscheduler.ParameterizedTimerTrigger/></triggers><hudson.x/></project>", says: []string{"Parameterized Scheduler"}},
	})
}

// TestJenkinsSteps: steps become one command that ends where Jenkins would have ended.
func TestJenkinsSteps(t *testing.T) {
	t.Parallel()
	step := func(commands ...string) string {
		var b strings.Builder
		for _, c := range commands {
			b.WriteString("<hudson.tasks.Shell><command>" + c + "</command></hudson.tasks.Shell>")
		}
		return strings.Replace(aJenkinsJob("0 3 * * *", "", ""), "<hudson.tasks.Shell><command></command></hudson.tasks.Shell>", b.String(), 1)
	}
	for _, c := range []struct {
		name, text, want string
	}{
		{"one command", step("/app/report --all"), "/bin/sh -c /app/report --all"},
		{"several lines stop at the first failure", step("/a\n/b"), "/bin/sh -c set -e\n/a\n/b"},
		{"a first line that says so", step("#!/bin/bash -ex\n/a\n/b"), "/bin/bash -c set -e\n/a\n/b"},
		{"a first line that does not", step("#!/bin/bash\n/a\n/b"), "/bin/bash -c /a\n/b"},
		{"a shell that env finds", step("#!/usr/bin/env bash\n/a"), "bash -c /a"},
		{"a login shell", step("#!/bin/bash -l\n/a"), "/bin/bash -l -c /a"},
		{"a login shell that stops", step("#!/bin/bash --login -ex\n/a\n/b"), "/bin/bash -l -c set -e\n/a\n/b"},
		{"a login shell among others", step("/a", "#!/bin/bash -le\n/b"), "/bin/bash -l -c set -e\n(\n/a\n)\n(\n/b\n)"},
		{"a login shell that starts another", step("#!/bin/bash -l\nsh -c '/a'"), "sh -l -c /a"},
		{"a strict shell", step("#!/bin/bash -eu -o pipefail\n/a"), "/bin/bash -c set -u\nset -o pipefail\n/a"},
		{"a strict shell among others", step("#!/bin/bash -u\n/a\n/b", "/c"), "/bin/bash -c set -e\n(\nset +e\nset -u\n/a\n/b\n)\n(\n/c\n)"},
		{"a first line that is not the first", step("\n#!/bin/bash\n/a\n/b"), "/bin/sh -c set -e\n#!/bin/bash\n/a\n/b"},
		{"carriage returns", step("/a\r\n/b\r\n"), "/bin/sh -c set -e\n/a\n/b"},
		{"steps that do nothing", step("/a", "# /b\n\n# /c", ""), "/bin/sh -c /a"},
		{"two steps", step("cd /x\n/a", "#!/bin/bash\n/b\n/c"), "/bin/bash -c set -e\n(\ncd /x\n/a\n)\n(\nset +e\n/b\n/c\n)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := kinds.Import("", []*importer.File{{Name: "a.xml", Data: []byte(c.text)}}, importer.Options{From: from, Zone: "UTC"}, kinds.Options{})
			if err != nil || len(r.Jobs) != 1 {
				t.Fatal(r.Entries, err)
			}
			if got := strings.Join(r.Jobs[0].Command, " "); got != c.want {
				t.Errorf("%q instead of %q", got, c.want)
			}
		})
	}
}

// TestJenkinsFiles: what is no whole configuration is told in a sentence.
func TestJenkinsFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"cut off", "<project>\n<hudson.triggers.TimerTrigger>", "a.xml could not be read: this is not XML (line 2)"},
		{"deep", "<project><hudson.x>" + strings.Repeat("<a>", 200), "nested more than 100 deep"},
		{"an entity of its own", "<!DOCTYPE project [<!ENTITY a 'b'>]><project><hudson.x>&a;</hudson.x></project>", "this is not XML"},
		{"not UTF-8", "<project><hudson.x>\xff</hudson.x></project>", "not a text file in UTF-8"},
	} {
		_, err := kinds.Import("", []*importer.File{{Name: "a.xml", Data: []byte(c.text)}}, importer.Options{From: from}, kinds.Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// Among others it is told, and loses none of them.
	many := []*importer.File{{Name: "a.xml", Data: []byte("<project>\n<hudson.x>")}, {Name: "b.xml", Data: []byte(aJenkinsJob("0 3 * * *", "echo '&#x1b;[1m'", ""))}}
	if r, err := kinds.Import("", many, importer.Options{From: from, Zone: "UTC"}, kinds.Options{}); err != nil || len(r.Jobs) != 1 || r.Jobs[0].Command[2] != "echo '\x1b[1m'" || len(r.Entries) != 2 || r.Entries[0].File != "a.xml" || r.Entries[0].Verdict != importer.Refused ||
		!strings.Contains(strings.Join(r.Entries[0].Notes, "\n"), "it could not be read: this is not XML") {
		t.Errorf("%+v %v", r.Entries, err)
	}
	// A pom.xml is a project too.
	if r, err := kinds.Import("", []*importer.File{{Name: "pom.xml", Data: []byte("<project><modelVersion>4.0.0</modelVersion></project>")}}, importer.Options{From: from}, kinds.Options{}); err == nil {
		t.Errorf("a pom.xml is read: %+v", r)
	}
}

// TestJenkinsNames: what H stands for depends on the job's name, which the file's name says.
func TestJenkinsNames(t *testing.T) {
	t.Parallel()
	drawn := []byte(aJenkinsJob("H 3 * * *", "/x", ""))
	for name, want := range map[string]string{"jobs/a/config.xml": "37 3 * * *", "jobs/b/jobs/a/config.xml": "58 3 * * *", "config.xml": ""} {
		r, err := kinds.Import("", []*importer.File{{Name: name, Data: drawn}}, importer.Options{From: from, Zone: "UTC"}, kinds.Options{})
		if err != nil || len(r.Jobs) != 1 {
			t.Fatal(name, r.Entries, err)
		}
		switch j := r.Jobs[0]; {
		case want != "" && (j.Schedule != want || j.Disabled || r.Steps.Plan(importer.Target{}) == nil):
			t.Errorf("%s: %s, switched off: %v", name, j.Schedule, j.Disabled)
		case want == "" && (!j.Disabled || r.Steps.Plan(importer.Target{}) != nil || !strings.Contains(strings.Join(r.Entries[0].Notes, "\n"), "which the file does not say")):
			t.Errorf("%s: %v, switched off: %v", name, r.Entries[0].Notes, j.Disabled)
		}
	}
	// Jenkins encrypts one password differently for each job.
	encrypted := func(value string) []byte {
		return []byte(aJenkinsJob("0 3 * * *\n0 4 * * *", "/x", "<properties><hudson.model.ParametersDefinitionProperty><parameterDefinitions><hudson.model.PasswordParameterDefinition><name>DB_PASSWORD</name><defaultValue>"+value+"</defaultValue></hudson.model.PasswordParameterDefinition></parameterDefinitions></hudson.model.ParametersDefinitionProperty></properties>"))
	}
	r, err := kinds.Import("", []*importer.File{{Name: "a.xml", Data: encrypted("{AQAAABAAAAAQa=}")}, {Name: "b.xml", Data: encrypted("{AQAAABAAAAAQb=}")}}, importer.Options{From: from, Zone: "UTC"}, kinds.Options{})
	const unseen = "nobody sees whether DB_PASSWORD has the same value in another job"
	if err != nil || len(r.Jobs) != 4 || r.Jobs[2].Disabled || strings.Contains(strings.Join(r.Entries[1].Notes, "\n"), unseen) || !strings.Contains(strings.Join(r.Entries[2].Notes, "\n"), unseen) {
		t.Error(r.Entries, err)
	}
	// A job comes from two files, and two jobs have other values for one secret.
	twice := []*importer.File{{Name: "a.xml", Data: drawn}, {Name: "jobs/a/config.xml", Data: drawn}}
	r, err = kinds.Import("", twice, importer.Options{From: from, Zone: "UTC"}, kinds.Options{})
	if err != nil || len(r.Jobs) != 2 || r.Jobs[0].Disabled || !r.Jobs[1].Disabled {
		t.Error(r.Entries, err)
	}
	secret := func(value string) []byte {
		return []byte(aJenkinsJob("0 3 * * *", "API_KEY="+value+" /x", "<properties><EnvInjectJobProperty><info><propertiesContent>DB_PASSWORD="+value+"</propertiesContent></info></EnvInjectJobProperty></properties>"))
	}
	r, err = kinds.Import("", []*importer.File{{Name: "a.xml", Data: secret("hunter2")}, {Name: "b.xml", Data: secret("hunter3")}}, importer.Options{From: from, Zone: "UTC"}, kinds.Options{})
	if err != nil || len(r.Jobs) != 2 || r.Jobs[0].Disabled || !r.Jobs[1].Disabled || !strings.Contains(strings.Join(r.Entries[1].Notes, "\n"), "DB_PASSWORD has another value in another job") {
		t.Error(r.Entries, err)
	}
}

// TestJenkinsUnnamed: without its name, no step disables a job there, so it must not run here. Several are not one.
func TestJenkinsUnnamed(t *testing.T) {
	t.Parallel()
	fixed := []byte(aJenkinsJob("0 3 * * *", "/x", ""))
	unnamed, err := kinds.Import("", []*importer.File{{Name: "old/a/config.xml", Data: fixed}, {Name: "old/b/config.xml", Data: fixed}}, importer.Options{From: from, Zone: "UTC"}, kinds.Options{})
	if err != nil || len(unnamed.Jobs) != 2 || unnamed.Steps.Plan(importer.Target{}) != nil {
		t.Fatal(unnamed.Entries, err)
	}
	for i, name := range []string{"a", "b"} {
		notes := strings.Join(unnamed.Entries[i].Notes, "\n")
		if j := unnamed.Jobs[i]; j.Name != name || !j.Disabled || !strings.Contains(notes, "without which no step disables it in Jenkins") || strings.Contains(notes, "more than once") {
			t.Errorf("%s, switched off: %v\n%s", j.Name, j.Disabled, notes)
		}
	}
}

// TestJenkinsInputs: a choice is an input, with the default that builds by the timer have.
func TestJenkinsInputs(t *testing.T) {
	t.Parallel()
	parameters := func(xml string) []byte {
		return []byte(aJenkinsJob("0 3 * * *", "/x", "<properties><hudson.model.ParametersDefinitionProperty><parameterDefinitions>"+xml+"</parameterDefinitions></hudson.model.ParametersDefinitionProperty></properties><description>a&#xd;\nb</description>"))
	}
	r, err := kinds.Import("", []*importer.File{{Name: "a.xml", Data: parameters("<hudson.model.ChoiceParameterDefinition><name>A</name><choices><string>b</string><string>c</string></choices></hudson.model.ChoiceParameterDefinition>" +
		"<hudson.model.ChoiceParameterDefinition><name>B</name><defaultValue>c</defaultValue><choices><string>b</string><string>c</string></choices></hudson.model.ChoiceParameterDefinition>" +
		"<hudson.model.BooleanParameterDefinition><name>C</name></hudson.model.BooleanParameterDefinition>")}}, importer.Options{From: from, Zone: "UTC"}, kinds.Options{})
	if err != nil || len(r.Jobs) != 1 {
		t.Fatal(r.Entries, err)
	}
	if in := r.Jobs[0].Inputs; in["A"].Default != "b" || in["B"].Default != "c" || in["C"].Default != "false" || len(in["A"].Choices) != 2 {
		t.Errorf("%+v", in)
	}
	if got := r.Jobs[0].Description; got != "a\nb" {
		t.Errorf("%q", got)
	}
}

// TestWeekOfMonth: both day fields count in Jenkins. One weekday in one of a month's weeks is an
// expression of EventBridge, and nothing else is.
func TestWeekOfMonth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"30 4 1-7 * 1": "cron(30 4 ? * 2#1 *)", "0 4 8-14 * 7": "cron(0 4 ? * 1#2 *)", "0 4 15-21 * 0": "cron(0 4 ? * 1#3 *)", "0 4 22-28 6 6": "cron(0 4 ? 6 7#4 *)", "0 4 29-31 * 3": "cron(0 4 ? * 4#5 *)",
		"*/30 * 1-7 * 1": "cron(0,30 * ? * 2#1 *)", "0 4 1-7 * *": "0 4 1-7 * *", "0 4 * * 1": "0 4 * * 1",
		"0 4 1-7 * 1,2": "", "0 4 1-8 * 1": "", "0 4 25-31 * 5": "", "0 4 1-7/2 * 1": "",
	} {
		r, err := kinds.Import("jenkins", []*importer.File{{Name: "a.xml", Data: []byte(aJenkinsJob(text, "/x", ""))}}, importer.Options{From: from, Zone: "UTC"}, kinds.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(r.Jobs) == 1 {
			got = r.Jobs[0].Schedule
		}
		if got != want {
			t.Errorf("%s: %q instead of %q", text, got, want)
		}
	}
}
