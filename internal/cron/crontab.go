package cron

import (
	"hash/fnv"
	"strconv"
)

// maxCrontab bounds a crontab schedule, in bytes. The longest useful one, with every value
// of every field written out, has 380.
const maxCrontab = 1024

// atWords are cron's nicknames. Like cron, it reads them in lower case only.
var atWords = [...]struct{ word, fields string }{
	{"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
	{"@monthly", "0 0 1 * *"},
	{"@weekly", "0 0 * * 0"},
	{"@daily", "0 0 * * *"},
	{"@midnight", "0 0 * * *"},
	{"@hourly", "0 * * * *"},
}

// ParseCrontab reads the five time fields of a crontab line, or its @word, as cronie does:
// lists, ranges, steps, names, 0 and 7 for Sunday, and ~ ranges. The text itself decides the
// value of a ~ range. When a day field begins with *, both day fields must match; otherwise
// either may (find_jobs in cronie's src/cron.c).
//
// It refuses a reversed range such as 22-2, which newer versions of cronie accept and never
// run. The error is a *SyntaxError, or ErrReboot. Text longer than 1,024 bytes is refused
// unread.
func ParseCrontab(text string) (*Spec, error) {
	if len(text) > maxCrontab {
		return nil, wrong(text, maxCrontab, "longer than 1,024 bytes", "")
	}
	fields := text
	if start := skipBlanks(text, 0); start < len(text) && text[start] == '@' {
		var err error
		if fields, err = atWord(text); err != nil {
			return nil, foreign(text, err)
		}
	}
	s := &Spec{text: text, dialect: Crontab}
	if err := s.readCrontab(fields); err != nil {
		return nil, foreign(text, err)
	}
	s.seal()
	return s, nil
}

func (s *Spec) readCrontab(text string) error {
	var sets [5]uint64
	var star [5]bool
	end := 0
	for i, f := range &crontabFields {
		start := skipBlanks(text, end)
		if start == len(text) {
			return wrong(text, start, "the "+f.name+" is missing", crontabForm)
		}
		end = skipField(text, start)
		c := crontabScanner{scanner: scanner{text: text, pos: start, start: start, end: end, field: f}}
		if err := c.list(); err != nil {
			return err
		}
		sets[i], star[i] = c.values[0], text[start] == '*'
		s.random = s.random || c.random
		s.zeroEnd = s.zeroEnd || c.zeroEnd
	}
	if end = skipBlanks(text, end); end < len(text) {
		return wrong(text[end:], end, "more than five fields", crontabForm)
	}
	s.wildcard = star[0] || star[1]
	s.minute, s.hour, s.month = sets[0], uint32(sets[1]), uint16(sets[3])
	s.day = dayRule{
		dom: uint32(sets[2]) << 1,
		dow: uint8(sets[4]&0x7F | sets[4]>>7),
		and: star[2] || star[4],
	}
	return nil
}

const crontabForm = "five fields: minute hour day-of-month month day-of-week"

var crontabFields = [...]*field{&minuteField, &hourField, &domField, &monthField, &dowField}

// crontabScanner reads a field by cron's grammar.
type crontabScanner struct {
	scanner
	random  bool
	zeroEnd bool
}

func (c *crontabScanner) list() error {
	for {
		if err := c.item(); err != nil {
			return err
		}
		if c.pos == c.end {
			return nil
		}
		if !c.take(',') {
			return c.unknown(c.pos)
		}
	}
}

// item reads *[/step], n, n-n[/step] or [n]~[n].
func (c *crontabScanner) item() error {
	from := c.pos
	if c.take('*') {
		step, err := c.step(from)
		if err != nil {
			return err
		}
		return c.fill(c.field.low, c.field.high, step, from)
	}
	if c.peek() == '~' {
		return c.pick(c.field.low, from)
	}
	low, ok := c.value()
	if !ok {
		return c.unknown(from)
	}
	switch c.peek() {
	case '-':
		return c.rangeFrom(low, from)
	case '~':
		return c.pick(low, from)
	case '/':
		return c.stepAlone(low, from)
	}
	return c.fill(low, low, 1, from)
}

func (c *crontabScanner) rangeFrom(low, from int) error {
	c.pos++
	at := c.pos
	high, ok := c.value()
	if !ok {
		return c.unknown(at)
	}
	stepped := c.peek() == '/'
	step, err := c.step(from)
	if err != nil {
		return err
	}
	if low > high && high == 0 && !stepped {
		// cronie since March 2025, in every field: not only fri-sun, but also 5-0.
		high, c.zeroEnd = 7, c.field != &dowField
	}
	if low > high {
		return c.bad(from, "the range runs backwards; older cronie refuses it, 1.6 and newer take it and never run it", c.wrapHint(low, high))
	}
	return c.fill(low, high, step, from)
}

// wrapHint writes a range over the end of the field, such as 22-2, as two ranges.
func (c *crontabScanner) wrapHint(low, high int) string {
	if low > c.field.high || high < c.field.low {
		return ""
	}
	return "write " + span(low, c.field.high) + "," + span(c.field.low, high)
}

func span(low, high int) string {
	if low == high {
		return strconv.Itoa(low)
	}
	return strconv.Itoa(low) + "-" + strconv.Itoa(high)
}

// step reads an optional /n.
func (c *crontabScanner) step(from int) (int, error) {
	if !c.take('/') {
		return 1, nil
	}
	n, _ := c.number()
	if n == 0 {
		return 0, c.bad(from, "a step is a number from 1", "")
	}
	return n, nil
}

func (c *crontabScanner) stepAlone(low, from int) error {
	e := c.bad(from, "a step needs * or a range before it", "")
	e.Hint = "cron refuses it; write " + strconv.Itoa(low) + "-" + strconv.Itoa(c.field.high) + c.text[c.pos:from+len(e.Value)]
	return e
}

// pick resolves a ~ range.
func (c *crontabScanner) pick(low, from int) error {
	c.pos++
	high := c.field.high
	if c.pos < c.end && c.peek() != ',' {
		at, ok := c.pos, false
		if high, ok = c.value(); !ok {
			return c.unknown(at)
		}
	}
	if low > high {
		return c.bad(from, "the range runs backwards", "")
	}
	c.random = true
	if low < c.field.low || high > c.field.high {
		return c.fill(low, high, 1, from)
	}
	h := fnv.New64a()
	h.Write([]byte(c.field.name))
	h.Write([]byte(c.text))
	n := low + int(h.Sum64()%uint64(high-low+1))
	return c.fill(n, n, 1, from)
}

// atWord gives the fields that an @word stands for.
func atWord(text string) (string, error) {
	start := skipBlanks(text, 0)
	word := text[start:]
	for isBlank(word[len(word)-1]) {
		word = word[:len(word)-1]
	}
	for _, w := range atWords {
		if w.word == word {
			return w.fields, nil
		}
	}
	if word == "@reboot" {
		return "", ErrReboot
	}
	return "", wrong(word, start, "unknown @word",
		"cron knows @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly and @reboot, in lower case")
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func skipBlanks(text string, i int) int {
	for i < len(text) && isBlank(text[i]) {
		i++
	}
	return i
}

func skipField(text string, i int) int {
	for i < len(text) && !isBlank(text[i]) {
		i++
	}
	return i
}
