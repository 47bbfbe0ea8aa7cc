package importer

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// fileOptions match the option by which a program gets the name of the file or folder that it writes;
// the name follows in the same word or is the next.
var fileOptions = map[string]func() *regexp.Regexp{
	"pg_dump": dumpFile, "pg_dumpall": dumpFile, "tar": dumpFile, "pg_basebackup": lazyregexp.New(`^(?:-D|--pgdata(?:=|$))(.*)$`), "mysqldump": resultFile, "mariadb-dump": resultFile,
	"mariadb-backup": targetFolder, "mariabackup": targetFolder, "xtrabackup": targetFolder,
	"mongodump": lazyregexp.New(`^(?:-o|--out(?:=|$)|--archive=)(.*)$`),
	"redis-cli": lazyregexp.New(`^--rdb()$`), "git": lazyregexp.New(`^-C()$`),
	"sqlite3": lazyregexp.New(`^\.(?:backup|output|once)\s+(?:main\s+)?['"]?([^'"]+)`),
	"curl":    lazyregexp.New(`^(?:-[sSfLkgvi]*o|--output(?:=|$))(.*)$`),
	"wget":    lazyregexp.New(`^(?:-[qncv]*[OP]|--output-document(?:=|$)|--directory-prefix(?:=|$))(.*)$`),
}

var (
	dumpFile     = lazyregexp.New(`^(?:-f|--file(?:=|$))(.*)$`)
	resultFile   = lazyregexp.New(`^(?:-r|--result-file(?:=|$))(.*)$`)
	targetFolder = lazyregexp.New(`^--target-dir(?:=|$)(.*)$`)
)

var (
	// packs matches the letters by which tar makes an archive and gets its name.
	packs = lazyregexp.New(`^-?[A-Za-z]*(?:c[A-Za-z]*f|f[A-Za-z]*c)[A-Za-z]*$`)
	// curlKeeps and wgetKeeps match options that keep what is fetched under its own name. wget without one
	// does too, but in crontabs mostly only calls a page.
	curlKeeps = lazyregexp.New(`^(?:-[sSfLkgvi]*OJ?|--remote-name(?:-all)?)$`)
	wgetKeeps = lazyregexp.New(`^(?:-[qc]*[Nmr]|--timestamping|--mirror|--recursive)$`)
	// away matches names of what is not on the task's own disk, or of which that is not certain.
	away = lazyregexp.New(`^[\w.@%+${}-]+:|^\$\{?\w+\}?/?$`)
)

// copying are programs that copy between places of which at least one is elsewhere.
var copying = []string{"rsync", "rdiff-backup", "scp", "sftp", "rclone", "aws", "s3cmd", "s5cmd", "gsutil", "gcloud"}

// lands gives the place on the task's own disk to which a call copies, fetches or dumps something; ""
// if there is none. folder is that of the last cd.
func (c call) lands(folder string) string {
	switch rest := c.operands(); {
	case c.is("cp", "mv", "install") && len(rest) > 1:
		return rest[len(rest)-1]
	case c.is(copying...):
		return c.fetches(rest)
	case c.is("tee") && len(rest) > 0:
		return rest[0]
	case c.is("zip", "tar"):
		return c.archive(rest)
	case c.is("git"):
		return c.checkout(folder)
	case c.option() != "":
		return strings.TrimPrefix(c.option(), "-")
	case c.keepsName():
		return cmp.Or(folder, "its folder")
	}
	return ""
}

// checkout gives the folder into which git brings something.
func (c call) checkout(folder string) string {
	if !c.pulls() {
		return ""
	}
	return cmp.Or(c.option(), folder, "its folder")
}

// archive gives the file that zip or tar makes.
func (c call) archive(rest []string) (name string) {
	switch {
	case c.is("zip") && len(rest) > 1:
		name = rest[0]
	case c.is("tar"):
		if i := slices.IndexFunc(c.args, packs().MatchString); i >= 0 && i+1 < len(c.args) && (i == 0 || c.args[i][0] == '-') {
			name = c.args[i+1]
		} else if slices.Contains(c.args, "-c") || slices.Contains(c.args, "--create") {
			name = c.option()
		}
	}
	return strings.TrimPrefix(name, "-")
}

