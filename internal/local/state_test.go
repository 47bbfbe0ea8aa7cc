package local_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/local"
)

func places(dir string, env map[string]string) local.Places {
	return local.Places{Getenv: func(name string) string { return env[name] }, Dir: dir}
}

func folderWith(t *testing.T, files ...string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, f)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestErrorsNameTheJobsFile: as the person gave it.
func TestErrorsNameTheJobsFile(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(gone, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(gone)
	if _, err := places(gone, nil).Of("absent.yaml"); err == nil || !strings.Contains(err.Error(), "the folder of absent.yaml: ") {
		t.Errorf("an absent file: %v", err)
	}
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	if _, err := places(gone, nil).Of("jobs.yaml"); err == nil || !strings.Contains(err.Error(), "the folder of jobs.yaml: ") {
		t.Errorf("no working directory: %v", err)
	}
}

// TestTheStateBelongsToTheJobsFile: whatever folder or link leads to the file.
func TestTheStateBelongsToTheJobsFile(t *testing.T) {
	t.Parallel()
	dir := folderWith(t, "jobs.yaml", "other.yaml", "jobs.yml")
	link := filepath.Join(folderWith(t), "link.yaml")
	if err := os.Symlink(filepath.Join(dir, "jobs.yaml"), link); err != nil {
		t.Fatal(err)
	}
	p := places(dir, map[string]string{"STATE_DIRECTORY": "/var/lib/batchplane"})
	for file, want := range map[string]string{
		filepath.Join(dir, "jobs.yaml"):                 "jobs.db",
		filepath.Join(dir, "x", "..", ".", "jobs.yaml"): "jobs.db",
		link:                             "jobs.db",
		filepath.Join(dir, "other.yaml"): "other.db",
		filepath.Join(dir, "jobs.yml"):   "jobs.yml.db",
	} {
		if got, err := p.Of(file); err != nil || got != filepath.Join(dir, ".batchplane", want) {
			t.Errorf("%s: %s, %v", file, got, err)
		}
	}
	if _, err := p.Of(filepath.Join(dir, "absent.yaml")); err == nil {
		t.Error("a file that is not there has a state")
	}
}

// TestTheStateOfAConfigMap: the state stays in place when the map is updated. The map's files are in
// folders named by a time, and links lead to the newest.
func TestTheStateOfAConfigMap(t *testing.T) {
	t.Parallel()
	dir := folderWith(t, "..2026_11_22/jobs.yaml", "..2026_11_23/jobs.yaml")
	data := filepath.Join(dir, "..data")
	if err := os.Symlink(filepath.Join("..data", "jobs.yaml"), filepath.Join(dir, "jobs.yaml")); err != nil {
		t.Fatal(err)
	}
	for _, newest := range []string{"..2026_11_22", "..2026_11_23"} {
		_ = os.Remove(data) // absent at first
		if err := os.Symlink(newest, data); err != nil {
			t.Fatal(err)
		}
		if got, err := places(dir, nil).Of(filepath.Join(dir, "jobs.yaml")); err != nil || got != filepath.Join(dir, ".batchplane", "jobs.db") {
			t.Errorf("%s: %s, %v", newest, got, err)
		}
	}
}

// TestTheStateOfAFileWhereNobodyMayWrite: /proc takes no files, not even from root.
func TestTheStateOfAFileWhereNobodyMayWrite(t *testing.T) {
	t.Parallel()
	const file = "/proc/version"
	if _, err := os.Stat(file); err != nil {
		t.Skip("there is no /proc")
	}
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"a service's folder": {map[string]string{"STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "HOME": "/home/ana"}, "/var/lib/a/version-"},
		"the user's folder":  {map[string]string{"HOME": "/home/ana"}, "/home/ana/.local/state/batchplane/version-"},
		"where XDG says":     {map[string]string{"HOME": "/home/ana", "XDG_STATE_HOME": "/s"}, "/s/batchplane/version-"},
		"nowhere":            {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := places(t.TempDir(), c.env).Of(file)
			if (err != nil) != (c.want == "") || !strings.HasPrefix(got, c.want) {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
}

// TestAStateStaysTheFilesState: a new one beside it would know of no pause and would launch slots again.
func TestAStateStaysTheFilesState(t *testing.T) {
	t.Parallel()
	dir := folderWith(t, "jobs.yaml")
	file, beside := filepath.Join(dir, "jobs.yaml"), filepath.Join(dir, ".batchplane", "jobs.db")
	home, service := folderWith(t), folderWith(t)
	env := map[string]string{"XDG_STATE_HOME": home, "STATE_DIRECTORY": service}
	of := func(what, want string) {
		t.Helper()
		if got, err := places(dir, env).Of(file); err != nil || filepath.Dir(got) != want {
			t.Errorf("%s: %s, %v", what, got, err)
		}
	}
	// Nothing can be written beside the file: its state is elsewhere, and stays there.
	if err := os.WriteFile(filepath.Dir(beside), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	of("a service's folder is preferred", service)
	env["STATE_DIRECTORY"] = ""
	of("then the user's", filepath.Join(home, "batchplane"))
	made, err := places(dir, env).Of(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(made), 0o700), os.WriteFile(made, nil, 0o600), os.Remove(filepath.Dir(beside))); err != nil {
		t.Fatal(err)
	}
	of("the folder can be written now", filepath.Dir(made))
	env["STATE_DIRECTORY"] = service
	of("a service's folder is there now", filepath.Dir(made))
	if err := errors.Join(os.MkdirAll(filepath.Dir(beside), 0o700), os.WriteFile(beside, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	of("of two the one beside the file", filepath.Dir(beside))
	// Not even root can write a folder as if it were a file.
	if err := errors.Join(os.Remove(beside), os.Mkdir(beside, 0o700)); err != nil {
		t.Fatal(err)
	}
	if got, err := places(dir, env).Of(file); err == nil || !strings.Contains(err.Error(), beside+", which cannot be written") {
		t.Errorf("the state beside the file cannot be written: %s, %v", got, err)
	}
}

// TestWhichStateIsMeant: by a command that names none.
func TestWhichStateIsMeant(t *testing.T) {
	t.Parallel()
	home := folderWith(t)
	env := map[string]string{"HOME": home}
	one := folderWith(t, ".batchplane/jobs.db")
	two := folderWith(t, ".batchplane/a.db", ".batchplane/b.db")
	none := folderWith(t)

	if got := places(none, env).Find(); got.DB != ".batchplane/jobs.db" || !got.Here {
		t.Errorf("nothing anywhere: %+v", got)
	}
	places(one, env).Remember(filepath.Join(one, ".batchplane/jobs.db"))
	if got := places(none, env).Find(); got.DB != filepath.Join(one, ".batchplane/jobs.db") || got.Here || len(got.Others) != 0 {
		t.Errorf("the last one started: %+v", got)
	}
	if got := places(one, env).Find(); got.DB != ".batchplane/jobs.db" || !got.Here {
		t.Errorf("the folder's own: %+v", got)
	}
	places(two, env).Remember(filepath.Join(two, ".batchplane/b.db"))
	places(two, env).Remember(filepath.Join(two, ".batchplane/gone.db"))
	if got := places(two, env).Find(); got.DB != ".batchplane/b.db" || len(got.Others) != 1 {
		t.Errorf("of two the one that was started last: %+v", got)
	}
	if got := places(none, env).Find(); got.DB != filepath.Join(two, ".batchplane/b.db") || len(got.Others) != 1 {
		t.Errorf("elsewhere: %+v", got)
	}
	if got := places(none, nil).Find(); got.DB != ".batchplane/jobs.db" {
		t.Errorf("without a home: %+v", got)
	}
	odd := filepath.Join(folderWith(t, "[old] jobs*/.batchplane/night.db"), "[old] jobs*")
	if got := places(odd, env).Find(); got.DB != ".batchplane/night.db" || !got.Here {
		t.Errorf("a folder whose name looks like a pattern: %+v", got)
	}
	// Not even root can follow a link that leads to itself.
	closed := folderWith(t)
	if err := os.Symlink(".batchplane", filepath.Join(closed, ".batchplane")); err != nil {
		t.Fatal(err)
	}
	if got := places(closed, env).Find(); got.DB != ".batchplane/jobs.db" || !got.Here {
		t.Errorf("a folder whose states nobody may look at: %+v", got)
	}
}
