package driver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// window is one window of a person.
type window struct {
	ctx context.Context
	// person holds its cookies.
	person cdp.BrowserContextID
	end    context.CancelFunc
	// complaints are what the browser's console said.
	mu         sync.Mutex
	complaints []string
}

// idle holds windows that no test uses. A new window costs the browser two processes, more than
// ten pages in an existing one.
var idle windows

type windows struct {
	mu   sync.Mutex
	list []*window
}

// take returns an idle window, or else one of a new person.
func (l *windows) take(root context.Context) (*window, error) {
	l.mu.Lock()
	if n := len(l.list); n > 0 {
		w := l.list[n-1]
		l.list = l.list[:n-1]
		l.mu.Unlock()
		return w, nil
	}
	l.mu.Unlock()
	person, err := target.CreateBrowserContext().Do(browserOf(root))
	if err != nil {
		return nil, fmt.Errorf("a new browser context: %w", err)
	}
	return newWindow(root, person)
}

func (l *windows) give(w *window) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, w)
}

// browserOf returns a context for requests to the browser, not to a tab.
func browserOf(root context.Context) context.Context {
	return cdp.WithExecutor(root, chromedp.FromContext(root).Browser)
}

// newWindow opens a window. Chromium opens a browser context's first tab only in a window of its
// own.
func newWindow(root context.Context, person cdp.BrowserContextID) (*window, error) {
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(person).WithNewWindow(true).WithWidth(1280).WithHeight(900).Do(browserOf(root))
	if err != nil {
		return nil, fmt.Errorf("opening it: %w", err)
	}
	ctx, end := chromedp.NewContext(root, chromedp.WithTargetID(id))
	w := &window{ctx: ctx, person: person, end: end}
	chromedp.ListenTarget(ctx, w.hear)
	// The tab lives by the context of its first use, so that context has no time limit.
	if err := chromedp.Run(ctx, append(asAtFirst(), log.Enable())...); err != nil {
		return nil, fmt.Errorf("looking at it: %w", err)
	}
	return w, nil
}

// asAtFirst makes a window be looked at as on a usual screen. Merely to stop prescribing its size
// would not restore the old one.
func asAtFirst() []chromedp.Action {
	return []chromedp.Action{
		chromedp.EmulateViewport(1280, 900), emulation.SetEmulatedMedia().WithMedia(""), emulation.SetScriptExecutionDisabled(false), TextSize(16),
		chromedp.Poll(`innerWidth === 1280 && innerHeight === 900`, nil, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(0)),
	}
}

func (w *window) close() { w.end() }

// clear removes from a window what a test did in it: page, history, cookies, and how it is looked
// at. Pages keep nothing else in a browser; if one does, that is an error.
func (w *window) clear() error {
	ctx, cancel := context.WithTimeout(w.ctx, stepLimit)
	defer cancel()
	var kept int
	actions := append([]chromedp.Action{
		chromedp.Evaluate(`(() => { try { return localStorage.length + sessionStorage.length } catch { return 0 } })()`, &kept), // an error's page has none
		chromedp.Navigate("about:blank"), page.ResetNavigationHistory(),
	}, asAtFirst()...)
	err := chromedp.Run(ctx, append(actions, chromedp.ActionFunc(func(context.Context) error {
		return storage.ClearCookies().WithBrowserContextID(w.person).Do(browserOf(ctx))
	}))...)
	if kept > 0 {
		err = errors.Join(err, fmt.Errorf("a page keeps %d things in the browser's storage", kept))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.complaints = nil
	return err
}

func (w *window) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		w.complaints = append(w.complaints, e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError {
			w.complaints = append(w.complaints, fmt.Sprint(e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError && e.Entry.Source != log.SourceNetwork {
			w.complaints = append(w.complaints, e.Entry.Text+" "+e.Entry.URL)
		}
	}
}
