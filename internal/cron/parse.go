// Package cron reads crontab lines and EventBridge schedule expressions, finds their times
// in any zone, describes them in English, and translates crontab lines into EventBridge
// expressions with a proof.
//
// An expression is a Spec: bit sets of minutes, hours and months, and one day mask for each
// kind of month. A Spec in a Zone is a Schedule, which has Next and All. Translate turns a
// crontab expression into expressions for EventBridge Scheduler. Prove compares expressions
// exactly, without sampling.
//
// The package is pure: it reads no clock and no files, and the zone database is embedded.
package cron

import "strings"

// Parse reads an expression of either dialect and tells them apart by their shape: a name
// with parentheses is EventBridge's, anything else a crontab's. It refuses an expression of
// another scheduler and names that scheduler. Limits and errors are those of ParseCrontab
// and ParseAWS.
func Parse(text string) (*Spec, error) {
	if len(text) > 0 && text[len(text)-1] == ')' || strings.HasPrefix(text, "cron(") ||
		strings.HasPrefix(text, "rate(") || strings.HasPrefix(text, "at(") {
		return ParseAWS(text)
	}
	return ParseCrontab(text)
}
