package cli

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestMetricsAreForThisMachine: the page of a stranger whose name resolves to the loopback cannot
// read the metrics.
func TestMetricsAreForThisMachine(t *testing.T) {
	t.Parallel()
	h := onLoopback(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for host, want := range map[string]int{
		"127.0.0.1:9464": http.StatusNoContent, "localhost": http.StatusNoContent, "[::1]:9464": http.StatusNoContent,
		"rebound.example:9464": http.StatusForbidden, "": http.StatusForbidden,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
		r.Host = host
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != want {
			t.Errorf("asked as %q: %d, want %d", host, w.Code, want)
		}
	}
}
