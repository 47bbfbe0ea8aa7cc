package jenkins

import (
	"crypto/md5" //nolint:gosec // Jenkins draws from it; it keeps no secret
	"encoding/binary"
)

// hash gives the values that H stands for, one after the other. Jenkins draws them from
// java.util.Random, whose seed is the MD5 of the job's full name, its two halves combined (Jenkins'
// core/src/main/java/hudson/scheduler/Hash.java; java.util.Random's documentation has its formula).
type hash struct{ state uint64 }

const (
	multiplier = 0x5DEECE66D
	increment  = 0xB
	mask       = 1<<48 - 1
)

func newHash(fullName string) *hash {
	sum := md5.Sum([]byte(fullName)) //nolint:gosec // see above
	seed := binary.BigEndian.Uint64(sum[:8]) ^ binary.BigEndian.Uint64(sum[8:])
	return &hash{(seed ^ multiplier) & mask}
}

// bits gives the next 31 bits.
func (h *hash) bits() int32 {
	h.state = (h.state*multiplier + increment) & mask
	return int32(h.state >> 17)
}

// next gives a value from 0 to below n.
func (h *hash) next(n int) int {
	m := int32(n)
	u := h.bits()
	if m&(m-1) == 0 {
		return int(int64(m) * int64(u) >> 31)
	}
	for {
		v := u % m
		if u-v+m-1 >= 0 { // wraps around, in Java as here, for values beyond the last whole multiple
			return int(v)
		}
		u = h.bits()
	}
}
