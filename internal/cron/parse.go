// Package cron reads crontab lines and EventBridge schedule expressions, finds
// their times in any zone, says them in English, and translates the first into
// the second with a proof.
//
// An expression is a Spec: bit sets of minutes, hours and months and one day
// mask for each kind of month. A Spec in a Zone is a Schedule, which has Next
// and All. Translate turns a crontab expression into expressions for EventBridge
// Scheduler; Prove compares any two exactly, without sampling.
//
// The package is pure: no clock, no files, the zone database is embedded.
package cron

import "strings"

// Parse reads an expression of either dialect, told apart by its shape: a name
// and parentheses is EventBridge's, the rest a crontab's. An expression in a
// dialect of other schedulers is refused by name. Limits and errors are those
// of ParseCrontab and ParseAWS.
func Parse(text string) (*Spec, error) {
	if len(text) > 0 && text[len(text)-1] == ')' || strings.HasPrefix(text, "cron(") ||
		strings.HasPrefix(text, "rate(") || strings.HasPrefix(text, "at(") {
		return ParseAWS(text)
	}
	return ParseCrontab(text)
}
