package jobfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// Encode writes a jobs file that Load, with an Env, reads as f. It writes the notes on a job,
// which are by the job's name, as comments above the job.
func Encode(f File, notes map[string][]string) ([]byte, error) {
	var b bytes.Buffer
	if f.Project != "" {
		fmt.Fprintf(&b, "project: %s\n", scalarText(f.Project))
	}
	if len(f.Definitions) > 0 {
		b.WriteString("taskDefinitions:\n")
	}
	for _, t := range f.Definitions {
		family := t.Family
		t.Family, t.Tags = "", nil // Load finds the tags anew
		fmt.Fprintf(&b, "  %s:\n", scalarText(family))
		if err := encodeFields(&b, t, "    ", func(key string, v any) (string, any) { return key, escaped(v) }); err != nil {
			return nil, err
		}
	}
	b.WriteString("jobs:\n")
	for i, j := range f.Jobs {
		if i > 0 {
			b.WriteString("\n")
		}
		for _, n := range notes[j.Name] {
			fmt.Fprintf(&b, "  # %s\n", commentText(n))
		}
		j.Project = "" // that of the file
		var one bytes.Buffer
		if err := encodeFields(&one, j, "    ", jobKey); err != nil {
			return nil, err
		}
		b.WriteString("  - " + strings.TrimPrefix(one.String(), "    "))
	}
	return b.Bytes(), nil
}

// commentText makes s fit into one line of a comment, which looks as it is.
func commentText(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 0x2028 || r == 0x2029 || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, s)
}

// jobKey translates a field from JSON to the form that jobs.yaml has for it.
func jobKey(key string, value any) (string, any) {
	if key != "command" {
		value = escaped(value)
	}
	switch key {
	case "disabled":
		return "enabled", false
	case "command":
		words, _ := value.([]any)
		if len(words) == 3 && words[0] == "/bin/sh" && words[1] == "-c" {
			if text, ok := words[2].(string); ok && strings.TrimSpace(text) != "" {
				return key, text
			}
		}
	}
	return key, value
}

var bareVariable = lazyregexp.New(`\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}`)

// escaped keeps Load from expanding variables in a value.
func escaped(v any) any {
	switch v := v.(type) {
	case string:
		return bareVariable().ReplaceAllString(v, "$$${0}")
	case []any:
		for i := range v {
			v[i] = escaped(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = escaped(v[key])
		}
	}
	return v
}

// encodeFields writes the fields of a value in the order of its JSON.
func encodeFields(b *bytes.Buffer, v any, indent string, rename func(string, any) (string, any)) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing a jobs file: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("writing a jobs file: %w", err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return fmt.Errorf("writing a jobs file: %w", err)
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return fmt.Errorf("writing a jobs file: %w", err)
		}
		name := fmt.Sprint(key)
		if name == "family" {
			continue
		}
		name, value = rename(name, value)
		if text, ok := value.(string); ok && blockForm().MatchString(text) {
			fmt.Fprintf(b, "%s%s: %s\n", indent, name, block(text, indent+"  "))
			continue
		}
		fmt.Fprintf(b, "%s%s: %s\n", indent, name, flow(value))
	}
	return nil
}

// flow writes a value on one line, with the keys of mappings sorted.
func flow(v any) string {
	switch v := v.(type) {
	case string:
		return scalarText(v)
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = flow(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		items := make([]string, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			items = append(items, scalarText(key)+": "+flow(v[key]))
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	return fmt.Sprint(v)
}

// blockForm matches texts of several lines that a block can hold as they are: with plain
// characters only, no line that is empty or ends with a blank, and the first not indented.
var blockForm = lazyregexp.New(`^[!-~]([ -~]*[!-~])?(\n[ -~]*[!-~])+\n?$`)

func block(s, indent string) string {
	head := "|-"
	if strings.HasSuffix(s, "\n") {
		head = "|"
	}
	return head + "\n" + indent + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n"+indent)
}

var plainForm = lazyregexp.New(`^([A-Za-z/][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*|[0-9]+[smhd])$`)

// scalarText writes a text so that YAML reads it as that text. A JSON string is also a YAML
// string, once the characters that JSON leaves alone and YAML does not take are escaped. So are those
// that would make it look like another text to whoever reviews the file.
func scalarText(s string) string {
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
	default:
		if plainForm().MatchString(s) {
			return s
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return job.Visible(strings.TrimSuffix(b.String(), "\n"))
}
