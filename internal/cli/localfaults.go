package cli

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"strings"

	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/wire"
)

// faults reads the faults to inject.
func (c *localCmd) faults() error {
	c.injected = localecs.Faults{}
	for _, text := range c.Fault {
		kind, rate, err := localecs.ParseFault(text)
		if err != nil {
			return usagef("--fault: %w", err)
		}
		c.injected[kind] = rate
	}
	return nil
}

// inject configures the faults to inject. Without any it also switches off the delays that
// imitate Fargate.
func (c *localCmd) inject(cfg *wire.LocalConfig) {
	if len(c.injected) == 0 {
		cfg.Delays = &localecs.Delays{}
		return
	}
	c.Seed = cmp.Or(c.Seed, randomSeed())
	cfg.Faults, cfg.Seed = c.injected, c.Seed
}

func faultKinds() string {
	var names []string
	for _, k := range localecs.Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

func randomSeed() uint64 {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return uint64(binary.BigEndian.Uint32(b[:])) + 1
}
