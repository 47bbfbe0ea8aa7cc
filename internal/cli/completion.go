package cli

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// completions has for each shell a script that asks this program what may come next.
var completions = map[string]string{
	"bash": `# bash: source <(batchplane completion bash)
_batchplane() {
    local IFS=$'\n'
    COMPREPLY=($("${COMP_WORDS[0]}" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _batchplane batchplane
`,
	"zsh": `#compdef batchplane
# zsh: source <(batchplane completion zsh)
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i; }
_batchplane() {
    local -a found
    found=("${(@f)$("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n $found[1] ]]; then compadd -- $found; else compset -P '*='; _files; fi
}
compdef _batchplane batchplane
`,
	"fish": `# fish: batchplane completion fish | source
function __batchplane
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] __complete -- $words[2..-1] 2>/dev/null)
    if set -q found[1]
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c batchplane -f -a '(__batchplane)'
`,
}

// Run prints a shell's completion script.
func (c *completionCmd) Run(a *app) error { return a.write([]byte(completions[c.Shell])) }

type completeCmd struct {
	Words []string `arg:"" optional:"" passthrough:"" help:"What was typed, the last word unfinished."`
}

// completeWithin bounds how long a shell waits.
const completeWithin = 3 * time.Second

// Run prints what may come next, one per line. It reports no errors, because the person is still
// typing.
func (c *completeCmd) Run(ctx context.Context, k *kong.Context, a *app) error {
	words := append([]string{""}, c.Words...)
	if len(words) > 1 && words[1] == "--" {
		words = slices.Delete(words, 1, 2)
	}
	typed, last := words[:len(words)-1], words[len(words)-1]
	node := nodeOf(k.Model.Node, typed)
	var found []string
	flag, last, before := valueOf(node, typed, last)
	switch {
	case flag != nil:
		found = choices(flag.Value)
		if comma := strings.LastIndexByte(last, ',') + 1; flag.IsSlice() {
			last, before = last[comma:], before+last[:comma]
		}
	case strings.HasPrefix(last, "-"):
		found = flagsOf(node)
	case len(node.Children) > 0:
		found = commandsOf(node)
	case takes(node, "job"), takes(node, "run"):
		a.Stderr = io.Discard
		a.named(typed)
		ctx, cancel := context.WithTimeout(ctx, completeWithin)
		defer cancel()
		_ = a.withPlane(ctx, func(p *plane.Plane) (err error) {
			found, err = references(ctx, p, last, takes(node, "run"))
			return err
		})
	case len(node.Positional) > 0:
		found = choices(node.Positional[0])
	}
	var b strings.Builder
	for _, word := range found {
		if strings.HasPrefix(word, last) {
			b.WriteString(before + word + "\n")
		}
	}
	return a.write([]byte(b.String()))
}

// valueOf returns the flag whose value is being typed, or nil, what has been typed of it, and what the shell
// takes for one word with it. Bash makes a word of the =.
func valueOf(node *kong.Node, typed []string, last string) (flag *kong.Flag, value, before string) {
	if last == "=" {
		last = ""
	} else if n := len(typed); n > 0 && typed[n-1] == "=" {
		typed = typed[:n-1]
	}
	name, value, joined := strings.Cut(last, "=")
	switch {
	case joined && strings.HasPrefix(name, "--"):
		before = name + "="
	case len(typed) > 0:
		name, value = typed[len(typed)-1], last
	}
	if flag = flagNamed(node, name); flag == nil || flag.IsBool() {
		return nil, last, ""
	}
	return flag, value, before
}

func flagNamed(node *kong.Node, name string) *kong.Flag {
	for _, group := range node.AllFlags(true) {
		for _, f := range group {
			if name == "--"+f.Name || f.Short != 0 && name == "-"+string(f.Short) {
				return f
			}
		}
	}
	return nil
}

// choices returns the values that a flag or an argument takes; none if they are not a few words.
func choices(v *kong.Value) (out []string) {
	if v.Name == "status" {
		for _, s := range run.Statuses {
			out = append(out, string(s))
		}
	}
	for _, word := range v.EnumSlice() {
		if word != "" {
			out = append(out, word)
		}
	}
	return out
}

// named sets the control plane that the typed words name.
func (a *app) named(words []string) {
	for flag, to := range map[string]*string{"--db": &a.db, "--stack": &a.stack, "--profile": &a.profile, "--region": &a.region} {
		for i, w := range words {
			if value, ok := strings.CutPrefix(w, flag+"="); ok {
				*to = value
			} else if w == flag && i+1 < len(words) {
				*to = words[i+1]
			} else {
				continue
			}
			if flag == "--db" {
				a.stack = "" // as oneTarget decides
			}
		}
	}
}

// nodeOf returns the command typed so far.
func nodeOf(node *kong.Node, typed []string) *kong.Node {
	for _, w := range typed {
		for _, child := range node.Children {
			if child.Name == w {
				node = child
			}
		}
	}
	return node
}

func commandsOf(node *kong.Node) (out []string) {
	for _, child := range node.Children {
		if !child.Hidden {
			out = append(out, child.Name)
		}
	}
	return out
}

func flagsOf(node *kong.Node) (out []string) {
	for _, group := range node.AllFlags(true) {
		for _, f := range group {
			out = append(out, "--"+f.Name)
		}
	}
	slices.Sort(out)
	return out
}

// takes reports whether one of a command's arguments has that name.
func takes(node *kong.Node, name string) bool {
	return slices.ContainsFunc(node.Positional, func(p *kong.Positional) bool { return p.Name == name })
}

// references returns jobs and, once a job has been typed, its newest runs.
func references(ctx context.Context, p *plane.Plane, typed string, runs bool) (out []string, err error) {
	if name, _, ok := strings.Cut(typed, "/"); ok && runs {
		page, err := p.History(ctx, plane.Filter{Jobs: []string{name}}, 20)
		for _, r := range page.Runs {
			out = append(out, string(r.ID))
		}
		return out, err
	}
	items, err := p.Items(ctx)
	for _, i := range items {
		if !i.Gone && i.Definition != "" {
			out = append(out, i.Name)
		}
	}
	return out, err
}
