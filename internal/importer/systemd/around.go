package systemd

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
)

// around reads what else a service's start hangs on, or leads to.
func (r *reading) around() {
	if v := r.service.last("Unit", "OnFailure"); v != "" {
		r.e.Change("OnFailure=%s is dropped: batchplane tells each run that failed; `notify` says more", importer.Clip(v))
	}
	if v := r.service.last("Unit", "OnSuccess"); v != "" {
		r.e.Off(&r.j, "it starts %s when it succeeds, and batchplane chains no jobs: put their commands into one", importer.Clip(v))
	}
	var asked []string
	for _, s := range slices.Concat(r.timer.settings, r.service.settings) {
		switch {
		case strings.HasPrefix(s.key, "Condition"), strings.HasPrefix(s.key, "Assert"), s.key == "ExecCondition":
			if one := s.key + "=" + importer.Clip(importer.Hide(s.value)); !slices.Contains(asked, one) {
				asked = append(asked, one)
			}
		case strings.HasPrefix(s.key, "ExecStop"):
			r.e.Decide("%s is left out: let the command do it at its end", s.key)
		}
	}
	if len(asked) > 5 {
		asked = append(asked[:5], "...")
	}
	if len(asked) > 0 {
		r.e.Off(&r.j, "it runs only where %s holds, which a task does not ask: let the command look", strings.Join(asked, ", "))
	}
	if kind := r.service.last("Service", "Type"); slices.Contains([]string{"forking", "notify", "dbus"}, kind) {
		r.e.Off(&r.j, "its service is of the type %s, whose program goes on in the background: a task ends with its command", kind)
	}
	r.units()
	r.files()
}

// units reads which other units its start needs, starts or stops. A target is a point of the host's start.
func (r *reading) units() {
	for _, key := range []string{"Requires", "Requisite", "BindsTo", "RequiresMountsFor", "Conflicts", "JoinsNamespaceOf", "Wants"} {
		var names []string
		for _, s := range r.service.all("Unit", key) {
			names = append(names, strings.Fields(s.value)...)
		}
		names = slices.DeleteFunc(names, func(name string) bool {
			return strings.HasSuffix(name, ".target") || strings.HasSuffix(name, ".slice") || name == r.timer.name
		})
		switch shown := importer.Clip(strings.Join(names, " ")); {
		case len(names) == 0:
		case key == "Wants":
			r.e.Off(&r.j, "systemd starts %s along with it (Wants), which a task does not: put their commands into one if it counts", shown)
		default:
			r.e.Off(&r.j, "%s=%s ties it to what its host has, and a task has nothing of it: see what the command needs of it", key, shown)
		}
	}
}

// files reads what systemd makes of its files and of how it ends.
func (r *reading) files() {
	for _, key := range []string{"StateDirectory", "CacheDirectory", "LogsDirectory", "RuntimeDirectory", "ConfigurationDirectory"} {
		if v := r.service.last("Service", key); v != "" {
			r.e.Off(&r.j, "%s=%s is a folder that systemd makes and names in a variable, and a task has neither, and keeps no files: write a place that lasts", key, importer.Clip(v))
		}
	}
	for _, key := range []string{"StandardInputText", "StandardInputData", "StandardInput", "RootDirectory", "RootImage", "NetworkNamespacePath"} {
		if v := r.service.last("Service", key); v != "" && v != "null" {
			r.e.Off(&r.j, "%s gives it what a task does not have: let the command do without", key)
		}
	}
	for _, key := range []string{"StandardOutput", "StandardError"} {
		if v := r.service.last("Service", key); strings.Contains(v, ":") {
			r.e.Change("%s=%s is left out: what a task prints goes to its log", key, importer.Clip(v))
		}
	}
	if v := r.service.last("Service", "SuccessExitStatus"); v != "" {
		r.e.Decide("SuccessExitStatus=%s counts as a success there, and 0 alone does here: let the command end with 0", importer.Clip(v))
	}
	if yes(r.service.last("Service", "RemainAfterExit")) {
		r.e.Off(&r.j, "RemainAfterExit leaves it active at its end, so that its timer does not start it again: see whether it is to repeat")
	}
}
