package importer

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// launcher describes a program that starts others: how many words belong to it besides its
// options, and which options take a value.
type launcher struct {
	words  int
	valued []string
}

var launchers = map[string]launcher{
	"sudo": {0, []string{"-u", "-g", "-h", "-p", "-C", "-r", "-t"}}, "doas": {0, []string{"-u"}}, "env": {0, []string{"-u", "-C"}},
	"nice": {0, []string{"-n"}}, "ionice": {0, []string{"-c", "-n"}}, "chrt": {1, nil}, "timeout": {1, []string{"-k", "-s", "--signal", "--kill-after"}},
	"flock": {1, []string{"-w", "-E", "--wait", "--timeout"}}, "lockrun": {0, nil}, "setlock": {1, nil}, "chronic": {}, "cronic": {}, "croncape": {0, []string{"-e", "-t"}}, "nohup": {},
	"setsid": {}, "time": {0, []string{"-f", "-o"}}, "exec": {0, []string{"-a"}}, "command": {}, "xargs": {0, []string{"-n", "-I", "-P", "-L", "-d", "-a"}},
	"runuser": {0, []string{"-u"}}, "su": {1, []string{"-s"}}, "stdbuf": {0, []string{"-o", "-e", "-i"}}, "systemd-cat": {0, []string{"-t", "-p"}},
	"systemd-run": {0, []string{"-p", "-u"}}, "xvfb-run": {0, []string{"-s", "-n"}}, "cronitor": {2, nil}, "eval": {}, "!": {}, "run-one": {}, "cpulimit": {0, []string{"-l"}},
	"sh": {}, "bash": {}, "dash": {}, "zsh": {}, "ksh": {}, "ash": {}, "php": {0, []string{"-d", "-c"}}, "php-cgi": {}, "python": {0, []string{"-W", "-X"}},
	"ruby": {0, []string{"-r", "-I"}}, "perl": {0, []string{"-I"}}, "node": {0, []string{"-r", "--require"}}, "nodejs": {}, "deno": {1, nil}, "bun": {1, nil},
	"tsx": {}, "ts-node": {}, "java": {0, []string{"-cp", "-classpath", "--class-path"}}, "Rscript": {}, "pwsh": {}, "dotnet": {}, "mono": {}, "go": {1, nil},
	"bundle": {1, nil}, "npx": {}, "pnpm": {1, nil}, "yarn": {}, "npm": {1, nil}, "poetry": {1, nil}, "uv": {1, nil}, "pipenv": {1, nil}, "composer": {}, "rbenv": {1, nil},
	"rvm": {2, nil}, "nvm": {1, nil}, "rake": {0, []string{"-f"}}, "rails": {0, []string{"-e"}}, "runner": {0, []string{"-e"}}, "artisan": {}, "manage": {}, "console": {}, "yii": {}, "cake": {},
	"spark": {}, "craft": {}, "occ": {}, "drush": {0, []string{"-r", "-l"}}, "wp": {}, "wp-cli": {}, "flask": {}, "django-admin": {}, "magento": {}, "make": {0, []string{"-C", "-f"}},
	"docker":         {1, []string{"-u", "--user", "-e", "--env", "-v", "--volume", "-w", "--workdir", "--name", "--network", "--net", "-p", "--env-file", "--entrypoint", "-m"}},
	"docker-compose": {1, []string{"-f", "--file", "-p", "-u", "--user", "-e"}}, "podman": {1, []string{"-u", "-e", "-v", "-w", "--name", "--network", "--env-file"}},
	"kubectl": {1, []string{"-n", "--namespace", "-c", "--container"}}, "run-parts": {}, "source": {}, ".": {}, "echo": {}, "printf": {1, nil}, "cd": {}, "then": {}, "doppler": {1, nil},
	"curl": {0, []string{"-o", "-H", "-d", "-X", "-u", "-m", "-A", "-b", "-c", "-e", "-F", "-T", "-x", "--max-time", "--connect-timeout", "--retry", "--output", "--header", "--data", "--request", "--user", "--user-agent", "--cacert"}},
	"wget": {0, []string{"-O", "-o", "-t", "-T", "-U", "-P", "--header", "--user-agent", "--timeout", "--tries"}}, "fetch": {0, []string{"-o"}}, "lynx": {}, "links": {}, "http": {}, "GET": {},
}

var versioned = lazyregexp.New(`^(?:ea-|alt-|ls)?(python|php|ruby|perl|node)-?[0-9.]*(?:-?(?:cli|cgi))?$`)

