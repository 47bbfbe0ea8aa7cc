package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
)

type cronCmd struct {
	Expr  string `arg:"" help:"Five crontab fields, an @word, or cron(...), rate(...), at(...) of EventBridge; in quotes."`
	Zone  string `help:"IANA time zone; by default UTC." default:"UTC" placeholder:"Z"`
	From  string `help:"Show the fires from this minute on; by default from now." placeholder:"T"`
	To    string `help:"Show the fires up to and including this minute." placeholder:"T" xor:"end"`
	Count int    `help:"Show this many fires; by default 10, or all up to --to." placeholder:"N" xor:"end"`
	AWS   bool   `name:"aws" help:"Print only the translation, one expression per line. Six bare fields are read as cron(...)."`
}

// meaning is what cron prints about an expression as JSON, before its fires.
type meaning struct {
	Expr       string   `json:"expr"`
	Dialect    string   `json:"dialect"`
	Zone       string   `json:"zone"`
	Words      string   `json:"words"`
	AWS        []string `json:"aws"`
	AWSZone    string   `json:"awsZone,omitempty"`
	Guard      *string  `json:"guard"`
	NeverFires bool     `json:"neverFires"`
	Notes      []string `json:"notes,omitempty"`

	schedule cron.Schedule
}

// fire is one minute at which an expression fires.
type fire struct {
	At    string `json:"at"`
	Local string `json:"local"`
	Note  string `json:"note"`
}

const defaultFires = 10

var dialectNames = map[cron.Dialect]string{cron.Crontab: "crontab", cron.AWS: "aws"}

