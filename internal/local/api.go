package local

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/batchplane/batchplane/internal/control"
)

// Door says where a running control plane takes requests. It is kept in the
// database, which only its owner may read.
type Door struct {
	URL   string `json:"url"`
	Token string `json:"token"`
	PID   int    `json:"pid"`
}

// MetaDoor is the name under which the database keeps the Door.
const MetaDoor = "door"

// ReadDoor reads where requests are taken; ErrNobody where no control plane runs.
func ReadDoor(ctx context.Context, state interface {
	Meta(ctx context.Context, name string) (string, error)
},
) (Door, error) {
	var d Door
	text, err := state.Meta(ctx, MetaDoor)
	if err != nil {
		return d, fmt.Errorf("reading where the control plane takes requests: %w", err)
	}
	if text == "" {
		return d, ErrNobody
	}
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return d, fmt.Errorf("reading where the control plane takes requests: %w", err)
	}
	return d, nil
}

// maxRequest is the most bytes of a request that are read.
const maxRequest = 1 << 20

// Handler takes the requests of people: POST /v1/run, retry, stop, pause, resume,
// skip-next and ping with JSON, answered with a control.Reply.
func Handler(c *control.Control, token string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/run", handle(c.RunByHand))
	mux.HandleFunc("POST /v1/retry", handle(c.Retry))
	mux.HandleFunc("POST /v1/stop", handle(c.StopRun))
	mux.HandleFunc("POST /v1/pause", handle(c.Pause))
	mux.HandleFunc("POST /v1/resume", handle(c.Resume))
	mux.HandleFunc("POST /v1/skip-next", handle(c.SkipNext))
	mux.HandleFunc("POST /v1/ping", handle(pong))
	want := []byte("Bearer " + token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The token keeps other users and web pages of this machine out.
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			http.Error(w, "wrong token", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func handle[Request any](do func(context.Context, Request) (control.Reply, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req Request
		body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
		body.DisallowUnknownFields()
		if err := body.Decode(&req); err != nil {
			http.Error(w, "reading the request: "+err.Error(), http.StatusBadRequest)
			return
		}
		reply, err := do(r.Context(), req)
		if err != nil && !errors.Is(err, control.ErrOwed) {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		// The caller may be gone; then nobody reads the answer.
		_ = json.NewEncoder(w).Encode(reply)
	}
}

// Open is whether a control plane answers behind the door.
func (d Door) Open(ctx context.Context) bool {
	if d.URL == "" {
		return false
	}
	_, err := Ask(ctx, d, "/v1/ping", struct{}{})
	return err == nil
}

// pong answers whether anybody is here.
func pong(context.Context, struct{}) (control.Reply, error) {
	return control.Reply{Outcome: control.Accepted, Message: "it is running"}, nil
}

// ErrNobody is returned by Ask when no control plane listens at the door.
var ErrNobody = errors.New("no control plane is running")

// Ask sends a request to the control plane behind the door.
func Ask(ctx context.Context, d Door, path string, req any) (control.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	body, err := json.Marshal(req)
	if err != nil {
		return control.Reply{}, fmt.Errorf("encoding the request: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL+path, bytes.NewReader(body))
	if err != nil {
		return control.Reply{}, fmt.Errorf("making the request: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+d.Token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := (&http.Client{Transport: &http.Transport{Proxy: nil}}).Do(r)
	if err != nil {
		return control.Reply{}, fmt.Errorf("%w (%w)", ErrNobody, err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxRequest))
	if err != nil {
		return control.Reply{}, fmt.Errorf("reading the answer: %w", err)
	}
	stranger := fmt.Errorf("%w (another program has its address %s)", ErrNobody, d.URL)
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed:
		return control.Reply{}, stranger
	}
	if answer.StatusCode != http.StatusOK {
		return control.Reply{}, fmt.Errorf("the control plane answered: %s", bytes.TrimSpace(text))
	}
	var reply control.Reply
	if err := json.Unmarshal(text, &reply); err != nil || reply.Outcome == "" {
		return control.Reply{}, stranger
	}
	return reply, nil
}
