package kinds_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
	"github.com/batchplane/batchplane/internal/job/jobfile"
)

// told is a small file of the old side, and what an import must say about it.
type told struct {
	name, text string
	// says are parts of sentences that must come, and never is one that must not.
	says  []string
	never string
	jobs  int
	off   bool
	// zone and env are options.
	zone, env string
}

// run imports the files one by one. Each time the result must be a valid jobs file.
func run(t *testing.T, kind, file string, all []told) {
	t.Helper()
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := kinds.Import(kind, []*importer.File{{Name: file, Data: []byte(c.text)}}, importer.Options{From: from, Zone: c.zone, Environment: c.env}, kinds.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var notes []string
			for i := range r.Entries {
				notes = append(notes, r.Entries[i].Item+": "+strings.Join(r.Entries[i].Notes, "\n"))
			}
			all := fmt.Sprint(strings.Join(notes, "\n"), "\n", r.Steps)
			for _, says := range c.says {
				if !strings.Contains(all, says) {
					t.Errorf("it does not say %q:\n%s", says, all)
				}
			}
			if c.never != "" && strings.Contains(all, c.never) {
				t.Errorf("it says %q:\n%s", c.never, all)
			}
			if len(r.Jobs) != c.jobs || len(r.Jobs) > 0 && r.Jobs[0].Disabled != c.off {
				t.Errorf("%d jobs, %+v\n%s", len(r.Jobs), r.Jobs, all)
			}
			if len(r.Jobs) == 0 {
				return
			}
			text, err := jobfile.Encode(jobfile.File{Jobs: r.Jobs, Definitions: r.Definitions}, r.Notes)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "hunter2") {
				t.Errorf("the secret is written:\n%s", text)
			}
			if _, problems := jobfile.Load([]jobfile.Source{{Data: text}}, jobfile.Options{Env: noVariables}); len(problems) > 0 {
				t.Errorf("%v in\n%s", problems, text)
			}
		})
	}
}

// aCronJob gives a CronJob with additions to its spec, its Job's spec, its pod's metadata, its
// pod and its container. Each addition is YAML in flow style, with a comma before it.
func aCronJob(spec, inner, meta, pod, container string) string {
	return "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {schedule: '0 3 * * *', timeZone: UTC" + spec +
		", jobTemplate: {spec: {backoffLimit: 0" + inner + ", template: {metadata: {" + meta + "}, spec: {restartPolicy: Never" + pod + ", containers: [{name: a, image: b" + container + "}]}}}}}\n"
}

