package cron

import (
	"fmt"
	"strings"
)

// field is one position in an expression and the values it takes.
type field struct {
	name      string
	low, high int
	names     string // three letters each, in capitals; the first is the name of low
	allowed   string
}

const (
	monthNames = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
	dayNames   = "SUNMONTUEWEDTHUFRISAT"
)

var (
	minuteField = field{"minute", 0, 59, "", "0-59"}
	hourField   = field{"hour", 0, 23, "", "0-23"}
	domField    = field{"day of month", 1, 31, "", "1-31"}
	monthField  = field{"month", 1, 12, monthNames, "1-12 or jan-dec"}
	// cron counts the week from Sunday = 0, and takes 7 for Sunday too.
	dowField = field{"day of week", 0, 7, dayNames, "0-7 or sun-sat, 0 and 7 = Sunday"}
	// EventBridge counts it from Sunday = 1.
	awsDowField = field{"day of week", 1, 7, dayNames, "1-7 or SUN-SAT, 1 = Sunday"}
	yearField   = field{"year", firstYear, lastYear, "", "1970-2199"}
)

// bitset holds the values of a field; bit 0 is the field's lowest value.
type bitset [4]uint64

func (b *bitset) set(i int) { b[i>>6] |= 1 << (i & 63) }

// scanner reads one field of an expression.
type scanner struct {
	text   string // the whole expression
	pos    int    // of the next byte to read
	end    int    // of the field
	start  int    // of the field
	field  *field
	values bitset
}

func (s *scanner) peek() byte {
	if s.pos < s.end {
		return s.text[s.pos]
	}
	return 0
}

// take reads the byte c if it is next.
func (s *scanner) take(c byte) bool {
	if s.pos < s.end && s.text[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// number reads one to nine digits. n is 0 if it cannot.
func (s *scanner) number() (n int, ok bool) {
	start := s.pos
	for s.pos < s.end && s.text[s.pos]-'0' <= 9 {
		if s.pos-start == 9 {
			return 0, false
		}
		n = n*10 + int(s.text[s.pos]-'0')
		s.pos++
	}
	return n, s.pos > start
}

// value reads a number or one of the field's names.
func (s *scanner) value() (n int, ok bool) {
	if n, ok = s.number(); ok {
		return n, true
	}
	word := s.text[s.pos:s.end]
	n = indexName(s.field.names, word)
	if n < 0 || len(word) > 3 && isLetter(word[3]) && (word[3] != 'L' || s.field != &awsDowField) {
		return 0, false
	}
	s.pos += 3
	return s.field.low + n, true
}

// indexName finds the first three letters of word in a list of names; -1 means not found.
func indexName(names, word string) int {
	if len(word) < 3 {
		return -1
	}
	// Setting this bit to 0 makes a letter a capital.
	a, b, c := word[0]&^0x20, word[1]&^0x20, word[2]&^0x20
	for i := 0; i < len(names); i += 3 {
		if names[i] == a && names[i+1] == b && names[i+2] == c {
			return i / 3
		}
	}
	return -1
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// fill sets low, low+step, ... up to high. Like cron, it checks only the values that it
// reaches: 0-24/5 is a legal hour field.
func (s *scanner) fill(low, high, step, from int) error {
	f := s.field
	if step == 1 && low >= f.low && high <= f.high && high-f.low < 64 {
		s.values[0] |= (2<<(high-f.low) - 1) &^ (1<<(low-f.low) - 1)
		return nil
	}
	for v := low; v <= high; v += step {
		if v < f.low || v > f.high {
			return s.outside(v, from)
		}
		s.values.set(v - f.low)
	}
	return nil
}

// outside gives the error for the value v in the item that starts at from.
func (s *scanner) outside(v, from int) error {
	e := s.bad(from, fmt.Sprintf("%d is outside", v), "")
	e.Allowed = s.field.allowed
	e.Hint = outsideHint(s.field, v)
	return e
}

func outsideHint(f *field, v int) string {
	switch f {
	case &hourField:
		if v == 24 {
			return "midnight is hour 0"
		}
		if v < 60 {
			return "the minute is the first field and the hour the second: are they swapped?"
		}
	case &minuteField:
		if v == 60 {
			return "the full hour is minute 0"
		}
	case &domField, &monthField, &awsDowField:
		if v == 0 {
			return "it counts from 1"
		}
	}
	return ""
}

// bad gives the error for the item that starts at from.
func (s *scanner) bad(from int, problem, hint string) *SyntaxError {
	item := s.text[from:s.end]
	if i := strings.IndexByte(item, ','); i > 0 {
		item = item[:i]
	}
	return &SyntaxError{Field: s.field.name, Value: clip(item), Offset: from, Problem: problem, Hint: hint}
}

// unknown gives the error for an item that is neither a number nor a name.
func (s *scanner) unknown(from int) error {
	e := s.bad(from, "a number is expected here", "")
	if s.field.names != "" {
		e.Problem = "a number or a name of three letters is expected here"
	}
	e.Allowed = s.field.allowed
	e.Hint = s.unknownHint()
	return e
}

func (s *scanner) unknownHint() string {
	rest := s.text[s.pos:s.end]
	switch {
	case rest == "":
		return ""
	case strings.HasPrefix(s.text, "cron("):
		return "L and W belong to the day of month, L and # to the day of week; ? stands alone in one of them"
	case strings.ContainsAny(rest[:1], "?LW#"):
		return "L, W, # and ? belong to EventBridge: write the whole as cron(...)"
	case isJenkins(rest), strings.HasPrefix(rest, "H,"):
		return "H is Jenkins's: write a number, or a range such as 0~59"
	}
	if name := nearestName(s.field.names, rest); name != "" {
		return "did you mean " + name + "?"
	}
	return ""
}

// nearestName finds the name that shares the most letters with the start of text.
func nearestName(names, text string) string {
	best, most := "", 1
	for i := 0; i < len(names); i += 3 {
		same := 0
		for j := 0; j < 3 && j < len(text); j++ {
			if text[j]&^0x20 == names[i+j] {
				same++
			}
		}
		if same > most {
			best, most = names[i:i+3], same
		}
	}
	return strings.ToLower(best)
}
