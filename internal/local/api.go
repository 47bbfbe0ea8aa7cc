package local

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

// Door says where a running control plane takes requests. It is kept in the database, which only its
// owner may read.
type Door struct {
	URL   string `json:"url"`
	Token string `json:"token"`
	PID   int    `json:"pid"`
}

// MetaDoor is the name under which the database keeps the Door.
const MetaDoor = "door"

// ReadDoor reads where requests are taken. It returns plane.ErrNobody if no control plane runs.
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
		return d, plane.ErrNobody
	}
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return d, fmt.Errorf("reading where the control plane takes requests: %w", err)
	}
	return d, nil
}

// maxRequest is the largest request or answer that is read, in bytes.
const maxRequest = 1 << 20

// Handler takes people's requests. POST / takes the document that the trigger function takes too
// (package entry), and answers with a port.Reply. GET / answers that a control plane is here, with
// the result of trouble. While present returns an error, requests are refused with it.
func Handler(door entry.Door, token string, trouble func() string, present func() error) http.Handler {
	want := []byte("Bearer " + token)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, port.Reply{Outcome: port.Accepted, Message: trouble()})
	})
	mux.HandleFunc("POST /{$}", func(w http.ResponseWriter, r *http.Request) {
		if err := present(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			http.Error(w, "reading the request: "+err.Error(), http.StatusBadRequest)
			return
		}
		reply, err := door.Enter(r.Context(), entry.FromLocal, rand.Text(), body)
		switch {
		case errors.Is(err, entry.ErrInput):
			http.Error(w, err.Error(), http.StatusBadRequest)
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		default:
			answer(w, reply)
		}
	})
	return Proving(token, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The token keeps out other users and web pages on this machine.
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			http.Error(w, "wrong token", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}))
}

// The headers by which whoever has the address proves to know the token, which neither side sends for it.
const (
	challengeHeader = "Batchplane-Challenge"
	proofHeader     = "Batchplane-Proof"
)

// Proving answers challenges, and leaves all other requests to next.
func Proving(token string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		challenge := r.Header.Get(challengeHeader)
		if challenge == "" {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set(proofHeader, proof(token, challenge))
		w.WriteHeader(http.StatusNoContent)
	})
}

func proof(token, challenge string) string {
	mac := hmac.New(sha256.New, []byte(token))
	_, _ = mac.Write([]byte(challenge)) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil))
}

func answer(w http.ResponseWriter, reply port.Reply) {
	w.Header().Set("Content-Type", "application/json")
	// The caller may be gone, and then nobody reads the answer.
	_ = json.NewEncoder(w).Encode(reply)
}

// Open reports whether a control plane is behind the door, and what trouble it is in, as that it does not
// answer.
func (d Door) Open(ctx context.Context) (trouble string, open bool) {
	if d.URL == "" {
		return "", false
	}
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	reply, err := d.send(ctx, http.MethodGet, nil)
	switch {
	case err == nil:
		return reply.Message, true
	case errors.Is(err, plane.ErrNobody) || d.gone():
		return "", false
	}
	return d.silent(), true
}

// gone is whether the control plane's process has ended. Whatever answers at its address, or accepts
// connections and says nothing, is another program then.
func (d Door) gone() bool { return errors.Is(syscall.Kill(d.PID, 0), syscall.ESRCH) }

func (d Door) silent() string {
	return fmt.Sprintf("the control plane, process %d, does not answer: if it is suspended, let it go on (kill -CONT %d), else end it and start it again", d.PID, d.PID)
}

// openWithin is the time in which a control plane says that it is there.
const openWithin = 10 * time.Second

// Ask sends a person's request to the control plane behind the door. Its error wraps plane.ErrNobody
// only if nothing can have been done.
func (d Door) Ask(ctx context.Context, r entry.Request) (port.Reply, error) {
	body, err := entry.Encode(r)
	if err != nil {
		return port.Reply{}, fmt.Errorf("nothing was asked for: %w", err)
	}
	return d.send(ctx, http.MethodPost, body)
}

// do makes a request with a header. Its error wraps plane.ErrNobody if nobody was reached.
func (d Door) do(ctx context.Context, method, header, value string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, d.URL+"/", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", plane.ErrNobody, err)
	}
	r.Header.Set(header, value)
	r.Header.Set("Content-Type", "application/json")
	// A connection that is kept would stay open for as long as both processes live.
	answer, err := (&http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}).Do(r)
	if unreached := new(net.OpError); errors.As(err, &unreached) && unreached.Op == "dial" {
		return nil, fmt.Errorf("%w (%w)", plane.ErrNobody, err)
	}
	return answer, err //nolint:wrapcheck // the callers say what that means
}

// stranger is the error if another program has the control plane's address.
func (d Door) stranger() error {
	return fmt.Errorf("%w (another program has its address %s)", plane.ErrNobody, d.URL)
}

// proven returns an error unless whoever answers knows the token. Once a control plane was killed, every
// user of this machine can take its address, and say that something was done.
func (d Door) proven(ctx context.Context) error {
	challenge := rand.Text()
	answer, err := d.do(ctx, http.MethodGet, challengeHeader, challenge, nil)
	switch {
	case errors.Is(err, plane.ErrNobody):
		return err
	case err != nil && d.gone():
		return d.stranger()
	case err != nil:
		return fmt.Errorf("nothing was asked for: %s (%w)", d.silent(), err)
	}
	_ = answer.Body.Close() // it is empty, or of no interest
	if !hmac.Equal([]byte(answer.Header.Get(proofHeader)), []byte(proof(d.Token, challenge))) {
		return d.stranger()
	}
	return nil
}

func (d Door) send(ctx context.Context, method string, body []byte) (port.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := d.proven(ctx); err != nil {
		return port.Reply{}, err
	}
	answer, err := d.do(ctx, method, "Authorization", "Bearer "+d.Token, body)
	switch {
	case errors.Is(err, plane.ErrNobody):
		return port.Reply{}, err
	case err != nil:
		return port.Reply{}, fmt.Errorf("the control plane did not answer: it may have done what it was asked for, so look before you ask again (%w)", err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxRequest))
	if err != nil {
		return port.Reply{}, fmt.Errorf("reading the answer: %w", err)
	}
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed:
		return port.Reply{}, d.stranger()
	}
	if answer.StatusCode != http.StatusOK {
		return port.Reply{}, fmt.Errorf("the control plane answered: %s", bytes.TrimSpace(text))
	}
	var reply port.Reply
	if err := json.Unmarshal(text, &reply); err != nil || reply.Outcome == "" {
		return port.Reply{}, d.stranger()
	}
	return reply, nil
}
