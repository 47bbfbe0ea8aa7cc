package jenkins

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// settings reads what a job says besides its timer and its steps.
func (r *reading) settings() {
	if r.alone() {
		r.j.Overlap = job.Queue
		r.e.Note("Jenkins lets one build of it wait for the one before, and so does `overlap: queue`")
	}
	r.wrappers() // a credential hides a parameter of its name
	r.properties()
	r.e.Literals(r.j.Environment, "ECS events")
	if class := r.top.Get("scm", "@class").String(); class != "" && class != "hudson.scm.NullSCM" {
		where := ""
		if url := first(r.top.Get("scm"), "url"); url != "" {
			where = " of " + importer.Clip(importer.Hide(url))
		}
		r.e.Off(&r.j, "its steps run in a checkout%s, which a task does not have: put it into the image", where)
	}
	if folder := r.top.Get("customWorkspace").String(); folder != "" {
		r.e.Off(&r.j, "its steps run in the folder %s of its node, which a task does not have: put what they need of it into the image", importer.Clip(folder))
	}
	r.started()
	if label := r.top.Get("assignedNode").String(); label != "" {
		r.e.Note("it ran on nodes with the label %s: the image has to have what these had", importer.Clip(label))
	}
	r.publishers()
}

// started says what else decides when it runs.
func (r *reading) started() {
	r.triggers(func(key string, _ *doc.Node) {
		if key != timerTrigger {
			r.e.Decide("%s starts it as well as its timer: the job has only the schedule", plugin(key))
		}
	})
	if r.top.Get("authToken").String() != "" {
		r.e.Note("a program could start it by a URL with a token; here that is `batchplane run`, with rights of IAM")
	}
	if seconds := r.top.Get("quietPeriod").String(); seconds != "" {
		r.e.Change("Jenkins waited %s seconds before each build, and a job begins at its slot", importer.Clip(seconds))
	}
	if r.top.Get("blockBuildWhenUpstreamBuilding").True() || r.top.Get("blockBuildWhenDownstreamBuilding").True() {
		r.e.Decide("it waited while jobs before or after it were being built: overlap keeps a job from running beside itself, not beside another")
	}
}

// alone reports whether Jenkins runs one build of the job at a time.
func (r *reading) alone() bool {
	const forbidden = "org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty"
	return r.kind != "flow-definition" && !r.top.Get("concurrentBuild").True() || r.top.Get("properties").Has(forbidden)
}

// ignored are properties that say nothing about what runs.
var ignored = []string{
	"jenkins.model.BuildDiscarderProperty", "hudson.model.ParametersDefinitionProperty", "EnvInjectJobProperty",
	"org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty", "org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty",
}

func (r *reading) properties() {
	var left []string
	elements(r.top.Get("properties"), func(key string, v *doc.Node) {
		switch {
		case key == "hudson.model.ParametersDefinitionProperty":
			elements(v.Get("parameterDefinitions"), r.parameter)
		case key == "EnvInjectJobProperty":
			r.injected(v.Get("info"))
		case strings.Contains(key, "ThrottleJobProperty") && v.Get("throttleEnabled").True():
			r.e.Decide("its builds were throttled together with those of other jobs: overlap keeps a job from running beside itself, not beside another")
		case strings.Contains(key, "BuildBlockerProperty") && v.Get("useBuildBlocker").True():
			r.e.Decide("it waited while %s were being built: overlap keeps a job from running beside itself, not beside another", importer.Clip(oneLine(v.Get("blockingJobs").String())))
		case !slices.Contains(ignored, key):
			left = append(left, plugin(key))
		}
	})
	if len(r.open) > 0 {
		r.e.Note("a person could give these parameters other values: %s; `inputs` with a `pattern` allows that", strings.Join(r.open, ", "))
	}
	if len(left) > 0 {
		r.e.Note("these of its settings are left out: %s", strings.Join(left, ", "))
	}
}

// plugin gives the last part of a class, which is how people know it.
func plugin(class string) string {
	return importer.Clip(class[strings.LastIndexAny(class, ".$")+1:])
}

