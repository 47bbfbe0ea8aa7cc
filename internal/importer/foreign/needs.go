package foreign

import (
	"regexp/syntax"
	"strings"
)

// needs gives texts in lower case, one of which is in every text that an expression matches. It
// gives none if it cannot tell any.
func needs(expression string) []string {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil // it does not compile either
	}
	return needed(tree)
}

func needed(e *syntax.Regexp) []string {
	switch e.Op {
	case syntax.OpLiteral:
		// Some letters beyond ASCII are equal to these when case does not matter.
		if text := strings.ToLower(string(e.Rune)); e.Flags&syntax.FoldCase == 0 || !strings.ContainsAny(text, "sk") {
			return []string{text}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return needed(e.Sub[0])
	case syntax.OpRepeat:
		if e.Min > 0 {
			return needed(e.Sub[0])
		}
	case syntax.OpConcat:
		return best(e.Sub)
	case syntax.OpAlternate:
		return each(e.Sub)
	default:
	}
	return nil
}

// best gives the needs of the part that says most.
func best(parts []*syntax.Regexp) (best []string) {
	for _, part := range parts {
		if texts := needed(part); shortest(texts) > shortest(best) {
			best = texts
		}
	}
	return best
}

// each gives the needs of all parts, or none if one of them needs nothing.
func each(parts []*syntax.Regexp) (all []string) {
	for _, part := range parts {
		texts := needed(part)
		if len(texts) == 0 {
			return nil
		}
		all = append(all, texts...)
	}
	return all
}

// shortest gives the length of the shortest of the texts, or 0 if there is none.
func shortest(texts []string) int {
	n := 0
	for i, text := range texts {
		if i == 0 || len(text) < n {
			n = len(text)
		}
	}
	return n
}
