package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"unicode"
)

// install prints a unit for systemd, or a property list for launchd, that runs the same command
// as a service. It installs nothing.
func (c *localCmd) install(a *app) error {
	if err := errors.Join(c.faults(), c.check()); err != nil {
		return err
	}
	if built().MatchString(filepath.ToSlash(a.Executable)) {
		return usagef("`go run` removes what it built, and a service needs a program that stays: run `go install ./cmd/batchplane`, then `batchplane local install` with the same flags")
	}
	words, dir, err := c.words(a)
	if err != nil {
		return err
	}
	for _, w := range append(words, dir, a.db, os.Getenv("HOME")) {
		if strings.ContainsFunc(w, unicode.IsControl) { // a value in a unit ends with its line
			return usagef("%q has a control character, which a unit cannot hold: rename it", w)
		}
	}
	text := c.systemd(words, dir, a.db)
	if runtime.GOOS == "darwin" {
		text = launchd(words, dir, os.Getenv("HOME"))
	}
	return a.write([]byte(text))
}

// words returns the words of the command, with absolute paths and every flag that was given. dir
// is the folder of the first jobs file.
func (c *localCmd) words(a *app) (words []string, dir string, err error) {
	words = []string{a.Executable, "local"}
	path := func(flag, name string) {
		if name == "" || err != nil {
			return
		}
		full, e := filepath.Abs(name)
		if e != nil {
			err = fmt.Errorf("finding %s: %w", name, e)
		}
		words = append(words, flag, full)
	}
	for _, f := range c.Files {
		path("-f", f)
	}
	if err != nil {
		return nil, "", err
	}
	dir = filepath.Dir(words[3])
	path("--secrets", c.Secrets)
	path("--targets", c.Targets)
	if a.db != "" {
		path("--db", a.db)
		a.db = words[len(words)-1]
	}
	return append(words, c.rest()...), dir, err
}

// rest returns the flags that are not paths, if they differ from their defaults.
func (c *localCmd) rest() (words []string) {
	if c.For != nil {
		words = append(words, "--for", c.For.String())
	}
	if c.Drain > 0 {
		words = append(words, "--drain", c.Drain.String())
	}
	words = append(words, "--grace", c.Grace.String(), "--quiet")
	if c.Rate != nil {
		words = append(words, "--rate", strconv.Itoa(*c.Rate))
	}
	for _, f := range []struct {
		flag string
		on   bool
	}{{"--watch", c.Watch}, {"--output", c.Output}, {"--ui", c.UI}} {
		if f.on {
			words = append(words, f.flag)
		}
	}
	for _, f := range [][3]string{
		{"--listen", c.Listen},
		{"--metrics", c.Metrics},
		{"--zone", c.Zone},
		{"--log-format", c.Format, "text"},
		{"--keep", c.Keep.String(), "400d"},
		{"--keep-logs", c.KeepLogs.String(), "30d"},
		{"--most-logs", c.MostLogs.String(), "100MB"},
		{"--max-output", c.MaxOutput.String(), "10MB"},
	} {
		if f[1] != "" && f[1] != f[2] {
			words = append(words, f[0], f[1])
		}
	}
	for _, f := range c.Fault {
		words = append(words, "--fault", f)
	}
	if c.Seed != 0 {
		words = append(words, "--seed", strconv.FormatUint(c.Seed, 10))
	}
	return words
}

// systemd returns a unit. Its state is db. If db is empty, the state is under /var/lib, in
// STATE_DIRECTORY.
func (c *localCmd) systemd(words []string, dir, db string) string {
	if db == "" {
		db = "/var/lib/batchplane/jobs.db"
		words = append(words, "--db", db)
	}
	quoted := make([]string, 0, len(words))
	for _, w := range words {
		quoted = append(quoted, systemdWord(w))
	}
	user := os.Getenv("USER")
	if user == "" || user == "root" {
		user = "batchplane"
	}
	stop := int((c.Drain + c.Grace).Seconds()) + 15
	return fmt.Sprintf(`# batchplane local as a service of systemd. Save this as
# /etc/systemd/system/batchplane.service, then
#   systemctl daemon-reload && systemctl enable --now batchplane
# Commands then need --db %[1]s.
[Unit]
Description=batchplane: jobs on their schedules
Wants=network-online.target
After=network-online.target time-sync.target

[Service]
Type=notify
# Of tasks too. This user must exist and have access to the program and the jobs file; jobs that need root's rights need root here.
User=%[2]s
ExecStart=%[3]s
ExecReload=/bin/kill -HUP $MAINPID
WorkingDirectory=%[4]s
StateDirectory=batchplane
StateDirectoryMode=0700
# Of tasks too: others may not read the files that they make.
UMask=0077
Restart=on-failure
RestartSec=5
# Tasks are stopped by batchplane itself, within --drain and --grace.
KillMode=mixed
TimeoutStopSec=%[5]d
NoNewPrivileges=yes
# A task is some processes and open files.
LimitNOFILE=65536
TasksMax=16384
# For the limits of memory that jobs ask for.
Delegate=yes

[Install]
WantedBy=multi-user.target
`, db, user, strings.Join(quoted, " "), systemdPath(dir), stop)
}

// systemdWord quotes a word of a unit file, where percent and dollar signs have a meaning
// (systemd.unit and systemd.service, "specifiers" and "command lines").
func systemdWord(s string) string {
	s = strings.NewReplacer(`%`, `%%`, `$`, `$$`).Replace(s)
	if strings.ContainsAny(s, " \t\"'\\;") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	}
	return s
}

// systemdPath returns a path as a unit file has it outside commands. It extends to the end of the
// line and is not quoted; only a percent sign has a meaning.
func systemdPath(s string) string { return strings.ReplaceAll(s, `%`, `%%`) }

// launchd returns a property list for one of the user's own agents. What the agent prints has lines of
// the jobs' output, so nobody else may read it, nor put a link in its place as in /tmp (launchd.plist(5),
// "Umask": 63 is 0077).
func launchd(words []string, dir, home string) string {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	var args strings.Builder
	for _, w := range words {
		fmt.Fprintf(&args, "    <string>%s</string>\n", escape.Replace(w))
	}
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<!-- Save this as ~/Library/LaunchAgents/batchplane.plist, then
     launchctl bootstrap gui/$UID ~/Library/LaunchAgents/batchplane.plist -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>batchplane</string>
  <key>ProgramArguments</key>
  <array>
%[1]s  </array>
  <key>WorkingDirectory</key><string>%[2]s</string>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><true/>
  <key>Umask</key><integer>63</integer>
  <key>StandardOutPath</key><string>%[3]s.out</string>
  <key>StandardErrorPath</key><string>%[3]s.err</string>
</dict>
</plist>
`, args.String(), escape.Replace(dir), escape.Replace(filepath.Join(home, "Library", "Logs", "batchplane")))
}
