package localecs

import (
	"context"
	"errors"
	"time"
)

// ErrNoRoom: nothing was started, since the machine had no room for it at this moment,
// no process, file or memory to be had. It passes by itself.
var ErrNoRoom = errors.New("this machine has no room for it")

// ContainerSpec is a container to be started.
type ContainerSpec struct {
	TaskID      string            `json:"taskId"`
	TaskARN     string            `json:"taskArn"`
	Family      string            `json:"family"`
	StartedBy   string            `json:"startedBy,omitempty"`
	Container   string            `json:"container"`
	Image       string            `json:"image,omitempty"` // shown, never pulled
	Essential   bool              `json:"essential"`
	Argv        []string          `json:"argv"` // entryPoint, then command
	Env         map[string]string `json:"env"`
	Secrets     []Secret          `json:"secrets,omitempty"` // their values are in Env when the container is started
	Dir         string            `json:"dir,omitempty"`
	Memory      int               `json:"memory,omitempty"` // most MiB; 0 is no limit
	StopTimeout time.Duration     `json:"stopTimeout"`      // from SIGTERM to SIGKILL
}

// Secret is a variable whose value is stored elsewhere, as a task definition
// names it.
type Secret struct {
	Name      string `json:"name"`
	ValueFrom string `json:"valueFrom"`
}

// Exit is how a container ended. Code is nil when nobody saw it end; after a
// signal n it is 128+n.
type Exit struct {
	Code   *int64
	Reason string
}

// ExitCode is an exit with a code.
func ExitCode(code int64) Exit { return Exit{Code: &code} }

// Process is a started container. Stop sends SIGTERM, or SIGKILL; on a process
// that has ended it does nothing. It does not wait.
type Process interface {
	Stop(kill bool)
}

// Runner starts containers. An error of Start means that nothing was started,
// in words a person can use, ErrNoRoom among them where the machine lacked something.
// After a nil error exited is called once, when nothing of the container runs any more,
// from any goroutine, also before Start has returned.
type Runner interface {
	Start(spec ContainerSpec, exited func(Exit)) (Process, error)
}

// Survivor is a Runner that can tell of an earlier process's containers.
type Survivor interface {
	// Alive says whether anything of the container may still run. An error
	// counts as yes.
	Alive(spec ContainerSpec) (bool, error)
	// EndOf is when the container of an earlier process ended, as far as somebody saw
	// it: zero where nobody did. It is asked before Alive.
	EndOf(spec ContainerSpec) time.Time
}

// Shutdowner is a Runner with processes to be stopped when the server closes.
type Shutdowner interface {
	// Shutdown stops every process and returns once exited was called for each.
	Shutdown(ctx context.Context) error
}
