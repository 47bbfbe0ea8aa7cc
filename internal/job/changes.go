package job

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Changes is what a person may change in a run by hand. The zero value allows nothing.
type Changes struct {
	// Inputs are the variables that may be given a value, by name.
	Inputs map[string]Input `json:"inputs,omitempty"`
	// Args says whether arguments may be added to the command.
	Args bool `json:"args,omitempty"`
}

// Input is a variable that a person may give a value in a run by hand. Either Choices or
// Pattern says which values it takes.
type Input struct {
	// Description says in a sentence what it is for.
	Description string `json:"description"`
	// Default is its value if none is given, also in runs by the schedule. If Default is "",
	// the variable is then not set.
	Default string   `json:"default,omitempty"`
	Choices []string `json:"choices,omitempty"`
	// Pattern is a regular expression that the whole value must match.
	Pattern string `json:"pattern,omitempty"`
}

// Bounds of inputs.
const (
	MaxInputs  = 50
	MaxChoices = 100
)

// takes reports whether the input takes the value.
func (i Input) takes(value string) bool {
	if len(i.Choices) > 0 {
		return slices.Contains(i.Choices, value)
	}
	whole, err := i.whole()
	return err == nil && whole.MatchString(value)
}

func (i Input) whole() (*regexp.Regexp, error) {
	return regexp.Compile(`\A(?:` + i.Pattern + `)\z`) //nolint:wrapcheck // the caller says what it is
}

// values describes the values that the input takes.
func (i Input) values() string {
	if len(i.Choices) > 0 {
		return "one of " + strings.Join(i.Choices, ", ")
	}
	return "what matches " + i.Pattern
}

// Refuses says in a sentence why a run by hand cannot have these inputs and arguments, and
// what it can have. It is "" if it can have them.
func (c Changes) Refuses(inputs map[string]string, args []string) string {
	for _, name := range sortedKeys(inputs) {
		i, ok := c.Inputs[name]
		if !ok {
			return fmt.Sprintf("%s is not one of its inputs: %s", name, c.list())
		}
		if !i.takes(inputs[name]) {
			return fmt.Sprintf("its input %s takes %s", name, i.values())
		}
	}
	if len(args) > 0 && !c.Args {
		return "it takes no arguments: " + c.list()
	}
	return ""
}

// list describes what may be given.
func (c Changes) list() string {
	var may []string
	for _, name := range sortedKeys(c.Inputs) {
		may = append(may, fmt.Sprintf("%s (%s; %s)", name, strings.TrimRight(c.Inputs[name].Description, ". "), c.Inputs[name].values()))
	}
	if c.Args {
		may = append(may, "arguments")
	}
	if len(may) == 0 {
		return "it runs as deployed: only `inputs` and `args` in the jobs file let people change something"
	}
	return "what may be given is " + strings.Join(may, "; ")
}

// defaults adds the defaults of the inputs to the variables.
func (c Changes) defaults(environment map[string]string) map[string]string {
	var out map[string]string
	for name, i := range c.Inputs {
		if _, set := environment[name]; set || i.Default == "" {
			continue
		}
		if out == nil {
			out = make(map[string]string, len(environment)+len(c.Inputs))
			maps.Copy(out, environment)
		}
		out[name] = i.Default
	}
	if out == nil {
		return environment
	}
	return out
}

// Variables gives the job's own variables and the defaults of its inputs.
func (j Job) Variables() map[string]string { return j.defaults(j.Environment) }

func (j Job) validateChanges(ps *problems) {
	if len(j.Inputs) > MaxInputs {
		ps.add("inputs", "has %d entries; at most %d are allowed", len(j.Inputs), MaxInputs)
	}
	for _, name := range sortedKeys(j.Inputs) {
		j.Inputs[name].validate(name, ps)
	}
	if problem := j.lostArgs(); j.Args && problem != "" {
		ps.add("args", "%s", problem)
	}
}

// lostArgs says why arguments that a person adds would not reach the command; "" if they do.
func (j Job) lostArgs() string {
	if len(j.Command) == 0 {
		return "needs a `command` to add arguments to: without one they would replace the image's own"
	}
	if program := splitting(j.Command); program != "" {
		return fmt.Sprintf("cannot be told apart from what %s gives to a shell or cuts into words: begin the command with the program itself, or with the shell and its script", program)
	}
	if s, ok := ScriptOf(j.Command); ok && !s.takesArguments(j.Command) {
		return `needs "$@" in the command, in double quotes: that is where a shell puts the arguments`
	}
	return ""
}

// For returns the job as a run with these arguments needs it. A run without any, such as that of
// a slot, is right also if arguments would be lost.
func (j Job) For(args []string) Job {
	j.Args = j.Args && len(args) > 0
	return j
}

// steering reports whether a variable decides what runs, or as whom.
func steering(name string) bool {
	name = strings.ToUpper(name)
	return name == "PATH" || strings.HasPrefix(name, "LD_") || strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "BATCHPLANE_")
}

func (i Input) validate(name string, ps *problems) {
	field := "inputs." + name
	switch {
	case !NamesVariable(name):
		ps.add(field, "%q cannot name a variable", name)
	case steering(name):
		ps.add(field, "cannot be an input: PATH, LD_*, AWS_* and BATCHPLANE_* decide what runs and as whom")
	case LooksSecret(name, "x"):
		ps.add(field, "looks like a secret, and anyone who may read ECS events could read its value: put it into the task definition's secrets")
	}
	if strings.TrimSpace(i.Description) == "" {
		ps.add(field+".description", "is missing: say in a sentence what it is for")
	}
	i.validateValues(field, ps)
}

func (i Input) validateValues(field string, ps *problems) {
	switch {
	case len(i.Choices) == 0 && i.Pattern == "":
		ps.add(field, "needs `choices` or a `pattern` that says which values it takes")
		return
	case len(i.Choices) > 0 && i.Pattern != "":
		ps.add(field, "takes `choices` or a `pattern`, not both")
		return
	case len(i.Choices) > MaxChoices:
		ps.add(field+".choices", "has %d entries; at most %d are allowed", len(i.Choices), MaxChoices)
	}
	i.validateTexts(field, ps)
	_, err := regexp.Compile(i.Pattern) // by itself: a pattern that closes the group around it would match more than whole values
	if err == nil {
		_, err = i.whole()
	}
	if err != nil {
		ps.add(field+".pattern", "%q is not a regular expression: %v", i.Pattern, err)
		return
	}
	if i.Default != "" && !i.takes(i.Default) {
		ps.add(field+".default", "%q is not %s", i.Default, i.values())
	}
}

func (i Input) validateTexts(field string, ps *problems) {
	for _, v := range append(slices.Clone(i.Choices), i.Default) {
		if strings.ContainsRune(v, 0) {
			ps.add(field, "contains a NUL character")
		} else if len(SecretsIn(v)) > 0 {
			ps.add(field, "holds what looks like a secret, and anyone who may read ECS events could read it")
		}
	}
}