// keepsName reports whether curl or wget keeps what it fetches under its own name.
func (c call) keepsName() bool {
	form := map[string]func() *regexp.Regexp{"curl": curlKeeps, "wget": wgetKeeps}[c.name]
	return form != nil && slices.ContainsFunc(c.args, form().MatchString)
}

// option gives the file that an option names, "-" for the output, or "".
func (c call) option() string {
	form := fileOptions[c.name]
	if form == nil {
		return ""
	}
	for i, w := range c.args {
		m := form().FindStringSubmatch(w)
		if m == nil {
			continue
		}
		name := shell.Unquote(m[1])
		if name == "" && i+1 < len(c.args) {
			name = c.args[i+1]
		}
		return name
	}
	return ""
}

// fetches gives the place of this disk that follows one that is elsewhere. rsync and scp copy from
// disk to disk too.
func (c call) fetches(rest []string) string {
	is := away().MatchString
	for i, w := range c.args[:max(0, len(c.args)-1)] {
		if next := c.args[i+1]; is(w) && !strings.HasPrefix(w, "http") && !strings.HasPrefix(next, "-") && !is(next) {
			return next
		}
	}
	if c.is("rsync", "rdiff-backup", "scp") && len(rest) > 1 && !slices.ContainsFunc(rest, is) {
		return rest[len(rest)-1]
	}
	return ""
}

// pulls reports whether git brings something into a folder.
func (c call) pulls() bool {
	return slices.ContainsFunc(c.args, func(w string) bool {
		return slices.Contains([]string{"pull", "fetch", "clone", "reset", "checkout"}, w)
	})
}

var (
	// changing are programs that only change files, glancing those that only look or tell, quiet those that
	// change nothing, and informing those that may take a file along.
	changing  = []string{"rm", "rmdir", "unlink", "shred", "truncate", "touch", "ln", "chmod", "chown", "chgrp", "gzip", "bzip2", "xz"}
	glancing  = []string{"ls", "du", "df", "stat", "test", "[", "[[", "echo", "printf", "logger", "mkdir"}
	quiet     = slices.Concat(glancing, preparing, idle, feeding, wrapping, []string{"", "grep", "egrep", "head", "tail", "sort", "uniq", "wc", "awk", "cut", "basename", "dirname"})
	informing = slices.Concat(mailers, []string{"curl", "wget"})

	// installing are programs that install or upgrade others, if they are told to.
	installing = []string{"pip", "pip3", "pipx", "gem", "npm", "brew", "composer"}
)

// products are what a program made in order to keep it: it is lost unless it is sent away. What others
// bring may be there for the programs that follow.
var products = []string{"tee", "pg_basebackup", "mariadb-backup", "mariabackup", "xtrabackup", "pg_dump", "pg_dumpall", "mysqldump", "mariadb-dump", "mongodump", "redis-cli", "sqlite3", "tar", "zip"}

// written is what a call writes on the task's own disk, and what to do about it. log says that it is a
// log, whatever its name is.
type written struct {
	name, instead string
	product, log  bool
}

// writes gives what a call writes. folder is that of the last cd.
func (c call) writes(folder string) (all []written) {
	if place := c.lands(folder); place != "" {
		all = append(all, written{name: place, instead: "keep it in S3, or on a file system of EFS that the task definition mounts", product: c.is(products...)})
	}
	for _, t := range c.redirects {
		if !strings.Contains(t.Sign, "<") && (!strings.HasSuffix(t.Sign, ">&") || strings.Contains(t.Target, "/")) {
			all = append(all, written{t.Target, "if that is data, write it to S3; if it is a log, drop the redirection", true, complains(c.redirects, t.Target)})
		}
	}
	return all
}

// maxCalls is how many calls of a line are examined: each is compared with those that follow.
const maxCalls = 200

