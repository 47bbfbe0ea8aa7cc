package foreign

import (
	"slices"
	"testing"
)

// TestNeeds: every text that an expression matches contains one of the texts that it needs.
func TestNeeds(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string][]string{
		`cron`:                             {"cron"},
		`^\s*Cron\b.*\bat`:                 {"cron"},
		`(?i)EVENT`:                        {"event"},
		`(?i)SCHEDULE`:                     nil, // a long s is one of these
		`(?:a|bc)+d?`:                      {"a", "bc"},
		`(abc|d*)`:                         nil,
		`a{0,2}`:                           nil,
		`x(?:one|two){1,2}`:                {"one", "two"},
		`.*`:                               nil,
		`[ab]c`:                            {"c"},
		`(?m)^jobs\s*:|^on\s*:[\s\S]*cron`: {"jobs", "cron"},
	} {
		if got := needs(expression); !slices.Equal(got, want) {
			t.Errorf("%s needs %q, want %q", expression, got, want)
		}
	}
}

// TestMostKindsNeedAText: only a few patterns are matched against a file that is none of the kinds.
func TestMostKindsNeedAText(t *testing.T) {
	t.Parallel()
	var without []string
	for _, k := range kinds {
		if k.file == nil && k.content != nil && len(k.content().needs) == 0 {
			without = append(without, k.name)
		}
	}
	if len(without) > 2 {
		t.Errorf("they need no text: %q", without)
	}
}
