package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

type keptCmd struct {
	looks
	fate
	ID    string `arg:"" optional:"" help:"The input to print in full, try again or drop."`
	Limit int    `help:"Show at most this many." default:"100"`
}

// Run lists kept inputs, or prints one and has it tried again or dropped.
func (c *keptCmd) Run(ctx context.Context, a *app) error {
	if c.decided() && c.ID == "" {
		return usagef("name one: `kept` lists them")
	}
	if c.Limit < 1 {
		return usagef("--limit %d must be at least 1", c.Limit)
	}
	return a.withPlane(ctx, func(p *plane.Plane) error {
		if c.ID != "" {
			return c.one(ctx, a, p)
		}
		kept, err := p.Kept(ctx, c.Limit+1)
		if err != nil {
			return err
		}
		if len(kept) > c.Limit {
			kept = kept[:c.Limit]
			_, _ = fmt.Fprintf(a.Stderr, "there are more: add --limit %d\n", 10*c.Limit)
		}
		rows := make([][]string, 0, len(kept))
		for _, k := range kept {
			if a.json {
				if err := printJSON(a.Stdout, keptJSON(k)); err != nil {
					return err
				}
				continue
			}
			rows = append(rows, []string{k.ID(), a.at(k.At), k.Reason, oneLine(k.Body)})
		}
		if a.json {
			return nil
		}
		return a.list([]column{{head: "ID"}, {head: "RECEIVED (" + a.zoneName() + ")", rank: 1}, {head: "WHY", least: 16}, {head: "INPUT", least: 16}}, rows, "no inputs are kept")
	})
}

type keptView struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
	Body   string    `json:"body"`
}

func keptJSON(k port.Kept) keptView {
	return keptView{k.ID(), k.At.UTC(), k.Reason, string(k.Body)}
}

func oneLine(b []byte) string { return strings.Join(strings.Fields(string(b)), " ") }

// one prints one kept input and has it tried again or dropped, if that was asked for.
func (c *keptCmd) one(ctx context.Context, a *app, p *plane.Plane) error {
	kept, err := p.Kept(ctx, port.MostKept)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(kept, func(k port.Kept) bool { return k.ID() == c.ID })
	if i < 0 {
		return errors.New(port.NotKept(c.ID, len(kept)))
	}
	k := kept[i]
	if a.json {
		err = printJSON(a.Stdout, keptJSON(k))
	} else {
		text := fmt.Sprintf("received  %s %s\nwhy       %s\n\n%s\n", a.at(k.At), a.zoneName(), notice.Printable(k.Reason), notice.PrintableText(string(k.Body)))
		err = a.write([]byte(text))
	}
	if err != nil {
		return err
	}
	if !c.decided() {
		if a.Screen.Asks {
			_, _ = fmt.Fprintf(a.Stderr, "`%s %s --again` tries it again, --drop drops it\n", a.command("kept"), c.ID)
		}
		return nil
	}
	if err := c.agreed(a, fmt.Sprintf("%s (%s)", k.ID(), notice.Printable(k.Reason))); err != nil {
		return err
	}
	return a.ask(ctx, p, entry.Request{Kept: &port.KeptRequest{ID: k.ID(), Again: c.Again}})
}
