package localecs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/lazyregexp"
)

const (
	definitionActive   = "ACTIVE"
	definitionInactive = "INACTIVE"
)

// namePattern is ECS's pattern for families and containers.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
var namePattern = lazyregexp.New(`^[A-Za-z0-9_-]{1,255}$`)

// definition is a revision of a task definition. Content is the request that
// registered it, as compact JSON.
type definition struct {
	Family         string          `json:"family"`
	Revision       int             `json:"revision"`
	Status         string          `json:"status"`
	RegisteredAt   time.Time       `json:"registeredAt"`
	DeregisteredAt *time.Time      `json:"deregisteredAt,omitempty"`
	Content        json.RawMessage `json:"content"`
}

// definitionContent is the part of a task definition that localecs itself reads.
type definitionContent struct {
	Family               string                `json:"family"`
	CPU                  string                `json:"cpu"`
	Memory               string                `json:"memory"`
	EphemeralStorage     *EphemeralStorage     `json:"ephemeralStorage"`
	ContainerDefinitions []containerDefinition `json:"containerDefinitions"`
}

type containerDefinition struct {
	Name             string   `json:"name"`
	Image            string   `json:"image"`
	Essential        *bool    `json:"essential"`
	EntryPoint       []string `json:"entryPoint"`
	Command          []string `json:"command"`
	Environment      []Pair   `json:"environment"`
	Secrets          []Secret `json:"secrets"`
	WorkingDirectory string   `json:"workingDirectory"`
	StopTimeout      *int     `json:"stopTimeout"`
	Memory           int      `json:"memory"`
}

func (d definition) content() (definitionContent, error) {
	var c definitionContent
	if err := json.Unmarshal(d.Content, &c); err != nil {
		return c, fmt.Errorf("reading task definition %s:%d: %w", d.Family, d.Revision, err)
	}
	return c, nil
}

// registerTaskDefinition creates a new revision, unless the content equals that of the family's newest
// ACTIVE revision, which it then returns. So a local mode that registers its definitions at every start
// does not create revisions without end. ECS itself always creates a new one.
func (s *Server) registerTaskDefinition(raw json.RawMessage) (any, error) {
	var in definitionContent
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, refuse("SerializationException", err.Error())
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	content, err := canonical(raw)
	if err != nil {
		return nil, refuse("SerializationException", err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if newest, ok := s.newestActive(in.Family); ok && bytes.Equal(newest.Content, content) {
		return s.definitionAnswer(newest)
	}
	d := definition{
		Family: in.Family, Revision: len(s.definitions[in.Family]) + 1, Status: definitionActive,
		RegisteredAt: s.now(), Content: content,
	}
	if err := s.store.saveDefinition(s.ctx, d); err != nil {
		return nil, err
	}
	s.definitions[in.Family] = append(s.definitions[in.Family], d)
	return s.definitionAnswer(d)
}

func (c definitionContent) check() error {
	if !namePattern().MatchString(c.Family) {
		return refuse("ClientException", "family must be 1 to 255 letters, digits, hyphens and underscores")
	}
	if len(c.ContainerDefinitions) == 0 {
		return refuse("ClientException", "Container list cannot be empty.")
	}
	seen := map[string]bool{}
	essential := false
	for _, d := range c.ContainerDefinitions {
		if !namePattern().MatchString(d.Name) || seen[d.Name] {
			return refuse("ClientException", fmt.Sprintf("container name %q must be unique and of 1 to 255 letters, digits, hyphens and underscores", d.Name))
		}
		seen[d.Name] = true
		essential = essential || d.Essential == nil || *d.Essential
	}
	if !essential {
		return refuse("ClientException", "At least one container must be essential")
	}
	return nil
}

type definitionRequest struct {
	TaskDefinition string   `json:"taskDefinition"`
	Include        []string `json:"include"`
}

func (s *Server) describeTaskDefinition(in definitionRequest) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.findDefinition(in.TaskDefinition)
	if err != nil {
		return nil, refuse("ClientException", "Unable to describe task definition.")
	}
	answer, err := s.definitionAnswer(d)
	if err != nil || !slices.Contains(in.Include, "TAGS") {
		return answer, err
	}
	var tagged struct {
		Tags json.RawMessage `json:"tags,omitempty"`
	}
	if err := json.Unmarshal(d.Content, &tagged); err != nil {
		return nil, fmt.Errorf("reading the tags of %s:%d: %w", d.Family, d.Revision, err)
	}
	if tagged.Tags != nil {
		answer["tags"] = tagged.Tags
	}
	return answer, nil
}

func (s *Server) deregisterTaskDefinition(in definitionRequest) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.findDefinition(in.TaskDefinition)
	if err != nil {
		return nil, err
	}
	now := s.now()
	d.Status, d.DeregisteredAt = definitionInactive, &now
	if err := s.store.saveDefinition(s.ctx, d); err != nil {
		return nil, err
	}
	s.definitions[d.Family][d.Revision-1] = d
	return s.definitionAnswer(d)
}

// findDefinition resolves an ARN, family:revision, or a family, which stands for its newest ACTIVE
// revision.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
func (s *Server) findDefinition(name string) (definition, error) {
	notFound := refuse("ClientException", "Unable to find task definition "+strconv.Quote(name))
	if rest, ok := strings.CutPrefix(name, "arn:"); ok {
		_, after, found := strings.Cut(rest, ":task-definition/")
		if !found {
			return definition{}, notFound
		}
		name = after
	}
	family, revision, pinned := strings.Cut(name, ":")
	if !pinned {
		if d, ok := s.newestActive(family); ok {
			return d, nil
		}
		return definition{}, notFound
	}
	n, err := strconv.Atoi(revision)
	if err != nil || n < 1 || n > len(s.definitions[family]) {
		return definition{}, notFound
	}
	return s.definitions[family][n-1], nil
}

func (s *Server) newestActive(family string) (definition, bool) {
	revisions := s.definitions[family]
	for i := len(revisions) - 1; i >= 0; i-- {
		if revisions[i].Status == definitionActive {
			return revisions[i], true
		}
	}
	return definition{}, false
}

func (s *Server) definitionARN(d definition) string {
	return fmt.Sprintf("arn:aws:ecs:%s:%s:task-definition/%s:%d", s.cfg.Region, s.cfg.Account, d.Family, d.Revision)
}

// definitionAnswer returns the registered content with what registering added to it.
func (s *Server) definitionAnswer(d definition) (map[string]any, error) {
	shown := map[string]any{}
	if err := json.Unmarshal(d.Content, &shown); err != nil {
		return nil, fmt.Errorf("reading task definition %s:%d: %w", d.Family, d.Revision, err)
	}
	delete(shown, "tags")
	shown["revision"], shown["status"] = d.Revision, d.Status
	shown["taskDefinitionArn"] = s.definitionARN(d)
	shown["registeredAt"] = epoch(d.RegisteredAt)
	if d.DeregisteredAt != nil {
		shown["deregisteredAt"] = epoch(*d.DeregisteredAt)
	}
	if list, ok := shown["containerDefinitions"].([]any); ok {
		for _, c := range list {
			if c, ok := c.(map[string]any); ok && c["essential"] == nil {
				c["essential"] = true
			}
		}
	}
	return map[string]any{"taskDefinition": shown}, nil
}

// canonical returns a task definition's JSON in one form: compact, with sorted keys.
func canonical(raw []byte) (json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("decoding the task definition: %w", err)
	}
	sorted, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding the task definition: %w", err)
	}
	return sorted, nil
}
