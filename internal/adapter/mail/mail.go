// Package mail sends notices by SMTP.
package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/notice"
)

const (
	// patience bounds sending one mail.
	patience = 30 * time.Second
	// silence is how long a server that gave no answer is left alone, so that a notice does not wait for
	// it once for each recipient.
	silence = 30 * time.Second
)

// Notifier sends mails by one server. With smtp, the connection is encrypted once the server offers
// that (STARTTLS); with smtps, from the start. A password is sent only over an encrypted connection, or
// to this machine.
//
// Each recipient gets a mail of its own and is a target of its own: a server that refuses one recipient
// keeps the mail from nobody else, and nobody who took it gets it again with the next try.
type Notifier struct {
	Server   string // host:port
	TLS      bool   // encrypted from the start
	User     string
	Password string
	From     mail.Address
	To       []mail.Address
	Now      func() time.Time

	mu sync.Mutex
	// silent is until when the server is left alone.
	silent time.Time
}

// Parse reads smtp://user:password@host:587/?from=a@example.com&to=b@example.com. to may have several
// addresses. The default port is 465 for smtps and 587 for smtp.
func Parse(text string) (*Notifier, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errors.New("want smtp://user:password@host:587/?from=a@example.com&to=b@example.com") // the parser's error may contain a password
	}
	n := &Notifier{Server: u.Host, TLS: u.Scheme == "smtps", User: u.User.Username(), Now: time.Now}
	n.Password, _ = u.User.Password()
	if u.Port() == "" {
		n.Server = net.JoinHostPort(u.Hostname(), map[bool]string{true: "465", false: "587"}[n.TLS])
	}
	from, err := mail.ParseAddress(u.Query().Get("from"))
	if err != nil {
		return nil, fmt.Errorf("from=%q is no address", u.Query().Get("from"))
	}
	to, err := mail.ParseAddressList(u.Query().Get("to"))
	if err != nil {
		return nil, fmt.Errorf("to=%q holds no addresses", u.Query().Get("to"))
	}
	n.From = *from
	for _, a := range to {
		n.To = append(n.To, *a)
	}
	return n, nil
}

// Targets implements fanout.Way: the recipients' addresses, each once.
func (n *Notifier) Targets(notice.Notice) (out []string) {
	for _, a := range n.To {
		if !slices.Contains(out, a.Address) {
			out = append(out, a.Address)
		}
	}
	return out
}

// Carry implements fanout.Way: it sends a notice to one recipient. The mail names all recipients.
func (n *Notifier) Carry(ctx context.Context, to string, x notice.Notice) error {
	message, err := n.message(x)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if left := n.silent.Sub(n.Now()); left > 0 {
		return fmt.Errorf("sending a mail to %s by %s: the server gave no answer, and is left alone for %s", to, n.Server, left.Round(time.Second))
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = n.send(ctx, to, message)
	if err == nil {
		return nil
	}
	if says := (*textproto.Error)(nil); !errors.As(err, &says) {
		n.silent = n.Now().Add(silence)
	}
	return fmt.Errorf("sending a mail to %s by %s: %w", to, n.Server, err)
}

func (n *Notifier) connect(ctx context.Context) (*smtp.Client, error) {
	host, _, err := net.SplitHostPort(n.Server)
	if err != nil {
		return nil, fmt.Errorf("%q is no host and port", n.Server)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", n.Server)
	if err != nil {
		return nil, fmt.Errorf("connecting to the mail server: %w", err)
	}
	if end, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(end) // a connection without a deadline only waits longer
	}
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if n.TLS {
		conn = tls.Client(conn, config)
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("greeting %s: %w", n.Server, err), conn.Close())
	}
	if ok, _ := c.Extension("STARTTLS"); ok && !n.TLS {
		err = c.StartTLS(config)
	}
	if err == nil && n.User != "" {
		err = c.Auth(smtp.PlainAuth("", n.User, n.Password, host))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("logging in at %s: %w", n.Server, err), c.Close())
	}
	return c, nil
}

func (n *Notifier) send(ctx context.Context, to string, message []byte) error {
	c, err := n.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := c.Mail(n.From.Address); err != nil {
		return err //nolint:wrapcheck // the caller says what was being done
	}
	if err := c.Rcpt(to); err != nil {
		return err //nolint:wrapcheck // as above
	}
	w, err := c.Data()
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	if _, err := w.Write(message); err != nil {
		return err //nolint:wrapcheck // as above
	}
	if err := w.Close(); err != nil {
		return err //nolint:wrapcheck // as above
	}
	_ = c.Quit() // the server has accepted the mail
	return nil
}

// message returns the mail. All mails about one notice have the same Message-ID.
func (n *Notifier) message(x notice.Notice) ([]byte, error) {
	text := x.Text()
	subject, _, _ := strings.Cut(text, "\n")
	const most = 200 // of a subject; the text has all of it
	if len(subject) > most {
		subject = strings.ToValidUTF8(subject[:most], "") + "…"
	}
	to := make([]string, len(n.To))
	for i, a := range n.To {
		to[i] = a.String()
	}
	sum := sha256.Sum256([]byte(x.ID))
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", n.From.String()},
		{"To", strings.Join(to, ", ")},
		{"Subject", mime.QEncoding.Encode("utf-8", subject)},
		{"Date", n.Now().Format(time.RFC1123Z)},
		{"Message-ID", "<" + hex.EncodeToString(sum[:16]) + "@batchplane>"},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n"))); err != nil {
		return nil, fmt.Errorf("writing the mail: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("writing the mail: %w", err)
	}
	return b.Bytes(), nil
}
