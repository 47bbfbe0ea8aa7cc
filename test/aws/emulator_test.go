package aws_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// emulator is a running ministack.
type emulator struct {
	url     string
	says    string // the file with its output
	outside *closed
	place
}

// place is an account and a Region of the emulator: it takes the key's id as the account, and the
// Region from the signature.
type place struct{ account, region string }

// home is where stacks are unless they say otherwise.
var home = place{"000000000000", "us-east-1"}

// root returns the keys that may do everything there.
func (p place) root() keyPair {
	if p == home {
		return rootKeys
	}
	return keyPair{p.account, "test"}
}

func (p place) arn(service, rest string) string {
	return "arn:aws:" + service + ":" + p.region + ":" + p.account + ":" + rest
}

// elsewhere returns the same emulator in another account and Region.
func (e *emulator) elsewhere(there place) *emulator {
	other := *e
	other.place = there
	return &other
}

// closed is the proxy of the emulator and its functions. Calls to addresses beyond this machine
// arrive here; they are noted and go no further.
type closed struct {
	mu    sync.Mutex
	hosts []string
}

func (c *closed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hosts = append(c.hosts, r.Host)
	http.Error(w, "no way to the internet", http.StatusBadGateway)
}

// called returns the addresses that were asked for.
func (c *closed) called() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(c.hosts)))
}

// guard runs a command and ends its process group when its own input ends. That happens when the
// test binary ends, in whatever way.
const guard = `"$@" </dev/null & cat >/dev/null; kill -9 0`

// emulating does what the emulator's own command does, with two differences. Garbage is collected
// less often, because the emulator keeps nearly all of the thousands of objects that it makes.
// And it knows the one service that is asked for and that it does not have: otherwise it spends
// three seconds reading what botocore knows of all services, to find out that there is such a
// service.
const emulating = `import gc
gc.set_threshold(50_000, 20, 50)
from ministack.core import router
router._KNOWN_AWS_SERVICE_NAMES = frozenset({"servicequotas"})
from ministack.app import main
main()`

// startEmulator runs ministack until the test ends. The functions inherit its environment, so
// services contains the addresses of services that are not the emulator's own.
func startEmulator(t *testing.T, services ...string) *emulator {
	t.Helper()
	python := tool(t, "ministack", "python3")
	dir := t.TempDir()
	e := &emulator{says: filepath.Join(dir, "ministack.log"), outside: &closed{}, place: home}
	proxy := httptest.NewServer(e.outside)
	t.Cleanup(proxy.Close)
	log, err := os.Create(e.says)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	port := freePort(t)
	e.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	cmd := exec.Command("sh", "-c", guard, "sh", python, "-c", emulating) //nolint:noctx // ended by its input
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir,
		fmt.Sprintf("GATEWAY_PORT=%d", port), "BIND_HOST=127.0.0.1", "LAMBDA_EXECUTOR=local", "AUTH=true", "AWS_ENDPOINT_URL=" + e.url,
		"HTTP_PROXY=" + proxy.URL, "HTTPS_PROXY=" + proxy.URL, "NO_PROXY=127.0.0.1,localhost",
	}
	cmd.Env = append(cmd.Env, services...)
	life, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = life.Close()
		_ = cmd.Wait() // it is killed, which is its error
		if t.Failed() {
			text, _ := os.ReadFile(e.says)
			t.Logf("the emulator said at the end:\n%s", text[max(0, len(text)-12000):])
		}
	})
	within(t, time.Minute, "the emulator answers", func() bool {
		res, err := http.Get(e.url) //nolint:noctx // loopback
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return true
	})
	return e
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	address, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatalf("listening on %s", l.Addr())
	}
	return address.Port
}

// within polls until ok returns true, less often the longer it takes, and fails the test after
// limit.
func within(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	pause := 200 * time.Millisecond
	next := time.NewTimer(pause)
	defer next.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited %s for this in vain: %s", limit, what)
		case <-next.C:
			pause = min(pause*5/4, 2*time.Second)
			next.Reset(pause)
		}
	}
}

