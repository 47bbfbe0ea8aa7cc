package cli

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
)

// printReport prints what became of each item, and last the steps that switch the old scheduler
// off.
func (a *app) printReport(r importer.Result, output string) error {
	target := importer.Target{File: output, Stack: a.stack, Flags: accountFlags(a.profile, a.region)}
	if a.json {
		return a.printReportJSON(r, target)
	}
	var b bytes.Buffer
	for _, e := range r.Entries {
		if counts(e) {
			reportEntry(&b, e)
		}
	}
	b.WriteString(summary(r) + "\n")
	if steps := r.Steps.Text(target); steps != "" {
		b.WriteString("\n")
		for line := range strings.Lines(steps) {
			b.WriteString(notice.Printable(strings.TrimSuffix(line, "\n")) + "\n")
		}
	}
	return a.write(b.Bytes())
}

// stepsEntry is the last line of a report as JSON: an entry of kind "steps", which belongs to no
// line of the file.
type stepsEntry struct {
	importer.Entry
	Steps *importer.Switching `json:"steps"`
}

// printReportJSON prints an object for each item, and one of kind "steps" if there is something
// to switch.
func (a *app) printReportJSON(r importer.Result, t importer.Target) error {
	if err := printAll(a.Stdout, r.Entries); err != nil {
		return err
	}
	plan := r.Steps.Plan(t)
	if plan == nil {
		return nil
	}
	return printJSON(a.Stdout, stepsEntry{importer.NewEntry(0, "steps", "to switch over and back; none of this was run"), plan})
}

// counts reports whether an entry is listed and counted. A comment about which there is nothing
// to say is not.
func counts(e importer.Entry) bool { return e.Kind != "comment" || e.Job != nil || len(e.Notes) > 0 }

// summary counts items by verdict, and the jobs that came from them.
func summary(r importer.Result) string {
	count, all := map[importer.Verdict]int{}, 0
	unit := "line"
	for _, e := range r.Entries {
		if e.Item != "" {
			unit = "item"
		}
		if counts(e) {
			count[e.Verdict]++
			all++
		}
	}
	parts := make([]string, len(importer.Verdicts))
	for i, v := range importer.Verdicts {
		words := string(v)
		if v == importer.Decide && count[v] != 1 {
			words = "need a decision"
		}
		parts[i] = fmt.Sprintf("%d %s", count[v], words)
	}
	off := 0
	for i := range r.Jobs {
		if r.Jobs[i].Disabled {
			off++
		}
	}
	jobs := job.Counted(len(r.Jobs), "job")
	if off > 0 {
		jobs += fmt.Sprintf(", %d of them switched off", off)
	}
	return fmt.Sprintf("%s: %s; %s", job.Counted(all, unit), strings.Join(parts, ", "), jobs)
}

func reportEntry(b *bytes.Buffer, e importer.Entry) {
	var head []string
	if e.File != "" {
		head = append(head, e.File)
	}
	if e.Line > 0 {
		head = append(head, fmt.Sprintf("line %d", e.Line))
	}
	if e.Item != "" {
		head = append(head, e.Item)
	}
	title := strings.Join(head, ", ") + ", " + string(e.Verdict)
	if e.Text != "" { // a rule of events has no schedule, and of a target alone none is known
		title += ": " + e.Text
	}
	fmt.Fprintln(b, notice.Printable(title))
	if e.Job != nil {
		schedule := strings.Join(e.AWS, " and ")
		if schedule == "" && e.Schedule != nil {
			schedule = *e.Schedule
		}
		fmt.Fprintf(b, "    job %s: %s\n", *e.Job, notice.Printable(schedule))
	}
	for _, n := range e.Notes {
		fmt.Fprintf(b, "    - %s\n", notice.Printable(n))
	}
	if e.Proof != "" {
		fmt.Fprintf(b, "    = %s\n", notice.Printable(e.Proof))
	}
}
