package webhook_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/webhook"
	"github.com/batchplane/batchplane/internal/notice"
)

func TestNotify(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_800_000_000, 0)
	for name, c := range map[string]struct {
		secret string
		status int
		says   string
	}{
		"taken":          {"", 204, ""},
		"taken, signed":  {"s3cret", 200, ""},
		"refused":        {"", 500, "it answered 500 no \ufffd[31m thanks"},
		"moved for good": {"", 308, "it answered 308"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				var got notice.Notice
				if err := json.Unmarshal(body, &got); err != nil || got.ID != "failed:x" || r.Header.Get("Idempotency-Key") != "failed:x" || r.Header.Get("Content-Type") != "application/json" {
					t.Errorf("got %s, %v", body, err)
				}
				want := ""
				if c.secret != "" {
					want = webhook.Sign(c.secret, at, body)
				}
				if sign := r.Header.Get(webhook.SignatureHeader); sign != want {
					t.Errorf("the signature is %q, want %q", sign, want)
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte("no \x1b[31m thanks\n"))
			}))
			t.Cleanup(server.Close)
			n := webhook.Notifier{URL: server.URL + "/hook?token=private", Secret: c.secret, HTTP: server.Client(), Now: func() time.Time { return at }}
			err := n.Notify(t.Context(), notice.Notice{ID: "failed:x"})
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// TestNoErrorHoldsTheURL: the URL may be a secret.
func TestNoErrorHoldsTheURL(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"http://127.0.0.1:1/private", "private\x00://"} {
		n := webhook.Notifier{URL: url, HTTP: &http.Client{}, Now: time.Now}
		if err := n.Notify(t.Context(), notice.Notice{}); err == nil || strings.Contains(err.Error(), "private") {
			t.Errorf("%v", err)
		}
	}
}

// TestSign: the example in docs/local.md, by which others can check their code.
func TestSign(t *testing.T) {
	t.Parallel()
	got := webhook.Sign("secret", time.Unix(1_800_000_000, 0), []byte(`{"id":"x"}`))
	if want := "t=1800000000,v1=a42de775ce01572b44df5f02ae4eedc0215cf50b524d30743d5f0dfe12bd147a"; got != want {
		t.Errorf("got %s", got)
	}
}
