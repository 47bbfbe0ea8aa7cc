package kinds_test

import (
	"strings"
	"testing"
)

// TestRulesOfEcschedule: a stack starts tasks in its own Region alone, and what ecschedule puts in the
// place of a variable that is not set is no value.
func TestRulesOfEcschedule(t *testing.T) {
	t.Parallel()
	rule := func(more string) string {
		return "region: eu-west-1\nrules: [{name: r, scheduleExpression: cron(0 3 * * ? *), taskDefinition: app, " + more + "}]\n"
	}
	const elsewhere = "it is in the Region us-east-1 and others in eu-west-1"
	run(t, "ecschedule", "a.yaml", []told{
		{name: "another Region", text: rule("region: us-east-1"), says: []string{elsewhere, "--region us-east-1"}, jobs: 1, off: true},
		{name: "the same Region", text: rule("region: eu-west-1"), never: "it is in the Region", jobs: 1},
		{name: "a Region of its own", text: strings.TrimPrefix(rule("region: us-east-1"), "region: eu-west-1\n"), never: "it is in the Region", jobs: 1},
		{name: "two Regions, and none of the file", text: strings.TrimPrefix(rule("region: eu-west-1}, {name: q, scheduleExpression: rate(1 hour), taskDefinition: app, region: us-east-1"), "region: eu-west-1\n"), says: []string{elsewhere, "it is imported switched off"}, jobs: 2},
		{name: "two Regions of two documents", text: rule("region: ''") + "---\n" + strings.ReplaceAll(rule("region: ''"), "eu-west-1", "us-east-1"), says: []string{elsewhere, "it is imported switched off"}, jobs: 2},
		{name: "its variable", text: rule("containerOverrides: [{name: a, command: ['ecschedule::<STAGE>']}]"), says: []string{"holds the template ecschedule::<STAGE>"}},
		{name: "its parameter", text: rule("role: 'ecschedule::ssm::<`/a/b`>'"), says: []string{"holds the template ecschedule::ssm"}},
	})
}
