package peers

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"
)

// The years for which written writes out a zone's changes.
const (
	firstYear = 1990
	lastYear  = 2037
)

// written returns a zone whose changes of the clocks are listed one by one in its data, as in the
// files of Debian's tzdata. The data that comes with Go has a rule for all future years instead,
// which the standard library evaluates anew for each question about them: most engines take
// several times as long with it.
func written(name string) (*time.Location, error) {
	by, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", name, err)
	}
	begin := time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC)
	abbreviation, offset := begin.In(by).Zone()
	types := []local{{abbreviation, offset, begin.In(by).IsDST()}}
	index := map[local]byte{types[0]: 0}
	var at []int64
	var to []byte
	for t := begin; ; {
		_, end := t.In(by).ZoneBounds()
		if end.IsZero() || end.Year() > lastYear || !end.After(t) {
			break
		}
		abbreviation, offset := end.In(by).Zone()
		now := local{abbreviation, offset, end.In(by).IsDST()}
		if _, known := index[now]; !known {
			index[now] = byte(len(types))
			types = append(types, now)
		}
		at, to, t = append(at, end.Unix()), append(to, index[now]), end
	}
	location, err := time.LoadLocationFromTZData(name, encode(at, to, types))
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", name, err)
	}
	return location, nil
}

// local is a type of local time.
type local struct {
	abbreviation string
	offset       int
	dst          bool
}

// encode writes data of versions 1 and 2 (RFC 8536); the first is empty.
func encode(at []int64, to []byte, types []local) []byte {
	var names bytes.Buffer
	places := make([]byte, len(types))
	for i, l := range types {
		places[i] = byte(names.Len())
		names.WriteString(l.abbreviation + "\x00")
	}
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.BigEndian, v) } // into memory
	header := func(changes, kinds, letters int) {
		b.WriteString("TZif2" + string(make([]byte, 15)))
		put([]uint32{0, 0, 0, uint32(changes), uint32(kinds), uint32(letters)})
	}
	header(0, 1, 1)
	b.Write(make([]byte, 6+1))
	header(len(at), len(types), names.Len())
	put(at)
	b.Write(to)
	for i, l := range types {
		put(int32(l.offset))
		put(l.dst)
		b.WriteByte(places[i])
	}
	b.Write(names.Bytes())
	b.WriteString("\n\n")
	return b.Bytes()
}
