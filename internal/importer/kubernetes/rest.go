package kubernetes

import (
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// The keys of a CronJob's spec and of a Job's that are read, or reported elsewhere.
var (
	readOfCron = []string{"schedule", "timeZone", "suspend", "concurrencyPolicy", "startingDeadlineSeconds", "jobTemplate", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"}
	readOfJob  = []string{
		"template", "backoffLimit", "activeDeadlineSeconds", "completions", "parallelism", "completionMode", "suspend", "podFailurePolicy", "successPolicy", "backoffLimitPerIndex", "podReplacementPolicy",
		"ttlSecondsAfterFinished",
	}
)

// rest reports what is around the pod: keys that nobody reads, how long finished Jobs are kept, and
// labels and annotations that make others act on the pod.
func (r *reading) rest() {
	spec := r.cron.Get("spec")
	inner := spec.Get("jobTemplate", "spec")
	r.others(spec, readOfCron)
	r.others(inner, readOfJob)
	var kept []string
	for _, key := range []string{"successfulJobsHistoryLimit", "failedJobsHistoryLimit"} {
		if spec.Has(key) {
			kept = append(kept, key)
		}
	}
	if inner.Has("ttlSecondsAfterFinished") {
		kept = append(kept, "ttlSecondsAfterFinished")
	}
	if len(kept) > 0 {
		r.e.Note("%s: how long ended runs are kept is the stack's KeepRunsDays, for all jobs", strings.Join(kept, ", "))
	}
	labels, notes, injected := r.marks()
	if len(labels) > 0 {
		r.e.Note("its labels %s are not written: `tags` are those of a task", strings.Join(labels, ", "))
	}
	if len(notes) > 0 {
		r.e.Change("its annotations %s are dropped: what acts by them in its cluster does not here", strings.Join(notes, ", "))
	}
	if len(injected) > 0 {
		r.e.Off(&r.j, "by %s something in its cluster puts files, variables or containers into its pod, or gives it rights, and a task has none of that: write what it needs into secrets, variables and taskRole", strings.Join(injected, ", "))
	}
}

// injecting matches labels and annotations by which a pod gets what its manifest does not show:
// secrets of Vault, 1Password, Bank-Vaults and Akeyless, roles of kiam and kube2iam, Azure
// identities, proxies of meshes and of Cloud SQL, agents.
var injecting = lazyregexp.New(`^(?:vault\.hashicorp\.com/(?:agent-inject|role)|vault\.security\.banzaicloud\.io/|operator\.1password\.io/|akeyless/|iam\.amazonaws\.com/role|` +
	`azure\.workload\.identity/|aadpodidbinding|linkerd\.io/inject|config\.linkerd\.io/|sidecar\.istio\.io/inject|consul\.hashicorp\.com/connect-inject|dapr\.io/enabled|` +
	`instrumentation\.opentelemetry\.io/inject|admission\.datadoghq\.com/|cloudsql\.cloud\.google\.com/instances|secrets\.doppler\.com/)`)

// managing matches labels and annotations that say only who manages a manifest.
var managing = lazyregexp.New(`^(?:app\.kubernetes\.io/|helm\.sh/|meta\.helm\.sh/|kubectl\.kubernetes\.io/|kustomize\.|argocd\.argoproj\.io/|fluxcd\.io/|app$|name$|k8s-app$|batch\.kubernetes\.io/)`)

// marks gives the names of the labels and annotations of the CronJob, its Job and its pod. Those by
// which the pod gets something are in injected.
func (r *reading) marks() (labels, notes, injected []string) {
	inner := r.cron.Get("spec", "jobTemplate")
	pod := inner.Get("spec", "template", "metadata")
	add := func(to *[]string, meta *doc.Node, key string) {
		meta.Get(key).Pairs(func(name string, v *doc.Node) {
			off := v.String() == "false" || v.String() == "disabled" || v.String() == ""
			switch {
			case injecting().MatchString(name) && meta == pod && !off:
				if !slices.Contains(injected, name) {
					injected = append(injected, importer.Clip(name))
				}
			case !managing().MatchString(name) && !slices.Contains(*to, name):
				*to = append(*to, importer.Clip(name))
			}
		})
	}
	for _, meta := range []*doc.Node{r.cron.Get("metadata"), inner.Get("metadata"), pod} {
		add(&labels, meta, "labels")
		add(&notes, meta, "annotations")
	}
	return labels, notes, injected
}

// devices reports resources other than cpu, memory and disk, which Fargate does not have.
func (r *reading) devices(n *doc.Node) {
	var told []string
	for _, of := range []string{"limits", "requests"} {
		n.Get(of).Pairs(func(key string, v *doc.Node) {
			if !slices.Contains([]string{"cpu", "memory", "ephemeral-storage"}, key) && !slices.Contains(told, key) && v.String() != "0" {
				told = append(told, key)
				r.e.Off(&r.j, "it needs %s, which Fargate does not have", importer.Clip(key))
			}
		})
	}
	if claims := n.Get("claims").List(); len(claims) > 0 {
		r.e.Off(&r.j, "it claims devices (%s), which Fargate does not have", names(claims))
	}
}

// filledIn matches a placeholder that a program fills in before a manifest is applied: the {{ }} of
// Go and Jinja, and the ${NAME} of envsubst and Flux.
var filledIn = lazyregexp.New(`\{\{.*?\}\}|\$\{[A-Za-z_][A-Za-z0-9_]*(?::?[-=][^}]*)?\}`)

// unrendered reports a value that is still a template. In a command ${NAME} belongs to the shell,
// and {{ }} may belong to what the command runs.
func (r *reading) unrendered(spec *doc.Node) {
	var found []string
	for _, c := range spec.Get("containers").List() {
		for _, v := range append(slices.Clone(c.Get("env").List()), c.Get("image")) {
			text := v.String()
			if v.Kind == doc.Map {
				text = v.Get("value").String()
			}
			if at := filledIn().FindString(text); at != "" && !slices.Contains(found, at) {
				found = append(found, importer.Clip(at))
			}
		}
		for _, w := range append(c.Get("command").Texts(), c.Get("args").Texts()...) {
			if strings.Contains(w, "{{") {
				r.e.Decide("its command holds {{ }}: if a program fills that in before the manifest is applied, import what it prints, or `kubectl get cronjobs -o json`")
				break
			}
		}
	}
	if len(found) > 0 {
		r.e.Off(&r.j, "%s stands in its variables or its image, which Kubernetes takes as it stands: if a program fills it in before the manifest is applied, import what it prints, or `kubectl get cronjobs -o json`", strings.Join(found, ", "))
	}
}

// uneven reports whether the clocks of a zone change within two years at midnight, or by other than
// whole hours. Around such a change Next of robfig/cron v3 (spec.go) leaves out a time, or fires
// once on a day that its fields do not have.
func uneven(zone string, from time.Time) bool {
	z, err := cron.LoadZone(zone)
	if err != nil {
		return false
	}
	at, end := from.In(z.Location()), from.AddDate(2, 0, 0)
	for range 10 {
		_, next := at.ZoneBounds()
		if next.IsZero() || !next.After(at) || next.After(end) {
			return false
		}
		_, before := next.Add(-time.Second).Zone()
		_, after := next.Zone()
		midnight := next.Hour() == 1 && next.Minute() == 0 && after-before == 3600
		if midnight || (after-before)%3600 != 0 {
			return true
		}
		at = next
	}
	return false
}

func (r *reading) period() time.Duration {
	spec, err := cron.Parse(r.j.Schedule)
	zone, zoneErr := cron.LoadZone(r.j.Zone())
	if err != nil || zoneErr != nil {
		return 0
	}
	return r.in.Period(spec.In(zone, cron.DST{}).Since(r.in.From))
}
