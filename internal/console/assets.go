package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
)

//go:embed assets/style.css assets/script.js assets/icon.svg assets/widget.css
var assetFiles embed.FS

// assetPath is where the assets are. Their names contain a hash of their content, so that a
// browser may keep them for ever.
const assetPath = "/assets/"

var assetTypes = map[string]string{
	"style.css": "text/css; charset=utf-8", "script.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml",
}

// embedded returns the content of an asset.
func embedded(name string) []byte {
	b, err := assetFiles.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // embedded files exist
	}
	return b
}

// assetNames maps the assets' plain names to their addresses.
var assetNames = func() map[string]string {
	names := map[string]string{}
	for name := range assetTypes {
		sum := sha256.Sum256(embedded(name))
		ext := path.Ext(name)
		names[name] = assetPath + strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:6]) + ext
	}
	return names
}()

func newAssets() http.Handler {
	mux := http.NewServeMux()
	for name, address := range assetNames {
		b := embedded(name)
		mux.HandleFunc("GET "+address, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", assetTypes[name])
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			_, _ = w.Write(b) // a client that does not take it does not need it
		})
	}
	return mux
}
