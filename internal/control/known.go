package control

import "sync"

// known remembers what was found out. The zero value is empty and safe for concurrent use.
type known[K comparable, V any] struct {
	mu sync.RWMutex
	of map[K]V
}

func (k *known[K, V]) get(key K) (v V, ok bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	v, ok = k.of[key]
	return v, ok
}

func (k *known[K, V]) put(key K, v V) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil {
		k.of = map[K]V{}
	}
	k.of[key] = v
}

func (k *known[K, V]) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.of = nil
}
