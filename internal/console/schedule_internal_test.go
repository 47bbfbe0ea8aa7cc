package console

import "testing"

// TestHeatKey: whatever the fullest minute has, the key names each number of launches once, in
// order, with the colour of its hours. No two numbers share a colour as long as there are enough
// colours.
func TestHeatKey(t *testing.T) {
	t.Parallel()
	for most := range 300 {
		key, next := keyOf(most), 0
		for i, k := range key {
			if k.From != next || k.To < k.From || k.Level > levels || i > 0 && k.Level != key[i-1].Level+1 {
				t.Fatalf("at most %d: %+v", most, key)
			}
			for n := k.From; n <= k.To; n++ {
				if levelOf(n, most) != k.Level {
					t.Errorf("at most %d: %d has the colour %d and is named at %d", most, n, levelOf(n, most), k.Level)
				}
			}
			next = k.To + 1
		}
		if next != most+1 || key[0] != (heatKey{}) {
			t.Errorf("at most %d: %+v", most, key)
		}
		if most <= levels && len(key) != most+1 || most > levels && len(key) != levels+1 {
			t.Errorf("at most %d: %d colours", most, len(key))
		}
	}
}
