package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// install prints a unit for systemd, or a property list for launchd, that runs
// the same command as a service. It installs nothing.
func (c *localCmd) install(a *app) error {
	words := []string{a.Executable, "local"}
	paths := []string{}
	for _, f := range c.Files {
		path, err := filepath.Abs(f)
		if err != nil {
			return fmt.Errorf("finding %s: %w", f, err)
		}
		paths = append(paths, path)
		words = append(words, "-f", path)
	}
	for _, f := range [][2]string{{"--secrets", c.Secrets}, {"--targets", c.Targets}} {
		if f[1] == "" {
			continue
		}
		path, err := filepath.Abs(f[1])
		if err != nil {
			return fmt.Errorf("finding %s: %w", f[1], err)
		}
		words = append(words, f[0], path)
	}
	if c.Drain > 0 {
		words = append(words, "--drain", c.Drain.String())
	}
	words = append(words, "--grace", c.Grace.String(), "--quiet")
	text := c.systemd(words, filepath.Dir(paths[0]))
	if runtime.GOOS == "darwin" {
		text = launchd(words, filepath.Dir(paths[0]))
	}
	_, err := fmt.Fprint(a.Stdout, text)
	return err //nolint:wrapcheck // nobody reads it
}

// systemd is a unit. Its state lies below /var/lib, where STATE_DIRECTORY says.
func (c *localCmd) systemd(words []string, dir string) string {
	const state = "/var/lib/batchplane/jobs.db"
	quoted := make([]string, 0, len(words)+2)
	for _, w := range append(words, "--db", state) {
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
User=%[2]s
ExecStart=%[3]s
ExecReload=/bin/kill -HUP $MAINPID
WorkingDirectory=%[4]s
StateDirectory=batchplane
StateDirectoryMode=0700
UMask=0077
Restart=on-failure
RestartSec=5
# Tasks are stopped by batchplane itself, within --drain and --grace.
KillMode=mixed
TimeoutStopSec=%[5]d
NoNewPrivileges=yes
# For the limits of memory that jobs ask for.
Delegate=yes

[Install]
WantedBy=multi-user.target
`, state, user, strings.Join(quoted, " "), systemdWord(dir), stop)
}

// systemdWord quotes a word of a unit file: a percent sign and a dollar are its own
// (systemd.unit and systemd.service, "specifiers" and "command lines").
func systemdWord(s string) string {
	s = strings.NewReplacer(`%`, `%%`, `$`, `$$`).Replace(s)
	if strings.ContainsAny(s, " \t\"'\\;") {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	}
	return s
}

// launchd is a property list for the user's own agents.
func launchd(words []string, dir string) string {
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
%s  </array>
  <key>WorkingDirectory</key><string>%s</string>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><true/>
  <key>StandardOutPath</key><string>/tmp/batchplane.out</string>
  <key>StandardErrorPath</key><string>/tmp/batchplane.err</string>
</dict>
</plist>
`, args.String(), escape.Replace(dir))
}
