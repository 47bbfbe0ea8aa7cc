package localecs

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// Script is what a scripted container does.
type Script struct {
	// For is how long it runs before it exits with ExitCode and Reason. If For is negative, it runs
	// until it is stopped.
	For      time.Duration
	ExitCode int64
	Reason   string
	// IgnoreTerm makes it survive SIGTERM, until SIGKILL. Otherwise SIGTERM ends it at once, with exit
	// code 143.
	IgnoreTerm bool
	// StartError, if not empty, is why it cannot be started.
	StartError string
}

// ScriptedRunner plays scripts on a clock instead of running processes. It uses no goroutines. Without
// a Script function, every container exits with code 0 at once.
type ScriptedRunner struct {
	Clock  Clock
	Script func(ContainerSpec) Script

	mu      sync.Mutex
	started []ContainerSpec
	running map[*scripted]struct{}
}

// Start plays the script of spec.
func (r *ScriptedRunner) Start(spec ContainerSpec, exited func(Exit)) (Process, error) {
	var script Script
	if r.Script != nil {
		script = r.Script(spec)
	}
	if script.StartError != "" {
		return nil, errors.New(script.StartError)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &scripted{runner: r, script: script, exited: exited}
	if r.running == nil {
		r.running = map[*scripted]struct{}{}
	}
	r.running[p] = struct{}{}
	r.started = append(r.started, spec)
	if script.For >= 0 {
		p.endLater(script.For, Exit{Code: &script.ExitCode, Reason: script.Reason})
	}
	return p, nil
}

// Started lists the containers that were started, in order, including those that have ended.
func (r *ScriptedRunner) Started() []ContainerSpec {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.started)
}

// Running counts the containers that run.
func (r *ScriptedRunner) Running() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.running)
}

// Die ends everything without a report, as the death of the machine would.
func (r *ScriptedRunner) Die() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.running {
		p.cancelAll()
	}
	clear(r.running)
}

type scripted struct {
	runner  *ScriptedRunner
	script  Script
	exited  func(Exit)
	cancels []func()
}

func (p *scripted) Stop(kill bool) {
	p.runner.mu.Lock()
	defer p.runner.mu.Unlock()
	if _, ok := p.runner.running[p]; !ok {
		return
	}
	switch {
	case kill:
		p.endLater(0, ExitCode(137))
	case !p.script.IgnoreTerm:
		p.endLater(0, ExitCode(143))
	}
}

func (p *scripted) endLater(d time.Duration, e Exit) {
	p.cancels = append(p.cancels, p.runner.Clock.AfterFunc(d, func() { p.end(e) }))
}

func (p *scripted) end(e Exit) {
	p.runner.mu.Lock()
	_, ok := p.runner.running[p]
	delete(p.runner.running, p)
	p.cancelAll()
	p.runner.mu.Unlock()
	if ok {
		p.exited(e)
	}
}

// cancelAll leaves nothing for which a virtual clock would have to go on.
func (p *scripted) cancelAll() {
	for _, cancel := range p.cancels {
		cancel()
	}
	p.cancels = nil
}
