package dynamo

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/port"
)

// itemVersion is the version of the form of all items. A change of the form or of the dictionary must
// raise it and still read what was written before.
const itemVersion = 1

// NewerError reports an item that a newer batchplane wrote. The item is left alone.
type NewerError struct {
	What    string
	Version int64
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("%s was written by a newer batchplane (version %d of the item, this program knows %d): upgrade this program",
		e.What, e.Version, itemVersion)
}

// Is matches port.ErrNewer, so that control can tell such an item from one that cannot be read.
func (e *NewerError) Is(target error) bool { return target == port.ErrNewer }

// dictionary1 is the dictionary for bodies of version 1: the words of a run's JSON, the commonest last.
// Not a byte of it may change.
//
//go:embed dictionary1.txt
var dictionary1 []byte

// deflaters are pooled because each takes more than half a megabyte.
var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriterDict(io.Discard, flate.BestCompression, dictionary1)
	if err != nil {
		panic(err) // the level is valid
	}
	return w
}}

// encode returns v as a body.
func encode(v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	w, _ := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	var out bytes.Buffer
	w.Reset(&out)
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("deflating: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("deflating: %w", err)
	}
	return out.Bytes(), nil
}

// inflater is an inflater with its input and output. They are pooled because an inflater alone takes 40
// KB.
type inflater struct {
	in  bytes.Reader
	out bytes.Buffer
	r   io.ReadCloser
}

var inflaters = sync.Pool{New: func() any { return &inflater{r: flate.NewReaderDict(nil, dictionary1)} }}

// mostKept is the largest output buffer that goes back into the pool. A definition's body is far
// smaller.
const mostKept = 1 << 20

func (f *inflater) release() {
	if f.in.Reset(nil); f.out.Cap() <= mostKept {
		inflaters.Put(f)
	}
}

// inflate reverses encode. The result is valid until release.
func (f *inflater) inflate(body []byte) ([]byte, error) {
	f.in.Reset(body)
	f.out.Reset()
	reset, _ := f.r.(flate.Resetter)
	if err := reset.Reset(&f.in, dictionary1); err != nil {
		return nil, fmt.Errorf("inflating: %w", err)
	}
	if _, err := f.out.ReadFrom(f.r); err != nil {
		return nil, fmt.Errorf("inflating: %w", err)
	}
	return f.out.Bytes(), nil
}

// read passes an item's body, as JSON, to use, which must not keep it.
func read(item attributes, use func(plain []byte) error) error {
	switch b := item[attrBody].(type) {
	case *types.AttributeValueMemberS:
		return use([]byte(b.Value))
	case *types.AttributeValueMemberB:
		f, _ := inflaters.Get().(*inflater)
		defer f.release()
		plain, err := f.inflate(b.Value)
		if err != nil {
			return err
		}
		return use(plain)
	}
	return fmt.Errorf("attribute %q is not a body", attrBody)
}

// decode reads an item's body into v.
func decode(what string, item attributes, v any) error {
	if version := integer(item, attrVersion); version > itemVersion {
		return &NewerError{What: what, Version: version}
	}
	err := read(item, func(plain []byte) error { return json.Unmarshal(plain, v) })
	if err != nil {
		return fmt.Errorf("reading %s: %w: %w", what, port.ErrUnreadable, err)
	}
	return nil
}
