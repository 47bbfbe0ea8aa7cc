package environ

import (
	"reflect"
	"strings"
	"testing"
)

type inner struct {
	Stack string `env:"STACK" form:"a name of at most 4 letters, digits and hyphens that begins with a letter"`
}

type config struct {
	inner
	Rate    int      `env:"RATE" default:"20"`
	Targets []string `env:"TARGETS" default:""`
}

func from(pairs map[string]string) Lookup {
	return func(name string) (string, bool) {
		value, ok := pairs[name]
		return value, ok
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env  map[string]string
		want config
		says []string
	}{
		"all":      {map[string]string{"STACK": "prod", "RATE": "5", "TARGETS": " ops, data,"}, config{inner{"prod"}, 5, []string{"ops", "data"}}, nil},
		"defaults": {map[string]string{"STACK": "prod", "RATE": ""}, config{inner{"prod"}, 20, nil}, nil},
		"all that is wrong": {
			map[string]string{"RATE": "fast"},
			config{},
			[]string{"variable STACK: is not set", `variable RATE: "fast" is not a number`},
		},
		"a form": {map[string]string{"STACK": "Prod\n"}, config{}, []string{`variable STACK: "Prod\n" is not a name of at most 4 letters, digits`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got config
			err := Fill(&got, from(tc.env))
			if len(tc.says) == 0 && (err != nil || !reflect.DeepEqual(got, tc.want)) {
				t.Errorf("got %+v, %v; want %+v", got, err, tc.want)
			}
			for _, says := range tc.says {
				if err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("got %v, want %q", err, says)
				}
			}
		})
	}
}

// TestForms: values that have a form, and values that do not.
func TestForms(t *testing.T) {
	t.Parallel()
	const (
		flag, number, path = "true or false", "a number from 1 to 999", "a path that begins and ends with a slash"
		moment             = "a time such as 2026-11-22T09:00Z, or nothing"
		name               = "a name of at most 3 letters, digits and hyphens that begins with a letter"
	)
	for form, values := range map[string]struct{ is, not []string }{
		flag:                   {[]string{"true", "false"}, []string{"", "True", "yes", "true "}},
		number:                 {[]string{"1", "20", "999"}, []string{"", "0", "1000", "-1", "+1", "01", "1.0", "1 ", "x"}},
		path:                   {[]string{"/a/", "/a/b/", "//"}, []string{"", "/", "a/", "/a", "/a/\n", "/a\n/"}},
		moment:                 {[]string{"", "2026-11-22T09:00Z"}, []string{"2026-11-22", "2026-11-22T09:00:00Z", "2026-13-22T09:00Z", "now"}},
		name:                   {[]string{"a", "Z", "a-1", "abc"}, []string{"", "-a", "1a", "a_b", "abcd", "ä", "a\n", "a b"}},
		"a number from 1":      {nil, []string{"1"}},
		"a name of any length": {nil, []string{"a"}},
		"anything":             {nil, []string{"", "anything"}},
	} {
		for _, v := range values.is {
			if !is(v, form) {
				t.Errorf("%q is not %s", v, form)
			}
		}
		for _, v := range values.not {
			if is(v, form) {
				t.Errorf("%q is %s", v, form)
			}
		}
	}
}
