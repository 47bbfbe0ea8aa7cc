package console

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
)

// mostScript is the limit for all of our own script, in bytes.
const mostScript = 10_000

// inline matches script in a page, whose bytes would count, too.
var inline = regexp.MustCompile(`(?is)<script[^>]*>(.+?)</script>|\son[a-z]+\s*=|javascript:`)

// TestOwnScriptIsSmall: all embedded script is small enough to be read in one go, and none of it
// hides in a page.
func TestOwnScriptIsSmall(t *testing.T) {
	t.Parallel()
	size, scripts := 0, 0
	for _, files := range []fs.FS{assetFiles, pageFiles} {
		err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := fs.ReadFile(files, name)
			switch path.Ext(name) {
			case ".js", ".mjs":
				size, scripts = size+len(b), scripts+1
			case ".html", ".svg":
				if found := inline.FindString(string(b)); found != "" {
					t.Errorf("%s has script of its own: %q", name, found)
				}
			case ".css":
			default:
				t.Errorf("%s is of a sort that is not looked at here", name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, kind := range assetTypes {
		if strings.Contains(kind, "script") != (path.Ext(name) == ".js") {
			t.Errorf("%s is sent as %s", name, kind)
		}
	}
	if scripts == 0 || size > mostScript {
		t.Errorf("%d scripts have %d bytes, of %d at most", scripts, size, mostScript)
	}
}
