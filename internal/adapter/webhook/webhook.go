// Package webhook posts notices as JSON to any URL, signed if a secret is shared. The URL may itself be
// a secret, so no error contains it.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/notice"
)

// SignatureHeader holds "t=SECONDS,v1=HEX": when the notice was sent, in Unix seconds, and the
// HMAC-SHA256, under the shared secret, of SECONDS, a full stop and the body. A receiver should refuse
// what is some minutes old.
const SignatureHeader = "Batchplane-Signature"

// maxAnswer is how many bytes of an answer are read.
const maxAnswer = 512

// Notifier posts to one URL. A 2xx status means that the notice arrived.
type Notifier struct {
	URL    string
	Secret string // "" for no signature
	HTTP   *http.Client
	Now    func() time.Time
}

// Notify implements port.Notifier.
func (n *Notifier) Notify(ctx context.Context, x notice.Notice) error {
	body, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("encoding the notice: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("the target does not hold a URL")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", x.ID)
	if n.Secret != "" {
		req.Header.Set(SignatureHeader, Sign(n.Secret, n.Now(), body))
	}
	res, err := n.HTTP.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // url.Error contains the URL
		}
		return fmt.Errorf("no answer: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("it answered %d %s", res.StatusCode, notice.Printable(strings.TrimSpace(string(text))))
	}
	return nil
}

// Sign returns the value of SignatureHeader.
func Sign(secret string, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(seconds + ".")) // a hash never fails
	_, _ = mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