// disk reports what a line brings to the task's own disk and leaves there, and a line that only
// changes files there.
func (r *Command) disk(s shell.List, all []call) {
	if onlyChanges(all) {
		r.Off("it only deletes or changes files of its host, and a task has only its own: leave it there")
	}
	folder := ""
	all = all[:min(len(all), maxCalls)]
	for i, c := range all {
		if c.is("cd", "pushd") && len(c.args) == 1 {
			folder = c.args[0]
		}
		for _, f := range c.writes(folder) {
			if c.name != "" && r.isLog(s, f.name) {
				continue
			}
			r.leaves(f, f.log || slices.ContainsFunc(all[i+1:], func(next call) bool { return next.takes(f.name, f.product) }))
		}
	}
}

// leaves reports a file that a line writes. used says that something that follows needs it.
func (r *Command) leaves(f written, used bool) {
	const lost = "it writes to %s, which is lost with the container: %s"
	switch {
	case !used && !passing().MatchString(f.name):
		r.Off(lost, f.name, f.instead)
	case !used || f.product:
		r.E.Decide(lost, f.name, f.instead)
	}
}

// senders copy files to where they last, and take folders too.
var senders = []string{"aws", "s3cmd", "s5cmd", "rclone", "gsutil", "gcloud", "azcopy", "restic", "borg", "rsync", "scp", "sftp", "lftp", "ftp"}

// complains reports whether a file gets errors alone, or is appended to with errors among the rest: it is
// a log whatever its name is.
func complains(redirects []shell.Redirect, name string) bool {
	return slices.ContainsFunc(redirects, func(t shell.Redirect) bool {
		return t.Target == name && (strings.HasPrefix(t.Sign, "2>") || strings.HasSuffix(t.Sign, ">>") && (strings.HasPrefix(t.Sign, "&") || both(redirects)))
	})
}

// both reports whether errors go where the output goes.
func both(redirects []shell.Redirect) bool {
	return slices.ContainsFunc(redirects, func(t shell.Redirect) bool { return t.Sign == "2>&" && t.Target == "1" })
}

// unbraced writes ${NAME} as $NAME.
var unbraced = strings.NewReplacer("${", "$", "}", "")

// takes reports whether a call sends away what is in a place, or works with it. If it names the place or
// a folder around it, that is certain; otherwise it is assumed of what is no product.
func (c call) takes(place string, product bool) bool {
	place = unbraced.Replace(place)
	named := slices.ContainsFunc(c.args, func(w string) bool { return strings.Contains(unbraced.Replace(w), place) })
	switch {
	case c.is(senders...):
		return c.lands("") == ""
	case c.is("git"):
		return slices.Contains(c.args, "push") || !product && !c.pulls()
	case c.is(changing...), c.is(glancing...), c.is("find"):
		return false
	case c.is(quiet...), c.is(informing...), c.is("cp", "mv"):
		return named
	}
	return named || !product || c.around(place)
}

// around reports whether one of the words is a folder around a place.
func (c call) around(place string) bool {
	return slices.ContainsFunc(c.args, func(w string) bool {
		folder := strings.TrimSuffix(w[strings.IndexByte(w, '=')+1:], "/")
		return folder != "" && strings.HasPrefix(place, folder+"/")
	})
}

// onlyChanges reports whether some of these programs change files and none of them does anything else.
func onlyChanges(all []call) (changes bool) {
	for _, c := range all {
		switch {
		case c.changes():
			changes = true
		case !c.is(quiet...) && (!c.is("find") || c.executed() != ""):
			return false
		}
	}
	return changes
}

// changes reports whether a call only changes files, by itself or for each file that it finds.
func (c call) changes() bool {
	switch {
	case c.is(installing...):
		return slices.ContainsFunc(c.args, func(w string) bool { return slices.Contains([]string{"install", "update", "upgrade"}, w) })
	case c.is("find"):
		return slices.Contains(c.args, "-delete") || slices.Contains(changing, c.executed())
	}
	return c.is(changing...)
}

// executed gives the program that find starts for each file, or "".
func (c call) executed() string {
	i := slices.IndexFunc(c.args, func(w string) bool { return w == "-exec" || w == "-execdir" })
	if i < 0 || i+1 == len(c.args) {
		return ""
	}
	return shell.Base(c.args[i+1])
}
