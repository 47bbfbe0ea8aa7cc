// Package shell parses command lines: the commands in them, and the operators between them, with
// their positions. It reads bash's grammar, which includes that of sh.
package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// MaxLine is the longest line that is read, in bytes. MaxDepth is how deep it may nest, since the
// parser recurses.
const (
	MaxLine  = 64 << 10
	MaxDepth = 64
)

// List is the commands of a line, in order.
type List []Command

// Command is one command of a list. A compound command (a block, a loop, an if, a function) has one
// Word, and Inner holds the lists inside it. Substituted holds those of its substitutions: $( ),
// backquotes, <( ) and >( ).
type Command struct {
	Words      []Word
	Redirects  []Redirect
	Start, End int
	// After is the operator after it: && || | |& ; & or a line feed, or "" at the end.
	// AfterEnd is where that operator ends.
	After    string
	AfterEnd int
	Inner    []List

	Substituted []List
}

// Word is a word as the line has it, including quotes.
type Word struct {
	Text       string
	Start, End int
}

// Redirect is a redirection: its sign, with a descriptor before it, and the word after it without
// simple quotes.
type Redirect struct {
	Sign, Target string
	Start, End   int
}

// Parse reads a line. The error is one sentence about what a shell could not read.
func Parse(line string) (List, error) {
	if err := bounded(line); err != nil {
		return nil, err
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(line), "")
	if err != nil {
		return nil, plain(err)
	}
	return reading(line).list(file.Stmts), nil
}

// reading is a line that has been parsed.
type reading string

func (r reading) list(stmts []*syntax.Stmt) (out List) {
	for i, s := range stmts {
		part := r.stmt(s)
		last := &part[len(part)-1]
		switch {
		case s.Semicolon.IsValid():
			at := int(s.Semicolon.Offset())
			last.After, last.AfterEnd = string(r[at:at+1]), at+1
		case i+1 < len(stmts):
			last.After, last.AfterEnd = "\n", int(stmts[i+1].Pos().Offset())
		}
		out = append(out, part...)
	}
	return out
}

// stmt gives the commands that &&, || and | join.
func (r reading) stmt(s *syntax.Stmt) List {
	b, joined := s.Cmd.(*syntax.BinaryCmd)
	if !joined || len(s.Redirs) > 0 || s.Negated {
		return List{r.command(s)}
	}
	left, right := r.stmt(b.X), r.stmt(b.Y)
	last := &left[len(left)-1]
	last.After = b.Op.String()
	last.AfterEnd = int(b.OpPos.Offset()) + len(last.After)
	return append(left, right...)
}

func (r reading) command(s *syntax.Stmt) Command {
	c := Command{Start: int(s.Pos().Offset()), End: int(s.Pos().Offset())}
	if s.Negated {
		c.Words = append(c.Words, Word{"!", c.Start, c.Start + 1})
	}
	if s.Cmd != nil {
		r.words(&c, s.Cmd)
	}
	for _, redirect := range s.Redirs {
		c.Redirects = append(c.Redirects, r.redirect(redirect))
	}
	for _, w := range c.Words {
		c.End = max(c.End, w.End)
	}
	for _, d := range c.Redirects {
		c.End = max(c.End, d.End)
	}
	c.AfterEnd, c.Substituted = c.End, append(c.Substituted, r.substituted(s)...)
	return c
}

// substituted gives the lists of a statement's substitutions, without those of the statements in it.
func (r reading) substituted(s *syntax.Stmt) (out []List) {
	add := func(stmts []*syntax.Stmt) bool {
		if len(stmts) > 0 {
			out = append(out, r.list(stmts))
		}
		return false
	}
	syntax.Walk(s, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Stmt:
			return n == s
		case *syntax.CmdSubst:
			return add(n.Stmts)
		case *syntax.ProcSubst:
			return add(n.Stmts)
		}
		return true
	})
	return out
}

func (r reading) words(c *Command, cmd syntax.Command) {
	switch cmd := cmd.(type) {
	case *syntax.CallExpr:
		for _, a := range cmd.Assigns {
			c.Words = append(c.Words, r.word(a))
		}
		for _, w := range cmd.Args {
			c.Words = append(c.Words, r.word(w))
		}
	case *syntax.DeclClause:
		c.Words = append(c.Words, r.word(cmd.Variant))
		for _, a := range cmd.Args {
			c.Words = append(c.Words, r.word(a))
		}
	case *syntax.TestClause:
		c.Words = append(c.Words, Word{"[[", int(cmd.Left.Offset()), int(cmd.Left.Offset()) + 2}, r.word(cmd.X))
	case *syntax.TimeClause:
		start := int(cmd.Time.Offset())
		c.Words = append(c.Words, Word{"time", start, start + len("time")})
		if cmd.Stmt != nil {
			inner := r.command(cmd.Stmt)
			c.Words, c.Redirects = append(c.Words, inner.Words...), append(c.Redirects, inner.Redirects...)
			c.Inner, c.Substituted = inner.Inner, inner.Substituted
		}
	default:
		c.Words = append(c.Words, r.word(cmd))
		c.Inner = r.inner(cmd)
	}
}

// inner gives the lists of a compound command, the conditions last.
func (r reading) inner(cmd syntax.Command) (out []List) {
	add := func(stmts []*syntax.Stmt) {
		if len(stmts) > 0 {
			out = append(out, r.list(stmts))
		}
	}
	switch cmd := cmd.(type) {
	case *syntax.Block:
		add(cmd.Stmts)
	case *syntax.Subshell:
		add(cmd.Stmts)
	case *syntax.WhileClause:
		add(cmd.Do)
		add(cmd.Cond)
	case *syntax.ForClause:
		add(cmd.Do)
	case *syntax.CaseClause:
		for _, item := range cmd.Items {
			add(item.Stmts)
		}
	case *syntax.IfClause:
		branches(cmd, add)
	case *syntax.FuncDecl:
		add([]*syntax.Stmt{cmd.Body})
	case *syntax.BinaryCmd:
		out = append(out, append(r.stmt(cmd.X), r.stmt(cmd.Y)...))
	}
	return out
}

// branches adds what an if does, then its conditions.
func branches(first *syntax.IfClause, add func([]*syntax.Stmt)) {
	for one := first; one != nil; one = one.Else {
		add(one.Then)
	}
	for one := first; one != nil; one = one.Else {
		add(one.Cond)
	}
}

func (r reading) word(n syntax.Node) Word {
	start, end := int(n.Pos().Offset()), min(int(n.End().Offset()), len(r))
	start = min(start, end)
	return Word{string(r[start:end]), start, end}
}

func (r reading) redirect(d *syntax.Redirect) Redirect {
	w := r.word(d)
	out := Redirect{Sign: d.Op.String(), Start: w.Start, End: w.End}
	if d.N != nil {
		out.Sign = d.N.Value + out.Sign
	}
	if d.Word != nil {
		target := r.word(d.Word)
		out.Target, out.End = Unquote(target.Text), max(out.End, target.End)
	}
	if d.Hdoc != nil {
		out.End = max(out.End, r.word(d.Hdoc).End)
	}
	return out
}

// Name gives the program that a command runs, without its folder; "" if the command only assigns.
func (c Command) Name() string {
	for _, w := range c.Words {
		if !IsAssignment(w.Text) {
			return Base(Unquote(w.Text))
		}
	}
	return ""
}

// Text gives the command as its line has it.
func (c Command) Text(line string) string { return line[c.Start:max(c.Start, c.End)] }
