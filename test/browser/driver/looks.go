package driver

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Media makes pages be shown with a colour scheme, light or dark, and as on a medium, such as
// print; "" means a screen.
func Media(scheme, medium string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithMedia(medium).WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}})
}

// TextSize makes pages be shown with the size of text that a person sets in the browser, in pixels; it is 16 for
// most.
func TextSize(px int64) chromedp.Action {
	return page.SetFontSizes(&page.FontSizes{Standard: px})
}

// Roles counts what a screen reader finds on the page, by role.
func (b *Tab) Roles() map[string]int {
	b.Helper()
	var tree struct { // as far as it is needed: the browser has names that cdproto does not know
		Nodes []struct {
			Ignored bool `json:"ignored"`
			Role    struct {
				Value string `json:"value"`
			} `json:"role"`
		} `json:"nodes"`
	}
	b.Do("listening", chromedp.ActionFunc(func(ctx context.Context) error {
		return cdp.Execute(ctx, accessibility.CommandGetFullAXTree, nil, &tree)
	}))
	out := map[string]int{}
	for _, n := range tree.Nodes {
		if !n.Ignored {
			out[n.Role.Value]++
		}
	}
	return out
}

// Axe returns the text of axe-core, which `make tools-axe` puts below the module's folder.
func Axe(module string) (string, error) {
	text, err := os.ReadFile(filepath.Join(module, ".tools/axe/node_modules/axe-core/axe.min.js")) //nolint:gosec // of the project's own folder
	return string(text), err
}

// Fits fails if a page is wider than its window.
func (b *Tab) Fits(name string) {
	b.Helper()
	if wide := b.Number("measuring", `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
		b.Errorf("%s is %d px wider than the window", name, wide)
	}
}

// Apart fails if a table covers what is beside it.
func (b *Tab) Apart(name string) {
	b.Helper()
	if n := b.Number("measuring", `[...document.querySelectorAll('main table')].filter(e => !e.closest('.scroll') && e.getBoundingClientRect().right > e.parentElement.getBoundingClientRect().right + 1).length`); n > 0 {
		b.Errorf("%s has %d tables that are wider than where they stand", name, n)
	}
}

// Still fails if a part of the page scrolls sideways, unless that part contains an element that a
// selector names.
func (b *Tab) Still(name, unless string) {
	b.Helper()
	if n := b.Number("measuring", fmt.Sprintf(`[...document.querySelectorAll('main *:not(svg *)')].filter(e => e.clientWidth > 0 && !['visible', 'clip'].includes(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth + 1 && !e.querySelector(%q) && !e.matches('.vh, input, select')).length`, unless)); n > 0 {
		b.Errorf("%s has %d parts that are wider than there is room for", name, n)
	}
}

// Colours are the rules of axe-core in which pages may differ that have the same contents and the
// same layout.
var Colours = []string{"color-contrast", "link-in-text-block"}

// Judge makes axe-core check the page, by the named rules or else by all. A fault that is more
// than minor fails the test.
func (b *Tab) Judge(name, axe string, rules ...string) {
	b.Helper()
	only := ""
	if len(rules) > 0 {
		names, _ := json.Marshal(rules) // strings can always be marshalled
		only = fmt.Sprintf(", runOnly: {type: 'rule', values: %s}", names)
	}
	if b.Number("looking for axe-core", `window.axe ? 1 : 0`) == 0 {
		b.Do("bringing axe-core", chromedp.Evaluate(axe+";0", nil))
	}
	var found string
	b.Do("looking at "+name, chromedp.Evaluate(
		`axe.run(document, {resultTypes: ['violations']`+only+`}).then(r => JSON.stringify(r.violations.filter(v => v.impact !== 'minor')
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

// Awaited makes an evaluation wait for its promise.
func Awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
