package localecs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/lazyregexp"
)

type runTaskRequest struct {
	Cluster                  string          `json:"cluster"`
	TaskDefinition           string          `json:"taskDefinition"`
	ClientToken              string          `json:"clientToken"`
	StartedBy                string          `json:"startedBy"`
	Group                    string          `json:"group"`
	LaunchType               string          `json:"launchType"`
	Count                    *int            `json:"count"`
	EnableExecuteCommand     bool            `json:"enableExecuteCommand"`
	Overrides                json.RawMessage `json:"overrides"`
	CapacityProviderStrategy []struct {
		CapacityProvider string `json:"capacityProvider"`
		Weight           int    `json:"weight"`
	} `json:"capacityProviderStrategy"`
	NetworkConfiguration struct {
		AwsvpcConfiguration struct {
			Subnets []string `json:"subnets"`
		} `json:"awsvpcConfiguration"`
	} `json:"networkConfiguration"`

	overrides   Overrides
	clusterARN  string
	fingerprint string
	number      int64  // of this request, from 1
	send        int    // of this token, from 1
	of          string // see Subject.of
}

type runTaskAnswer struct {
	Tasks    []any     `json:"tasks"`
	Failures []Failure `json:"failures"`
}

// Limits of https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
const (
	maxToken     = 64   // ASCII characters 33 to 126
	maxStartedBy = 128  // letters, digits, "-", "/" and "_"
	maxOverrides = 8192 // characters of JSON, all of it
	maxCount     = 10
)

var (
	tokenPattern     = lazyregexp.New(`^[!-~]*$`)
	startedByPattern = lazyregexp.New(`^[A-Za-z0-9/_-]*$`)
)

// runTask launches once for each live token. It checks in this order: whether the request is valid,
// throttled, bound by its token; whether its task definition is active; whether there is capacity.
func (s *Server) runTask(raw []byte) (any, error) {
	in, err := readRunTask(raw)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil, serverError("localecs is shutting down")
	}
	given := in.Cluster
	if in.Cluster, err = s.clusterName(given); err != nil {
		return nil, err
	}
	in.clusterARN = s.clusterARN(given, in.Cluster)
	if in.fingerprint, err = fingerprint(raw, in.Cluster); err != nil {
		return nil, refuse("SerializationException", err.Error())
	}
	if in.ClientToken != "" {
		defer s.hold("token " + in.Cluster + " " + in.ClientToken)()
	}
	s.countSend(in)
	if s.strikes(FaultThrottle, in.subject()) {
		return nil, refuse("ThrottlingException", "Rate exceeded")
	}
	now := s.now()
	if t, err := s.boundTo(in.Cluster, in.ClientToken, now); err != nil {
		return nil, err
	} else if t != nil {
		return s.replay(*t, in.fingerprint)
	}
	answer, err := s.launch(in, now)
	if err == nil && s.strikes(FaultLostAnswer, in.subject()) {
		return nil, loseAnswer(s.cfg.Seed, in.subject())
	}
	return answer, err
}

// loseAnswer returns one of the two ways in which an answer can get lost.
func loseAnswer(seed uint64, f Subject) error {
	if drawn(seed, "lost-answer/how", f) < 0.5 {
		return errHangUp
	}
	return serverError("Service Unavailable. Please try again later.")
}

