package localecs

import (
	"context"
	"errors"
	"time"
)

// ErrNoRoom says that nothing was started because the machine lacked a process, a file or memory for it
// at this moment. It passes by itself.
var ErrNoRoom = errors.New("this machine has no room for it")

// ContainerSpec describes a container to be started.
type ContainerSpec struct {
	TaskID      string            `json:"taskId"`
	Family      string            `json:"family"`
	StartedBy   string            `json:"startedBy,omitempty"`
	Container   string            `json:"container"`
	Essential   bool              `json:"essential"`
	Argv        []string          `json:"argv"` // entryPoint, then command
	Env         map[string]string `json:"env"`
	Secrets     []Secret          `json:"secrets,omitempty"` // their values are in Env when the container is started
	Dir         string            `json:"dir,omitempty"`
	Memory      int               `json:"memory,omitempty"` // at most so many MiB; 0 means no limit
	StopTimeout time.Duration     `json:"stopTimeout"`      // from SIGTERM to SIGKILL
}

// Secret is a variable whose value is stored elsewhere, as a task definition names it.
type Secret struct {
	Name      string `json:"name"`
	ValueFrom string `json:"valueFrom"`
}

// Exit says how a container ended. Code is nil if nobody saw it end; after signal n it is 128+n.
type Exit struct {
	Code   *int64
	Reason string
}

// ExitCode returns an exit with a code.
func ExitCode(code int64) Exit { return Exit{Code: &code} }

// Process is a started container. Stop sends SIGTERM or, if kill is set, SIGKILL. It does nothing to a
// process that has ended, and does not wait.
type Process interface {
	Stop(kill bool)
}

// Runner starts containers. An error of Start means that nothing was started. It is in words that a
// person can use, and wraps ErrNoRoom if the machine lacked something. After a nil error, exited is
// called once, when nothing of the container runs any more. It may be called from any goroutine, even
// before Start has returned.
type Runner interface {
	Start(spec ContainerSpec, exited func(Exit)) (Process, error)
}

// survivor is a Runner that knows about an earlier process's containers.
type survivor interface {
	// Alive reports whether anything of the container may still run. An error counts as yes.
	Alive(spec ContainerSpec) (bool, error)
	// EndOf returns when the container of an earlier process ended, zero if nobody saw that. It must be
	// called before Alive.
	EndOf(spec ContainerSpec) time.Time
}

// shutdowner is a Runner with processes that must be stopped when the server closes.
type shutdowner interface {
	// Shutdown stops every process, and returns once exited was called for each.
	Shutdown(ctx context.Context) error
}
