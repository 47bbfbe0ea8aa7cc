package view

import (
	"fmt"
	"strings"
	"testing"
)

// TestInPartsPanics: whoever asked for the chart can recover a panic of one part, which would
// otherwise end the process.
func TestInPartsPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if p := fmt.Sprint(recover()); !strings.HasPrefix(p, "row 250\n") || !strings.Contains(p, "TestInPartsPanics") {
			t.Errorf("recovered %s", p)
		}
	}()
	inParts(3*leastPart, func(from, to int) {
		if from <= 250 && 250 < to {
			panic("row 250")
		}
	})
	t.Error("it did not panic")
}
