// Package aws_test deploys the template with the built functions to an AWS emulator, with its IAM
// switched on, and plays stories there. ECS is localecs.
package aws_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/batchplane/batchplane/test/browser/driver"
	"github.com/batchplane/batchplane/test/sources"
)

// TestMain lets tests wait side by side, however few processors there are. Otherwise Go would
// decide which of them begin first.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "64"); err != nil {
		panic(err)
	}
	err := sources.Watch(root)
	if err != nil {
		panic(err)
	}
	if scratch, err = os.MkdirTemp("", "batchplane-aws-"); err != nil {
		panic(err)
	}
	status := m.Run()
	driver.Close()
	_ = os.RemoveAll(scratch)
	os.Exit(status)
}

// scratch is a folder that all tests share.
var scratch string

// root is the module's folder.
const root = "../.."

// tool returns a program of a virtual environment that `make tools-aws` creates. If it is absent,
// the test is skipped; with CI=true it fails.
func tool(t *testing.T, venv, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, ".tools", venv, "bin", name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err == nil {
		return path
	}
	why := fmt.Sprintf("%s is not installed in .tools/%s: run `make tools-aws`, which needs Python 3.10 or newer", name, venv)
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
	return ""
}