// TestNothingOfACronJobIsSilent: what is around a pod is reported
// (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/,
// https://developer.hashicorp.com/vault/docs/platform/k8s/injector/annotations,
// https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution;
// labels and histories as in github.com/sulibot/home-ops, {{ }} as in
// github.com/zalando-incubator/kubernetes-on-aws).
func TestNothingOfACronJobIsSilent(t *testing.T) {
	t.Parallel()
	run(t, "kubernetes", "a.yaml", []told{
		{name: "histories", text: aCronJob(", successfulJobsHistoryLimit: 3", ", ttlSecondsAfterFinished: 60", "", "", ""), says: []string{"successfulJobsHistoryLimit, ttlSecondsAfterFinished: how long"}, jobs: 1},
		{name: "a key that is misspelt", text: aCronJob(", concurencyPolicy: Forbid", "", "", "", ""), says: []string{"concurencyPolicy is dropped"}, jobs: 1},
		// https://kubernetes.io/docs/concepts/workloads/controllers/job/#controlling-parallelism
		{name: "a Job that is paused", text: aCronJob("", ", parallelism: 0", "", "", ""), says: []string{"parallelism 0 makes no pod"}, jobs: 1, off: true},
		{name: "a list of the API's", text: strings.NewReplacer("kind: CronJob\nmetadata", "kind: CronJobList\nitems:\n- metadata", "\nspec:", "\n  spec:").Replace(aCronJob("", "", "", "", "")), jobs: 1},
		{name: "a Job of another's", text: aCronJob("", ", managedBy: kueue.x-k8s.io/multikueue", "", "", ""), says: []string{"managedBy is dropped"}, jobs: 1},
		{name: "secrets of Vault", text: aCronJob("", "", "annotations: {vault.hashicorp.com/agent-inject: 'true', vault.hashicorp.com/agent-inject-secret-db: database/creds/a}", "", ""), says: []string{"by vault.hashicorp.com/agent-inject, vault.hashicorp.com/agent-inject-secret-db something in its cluster puts files"}, jobs: 1, off: true},
		{name: "a mesh that is switched off", text: aCronJob("", "", "annotations: {sidecar.istio.io/inject: 'false'}", "", ""), says: []string{"its annotations sidecar.istio.io/inject are dropped"}, jobs: 1},
		{name: "a role of kiam", text: aCronJob("", "", "annotations: {iam.amazonaws.com/role: reports}", "", ""), says: []string{"by iam.amazonaws.com/role something"}, jobs: 1, off: true},
		{name: "labels", text: aCronJob("", "", "labels: {app.kubernetes.io/name: a, team: shop}", "", ""), says: []string{"its labels team are not written"}, never: "app.kubernetes.io", jobs: 1},
		{name: "a device and no size", text: aCronJob("", "", "", "", ", resources: {limits: {aws.amazon.com/neuron: 1}}"), says: []string{"it needs aws.amazon.com/neuron"}, jobs: 1, off: true},
		{name: "a graphics card that is asked for", text: aCronJob("", "", "", "", ", resources: {requests: {nvidia.com/gpu: 1, cpu: 1}}"), says: []string{"it needs nvidia.com/gpu"}, jobs: 1, off: true},
		{name: "a size of no form", text: aCronJob("", "", "", "", ", resources: {limits: {cpu: 1, memory: 5Zi}}"), says: []string{"its memory of 5Zi could not be read"}, jobs: 1, off: true},
		{name: "a place that Flux fills in", text: aCronJob("", "", "", "", ", env: [{name: A, value: '${CLUSTER:=main}'}]"), says: []string{"${CLUSTER:=main} stands in its variables or its image"}, jobs: 1, off: true},
		{name: "a place that a program fills in", text: aCronJob("", "", "", "", ", env: [{name: A, value: '{{ .Cluster.Alias }}'}]"), says: []string{"{{ .Cluster.Alias }} stands in"}, jobs: 1, off: true},
		{name: "braces of a command", text: aCronJob("", "", "", "", ", args: ['--format', '{{ .Name }}']"), says: []string{"its command holds {{ }}"}, jobs: 1},
		{name: "a shell's variable", text: aCronJob("", "", "", "", ", args: [sh, -c, 'echo ${HOME}']"), never: "stands in", jobs: 1},
		{name: "a deadline beyond all time", text: aCronJob("", ", activeDeadlineSeconds: 9223372036854775807", "", "", ""), says: []string{"more than `timeout` takes"}, jobs: 1},
		{name: "a start beyond all time", text: aCronJob(", startingDeadlineSeconds: 9223372036854775807", "", "", "", ""), says: []string{"startingDeadlineSeconds 9223372036854775807 is left out"}, jobs: 1},
		{name: "an image with a password", text: strings.Replace(aCronJob("", "", "", "", ""), "image: b", "image: 'https://u:hunter2x9@r.example/a:1'", 1), says: []string{"its image names a secret"}, never: "hunter2", jobs: 1, off: true},
		{name: "clocks that change at midnight", text: strings.ReplaceAll(aCronJob("", "", "", "", ""), "UTC", "Africa/Cairo"), says: []string{"in this zone the clocks change at midnight"}, jobs: 1},
		{name: "clocks that change by half an hour", text: strings.ReplaceAll(aCronJob("", "", "", "", ""), "UTC", "Australia/Lord_Howe"), says: []string{"or by half an hour"}, jobs: 1},
		{name: "clocks that change by night", text: strings.ReplaceAll(aCronJob("", "", "", "", ""), "UTC", "Europe/Berlin"), never: "in this zone the clocks", jobs: 1},
	})
}

