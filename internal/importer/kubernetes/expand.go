package kubernetes

import (
	"maps"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// scope holds what Kubernetes replaces $(NAME) with: the container's variables. ECS replaces
// nothing.
type scope struct {
	values map[string]string
	closed map[string]bool // variables whose value is a secret, comes from the pod, or is not in the file
	open   bool            // there may be others
}

// maxExpanded is the longest value in bytes: a value may contain others, which contain others.
const maxExpanded = 64 << 10

// expanded is a value of env with its variables replaced, and the variables that it needs and the
// file does not have.
type expanded struct {
	text string
	asks []string
}

// scope reads the variables in Kubernetes' order, those of envFrom first. It replaces variables in
// those of env by the ones before them.
func (r *reading) scope(c *doc.Node) (s scope, env []expanded) {
	s = scope{values: map[string]string{}, closed: map[string]bool{}}
	for _, from := range c.Get("envFrom").List() {
		data, ok := r.configMap(from.Get("configMapRef", "name").String())
		s.open = s.open || !ok
		data.Pairs(func(key string, v *doc.Node) { s.set(from.Get("prefix").String()+key, expanded{text: v.String()}) })
	}
	for _, v := range c.Get("env").List() {
		x := s.expand(v.Get("value").String())
		if from := v.Get("valueFrom"); !from.Absent() {
			config := from.Get("configMapKeyRef")
			data, _ := r.configMap(config.Get("name").String())
			if x = (expanded{text: data.Get(config.Get("key").String()).String()}); x.text == "" {
				x.asks = []string{v.Get("name").String()}
			}
		}
		env = append(env, x)
		s.set(v.Get("name").String(), x)
	}
	return s, env
}

// set adds a variable. The value of a secret is inserted nowhere.
func (s *scope) set(name string, x expanded) {
	s.closed[name] = len(x.asks) > 0 || importer.HoldsSecret(name, x.text)
	s.values[name] = x.text
}

// ofService matches the variables that a pod has for the services of its namespace.
var ofService = lazyregexp.New(`^[A-Z][A-Z0-9_]*(?:_SERVICE_(?:HOST|PORT)|_PORT_[0-9]+_(?:TCP|UDP)\w*)$`)

// anyVariable matches the names of variables that the file may not show. A $(command) of a shell is
// in lower case.
var anyVariable = lazyregexp.New(`^[A-Z_][A-Z0-9_]*$`)

// expand replaces variables. $$ becomes $, and $(NAME) stays if no variable has that name
// (third_party/forked/golang/expansion of kubernetes/kubernetes).
func (s *scope) expand(text string) (x expanded) {
	var b strings.Builder
	for {
		at := strings.IndexByte(text, '$')
		if at < 0 || at+1 == len(text) {
			x.text = b.String() + text
			return x
		}
		b.WriteString(text[:at])
		text = text[at:]
		end := strings.IndexByte(text, ')')
		switch {
		case text[1] == '$':
			b.WriteByte('$')
			text = text[2:]
		case text[1] == '(' && end > 0:
			b.WriteString(s.value(text[2:end], &x))
			text = text[end+1:]
			if b.Len() > maxExpanded { // ECS takes far less
				x.asks = append(x.asks, "...")
				x.text = b.String()[:maxExpanded]
				return x
			}
		default:
			b.WriteString(text[:2])
			text = text[2:]
		}
	}
}

// value gives what replaces $(name).
func (s *scope) value(name string, x *expanded) string {
	value, known := s.values[name]
	switch {
	case known && !s.closed[name]:
		return value
	case known, ofService().MatchString(name), s.open && anyVariable().MatchString(name):
		x.asks = append(x.asks, name)
	}
	return "$(" + name + ")"
}

// words gives the words of the command with their variables replaced.
func (r *reading) words(s *scope, command, args []string) (words []string) {
	changed := false
	var asks []string
	for _, w := range append(command, args...) {
		x := s.expand(w)
		changed = changed || x.text != w
		words, asks = append(words, x.text), append(asks, x.asks...)
	}
	if changed {
		r.e.Change("its command is written as Kubernetes hands it over: with the values of variables for $(NAME), and $ for $$")
	}
	if len(asks) > 0 {
		r.e.Off(&r.j, "Kubernetes puts in $(%s) in its command, which the file does not say and ECS does not put in: let a shell read the variable, or write the value", strings.Join(asks, "), $("))
	}
	return words
}

// clusterTools are programs that use the API of the cluster in which they run.
var clusterTools = []string{"kubectl", "oc", "helm", "argocd", "flux", "kustomize", "tkn", "argo", "velero", "istioctl", "virtctl", "kn"}

// ofCluster reports a command that works on its own cluster.
func (r *reading) ofCluster(words []string) {
	all := strings.Join(words, " ")
	for _, tool := range clusterTools {
		if importer.Starts(words, tool) {
			r.e.Off(&r.j, "it asks its cluster by %s, and a task has neither the pod's token nor its network: give it a kubeconfig and a way there, or leave it in the cluster", tool)
			return
		}
	}
	if strings.Contains(all, "/secrets/kubernetes.io/serviceaccount") {
		r.e.Off(&r.j, "it reads the pod's token, which a task does not have: what it may do on AWS is the task role's, and for its cluster it needs a kubeconfig and a way there")
	}
}

// service matches names that the DNS of a cluster alone knows: those of Services with their namespace, and
// hosts of one word in URLs, before the port of a usual server, and as the host that a client is told
// (https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/).
var service = lazyregexp.New(`(?:^|[^\w.-])([a-z0-9-]+\.[a-z0-9-]+\.svc(?:\.[a-z0-9.-]+)?)(?:[:/?"'\s]|$)|` +
	`\b(?:https?|grpc|tcp|nats|amqps?|rediss?|mysql|postgres(?:ql)?|mongodb)://(?:[^\s/@"']*@)?([a-z][a-z0-9-]*)(?::[0-9]+)?(?:[/?,;|)"'\s]|$)|` +
	`(?:^|[\s=,"'])([a-z][a-z0-9-]*):(?:2181|3306|4222|5432|5672|6379|8080|9000|9042|9092|9200|11211|27017)(?:[/,;|)"'\s]|$)|` +
	`\b(?:psql|pg_\w+|mysql\w*|mariadb[\w-]*|redis-cli|mongo\w*)\s(?:[^|;&]*?\s)?(?:-h\s*|--host[= ])["']?([a-z][a-z0-9-]*)(?:["'\s;|)]|$)`)

// hostName matches names of variables that hold a host, noHost those of hosts that may call and of people's
// addresses, and oneWord a host of one word.
var (
	hostName = lazyregexp.New(`(?i)(?:^|_)(?:PG|DB)?(?:HOST|HOSTS|ADDR|ADDRESS|BROKERS?)$`)
	noHost   = lazyregexp.New(`(?i)(?:^|_)(?:ALLOWED|TRUSTED)_HOSTS?$|(?:^|_)(?:FROM|TO|CC|BCC|REPLY|SENDER|E?MAIL)_ADDR(?:ESS)?$`)
	oneWord  = lazyregexp.New(`^[a-z][a-z0-9-]*(?::[0-9]+)?$`)
)

// services reports what is called by a name of its cluster, in the command or a variable.
func (r *reading) services(words []string) {
	told := []string{"localhost"}
	for _, text := range slices.Concat([]string{strings.Join(words, " ")}, slices.Sorted(maps.Values(r.d.Environment)), r.hidden) {
		for _, m := range service().FindAllStringSubmatch(text, -1) {
			if name := strings.Join(m[1:], ""); !slices.Contains(told, name) {
				told = append(told, name)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(r.d.Environment)) {
		name, _, _ := strings.Cut(r.d.Environment[key], ":")
		if hostName().MatchString(key) && !noHost().MatchString(key) && oneWord().MatchString(r.d.Environment[key]) && !slices.Contains(told, name) {
			told = append(told, name)
		}
	}
	if len(told) > 1 {
		r.e.Off(&r.j, "only the DNS of its cluster knows what it calls (%s): write a name that a task finds in its VPC, or leave it in the cluster", importer.Clip(strings.Join(told[1:], ", ")))
	}
}
