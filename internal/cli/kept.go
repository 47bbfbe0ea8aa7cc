package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
)

type keptCmd struct {
	looks
	ID    string `arg:"" optional:"" help:"Print this one whole."`
	Limit int    `help:"At most so many." default:"100"`
}

// Run lists what was kept, or prints one.
func (c *keptCmd) Run(ctx context.Context, a *app) error {
	return a.withPlane(ctx, func(p *plane.Plane) error {
		kept, err := p.Kept(ctx, max(1, c.Limit))
		if err != nil {
			return err
		}
		if c.ID != "" {
			return a.printKept(kept, c.ID)
		}
		rows := make([][]string, 0, len(kept))
		for _, k := range kept {
			if a.json {
				if err := printJSON(a.Stdout, keptJSON(k)); err != nil {
					return err
				}
				continue
			}
			rows = append(rows, []string{keptID(k), a.at(k.At), clip(oneLine(k.Body), 200), k.Reason})
		}
		if a.json {
			return nil
		}
		return a.grid([]column{{head: "ID"}, {head: "RECEIVED (" + a.zoneName() + ")", rank: 1}, {head: "INPUT", least: 16}, {head: "WHY", least: 16}}, rows)
	})
}

type keptView struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
	Body   string    `json:"body"`
}

func keptJSON(k control.Kept) keptView {
	return keptView{keptID(k), k.At.UTC(), k.Reason, string(k.Body)}
}

// keptID names what was kept by what it is.
func keptID(k control.Kept) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s", k.At.UnixMilli(), k.Reason, k.Body))
	return hex.EncodeToString(sum[:4])
}

func oneLine(b []byte) string { return strings.Join(strings.Fields(string(b)), " ") }

func (a *app) printKept(kept []control.Kept, id string) error {
	for _, k := range kept {
		if keptID(k) != id {
			continue
		}
		if a.json {
			return printJSON(a.Stdout, keptJSON(k))
		}
		text := fmt.Sprintf("received  %s %s\nwhy       %s\n\n%s\n", a.at(k.At), a.zoneName(), notice.Printable(k.Reason), harmlessLines(string(k.Body)))
		return a.write([]byte(text))
	}
	return fmt.Errorf("nothing is kept as %s; `kept` lists what is", id)
}

// harmlessLines is harmless line by line.
func harmlessLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = harmless(l)
	}
	return strings.Join(lines, "\n")
}
