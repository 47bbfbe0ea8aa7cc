package port_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/batchplane/batchplane/internal/port"
)

// TestInParallel: everything is done once, as many at a time as is allowed and no more.
func TestInParallel(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ n, abreast, most int }{
		"nothing":             {0, 4, 0},
		"one after the other": {5, 1, 1},
		"fewer than allowed":  {3, 16, 3},
		"more than allowed":   {40, 4, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var did []int
				held, done := make(chan struct{}), make(chan struct{})
				go func() {
					port.InParallel(tc.n, tc.abreast, func(i int) {
						mu.Lock()
						did = append(did, i)
						mu.Unlock()
						<-held
					})
					close(done)
				}()
				synctest.Wait()
				if len(did) != tc.most {
					t.Errorf("%d at a time, want %d", len(did), tc.most)
				}
				close(held)
				<-done
				if tc.abreast > 1 {
					slices.Sort(did)
				}
				for i, n := range did {
					if i != n || len(did) != tc.n {
						t.Fatalf("did %d of %d", did, tc.n)
					}
				}
			})
		})
	}
}

// TestInParallelOnTheCaller: what runs one after the other runs on the caller's goroutine, where a
// panic can be recovered.
func TestInParallelOnTheCaller(t *testing.T) {
	t.Parallel()
	defer func() {
		if p := recover(); p != "mine" {
			t.Errorf("recovered %v", p)
		}
	}()
	port.InParallel(2, 1, func(int) { panic("mine") })
}