// TestNothingOfAManifestIsSilent: the network of the task, and what an environment
// overrides, are reported, and so is what Copilot fills in
// (https://aws.github.io/copilot-cli/docs/manifest/scheduled-job/,
// https://aws.github.io/copilot-cli/docs/developing/manifest-env-var/, convertNetworkConfig in
// internal/pkg/deploy/cloudformation/stack/transformers.go of aws/copilot-cli; an image as in
// github.com/AlexLuka/AWSTemplate-ECS-ScheduledJob, copilot/job-example5; keys that Copilot does not
// know as in github.com/JJongAchii/Insight-Invest, copilot/jobs, and github.com/alessh/portalfinance,
// copilot/migrate; what Copilot adds in templates/workloads/partials/cf/envvars-common.yml and
// taskrole.yml of aws/copilot-cli).
func TestNothingOfAManifestIsSilent(t *testing.T) {
	t.Parallel()
	manifest := func(more string) string {
		return "name: a\ntype: Scheduled Job\non: {schedule: '@daily'}\nimage: {location: b}\n" + more
	}
	run(t, "copilot", "manifest.yml", []told{
		{name: "subnets by name", text: manifest("network: {vpc: {placement: {subnets: [subnet-0a1b2c3d4e5f60718]}}}\n"), says: []string{"Copilot adds the environment's own security group"}, jobs: 1},
		{name: "no group of the environment's", text: manifest("network: {vpc: {placement: {subnets: [subnet-0a1b2c3d4e5f60718]}, security_groups: {groups: [sg-0a1b2c3d4e5f60718], deny_default: true}}}\n"), never: "security group", jobs: 1},
		{name: "subnets by tags", text: manifest("network: {vpc: {placement: {subnets: {from_tags: {tier: private}}}}}\n"), says: []string{"its subnets are those with the tags tier, and one more security group is the environment's"}, jobs: 1},
		{name: "a group of a stack", text: manifest("network: {vpc: {security_groups: [{from_cfn: shared-Group}]}}\n"), says: []string{"a security group comes from the stack's export shared-Group"}, jobs: 1, off: true},
		{name: "a mesh", text: manifest("network: {connect: true}\n"), says: []string{"network.connect has no counterpart"}, jobs: 1, off: true},
		{name: "an environment without values", text: manifest("environments:\n  prod:\n    cpu: 512\n  test:\n"), env: "test", says: []string{"no values for the environment test (only for prod)"}, jobs: 1},
		{name: "environments without values", text: manifest("environments:\n  test:\n#    count: 2\n"), never: "environments (", jobs: 1},
		{name: "an environment that nobody chose", text: manifest("environments: {prod: {on: {schedule: '@hourly'}}}\n"), says: []string{"choose one with --env"}, jobs: 1, off: true},
		{name: "an environment", text: manifest("environments: {prod: {on: {schedule: '@hourly'}}}\n"), env: "prod", says: []string{"@hourly"}, jobs: 1},
		{name: "a word of the shell", text: manifest("command: [app, '--x=${FOO}']\n"), says: []string{"Copilot filled in ${FOO} when it deployed", "REPLACE-ME"}, jobs: 1, off: true},
		{name: "an image of the shell", text: strings.Replace(manifest(""), "location: b", "location: '${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/a:1'", 1), says: []string{"Copilot filled in ${ACCOUNT}"}, jobs: 1, off: true},
		{name: "a secret of the application", text: manifest("secrets: {A: '/copilot/${COPILOT_APPLICATION_NAME}/a'}\n"), says: []string{"Copilot filled in ${COPILOT_APPLICATION_NAME}"}, never: "--env says", jobs: 1, off: true},
		{name: "its environment", text: manifest("command: app --stage ${COPILOT_ENVIRONMENT_NAME}\n"), says: []string{"--env says the environment"}, jobs: 1, off: true},
		{name: "its environment, chosen", text: manifest("command: app --stage ${COPILOT_ENVIRONMENT_NAME}\n"), env: "prod", never: "filled in", jobs: 1},
		{name: "its schedule", text: strings.Replace(manifest(""), "'@daily'", "'${AT}'", 1), says: []string{"Copilot filled in its schedule when it deployed"}},
		{name: "a variable for the command's shell", text: manifest(`command: [sh, -c, 'echo \${HOME}']` + "\n"), never: "filled in", jobs: 1},
		{name: "of another environment", text: manifest("environments: {prod: {command: [a]}, test: {command: ['${FOO}']}}\n"), env: "prod", never: "filled in", jobs: 1},
		{name: "an environment of nulls", text: manifest("cpu: 512\nmemory: 4096\nenvironments: {prod: {on: {schedule: null}, cpu: 1024, memory: null, network: null}}\n"), env: "prod", says: []string{"@daily"}, never: "has no size", jobs: 1},
		{name: "an image of a null", text: manifest("environments: {prod: {image: {build: null}}}\n"), env: "prod", never: "Copilot builds its image", jobs: 1},
		{name: "an environment that is built", text: manifest("environments: {prod: {image: {build: Dockerfile}}}\n"), env: "prod", says: []string{"Copilot builds its image"}, jobs: 1},
		{name: "what no manifest holds", text: manifest(""), env: "prod", says: []string{"Copilot gave its task what the manifest does not hold: a role", "COPILOT_ENVIRONMENT_NAME", "--task-definition APP-prod-a`"}, jobs: 1},
		{name: "keys that Copilot does not know", text: manifest("capacityProviders: [FARGATE_SPOT]\ntags: {Project: x}\n"), says: []string{"Copilot knows no key capacityProviders and ignores it", "no key tags"}, never: "has no counterpart", jobs: 1},
		{name: "a command in the wrong place", text: strings.Replace(manifest(""), "location: b", "location: b, command: [python, job.py]", 1), says: []string{"Copilot knows no key image.command and ignores it"}, never: "has no counterpart", jobs: 1},
		{name: "keys of a container that only it has", text: strings.Replace(manifest("env_file: log.env\nstorage: {ephemeral: 100}\n"), "location: b", "location: b, credentials: 'arn:x'", 1), says: []string{"env_file has no counterpart", "storage has no counterpart", "image.credentials has no counterpart"}, jobs: 1, off: true},
		{name: "keys with nothing", text: manifest("storage:\nsidecars:\ntags:\n"), never: "no ", jobs: 1},
		{name: "a time that is too short", text: manifest("timeout: 500ms\n"), says: []string{"its timeout"}, jobs: 1, off: true},
	})
}

