package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// mostDefinitions is how many bytes of definitions a process keeps: some thousands of
// ordinary ones, and an eighth of the memory of the smallest function.
const mostDefinitions = 16 << 20

// ofDefinition is roughly what a definition takes in memory besides its texts.
const ofDefinition = 2 << 10

// definitions holds those that a process has read lately, by hash; what a hash names never
// changes. If they take too much memory, the one kept first is dropped and read again when
// needed. The zero value is empty and safe for concurrent use.
type definitions struct {
	mu    sync.Mutex
	of    map[string]sized
	order []string
	bytes int
}

type sized struct {
	job   *job.Job
	bytes int
}

func (d *definitions) get(hash string) (j *job.Job, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.of[hash]
	return s.job, ok
}

// wrote keeps a definition that was written, in the form in which it will be read.
func (d *definitions) wrote(hash string, j *job.Job) {
	var stored job.Job
	if plain, err := json.Marshal(j); err == nil && json.Unmarshal(plain, &stored) == nil {
		d.keep(hash, &stored, len(plain))
	}
}

func (d *definitions) put(hash string, j *job.Job) {
	if plain, err := json.Marshal(j); err == nil { // otherwise nobody can have stored it
		d.keep(hash, j, len(plain))
	}
}

// keep keeps a definition whose JSON has plain bytes.
func (d *definitions) keep(hash string, j *job.Job, plain int) {
	s := sized{j, ofDefinition + 2*plain}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.of[hash]; known {
		return
	}
	if d.of == nil {
		d.of = map[string]sized{}
	}
	d.of[hash], d.bytes = s, d.bytes+s.bytes
	d.order = append(d.order, hash)
	for d.bytes > mostDefinitions && len(d.order) > 1 {
		oldest := d.order[0]
		d.bytes -= d.of[oldest].bytes
		delete(d.of, oldest)
		d.order = d.order[1:]
	}
}

// define stores a definition under its hash unless it is already there.
func (c *Control) define(ctx context.Context, hash string, j job.Job) error {
	_, err := c.definition(ctx, hash)
	if !errors.Is(err, port.ErrNotFound) {
		return err
	}
	return c.putDefinition(ctx, hash, j)
}

func (c *Control) putDefinition(ctx context.Context, hash string, j job.Job) error {
	if err := c.Store.PutDefinition(ctx, j); err != nil {
		return fmt.Errorf("storing the definition of job %s: %w", j.Name, err)
	}
	c.definitions.wrote(hash, &j)
	return nil
}
