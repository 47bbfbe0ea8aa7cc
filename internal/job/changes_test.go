package job_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
)

func TestChanges(t *testing.T) {
	t.Parallel()
	in := func(name string, i job.Input) job.Job {
		return job.Job{Name: "a", Command: []string{"x"}, Changes: job.Changes{Inputs: map[string]job.Input{name: i}}}
	}
	ok := job.Input{Description: "The day.", Pattern: "[0-9-]{10}"}
	withArgs := func(command ...string) job.Job {
		return job.Job{Name: "a", Command: command, Changes: job.Changes{Args: true}}
	}
	for name, tc := range map[string]struct {
		job  job.Job
		says string
	}{
		"an input":                                 {in("DAY", ok), ""},
		"choices and a default":                    {in("DAY", job.Input{Description: "x", Choices: []string{"a", "b"}, Default: "b"}), ""},
		"PATH":                                     {in("PATH", ok), "decide what runs"},
		"LD_PRELOAD":                               {in("LD_PRELOAD", ok), "decide what runs"},
		"AWS's":                                    {in("AWS_PROFILE", ok), "decide what runs"},
		"our own":                                  {in("BATCHPLANE_STACK", ok), "decide what runs"},
		"a secret":                                 {in("DB_PASSWORD", ok), "looks like a secret"},
		"a small path":                             {in("path", ok), "decide what runs"},
		"a choice with a NUL":                      {in("DAY", job.Input{Description: "x", Choices: []string{"a\x00"}}), "NUL"},
		"a choice that is a secret":                {in("DAY", job.Input{Description: "x", Choices: []string{"sk_live_" + strings.Repeat("a1B2", 5)}}), "looks like a secret"},
		"a default that is a secret":               {in("DAY", job.Input{Description: "x", Pattern: ".*", Default: "sk_live_" + strings.Repeat("a1B2", 5)}), "looks like a secret"},
		"as many choices as there may be":          {in("DAY", job.Input{Description: "x", Choices: numbers(job.MaxChoices)}), ""},
		"a choice more":                            {in("DAY", job.Input{Description: "x", Choices: numbers(job.MaxChoices + 1)}), "at most 100"},
		"as many inputs as there may be":           {job.Job{Name: "a", Changes: job.Changes{Inputs: inputs(job.MaxInputs, ok)}}, ""},
		"an input more":                            {job.Job{Name: "a", Changes: job.Changes{Inputs: inputs(job.MaxInputs+1, ok)}}, "at most 50"},
		"as many tags as there may be":             {job.Job{Name: "a", Tags: tags(job.MaxTags)}, ""},
		"a tag more":                               {job.Job{Name: "a", Tags: tags(job.MaxTags + 1)}, "at most "},
		"the longest tag":                          {job.Job{Name: "a", Tags: map[string]string{strings.Repeat("ü", 128): strings.Repeat("ü", 256)}}, ""},
		"a longer key":                             {job.Job{Name: "a", Tags: map[string]string{strings.Repeat("ü", 129): ""}}, "cannot be a tag's key"},
		"a longer value":                           {job.Job{Name: "a", Tags: map[string]string{"x": strings.Repeat("ü", 257)}}, "cannot be a tag's value"},
		"no name":                                  {in("A B", ok), "cannot name a variable"},
		"no sentence":                              {in("DAY", job.Input{Pattern: "x"}), "inputs.DAY.description"},
		"any value":                                {in("DAY", job.Input{Description: "x"}), "choices"},
		"both":                                     {in("DAY", job.Input{Description: "x", Choices: []string{"a"}, Pattern: "x"}), "not both"},
		"no regular expression":                    {in("DAY", job.Input{Description: "x", Pattern: "("}), "not a regular expression"},
		"one that reaches around itself":           {in("DAY", job.Input{Description: "x", Pattern: "a)|(?:b"}), "not a regular expression"},
		"a default that does not fit":              {in("DAY", job.Input{Description: "x", Pattern: "a", Default: "ab"}), "not what matches a"},
		"arguments":                                {job.Job{Name: "a", Command: []string{"x"}, Changes: job.Changes{Args: true}}, ""},
		"arguments of a text that takes them":      {job.Job{Name: "a", Command: []string{"/bin/sh", "-c", `x "$@"`}, Changes: job.Changes{Args: true}}, ""},
		"arguments of a text that loses them":      {job.Job{Name: "a", Command: []string{"/bin/sh", "-c", `x $@`}, Changes: job.Changes{Args: true}}, `needs "$@"`},
		"arguments of options with values":         {withArgs("bash", "-euo", "pipefail", "-c", `x`), `needs "$@"`},
		"arguments of a script with $0":            {withArgs("sh", "-c", `x`, "sh"), `needs "$@"`},
		"arguments behind another program":         {withArgs("tini", "--", "sh", "-ce", `x $1`), `needs "$@"`},
		"arguments that are the script":            {withArgs("sh", "-c"), `needs "$@"`},
		"arguments of which some are taken":        {withArgs("bash", "-c", `x "${@:2}"`), ""},
		"arguments of a shell's file":              {withArgs("bash", "-eu", "x.sh"), ""},
		"arguments of a user's shell":              {withArgs("su", "app", "-c", `x "$@"`), "what su gives to a shell"},
		"arguments of words that are cut":          {withArgs("/usr/bin/env", "-S", "bash -c", `x "$@"`), "what env -S gives"},
		"arguments of runuser's shell":             {withArgs("runuser", "app", "-c", `x "$@"`), "what runuser gives to a shell"},
		"arguments of a program with an option -S": {withArgs("report", "-S"), ""},
		"arguments of env alone":                   {withArgs("env"), ""},
		"arguments after variables":                {withArgs("env", "A=b", "report"), ""},
		"arguments that would replace the command": {job.Job{Name: "a", Changes: job.Changes{Args: true}}, "needs a `command`"},
		"tags":                                {job.Job{Name: "a", Tags: map[string]string{"team": "data", "cost center": "a/b:1"}}, ""},
		"a tag of AWS's":                      {job.Job{Name: "a", Tags: map[string]string{"AWS:x": "y"}}, "are reserved by AWS"},
		"a tag of ours":                       {job.Job{Name: "a", Tags: map[string]string{"batchplane:job": "y"}}, "set by the control plane"},
		"a tag's value that no service takes": {job.Job{Name: "a", Tags: map[string]string{"x": "a\n"}}, "cannot be a tag's value"},
		"a tag without a key":                 {job.Job{Name: "a", Tags: map[string]string{"": "a"}}, "cannot be a tag's key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var says []string
			for _, p := range tc.job.Validate() {
				says = append(says, p.String())
			}
			if got := strings.Join(says, "; "); (got == "") != (tc.says == "") || !strings.Contains(got, tc.says) {
				t.Errorf("got %q, want %q", got, tc.says)
			}
		})
	}
}