func readRunTask(raw []byte) (*runTaskRequest, error) {
	in := &runTaskRequest{}
	if err := json.Unmarshal(raw, in); err != nil {
		return nil, refuse("SerializationException", err.Error())
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if len(in.Overrides) > 0 {
		if err := json.Unmarshal(in.Overrides, &in.overrides); err != nil {
			return nil, refuse("SerializationException", err.Error())
		}
	}
	return in, nil
}

func (in *runTaskRequest) check() error {
	var overrides bytes.Buffer
	if len(in.Overrides) > 0 {
		_ = json.Compact(&overrides, in.Overrides) // valid: it was decoded a moment ago
	}
	switch {
	case len(in.ClientToken) > maxToken || !tokenPattern().MatchString(in.ClientToken):
		return invalid("clientToken must be at most 64 characters of ASCII 33 to 126")
	case len(in.StartedBy) > maxStartedBy || !startedByPattern().MatchString(in.StartedBy):
		return invalid("startedBy must be at most 128 letters, digits, hyphens, slashes and underscores")
	case utf8.RuneCount(overrides.Bytes()) > maxOverrides:
		return invalid("Container Overrides length must be at most 8192")
	case in.Count != nil && (*in.Count < 1 || *in.Count > maxCount):
		return invalid("count must be from 1 to 10")
	case in.TaskDefinition == "":
		return invalid("TaskDefinition can not be blank.")
	}
	return in.checkCapacity()
}

func (in *runTaskRequest) checkCapacity() error {
	strategy := in.CapacityProviderStrategy
	if len(strategy) == 0 {
		return nil
	}
	if in.LaunchType != "" {
		return invalid("launchType and capacityProviderStrategy can not be given together")
	}
	weight := 0
	for _, p := range strategy {
		weight += p.Weight
	}
	if weight == 0 {
		return invalid("a capacityProviderStrategy needs a provider with a weight above 0")
	}
	return nil
}

// countSend numbers a request, and counts how often its token was sent.
func (s *Server) countSend(in *runTaskRequest) {
	s.requests++
	in.number, in.send, in.of = s.requests, 1, fmt.Sprintf("#%d", s.requests)
	if in.ClientToken == "" {
		return
	}
	in.of = in.Cluster + " " + in.ClientToken
	if s.cfg.Inject == nil && len(s.cfg.Faults) == 0 {
		return // nothing needs the count
	}
	seen := s.sends[in.of]
	seen.count, seen.last = seen.count+1, s.now()
	s.sends[in.of] = seen
	in.send = seen.count
}

func (in *runTaskRequest) subject() Subject {
	return Subject{StartedBy: in.StartedBy, Send: in.send, of: in.of}
}

// launch creates the tasks, or the failures, and binds them to the token, all in one write.
func (s *Server) launch(in *runTaskRequest, now time.Time) (any, error) {
	d, err := s.findDefinition(in.TaskDefinition)
	if err != nil {
		return nil, err
	}
	if d.Status != definitionActive {
		return nil, refuse("ClientException", "TaskDefinition is inactive")
	}
	content, err := d.content()
	if err != nil {
		return nil, err
	}
	if err := in.overrides.fit(content); err != nil {
		return nil, err
	}
	s.forget(now)
	made := token{Cluster: in.Cluster, Token: in.ClientToken, Fingerprint: in.fingerprint, CreatedAt: now, Failures: []Failure{}}
	records := s.newRecords(in, d, content, now)
	// A launch refused like this creates no task and no event.
	// https://github.com/aws/containers-roadmap/issues/1705
	switch {
	case s.strikes(FaultCapacity, in.subject()):
		made.Failures, records = []Failure{{Reason: noCapacity}}, nil
	case s.overQuota(records):
		made.Failures, records = []Failure{{Reason: noQuota}}, nil
	}
	for _, r := range records {
		made.Tasks = append(made.Tasks, bound{ID: r.ID, ARN: r.Task.TaskARN})
	}
	if err := s.keepLaunch(made, records); err != nil {
		return nil, err
	}
	answer := runTaskAnswer{Tasks: []any{}, Failures: made.Failures}
	for _, r := range records {
		answer.Tasks = append(answer.Tasks, described(r.Task))
	}
	return answer, nil
}

func (s *Server) newRecords(in *runTaskRequest, d definition, c definitionContent, now time.Time) []*record {
	count := 1
	if in.Count != nil {
		count = *in.Count
	}
	records := make([]*record, count)
	for i := range records {
		records[i] = s.newRecord(in, d, c, now, i)
		s.hasten(records[i], now)
	}
	return records
}

// fit rejects overrides of containers that the definition does not have.
func (o Overrides) fit(c definitionContent) error {
	for _, override := range o.ContainerOverrides {
		if !slices.ContainsFunc(c.ContainerDefinitions, func(d containerDefinition) bool { return d.Name == override.Name }) {
			return invalid(fmt.Sprintf("Override for container named %s is not a container in the TaskDefinition.", override.Name))
		}
	}
	return nil
}

// clusterARN returns the ARN that was given for a cluster, else the one made from its name: a caller
// that launches in a cluster on AWS gets that cluster's ARN back.
func (s *Server) clusterARN(given, name string) string {
	if strings.HasPrefix(given, "arn:") {
		return given
	}
	return s.arn("cluster/" + name)
}

// clusterName reads a name or an ARN; an empty one means "default".
func (s *Server) clusterName(given string) (string, error) {
	name := given
	if strings.HasPrefix(given, "arn:") {
		_, name, _ = strings.Cut(given, ":cluster/")
	}
	if given == "" {
		name = "default"
	}
	if !namePattern().MatchString(name) || (len(s.cfg.Clusters) > 0 && !slices.Contains(s.cfg.Clusters, name)) {
		return "", refuse("ClusterNotFoundException", "Cluster not found.")
	}
	return name, nil
}

// sends counts the calls for one subject, as far as faults need it.
type sends struct {
	count int
	last  time.Time
}