// TestPlacesOfACrontab: a line that an installer should have filled in is switched off
// ({project}/ as in github.com/Azq2/vk_post_manager, /path/to/ as in many examples).
func TestPlacesOfACrontab(t *testing.T) {
	t.Parallel()
	line := func(command string) string { return "0 3 * * * " + command + "\n" }
	const says = "which is still to be filled in"
	run(t, "crontab", "crontab", []told{
		{name: "braces", text: line("php {project}/www/index.php Smm/Task/Control"), says: []string{says}, jobs: 1, off: true},
		{name: "of Ansible", text: line("{{ app_dir }}/bin/run"), says: []string{says}, jobs: 1, off: true},
		{name: "of autoconf", text: line("@BIN_DIR@/run"), says: []string{says}, jobs: 1, off: true},
		{name: "of an example", text: line("/path/to/script.sh"), says: []string{says}, jobs: 1, off: true},
		{name: "in brackets", text: line("[PROJECT_PATH]/app/console spool:send"), says: []string{says}, jobs: 1, off: true}, // github.com/academic/vipa, .crontab
		{name: "a pattern of a shell", text: line("cat /data/[A-Z]/x"), never: says, jobs: 1},
		{name: "a pattern that comes first", text: line("cat [A-Z]/x"), never: says, jobs: 1},
		{name: "braces of a shell", text: line("cat /srv/{a,b}/x ${HOME}/y"), never: says, jobs: 1},
		{name: "a template of docker's", text: line("docker ps --format '{{.Names}} {{json .}}{{end}}' | awk '{print}'"), never: says, jobs: 1, off: true},
	})
}

// TestUnreadFiles: for a file that looks like one of ours and cannot be read, the error says
// why, with the line. It does not say that the file is of no kind.
func TestUnreadFiles(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a\nspec:\n": "a.yaml could not be read: this is not YAML (line ",
		"kind: CronJob\na: &m {b: *m}\n":                                   "a.yaml could not be read: line 2: the alias *m",
		"\xff\xfek\x00i\x00":                                               "PowerShell",
		"a: [b\n":                                                          "`batchplane cron` says what a schedule means",
	} {
		if _, err := kinds.Import("", []*importer.File{{Name: "a.yaml", Data: []byte(text)}}, importer.Options{From: from}, kinds.Options{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
	good := &importer.File{Name: "a.yaml", Data: []byte("kind: CronJob\n")}
	for _, kind := range []string{"kubernetes", "eventbridge", "terraform", "copilot", "ecschedule"} {
		files := []*importer.File{good, {Name: "b.yaml", Data: []byte("x: [broken\n")}}
		if kind != "kubernetes" {
			files = files[1:]
		}
		if _, err := kinds.Import(kind, files, importer.Options{From: from}, kinds.Options{}); err == nil || !strings.HasPrefix(err.Error(), "b.yaml could not be read: this is not YAML (line 1)") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
