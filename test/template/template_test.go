// Package template_test checks template.yaml against the code.
package template_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/cost"
)

// TestTableIsTheStores: the table is the one with which the store is tested.
func TestTableIsTheStores(t *testing.T) {
	t.Parallel()
	table := at(t, load(t), "Resources", "Table", "Properties")
	in := dynamo.TableInput("x")
	want := object{
		"AttributeDefinitions": in.AttributeDefinitions, "KeySchema": in.KeySchema,
		"GlobalSecondaryIndexes": in.GlobalSecondaryIndexes, "BillingMode": in.BillingMode,
	}
	for name, w := range want {
		if got := canonical(t, at(t, table, name)); got != canonical(t, w) {
			t.Errorf("%s is\n%s, and the store's\n%s", name, got, canonical(t, w))
		}
	}
	if got := at(t, table, "TimeToLiveSpecification", "AttributeName"); got != dynamo.TTLAttribute {
		t.Errorf("time to live is by %v", got)
	}
	if got := at(t, table, "StreamSpecification", "StreamViewType"); got != string(in.StreamSpecification.StreamViewType) {
		t.Errorf("the stream has %v", got)
	}
}

// canonical returns a value as JSON with its keys in order, without what prune removes.
func canonical(t *testing.T, v any) string {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var back any
	if err := json.Unmarshal(body, &back); err != nil {
		t.Fatal(err)
	}
	if body, err = json.Marshal(prune(back)); err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// prune removes what the SDK's shapes contain and nobody set.
func prune(v any) any {
	switch v := v.(type) {
	case object:
		maps.DeleteFunc(v, func(_ string, x any) bool { return x == nil })
		for k := range v {
			v[k] = prune(v[k])
		}
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
	}
	return v
}

// TestEveryAlarmHasItsPage: and every page has its alarm.
func TestEveryAlarmHasItsPage(t *testing.T) {
	t.Parallel()
	var pages []string
	page := regexp.MustCompile(`docs/runbook/([a-z-]+)\.md`)
	resources := at(t, load(t), "Resources")
	for _, id := range keys(t, resources) {
		r := at(t, resources, id)
		if at(t, r, "Type") != "AWS::CloudWatch::Alarm" {
			continue
		}
		m := page.FindStringSubmatch(words(t, r, "Properties", "AlarmDescription"))
		if m == nil {
			t.Errorf("alarm %s names no page", id)
			continue
		}
		pages = append(pages, m[1])
	}
	files, err := filepath.Glob(root + "docs/runbook/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, f := range files {
		there = append(there, strings.TrimSuffix(filepath.Base(f), ".md"))
	}
	slices.Sort(pages)
	slices.Sort(there)
	if !slices.Equal(pages, there) || len(pages) < 8 {
		t.Errorf("alarms name %q, and there are %q", pages, there)
	}
}

// TestCostOfNothing: the cost model knows the functions' memory, the alarms, and how long runs
// are kept.
func TestCostOfNothing(t *testing.T) {
	t.Parallel()
	template := load(t)
	if n := float64(len(kinds(t, template, "AWS::CloudWatch::Alarm"))); n != cost.Idle.Alarms {
		t.Errorf("there are %g alarms, and the model has %g", n, cost.Idle.Alarms)
	}
	for _, c := range slices.Concat(cost.Success.Calls, cost.Idle.Calls) {
		if mb := memory(t, template, c.Function); mb != c.MemoryMB {
			t.Errorf("%s has %d MB, and the model has %d", c.Function, mb, c.MemoryMB)
		}
	}
	if days := number(t, template, "Parameters.KeepRunsDays.Default"); days != cost.KeepDays {
		t.Errorf("runs are kept %d days, and the model has %d", days, cost.KeepDays)
	}
}

// memory returns a function's memory, in MB.
func memory(t *testing.T, template object, function string) int {
	t.Helper()
	for id, f := range kinds(t, template, "AWS::Serverless::Function") {
		if strings.EqualFold(id, function) && slices.Contains(keys(t, at(t, f, "Properties")), "MemorySize") {
			return number(t, f, "Properties.MemorySize")
		}
	}
	return number(t, template, "Globals.Function.MemorySize")
}

// TestParametersAreExplained: parameters are explained in the template, and in the table of the
// page about deploying with the same defaults.
func TestParametersAreExplained(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(root + "docs/deploy.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([A-Za-z]+)` \\| (?:`([^`]*)`|empty) \\|").FindAllStringSubmatch(string(doc), -1)
	table := map[string]string{}
	for _, r := range rows {
		table[r[1]] = r[2]
	}
	parameters := at(t, load(t), "Parameters")
	for _, name := range keys(t, parameters) {
		p := at(t, parameters, name)
		if at(t, p, "Description") == "" {
			t.Errorf("parameter %s is not described", name)
		}
		said, ok := table[name]
		if body := canonical(t, at(t, p, "Default")); !ok || strings.Trim(body, `"`) != said {
			t.Errorf("parameter %s has the default %s, and docs/deploy.md says %q, %t", name, body, said, ok)
		}
	}
	if n := len(keys(t, parameters)); len(table) != n {
		t.Errorf("docs/deploy.md has %d parameters, the template %d", len(table), n)
	}
}