// parameter makes an input of a parameter with choices, and a variable of any other. A build by the
// timer has its default.
func (r *reading) parameter(class string, p *doc.Node) {
	name, value := strings.TrimSpace(p.Get("name").String()), p.Get("defaultValue").String()
	var choices []string
	switch plugin(class) {
	case "StringParameterDefinition", "TextParameterDefinition":
	case "BooleanParameterDefinition":
		choices, value = []string{"true", "false"}, strconv.FormatBool(p.Get("defaultValue").True())
	case "ChoiceParameterDefinition":
		if choices = texts(p.Get("choices")); len(choices) > 0 {
			value = cmp.Or(value, choices[0])
		}
	case "PasswordParameterDefinition":
		r.password(name, value)
		return
	default:
		r.e.Off(&r.j, "its parameter %s is a %s, which has no counterpart", importer.Clip(name), plugin(class))
		return
	}
	secret := func(choice string) bool { return job.LooksSecret(name, choice) }
	if len(choices) == 0 || slices.Contains(choices, "") || slices.ContainsFunc(choices, secret) {
		if len(r.variables(map[string]string{name: value})) > 0 {
			r.open = append(r.open, importer.Clip(name))
		}
		return
	}
	if r.j.Inputs == nil {
		r.j.Inputs = map[string]job.Input{}
	}
	r.j.Inputs[name] = job.Input{Description: cmp.Or(importer.Hide(oneLine(p.Get("description").String())), "A parameter of the Jenkins job."), Default: value, Choices: choices}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// secret leaves a variable to the task definition.
func (r *reading) secret(name, value string) {
	if !r.hidden[name] {
		r.in.TakeSecret(&r.e, &r.j, name, value)
	}
	r.hidden[name] = true
}

// password leaves a parameter to the task definition. Jenkins encrypts one password anew each time.
func (r *reading) password(name, value string) {
	if strings.HasPrefix(value, "{") && strings.HasSuffix(value, "}") {
		if before := r.encrypted[name]; before != "" && before != value {
			r.e.Decide("Jenkins encrypts its passwords, so nobody sees whether %s has the same value in another job: if not, rename one of them, since the task definition has one for all", importer.Clip(name))
		}
		r.encrypted[name], value = value, "encrypted"
	}
	r.secret(name, value)
}

// variables gives the job variables, except for those of credentials and what looks like a secret. It
// returns those that the job got.
func (r *reading) variables(values map[string]string) map[string]string {
	maps.DeleteFunc(values, func(name, _ string) bool { return r.hidden[name] })
	return r.in.TakeVariables(&r.e, &r.j, values)
}

// injected reads the variables of the plugin EnvInject.
func (r *reading) injected(info *doc.Node) {
	for _, key := range []string{"propertiesFilePath", "scriptFilePath", "scriptContent", "groovyScriptContent", "secureGroovyScript"} {
		if v := info.Get(key); strings.TrimSpace(v.String()) != "" || strings.TrimSpace(v.Get("script").String()) != "" {
			r.e.Off(&r.j, "the plugin EnvInject gives it variables by %s, which is not read: write them into `environment`", key)
		}
	}
	values := map[string]string{}
	for line := range strings.Lines(info.Get("propertiesContent").String()) {
		line = strings.TrimSpace(line)
		name, value, ok := strings.Cut(line, "=")
		switch {
		case line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "!"):
			continue
		case !ok, strings.ContainsAny(value, `$\`):
			r.e.Off(&r.j, "the plugin EnvInject replaces variables and reads \\ in the value of %s, which a task does not: write what it comes to", importer.Clip(importer.Hide(strings.TrimSpace(name))))
		}
		if ok {
			values[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	r.variables(values)
}

// wrappers reads what is around the steps.
func (r *reading) wrappers() {
	elements(r.top.Get("buildWrappers"), func(class string, v *doc.Node) {
		switch plugin(class) {
		case "TimestamperBuildWrapper", "AnsiColorBuildWrapper", "BuildNameSetter", "PreBuildCleanup", "BuildUser":
		case "BuildTimeoutWrapper":
			r.timeout(v)
		case "SecretBuildWrapper":
			elements(v.Get("bindings"), r.binding)
		case "EnvInjectBuildWrapper":
			r.injected(v.Get("info"))
		default:
			r.e.Off(&r.j, "the plugin %s does something around its steps that a task does not have", plugin(class))
		}
	})
}

// timeout reads the plugin Build Timeout.
func (r *reading) timeout(v *doc.Node) {
	minutes, err := strconv.Atoi(strings.TrimSpace(v.Get("strategy", "timeoutMinutes").String()))
	if plugin(v.Get("strategy", "@class").String()) != "AbsoluteTimeOutStrategy" || err != nil || minutes < 1 {
		r.e.Decide("it has a time limit of a kind that is not read: write `timeout`")
		return
	}
	r.j.Timeout = job.Duration(min(time.Duration(min(minutes, 1<<20))*time.Minute, job.MaxTimeout))
}

// binding leaves the variables of a credential to the task definition.
func (r *reading) binding(class string, v *doc.Node) {
	found := false
	for _, key := range []string{"variable", "usernameVariable", "passwordVariable", "keyFileVariable", "passphraseVariable", "accessKeyVariable", "secretKeyVariable"} {
		if name := v.Get(key).String(); name != "" && key != "keyFileVariable" {
			found = true
			r.secret(name, v.Get("credentialsId").String()+" "+key)
		}
	}
	if !found || plugin(class) == "FileBinding" || v.Has("keyFileVariable") {
		r.e.Off(&r.j, "its credential %s was a file (%s), which a task does not get: let the command fetch it", importer.Clip(v.Get("credentialsId").String()), plugin(class))
	}
}

// publishers says what is lost of what happened after the steps.
func (r *reading) publishers() {
	elements(r.top.Get("publishers"), func(class string, v *doc.Node) {
		switch name := plugin(class); name {
		case "Mailer", "ExtendedEmailPublisher", "SlackNotifier":
			if files := v.Get("attachmentsPattern").String(); files != "" {
				r.e.Off(&r.j, "%s mails files of its workspace (%s), which are lost with the container: let the command send them", name, importer.Clip(files))
				return
			}
			r.e.Change("%s is dropped: batchplane tells each run that failed; `notify` says more", name)
		case "BuildTrigger":
			r.e.Off(&r.j, "it starts %s when it ends, and batchplane chains no jobs: put their commands into one", importer.Clip(cmp.Or(v.Get("childProjects").String(), first(v, "projects"))))
		case "ArtifactArchiver", "Fingerprinter", "JUnitResultArchiver", "HtmlPublisher", "CopyToMasterNotifier":
			r.e.Off(&r.j, "%s keeps files of its workspace, which are lost with the container: copy them somewhere in the command", name)
		case "WsCleanup", "LogRotator", "DiscardBuildPublisher":
		case "NaginatorPublisher":
			r.e.Change("Naginator builds it again whatever it had done; here only what provably never started is launched again: %s", importer.IfHarmless)
		default:
			r.after(name)
		}
	})
}

// telling matches plugins that say how a build went, or what it found, by their names.
var telling = lazyregexp.New(`(?i)notif|mail|report|warning|coverage|cobertura|jacoco|xunit|testng|cppcheck|checkstyle|findbugs|pmd|lint|crap4j|jdepend|violation|logparser|analysis|issue|clover|performance|robotpublisher|drypublisher|taskspublisher|sonarpublisher|influxdb|plot|slack|hipchat|jabber|ircpublisher|pagerduty|status|claim|badge|description|emotional|cordellwalker`)

// after says what a plugin did that is not known. One that may run a script, copy files or deploy is a part of
// what the job does.
func (r *reading) after(name string) {
	if telling().MatchString(name) {
		r.e.Decide("%s did something after its steps: see whether its command has to", name)
		return
	}
	r.e.Off(&r.j, "%s did something after its steps that a task does not do: see whether its command has to", name)
}

// first gives the first text of an element by that name, at any depth.
func first(n *doc.Node, name string) (found string) {
	elements(n, func(key string, v *doc.Node) {
		switch {
		case found != "":
		case key == name && v.Kind == doc.Text:
			found = strings.TrimSpace(v.Text)
		default:
			found = first(v, name)
		}
	})
	return found
}

// texts gives the texts of all elements named string, at any depth.
func texts(n *doc.Node) (out []string) {
	elements(n, func(key string, v *doc.Node) {
		if key == "string" {
			out = append(out, v.String())
		} else {
			out = append(out, texts(v)...)
		}
	})
	return out
}
