// Package start_test measures how long the functions take from the start of their
// process until they ask the Lambda runtime for their first event.
package start_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/test/sources"
)

// goals is how many times as long as a bare function each function may take.
var goals = map[string]float64{"trigger": 1.25, "onstopped": 1.25, "notify": 2, "sweep": 2, "widget": 2}

// starts is how often each function is started, each time beside a bare one.
const starts = 61

// BenchmarkStart prints each function's median time, and the medians of its ratios to three peers
// of the same round: a bare one, built and started like the functions; one that makes the SDK's
// clients, which no function can do without; and the bare one as it was when the goals were set,
// with HTTP/2, symbols and all processors.
func BenchmarkStart(b *testing.B) {
	if b.N > 1 {
		return // the first call measured enough
	}
	names := []string{"trigger", "onstopped", "notify", "sweep", "widget"}
	all := []program{{file: build(b, "./bare")}, {file: build(b, "./sdk")}, {file: buildPlain(b), variables: []string{"GOMAXPROCS="}}}
	peers := len(all)
	for _, name := range names {
		all = append(all, program{file: build(b, "../../functions/"+name)})
	}
	took := rounds(b, all)
	bare, sdk, plain := took[0], took[1], took[2]
	b.Logf("bare       %6.2f ms", median(bare))
	b.Logf("sdk        %6.2f ms  %.2f times bare: the clients of the table and of ECS", median(sdk), ratio(sdk, bare))
	b.Logf("plain      %6.2f ms  %.2f times bare: the bare one of the goals' time", median(plain), ratio(plain, bare))
	b.ReportMetric(ratio(sdk, bare), "sdk/bare")
	for i, name := range names {
		took := took[i+peers]
		b.Logf("%-10s %6.2f ms  %.2f times bare and %.2f times plain, the goal is %g; %.2f times sdk",
			name, median(took), ratio(took, bare), ratio(took, plain), goals[name], ratio(took, sdk))
		b.ReportMetric(ratio(took, bare), name+"/bare")
		b.ReportMetric(ratio(took, plain), name+"/plain")
		b.ReportMetric(ratio(took, sdk), name+"/sdk")
	}
}

// TestStart: every function starts with the environment that the template and
// Lambda give it, and makes no call before its first event.
func TestStart(t *testing.T) {
	t.Parallel()
	for name := range goals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start(t, build(t, "../../functions/"+name))
		})
	}
}

// most is how many bytes our own packages may allocate before a function's main begins. What the
// compiler lays out costs nothing.
const most = 8 << 10

// TestTablesAreLaidOut: our packages allocate almost nothing at the start of the functions that
// runs call.
func TestTablesAreLaidOut(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"trigger", "onstopped", "notify", "sweep"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said bytes.Buffer
			startAs(t, build(t, "../../functions/"+name), &said, "GODEBUG=inittrace=1")
			sum, inits := 0, regexp.MustCompile(`init github.com/batchplane/\S+ @.* (\d+) bytes`).FindAllStringSubmatch(said.String(), -1)
			for _, m := range inits {
				t.Log(m[0])
				n, err := strconv.Atoi(m[1])
				if err != nil {
					t.Fatal(err)
				}
				sum += n
			}
			if len(inits) == 0 || sum > most {
				t.Errorf("%d packages of ours make %d bytes, and may make %d", len(inits), sum, most)
			}
		})
	}
}

// ratio returns the median of the ratios of each round.
func ratio(a, b []float64) float64 {
	rs := make([]float64, len(a))
	for i := range a {
		rs[i] = a[i] / b[i]
	}
	return median(rs)
}

func median(of []float64) float64 { return slices.Sorted(slices.Values(of))[len(of)/2] }

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// build builds a program the way the README builds the functions, once for all tests. It also
// builds those with which the functions are compared.
func build(tb testing.TB, path string) string {
	tb.Helper()
	if err := sources.Watch("../.."); err != nil {
		tb.Fatal(err)
	}
	building.Lock()
	defer building.Unlock()
	out := filepath.Join(programs, filepath.Base(path))
	if built[path] {
		return out
	}
	paths := []string{path}
	if slices.Contains(together, path) {
		paths = together
	}
	cmd := exec.CommandContext(tb.Context(), "go", append([]string{"build", "-o", programs + string(filepath.Separator)}, paths...)...) //nolint:gosec // our own programs
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS="+flags(tb, "../../README.md"))
	if text, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("building %s: %v\n%s", paths, err, text)
	}
	for _, path := range paths {
		built[path] = true
	}
	return out
}

