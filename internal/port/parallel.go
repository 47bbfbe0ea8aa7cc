package port

import (
	"sync"
	"sync/atomic"
)

// InParallel calls do for 0 to n-1, abreast of them at a time, and returns when all are done. If
// only one may run at a time, the caller's goroutine calls them, in order.
func InParallel(n, abreast int, do func(i int)) {
	if min(n, abreast) <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, abreast) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
}
