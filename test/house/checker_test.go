package house

import (
	"fmt"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// graph builds packages from `room: import import ...`. An import without a dot in its first
// element is the standard library, as in Go, or ours.
func graph(lines ...string) []pkg {
	var pkgs []pkg
	seen := map[string]bool{}
	for _, l := range lines {
		name, imports, _ := strings.Cut(l, ":")
		p := pkg{path: full(name)}
		for i := range strings.FieldsSeq(imports) {
			p.imports = append(p.imports, full(i))
			if first, _, _ := strings.Cut(i, "/"); !strings.HasPrefix(full(i), module) && !strings.Contains(first, ".") && !seen[i] {
				seen[i] = true
				pkgs = append(pkgs, pkg{path: i, std: true})
			}
		}
		pkgs = append(pkgs, p)
	}
	return pkgs
}

func full(name string) string {
	if name == "root" {
		return module
	}
	for _, ours := range []string{"internal/", "cmd/", "functions/", "test/"} {
		if strings.HasPrefix(name, ours) {
			return module + "/" + name
		}
	}
	return name
}

// whole is a house without faults.
var whole = []string{
	"internal/stop: fmt strings",
	"internal/ecsevent: encoding/json internal/stop",
	"internal/job: crypto/sha256 internal/stop",
	"internal/cron: embed time",
	"internal/run: internal/job internal/stop internal/cron",
	"internal/notice: internal/run internal/job",
	"internal/job/jobfile: internal/job internal/cron github.com/goccy/go-yaml os",
	"internal/port: context internal/run internal/notice internal/ecsevent",
	"internal/control: context log/slog internal/run internal/notice internal/ecsevent internal/port",
	"internal/storetest: testing internal/port",
	"internal/adapter/sqlite: database/sql modernc.org/sqlite internal/port",
	"internal/adapter/fargate: github.com/aws/aws-sdk-go-v2/service/ecs internal/port internal/ecsevent",
	"internal/localecs: net/http os internal/localecs/vclock",
	"internal/localecs/vclock: time",
	"internal/wire: internal/control internal/port internal/adapter/sqlite internal/adapter/fargate internal/job/jobfile internal/local",
	"internal/local: internal/control internal/localecs",
	"internal/console: internal/port html/template",
	"internal/cli: internal/wire internal/local internal/port internal/job/jobfile",
	"cmd/batchplane: internal/cli os",
	"functions/trigger: internal/wire github.com/aws/aws-lambda-go/lambda",
	"test/scenario: internal/adapter/sqlite internal/local",
}

func TestCheck(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		// line replaces a room of the whole house, or adds one.
		line string
		want []string
	}{
		{"the whole house", "", nil},
		{"stop imports job", "internal/stop: internal/job", []string{"internal/stop imports internal/job, which is not to its left"}},
		{"job imports cron", "internal/job: internal/cron", []string{"internal/job imports internal/cron, which is not to its left"}},
		{"cron imports job", "internal/cron: internal/job", []string{"internal/cron imports internal/job, which is not to its left"}},
		{"run imports notice", "internal/run: internal/notice", []string{"internal/run imports internal/notice, which is not to its left"}},
		{"run imports ecsevent", "internal/run: internal/ecsevent", []string{"internal/run imports internal/ecsevent, which is not to its left"}},
		{"ecsevent imports run", "internal/ecsevent: internal/run", []string{"internal/ecsevent imports internal/run, which is not to its left"}},
		{"notice imports control", "internal/notice: internal/control", []string{"internal/notice imports internal/control, which is not to its left"}},
		{"control imports an adapter", "internal/control: internal/adapter/memory", []string{"internal/control imports internal/adapter/memory, which is not to its left"}},
		{"port imports control", "internal/port: internal/control", []string{"internal/port imports internal/control, which is not to its left"}},
		{"an adapter knows the handlers", "internal/adapter/sqlite: internal/control", []string{"internal/adapter/sqlite imports internal/control, which is not to its left"}},
		{"the pages know the handlers", "internal/console: internal/control", []string{"internal/console imports internal/control, which is not to its left"}},
		{"adapters import each other", "internal/adapter/fargate: internal/adapter/memory", []string{"internal/adapter/fargate imports internal/adapter/memory, which is not to its left"}},
		{"an adapter imports wire", "internal/adapter/fargate: internal/wire", []string{"internal/adapter/fargate imports internal/wire, which is not to its left"}},
		{"an adapter imports the stand-in", "internal/adapter/fargate: internal/localecs", []string{"internal/adapter/fargate imports internal/localecs, which is not to its left"}},
		{"the stand-in knows control", "internal/localecs: internal/control", []string{"internal/localecs imports internal/control, which is not to its left"}},
		{"the command line knows an adapter", "internal/cli: internal/adapter/memory", []string{"internal/cli imports internal/adapter/memory, which is not to its left"}},
		{"the local mode knows an adapter", "internal/local: internal/adapter/memory", []string{"internal/local imports internal/adapter/memory, which is not to its left"}},
		{"production imports a test's room", "internal/control: internal/storetest", []string{"internal/control imports internal/storetest, which is not to its left"}},
		{"a room imports a story", "internal/cli: test/scenario", []string{"internal/cli imports test/scenario, which is not to its left"}},
		{"the root holds code", "root: fmt", []string{"the root is no room of the house: say in test/house what it may import"}},
		{"an unknown room", "internal/util: fmt", []string{"internal/util is no room of the house: say in test/house what it may import"}},
		{"an unknown sub-room", "internal/run/util: fmt", []string{"internal/run/util is no room of the house: say in test/house what it may import"}},
		{"a pure room and context", "internal/run: context", []string{"internal/run is pure and imports context: it waits for nothing, so it has nothing to cancel"}},
		{"a pure room and slog", "internal/run: log/slog", []string{"internal/run is pure and imports log/slog: it returns its reasons as data"}},
		{"a pure room and os", "internal/cron: os", []string{"internal/cron is pure and imports os: it takes its input as arguments"}},
		{"a pure room and http", "internal/job: net/http", []string{"internal/job is pure and imports net/http: it talks to nobody"}},
		{"a pure room and chance", "internal/run: math/rand/v2", []string{"internal/run is pure and imports math/rand/v2: a decision is deterministic"}},
		{"a pure room and a library", "internal/stop: github.com/goccy/go-yaml", []string{"internal/stop imports github.com/goccy/go-yaml: only the standard library and rooms to its left"}},
		{"control and the AWS SDK", "internal/control: github.com/aws/aws-sdk-go-v2/aws", []string{"internal/control imports github.com/aws/aws-sdk-go-v2/aws: only the standard library and rooms to its left"}},
		{"control and Lambda", "internal/control: github.com/aws/aws-lambda-go/events", []string{"internal/control imports github.com/aws/aws-lambda-go/events: only the standard library and rooms to its left"}},
		{"control and a database", "internal/control: database/sql", []string{"internal/control imports database/sql: it knows no database"}},
		{"control and a room with a library", "internal/control: internal/job/jobfile", []string{"internal/control imports internal/job/jobfile, which is not to its left"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := check(graph(with(c.line)...)); !slices.Equal(got, c.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

// with returns the whole house with one line in place of that room's own.
func with(line string) []string {
	if line == "" {
		return whole
	}
	name, _, _ := strings.Cut(line, ":")
	lines := slices.DeleteFunc(slices.Clone(whole), func(l string) bool { return strings.HasPrefix(l, name+":") })
	return append(lines, line)
}

func TestReadsClock(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, src string
		want      int
	}{
		{"no time at all", `package p`, 0},
		{"time as data", `package p; import "time"; var d = time.Duration(3) * time.Second`, 0},
		{"a call", `package p; import "time"; var t = time.Now()`, 1},
		{"a value", `package p; import "time"; var now = time.Now`, 1},
		{"another name", `package p; import clock "time"; var t = clock.Since(clock.Time{})`, 1},
		{"a dot", `package p; import . "time"; var t = Now()`, 1},
		{"a sleep and the machine's zones", `package p; import "time"; func f() { time.Sleep(1); time.LoadLocation("x"); _ = time.Local }`, 3},
		{"somebody else's Now", `package p; import "time"; type c struct{ Now time.Time }; func f(x c) time.Time { return x.Now }`, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fset := token.NewFileSet()
			f, err := parse(fset, "p.go", c.src)
			if err != nil {
				t.Fatal(err)
			}
			if got := readsClock(fset, f); len(got) != c.want {
				t.Errorf("got %q, want %d", got, c.want)
			}
		})
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	body := func(n int) string { return "func f() {\n" + strings.Repeat("\n", n-2) + "}\n" }
	cases := []struct {
		name, file, src string
		want            []string
	}{
		{"a function at the limit", "a.go", "package p\n" + body(60), nil},
		{"a function over it", "a.go", "package p\n" + body(61), []string{"a.go func f 61"}},
		{"a file at the limit", "a.go", "package p\n" + strings.Repeat("\n", 299), nil},
		{"a file over it", "a.go", "package p\n" + strings.Repeat("\n", 300), []string{"a.go 301"}},
		{"a main at the limit", "cmd/x/main.go", "package main\n" + strings.Repeat("\n", 29), nil},
		{"a main over it", "cmd/x/main.go", "package main\n" + strings.Repeat("\n", 30), []string{"cmd/x/main.go 31"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fset := token.NewFileSet()
			f, err := parse(fset, c.file, c.src)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range tooLarge(sizes(fset, f, c.file)) {
				got = append(got, fmt.Sprintf("%s %d", s.what, s.lines))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