// buildPlain builds the bare function as the functions were built when the goals were set.
func buildPlain(b *testing.B) string {
	b.Helper()
	out := filepath.Join(programs, "plain")
	cmd := exec.CommandContext(b.Context(), "go", "build", "-tags=lambda.norpc", "-trimpath", "-o", out, "./bare")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	if text, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("building the plain one: %v\n%s", err, text)
	}
	return out
}

// together lists the programs that tests start. One call builds them all, because each call looks
// at the files of all packages.
var together = []string{"./bare", "../../functions/trigger", "../../functions/onstopped", "../../functions/notify", "../../functions/sweep", "../../functions/widget"}

// built marks programs by the folders of their sources. They are in the folder programs. Linking
// is most of the work of a program's tests.
var (
	building sync.Mutex
	built    = map[string]bool{}
	programs string
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "batchplane-start-")
	if err != nil {
		panic(err) // there is no test without
	}
	programs = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// program is a built function, with the variables with which it is started in addition to its
// environment.
type program struct {
	file      string
	variables []string
}

// rounds starts each function once a round, each round beginning with another one, so that
// neither its place nor other work of the machine affects one function alone. It returns the
// milliseconds that each took. The programs are copies: the pages of a file that the linker has
// just written are mapped one by one, which takes a third more processor time.
func rounds(tb testing.TB, all []program) [][]float64 {
	tb.Helper()
	for _, p := range all {
		text, err := os.ReadFile(p.file)
		if err == nil {
			err = errors.Join(os.Remove(p.file), os.WriteFile(p.file, text, 0o755)) //nolint:gosec // it is run
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	took := make([][]float64, len(all))
	for round := range starts {
		for k := range all {
			i := (k + round) % len(all)
			took[i] = append(took[i], ms(startAs(tb, all[i].file, os.Stderr, all[i].variables...)))
		}
	}
	return took
}

// start returns the time from a process's start until it asks for an event.
func start(tb testing.TB, bootstrap string) time.Duration {
	tb.Helper()
	return startAs(tb, bootstrap, os.Stderr)
}

func startAs(tb testing.TB, bootstrap string, says io.Writer, variables ...string) time.Duration {
	tb.Helper()
	asked := make(chan string, 10)
	runtime := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		<-r.Context().Done()
	}))
	defer runtime.Close()
	cmd := exec.CommandContext(tb.Context(), bootstrap)
	cmd.Env = append(environment(runtime.URL, runtime.URL), variables...)
	cmd.Stderr = says
	began := time.Now()
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	select {
	case path := <-asked:
		took := time.Since(began)
		if path != "/2018-06-01/runtime/invocation/next" {
			tb.Errorf("the first request is %s", path)
		}
		return took
	case <-time.After(30 * time.Second):
		tb.Fatal("no request within 30 s")
		return 0
	}
}

// environment is what the template and Lambda give the functions.
func environment(runtime, services string) []string {
	return []string{
		"GOMAXPROCS=1", "AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(runtime, "http://"), "AWS_LAMBDA_FUNCTION_NAME=x",
		"AWS_ENDPOINT_URL=" + services, "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
		"BATCHPLANE_STACK=prod", "BATCHPLANE_TABLE=table", "BATCHPLANE_KEEP_DAYS=400", "BATCHPLANE_TOPIC=arn", "BATCHPLANE_BUS=default",
		"BATCHPLANE_SLACK_PATH=/batchplane/prod/slack/", "BATCHPLANE_TRIGGER=arn", "BATCHPLANE_PEOPLE=arn", "BATCHPLANE_SCHEDULE_GROUP=prod",
		"BATCHPLANE_FAILURES=https://sqs/1/a", "BATCHPLANE_LAUNCH_RATE=20", "BATCHPLANE_STOPPED_TASKS=ends",
	}
}
