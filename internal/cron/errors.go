package cron

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrReboot refuses @reboot, which names an event of a host, not a time. Such a line becomes
// a service or a step of a deployment.
var ErrReboot = errors.New("@reboot has no times: run it as a service or from the deployment")

// SyntaxError says what is wrong with an expression, and where.
type SyntaxError struct {
	// Field is the name of the field, such as "hour", or "" if the expression as a
	// whole is wrong.
	Field string
	// Value is the text at fault, cut to 40 bytes.
	Value string
	// Offset is where Value begins in the expression, in bytes from 0.
	Offset int
	// Allowed is what the field takes, such as "0-23". It may be "".
	Allowed string
	// Problem says what is wrong.
	Problem string
	// Foreign names the scheduler that the expression seems to be for, or is "".
	Foreign string
	// Hint says what was probably meant, or what to write. It may be "".
	Hint string
}

// Error gives one sentence.
func (e *SyntaxError) Error() string {
	var b strings.Builder
	if e.Field != "" {
		fmt.Fprintf(&b, "bad %s %s at column %d: %s", e.Field, strconv.Quote(e.Value), e.Offset+1, e.Problem)
	} else {
		fmt.Fprintf(&b, "bad schedule %s at column %d: %s", strconv.Quote(e.Value), e.Offset+1, e.Problem)
	}
	if e.Allowed != "" {
		fmt.Fprintf(&b, " (allowed: %s)", e.Allowed)
	}
	if e.Hint != "" {
		b.WriteString("; ")
		b.WriteString(e.Hint)
	}
	return b.String()
}

// maxQuoted bounds how much of hostile input an error repeats, in bytes.
const maxQuoted = 40

func clip(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	return s[:maxQuoted-3] + "..."
}

// wrong gives an error about the expression as a whole.
func wrong(text string, offset int, problem, hint string) error {
	return &SyntaxError{Value: clip(text), Offset: offset, Problem: problem, Hint: hint}
}
