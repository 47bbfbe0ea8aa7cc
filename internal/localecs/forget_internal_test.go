package localecs

import (
	"testing"
	"time"
)

// TestSendsAreForgotten with their token: a day's would be kept otherwise.
func TestSendsAreForgotten(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	s := &Server{
		sends: map[string]sends{
			"default old": {1, now.Add(-2 * time.Hour)}, "default new": {1, now.Add(-time.Minute)}, "default bound": {2, now.Add(-2 * time.Hour)},
		},
		tokens: map[tokenKey]token{{"default", "bound"}: {}},
	}
	s.forgetSends(now)
	if _, kept := s.sends["default old"]; kept || len(s.sends) != 2 {
		t.Errorf("kept are %v", s.sends)
	}
}
