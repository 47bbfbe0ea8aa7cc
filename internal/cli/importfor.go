package cli

import (
	"fmt"
	"path/filepath"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/importer"
)

// options returns what the files do not say about themselves.
func (c *importCmd) options(a *app) importer.Options {
	o := importer.Options{Zone: c.Zone, From: a.now(), Disabled: c.Disabled, Environment: c.Env, Local: c.For == "local"}
	if o.Local && o.Zone == "" {
		o.Zone = a.machineZone()
	}
	return o
}

// file returns the jobs file for the steps, or "" if none is written. Those for local mode change the folder.
func (c *importCmd) file() string {
	if c.Output == stdout {
		return ""
	}
	if full, err := filepath.Abs(c.Output); err == nil && c.For == "local" && c.Output != "" {
		return full
	}
	return c.Output
}

// machineZone returns this machine's zone and says so, or "" if nothing names it.
func (a *app) machineZone() string {
	zone, err := cron.LoadZone(a.zoneName())
	if err != nil {
		return ""
	}
	_, _ = fmt.Fprintf(a.Stderr, "the zone of the crontab is taken to be this machine's, %s; --zone names another\n", zone.Name())
	return zone.Name()
}
