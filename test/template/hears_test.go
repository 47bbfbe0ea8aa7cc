package template_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestWhoHears: the outputs name exactly those to whom notices and alarms go, for a new stack
// with any set of ways.
func TestWhoHears(t *testing.T) {
	t.Parallel()
	const (
		topic, mail = "arn:aws:sns:eu-central-1:123456789012:alarms", "ops@example.com"
		confirmed   = mail + ", once the mail that asks for it is confirmed"
	)
	for name, c := range map[string]struct {
		parameters      map[string]string
		notices, alarms string
		rings           []string
	}{
		"neither":         {nil, "NOBODY", "NOBODY", []string{"Notices"}},
		"AlertEmail only": {map[string]string{"AlertEmail": mail}, confirmed, confirmed, []string{"Notices"}},
		"a topic only":    {map[string]string{"AlarmTopicArn": topic}, "NOBODY", topic, []string{topic}},
		"both":            {map[string]string{"AlertEmail": mail, "AlarmTopicArn": topic}, confirmed, topic + ", and " + confirmed, []string{topic, "Notices"}},
		"Slack only":      {map[string]string{"SlackTargets": "ops,team-a"}, "Slack: ops, team-a", "NOBODY", []string{"Notices"}},
		"Slack and mail":  {map[string]string{"SlackTargets": "ops", "AlertEmail": mail}, confirmed + "; Slack: ops", confirmed, []string{"Notices"}},
	} {
		d := deployed{t, load(t), c.parameters}
		says := func(output, want string) {
			got, _ := d.value(at(t, d.template, "Outputs", output, "Value")).(string)
			if got != want && (want != "NOBODY" || !strings.HasPrefix(got, want)) {
				t.Errorf("%s: %s is %q, want %q", name, output, got, want)
			}
		}
		says("NoticesGoTo", c.notices)
		says("AlarmsGoTo", c.alarms)
		rings, _ := d.value(at(t, d.template, "Resources", "HeartbeatAlarm", "Properties", "AlarmActions")).([]any)
		if len(rings) != len(c.rings) {
			t.Fatalf("%s: alarms ring %v, want %v", name, rings, c.rings)
		}
		for i := range rings {
			if !strings.Contains(fmt.Sprint(rings[i]), c.rings[i]) {
				t.Errorf("%s: alarms ring %v, want %v", name, rings, c.rings)
			}
		}
	}
}
