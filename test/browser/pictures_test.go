package browser

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/batchplane/batchplane/test/browser/driver"
)

// TestScreenshots writes pictures of the pages into the folder named by SCREENSHOTS: `make
// screenshots`.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		t.Skip("make screenshots writes pictures of the pages")
	}
	s := serve(t, now, checked)
	b := open(t)
	b.signIn(s)
	for name, path := range map[string]string{
		"overview": "/", "timeline": "/timeline", "jobs": "/jobs", "job": "/jobs/invoice-mailer", "run": "/runs/fraud-scores/" + slotOf(t, s, "fraud-scores"),
		"history": "/history", "schedule": "/schedule", "problems": "/problems/check", "ask-retry": "/ask/retry?run=fraud-scores/" + slotOf(t, s, "fraud-scores"), "ask-stop": "/ask/stop?run=thumbnailer/" + slotOf(t, s, "thumbnailer"),
		"ask-run": "/ask/run?of=invoice-mailer", "ask-many": "/ask/retry-all",
	} {
		for look, actions := range map[string][]chromedp.Action{
			"light":  {chromedp.EmulateViewport(1200, 760), driver.Media("light", "")},
			"dark":   {chromedp.EmulateViewport(1200, 760), driver.Media("dark", "")},
			"narrow": {chromedp.EmulateViewport(400, 860), driver.Media("light", "")}, "narrow-dark": {chromedp.EmulateViewport(400, 860), driver.Media("dark", "")},
		} {
			b.Do(look, actions...)
			b.visit(s, path)
			var png []byte
			b.Do("taking a picture", chromedp.CaptureScreenshot(&png))
			if err := os.WriteFile(filepath.Join(dir, name+"-"+look+".png"), png, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.Quiet()
}
