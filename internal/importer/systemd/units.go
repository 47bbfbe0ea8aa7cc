package systemd

import (
	"path"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// unit is one unit with its drop-ins.
type unit struct {
	name, path, file string
	line             int
	settings         []setting
	joined           bool // a [Timer] or [Service] came twice in a file of its
}

// setting is a line KEY=VALUE of a section.
type setting struct {
	section, key, value string
	line                int
}

// header is the comment that `systemctl cat` writes above each file.
var header = lazyregexp.New(`^# (/\S*\.(?:timer|service)(?:\.d/\S+\.conf)?)$`)

// collection is the units of all files, by name.
type collection struct {
	byName map[string]*unit
	all    []*unit
}

// of gives the unit that a path names, by itself or as one of its drop-ins.
func (c *collection) of(file, at string, line int) *unit {
	name := path.Base(at)
	if dir := path.Base(path.Dir(at)); strings.HasSuffix(dir, ".d") {
		name = strings.TrimSuffix(dir, ".d")
	}
	if c.byName[name] == nil {
		c.byName[name] = &unit{name: name, path: at, file: file, line: line}
		c.all = append(c.all, c.byName[name])
	}
	return c.byName[name]
}

// units reads the units of the files: what `systemctl cat` prints, or the units' own files.
func units(files []*importer.File) *collection {
	c := &collection{byName: map[string]*unit{}}
	for _, f := range files {
		c.read(f)
	}
	c.all = slices.DeleteFunc(c.all, func(u *unit) bool { return len(u.settings) == 0 })
	return c
}

// find gives a unit with what it has of its template, or nil.
func (c *collection) find(name string) *unit {
	u := c.byName[name]
	if u != nil && len(u.settings) == 0 {
		u = nil
	}
	before, instance, ok := strings.Cut(name, "@")
	of := c.byName[before+"@"+path.Ext(name)]
	if !ok || strings.HasPrefix(instance, ".") || of == nil {
		return u
	}
	merged := *of
	merged.name = name
	if u != nil {
		merged.settings, merged.joined = append(slices.Clone(of.settings), u.settings...), of.joined || u.joined
	}
	return &merged
}

// read reads a file. A line that ends with a backslash goes on in the next one that is no comment.
func (c *collection) read(f *importer.File) {
	u := c.of(f.Name, strings.ReplaceAll(f.Name, `\`, "/"), 1)
	section, from := "", 1
	var joined, seen []string
	for i, text := range strings.Split(strings.ReplaceAll(string(f.Data), "\r", ""), "\n") {
		if m := header().FindStringSubmatch(text); m != nil {
			u, section, seen = c.of(f.Name, m[1], i+1), "", nil
		}
		trimmed := strings.TrimSpace(text)
		if strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, ";") {
			continue
		}
		if len(joined) == 0 {
			from = i + 1
		}
		if before, more := strings.CutSuffix(trimmed, `\`); more {
			joined = append(joined, before)
			continue
		}
		if trimmed == "[Timer]" || trimmed == "[Service]" {
			u.joined = u.joined || slices.Contains(seen, trimmed)
			seen = append(seen, trimmed)
		}
		u.take(&section, strings.Join(append(joined, trimmed), " "), from)
		joined = nil
	}
}

func (u *unit) take(section *string, text string, line int) {
	switch {
	case text == "":
	case text[0] == '[' && strings.HasSuffix(text, "]"):
		*section = text[1 : len(text)-1]
	default:
		if key, value, ok := strings.Cut(text, "="); ok {
			u.settings = append(u.settings, setting{*section, strings.TrimSpace(key), strings.TrimSpace(value), line})
		}
	}
}

// all gives the values of a key. An empty one takes back those before it.
func (u *unit) all(section, key string) (out []setting) {
	for _, s := range u.settings {
		switch {
		case s.section != section || s.key != key:
		case s.value == "":
			out = nil
		default:
			out = append(out, s)
		}
	}
	return out
}

// last gives the value of a key that counts once.
func (u *unit) last(section, key string) string {
	if all := u.all(section, key); len(all) > 0 {
		return all[len(all)-1].value
	}
	return ""
}

// instances matches names of instances in which only a - may stand for another character, a /.
var instances = lazyregexp.New(`^[\w:.@-]+$`)

// filled puts the name of a template's instance into a text (systemd.unit(5), "SPECIFIERS").
func (u *unit) filled(text string) string {
	_, instance, _ := strings.Cut(strings.TrimSuffix(u.name, path.Ext(u.name)), "@")
	if !instances().MatchString(instance) {
		return text
	}
	return strings.NewReplacer("%%", "%%", "%i", instance, "%I", strings.ReplaceAll(instance, "-", "/")).Replace(text)
}

// hole gives the first part of a service's settings that is still to be filled in, or "". A command that
// was split into words need not show it any more.
func (u *unit) hole() string {
	for _, s := range u.settings {
		if h := importer.Hole(s.key + "=" + s.value); h != "" && s.section == "Service" {
			return h
		}
	}
	return ""
}

// size gives the bytes of a unit's settings.
func (u *unit) size() (n int) {
	for _, s := range u.settings {
		n += len(s.key) + len(s.value)
	}
	return n
}

// yes reports whether a value is one of systemd's words for true.
func yes(value string) bool {
	return slices.Contains([]string{"1", "yes", "y", "true", "t", "on"}, strings.ToLower(value))
}
