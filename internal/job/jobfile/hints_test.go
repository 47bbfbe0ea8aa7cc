package jobfile_test

import (
	"strings"
	"testing"
)

// TestUsualMistakes has what people write who know crontabs and shells better than YAML.
func TestUsualMistakes(t *testing.T) {
	t.Parallel()
	const head = "jobs:\n  - name: a\n    schedule: \"0 3 * * *\"\n    "
	for text, want := range map[string]string{
		head + "command: curl -H 'Accept: text/plain' http://x/\n":                  "4:14: the value of command must not stand in YAML as it is, because it holds a colon that ends a word: write `command: |`",
		head + "command: [ -f /x ] && run\n":                                        "4:14: the value of command must not stand in YAML as it is, because it begins with [ and goes on after ]: write `command: |`",
		head + "command: \"/opt/my app\" --flag\n":                                  "4:14: the value of command must not stand in YAML as it is, because it goes on after its closing quote: write `command: |`",
		head + "command: 'echo it's'\n":                                             "4:14: the value of command must not stand in YAML as it is, because it goes on after its closing quote: write `command: |`",
		head + "command: \"echo \\\"a\\\"\" b\n":                                    "4:14: the value of command must not stand in YAML as it is, because it goes on after its closing quote: write `command: |`",
		head + "command: @daily\n":                                                  "4:14: the value of command must not stand in YAML as it is, because it begins with @: write `command: |`",
		head + "command: `date`\r\n":                                                "4:14: the value of command must not stand in YAML as it is, because it begins with `: write `command: |`",
		head + "command: {echo,a} && b\n":                                           "4:14: the value of command must not stand in YAML as it is, because it begins with { and goes on after }: write `command: |`",
		head + "command: echo \"x # y\" # don't\n":                                  "4:14: command: ends within quotes, because a # after a blank begins a comment in YAML: write `command: |`",
		"jobs:\n  - name: \"a\n    schedule: \"0 3 * * *\"\n":                       "2:11: the value of name begins with \", which is not closed on this line",
		"jobs:\n- name: a\n   schedule: \"0 3 * * *\"\n":                            "3:4: the key schedule begins further right than name above it",
		"jobs:\n  hello:\n    schedule: \"0 3 * * *\"\n":                            "2:3: jobs: must be a list: write `- name: hello`, and its other keys below it",
		"- name: a\n  command: echo\n":                                              "1:1: a list alone is no jobs file: write `jobs:` on a line above it",
		"0 3 * * * /opt/x\n":                                                        "1:1: this is no jobs file, which begins with `jobs:`; `batchplane import FILE` makes one",
		"*/5 * * * * /opt/x\n":                                                      "1:1: this is no jobs file",
		"SHELL=/bin/sh\n# the hourly ones\n17 * * * *\troot cd / && run-parts /x\n": "3:1: this is no jobs file",
		"0 5 * * * /opt/x: y\n@daily /opt/z\n":                                      "1:1: this is no jobs file",
		head + "command: echo\n  0 5 * * * x\n":                                     "5:3: this is not YAML",
	} {
		_, problems := parse([]byte(text))
		if len(problems) == 0 {
			t.Errorf("no problem in %q", text)
			continue
		}
		if got := problems[0].String(); !strings.HasPrefix(got, want) {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
}

// TestNoMistake has commands that look like the mistakes and are none.
func TestNoMistake(t *testing.T) {
	t.Parallel()
	for _, command := range []string{
		"echo \"x#y\"", "echo it\\'s # an apostrophe", "echo 'a \"b' # quoted", "echo a # b's", "[ echo, a ] # list", "\"echo # a\" # b", "|\n      echo \"a # b\"\n      echo 'c: d'",
		"X=\"$(awk -F'\"' '{print $2}' f)\" run # nested quotes", "X=\"$(awk -F'\"' '{print $2}' f)\" run\n    # a line of its own",
		"curl http://x:80/a", "echo a:b",
	} {
		if jobs, problems := parse([]byte("jobs:\n  - name: a\n    command: " + command + "\n")); len(problems) > 0 || len(jobs) != 1 {
			t.Errorf("%s: %v", command, problems)
		}
	}
}