// request sends a request as root, and returns the status, the header and the body.
func (e *emulator) request(t *testing.T, service, method, path string, header map[string]string, body []byte) (int, http.Header, []byte) {
	t.Helper()
	return e.requestAs(t, e.root(), service, method, path, header, body)
}

// requestAs sends a request signed with somebody's keys. The end of the test does not cut it off:
// an event may be on its way then.
func (e *emulator) requestAs(t *testing.T, who keyPair, service, method, path string, header map[string]string, body []byte) (int, http.Header, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, e.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	sum := sha256.Sum256(body)
	keys := aws.Credentials{AccessKeyID: who.id, SecretAccessKey: who.secret}
	if err := v4.NewSigner().SignHTTP(t.Context(), keys, req, hex.EncodeToString(sum[:]), service, e.region, time.Now()); err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, out
}

// call calls an operation of a service with an AWS JSON protocol.
func (e *emulator) call(t *testing.T, service, target string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	version := "application/x-amz-json-1.1"
	if service == "sqs" || service == "dynamodb" {
		version = "application/x-amz-json-1.0"
	}
	status, _, answer := e.request(t, service, http.MethodPost, "/", map[string]string{"Content-Type": version, "X-Amz-Target": target}, body)
	if status != http.StatusOK {
		t.Fatalf("%s answered %d: %s", target, status, answer)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("%s answered %s: %v", target, answer, err)
	}
}

// query calls an operation of a service with AWS's query protocol.
func (e *emulator) query(t *testing.T, service, form string) []byte {
	t.Helper()
	status, _, answer := e.request(t, service, http.MethodPost, "/", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, []byte(form))
	if status != http.StatusOK {
		t.Fatalf("%s answered %d: %s", form, status, answer)
	}
	return answer
}

// invoke calls a function and waits for its answer.
func (e *emulator) invoke(t *testing.T, function, payload string) (answer string, failed bool) {
	t.Helper()
	status, header, body := e.request(t, "lambda", http.MethodPost, "/2015-03-31/functions/"+function+"/invocations", nil, []byte(payload))
	if status != http.StatusOK {
		t.Fatalf("invoking %s: %d %s", function, status, body)
	}
	return string(body), header.Get("X-Amz-Function-Error") != ""
}

// send calls a function as Scheduler and EventBridge do, without waiting for the answer.
func (e *emulator) send(t *testing.T, function, payload string) {
	t.Helper()
	status, _, body := e.request(t, "lambda", http.MethodPost, "/2015-03-31/functions/"+function+"/invocations",
		map[string]string{"X-Amz-Invocation-Type": "Event"}, []byte(payload))
	if status != http.StatusAccepted {
		t.Fatalf("invoking %s: %d %s", function, status, body)
	}
}

// rootKeys belong to a user who may do everything on the emulator.
var rootKeys = keyPair{"test", "test"}

// keyPair is what a person signs with.
type keyPair struct{ id, secret string }

// sam runs the SAM CLI in the module's folder, as root.
func sam(t *testing.T, e *emulator, args ...string) string {
	t.Helper()
	who := rootKeys
	if e != nil {
		who = e.root()
	}
	out, err := samAs(t, e, who, args...)
	if err != nil {
		t.Fatalf("sam %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// samAs runs the SAM CLI with somebody's keys.
func samAs(t *testing.T, e *emulator, who keyPair, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool(t, "sam", "sam"), args...)
	cmd.Dir = root
	region := home.region
	if e != nil {
		region = e.region
	}
	cmd.Env = append(os.Environ(), "SAM_CLI_TELEMETRY=0", "AWS_DEFAULT_REGION="+region, "AWS_REGION="+region,
		"AWS_ACCESS_KEY_ID="+who.id, "AWS_SECRET_ACCESS_KEY="+who.secret, "CGO_ENABLED=0", "GOFLAGS=-tags=lambda.norpc,nethttpomithttp2 -trimpath -buildvcs=false -ldflags=-s")
	if e != nil {
		cmd.Env = append(cmd.Env, "AWS_ENDPOINT_URL="+e.url)
	}
	out, err := cmd.CombinedOutput()
	return string(out), err //nolint:wrapcheck // the caller says what it ran
}
