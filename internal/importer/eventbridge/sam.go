package eventbridge

import (
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/importer/ecs"
)

// events adds the schedules of a function of SAM.
func (g *gathering) events(file, id string, r *doc.Node) {
	r.Get("Properties", "Events").Pairs(func(name string, event *doc.Node) {
		if kind := event.Get("Type").String(); kind != "Schedule" && kind != "ScheduleV2" {
			return
		}
		p := event.Get("Properties")
		g.items = append(g.items, item{
			file: file, line: event.Line, what: "event " + name + " of " + id, name: id, expression: p.First("Schedule", "ScheduleExpression").String(), odd: "its target is " + ecs.Lambda,
		})
	})
}

// machineEvents adds the schedules of a state machine of SAM, which makes a rule or a schedule of each
// event, with the state machine's logical ID and the event's name
// (https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html).
func (g *gathering) machineEvents(t *template, file, id string, r *doc.Node) {
	r.Get("Properties", "Events").Pairs(func(name string, event *doc.Node) {
		kind := event.Get("Type").String()
		if kind != "Schedule" && kind != "ScheduleV2" {
			return
		}
		t.begin()
		condition, deployed := t.deployed(r)
		p := t.resolve(event.Get("Properties"), 0)
		out := item{
			file: file, line: event.Line, what: "event " + name + " of " + id, name: id + "-" + name, expression: p.First("Schedule", "ScheduleExpression").String(), zone: p.Get("ScheduleExpressionTimezone").String(),
			disabled: disabled(p) || p.Get("Enabled").String() == "false", description: p.Get("Description").String(), open: t.open, defaults: t.defaults, condition: condition, deployed: deployed,
			target: &doc.Node{Kind: doc.Map, Line: event.Line, Keys: []string{"Arn", "Input"}, Values: []*doc.Node{text(event, inThisTemplate+id), p.Get("Input")}},
		}
		if out.expression == "" || strings.Contains(out.expression+out.zone, importer.ReplaceMe) {
			out.odd = t.noSchedule(event.Get("Properties"))
		}
		rule := ecs.Rule{Name: physical(id + name), Flags: g.reader.Flags}
		out.off, out.on = rule.Switch()
		if kind == "ScheduleV2" {
			out.schedule = p
			out.off, out.on = ecs.SwitchSchedule(physical(id+name), importer.Word(group(p)), g.reader.Flags)
		}
		out.off, out.on = out.off+inTemplate, out.on+inTemplate
		g.items = append(g.items, out)
	})
}
