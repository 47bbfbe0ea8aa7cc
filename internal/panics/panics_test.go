package panics_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/panics"
)

var errMet = errors.New("met")

// TestRecover: what a program panics with becomes an error that names the place; what a test
// panics with goes on.
func TestRecover(t *testing.T) {
	t.Parallel()
	type death struct{}
	for name, c := range map[string]struct {
		with any
		says string
		is   error
	}{
		"nothing":  {nil, "", nil},
		"an error": {errMet, "a fault of this program: met\n", errMet},
		"a text":   {"bad", "a fault of this program: bad\n", nil},
		"a value":  {death{}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			went, err := met(c.with)
			switch {
			case c.says == "" && err != nil, c.says != "" && (err == nil || !strings.HasPrefix(err.Error(), c.says)):
				t.Errorf("got %v, want it to begin with %q", err, c.says)
			case c.is != nil && !errors.Is(err, c.is):
				t.Errorf("%v is not %v", err, c.is)
			case err != nil && !strings.Contains(err.Error(), "panics_test.met"):
				t.Errorf("it does not say where: %v", err)
			case (went != nil) != (c.with == death{}):
				t.Errorf("the panic that went on is %v", went)
			}
		})
	}
}

// met returns what becomes of a panic, and the panic that went on.
func met(with any) (went any, err error) {
	defer func() { went = recover() }()
	err = func() (err error) {
		defer panics.Recover(&err)
		if with != nil {
			panic(with)
		}
		return nil
	}()
	return nil, err
}
