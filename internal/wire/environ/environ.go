// Package environ fills configurations from environment variables, and reports everything that is wrong
// with them at once.
package environ

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Lookup is os.LookupEnv or a test's replacement.
type Lookup func(name string) (value string, ok bool)

// Fill sets the fields of the struct that into points to. Each exported field has these tags:
//
//	env      the variable's name
//	form     optionally what the value must be, in the words of form.go
//	default  optionally the value for a variable that is absent or empty; a
//	         variable without a default must have a value
//
// Each field is a string, an int, or a []string, whose parts are separated by commas. Embedded structs
// are filled too.
func Fill(into any, lookup Lookup) error {
	var errs []error
	fill(reflect.ValueOf(into).Elem(), lookup, &errs)
	return errors.Join(errs...)
}

func fill(v reflect.Value, lookup Lookup, errs *[]error) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			fill(v.Field(i), lookup, errs)
			continue
		}
		if err := set(v.Field(i), f.Tag, lookup); err != nil {
			*errs = append(*errs, fmt.Errorf("environment variable %s: %w", f.Tag.Get("env"), err))
		}
	}
}

func set(field reflect.Value, tag reflect.StructTag, lookup Lookup) error {
	value, _ := lookup(tag.Get("env"))
	if value == "" {
		fallback, ok := tag.Lookup("default")
		if !ok {
			return errors.New("is not set")
		}
		value = fallback
	}
	if form := tag.Get("form"); form != "" && !is(value, form) {
		return fmt.Errorf("%q is not %s", value, form)
	}
	switch field.Kind() {
	case reflect.Int:
		n, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("%q is not a number", value)
		}
		field.SetInt(int64(n))
	case reflect.Slice:
		var parts []string
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				parts = append(parts, part)
			}
		}
		field.Set(reflect.ValueOf(parts))
	default:
		field.SetString(value)
	}
	return nil
}
