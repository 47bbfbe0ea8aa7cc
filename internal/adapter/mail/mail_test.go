package mail_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/fanout"
	"github.com/batchplane/batchplane/internal/adapter/mail"
	"github.com/batchplane/batchplane/internal/notice"
)

// server is a mail server that keeps what it hears, and refuses a command that begins with refuse.
type server struct {
	refuse string

	mu    sync.Mutex
	lines []string
}

func newServer(t *testing.T, refuse string) (s *server, address string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s = &server{refuse: refuse}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.talk(c)
		}
	}()
	return s, l.Addr().String()
}

func (s *server) talk(c net.Conn) {
	defer func() { _ = c.Close() }()
	_, _ = fmt.Fprint(c, "220 mail.example.com\r\n")
	data := false
	in := bufio.NewScanner(c)
	for in.Scan() {
		line := in.Text()
		s.mu.Lock()
		s.lines = append(s.lines, line)
		s.mu.Unlock()
		switch {
		case data && line != ".":
			continue
		case s.refuse != "" && strings.HasPrefix(line, s.refuse):
			_, _ = fmt.Fprint(c, "550 no such user\r\n")
			continue
		}
		data = line == "DATA"
		_, _ = fmt.Fprint(c, map[bool]string{true: "354 go on\r\n", false: "250 ok\r\n"}[data])
	}
}

func (s *server) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

func parse(t *testing.T, address, to string) *mail.Notifier {
	t.Helper()
	n, err := mail.Parse("smtp://" + address + "/?from=batch@example.com&to=" + to)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestCarry(t *testing.T) {
	t.Parallel()
	s, address := newServer(t, "")
	n := parse(t, address, "ops@example.com,Boss%20<boss@example.com>,ops@example.com")
	x := notice.Notice{ID: "failed:x", Kind: notice.Failed, Job: "b\u00fccher", Run: "x", Cause: "exit code 3\r\nBcc: all@example.com\r\n.\r\n", Logs: []string{"."}}
	if got := strings.Join(n.Targets(x), " "); got != "ops@example.com boss@example.com" {
		t.Errorf("it goes to %s", got)
	}
	if err := n.Carry(t.Context(), "boss@example.com", x); err != nil {
		t.Fatal(err)
	}
	text := s.heard()
	for _, want := range []string{
		"MAIL FROM:<batch@example.com>\nRCPT TO:<boss@example.com>\nDATA", "Subject: =?utf-8?q?FAILED_b=C3=BCcher:_exit_code_3__Bcc:_all@example.com",
		"To: <ops@example.com>, \"Boss\" <boss@example.com>", "FAILED b=C3=BCcher: exit code 3", "| .", "\n.\nQUIT",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\nBcc:") {
		t.Errorf("a cause made a header:\n%s", text)
	}
	got, err := body(text)
	if want := strings.ReplaceAll(x.Text(), "\r", ""); err != nil || strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("the mail says %q, want %q, %v", got, want, err)
	}
}

// body returns what a reader is shown of the mail that a server heard.
func body(heard string) (string, error) {
	_, data, _ := strings.Cut(heard, "\nDATA\n")
	data, _, _ = strings.Cut(data, "\n.\n")
	m, err := netmail.ReadMessage(strings.NewReader(strings.ReplaceAll(data, "\n..", "\n.") + "\n"))
	if err != nil {
		return "", fmt.Errorf("reading the mail: %w", err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	return string(text), err
}

// took remembers who took a notice.
type took []string

func (k *took) Took(context.Context, string) ([]string, error) { return *k, nil }

func (k *took) SetTook(_ context.Context, _ string, targets []string) error {
	*k = append(*k, targets...)
	return nil
}

// TestOneRefusedRecipient: a server that refuses one recipient keeps the mail from no other. The error
// names the refused one, and only that one is tried again.
func TestOneRefusedRecipient(t *testing.T) {
	t.Parallel()
	s, address := newServer(t, "RCPT TO:<left@")
	tell := &fanout.Notifier{Memory: &took{}, Ways: []fanout.Way{parse(t, address, "left@example.com,ops@example.com")}}
	for range 3 {
		told, err := tell.Notify(t.Context(), notice.Notice{ID: "failed:x"})
		if err == nil || !strings.Contains(err.Error(), `a mail to left@example.com by `+address+`: 550 "no such user"`) || strings.Contains(err.Error(), "ops@") {
			t.Errorf("got %v", err)
		}
		if got := strings.Join(told, " "); got != "ops@example.com" {
			t.Errorf("told %s", got)
		}
	}
	text := s.heard()
	if mails, tries := strings.Count(text, "\nDATA\n"), strings.Count(text, "RCPT TO:<left@example.com>"); mails != 1 || tries != 3 {
		t.Errorf("%d mails, and the refused one tried %d times:\n%s", mails, tries, text)
	}
}

// TestASilentServerIsLeftAlone: a notice does not wait for it once for each recipient.
func TestASilentServerIsLeftAlone(t *testing.T) {
	t.Parallel()
	n := parse(t, "127.0.0.1:1", "a@example.com,b@example.com")
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	n.Now = func() time.Time { return now }
	for _, want := range []string{"connecting to the mail server", "left alone for 30s"} {
		if err := n.Carry(t.Context(), "a@example.com", notice.Notice{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	now = now.Add(30 * time.Second)
	if err := n.Carry(t.Context(), "b@example.com", notice.Notice{}); err == nil || !strings.Contains(err.Error(), "connecting to the mail server") {
		t.Errorf("got %v after its silence", err)
	}
}

// TestAServerThatHangs: one that takes the connection and says nothing is waited for as long as the context
// lasts.
func TestAServerThatHangs(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0") // which accepts nobody
	if err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(20*time.Second, func() { _ = l.Close() }).Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := parse(t, l.Addr().String(), "a@example.com").Carry(ctx, "a@example.com", notice.Notice{}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"smtp://u:hunter2@mail.example.com/?from=a@example.com&to=b@example.com":  "",
		"smtps://u:hunter2@mail.example.com/?from=a@example.com&to=b@example.com": "",
		"http://mail.example.com":                                  "want smtp://",
		"smtp://u:hunter2@\x00":                                    "want smtp://",
		"smtp://u:hunter2@mail.example.com/?to=b@example.com":      `from="" is no address`,
		"smtp://u:hunter2@mail.example.com/?from=a@example.com&to": `to="" holds no addresses`,
	} {
		n, err := mail.Parse(text)
		if says == "" && (err != nil || n.Password != "hunter2" || !strings.HasPrefix(n.Server, "mail.example.com:")) ||
			says != "" && (err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %+v, %v", text, n, err)
		}
	}
}
