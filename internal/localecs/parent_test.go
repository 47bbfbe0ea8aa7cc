//go:build linux || darwin || freebsd

package localecs_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/localecs"
)

// parentMode, set to a directory, turns the test binary into a control plane that runs one task there
// until it is killed.
const parentMode = "LOCALECS_TEST_PARENT"

const parentFIFO = "LOCALECS_TEST_FIFO"

func startParent(t *testing.T, dir, fifo string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(bounded(t), os.Args[0]) //nolint:gosec // this test's own binary
	cmd.Env = append(os.Environ(), parentMode+"="+dir, parentFIFO+"="+fifo)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func beParent() {
	dir := os.Getenv(parentMode)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "local.db"))
	if err != nil {
		panic(err)
	}
	db.SetMaxOpenConns(1)
	events := make(chan seen, 1000)
	server, err := localecs.New(context.Background(), parentConfig(db, dir, events))
	if err != nil {
		panic(err)
	}
	server.Resume()
	web := httptest.NewServer(server.Handler())
	client := newClient(web.URL)
	inner := filepath.Join(dir, "fifo")
	if err := mkfifo(inner); err != nil {
		panic(err)
	}
	if _, err := launchReal(client, map[string]string{"FIFO": inner}, "/bin/sh", "-c", fmt.Sprintf(leaver, setsid())+"wait"); err != nil {
		panic(err)
	}
	for e := range events {
		if e.Detail.LastStatus == "RUNNING" {
			break
		}
	}
	pids, err := os.ReadFile(inner) //nolint:gosec // a fifo that this test made
	if err != nil {
		panic(err)
	}
	if err := os.WriteFile(os.Getenv(parentFIFO), pids, 0); err != nil {
		panic(err)
	}
	select {} // until killed
}

func parentConfig(db *sql.DB, dir string, events chan<- seen) localecs.Config {
	return localecs.Config{
		DB: db,
		Runner: &localecs.ProcessRunner{
			LogDir: filepath.Join(dir, "logs"), LockDir: filepath.Join(dir, "locks"), Grace: time.Second,
		},
		Deliver: func(_ context.Context, body []byte) error {
			var e seen
			if err := json.Unmarshal(body, &e); err != nil {
				return err
			}
			events <- e
			return nil
		},
	}
}

func launchReal(client *ecs.Client, env map[string]string, argv ...string) (string, error) {
	ctx := context.Background()
	container := types.ContainerDefinition{Name: aws.String("job"), Image: aws.String("local"), Command: argv}
	for name, value := range env {
		container.Environment = append(container.Environment, types.KeyValuePair{Name: &name, Value: &value})
	}
	_, err := client.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("real"), ContainerDefinitions: []types.ContainerDefinition{container},
	})
	if err != nil {
		return "", err
	}
	out, err := client.RunTask(ctx, &ecs.RunTaskInput{TaskDefinition: aws.String("real")})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Tasks[0].TaskArn), nil
}

func runReal(t *testing.T, server *localecs.Server, argv ...string) string {
	t.Helper()
	web := httptest.NewServer(server.Handler())
	defer web.Close()
	arn, err := launchReal(newClient(web.URL), nil, argv...)
	if err != nil {
		t.Fatal(err)
	}
	return arn
}

// awaitDeath waits until nobody holds the lock of the one task in dir.
func awaitDeath(t *testing.T, dir string) {
	t.Helper()
	locks, err := filepath.Glob(filepath.Join(dir, "locks", "*.lock"))
	if err != nil || len(locks) != 1 {
		t.Fatalf("locks = %q, %v; want one", locks, err)
	}
	f, err := os.Open(locks[0])
	if err != nil {
		t.Fatal(err)
	}
	free := make(chan error, 1)
	go func() { free <- syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }()
	select {
	case err := <-free:
		if err != nil {
			t.Fatal(err)
		}
	case <-bounded(t).Done():
		t.Fatal("something of the task lives on")
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func lives(t *testing.T, pid string) bool {
	t.Helper()
	return syscall.Kill(number(t, pid), 0) == nil
}

func mkfifo(path string) error { return syscall.Mkfifo(path, 0o600) }

// setsid starts a command in a session of its own, if there is such a tool and the supervisor can find
// processes that got away.
func setsid() string {
	if _, err := exec.LookPath("setsid"); err == nil && runtime.GOOS == "linux" {
		return "setsid"
	}
	return ""
}
