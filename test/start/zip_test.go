package start_test

import (
	"compress/flate"
	"os"
	"testing"
)

// mostZipped is how many times as large as a bare function's zip each zip may be, which is what
// Lambda fetches at a cold start. With only two clients of the SDK it is 1.25 times.
var mostZipped = map[string]float64{"trigger": 1.57, "onstopped": 1.435, "notify": 1.48, "sweep": 1.60, "widget": 1.90}

// TestZip: no function grows unnoticed by a module.
func TestZip(t *testing.T) {
	t.Parallel()
	bare := zipped(t, build(t, "./bare"))
	for name, most := range mostZipped {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			size := zipped(t, build(t, "../../functions/"+name))
			t.Logf("%d bytes, %.2f times bare", size, float64(size)/float64(bare))
			if float64(size) > most*float64(bare) {
				t.Errorf("the zip has %d bytes, %.2f times a bare one's; at most %g", size, float64(size)/float64(bare), most)
			}
		})
	}
}

// zipped returns how many bytes a file takes in a zip made by the SAM CLI.
func zipped(t *testing.T, name string) (n count) {
	t.Helper()
	data, err := os.ReadFile(name) //nolint:gosec // it was just built
	if err != nil {
		t.Fatal(err)
	}
	w, err := flate.NewWriter(&n, flate.DefaultCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return n
}

// count is a writer that only counts.
type count int

func (c *count) Write(p []byte) (int, error) {
	*c += count(len(p))
	return len(p), nil
}