// Run says what an expression means, when it fires and what it becomes.
func (c *cronCmd) Run(_ context.Context, a *app) error {
	c.bare()
	zone, err := cron.LoadZone(c.Zone)
	if err != nil {
		return usagef("--zone: %w", err)
	}
	from, to, err := c.span(a.now(), zone)
	if err != nil {
		return err
	}
	m, err := explain(c.Expr, zone, from)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(a.Stdout)
	switch {
	case a.json:
		err = c.printJSON(out, m, from, to)
	case c.AWS:
		err = printTranslation(out, a.Stderr, m)
	default:
		err = c.print(out, m, from, to)
	}
	if err := errors.Join(err, out.Flush()); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// bare wraps six fields in cron(...) if that parses, for --aws. Other expressions keep their
// form, by which other schedulers are recognised.
func (c *cronCmd) bare() {
	if !c.AWS || len(strings.Fields(c.Expr)) != 6 || strings.Contains(c.Expr, "(") {
		return
	}
	whole := "cron(" + c.Expr + ")"
	_, err := cron.ParseAWS(whole)
	var foreign *cron.SyntaxError
	if _, other := cron.Parse(c.Expr); err == nil || !errors.As(other, &foreign) || foreign.Foreign == "" {
		c.Expr = whole
	}
}

// span reads --from, --to and --count. to is zero if the fires are counted.
func (c *cronCmd) span(now time.Time, zone *cron.Zone) (from, to time.Time, err error) {
	from = now.Truncate(time.Minute)
	read := func(flag, text string, into *time.Time) error {
		if text == "" {
			return nil
		}
		t, ok := plane.ParseTime(text, zone.Location())
		if !ok {
			return usagef("--%s %q is not a time: write 2026-11-22, 2026-11-22T17:30 (in --zone) or 2026-11-22T17:30Z", flag, text)
		}
		*into = t
		return nil
	}
	if err := errors.Join(read("from", c.From, &from), read("to", c.To, &to)); err != nil {
		return from, to, err
	}
	switch {
	case c.Count < 0:
		return from, to, usagef("--count %d is negative", c.Count)
	case c.Count == 0:
		c.Count = defaultFires
	}
	if !to.IsZero() && to.Before(from) {
		return from, to, usagef("--to %s is before --from %s", to.UTC().Format(time.RFC3339), from.UTC().Format(time.RFC3339))
	}
	return from, to, nil
}

// explain reads an expression of either dialect and translates it.
func explain(expr string, zone *cron.Zone, from time.Time) (meaning, error) {
	spec, err := cron.Parse(expr)
	if err != nil {
		return meaning{}, usageError{err}
	}
	m := meaning{
		Expr: expr, Dialect: dialectNames[spec.Dialect()], Zone: zone.Name(), Words: spec.Words(), AWS: []string{},
		Notes: spec.Warnings(), schedule: spec.In(zone, cron.DST{}),
	}
	if _, rate := spec.Rate(); rate {
		m.schedule = m.schedule.Since(from)
		m.Notes = append(m.Notes, "a rate counts from the creation of its schedule; here, from the start of the list")
	}
	if m.NeverFires = m.schedule.NeverFires(); m.NeverFires {
		return m, nil
	}
	m.AWSZone = zone.Name()
	if spec.Dialect() == cron.AWS {
		// We accept more than the guides document.
		normal, err := spec.Normal()
		if err != nil {
			return meaning{}, usageError{err}
		}
		m.AWS = []string{normal}
		return m, nil
	}
	t, err := spec.In(zone, cron.DST{}).Translate(from)
	if err != nil {
		return meaning{}, err
	}
	m.AWS, m.AWSZone, m.Notes = t.AWS, t.Zone, append(m.Notes, t.Notes...)
	if t.Guard != "" {
		m.Guard = &t.Guard
	}
	return m, nil
}

// fires calls show with each fire of the span until show returns an error.
func (c *cronCmd) fires(m meaning, from, to time.Time, show func(slot time.Time, note string) error) error {
	days := clockDays{zone: m.schedule.Zone()}
	slot, ok := m.schedule.Next(from.Add(-1))
	for n := 0; ok && (to.IsZero() && n < c.Count || !slot.After(to)); n++ {
		if err := show(slot, fireNote(m.schedule, &days, slot)); err != nil {
			return err
		}
		slot, ok = m.schedule.Next(slot)
	}
	return nil
}

func (c *cronCmd) printJSON(w io.Writer, m meaning, from, to time.Time) error {
	if err := printJSON(w, m); err != nil {
		return err
	}
	zone := m.schedule.Zone().Location()
	return c.fires(m, from, to, func(slot time.Time, note string) error {
		return printJSON(w, fire{slot.Format(time.RFC3339), slot.In(zone).Format(time.RFC3339), note})
	})
}

// printTranslation prints only expressions to out. Whatever must accompany them goes to beside.
func printTranslation(out, beside io.Writer, m meaning) error {
	if m.NeverFires {
		return fmt.Errorf("%s never fires", notice.Printable(m.Expr))
	}
	for _, text := range m.AWS {
		_, _ = fmt.Fprintln(out, text)
	}
	if m.AWSZone != m.Zone {
		_, _ = fmt.Fprintf(beside, "zone: %s\n", m.AWSZone)
	}
	if m.Guard != nil {
		_, _ = fmt.Fprintf(beside, "guard: %s\n", notice.Printable(*m.Guard))
	}
	return nil
}

func (c *cronCmd) print(w io.Writer, m meaning, from, to time.Time) error {
	line := func(name, text string) { _, _ = fmt.Fprintf(w, "%-9s %s\n", name, notice.Printable(text)) }
	line(m.Dialect, m.Expr)
	line("zone", m.Zone)
	line("means", m.Words)
	for _, text := range m.AWS {
		if text != m.Expr {
			line("aws", text+" in "+m.AWSZone)
		}
	}
	if m.Guard != nil {
		line("guard", *m.Guard)
	}
	for _, n := range m.Notes {
		line("note", n)
	}
	if m.NeverFires {
		line("fires", "never")
		return nil
	}
	rows := [][]string{}
	zone := m.schedule.Zone().Location()
	err := c.fires(m, from, to, func(slot time.Time, note string) error {
		rows = append(rows, []string{
			slot.In(zone).Format("Mon 2006-01-02 15:04 MST"), slot.Format("2006-01-02T15:04Z"), note,
		})
		return nil
	})
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(w)
	if len(rows) == 0 {
		line("fires", "at no minute in that time")
		return nil
	}
	return table(w, []string{"LOCAL", "UTC", "NOTE"}, rows)
}