func numbers(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprint(i))
	}
	return all
}

func inputs(n int, i job.Input) map[string]job.Input {
	all := map[string]job.Input{}
	for _, x := range numbers(n) {
		all["X"+x] = i
	}
	return all
}

func tags(n int) map[string]string {
	all := map[string]string{}
	for _, x := range numbers(n) {
		all[x] = x
	}
	return all
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	c := job.Changes{Inputs: map[string]job.Input{
		"DAY": {Description: "The day to do.", Pattern: "[0-9]{2}"}, "MODE": {Description: "How", Choices: []string{"fast", "full"}},
	}}
	all := "what may be given is DAY (The day to do; what matches [0-9]{2}); MODE (How; one of fast, full)"
	for name, tc := range map[string]struct {
		inputs map[string]string
		args   []string
		want   string
	}{
		"nothing":            {nil, nil, ""},
		"what fits":          {map[string]string{"DAY": "07", "MODE": "full"}, nil, ""},
		"a part that fits":   {map[string]string{"DAY": "07x"}, nil, "its input DAY takes what matches [0-9]{2}"},
		"a line break after": {map[string]string{"DAY": "07\n"}, nil, "its input DAY takes what matches [0-9]{2}"},
		"no choice":          {map[string]string{"MODE": "fas"}, nil, "its input MODE takes one of fast, full"},
		"another variable":   {map[string]string{"PATH": "."}, nil, "PATH is not one of its inputs: " + all},
		"arguments":          {nil, []string{"x"}, "it takes no arguments: " + all},
	} {
		if got := c.Refuses(tc.inputs, tc.args); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
	if got := (job.Changes{Args: true}).Refuses(nil, []string{"x"}); got != "" {
		t.Errorf("arguments: %q", got)
	}
	if got := (job.Changes{}).Refuses(nil, []string{"x"}); !strings.Contains(got, "it runs as deployed") {
		t.Errorf("got %q", got)
	}
	if got := (job.Changes{Args: true}).Refuses(map[string]string{"A": ""}, nil); !strings.Contains(got, "what may be given is arguments") {
		t.Errorf("got %q", got)
	}
}
