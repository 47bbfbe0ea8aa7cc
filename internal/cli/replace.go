package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// replaceFile makes data the contents of a file, or leaves what was there: a template that a full disk cuts off
// can still be one, of fewer jobs. A new file gets the mode.
func replaceFile(name string, data []byte, mode fs.FileMode) error {
	return replaceBy(name, mode, func(w io.Writer) error {
		_, err := w.Write(data)
		return err //nolint:wrapcheck // says which file
	})
}

// replaceBy writes beside the file that a name leads to, and renames. What is no regular file, such as
// /dev/stdout, is written to itself. So is a file in a folder that takes no other, and where a link leads to no
// file yet.
func replaceBy(name string, mode fs.FileMode, write func(io.Writer) error) error {
	info, err := os.Stat(name)
	if irregular(name) {
		return writeAll(name, os.O_TRUNC, mode, write)
	}
	like := write
	if err == nil {
		mode = info.Mode().Perm()
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return err //nolint:wrapcheck // says which link
		}
		like = func(w io.Writer) error { return errors.Join(liken(w, info), write(w)) }
	}
	next := fmt.Sprintf("%s.%d.tmp", name, os.Getpid())
	err = writeAll(next, os.O_EXCL, mode, like)
	if errors.Is(err, fs.ErrPermission) && info != nil {
		return writeAll(name, os.O_TRUNC, mode, write)
	}
	if err == nil {
		err = os.Rename(next, name)
	}
	if err == nil || errors.Is(err, fs.ErrExist) { // then what is beside it is not ours
		return err //nolint:wrapcheck // says which file
	}
	_ = os.Remove(next)
	if at, ok := errors.AsType[*fs.PathError](err); ok && at.Path == next {
		at.Path = name // which the person knows
	}
	return err //nolint:wrapcheck // says which file
}

// liken gives a new file the mode of another, from which the umask may have taken something away, and its owner and
// group if both may be given: only root gives files to another owner.
func liken(w io.Writer, other fs.FileInfo) error {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	if stat, ok := other.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(stat.Uid), int(stat.Gid))
	}
	return f.Chmod(other.Mode().Perm()) //nolint:wrapcheck // says which file
}

// irregular reports whether a name leads to what is no regular file, or to nothing by a link.
func irregular(name string) bool {
	info, err := os.Stat(name)
	if err == nil {
		return !info.Mode().IsRegular()
	}
	_, err = os.Lstat(name)
	return err == nil
}

func writeAll(name string, flag int, mode fs.FileMode, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|flag, mode) //nolint:gosec // the file that the person named, or one beside it
	if err != nil {
		return err //nolint:wrapcheck // says which file
	}
	return errors.Join(write(f), f.Close())
}