// subcommanded are programs whose names say little without their first word.
var subcommanded = []string{
	"aws", "az", "gcloud", "gsutil", "git", "systemctl", "service", "supervisorctl", "pm2", "apt", "apt-get", "yum", "dnf", "snap", "certbot", "borg", "restic",
	"docker", "docker-compose", "podman", "kubectl", "rclone", "kopia", "zfs", "zpool", "btrfs", "puppet", "salt-call", "airflow", "celery", "dbt", "psql", "mysql", "redis-cli", "mongo", "mongosh", "sqlite3",
}

// grouped are programs whose first word is only a group of commands.
var grouped = []string{"aws", "az", "gcloud", "docker", "podman"}

// general are names that many scripts have.
var general = []string{
	"worker", "job", "jobs", "run", "runner", "main", "index", "cron", "script", "task", "tasks", "start", "cmd", "command", "execute", "exec", "app", "cli", "tool",
	"entrypoint", "wrapper", "launch", "launcher", "process",
}

// starters are those of the general names that say only that something starts. The folder then
// says more than the arguments.
var starters = []string{"run", "runner", "start", "cmd", "execute", "exec", "entrypoint", "wrapper", "launch", "launcher", "job", "script", "task"}

// places are folders whose names say nothing about what is in them.
var places = []string{
	"bin", "sbin", "scripts", "script", "opt", "srv", "usr", "local", "home", "var", "root", "tmp", "etc", "src", "app", "current", "www", "html", "public_html", "httpdocs", "htdocs", "webroot", "public",
	"web", "cli", "lib", "libexec", "mnt", "data", "vhosts", "releases", "share", "cron", "crons", "jobs", "tasks", "sh", "~", "users",
}

// skipLaunchers removes programs that only start others.
func (w *wording) skipLaunchers() {
	for range 32 {
		if len(w.words) == 0 {
			return
		}
		program := bare(w.words[0])
		if m := versioned().FindStringSubmatch(program); m != nil {
			program = m[1]
		}
		if l, ok := launchers[program]; !ok || !w.skip(program, l) {
			return
		}
	}
}

// skip removes one of them. more reports whether another may follow.
func (w *wording) skip(program string, l launcher) (more bool) {
	if slices.Contains(containers, program) {
		return w.contained(l)
	}
	w.program = program
	if strings.Contains(w.words[0], "/") {
		w.framework = w.words[0]
	}
	w.words = w.words[1:]
	if slices.Contains([]string{"python", "java"}, program) && w.module() {
		return false
	}
	for range l.words {
		w.options(l.valued)
		w.words = w.words[min(1, len(w.words)):]
	}
	w.options(l.valued)
	return true
}

// containers are programs that start others in a container.
var containers = []string{"docker", "docker-compose", "podman", "kubectl"}

// contained removes `docker exec NAME`, `docker compose run SERVICE`, `kubectl exec POD --` and
// the like. ok is false if the program does something else.
func (w *wording) contained(l launcher) (ok bool) {
	rest := wording{words: w.words[1:]}
	rest.options(l.valued)
	if len(rest.words) > 0 && rest.words[0] == "compose" {
		rest.words = rest.words[1:]
		rest.options(launchers["docker-compose"].valued)
	}
	if len(rest.words) < 2 || rest.words[0] != "exec" && rest.words[0] != "run" {
		return false
	}
	runs := rest.words[0] == "run"
	rest.words = rest.words[1:]
	rest.options(l.valued)
	if len(rest.words) == 0 {
		return false
	}
	w.program, w.words = "", rest.words
	if image, _, _ := strings.Cut(shell.Base(w.words[0]), ":"); runs {
		w.words = append([]string{image}, w.words[1:]...) // its entry point may be the program
		return true
	}
	w.container, w.words = strings.Trim(w.words[0], `"'`), w.words[1:]
	w.options(nil)
	return true
}

// module keeps only what follows -m or -jar in `python -m` and `java -jar`.
func (w *wording) module() bool {
	i := slices.IndexFunc(w.words, func(s string) bool { return s == "-m" || s == "-jar" })
	if i < 0 || i+1 >= len(w.words) || slices.ContainsFunc(w.words[:i], func(s string) bool { return !strings.HasPrefix(s, "-") }) {
		return false
	}
	w.words = w.words[i+1:]
	return true
}

// options removes options, the values of some of them, and assignments.
func (w *wording) options(valued []string) {
	for len(w.words) > 0 {
		word := w.words[0]
		switch {
		case slices.Contains(valued, word):
			w.words = w.words[min(2, len(w.words)):]
		case strings.HasPrefix(word, "-") || shell.IsAssignment(word):
			w.words = w.words[1:]
		default:
			return
		}
	}
}
