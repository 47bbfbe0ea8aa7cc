package mail_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/mail"
	"github.com/batchplane/batchplane/internal/notice"
)

// server takes one mail and returns what came; refuse is a command that it refuses.
func server(t *testing.T, refuse string) (address string, lines <-chan string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	heard := make(chan string, 1000)
	go func() {
		defer close(heard)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		_, _ = fmt.Fprint(c, "220 mail.example.com\r\n")
		data := false
		in := bufio.NewScanner(c)
		for in.Scan() {
			line := in.Text()
			heard <- line
			switch {
			case data && line != ".":
				continue
			case refuse != "" && strings.HasPrefix(line, refuse):
				_, _ = fmt.Fprint(c, "550 no such user\r\n")
				continue
			}
			data = line == "DATA"
			_, _ = fmt.Fprint(c, map[bool]string{true: "354 go on\r\n", false: "250 ok\r\n"}[data])
		}
	}()
	return l.Addr().String(), heard
}

func TestNotify(t *testing.T) {
	t.Parallel()
	address, lines := server(t, "")
	n, err := mail.Parse("smtp://" + address + "/?from=batch@example.com&to=ops@example.com,Boss%20<boss@example.com>")
	if err != nil {
		t.Fatal(err)
	}
	x := notice.Notice{ID: "failed:x", Kind: notice.Failed, Job: "b\u00fccher", Run: "x", Cause: "exit code 3\r\nBcc: all@example.com\r\n.\r\n", Logs: []string{"."}}
	if err := n.Notify(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range lines {
		all = append(all, line)
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{
		"MAIL FROM:<batch@example.com>", "RCPT TO:<ops@example.com>\nRCPT TO:<boss@example.com>", "Subject: =?utf-8?q?FAILED_b=C3=BCcher:_exit_code_3__Bcc:_all@example.com",
		"To: <ops@example.com>, \"Boss\" <boss@example.com>", "FAILED b=C3=BCcher: exit code 3", "| .", "\n.\nQUIT",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\nBcc:") {
		t.Errorf("a cause made a header:\n%s", text)
	}
}

func TestARefusedMailIsAnError(t *testing.T) {
	t.Parallel()
	address, _ := server(t, "RCPT")
	n, err := mail.Parse("smtp://" + address + "/?from=batch@example.com&to=ops@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Notify(t.Context(), notice.Notice{}); err == nil || !strings.Contains(err.Error(), `550 "no such user"`) {
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
