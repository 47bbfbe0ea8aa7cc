package environ

import (
	"strconv"
	"strings"
	"time"
)

// is reports whether a value has a form. The forms are the words that people read if it does not:
//
//	true or false
//	a number from 1 to 9999
//	a name of at most 48 letters, digits and hyphens that begins with a letter
//	a path that begins and ends with a slash
//	a time such as 2026-11-22T09:00Z, or nothing
//
// No value has any other form. Regular expressions would do too, but took a tenth of a
// function's start.
func is(value, form string) bool {
	switch {
	case form == "true or false":
		return value == "true" || value == "false"
	case form == "a path that begins and ends with a slash":
		return len(value) > 1 && value[0] == '/' && value[len(value)-1] == '/' && !strings.Contains(value, "\n")
	case form == "a time such as 2026-11-22T09:00Z, or nothing":
		_, err := time.Parse("2006-01-02T15:04Z", value)
		return value == "" || err == nil
	case strings.HasPrefix(form, "a number "):
		return isNumber(value, form)
	case strings.HasPrefix(form, "a name "):
		return isName(value, form)
	}
	return false
}

// isNumber accepts whole numbers without a sign or leading zeros.
func isNumber(value, form string) bool {
	bounds := numbers(form)
	n, err := strconv.Atoi(value)
	return len(bounds) == 2 && err == nil && value == strconv.Itoa(n) && n >= bounds[0] && n <= bounds[1]
}

func isName(value, form string) bool {
	bounds := numbers(form)
	if len(bounds) != 1 || value == "" || len(value) > bounds[0] || !isLetter(value[0]) {
		return false
	}
	for i := range len(value) {
		if c := value[i]; !isLetter(c) && c != '-' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// numbers returns the numbers in the words of a form.
func numbers(form string) (ns []int) {
	for word := range strings.FieldsSeq(form) {
		if n, err := strconv.Atoi(word); err == nil {
			ns = append(ns, n)
		}
	}
	return ns
}
