package driver

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Media has pages be shown by a colour scheme, light or dark.
func Media(scheme string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}})
}

// Axe is the text of axe-core, which `make tools-axe` puts below the module's folder.
func Axe(module string) (string, error) {
	text, err := os.ReadFile(filepath.Join(module, ".tools/axe/node_modules/axe-core/axe.min.js")) //nolint:gosec // of the project's own folder
	return string(text), err
}

// Fits fails where a page is wider than its window.
func (b *Tab) Fits(name string) {
	b.Helper()
	if wide := b.Number("measuring", `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
		b.Errorf("%s is %d px wider than the window", name, wide)
	}
}

// Judge has axe-core look at the page; a serious fault fails the test.
func (b *Tab) Judge(name, axe string) {
	b.Helper()
	var found string
	b.Do("looking at "+name, chromedp.Evaluate(axe+";0", nil), chromedp.Evaluate(
		`axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations.filter(v => v.impact === 'serious' || v.impact === 'critical')
			.map(v => ({id: v.id, help: v.help, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + ' ' + n.failureSummary)}))))`,
		&found, chromedp.EvalAsValue, Awaited))
	var faults []struct {
		ID, Help string
		Nodes    []string
	}
	if err := json.Unmarshal([]byte(found), &faults); err != nil {
		b.Fatal(err)
	}
	for _, f := range faults {
		b.Errorf("%s: %s: %s\n  %s", name, f.ID, f.Help, strings.Join(f.Nodes, "\n  "))
	}
}

// Awaited has an evaluation wait for its promise.
func Awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
