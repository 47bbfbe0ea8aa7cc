package ecsevent

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxUnpacked is the largest size of unpacked input, in bytes.
const maxUnpacked = 64 << 20

var (
	errTooLarge = fmt.Errorf("it unpacks to more than %d MiB", maxUnpacked>>20)
	errGzip     = errors.New("it is gzip that is cut off or broken")
)

// Unpack unpacks gzip, in which CloudWatch Logs exports and sends its events. It returns other
// data as it is. It refuses data that unpacks to more than 64 MiB.
func Unpack(data []byte) ([]byte, error) {
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return data, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, errGzip
	}
	out, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	switch {
	case err != nil:
		return nil, errGzip
	case len(out) > maxUnpacked:
		return nil, errTooLarge
	}
	return out, nil
}

// data reads the payload of Kinesis, Firehose and subscriptions of CloudWatch Logs: base64,
// mostly of gzip.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
func (f *finder) data(o object, n note) { f.coded(o, "data", n) }

// body reads the body of a message or a request, which API Gateway may have encoded in base64.
func (f *finder) body(o object, n note) {
	switch coded := o.flag("isBase64Encoded", false); {
	case *o.err != nil:
	case coded:
		f.coded(o, "body", n)
	default:
		f.find(o.at("body"), o.raw("body"), n)
	}
}

func (f *finder) coded(o object, key string, n note) {
	text, err := base64.StdEncoding.DecodeString(o.text(key))
	if err != nil {
		o.fail(key, "an ECS document in base64")
		return
	}
	if text, err = Unpack(text); err != nil {
		*o.err = fmt.Errorf("%s: %w", o.at(key), err)
		return
	}
	if !json.Valid(text) {
		o.fail(key, "an ECS document in base64")
		return
	}
	f.find(o.at(key), bytes.TrimSpace(text), n)
}

// caught returns the error of a task that a state machine keeps under a name of its own, the
// ResultPath of a Catch.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
func (o object) caught() (object, bool) {
	for _, field := range o.fields {
		if field.raw[0] != '{' {
			continue
		}
		if e := o.object(string(field.key)); e.has("error") && e.has("cause") {
			return e, true
		}
	}
	return object{}, false
}
