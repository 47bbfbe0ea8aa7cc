package jobfile

import (
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/batchplane/batchplane/internal/job"
)

func str[S ~string, T any](at func(*T) *S) field[T] {
	return field[T]{func(d *decoder, n ast.Node, path string, v *T) {
		if s, ok := d.text(n, path); ok {
			*at(v) = S(s)
		}
	}, textShape}
}

// given is a text whose absence has a meaning of its own. An empty text, such as that of a
// variable, is a problem, so that it is not taken for absence.
func given[S ~string, T any](at func(*T) *S) field[T] {
	return field[T]{func(d *decoder, n ast.Node, path string, v *T) {
		switch s, ok := d.text(n, path); {
		case ok && s == "":
			d.add(n, "%s: is empty: give it a value, or leave the key out", path)
		case ok:
			*at(v) = S(s)
		}
	}, textShape}
}

// oneOf is a text whose values Validate knows.
func oneOf[S ~string, T any](values []S, at func(*T) *S) field[T] {
	f := given(at)
	f.shape = orVariable(shape{"enum": values})
	return f
}

func num[T any](at func(*T) *int) field[T] {
	return field[T]{func(d *decoder, n ast.Node, path string, j *T) {
		v, ok := d.integer(n, path)
		if ok && v <= 0 {
			d.add(n, "%s: %d must be more than 0; leave it out to use the task definition's", path, v)
			return
		}
		if ok && v > 1<<30 {
			d.add(n, "%s: %d is too large", path, v)
			return
		}
		*at(j) = int(v)
	}, orVariable(shape{"type": "integer", "minimum": 1, "maximum": 1 << 30})}
}

func flag(at func(*job.Job) *bool) field[job.Job] {
	return field[job.Job]{func(d *decoder, n ast.Node, path string, j *job.Job) {
		if v, ok := d.boolean(n, path); ok {
			*at(j) = v
		}
	}, orVariable(shape{"type": "boolean"})}
}

func list(at func(*job.Job) *[]string) field[job.Job] {
	return field[job.Job]{func(d *decoder, n ast.Node, path string, j *job.Job) {
		*at(j) = d.texts(n, path)
	}, listOf(textShape)}
}

func duration(at func(*job.Job) *job.Duration) field[job.Job] {
	return field[job.Job]{func(d *decoder, n ast.Node, path string, j *job.Job) {
		s, ok := d.text(n, path)
		if !ok {
			return
		}
		v, err := job.ParseDuration(s)
		if err != nil {
			d.add(n, "%s: %v", path, err)
			return
		}
		if v == 0 {
			d.add(n, "%s: must be more than 0", path)
			return
		}
		*at(j) = v
	}, orVariable(shape{"type": "string", "pattern": `^([0-9.]+(ns|us|µs|ms|s|m|h|d))+$`})}
}

func nested[T any](table map[string]field[T]) field[T] {
	return field[T]{func(d *decoder, n ast.Node, path string, v *T) {
		readFields(d, n, path, table, v)
	}, object(table)}
}

func enabled(d *decoder, n ast.Node, path string, j *job.Job) {
	if v, ok := d.boolean(n, path); ok {
		j.Disabled = !v
	}
}

// command is a list of arguments, or one text that /bin/sh runs.
func command(d *decoder, n ast.Node, path string, j *job.Job) {
	if _, isList := d.resolve(n).(*ast.SequenceNode); isList {
		j.Command = d.texts(n, path)
		return
	}
	if _, isMapping := d.pairs(n); isMapping {
		d.add(n, "%s: must be a list of arguments, or one string that /bin/sh runs", path)
		return
	}
	if s, ok := d.text(n, path); ok {
		if strings.TrimSpace(s) == "" {
			d.add(n, "%s: is empty; leave it out to use the task definition's", path)
			return
		}
		if cutByComment(d.resolve(n), s) {
			d.add(n, "%s: ends within quotes, because a # after a blank begins a comment in YAML: write `%s: |`, and the command on the next line", path, lastKey(path))
		}
		j.Command = []string{"/bin/sh", "-c", s}
	}
}

// texts is a mapping of any keys to texts. It adds to the texts that are already there.
func texts[T any](at func(*T) *map[string]string) field[T] {
	return field[T]{func(d *decoder, n ast.Node, path string, v *T) {
		m := at(v)
		d.mapping(n, path, func(key string, value ast.Node) bool {
			at := path + "." + key
			d.stands(at, value)
			if s, ok := d.text(value, at); ok {
				if *m == nil {
					*m = map[string]string{}
				}
				(*m)[key] = s
			}
			return true
		}, nil)
	}, shape{"type": "object", "additionalProperties": textShape}}
}

// inputs is a mapping of variables to inputs.
func inputs(d *decoder, n ast.Node, path string, j *job.Job) {
	d.mapping(n, path, func(name string, v ast.Node) bool {
		at := path + "." + name
		d.stands(at, v)
		in := j.Inputs[name]
		readFields(d, v, at, inputFields, &in)
		if j.Inputs == nil {
			j.Inputs = map[string]job.Input{}
		}
		j.Inputs[name] = in
		return true
	}, nil)
}

func choices(d *decoder, n ast.Node, path string, i *job.Input) { i.Choices = d.texts(n, path) }

func attempts(d *decoder, n ast.Node, path string, j *job.Job) {
	v, ok := d.integer(n, path)
	if ok && (v < 1 || v > job.MaxAttempts) {
		d.add(n, "%s: %d is out of range: 1 to %d launches per run", path, v, job.MaxAttempts)
		return
	}
	j.Retry.Attempts = int(v)
}

func exitCodes(d *decoder, n ast.Node, path string, j *job.Job) {
	j.Retry.ExitCodes = nil
	for i, item := range d.sequence(n, path) {
		at := indexed(path, i)
		d.stands(at, item)
		if v, ok := d.integer(item, at); ok {
			j.Retry.ExitCodes = append(j.Retry.ExitCodes, v)
		}
	}
}

// notify is a list of targets, or a mapping with targets and options.
func notify(d *decoder, n ast.Node, path string, j *job.Job) {
	if _, isList := d.resolve(n).(*ast.SequenceNode); isList {
		j.Notify.Targets = d.texts(n, path)
		return
	}
	readFields(d, n, path, notifyFields, j)
}

func rules(d *decoder, n ast.Node, path string, j *job.Job) {
	j.Retry.Rules = nil
	for i, item := range d.sequence(n, path) {
		j.Retry.Rules = append(j.Retry.Rules, d.rule(item, indexed(path, i)))
	}
}

func (d *decoder) rule(n ast.Node, path string) job.Rule {
	var r job.Rule
	d.stands(path, n)
	texts := map[string]*string{
		"stopCode": &r.StopCode, "stoppedReason": &r.StoppedReason,
		"containerReason": &r.ContainerReason, "action": (*string)(&r.Action),
	}
	d.mapping(n, path, func(key string, v ast.Node) bool {
		at := path + "." + key
		d.stands(at, v)
		if key == "exitCode" {
			if code, ok := d.integer(v, at); ok {
				r.ExitCode = &code
			}
			return true
		}
		target, known := texts[key]
		if !known {
			return false
		}
		*target, _ = d.text(v, at)
		return true
	}, ruleKeys)
	return r
}
