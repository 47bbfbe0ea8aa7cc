package importer

import (
	"maps"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
)

const ownName = `(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1\])(?:[:/?]|$)`

var (
	// ownURL matches a word, or the value of an option or a variable, that is a URL of the host itself.
	// A header, a query or a text that only holds one does not count.
	ownURL  = pattern(`^(?:-*[\w.-]+=)?["']?[\w+]+://(?:[^\s/@]*@)?` + ownName)
	ownWord = pattern(`^` + ownName)
	// hostWord matches words by which a client of a database may be told another host.
	hostWord = pattern(`^(?:-h|--host|--ur[il]|--defaults|--login-path|--config=|(?:(?:--dbname=|-d)?["']?)\$)|://|\b(?:host|service)=`)
	// hostVariable matches variables that name one.
	hostVariable = pattern(`^(?:PGHOST|PGHOSTADDR|PGSERVICE|PGSERVICEFILE|MYSQL_HOST)(?:=|$)`)
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
			r.Off("%s opens %s, a file of its host, and a task would get an empty database instead: mount it from EFS in the task definition, or let the job fetch it first", c.name, file)
			return
		}
		if c.is(clients...) && !slices.ContainsFunc(c.args, hostWord().MatchString) {
			r.Off("%s is not told a host here, so it calls a database on its own, where in a task nothing answers: name the host, in the command or in a variable such as PGHOST", c.name)
			return
		}
	}
}

// ownDatabase gives the file on its host that sqlite3 opens, which makes an empty one if there is none; "" if
// the call is another.
func (c call) ownDatabase() string {
	if rest := c.operands(); c.is("sqlite3") && len(rest) > 0 && strings.HasPrefix(strings.TrimPrefix(rest[0], "~"), "/") {
		return rest[0]
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
