package environ

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

type inner struct {
	Stack string `env:"STACK" form:"[a-z]+"`
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
		"a form": {map[string]string{"STACK": "Prod\n"}, config{}, []string{`variable STACK: "Prod\n" does not have the form [a-z]+`}},
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

func TestNames(t *testing.T) {
	t.Parallel()
	if got := Names(config{}); !slices.Equal(got, []string{"STACK", "RATE", "TARGETS"}) {
		t.Errorf("got %q", got)
	}
}
