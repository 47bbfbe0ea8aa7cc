package localecs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// token is a clientToken with what it is bound to, within one cluster.
//
// It lives for 24 hours or for the lifetime of its tasks plus one hour, whichever is shorter. A
// lifetime runs from createdAt until lastStatus is STOPPED, of the last of several tasks. A token that
// is bound only to failures[] has no such lifetime; here it lives for one hour.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
type token struct {
	Cluster     string    `json:"cluster"`
	Token       string    `json:"token"`
	Fingerprint string    `json:"fingerprint"`
	CreatedAt   time.Time `json:"createdAt"`
	Tasks       []bound   `json:"tasks"`
	Failures    []Failure `json:"failures"`
}

// bound is a task of a token. It is kept apart from the task itself, which may be forgotten before the
// token.
type bound struct {
	ID  string `json:"id"`
	ARN string `json:"arn"`
}

const (
	tokenLife  = 24 * time.Hour
	memoryLife = time.Hour // of a stopped task, and of a token after its tasks
)

// boundTo returns a live token of a cluster with what it is bound to, nil if there is none. The token
// is held.
func (s *Server) boundTo(cluster, name string, now time.Time) (t *token, err error) {
	if name == "" {
		return nil, nil //nolint:nilnil // no token is bound to nothing
	}
	err = s.apart(func() error {
		t, err = s.store.token(s.ctx, cluster, name)
		return err
	})
	if t == nil {
		return nil, err
	}
	ids := make([]string, len(t.Tasks))
	for i, b := range t.Tasks {
		ids[i] = b.ID
	}
	tasks, err := s.find(ids...)
	if err != nil || !t.alive(tasks, now) {
		return nil, err
	}
	return t, nil
}

// alive reports whether a token still stands for its first answer. A task that is not among tasks
// stopped long enough ago to be forgotten.
func (t *token) alive(tasks map[string]*record, now time.Time) bool {
	if !now.Before(t.CreatedAt.Add(tokenLife)) {
		return false
	}
	end := t.CreatedAt
	for _, r := range tasks {
		if r.Task.StoppedAt == nil {
			return true
		}
		if r.Task.StoppedAt.After(end) {
			end = *r.Task.StoppedAt
		}
	}
	return now.Before(end.Add(memoryLife))
}

// replay answers a repeated request: with the first answer's failures and its tasks, of which stopped
// ones show only taskArn, lastStatus and desiredStatus. If anything but the token differs, the answer
// is a ConflictException that names the tasks. (source as above)
func (s *Server) replay(t token, fingerprint string) (any, error) {
	if t.Fingerprint != fingerprint {
		conflict := refuse("ConflictException", "The client token is already bound to a request with other parameters.")
		for _, b := range t.Tasks {
			conflict.ResourceIDs = append(conflict.ResourceIDs, b.ARN)
		}
		return nil, conflict
	}
	tasks := []any{}
	for _, b := range t.Tasks {
		if r, ok := s.tasks[b.ID]; ok {
			tasks = append(tasks, described(r.Task))
			continue
		}
		tasks = append(tasks, map[string]string{
			"taskArn": b.ARN, "lastStatus": statusStopped, "desiredStatus": statusStopped,
		})
	}
	return runTaskAnswer{Tasks: tasks, Failures: t.Failures}, nil
}

// fingerprint identifies a request by every parameter but the token itself. The task definition counts
// as it was written: it is not documented whether ECS considers a family that has got a newer revision
// the same request.
func fingerprint(raw []byte, cluster string) (string, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var params map[string]any
	if err := dec.Decode(&params); err != nil {
		return "", fmt.Errorf("decoding the request: %w", err)
	}
	delete(params, "clientToken")
	params["cluster"] = cluster
	text, err := json.Marshal(params)
	if err != nil {
		return "", fmt.Errorf("encoding the request: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
