package importer

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/doc"
)

// Reader reads one kind of file. A new kind is a package with a Reader, and a line in package
// kinds.
type Reader interface {
	// Kind gives the word after `import`.
	Kind() string
	// Recognise reports whether a file is of this kind, and if so what to call it.
	Recognise(f *File) (what string, ok bool)
	// Read makes jobs from files of this kind. An error is about a file as a whole; a
	// *ForeignError says that the file is of another kind.
	Read(in *Import, files []*File) error
}

// File is a file to import.
type File struct {
	Name string // as it was given
	Path string // where it is, from the root; "" if that is not known
	Data []byte

	read bool
	docs []*doc.Node
	err  error
}

// Said is what to call a file by that name.
func Said(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// Base gives the file's name without its folders.
func (f *File) Base() string { return path.Base(strings.ReplaceAll(f.Name, `\`, "/")) }

// Docs gives the documents of a YAML or JSON file. It parses the file once.
func (f *File) Docs() ([]*doc.Node, error) {
	if !f.read {
		f.read = true
		f.docs, f.err = doc.Parse(f.Data)
	}
	return f.docs, f.err
}

// EachDoc hands all documents of the files to each, with their file and its name for the report, which is
// "" if there is only one. It ends at the first file that cannot be read.
func EachDoc(files []*File, each func(f *File, name string, d *doc.Node)) error {
	for _, f := range files {
		docs, err := f.Docs()
		if err != nil {
			return fmt.Errorf("%s could not be read: %w", Said(f.Name), err)
		}
		name := ""
		if len(files) > 1 {
			name = f.Name
		}
		for _, d := range docs {
			each(f, name, d)
		}
	}
	return nil
}

// Any reports whether one of the documents is as asked for. It is false for a file that cannot
// be read.
func (f *File) Any(is func(*doc.Node) bool) bool {
	docs, err := f.Docs()
	if err != nil {
		return false
	}
	return slices.ContainsFunc(docs, is)
}
