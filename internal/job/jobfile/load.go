package jobfile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/batchplane/batchplane/internal/job"
)

// Source is one jobs file.
type Source struct {
	Name string
	Data []byte
}

// Options let a jobs file refer to what is outside it.
type Options struct {
	// Env gives ${NAME} its value. If Env is nil, such texts stay as they are. Commands always
	// stay as they are: the shell expands their variables.
	Env func(name string) (string, bool)
	// ReadFile reads a file that a source names. A path that is not absolute is relative to the folder
	// of the source, and is joined with it. If ReadFile is nil, sources may name no files.
	ReadFile func(path string) ([]byte, error)
}

// File is the content of jobs files.
type File struct {
	// Project is the origin that each job has, or "" if the files name none.
	Project string
	Jobs    []job.Job
	// Definitions are base definitions of tasks, in the order of the files.
	Definitions []job.TaskDefinition
}

// Load reads one jobs file, or several, each of which overrides those before it. It merges jobs
// of the same name key by key, and mappings in them too. A list or a value replaces the earlier
// one. New jobs come last.
func Load(sources []Source, o Options) (File, []Problem) {
	d := &decoder{
		sources: sources, options: o, told: map[ast.Node]bool{}, in: map[ast.Node]int{},
		defaults: map[string]ast.Node{}, left: maxRead, merging: len(sources) > 1, ofJobs: slices.Collect(maps.Keys(jobFields)),
	}
	f := d.load()
	if d.left < 0 {
		return File{}, []Problem{{Message: fmt.Sprintf("the file has more than %d bytes once its aliases and defaults are expanded", maxRead)}}
	}
	slices.SortStableFunc(d.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if len(d.problems) > 0 {
		// A fault in the defaults shows in every job, but is reported once.
		return File{}, slices.Compact(d.problems)
	}
	return f, nil
}

// located is a node and the source that it is in.
type located struct {
	ast.Node
	file int
}

// parts holds the values of all sources, by top-level key.
type parts struct {
	defaults, definitions []located
	jobs                  []located // one per job
	project               string
}

func (d *decoder) load() File {
	var all parts
	for i, s := range d.sources {
		d.file = i
		if len(s.Data) > MaxBytes {
			d.add(nil, "the file has %d bytes; at most %d are read", len(s.Data), MaxBytes)
			continue
		}
		tree, p := syntaxTree(s.Data)
		if p != nil {
			p.File, p.file = s.Name, i
			d.problems = append(d.problems, *p)
			continue
		}
		d.anchors = map[string]ast.Node{}
		d.byFile = append(d.byFile, anchorsOf{i, d.anchors})
		d.document(tree, &all)
	}
	if len(all.jobs) > MaxJobs {
		d.add(all.jobs[MaxJobs].Node, "more than %d jobs in one file", MaxJobs)
		return File{}
	}
	var defaults job.Job
	for _, n := range all.defaults {
		d.enter(n.file)
		d.places, d.times = d.defaults, d.defaultTimes
		readFields(d, n.Node, "defaults", defaultFields, &defaults)
		d.defaultTimes = d.times
	}
	defaults.Project = all.project
	f := File{Project: all.project, Definitions: d.definitions(all.definitions), Jobs: d.jobs(d.grouped(all.jobs), defaults)}
	for i, t := range f.Definitions {
		f.Definitions[i].Tags = job.CommonTags(f.Jobs, t.Family)
	}
	return f
}

// anchorsOf holds the anchors of one source.
type anchorsOf struct {
	file    int
	anchors map[string]ast.Node
}

// enter switches to a source, because each source has its own anchors.
func (d *decoder) enter(file int) {
	d.file = file
	for _, a := range d.byFile {
		if a.file == file {
			d.anchors = a.anchors
		}
	}
}

func (d *decoder) document(file *ast.File, all *parts) {
	var docs []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			docs = append(docs, doc.Body)
		}
	}
	switch {
	case len(docs) == 0:
		d.add(nil, "the file is empty: it needs `jobs:` with at least one job")
		return
	case len(docs) > 1:
		d.add(docs[1], "a second document: put all jobs under one `jobs:`")
		return
	}
	if d.merging {
		ast.Walk(anchorFinder(d.anchors), docs[0])
	}
	d.places = map[string]ast.Node{}
	switch v := d.resolve(docs[0]).(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	case *ast.SequenceNode:
		d.add(v, "a list alone is no jobs file: write `jobs:` on a line above it")
		return
	default:
		d.add(v, noJobsFile)
		return
	}
	d.mapping(docs[0], "", func(key string, n ast.Node) bool { return d.part(key, n, all) }, ofFiles)
	// A file that overrides another one may have only defaults.
	if pairs, ok := d.pairs(docs[0]); ok && !hasKey(pairs, "jobs") && d.file == 0 {
		d.add(docs[0], "`jobs:` is missing: it holds the list of jobs")
	}
}

