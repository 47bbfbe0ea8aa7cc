package kinds_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
	"github.com/batchplane/batchplane/internal/job"
)

// cronJob imports a CronJob whose only container has the given keys, in YAML.
func cronJob(t *testing.T, container, more string) (importer.Result, job.Job) {
	t.Helper()
	text := "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {schedule: '0 3 * * *', timeZone: UTC, jobTemplate: {spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: a, image: b, " + container + "}]}}}}}\n" + more
	r, err := kinds.Import("kubernetes", []*importer.File{{Name: "a.yaml", Data: []byte(text)}}, importer.Options{From: from}, kinds.Options{})
	if err != nil || len(r.Jobs) != 1 {
		t.Fatalf("%s: %v %+v", container, err, r.Entries)
	}
	return r, r.Jobs[0]
}

// TestKubernetesExpansion: Kubernetes replaces variables in commands and values, and turns $$
// into $ (kubernetes.io, "Define Dependent Environment Variables"; the prune job of
// openshift/managed-cluster-config, deploy/sre-pruning, has $$(cat ...)).
func TestKubernetesExpansion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, container, want string
		off                   bool
		says                  string
	}{
		{"a $ for $$", `command: [bash, -c, "echo $$HOME $$(hostname) $$$$"]`, "bash|-c|echo $HOME $(hostname) $$", false, "as Kubernetes hands it over"},
		{"a shell's own", `command: [bash, -c, "echo $(date) ${HOME} $HOME $"]`, "bash|-c|echo $(date) ${HOME} $HOME $", false, ""},
		{"a value", `env: [{name: AT, value: x y}], args: [run, "--at=$(AT)"]`, "run|--at=x y", false, "as Kubernetes hands it over"},
		{"an escaped name", `env: [{name: AT, value: x}], args: ["$$(AT)"]`, "$(AT)", false, "as Kubernetes hands it over"},
		{"no such variable", `args: ["$(AT)"]`, "$(AT)", false, ""},
		{"of the pod", `env: [{name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}], args: ["--at=$(POD)"]`, "--at=$(POD)", true, "puts in $(POD) in its command"},
		{"of a Secret", `env: [{name: PW, valueFrom: {secretKeyRef: {name: a, key: b}}}], args: ["--at=$(PW)"]`, "--at=$(PW)", true, "puts in $(PW) in its command"},
		{"of a ConfigMap", `env: [{name: AT, valueFrom: {configMapKeyRef: {name: m, key: at}}}], args: ["$(AT)"]`, "noon", false, "as Kubernetes hands it over"},
		{"of all of a ConfigMap", `envFrom: [{prefix: M_, configMapRef: {name: m}}], args: ["$(M_at)"]`, "noon", false, "as Kubernetes hands it over"},
		{"of what is not there", `envFrom: [{secretRef: {name: s}}], args: ["$(AT) $(date)"]`, "$(AT) $(date)", true, "puts in $(AT) in its command"},
		{"of a service", `args: ["$(DB_SERVICE_HOST)"]`, "$(DB_SERVICE_HOST)", true, "puts in $(DB_SERVICE_HOST)"},
		{"not closed", `args: ["$(AT", "a$"]`, "$(AT|a$", false, ""},
		{"its cluster", `command: [sh, -c, "kubectl rollout restart deployment/x"]`, "sh|-c|kubectl rollout restart deployment/x", true, "it asks its cluster by kubectl"},
		{"its cluster, no shell", `command: [/usr/bin/oc, adm, prune, images]`, "/usr/bin/oc|adm|prune|images", true, "it asks its cluster by oc"},
		// github.com/redhat-appstudio/infra-deployments, components/monitoring/kanary
		{"its cluster's pipelines", `command: [bash, -c, "tkn pipeline start a --use-param-defaults"]`, "bash|-c|tkn pipeline start a --use-param-defaults", true, "it asks its cluster by tkn"},
		// github.com/ambient-code/amber, k8s/cronjobs.yaml
		{"a Service", `command: [sh, -c, "curl -X POST http://amber-langgraph:8000/invoke-async"]`, "sh|-c|curl -X POST http://amber-langgraph:8000/invoke-async", true, "only the DNS of its cluster knows what it calls (amber-langgraph)"},
		{"words that are no hosts", `env: [{name: ALLOWED_HOSTS, value: all}, {name: FROM_ADDRESS, value: noreply}, {name: MAIL_TO_ADDRESS, value: ops}]`, "", false, ""},
		{"hosts by their variables", `env: [{name: DB_HOST, value: db}, {name: REDIS_ADDRESS, value: "cache:6379"}, {name: HOSTS, value: search}]`, "", true, "what it calls (cache, db, search)"},
		{"a Service by its namespace", `command: [curl, api.shop.svc.cluster.local/run]`, "curl|api.shop.svc.cluster.local/run", true, "(api.shop.svc.cluster.local)"},
		{"a Service in a variable", `env: [{name: DB, value: "postgres://app@db:5432/shop"}, {name: API, value: "http://api.shop.svc:80"}]`, "", true, "what it calls (api.shop.svc, db)"},
		{"Services of many forms", `command: [sh, -c, "x $(curl http://api:80) mongodb://m-0,m-1/db"]`, "sh|-c|x $(curl http://api:80) mongodb://m-0,m-1/db", true, "(api, m-0)"},
		{"a Service behind a password", `env: [{name: DATABASE_URL, value: "postgres://app:hunter2x9@pg:5432/shop"}]`, "", true, "what it calls (pg)"},
		{"a Service with its port", `command: [kafka-topics.sh, --bootstrap-server, "kafka:9092", --list]`, "kafka-topics.sh|--bootstrap-server|kafka:9092|--list", true, "(kafka)"},
		{"a Service of a client", `command: [sh, -c, "PGPASSWORD=$P pg_dump -U app -h pg-rw shop | aws s3 cp - s3://b/x && redis-cli -h cache PING"]`, "sh|-c|PGPASSWORD=$P pg_dump -U app -h pg-rw shop | aws s3 cp - s3://b/x && redis-cli -h cache PING", true, "(pg-rw, cache)"},
		{"a Service in a host's variable", `env: [{name: DB_HOST, value: pg}, {name: REDIS_ADDR, value: "cache:7000"}, {name: PGHOST, value: localhost}, {name: BIND_HOST, value: 0.0.0.0}, {name: API_HOST, value: a.example.com}]`, "", true, "what it calls (pg, cache)"},
		{"no Service, but numbers", `command: [sh, -c, "chown app:1000 /x && du -h backup && psql -h db.example.com -c 'x' && y image:8080x"]`, "sh|-c|chown app:1000 /x && du -h backup && psql -h db.example.com -c 'x' && y image:8080x", false, ""},
		{"no Service", `command: [sh, -c, "curl https://x.org/service.svc?u=http%3A http://localhost:80 s3://bucket/x http://$HOST/ https://user@x.org/"]`, "sh|-c|curl https://x.org/service.svc?u=http%3A http://localhost:80 s3://bucket/x http://$HOST/ https://user@x.org/", false, ""},
		{"its cluster, shell options", `command: [bash, -euo, pipefail, -c, "kubectl get pods"]`, "bash|-euo|pipefail|-c|kubectl get pods", true, "it asks its cluster by kubectl"},
		{"a lock, behind a program", `command: [tini, --, sh, -ec, "flock /x report"]`, "tini|--|sh|-ec|flock /x report", false, "flock in its command locks nothing"},
		{"a folder of its own", `workingDir: /srv, args: [a]`, "a", true, "its workingDir is /srv"},
		{"a variable of the pod", `env: [{name: NS, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}], args: [a]`, "a", true, "NS comes from the pod (fieldRef)"},
		{"a large disk", `resources: {requests: {ephemeral-storage: 50Gi}}, args: [a]`, "a", true, "it needs 50Gi of disk"},
		{"a large folder", `volumeMounts: [{name: v, mountPath: /v}], args: [a]}], volumes: [{name: v, emptyDir: {sizeLimit: 50Gi}`, "a", true, "it needs 50Gi of disk"},
		{"an image elsewhere", `args: [a]}], imagePullSecrets: [{name: s`, "a", false, "needs repositoryCredentials"},
		{"its node's processes", `args: [a]}], hostPID: true, tolerations: [{key: x`, "a", true, "its pod has hostPID"},
		{"its node's network", `args: [a]}], hostNetwork: true, tolerations: [{key: x`, "a", true, "its pod has hostNetwork"},
		{"no network of its node", `args: [a]}], hostNetwork: false, tolerations: [{key: x`, "a", false, ""},
		{"names of its own", `args: [a]}], hostAliases: [{ip: 10.0.0.1, hostnames: [db]`, "a", true, "its pod has hostAliases"},
		{"no names of its own", `args: [a]}], hostAliases: [], affinity: {}, tolerations: [{key: x`, "a", false, ""},
		{"a capability", `args: [a], securityContext: {capabilities: {add: [NET_ADMIN], drop: [ALL]}}`, "a", true, "adds capabilities (NET_ADMIN)"},
		{"one of many", `args: [a], securityContext: {capabilities: {add: [CHOWN, SYS_ADMIN]}}`, "a", true, "adds capabilities (SYS_ADMIN)"},
		{"what it has anyway", `args: [a], securityContext: {capabilities: {add: [NET_BIND_SERVICE, SETUID], drop: [ALL]}}`, "a", false, "securityContext.capabilities is dropped"},
		{"fewer capabilities", `args: [a], securityContext: {capabilities: {drop: [ALL]}}`, "a", false, "securityContext.capabilities is dropped"},
		{"a small disk", `resources: {limits: {ephemeral-storage: 2Gi}}, args: [a]`, "a", false, ""},
		{"its token", `command: [sh, -c, "cat /var/run/secrets/kubernetes.io/serviceaccount/token"]`, "sh|-c|cat /var/run/secrets/kubernetes.io/serviceaccount/token", true, "it reads the pod's token"},
	} {
		r, j := cronJob(t, c.container, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {at: noon}\n")
		notes := strings.Join(r.Entries[0].Notes, "\n")
		if got := strings.Join(j.Command, "|"); got != c.want || j.Disabled != c.off || !strings.Contains(notes, c.says) || c.says == "" && strings.Contains(notes, "Kubernetes puts in") {
			t.Errorf("%s: %q, off %v, want %q, %v\n%s", c.name, got, j.Disabled, c.want, c.off, notes)
		}
	}
}

// TestImagesOfExamples: an image that a person was to fill in is pulled by nobody, as in
// github.com/EffortlessMetrics/slower-whisper and github.com/foun1224/Invest_Analyze.
func TestImagesOfExamples(t *testing.T) {
	t.Parallel()
	const example = "still to be filled in, so"
	one := func(image string) string {
		return "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {schedule: '0 3 * * *', timeZone: UTC, jobTemplate: {spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: a, image: '" + image + "', args: [a]}]}}}}}\n"
	}
	for _, image := range []string{"your-registry/slower-whisper:latest", "ghcr.io/your-org/app", "yourusername/app:1", "REGISTRY/chipflow:latest", "ACCOUNT.dkr.ecr.eu-west-1.amazonaws.com/app:1", "1234567890.dkr.ecr.eu-west-1.amazonaws.com/app"} {
		run(t, "", "a.yaml", []told{{name: image, text: one(image), says: []string{example}, jobs: 1, off: true}})
	}
	for _, image := range []string{"yourls/yourls:1.9", "registry/app", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/your.app:1", "ghcr.io/org/doyour-work"} {
		run(t, "", "a.yaml", []told{{name: image, text: one(image), never: example, jobs: 1}})
	}
}

// TestRightsInTheCluster: a pod whose service account is bound to a role asks its cluster's API, as in
// github.com/hjacobs/kube-job-cleaner, deploy.
func TestRightsInTheCluster(t *testing.T) {
	t.Parallel()
	binding := func(kind, subject string) string {
		return "apiVersion: rbac.authorization.k8s.io/v1\nkind: " + kind + "\nmetadata: {name: b, namespace: n}\nroleRef: {kind: ClusterRole, name: r}\nsubjects: [" + subject + "]\n---\n"
	}
	for name, c := range map[string]struct {
		text, space string
		off         bool
	}{
		"bound in its namespace":         {binding("RoleBinding", "{kind: ServiceAccount, name: cleaner}"), "n", true},
		"by its former key":              {binding("RoleBinding", "{kind: ServiceAccount, name: cleaner}"), "n", true},
		"bound in the whole cluster":     {binding("ClusterRoleBinding", "{kind: ServiceAccount, name: cleaner, namespace: m}"), "m", true},
		"bound in a list":                {"kind: List\nitems:\n- kind: RoleBinding\n  metadata: {name: b, namespace: n}\n  subjects: [{kind: ServiceAccount, name: cleaner}]\n---\n", "n", true},
		"what is no binding":             {binding("PodPolicy", "{kind: ServiceAccount, name: cleaner}"), "n", false},
		"a manifest without a namespace": {binding("ClusterRoleBinding", "{kind: ServiceAccount, name: cleaner, namespace: m}"), "", true},
		"of another namespace":           {binding("RoleBinding", "{kind: ServiceAccount, name: cleaner}"), "m", false},
		"another account":                {binding("RoleBinding", "{kind: ServiceAccount, name: other}"), "n", false},
		"a user of that name":            {binding("RoleBinding", "{kind: User, name: cleaner}"), "n", false},
		"no binding":                     {"", "n", false},
	} {
		account := ", serviceAccountName: cleaner"
		if name == "by its former key" {
			account = ", serviceAccount: cleaner"
		}
		cron := strings.Replace(aCronJob("", "", "", account, ""), "{name: a}", "{name: a, namespace: '"+c.space+"'}", 1)
		r := together(t, "kubernetes", "a.yaml", c.text+cron)
		if notes := strings.Join(r.Entries[0].Notes, "\n"); r.Jobs[0].Disabled != c.off || strings.Contains(notes, "its service account cleaner has rights in its cluster by the") != c.off {
			t.Errorf("%s: off %v, %s", name, r.Jobs[0].Disabled, notes)
		}
	}
	r := together(t, "kubernetes", "rbac.yaml", binding("RoleBinding", "{kind: ServiceAccount, name: default}"), "a.yaml", aCronJob("", "", "", "", ""))
	if r.Jobs[0].Disabled {
		t.Errorf("no account is taken for one: %q", r.Entries[0].Notes)
	}
}

func TestKubernetesDependentVariables(t *testing.T) {
	t.Parallel()
	r, j := cronJob(t, `env: [{name: LATER, value: "$(HOST)"}, {name: HOST, value: db}, {name: URL, value: "http://$(HOST)/$$x"}, {name: PW, valueFrom: {secretKeyRef: {name: a, key: b}}}, {name: DSN, value: "db://u:$(PW)@$(HOST)"}]`, "")
	got := r.Definitions[0].Environment
	for name, want := range map[string]string{"LATER": "$(HOST)", "HOST": "db", "URL": "http://db/$x", "DSN": importer.ReplaceMe} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if notes := strings.Join(r.Entries[0].Notes, "\n"); !j.Disabled || !strings.Contains(notes, "puts $(PW) into its variable DSN") {
		t.Errorf("off %v: %s", j.Disabled, notes)
	}
	if slices.Contains(j.Command, "db") {
		t.Error("a variable is no command")
	}
}
