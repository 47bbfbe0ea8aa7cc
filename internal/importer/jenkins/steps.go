package jenkins

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// script is one shell step.
type script struct {
	shell, text string
	stops       bool   // at the first command that fails
	login       bool   // it reads the profiles of its user
	strict      string // lines that set its other options
}

// steps makes the job's command.
func (r *reading) steps() {
	scripts := r.scripts()
	if len(scripts) == 0 {
		return
	}
	c := &importer.Command{Line: join(scripts), Job: &r.j, E: &r.e, Shell: interpreter(scripts), Login: slices.ContainsFunc(scripts, func(s script) bool { return s.login }), Variables: r.j.Environment, Secrets: &r.in.Secrets}
	command := importer.Hide(c.Line)
	r.e.Command = &command
	r.jenkins(c.Line)
	c.TakeSecrets()
	c.Rewrite()
	c.ReplaceSecrets()
	if strings.TrimSpace(c.Line) != "" {
		r.j.Command = c.Words()
	}
}

// scripts gives the shell steps, and switches the job off for all others.
func (r *reading) scripts() (out []script) {
	if definition := r.top.Get("definition"); !definition.Absent() {
		r.e.Off(&r.j, "its steps are a pipeline in Groovy, which is not read: write its command%s", from(definition))
		return nil
	}
	switch r.kind {
	case "maven2-moduleset":
		r.e.Off(&r.j, "it runs Maven (%s): put what that needs into the image, and write its command", importer.Clip(importer.Hide(r.top.Get("goals").String())))
		return nil
	case "matrix-project":
		r.e.Off(&r.j, "it runs once for each combination of its axes, and a run is one task: make a job of each")
	}
	others := false
	elements(r.top.Get("builders"), func(class string, v *doc.Node) {
		one, ok := r.step(class, v)
		others = others || !ok
		if list, err := shell.Parse(one.text); ok && (err != nil || len(list) > 0) { // a step of comments does nothing
			out = append(out, one)
		}
	})
	if len(out) == 0 && !others {
		r.e.Off(&r.j, "it has no steps: write its command")
	}
	return out
}

// step reads a step. It switches the job off if that is no shell's.
func (r *reading) step(class string, v *doc.Node) (one script, ok bool) {
	switch name := plugin(class); name {
	case "Shell":
	case "TriggerBuilder": // of the parameterized trigger plugin
		r.e.Off(&r.j, "its step %s starts %s, and batchplane chains no jobs: put their commands into one", name, importer.Clip(first(v, "projects")))
		return script{}, false
	default:
		r.e.Off(&r.j, "its step %s is no shell's: write its command", name)
		return script{}, false
	}
	if v.Get("unstableReturn").String() != "" {
		r.e.Decide("the exit code %s made a build unstable, which is a failure here: `retry.exitCodes` has another meaning", importer.Clip(v.Get("unstableReturn").String()))
	}
	one, other := read(v.Get("command").String())
	if other != "" {
		r.e.Off(&r.j, "a step of it is a script of %s: put it into the image and write how to start it", importer.Clip(other))
	}
	return one, other == ""
}

// from says where a pipeline's script is, if it is a file of a repository.
func from(definition *doc.Node) string {
	if at := definition.Get("scriptPath").String(); at != "" {
		return " (they are in " + importer.Clip(at) + ")"
	}
	return ""
}

// read reads a shell step. Jenkins runs one that does not begin with #! by `sh -xe`, and others as their
// first line says (Jenkins' core/src/main/java/hudson/tasks/Shell.java). other is the interpreter if it is no shell.
func read(text string) (s script, other string) {
	text = strings.ReplaceAll(text, "\r", "")
	first, rest, _ := strings.Cut(text, "\n")
	line, ok := strings.CutPrefix(first, "#!")
	if !ok {
		return script{shell: "/bin/sh", text: strings.TrimSpace(text), stops: true}, ""
	}
	words := strings.Fields(line)
	if len(words) > 1 && shell.Base(words[0]) == "env" {
		words = words[1:]
	}
	if len(words) == 0 || !slices.Contains([]string{"sh", "bash", "dash", "zsh", "ksh"}, shell.Base(words[0])) {
		return script{}, line
	}
	s = script{shell: words[0], text: strings.TrimSpace(rest)}
	s.options(words[1:])
	return s, ""
}

// options reads those of a shell that decide what it runs and when it stops.
func (s *script) options(words []string) {
	for _, w := range words {
		letters, ok := strings.CutPrefix(w, "-")
		switch {
		case w == "--login":
			s.login = true
		case w == "pipefail":
			s.strict += "set -o pipefail\n"
		case ok && !strings.HasPrefix(letters, "-"):
			s.stops = s.stops || strings.Contains(letters, "e")
			s.login = s.login || strings.Contains(letters, "l")
			if strings.Contains(letters, "u") {
				s.strict += "set -u\n"
			}
		}
	}
}

// interpreter gives the shell of all steps: bash reads what is written for sh.
func interpreter(all []script) string {
	for _, s := range all {
		if shell.Base(s.shell) != "sh" {
			return s.shell
		}
	}
	return all[0].shell
}

// join makes one command of steps, each of which ran in a shell of its own, in the same folder, and
// only if the one before had succeeded.
func join(all []script) string {
	if len(all) == 1 {
		if one := all[0]; one.stops && one.several() {
			return "set -e\n" + one.strict + one.text
		}
		return all[0].strict + all[0].text
	}
	var b strings.Builder
	b.WriteString("set -e")
	for _, s := range all {
		b.WriteString("\n(\n")
		if !s.stops && s.several() {
			b.WriteString("set +e\n")
		}
		b.WriteString(s.strict + s.text + "\n)")
	}
	return b.String()
}

// several reports whether a step may go on after a command that failed.
func (s script) several() bool {
	list, err := shell.Parse(s.text)
	return err != nil || len(list) != 1 || len(list[0].Inner) > 0
}

// ofBuild matches variables that Jenkins gives to each build (its page
// https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables and that of
// JENKINS_URL/env-vars.html).
var ofBuild = lazyregexp.New(`\$\{?((?:BUILD_(?:NUMBER|ID|URL|TAG|DISPLAY_NAME|CAUSE\w*)|JOB_(?:NAME|BASE_NAME|URL|DISPLAY_URL)|NODE_(?:NAME|LABELS)|EXECUTOR_NUMBER|WORKSPACE(?:_TMP)?|JENKINS_(?:HOME|URL)|HUDSON_\w+|(?:GIT|SVN)_(?:COMMIT|BRANCH|URL|REVISION|PREVIOUS_\w+|LOCAL_BRANCH)))\b`)

// jenkins switches a job off whose command asks for what only Jenkins sets.
func (r *reading) jenkins(line string) {
	var names []string
	for _, m := range ofBuild().FindAllStringSubmatch(line, -1) {
		if name := m[1]; !slices.Contains(names, name) && r.j.Environment[name] == "" {
			if _, given := r.j.Inputs[name]; !given {
				names = append(names, name)
			}
		}
	}
	if strings.Contains(line, "dontKillMe") {
		r.e.Off(&r.j, "it leaves a process behind that runs on after the build (dontKillMe), and in a task that ends with the command: make a service of it")
	}
	if len(names) > 0 {
		r.e.Off(&r.j, "it uses %s, which Jenkins sets and a task does not have: BATCHPLANE_RUN_ID, BATCHPLANE_JOB and BATCHPLANE_SCHEDULED_FOR tell runs apart", strings.Join(names, ", "))
	}
}
