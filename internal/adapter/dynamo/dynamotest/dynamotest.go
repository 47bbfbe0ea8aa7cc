// Package dynamotest runs DynamoDB Local, AWS's own stand-in for DynamoDB, for
// tests. `make dynamodb-local` downloads it into .tools/dynamodb-local; the
// variable DYNAMODB_LOCAL_DIR names another folder. It needs Java 17.
package dynamotest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// startWithin is how long DynamoDB Local may take to answer; it takes about two
// seconds.
const startWithin = time.Minute

// starts is how often it is started: somebody else may take a free port between its discovery and its
// use.
const starts = 3

var server = sync.OnceValues(start)

// Client returns a client of this test binary's DynamoDB Local, which starts with the first call and
// ends with the binary. If Java or the program is absent, the test is skipped, or fails with CI=true.
func Client(tb testing.TB, options ...func(*dynamodb.Options)) *dynamodb.Client {
	tb.Helper()
	p, err := server()
	var absent *absentError
	switch {
	case errors.As(err, &absent) && os.Getenv("CI") != "true":
		tb.Skip(absent.Error())
	case err != nil:
		tb.Fatal(err)
	}
	return NewClient(p.url, options...)
}

// NewClient returns a client of an endpoint on this machine.
func NewClient(url string, options ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: &url, Region: "eu-central-1",
		HTTPClient: &http.Client{Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 16}},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	}, options...)
}

// absentError says what is not installed.
type absentError struct{ what string }

func (e *absentError) Error() string {
	return "DynamoDB Local is not installed: " + e.what + "; install Java 17 or newer and Maven, and run `make dynamodb-local`"
}

// process is a DynamoDB Local.
type process struct {
	url string
	// life is the pipe that keeps it alive. It is stored here because a file to which nobody refers is
	// closed.
	life io.Closer
}

func start() (p *process, err error) {
	dir, err := folder()
	if err != nil {
		return nil, err
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, &absentError{"there is no java on the PATH"}
	}
	for range starts {
		if p, err = startOnce(java, dir); err == nil {
			return p, nil
		}
	}
	return nil, err
}

func folder() (string, error) {
	dir := os.Getenv("DYNAMODB_LOCAL_DIR")
	if dir == "" {
		root, err := moduleRoot()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(root, ".tools", "dynamodb-local")
	}
	if jars, _ := filepath.Glob(filepath.Join(dir, "DynamoDBLocal-*.jar")); len(jars) == 0 {
		return "", &absentError{"it is not in " + dir}
	}
	return dir, nil
}

// moduleRoot finds the nearest folder above with a go.mod: tests run in the folder of their package.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the module: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("finding the module: no folder above has a go.mod")
		}
		dir = parent
	}
}

// guard runs a command and ends it when its own input ends. That ends with the test binary, however it
// dies.
const guard = `"$@" </dev/null & pid=$!; cat >/dev/null; kill -9 $pid`

func startOnce(java, dir string) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("sh", "-c", guard, "sh", //nolint:gosec,noctx // fixed words; it lives as long as the test binary
		java, "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.library.path="+dir, "-cp", filepath.Join(dir, "*"),
		"com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-inMemory", "-disableTelemetry", "-port", strconv.Itoa(port))
	var said output
	cmd.Stdout, cmd.Stderr = &said, &said
	life, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting DynamoDB Local: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting DynamoDB Local: %w", err)
	}
	url := "http://127.0.0.1:" + strconv.Itoa(port)
	if err := await(url); err != nil {
		return nil, errors.Join(fmt.Errorf("%w; it said: %s", err, said.String()), life.Close(), cmd.Wait())
	}
	return &process{url: url, life: life}, nil
}

func freePort() (int, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("finding a free port: %w", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, fmt.Errorf("finding a free port: %w", err)
	}
	if err := l.Close(); err != nil {
		return 0, fmt.Errorf("finding a free port: %w", err)
	}
	return strconv.Atoi(port) //nolint:wrapcheck // the system's own number
}

// await waits until DynamoDB Local answers a DynamoDB request.
func await(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	client := NewClient(url)
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		_, err := client.ListTables(ctx, &dynamodb.ListTablesInput{})
		if err == nil {
			tick.Stop()
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("DynamoDB Local did not answer within %s: %w", startWithin, err)
		case <-tick.C:
		}
	}
}

// output keeps the first part of what a process writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.b.Len() < 4096 {
		o.b.Write(p)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.TrimSpace(o.b.String())
}

// Create creates a table without its stream. Nobody reads the stream here, and DynamoDB Local searches
// all streams at each write, which took most of its time.
func Create(tb testing.TB, db *dynamodb.Client, in *dynamodb.CreateTableInput) {
	tb.Helper()
	in.StreamSpecification = nil
	if _, err := db.CreateTable(tb.Context(), in); err != nil {
		tb.Fatal(err)
	}
}
