package aws_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/run"
)

// onPages: `ui` shows a stack with the person's own credentials. A reader sees the same pages
// without buttons and is refused; an operator retries.
func onPages(t *testing.T, w *world) {
	reader, operator := w.person(t, "petra", "ReaderPolicy"), w.person(t, "paul", "OperatorPolicy")
	w.set(func() { w.scripts["on-pages"] = localecs.Script{For: time.Second, ExitCode: 3} })
	input, id := w.scheduled(t, aJob("on-pages"))
	w.send(t, w.resource["Trigger"], input)
	w.await(t, id, run.Failed, soon)

	path := "/runs/" + string(id)
	ask := "/ask/retry?run=" + url.QueryEscape(string(id))
	sees := reader.browses(t)
	for _, page := range []string{"/", path, "/timeline", "/history", "/problems"} {
		status, body := sees.get(t, page)
		if status != http.StatusOK || strings.Contains(body, `href="/ask/`) || !strings.Contains(body, "Nothing can be changed here") {
			t.Errorf("a reader's %s: %d, with buttons or without the reason:\n%s", page, status, body)
		}
	}
	if _, body := sees.get(t, path); !strings.Contains(body, "exit code 3") || !strings.Contains(body, "Is a retry safe?") {
		t.Errorf("a reader's page of the run:\n%s", body)
	}
	if status, body := sees.post(t, ask, url.Values{"request": {"petra-1"}}); status != http.StatusForbidden {
		t.Errorf("a reader's retry is answered %d:\n%s", status, body)
	}

	w.set(func() { delete(w.scripts, "on-pages") })
	may := operator.browses(t)
	_, form := may.get(t, ask)
	token := regexp.MustCompile(`name="token" value="([^"]+)"`).FindStringSubmatch(form)
	if token == nil {
		t.Fatalf("an operator's form:\n%s", form)
	}
	if status, body := may.post(t, ask, url.Values{"token": {token[1]}, "request": {"paul-1"}, "attempts": {"1"}}); status != http.StatusOK || !strings.Contains(body, "<b>accepted</b>") {
		t.Errorf("an operator's retry is answered %d:\n%s", status, body)
	}
	if r := w.await(t, id, run.Succeeded, soon); len(r.Attempts) != 2 || !strings.Contains(r.Triggers[len(r.Triggers)-1].By, "paul") {
		t.Errorf("attempts %+v, triggers %+v", r.Attempts, r.Triggers)
	}
}

// browser is a person's browser, signed in to the pages that their own `ui` serves.
type browser struct {
	client *http.Client
	base   string
}

// browses signs in to the person's own pages.
func (p terminal) browses(t *testing.T) browser {
	t.Helper()
	u, err := url.Parse(p.serves(t))
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := browser{&http.Client{Jar: jar}, u.Scheme + "://" + u.Host}
	if status, body := b.get(t, u.RequestURI()); status != http.StatusOK {
		t.Fatalf("signing in: %d\n%s", status, body)
	}
	return b
}

// serves starts `ui` with the person's keys, and returns the address with the code, which is
// valid for a minute.
func (p terminal) serves(t *testing.T) (address string) {
	t.Helper()
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, command(), "--stack", p.w.name, "ui")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Dir, cmd.Stderr = t.TempDir(), os.Stderr
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir(), "AWS_REGION=us-east-1", "AWS_ENDPOINT_URL=" + p.w.url, "TZ=UTC",
		"AWS_ACCESS_KEY_ID=" + p.keys.id, "AWS_SECRET_ACCESS_KEY=" + p.keys.secret, "AWS_EC2_METADATA_DISABLED=true",
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(); _ = cmd.Wait() })
	named := regexp.MustCompile(`Its address is in (\S+),`)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		m := named.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		text, err := os.ReadFile(m[1])
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	t.Fatal("ui ended without an address")
	return ""
}

func (b browser) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	return b.send(t, http.MethodGet, path, nil)
}

func (b browser) post(t *testing.T, path string, form url.Values) (status int, body string) {
	t.Helper()
	return b.send(t, http.MethodPost, path, form)
}

func (b browser) send(t *testing.T, method, path string, form url.Values) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.base)
	}
	res, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}
