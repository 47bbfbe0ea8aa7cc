package start_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// process is a function, with the Lambda runtime that it asks for its inputs.
type process struct {
	tb      testing.TB
	cmd     *exec.Cmd
	inputs  chan []byte
	answers chan answer
	began   time.Duration // processor time that does not count
}

// answer is what a function says about an input: its answer, or its error.
type answer struct {
	way  string
	body []byte
}

// start starts a function of the stack.
func (s *stack) start(function string) *process {
	s.tb.Helper()
	p := &process{tb: s.tb, inputs: make(chan []byte), answers: make(chan answer)}
	runtime := httptest.NewServer(p)
	p.cmd = exec.CommandContext(s.tb.Context(), build(s.tb, "../../functions/"+function))
	p.cmd.Env = append(environment(runtime.URL, s.services.URL), "BATCHPLANE_TABLE="+s.table, "SSL_CERT_FILE="+s.trusted)
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		s.tb.Fatal(err)
	}
	s.tb.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		runtime.CloseClientConnections()
		runtime.Close()
	})
	return p
}

// ServeHTTP is the interface of the Lambda runtime (AWS Lambda Developer Guide, "Using the Lambda
// runtime API for custom runtimes").
func (p *process) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		select {
		case input := <-p.inputs:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "8f507cfc-xmpl-4697-b07a-ac58fc914c95")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(time.Minute).UnixMilli(), 10))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:x")
			_, _ = w.Write(input)
		case <-r.Context().Done():
		}
		return
	}
	body, _ := io.ReadAll(r.Body)
	w.WriteHeader(http.StatusAccepted)
	select {
	case p.answers <- answer{r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], body}:
	case <-r.Context().Done():
	}
}

// usage is what a function uses: processor time for one input, and its peak memory.
type usage struct {
	cpu  time.Duration
	peak int
}

// used gives the function inputs, of which the second half is measured, and then what needs most
// memory.
func (p *process) used(inputs [][]byte, between, large func()) usage {
	p.tb.Helper()
	half := len(inputs) / 2
	for i, input := range inputs {
		if i == half {
			p.began += p.cpu()
		}
		p.invoke(input)
		between()
	}
	cpu := p.cpu() / time.Duration(half)
	large()
	return usage{cpu, p.peak()}
}

// invoke gives the function an input that it must accept.
func (p *process) invoke(input []byte) {
	p.tb.Helper()
	a := p.ask(input)
	for again := 0; a.way == "error" && again < 2; again++ {
		p.tb.Logf("given once more, as Lambda does it: %s", a.body)
		a = p.ask(input)
	}
	if a.way != "response" || bytes.Contains(a.body, []byte("refused")) {
		p.tb.Fatalf("it says %s: %s", a.way, a.body)
	}
}

// refuses gives the function an input that it must not accept.
func (p *process) refuses(input []byte) {
	p.tb.Helper()
	if a := p.ask(input); a.way != "error" {
		p.tb.Fatalf("it says %s: %s", a.way, a.body)
	}
}

func (p *process) ask(input []byte) answer {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.tb.Context(), time.Minute)
	defer cancel()
	select {
	case p.inputs <- input:
	case <-ctx.Done():
		p.tb.Fatal("it asks for no input")
	}
	select {
	case a := <-p.answers:
		return a
	case <-ctx.Done():
		p.tb.Fatal("it does not answer")
	}
	return answer{}
}

// cpu returns the processor time since p.began (proc(5): fields 14 and 15 of stat, in hundredths
// of a second).
func (p *process) cpu() time.Duration {
	p.tb.Helper()
	fields := strings.Fields(p.read("stat"))
	var ticks int
	for _, f := range fields[13:15] {
		n, err := strconv.Atoi(f)
		if err != nil {
			p.tb.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks)*10*time.Millisecond - p.began
}

// peak returns the peak memory of the process, in bytes.
func (p *process) peak() int {
	p.tb.Helper()
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindStringSubmatch(p.read("status"))
	if m == nil {
		p.tb.Skip("this system does not say how much memory a process took")
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		p.tb.Fatal(err)
	}
	return n << 10
}

func (p *process) read(file string) string {
	p.tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, file))
	if err != nil {
		p.tb.Skip("this system does not say what a process used:", err)
	}
	return string(text)
}
