package local

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Trusted returns an error if others could change what is in a file: whoever writes a jobs file runs
// commands as the user of the control plane. It checks the file, and every folder on the way to it and
// to where links lead: whoever may write to one of them can replace the file or a folder. A group whose
// id is the user's own counts as nobody else.
func Trusted(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err //nolint:wrapcheck // says which file
	}
	if !info.Mode().IsRegular() && !info.IsDir() { // reading a pipe could block for ever
		return fmt.Errorf("%s is no file but a pipe or a device, which cannot be read again: write its contents to a file and name that", path)
	}
	if who := writers(info, info.Mode()); who != "" {
		return fmt.Errorf("%s can be changed by %s, who could so run commands as this user: `chmod go-w %s`, or have it belong to this user", path, who, path)
	}
	given, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("finding the folder of %s: %w", path, err)
	}
	return trustedWay(path, strings.Split(given, "/"))
}

// mostLinks is how many links one path may lead over, as in the Linux kernel (path_resolution(7)).
const mostLinks = 40

// trustedWay checks every folder in which the system looks for a name on the way to the file, and every
// link.
func trustedWay(path string, names []string) error {
	links := 0
	for at := "/"; len(names) > 0; {
		if err := trustedFolder(path, at); err != nil {
			return err
		}
		next := filepath.Join(at, names[0]) // at has no links, so ".." is the folder above
		names = names[1:]
		info, err := os.Lstat(next)
		if err != nil {
			return err //nolint:wrapcheck // says which file
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		if links++; links > mostLinks {
			return fmt.Errorf("%s leads over more than %d links", path, mostLinks)
		}
		if who := writers(info, 0); who != "" { // the modes of links say nothing
			return fmt.Errorf("%s can be replaced by %s, whose link %s leads to it: name the file itself", path, who, next)
		}
		to, err := os.Readlink(next)
		if err != nil {
			return err //nolint:wrapcheck // says which link
		}
		if filepath.IsAbs(to) {
			at = "/"
		}
		names = append(strings.Split(to, "/"), names...)
	}
	return nil
}

func trustedFolder(path, dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err //nolint:wrapcheck // says which folder
	}
	mode := info.Mode()
	if mode&fs.ModeSticky != 0 { // others may add files there, but not touch ours
		mode &^= 0o022
	}
	if who := writers(info, mode); who != "" {
		return fmt.Errorf("%s can be replaced by %s, who may write to %s: `chmod go-w %s`, or have it belong to this user", path, who, dir, dir)
	}
	return nil
}

// writers says who besides this user and root may change a file of this mode, "" if nobody may.
func writers(info fs.FileInfo, mode fs.FileMode) string {
	uid, gid := os.Geteuid(), os.Getegid()
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case mode&0o002 != 0:
		return "everybody"
	case !ok:
		return ""
	case int(stat.Uid) != uid && stat.Uid != 0 && !outside(stat.Uid, "/proc/self/uid_map"):
		return fmt.Sprintf("user %d", stat.Uid)
	case mode&0o020 != 0 && stat.Gid != 0 && (int(stat.Gid) != gid || gid != uid):
		return fmt.Sprintf("group %d", stat.Gid)
	}
	return ""
}

// TrustedState returns an error if another user owns a part of a state that is there, or everybody may
// write to a file of it: whoever can change a state has commands run as this user, and whoever owns its
// file can read the token in it. It checks the database, the files that SQLite and its locks put beside
// it, and folders; of folders only the owner, since in a container everybody may write to a volume's. A
// group may write: at each start of a pod with an fsGroup, Kubernetes lets that group write to all files
// of a volume (Kubernetes documentation, "Configure a Security Context for a Pod or Container").
func TrustedState(db string, folders ...string) error {
	to := db
	if target, err := filepath.EvalSymlinks(db); err == nil {
		to = target
	}
	for _, path := range append(folders, filepath.Dir(db), db, db+".lock", filepath.Dir(to), to, to+".lock", to+"-wal", to+"-shm") {
		who, err := owners(path)
		if err != nil {
			return err
		}
		if who != "" {
			return fmt.Errorf("%s can be changed by %s, who could so run commands as this user: if the state is yours, `chown` it to this user or `chmod o-w` it, else name another with --db", path, who)
		}
	}
	return nil
}

// owners says who else owns what is at a path, or the link there, or whether everybody may change the
// file, "" if nobody does.
func owners(path string) (who string, err error) {
	for _, look := range []func(string) (fs.FileInfo, error){os.Lstat, os.Stat} {
		info, err := look(path)
		if absent(err) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		var mode fs.FileMode
		if info.Mode().IsRegular() {
			mode = info.Mode() &^ 0o020
		}
		if who := writers(info, mode); who != "" {
			return who, nil
		}
	}
	return "", nil
}

// outside reports whether this process's user namespace lacks an owner, for example the machine's root.
// Such owners all appear as one user id, which nobody can have (user_namespaces(7), "Unmapped user and
// group IDs").
func outside(uid uint32, uidMap string) bool {
	const overflow = 65534
	uids, err := os.ReadFile(uidMap) //nolint:gosec // of this process
	return uid == overflow && err == nil && strings.Join(strings.Fields(string(uids)), " ") != "0 0 4294967295"
}

// maxPrivate is the most bytes that a file of secrets may have.
const maxPrivate = 1 << 20

// readPrivate reads a file that holds secrets, which nobody else may read.
func readPrivate(path string) ([]byte, error) {
	if err := Trusted(path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err //nolint:wrapcheck // says which file
	}
	if !private(info, os.Geteuid()) {
		return nil, fmt.Errorf("%s holds secrets, and others may read it: `chmod 600 %s`", path, path)
	}
	if info.Size() > maxPrivate {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", path, info.Size(), maxPrivate)
	}
	return os.ReadFile(path) //nolint:wrapcheck,gosec // the file that the person named; says which
}

// private reports whether nobody but its owner may read a file, or root has handed it to this user by a
// group. Kubernetes does so with the Secrets of a pod with an fsGroup (mode 0440), and systemd with
// credentials, whose access control list shows as the group's mode (systemd.exec(5), "LoadCredential=").
func private(info fs.FileInfo, uid int) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	handed := ok && stat.Uid == 0 && uid != 0
	return info.Mode().Perm()&0o077 == 0 || handed && info.Mode().Perm()&0o037 == 0
}

// Secrets holds values by what they are stored as, or by variable.
type Secrets map[string]string

// ReadSecrets reads lines of NAME=VALUE. A value is the rest of its line as it is, quotes included.
// Empty lines and lines that begin with # are skipped.
func ReadSecrets(path string) (Secrets, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	out := Secrets{}
	for i, l := range bytes.Split(text, []byte("\n")) {
		line := strings.TrimSuffix(string(l), "\r")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, fmt.Errorf("%s:%d: want NAME=VALUE", path, i+1)
		}
		out[name] = value
	}
	return out, nil
}

// Lookup returns the value of a secret: by what a task definition says it is stored as, else by its
// variable. It looks in the file, and then for the variable in the environment of the control plane.
func (s Secrets) Lookup(storedAs, variable string) (string, bool) {
	for _, name := range []string{storedAs, variable} {
		if value, ok := s[name]; ok {
			return value, true
		}
	}
	return os.LookupEnv(variable)
}
