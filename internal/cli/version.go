package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/batchplane/batchplane/internal/plane"
)

type versionCmd struct{}

// version is what a build says about itself.
type version struct {
	Release string `json:"release"`
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Changed bool   `json:"changed,omitempty"`
	Go      string `json:"go"`
	For     string `json:"for"`
}

func thisVersion() version {
	v := version{Release: plane.Release, Version: "unknown", Go: runtime.Version(), For: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version = cmp.Or(info.Main.Version, v.Version)
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Changed = s.Value == "true"
		}
	}
	return v
}

// Run says which version this is.
func (c *versionCmd) Run(a *app) error {
	v := thisVersion()
	if a.json {
		return printJSON(a.Stdout, v)
	}
	text := "batchplane " + v.Release + ", built as " + v.Version
	if v.Commit != "" {
		text += " (" + v.Commit[:min(12, len(v.Commit))] + ")"
	}
	return a.write(fmt.Appendf(nil, "%s, %s, %s\n", text, v.Go, v.For))
}
