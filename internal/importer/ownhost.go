package importer

import (
	"maps"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

const ownName = `(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1\])(?:[:/?]|$)`

var (
	// ownURL matches a word, or the value of an option or a variable, that is a URL of the host itself.
	// A header, a query or a text that only holds one does not count.
	ownURL  = lazyregexp.New(`^(?:-*[\w.-]+=)?["']?[\w+]+://(?:[^\s/@]*@)?` + ownName)
	ownWord = lazyregexp.New(`^` + ownName)
	// hostWord matches words by which a client of a database may be told another host.
	hostWord = lazyregexp.New(`^(?:-h|--host|--ur[il]|--defaults|--login-path|--config=|(?:(?:--dbname=|-d)?["']?)\$)|://|\b(?:host|service)=`)
	// hostVariable matches variables that name one.
	hostVariable = lazyregexp.New(`^(?:PGHOST|PGHOSTADDR|PGSERVICE|PGSERVICEFILE|MYSQL_HOST)(?:=|$)`)
)

var (
	// callers are programs whose words name the host that they call.
	callers = []string{"curl", "wget", "nc", "ncat", "netcat", "http", "https", "telnet"}
	// clients call a database on their own host if nothing names another.
	clients = []string{
		"psql", "pg_dump", "pg_dumpall", "vacuumdb", "reindexdb", "mysql", "mariadb", "mysqldump", "mariadb-dump", "mysqladmin", "mariadb-admin", "mysqlcheck", "redis-cli", "mongodump", "mongoexport",
	}
)

// itself reports a line that calls its own host, where in a task nothing answers.
func (r *Command) itself(all []call) {
	if slices.ContainsFunc(all, func(c call) bool { return c.is("ssh") }) { // where another's host is meant
		return
	}
	if slices.ContainsFunc(all, call.callsItself) {
		r.Off("it calls its own host, where in a task nothing answers: write the name of the service that it calls")
		return
	}
	if slices.ContainsFunc(all, func(c call) bool {
		return c.is(".", "source") || slices.ContainsFunc(c.args, hostVariable().MatchString)
	}) || slices.ContainsFunc(slices.Sorted(maps.Keys(r.Variables)), hostVariable().MatchString) {
		return
	}
	for i, c := range all {
		if file := c.ownDatabase(); file != "" && !slices.ContainsFunc(all[:i], func(before call) bool { return before.names(file) }) {
			r.Off("%s opens %s, a file of its host, and a task would get an empty database or none: mount it from EFS in the task definition, or let the job fetch it first", c.name, file)
			return
		}
		if c.is(clients...) && !slices.ContainsFunc(c.args, hostWord().MatchString) {
			r.Off("%s is not told a host here, so it calls a database on its own, where in a task nothing answers: name the host, in the command or in a variable such as PGHOST", c.name)
			return
		}
	}
}

// sqliteValued are the options of sqlite3 that take a value (https://sqlite.org/cli.html).
var sqliteValued = []string{"-cmd", "-init", "-separator", "-newline", "-nullvalue", "-mmap", "-vfs", "-maxsize"}

// ownDatabase gives the file on its host that sqlite3 opens, by its name or its URI, and which a task does not
// have; "" if the call is another.
func (c call) ownDatabase() string {
	w := wording{words: c.args}
	if w.options(sqliteValued); !c.is("sqlite3") || len(w.words) == 0 {
		return ""
	}
	name, uri := strings.CutPrefix(w.words[0], "file:") // https://sqlite.org/uri.html
	if uri {
		name, _, _ = strings.Cut(strings.TrimPrefix(name, "//"), "?")
	}
	if strings.HasPrefix(strings.TrimPrefix(name, "~"), "/") {
		return name
	}
	return ""
}

// names reports whether a word of the call, or what it writes, is a file.
func (c call) names(file string) bool {
	return slices.ContainsFunc(c.args, func(w string) bool { return strings.Contains(w, file) }) ||
		slices.ContainsFunc(c.redirects, func(t shell.Redirect) bool { return t.Target == file })
}

func (c call) callsItself() bool {
	for i, w := range c.args {
		value := strings.TrimPrefix(strings.TrimPrefix(w, "--host="), "-h")
		named := value != w || i > 0 && slices.Contains([]string{"-h", "--host"}, c.args[i-1])
		if ownURL().MatchString(w) || (named || c.is(callers...)) && ownWord().MatchString(value) {
			return true
		}
	}
	return false
}