// part reads a top-level key of a source.
func (d *decoder) part(key string, n ast.Node, all *parts) (known bool) {
	switch key {
	case "project":
		if name, ok := d.text(n, "project"); ok {
			if all.project = name; !job.ValidName(name) {
				d.add(n, "project: %q cannot name a project: use letters, digits, - and _, at most %d of them", name, job.MaxNameLength)
			}
		}
	case "defaults":
		all.defaults = append(all.defaults, located{n, d.file})
	case "taskDefinitions":
		all.definitions = append(all.definitions, located{n, d.file})
	case "jobs":
		d.list(n, all)
	default:
		return false
	}
	return true
}

// list reads the list of jobs of a source.
func (d *decoder) list(n ast.Node, all *parts) {
	if pairs, ok := d.pairs(n); ok && len(pairs) > 0 {
		d.add(pairs[0].Key, "jobs: must be a list: write `- name: %s`, and its other keys below it, in the column of `name`", keyText(pairs[0].Key))
		return
	}
	for _, j := range d.sequence(n, "jobs") {
		all.jobs = append(all.jobs, located{j, d.file})
	}
	if list, ok := d.resolve(n).(*ast.SequenceNode); ok && len(list.Values) == 0 {
		d.add(n, "jobs: is empty: it needs at least one job")
	}
}

// anchorFinder registers the anchors of a whole source. If sources are merged, jobs are not
// read in the order in which they are written.
type anchorFinder map[string]ast.Node

// Visit registers an anchor.
func (a anchorFinder) Visit(n ast.Node) ast.Visitor {
	if v, ok := n.(*ast.AnchorNode); ok {
		a[v.Name.GetToken().Value] = v.Value
	}
	return a
}

// grouped puts the nodes of a job together, at most one from each source. Two jobs with the
// same name in one source stay apart, and are reported later.
func (d *decoder) grouped(nodes []located) (out [][]located) {
	at := map[string]int{}
	for _, n := range nodes {
		name := ""
		if d.merging {
			d.enter(n.file)
			name = d.nameOf(n.Node)
		}
		if i, known := at[name]; known && name != "" && out[i][len(out[i])-1].file != n.file {
			out[i] = append(out[i], n)
			continue
		}
		at[name] = len(out)
		out = append(out, []located{n})
	}
	return out
}

// nameOf gives the name of a job that has not been read yet, or "" if it has none.
func (d *decoder) nameOf(n ast.Node) string {
	if _, ok := d.pairs(n); !ok {
		return ""
	}
	for _, p := range d.merged(n, "") {
		if p.key == "name" {
			name, _ := scalar(d.resolve(p.Value))
			return name
		}
	}
	return ""
}

func (d *decoder) jobs(groups [][]located, defaults job.Job) []job.Job {
	first := map[string]ast.Node{}
	out := make([]job.Job, 0, len(groups))
	for _, g := range groups {
		if d.left < 0 {
			return nil
		}
		j, nameNode := d.job(g, defaults)
		if j.Name == "" {
			continue
		}
		if other, dup := first[j.Name]; dup {
			d.add(nameNode, "a second job named %q; the first is on line %d", j.Name, other.GetToken().Position.Line)
			continue
		}
		first[j.Name] = nameNode
		out = append(out, j)
	}
	return out
}

// definitions reads the base definitions of tasks. A later source overrides definitions of
// earlier ones with the same name.
func (d *decoder) definitions(nodes []located) (out []job.TaskDefinition) {
	d.places = map[string]ast.Node{}
	for _, n := range nodes {
		d.enter(n.file)
		d.mapping(n.Node, "taskDefinitions", func(name string, v ast.Node) bool {
			i := slices.IndexFunc(out, func(t job.TaskDefinition) bool { return t.Family == name })
			if i < 0 {
				i = len(out)
				out = append(out, job.TaskDefinition{Family: name})
			}
			path := "taskDefinitions." + name
			d.stands(path, v)
			readFields(d, v, path, definitionFields, &out[i])
			return true
		}, nil)
	}
	for _, t := range out {
		for _, p := range t.Validate() {
			field := "taskDefinitions." + t.Family
			if p.Field != "family" {
				field += "." + p.Field
			}
			d.add(d.place(field), "%s: %s", field, p.Message)
		}
	}
	return out
}

func lastKey(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }
